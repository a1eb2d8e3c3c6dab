/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_H
#define NET_HTTP_H

#include "net/link.h"

/* ---- serving ---- */

/* The request as it came; valid only during the callback that got it, except where said.  Slices borrowed. */
struct http_request;
struct slice http_request_method(
    const struct http_request *r); /* "GET", "POST", "PUT", "OPTIONS", … any method is delivered */
struct slice http_request_path(
    const struct http_request *r); /* without query, as sent (percent-encoding untouched) */
struct slice http_request_query(const struct http_request *r);  /* raw, without '?' */
struct slice http_request_remote(const struct http_request *r); /* peer address, text */
/* First header of that name (of repeated ones the first), compared case-insensitively; false when absent.  Known and custom headers alike. */
MUST_USE bool http_request_header(const struct http_request *r, const char *name,
                                  struct slice *ret_value);

/* First value of a query parameter, percent-decoded ('+' is a blank) into `out` (cleared first); false when absent. */
MUST_USE bool http_query_get(struct slice query, const char *name, struct buf *out);

struct http_response {
    int status;
    const char *content_type;         /* may be NULL */
    const struct net_header *headers; /* extra */
    unsigned n_headers;
    struct slice body; /* copied */
};

/*
 * One HTTP request waiting for its answer.  Lives from `request` until `done`.  The answer may be given at once or later (a parked long poll costs no
 * header block, holds no timer of lws, and notices the peer's FIN or RST at once: lws-notes 29).  Keep-alive as the client asks.
 */
struct http_exchange;
void http_exchange_set_user(struct http_exchange *x, void *user);
void *http_exchange_user(const struct http_exchange *x);
/* Answer.  Exactly once; later calls are bugs.  Not a syscall: leaves at the end of the turn. */
void http_exchange_respond(struct http_exchange *x, const struct http_response *response);
/* Cut the connection (RST) without an answer. */
void http_exchange_abort(struct http_exchange *x);
/* Answer, then close the connection (Connection: close) even if the body was not read to its end: too large, refused early. Lingers so that the answer can be read. */
void http_exchange_respond_close(struct http_exchange *x, const struct http_response *response);

/*
 * Every well-formed request reaches `request` or `upgrade`, whatever its method and path; handlers may answer, abort and close from within.
 * What no handler can see is answered here, with a JSON body {"code":3,"message":…} and Connection: close: 400 malformed head or chunk, 408 too slow,
 * 426 a WebSocket version other than 13, 431 head above 32 KB, 501 a transfer coding other than chunked, 505 not HTTP/1.
 */
struct net_server_ops {
    /* Headers are complete, no upgrade wanted.  May respond at once; then body bytes that still come are discarded. */
    void (*request)(void *user, struct http_exchange *x, const struct http_request *r);
    /* Next piece of the body (Content-Length or chunked, decoded).  Not called for requests without body. */
    void (*body)(void *user, struct http_exchange *x, struct slice piece);
    /* The body (also an empty one) is complete. */
    void (*body_end)(void *user, struct http_exchange *x);
    /* The exchange is over: answered and written (`lost` false) or the client has gone before (`lost` true).  Freed after this. */
    void (*done)(void *user, struct http_exchange *x, bool lost);
    /* WebSocket upgrade wanted: fill `refusal` and return false to answer with it (any status; body complete and readable), or return true. */
    bool (*upgrade)(void *user, const struct http_request *r, struct http_response *refusal,
                    void **ret_link_user);
    /* 101 was sent. `link_user` is what `upgrade` returned; call link_set_owner() here. */
    void (*upgraded)(void *user, struct link *link, void *link_user);
    /* Accepted by `upgrade` but the connection died before 101. */
    void (*upgrade_lost)(void *user, void *link_user);
};

struct net_server_config {
    const char *address;                /* "127.0.0.1", "::1", "0.0.0.0" */
    uint16_t port;                      /* 0: any */
    size_t max_connections;             /* further ones are closed at accept */
    size_t max_connections_per_address; /* 0: no bound */
    size_t max_message_bytes;           /* WebSocket, per message */
    size_t max_queue_bytes;             /* per link */
    size_t
        max_backlog_bytes; /* beyond it links get max_queue_bytes / NET_SCARCE_SHARE; 0: no bound */
    uint32_t
        header_timeout_ms; /* slow request heads and bodies are cut after this (slow loris), and who does not read its answer */
};

struct net_server;
/* NULL and a static text in *reterr (address in use, bad address).  Listening when it returns. */
MUST_USE struct net_server *net_server_new(struct net_loop *loop,
                                           const struct net_server_config *config,
                                           const struct net_server_ops *ops, void *user,
                                           const char **reterr);
uint16_t net_server_port(const struct net_server *server);
/* Stop accepting. Open links and exchanges stay until closed by their owners or net_loop_free(); what is kept alive between two requests is closed. NULL is fine. */
void net_server_free(struct net_server *server);

/* ---- asking ---- */

struct http_call_config {
    struct net_target to;
    const char *method;
    const char *path; /* with query */
    const struct net_header *headers;
    unsigned n_headers;
    struct slice body; /* copied; sent with Content-Length unless has_body is false */
    bool has_body;
    size_t max_body_bytes; /* of the answer */
    uint32_t timeout_ms;   /* whole call; 0: none (long poll) */
    uint64_t owner; /* who shares connections: of http_owner_new(); 0: one for this call alone */
};

struct http_result {
    int status; /* 0 when `error` is set */
    const struct net_header
        *headers; /* of the answer, all of them, names lower-cased; borrowed for the callback */
    unsigned n_headers;
    struct slice
        body; /* de-chunked; of a 101 what came behind it, to the end of the first WebSocket frame or of the connection */
    const char *
        error; /* "connection refused", "timeout", "connection closed", "malformed response", or NULL */
};

typedef void
http_call_fn(void *user,
             const struct http_result *result); /* last callback; the call is freed after it */
struct http_call;
/*
 * Outcome by callback, never from within this call.  Connections are kept alive and reused per target and owner where the server allows it: what one
 * client does to its connection must not reach another one.
 */
struct http_call *http_call_start(struct net_loop *loop, const struct http_call_config *config,
                                  http_call_fn *fn, void *user);
/* Never given twice. */
uint64_t http_owner_new(struct net_loop *loop);
/* Close what is kept alive for it. */
void http_owner_end(struct net_loop *loop, uint64_t owner);
/* Give up: the callback is not called any more.  `reset`: RST instead of FIN. */
void http_call_cancel(struct http_call *call, bool reset);

/* ---- raw TCP (also TLS), for rude scenarios and exact bytes of refused upgrades ---- */

struct raw_conn;
struct raw_ops {
    void (*opened)(void *user, struct raw_conn *c);
    void (*received)(void *user, struct raw_conn *c, struct slice bytes);
    void (*closed)(void *user, struct raw_conn *c, const char *why); /* last; freed after it */
};
struct raw_conn *raw_dial(struct net_loop *loop, const struct net_target *to,
                          const struct raw_ops *ops, void *user);
void raw_send(struct raw_conn *c, struct slice bytes); /* queued until opened */
void raw_finish(struct raw_conn *c);                   /* FIN after what is queued */
void raw_abort(struct raw_conn *c);                    /* RST */

#endif
