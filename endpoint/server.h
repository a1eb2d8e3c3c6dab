/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_SERVER_H
#define ENDPOINT_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"
#include "wire/buf.h"
#include "wire/sio_packet.h"
#include "wire/wire_err.h"

/*
 * The serving side of Engine.IO 4 and Socket.IO 5: sessions on long polls and WebSockets, upgrade, heartbeats, HTTP refusals; Socket.IO namespaces
 * handed upward as sockets.  Knows nothing of SMCP.
 *
 * Several endpoints (paths) can share one TCP port: an endpoint_host owns the net_server and dispatches by path.
 */
struct endpoint_host;
struct endpoint;   /* one path of the host, with its protocol settings */
struct eio_conn;   /* one Engine.IO session */
struct sio_socket; /* one namespace membership of one Engine.IO session */

enum endpoint_transport {
    TRANSPORT_POLLING = 1,
    TRANSPORT_WEBSOCKET = 2
}; /* also bits of `transports` */

/* Why a session or a socket ended, for logs and `disconnected`. */
enum endpoint_end {
    END_CLIENT_DISCONNECT,  /* Socket.IO DISCONNECT (41) of this namespace */
    END_CLIENT_CLOSE,       /* Engine.IO close packet (1) */
    END_CLIENT_CLOSE_FRAME, /* WebSocket close frame */
    END_CLIENT_LOST,        /* FIN or RST without a close frame */
    END_PING_TIMEOUT,
    END_CONNECT_TIMEOUT,   /* no namespace connected in time */
    END_BAD_PACKET,        /* malformed bytes; see endpoint_ops.fault */
    END_TOO_LARGE,         /* payload above maxPayload */
    END_OVERFLOW,          /* peer reads too slowly */
    END_POLL_LOST,         /* the connection of an open long poll was lost */
    END_OVERLAP,           /* second GET or POST while one was open */
    END_SERVER_DISCONNECT, /* sio_socket_disconnect() / eio_conn_close() by us */
    END_SERVER_SHUTDOWN,
};
const char *endpoint_end_text(enum endpoint_end why);

/* Bits: what is broken on purpose, so that a judge can be shown to notice. */
enum endpoint_sabotage {
    SABOTAGE_NO_SEPARATOR = 1 << 0,    /* packets of a polling payload are not separated */
    SABOTAGE_POLL_LOSES = 1 << 1,      /* of several packets only the first is sent */
    SABOTAGE_POST_FIRST_ONLY = 1 << 2, /* of several packets only the first has an effect */
    SABOTAGE_UPGRADE_LOSES = 1 << 3,   /* what waited for a poll and the first packet after it */
    SABOTAGE_NO_PROBE_PONG = 1 << 5,
    SABOTAGE_NO_PING = 1 << 6,
    SABOTAGE_REFUSED_LIVES = 1 << 7, /* CONNECT_ERROR is sent, the socket is kept */
};

struct endpoint_config {
    const char *
        path; /* "/socket.io"; served with and without the trailing slash (both spellings, nothing else) */
    bool engine_io_only; /* the Engine.IO echo server: messages go to ops->message, no Socket.IO */
    uint32_t ping_interval_ms; /* first ping this long after the handshake, then after each pong */
    uint32_t ping_timeout_ms;
    uint32_t connect_timeout_ms; /* 0: none */
    uint32_t max_payload;        /* bytes */
    unsigned transports;         /* bits */
    const char *
        cors_origin; /* Access-Control-Allow-Origin, NULL: no CORS headers; OPTIONS preflight answered 204 when set */
    size_t max_sessions;
    size_t max_queue_bytes; /* per session */
    const char *const *
        keep_headers; /* NULL-terminated names of request headers of the handshake kept for eio_conn_header() */
    struct sio_limits sio;
    unsigned sabotage; /* bits of enum endpoint_sabotage; 0 in earnest */
    bool
        ignore_unconnected; /* packets for a namespace that is not connected: no effect (python-socketio) instead of closing the session (npm) */
};

struct sio_event {
    struct slice name_raw; /* JSON string with quotes, as sent */
    struct slice
        args; /* raw text of the arguments between the brackets, without the name; may be empty */
    unsigned n_args;
    uint64_t id;                     /* SIO_NO_ID: no ack asked */
    const struct slice *attachments; /* binary parts in order */
    unsigned n_attachments;
};

/* How a gate turns somebody away.  Texts and body are borrowed; `scratch` lives long enough. */
struct endpoint_refusal {
    struct http_response http;
    uint16_t close_code; /* not 0: a WebSocket gets 101 and this close code instead of `http` */
    const char *close_reason; /* static, at most 123 bytes; may be NULL */
    const char *before_close; /* static; a message before the close frame, NULL in earnest */
};

struct endpoint_ops {
    /* Gate of every request that names no session which exists, before anything of Engine.IO is looked at, polling and WebSocket alike; NULL:
     * everybody.  False: turned away with `refusal`. */
    bool (*gate)(void *user, const struct http_request *r, struct endpoint_refusal *refusal,
                 struct buf *scratch);
    /* A namespace is asked for.  `auth` = raw JSON object or empty.  Answer at once or later with sio_socket_accept / _refuse.  Events before acceptance are not delivered:
     * after refusal nothing of it has an effect (AUTH-03). Namespaces the owner does not know: refuse with {"message":"Invalid namespace"}. */
    void (*connect)(void *user, struct sio_socket *s, struct slice nsp, struct slice auth);
    void (*event)(void *user, struct sio_socket *s, const struct sio_event *ev);
    /* Ack of something emitted with an id. `ev->name_raw` empty; `ev->id` set. Delivered as it came: unasked ids too; the owner checks. */
    void (*ack)(void *user, struct sio_socket *s, const struct sio_event *ev);
    /* An accepted or still undecided socket is gone.  Last callback for `s`; freed afterwards. Emits to it are ignored. */
    void (*disconnected)(void *user, struct sio_socket *s, enum endpoint_end why);
    /* engine_io_only: a message packet. */
    void (*message)(void *user, struct eio_conn *c, bool binary, struct slice data);
    /* Optional, for logs: a peer's bytes were refused (the session is closed by us). */
    void (*fault)(void *user, struct eio_conn *c, const struct wire_fault *fault);
};

/* ---- host ---- */
struct endpoint_host_config {
    const char *address;
    uint16_t port;
    size_t max_connections;
    size_t max_connections_per_address; /* 0: no bound */
    uint32_t header_timeout_ms;
    size_t max_message_bytes; /* the largest max_payload of its endpoints */
    size_t max_queue_bytes;
    /* All slow readers together; beyond it each may hold max_queue_bytes / NET_SCARCE_SHARE.  0: no bound. */
    size_t max_backlog_bytes;
    /* Requests outside all endpoints (control API); NULL: 404 with a JSON body.  Body already complete. Answer by http_exchange_respond, now or later. */
    void (*other)(void *user, struct http_exchange *x, const char *method, const char *path,
                  struct slice query, struct slice body);
    /* An exchange that was given to `other` is over, answered or lost: it is freed after this.  NULL only if `other` always answers at once.
     * The user pointer of the exchange belongs to the host. */
    void (*other_done)(void *user, struct http_exchange *x, bool lost);
    void *user;
    size_t max_other_body_bytes;
};
MUST_USE struct endpoint_host *endpoint_host_new(struct net_loop *loop,
                                                 const struct endpoint_host_config *config,
                                                 const char **reterr);
uint16_t endpoint_host_port(const struct endpoint_host *host);
/* Close all sessions (END_SERVER_SHUTDOWN): polls answered, WebSockets closed, then free. NULL is fine. */
void endpoint_host_free(struct endpoint_host *host);
/* First half of it: stop accepting and close all sessions cleanly; `done` runs when output has left or after `max_ms`. */
void endpoint_host_shutdown(struct endpoint_host *host, uint32_t max_ms, void (*done)(void *user),
                            void *user);

/* Config strings are copied. */
MUST_USE struct endpoint *endpoint_new(struct endpoint_host *host,
                                       const struct endpoint_config *config,
                                       const struct endpoint_ops *ops, void *user);
size_t endpoint_sessions(const struct endpoint *e);

/* ---- Engine.IO session ---- */
const char *eio_conn_sid(const struct eio_conn *c);
enum endpoint_transport eio_conn_transport(const struct eio_conn *c);
/* Kept header / raw query / peer address of the handshake.  Borrowed for the life of the session; absent header: false. */
MUST_USE bool eio_conn_header(const struct eio_conn *c, const char *name, struct slice *ret_value);
struct slice eio_conn_query(const struct eio_conn *c);
struct slice eio_conn_remote(const struct eio_conn *c);
void eio_conn_send(struct eio_conn *c, bool binary, const struct slice *parts,
                   unsigned n_parts); /* engine_io_only */
void eio_conn_close(struct eio_conn *c);
void eio_conn_abort(struct eio_conn *c); /* RST */

/* ---- Socket.IO socket ---- */
const char *sio_socket_sid(const struct sio_socket *s);
struct eio_conn *sio_socket_conn(const struct sio_socket *s);
struct slice sio_socket_nsp(const struct sio_socket *s);
void sio_socket_set_user(struct sio_socket *s, void *user);
void *sio_socket_user(const struct sio_socket *s);

/* Decide on a `connect`. accept: sends 40<nsp>,{"sid":…}.  refuse: sends 44<nsp>,<json>; `s` is gone after `disconnected` has run. */
void sio_socket_accept(struct sio_socket *s);
void sio_socket_refuse(struct sio_socket *s, struct slice json);

/*
 * Queue an event: name as raw JSON string, args as raw text between the brackets (borrowed for the call; never parsed nor printed again).
 * `id` SIO_NO_ID: no ack wanted; else the caller's own number, unique among its calls in flight on this socket.
 */
void sio_socket_emit(struct sio_socket *s, struct slice name_raw, struct slice args, uint64_t id,
                     const struct slice *attachments, unsigned n_attachments);
void sio_socket_ack(struct sio_socket *s, uint64_t id, struct slice args,
                    const struct slice *attachments, unsigned n_attachments);
/* Send 41<nsp>, and forget the socket (`disconnected` runs with END_SERVER_DISCONNECT). */
void sio_socket_disconnect(struct sio_socket *s);

#endif
