/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_CLIENT_INTERNAL_H
#define ENDPOINT_CLIENT_INTERNAL_H

#include "endpoint/client.h"
#include "wire/eio_session.h"
#include "wire/sio_conn.h"

/* What the files of the dialling side share; nobody else includes this. */

/* One Engine.IO packet that waits for its carrier. */
struct out_packet {
    struct out_packet *next;
    bool raw; /* as it stands: on polling a POST body of its own */
    bool binary;
    size_t len;
    char data[]; /* with its type digit unless binary */
};

struct eio_client {
    struct net_loop *loop;       /* borrowed */
    uint64_t owner;              /* of its HTTP connections */
    struct client_config config; /* its strings are owned */
    struct client_ops ops;
    void *user;
    unsigned depth; /* callbacks of net/ on the stack */
    bool freed;     /* by its owner; memory goes when the stack is empty */
    bool ended;     /* `closed` was called */
    bool losing;    /* eio_client_lose() was called */
    bool muted;
    bool
        released; /* the server ended a poll so that polling may rest; its answer to the probe is on its way */
    struct eio_session session;
    struct sio_assembly assembly;
    struct eio_open open;
    struct link *link; /* carrier, or the WebSocket that probes */
    bool link_open;
    struct http_call *get;
    struct http_call *post;
    struct out_packet *queue; /* owned list */
    struct out_packet **queue_end;
    struct buf cookie; /* value of the Cookie header, NUL-terminated; empty without one */
    struct buf scratch;
    struct net_timer *limit; /* until open and upgraded */
    struct net_timer *soon;  /* begins, and tells of a loss on polling: off the caller's stack */
    bool started;
    const char *loss_text;
};

/* ---- client.c ---- */

/* Every callback of net/ runs between these two; leave may free. */
void client_enter(struct eio_client *c);
void client_leave(struct eio_client *c);
void client_tap(struct eio_client *c, bool outgoing, enum tap_kind kind, struct slice bytes,
                struct slice body);
void client_tap_text(struct eio_client *c, bool outgoing, const char *text);
void client_fault(struct eio_client *c, const struct wire_fault *fault, struct slice bytes);
/* Act upon one packet of the server. */
void client_feed(struct eio_client *c, enum eio_from from, const struct eio_packet *packet);
/* Cut everything and call `closed`; the first reason counts. */
void client_end(struct eio_client *c, bool by_peer, int http_status, struct slice body,
                const char *text);
/* Anything to send, to ask, to switch?  Called whenever something has changed. */
void client_pump(struct eio_client *c);
struct out_packet *client_take(struct eio_client *c);
/* "/socket.io/?EIO=4&transport=…" into `out`. */
void client_target(const struct eio_client *c, const char *transport, struct buf *out);
/* Headers of the owner and the cookie; `ret_headers` has room for CLIENT_MAX_HEADERS. */
enum { CLIENT_MAX_HEADERS = 64 };
unsigned client_headers(const struct eio_client *c, struct net_header *ret_headers);

/* ---- client_http.c ---- */
void client_poll_start(struct eio_client *c);
void client_post_start(struct eio_client *c);
void client_http_cut(struct eio_client *c, bool reset);

/* ---- client_ws.c ---- */
void client_dial(struct eio_client *c);
void client_frame(struct eio_client *c, bool binary, struct slice bytes);
/* Let go of the link without further callbacks. */
void client_link_drop(struct eio_client *c);

#endif
