/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LOOP_CORE_H
#define NET_LOOP_CORE_H

#include <libwebsockets.h>
#include <stdbool.h>
#include <stdint.h>
#include <uv.h>

#include "net/list.h"
#include "net/loop.h"

/* Inside of the loop, for net/ alone. */

enum { LOOP_MAX_HOOKS = 8, LOOP_RANDOM_BYTES = 4096, LOOP_READ_BYTES = 65536 };

/* Work put off to the end of the turn: what must not run on the caller's stack (`closed` callbacks, deaths). */
struct later {
    struct list_node node;
    void (*fn)(struct later *later);
};

/* Same waiting time for many: a list in order of deadline with one timer at its head (lws-notes 13). */
struct deadline {
    struct list_node node;
    uint64_t due_ms;
    void (*fn)(struct deadline *d);
};
struct deadline_list {
    struct list_node head;
    struct net_timer *timer;
    struct net_loop *loop;
    uint32_t wait_ms;
};

struct turn_hook {
    net_turn_fn *fn;
    void *user;
};

struct net_loop {
    uv_loop_t uv;
    struct lws_context *lws;
    struct lws_vhost *vhost;
    uv_prepare_t prepare; /* output queued by timers must leave before the loop waits */
    uv_check_t check;     /* the end of the turn */
    uv_idle_t again;      /* active while a turn left work behind: keeps the loop from waiting */
    uv_signal_t signals[2];
    net_signal_fn *signal_fn;
    void *signal_user;
    struct turn_hook hooks[LOOP_MAX_HOOKS];
    unsigned n_hooks;
    bool running;
    bool closing;           /* net_loop_free() is at work */
    bool active;            /* something happened since the hooks ran */
    size_t backlog;         /* bytes that wait for slow peers, all counters together */
    struct list_node dirty; /* socks with output, in order of last enqueue */
    struct list_node later; /* struct later */
    struct list_node socks; /* all of them */
    struct list_node timers, watches, processes;
    struct list_node resolving; /* attempts to connect */
    struct list_node servers;
    uint64_t http_owners;       /* how many have been named */
    struct list_node idle_http; /* kept-alive connections of http_call, least recently used first */
    struct deadline_list second;         /* close handshakes and lingering: 1 s */
    struct deadline_list idle_http_wait; /* how long a kept-alive connection is kept */
    unsigned char random[LOOP_RANDOM_BYTES];
    size_t random_left;
};

/* Something happened: hooks will run before the loop waits again.  Every way in from libuv or lws calls it. */
static inline void loop_touch(struct net_loop *loop)
{
    loop->active = true;
}

/* Run `later->fn` at the end of this turn (before hooks and output).  Once; scheduling again moves it to the tail. */
void loop_later(struct net_loop *loop, struct later *later, void (*fn)(struct later *later));

void deadline_list_init(struct deadline_list *list, struct net_loop *loop, uint32_t wait_ms);
void deadline_list_release(struct deadline_list *list);
/* (Re)start: due `wait_ms` from now. */
void deadline_start(struct deadline_list *list, struct deadline *d, void (*fn)(struct deadline *d));
static inline void deadline_stop(struct deadline *d)
{
    list_remove(&d->node);
}

/* Random bytes of getrandom(), by the page. */
uint32_t loop_random32(struct net_loop *loop);

/* Kill and free what is left; for net_loop_free(). */
void loop_free_processes(struct net_loop *loop);
void loop_free_socks(struct net_loop *loop);
void loop_free_servers(struct net_loop *loop);
/* One flush of the dirty list. */
void loop_flush_socks(struct net_loop *loop);
/* The lws protocol all connections are bound to (sock.c). */
extern const struct lws_protocols sock_protocols[];

#endif
