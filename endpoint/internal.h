/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_INTERNAL_H
#define ENDPOINT_INTERNAL_H

#include "endpoint/expiry.h"
#include "endpoint/server.h"
#include "endpoint/sid.h"
#include "wire/eio_session.h"
#include "wire/sio_conn.h"

/* What the files of the serving side share; nobody else includes this. */

#define CONTAINER_OF(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

enum { PROBE_TIMEOUT_MS = 10000 }; /* upgradeTimeout of the official server */

/* One HTTP request between `request` and `done`; the user pointer of its exchange. */
struct request {
    struct endpoint_host *host; /* borrowed */
    struct http_exchange *x;    /* borrowed */
    enum { REQUEST_ANSWERED, REQUEST_POLL, REQUEST_POST, REQUEST_OTHER, REQUEST_OTHER_GIVEN } kind;
    struct endpoint *endpoint; /* borrowed; NULL for REQUEST_OTHER */
    struct eio_conn *conn;     /* borrowed; set while the session waits for this request */
    struct buf body;           /* REQUEST_POST, REQUEST_OTHER */
    char *method;              /* owned; REQUEST_OTHER only, like the next two */
    char *path;
    char *query;
};

struct endpoint_host {
    struct net_loop *loop; /* borrowed */
    struct endpoint_host_config config;
    struct net_server *server; /* owned; NULL when stopped */
    uint16_t port;
    struct endpoint *endpoints;  /* owned list */
    struct eio_conn *dirty_head; /* sessions with output, in order of their last enqueue */
    struct eio_conn *dirty_tail;
    struct eio_conn *dead_conns; /* freed at the end of the turn, when no callback holds them */
    struct sio_socket *dead_sockets;
    size_t open_things; /* links, upgrades and exchanges whose last callback has not come */
    bool freed;         /* by its owner; memory goes with the last callback */
    bool stopping;
    void (*stopped)(void *user);
    void *stopped_user;
    struct net_timer *stop_timer; /* owned */
    struct buf refusal;           /* body of the refusal of an upgrade */
};

struct endpoint {
    struct endpoint *next;
    struct endpoint_host *host;    /* borrowed */
    struct endpoint_config config; /* its strings are owned */
    struct endpoint_ops ops;
    void *user;
    struct eio_conn **table; /* by hash of the sid; owned */
    size_t table_size;       /* power of two */
    size_t n_listed;         /* in the table, with those that linger */
    size_t n_sessions;       /* alive */
    struct expiry_list pings;
    struct expiry_list pongs;
    struct expiry_list connects;
    struct expiry_list probes;
    struct expiry_list lingers;
    struct buf scratch; /* one message being made or decoded base64 */
    struct buf head;    /* head of a Socket.IO packet */
};

struct eio_conn {
    struct endpoint *endpoint;  /* borrowed */
    struct eio_conn *hash_next; /* chain of the table; then of dead_conns */
    struct eio_conn *dirty_prev;
    struct eio_conn *dirty_next;
    bool dirty;
    bool dead;       /* ended: no callbacks any more, no input, no output */
    bool loses_next; /* SABOTAGE_UPGRADE_LOSES: the next packet */
    bool lingers;    /* dead, but its last words wait for the next poll */
    struct eio_session session;
    struct sio_conn sio;
    struct expiry heartbeat;
    struct expiry connect; /* connect timeout; then linger */
    struct expiry probe_limit;
    struct link *link;    /* the carrier, or NULL on polling */
    struct link *probe;   /* wants to become the carrier */
    struct request *get;  /* the open long poll */
    struct request *post; /* being received */
    struct buf out;       /* polling payload that waits for a poll */
    size_t out_counted;   /* of it in the backlog of the loop */
    char sid[SID_LEN + 1];
    char *kept; /* owned: query, address and kept headers of the handshake, see handshake.c */
    struct slice query; /* views of `kept` */
    struct slice remote;
    struct slice *headers; /* owned; parallel to config.keep_headers, ptr NULL when absent */
};

struct sio_socket {
    struct sio_nsp nsp;
    struct eio_conn *conn; /* borrowed */
    struct sio_socket *dead_next;
    void *user;
    bool gone; /* `disconnected` has run */
    char sid[SID_LEN + 1];
    char name[]; /* NUL-terminated */
};

/* ---- refusal.c: answers ---- */

enum refusal {
    REFUSE_TRANSPORT,
    REFUSE_SID,
    REFUSE_METHOD,
    REFUSE_BAD,
    REFUSE_FORBIDDEN,
    REFUSE_PROTOCOL,
    REFUSE_NOT_FOUND,
    REFUSE_TOO_LARGE,
    REFUSE_FULL
};
/* Fill a response with Engine.IO's {code,message}; everything in it is static. */
void refusal_fill(enum refusal why, struct http_response *ret_response);
void request_refuse(struct request *req, enum refusal why);
/* Answer 200 with CORS headers; detaches the request from its session. */
void request_answer(struct request *req, const char *content_type, struct slice body);
/* Answer anything, with the CORS headers of the endpoint added.  `cut`: and close the connection, the body may not have come to its end. */
void request_respond(struct request *req, const struct http_response *response, bool cut);
/* OPTIONS: 204 when the endpoint has an origin, else a refusal. */
void request_preflight(struct request *req, const struct http_request *r);

/* ---- handshake.c: who may come in ---- */

struct eio_query {
    bool has_sid;
    char sid[SID_LEN + 1]; /* empty when longer than any of ours */
    bool is_polling;
    bool is_websocket;
    bool is_v4;
};
void eio_query_read(struct slice raw, struct buf *scratch, struct eio_query *ret_query);
/* A new session with what has to be kept of its first request; not in the table yet. */
struct eio_conn *conn_new(struct endpoint *e, const struct http_request *r);
void conn_free(struct eio_conn *c);
/* Its open packet as text. */
void conn_open_packet(const struct eio_conn *c, struct buf *out);
/* Checks of Engine.IO and of the endpoint for a handshake.  False: refused with `why`. */
MUST_USE bool handshake_check(const struct endpoint *e, const struct eio_query *q,
                              enum endpoint_transport transport, enum refusal *ret_why);

/* ---- polling.c ---- */
void polling_request(struct request *req, const struct http_request *r);
void polling_body(struct request *req, struct slice piece);
void polling_body_end(struct request *req);
void polling_lost(struct request *req);
/* Answer the open poll if it has to be now. */
void polling_flush(struct eio_conn *c);
/* Answer the open poll with a noop: the session has moved away. */
void polling_release(struct eio_conn *c);
/* The session has ended: answer what is open. */
void polling_last_words(struct eio_conn *c, enum endpoint_end why);

/* ---- websocket.c ---- */
bool websocket_upgrade(struct endpoint *e, const struct http_request *r,
                       struct http_response *refusal, void **ret_ticket);
void websocket_upgraded(struct link *link, void *ticket);
void websocket_upgrade_lost(void *ticket);
void websocket_last_words(struct eio_conn *c, enum endpoint_end why);
/* Close a link that no session owns any more. */
void websocket_orphan(struct endpoint_host *host, struct link *link);
void websocket_drop_probe(struct eio_conn *c);
void websocket_probe_pong(struct eio_conn *c);
/* `5` has come: the probe is the carrier now; what is queued follows in order. */
void websocket_take_over(struct eio_conn *c);

/* ---- conn.c: one session ---- */
struct eio_conn *conn_find(const struct endpoint *e, const char *sid);
/* Into the table, heartbeat and connect timeout started. */
void conn_begin(struct eio_conn *c, enum eio_carrier carrier);
void conn_feed(struct eio_conn *c, enum eio_from from, const struct eio_packet *packet);
void conn_bad(struct eio_conn *c, enum eio_from from, const struct wire_fault *fault);
void conn_end(struct eio_conn *c, enum endpoint_end why);
/* Out of the table, freed at the end of the turn. */
void conn_forget(struct eio_conn *c);
/* It has output: to the tail of the dirty list. */
void conn_touch(struct eio_conn *c);
/* `out` has changed: tell the loop how much waits. */
void conn_count_backlog(struct eio_conn *c);
/* Queue one packet on the carrier. */
void conn_send(struct eio_conn *c, enum eio_type type, bool binary, const struct slice *parts,
               unsigned n_parts);
/* A request may be read before the timer that was due earlier: what is due by now happens first (P2). */
void conn_catch_up(struct eio_conn *c);
void conn_heartbeat_due(void *endpoint, struct expiry *d);
void conn_connect_due(void *endpoint, struct expiry *d);
void conn_probe_due(void *endpoint, struct expiry *d);
void conn_linger_due(void *endpoint, struct expiry *d);

/* ---- socket.c: Socket.IO on a session ---- */
void socket_message(struct eio_conn *c, bool binary, struct slice data);
void socket_end_all(struct eio_conn *c, enum endpoint_end why);

/* ---- endpoint.c ---- */
void endpoint_close_sessions(struct endpoint *e);
/* After the last session: nothing of the loop is held any more. */
void endpoint_stop_timers(struct endpoint *e);
void endpoint_destroy(struct endpoint *e);

/* ---- host.c ---- */
void host_thing_opened(struct endpoint_host *host);
/* The last callback of a link, upgrade or exchange; may free the host. */
void host_thing_closed(struct endpoint_host *host);

#endif
