/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LINK_CORE_H
#define NET_LINK_CORE_H

#include "net/link.h"
#include "net/sock.h"
#include "net/ws_frame.h"

/* Between link.c, link_read.c, link_dial.c and the HTTP server. */

enum link_state {
    LINK_DIALING, /* no 101 yet */
    LINK_OPEN,
    LINK_CLOSING, /* our close frame is queued; we wait for the peer's */
    LINK_DONE,    /* `closed` is under way */
};

struct link_dialing;

struct link {
    struct net_loop *loop;
    struct sock *sock; /* NULL when done */
    const struct link_ops *ops;
    void *user;
    enum link_state state;
    bool is_client; /* masks what it sends, refuses what is masked */
    bool paused;
    size_t max_message_bytes;
    size_t max_queue_bytes;
    size_t max_backlog_bytes; /* 0: no bound */

    /* reading */
    unsigned char header[WS_MAX_HEADER_BYTES];
    unsigned char header_len; /* bytes of the header seen; all of it: inside the payload */
    bool in_payload;
    unsigned char message_opcode; /* of the message in pieces, 0: none */
    struct ws_header frame;
    uint64_t frame_at;  /* payload bytes seen */
    struct buf message; /* pieces of a data message */
    struct buf control; /* pieces of a control frame */
    struct buf held;    /* came while paused */
    struct later resume;

    /* ending */
    struct deadline close_wait;
    struct later death;
    struct link_close_info end;
    char *end_reason; /* owned; what end.close_reason points at */

    struct link_dialing *dialing; /* owned; NULL once open */
};

/* An accepted connection whose 101 is queued. */
struct net_server_config;
struct link *link_accept(struct net_loop *loop, struct sock *sock,
                         const struct net_server_config *config);
struct link *link_new(struct net_loop *loop);

/* Callbacks of its sock once it is a WebSocket. */
extern const struct sock_ops link_sock_ops;
void link_received(struct link *link, char *bytes, size_t len);

/* Queue one frame.  False: the link has ended over its full queue. */
bool link_queue_frame(struct link *link, enum ws_opcode opcode, const struct slice *parts,
                      unsigned n_parts);
/* The end: `closed` runs at the end of the turn.  The sock must have been let go. */
void link_end(struct link *link, enum link_end how, const char *text);
/* Queue a close frame of `code`, let go, end. */
void link_fail(struct link *link, uint16_t code, enum link_end how, const char *text);
void link_got_close(struct link *link, struct slice payload);
void link_dialing_free(struct link *link);
/* Frames sent before 101. */
struct buf *link_dialing_early(struct link *link);

#endif
