/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_SOCK_H
#define NET_SOCK_H

#include <stdbool.h>
#include <stddef.h>

#include "net/link.h"
#include "net/loop_core.h"
#include "wire/buf.h"

/*
 * A byte stream over TCP or TLS, for net/ alone: what links, HTTP connections and raw connections stand on.
 *
 * libwebsockets carries the socket (raw-skt role): it owns the descriptor, waits for it in the libuv loop, reads.  HTTP/1.1 and
 * RFC 6455 are ours, because lws 4.1.6 can serve neither chunked requests nor unknown methods, drops a long head without
 * an answer, loses bodies of refused upgrades and spins on a parked request whose client is gone (lws-notes 19, 29-31).
 *
 * Output is appended to a buffer and leaves in one send per sock at the end of the turn, socks in order of their last write.
 * No function calls back into the owner from within: callbacks come from the loop only.
 */
struct sock;

struct sock_ops {
    /* Dialled: connected, TLS agreed.  May be NULL on accepted ones. */
    void (*opened)(void *user);
    /* Bytes; the callee may change them in place. */
    void (*received)(void *user, char *bytes, size_t len);
    /* Everything written has been taken by the kernel.  May be NULL. */
    void (*flushed)(void *user);
    /* The connection is gone, or never came about.  Last callback; the sock is freed.  `why` is static text. */
    void (*lost)(void *user, const char *why);
};

/* What `lost` says; compared by pointer nowhere, by people everywhere. */
#define SOCK_CLOSED "connection closed"
#define SOCK_RESET  "connection reset"

/* Take over a connected descriptor.  NULL when lws has no room; `fd` is closed then. */
struct sock *sock_adopt(struct net_loop *loop, int fd, const struct sock_ops *ops, void *user);

/* Run `fn` when the descriptor has been let go, however long the owner or the lingering took (counting connections). */
void sock_on_free(struct sock *s, void (*fn)(void *arg), void *arg);

/* Connect.  Cannot fail here: `opened` or `lost` follows.  No time-out of its own.  What is written before `opened` waits. */
struct sock *sock_dial(struct net_loop *loop, const struct net_target *to,
                       const struct sock_ops *ops, void *user);

/* Hand the stream over to another owner (an HTTP connection becomes a link). */
void sock_set_owner(struct sock *s, const struct sock_ops *ops, void *user);

/* The output buffer, to append to; then sock_touch().  Its ceiling is the memory: owners keep their own bound by sock_queued(). */
struct buf *sock_out(struct sock *s);
/* Output was appended: the sock moves to the end of this turn's list. */
void sock_touch(struct sock *s);
void sock_write(struct sock *s, const void *bytes, size_t len);
size_t sock_queued(const struct sock *s);
/* Send now what the kernel takes: for an owner about to give up over a full queue. */
void sock_push(struct sock *s);

/* FIN after what is queued; reading goes on. */
void sock_shutdown(struct sock *s);

/* The owner is done: send what is queued, FIN, swallow input until the peer's FIN or 1 s without progress, free.  No more callbacks. */
void sock_dismiss(struct sock *s);

/* Reset the connection (SO_LINGER 0), drop what is queued.  No more callbacks. */
void sock_abort(struct sock *s);

void sock_pause(struct sock *s, bool paused);
int sock_fd(const struct sock *s);

#endif
