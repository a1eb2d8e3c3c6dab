/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LINK_H
#define NET_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"
#include "wire/buf.h"

/*
 * A link is one WebSocket connection, accepted or dialled.  net/ knows frames and HTTP, never packets.
 * Output is framed and queued by link_send() and leaves in one write per link at the end of the loop turn, links in order of
 * their *last* enqueue (so an ack never overtakes, on other links, the notices it confirms).
 * Text is delivered unchecked for UTF-8.  Pings are answered here; no extension (compression) is ever agreed to.
 * Handlers may send, close and abort at any time, also from within callbacks; the link dies only after the callback has returned, and `closed` is
 * always the last callback, exactly once, at the end of the turn, never from within one of these calls.
 */
struct link;

enum link_end {
    LINK_END_LOCAL,     /* we closed or aborted it */
    LINK_END_REMOTE,    /* close frame, FIN or RST from the peer */
    LINK_END_OVERFLOW,  /* the peer reads too slowly: queue above its ceiling */
    LINK_END_TOO_LARGE, /* a message above max_message_bytes (answered with close 1009) */
    LINK_END_PROTOCOL, /* the peer broke RFC 6455 (answered with close 1002; 1007 is up to the owner) */
    LINK_END_REFUSED,     /* dialled: the server answered something else than 101: http_status */
    LINK_END_UNREACHABLE, /* dialled: no connection (refused, unknown host, TLS) */
};

struct link_close_info {
    enum link_end how;
    bool close_frame;    /* the peer sent one */
    uint16_t close_code; /* of it; 0 when it has none */
    struct slice close_reason;
    int http_status;  /* LINK_END_REFUSED: status of the answer, else 0 */
    const char *text; /* short static or borrowed text for people */
};

struct link_ops {
    void (*opened)(void *user, struct link *link); /* dialled links only: 101 has come */
    void (*message)(void *user, struct link *link, bool binary,
                    struct slice message); /* whole message, fragments joined; borrowed */
    void (*closed)(void *user, struct link *link,
                   const struct link_close_info *info); /* `link` is freed after this returns */
};

/* Set or replace owner and callbacks (an accepted link gets its owner in the `upgraded` callback of the server). */
void link_set_owner(struct link *link, const struct link_ops *ops, void *user);

/* Queue one message made of the parts (before 101 it waits).  Cannot fail: above the ceiling the link is closed with LINK_END_OVERFLOW. Nothing after close/abort. */
void link_send(struct link *link, bool binary, const struct slice *parts, unsigned n_parts);

/* Queue raw bytes on the wire, unframed: broken frames of rude scenarios; also a control frame made by the caller. */
void link_send_raw(struct link *link, struct slice bytes);

/* Bytes queued and not yet taken by the kernel. */
size_t link_queued(const struct link *link);

/* Send what is queued, then a close frame with `code` (0: an empty close frame), then end.  A peer that does not answer is cut after 1 s. */
void link_close(struct link *link, uint16_t code, const char *reason);

/* Send what is queued and shut the TCP connection down with FIN, no close frame. */
void link_finish(struct link *link);

/* Drop everything and reset the connection: the peer sees RST (SO_LINGER 0). */
void link_abort(struct link *link);

/* Stop / go on reading (a peer that does not read: rude scenarios, back-pressure). */
void link_pause(struct link *link, bool paused);

/* ---- dialling ---- */

struct net_header {
    const char *name;
    const char *value;
};

struct net_target {
    const char *host; /* name or address */
    uint16_t port;
    bool tls;
    bool insecure; /* TLS: do not verify */
};

struct link_dial {
    struct net_target to;
    const char *path;                 /* with query */
    const struct net_header *headers; /* extra; may override Host, Origin */
    unsigned n_headers;
    size_t max_message_bytes;
    size_t max_queue_bytes;
    uint32_t timeout_ms; /* until 101; then LINK_END_UNREACHABLE with text "timeout" */
};

/* Start dialling; the outcome comes by callback, never from within this call.  Config is borrowed for the call. Cannot fail. */
struct link *link_dial(struct net_loop *loop, const struct link_dial *config,
                       const struct link_ops *ops, void *user);

#endif
