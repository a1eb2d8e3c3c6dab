/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_HTTP_GATE_H
#define REFSERVER_HTTP_GATE_H

#include <stdbool.h>

#include "endpoint/server.h"
#include "smcp/version.h"

struct defects;

/* What it says of a request. */
enum gate_verdict {
    GATE_ADMITS,
    GATE_MISSING,  /* no version, or an empty one (HS-09, HS-21) */
    GATE_INVALID,  /* not three integers (HS-10, HS-20) */
    GATE_MISMATCH, /* another MAJOR.MINOR (HS-04..HS-08) */
};

/* How a WebSocket is refused: both forms are legal (HS-12, HS-13). */
enum gate_websocket {
    GATE_DENIES, /* HTTP 400, byte for byte what polling gets */
    GATE_CLOSES, /* 101, then a close frame with 4900 */
};

/*
 * The version handshake of revisions that have one: nobody gets at Engine.IO whose `a2c_version` does not fit.  It looks at every request that names no
 * session which exists, of any transport and method; what a client has once been admitted with is not asked for again.
 */
struct http_gate {
    char *version; /* owned; the server's own */
    struct smcp_version parts;
    char *least; /* owned; the oldest and the newest that is admitted */
    char *most;
    enum gate_websocket websocket;
    struct defects *defects; /* borrowed */
};

/* `version` must be one that smcp_version_parse() takes; it is copied. */
void http_gate_init(struct http_gate *gate, const char *version, enum gate_websocket websocket,
                    struct defects *defects);
void http_gate_release(struct http_gate *gate);

/*
 * Admit, or fill the refusal (its body borrowed from `scratch`): 400 for a missing or malformed version, 4008 for another one.
 *
 * Requirements: HS-02..HS-22, HS-25, HS-26.
 */
MUST_USE bool http_gate_check(const struct http_gate *gate, const struct http_request *r,
                              struct endpoint_refusal *refusal, struct buf *scratch);

/* The version in a raw query, copied (caller: free); NULL when there is none. (HS-27) */
char *http_gate_version(struct slice query);

#endif
