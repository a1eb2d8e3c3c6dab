/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_HTTP_GATE_H
#define REFSERVER_HTTP_GATE_H

#include <stdbool.h>

#include "net/http.h"

/*
 * The version handshake of revisions that have one (HS-01..HS-27); the revision table says which.  None of those is served yet, so it admits everybody:
 * for 0.1 a version parameter has no meaning (HS-28).
 */
MUST_USE bool http_gate_check(void *user, const struct http_request *r,
                              struct http_response *refusal, struct buf *scratch);

#endif
