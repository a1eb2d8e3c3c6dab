/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_WRITE_H
#define NET_HTTP_WRITE_H

#include "net/http.h"

/* Writing heads of requests, for net/ alone. */

/* Value of that name among `headers`, whatever its case; NULL when absent. */
const char *http_given_header(const struct net_header *headers, unsigned n_headers,
                              const char *name);

/*
 * "METHOD path HTTP/1.1", Host (the caller's, or made of the target), then all of `headers` but a Host.  The empty line is the caller's.
 */
void http_write_request(struct buf *out, const char *method, const char *path,
                        const struct net_target *to, const struct net_header *headers,
                        unsigned n_headers);

#endif
