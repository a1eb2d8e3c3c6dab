/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_SOCK_CORE_H
#define NET_SOCK_CORE_H

#include "net/sock.h"

/* Between sock.c, sock_dial.c and sock_tls.c. */

struct sock_tls;
struct sock_dialing;

struct sock {
    struct list_node all;
    struct list_node dirty;
    struct net_loop *loop;
    const struct sock_ops *ops; /* NULL: the owner is gone */
    void *user;
    struct lws *wsi; /* owned by lws; NULL before connecting and after its close */
    int fd;          /* of the wsi */
    struct buf out;  /* owned; plain text not yet sent is out.data[out_sent..] */
    size_t out_sent;
    size_t counted; /* of the loop's backlog */
    struct deadline linger;
    struct later death;
    struct sock_tls *tls;         /* owned */
    struct sock_dialing *dialing; /* owned by itself until done */
    void (*on_free)(void *arg);
    void *on_free_arg;
    bool opened;
    bool in_lws; /* on the stack of one of our lws callbacks */
    bool dead;   /* freed at the end of the turn */
    bool paused;
    bool waits_writable;
    bool fin_wanted;
    bool fin_sent;
    bool broken; /* sending failed; what the peer sent before may still be read */
};

/* sock.c */
struct sock *sock_new(struct net_loop *loop, const struct sock_ops *ops, void *user);
/* Bind a connected descriptor to lws; false: descriptor closed. */
MUST_USE bool sock_bind(struct sock *s, int fd);
/* It works: tell the owner, send what waits. */
void sock_opened(struct sock *s);
/* Tell the owner and die. */
void sock_lost(struct sock *s, const char *why);

/* sock_dial.c */
void sock_dialing_cancel(struct sock_dialing *dialing);

/* sock_tls.c: OpenSSL between memory buffers */
struct sock_tls *sock_tls_new(const char *host, bool insecure, const char **reterr);
void sock_tls_free(struct sock_tls *tls);
/* Begin the handshake: leaves the first bytes in sock_tls_out(). */
void sock_tls_start(struct sock *s);
/* Bytes from the wire: goes on with the handshake, or hands plain text to the owner. */
void sock_tls_received(struct sock *s, const char *bytes, size_t len);
/* Encrypt what is queued, at most some hundred KB ahead of the kernel. False: broken. */
MUST_USE bool sock_tls_encrypt(struct sock *s);
struct buf *sock_tls_out(struct sock_tls *tls);
bool sock_tls_is_open(const struct sock_tls *tls);
/* Append close_notify. */
void sock_tls_finish(struct sock *s);

#endif
