/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LOOP_H
#define NET_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/macros.h"

/*
 * One event loop: libuv with libwebsockets on it.  One per process thread; everything in net/ and endpoint/ belongs to one loop and is
 * called on its thread only.  Time is monotonic milliseconds.
 */
struct net_loop;

/* While memory for slow peers is scarce, each may hold this part of what it may hold otherwise. */
enum { NET_SCARCE_SHARE = 16 };

/*
 * Raise the soft file limit to min(hard, 1048576), create the uv loop and the lws context (its log level: errors and warnings go to `log`).
 * NULL when the libuv plug-in of libwebsockets is missing; `reterr` (static text) then names the Debian package to install.
 */
MUST_USE struct net_loop *net_loop_new(const char **reterr);

/* Close every link, exchange, call, server, process and timer of the loop (their `closed` callbacks run), then free it.  Owners free
 * what they hold before, or never: the handles are dead afterwards.  Output still queued is dropped.  NULL is fine. */
void net_loop_free(struct net_loop *loop);

/* Run until net_loop_stop(). */
void net_loop_run(struct net_loop *loop);
void net_loop_stop(struct net_loop *loop);

/* Monotonic clock: cached at the start of the turn / read now. */
uint64_t net_loop_now_ms(const struct net_loop *loop);
uint64_t net_loop_clock_us(void);

/*
 * Hook that runs at the end of every loop turn in which anything happened, before output is flushed (uv_check).  Handlers may queue output.
 * At most 8.  Used by endpoint/ to flush sessions and by the harness runner to advance scenarios.
 */
typedef void net_turn_fn(void *user);
void net_loop_on_turn_end(struct net_loop *loop, net_turn_fn *fn, void *user);
/* Remove a hook set with the same `fn` and `user`, also from within a hook.  None such: nothing happens. */
void net_loop_off_turn_end(struct net_loop *loop, net_turn_fn *fn, void *user);

/*
 * What waits for slow peers, over the whole process: each queue that outlives a turn keeps `*counted` (0 at first, 0 at its end) and says what it holds now.
 * Owners refuse to let one queue grow while the sum is above their bound.
 */
void net_loop_count_backlog(struct net_loop *loop, size_t *counted, size_t now);
size_t net_loop_backlog(const struct net_loop *loop);

/* SIGTERM and SIGINT (uv_signal_t); `fn` gets the signal number. */
typedef void net_signal_fn(void *user, int signum);
void net_loop_on_signal(struct net_loop *loop, net_signal_fn *fn, void *user);

/* One-shot timer, embedded by value in its owner; exact to the millisecond.  Starting a running timer moves it. */
struct net_timer;
typedef void net_timer_fn(void *user);
struct net_timer *net_timer_new(struct net_loop *loop, net_timer_fn *fn, void *user);
void net_timer_start(struct net_timer *timer,
                     uint64_t due_ms /* absolute, net_loop_now_ms scale */);
void net_timer_stop(struct net_timer *timer);
void net_timer_free(struct net_timer *timer); /* NULL is fine */

/* Wake when a descriptor of ours becomes readable or hangs up (child pipes).  Takes no ownership of `fd`. */
struct net_watch;
typedef void net_watch_fn(void *user);
struct net_watch *net_watch_new(struct net_loop *loop, int fd, net_watch_fn *fn, void *user);
void net_watch_free(struct net_watch *watch); /* NULL is fine */

/* Child process: argv[0] found by PATH, own process group, which is killed when its leader ends, when the owner frees it and when we are
 * killed ourselves (net/guard.h); stdin a pipe held open by us (closes when we die), stdout and stderr read by callbacks. */
struct net_process;
struct net_process_config {
    const char *const *argv; /* NULL-terminated */
    const char *const *env;  /* extra NAME=VALUE added to ours, NULL-terminated, may be NULL */
    const char *cwd;         /* may be NULL */
    void (*output)(void *user, bool is_stderr, const char *bytes, uint64_t len);
    void (*exited)(void *user, int64_t exit_status, int term_signal); /* last callback */
    void *user;
};
/* NULL and a heap text in *reterr (caller: free) when it cannot be started. */
MUST_USE struct net_process *
net_process_start(struct net_loop *loop, const struct net_process_config *config, char **reterr);
int net_process_pid(const struct net_process *process);
void net_process_kill_group(struct net_process *process, int signum);
void net_process_free(
    struct net_process *process); /* kills the group when still running; NULL is fine */

#endif
