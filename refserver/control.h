/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_CONTROL_H
#define REFSERVER_CONTROL_H

#include "net/http.h"

/*
 * The control API, JSON over HTTP on a port of its own; `user` is the struct refserver.
 *
 *   GET /healthz       {"status":"ok",…}
 *   GET /v1/offices    {"offices":[{"office_id":…,"agent":SESSION or null,"computers":[SESSION…]}]}
 *   GET /v1/sessions   {"sessions":[SESSION…]}, those in no office too
 *
 * SESSION = {sid,name,role,office_id,transport,since}; `since` is the time of CONNECT, UTC.  Anything else: 404; another method: 405.
 *
 * Requirements: UTIL-01, UTIL-02.
 */
void control_request(void *user, struct http_exchange *x, const char *method, const char *path,
                     struct slice query, struct slice body);

#endif
