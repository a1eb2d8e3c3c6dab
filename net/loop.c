/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <assert.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/resource.h>

#include "net/loop_core.h"
#include "wire/xmalloc.h"

enum {
    FILES_WANTED = 1048576, /* lws-notes 18: lws falls back to 2560 above ten million */
    TURN_MAX_ROUNDS = 16,   /* then the loop looks at the sockets again before it goes on */
    CLOSE_WAIT_MS = 1000,
    IDLE_HTTP_MS =
        4000, /* uvicorn, the shortest-lived common server, drops idle connections after 5 s */
    NS_PER_US = 1000,
};

/* ---- the turn ---- */

static bool has_work(const struct net_loop *loop)
{
    return loop->active || !list_is_empty(&loop->later) || !list_is_empty(&loop->dirty);
}

static void run_later(struct net_loop *loop)
{
    struct list_node batch;
    struct list_node *node;

    list_init(&batch);
    list_splice(&batch, &loop->later);
    for (node = list_take_first(&batch); node; node = list_take_first(&batch)) {
        struct later *later = LIST_OWNER(node, struct later, node);

        later->fn(later);
    }
}

static void again_cb(uv_idle_t *handle)
{
    (void)handle;
}

/*
 * Deaths first (they queue notices), then hooks (they queue replies), then output.  What output uncovers (a broken
 * connection) is the next round.
 */
static void run_turn(struct net_loop *loop)
{
    for (unsigned round = 0; round < TURN_MAX_ROUNDS && has_work(loop); round++) {
        loop->active = false;
        run_later(loop);
        for (unsigned i = 0; i < loop->n_hooks; i++)
            loop->hooks[i].fn(loop->hooks[i].user);
        loop_flush_socks(loop);
    }
    if (has_work(loop))
        uv_idle_start(&loop->again, again_cb);
    else
        uv_idle_stop(&loop->again);
}

static void prepare_cb(uv_prepare_t *handle)
{
    run_turn(handle->data);
}

static void check_cb(uv_check_t *handle)
{
    run_turn(handle->data);
}

void loop_later(struct net_loop *loop, struct later *later, void (*fn)(struct later *later))
{
    later->fn = fn;
    list_move_tail(&loop->later, &later->node);
}

void net_loop_on_turn_end(struct net_loop *loop, net_turn_fn *fn, void *user)
{
    assert(loop->n_hooks < LOOP_MAX_HOOKS);
    loop->hooks[loop->n_hooks++] = (struct turn_hook){fn, user};
}

void net_loop_off_turn_end(struct net_loop *loop, net_turn_fn *fn, void *user)
{
    for (unsigned i = 0; i < loop->n_hooks; i++) {
        if (loop->hooks[i].fn != fn || loop->hooks[i].user != user)
            continue;
        loop->n_hooks--;
        /* Moved down in order: a hook that removes itself makes the next one wait for the next round, so there must be one. */
        loop_touch(loop);
        memmove(&loop->hooks[i], &loop->hooks[i + 1], (loop->n_hooks - i) * sizeof(loop->hooks[0]));
        return;
    }
}

/* ---- deadlines ---- */

static void deadline_list_cb(void *user)
{
    struct deadline_list *list = user;
    uint64_t now_ms = net_loop_now_ms(list->loop);

    while (!list_is_empty(&list->head)) {
        struct deadline *d = LIST_OWNER(list->head.next, struct deadline, node);

        if (d->due_ms > now_ms) {
            net_timer_start(list->timer, d->due_ms);
            return;
        }
        list_remove(&d->node);
        d->fn(d);
    }
}

void deadline_list_init(struct deadline_list *list, struct net_loop *loop, uint32_t wait_ms)
{
    list_init(&list->head);
    list->loop = loop;
    list->wait_ms = wait_ms;
    list->timer = net_timer_new(loop, deadline_list_cb, list);
}

void deadline_list_release(struct deadline_list *list)
{
    net_timer_free(list->timer);
    list->timer = NULL;
}

void deadline_start(struct deadline_list *list, struct deadline *d, void (*fn)(struct deadline *d))
{
    bool was_empty;

    list_remove(&d->node);
    was_empty = list_is_empty(&list->head);
    d->fn = fn;
    d->due_ms = net_loop_now_ms(list->loop) + list->wait_ms;
    list_move_tail(&list->head, &d->node);
    if (was_empty && list->timer)
        net_timer_start(list->timer, d->due_ms);
}

/* ---- random ---- */

uint32_t loop_random32(struct net_loop *loop)
{
    uint32_t value;

    if (loop->random_left < sizeof value) {
        /* Up to 256 bytes cannot fail nor be cut short once the pool is seeded; more may be. */
        for (size_t have = 0; have < LOOP_RANDOM_BYTES;) {
            ssize_t n = getrandom(loop->random + have, LOOP_RANDOM_BYTES - have, 0);

            if (n > 0)
                have += (size_t)n;
        }
        loop->random_left = LOOP_RANDOM_BYTES;
    }
    loop->random_left -= sizeof value;
    memcpy(&value, loop->random + loop->random_left, sizeof value);
    return value;
}

/* ---- signals ---- */

static void signal_cb(uv_signal_t *handle, int signum)
{
    struct net_loop *loop = handle->data;

    loop_touch(loop);
    if (loop->signal_fn)
        loop->signal_fn(loop->signal_user, signum);
}

void net_loop_on_signal(struct net_loop *loop, net_signal_fn *fn, void *user)
{
    static const int signums[] = {SIGTERM, SIGINT};

    loop->signal_fn = fn;
    loop->signal_user = user;
    for (unsigned i = 0; i < 2; i++) {
        uv_signal_start(&loop->signals[i], signal_cb, signums[i]);
        uv_unref((uv_handle_t *)&loop->signals[i]);
    }
}

/* ---- life ---- */

static void raise_file_limit(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return;
    limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
    setrlimit(RLIMIT_NOFILE, &limit);
}

static bool start_lws(struct net_loop *loop)
{
    /* lws-notes 14: no pings and hang-ups of its own.  lws keeps the pointer. */
    static const lws_retry_bo_t no_idle_policy = {0};
    struct lws_context_creation_info info = {0};
    void *foreign[1] = {&loop->uv};

    lws_set_log_level(LLL_ERR | LLL_WARN, NULL);
    info.options = LWS_SERVER_OPTION_LIBUV | LWS_SERVER_OPTION_EXPLICIT_VHOSTS;
    info.foreign_loops = foreign;
    info.pt_serv_buf_size = LOOP_READ_BYTES;
    info.retry_and_idle_policy = &no_idle_policy;
    info.port = CONTEXT_PORT_NO_LISTEN;
    info.protocols = sock_protocols;
    info.vhost_name = "net";
    loop->lws = lws_create_context(&info);
    if (!loop->lws)
        return false;
    loop->vhost = lws_create_vhost(loop->lws, &info);
    return loop->vhost != NULL;
}

static void init_handles(struct net_loop *loop)
{
    uv_prepare_init(&loop->uv, &loop->prepare);
    uv_check_init(&loop->uv, &loop->check);
    uv_idle_init(&loop->uv, &loop->again);
    loop->prepare.data = loop;
    loop->check.data = loop;
    uv_prepare_start(&loop->prepare, prepare_cb);
    uv_check_start(&loop->check, check_cb);
    for (unsigned i = 0; i < 2; i++) {
        uv_signal_init(&loop->uv, &loop->signals[i]);
        loop->signals[i].data = loop;
    }
}

static void init_lists(struct net_loop *loop)
{
    list_init(&loop->dirty);
    list_init(&loop->later);
    list_init(&loop->socks);
    list_init(&loop->timers);
    list_init(&loop->watches);
    list_init(&loop->processes);
    list_init(&loop->resolving);
    list_init(&loop->servers);
    list_init(&loop->idle_http);
}

struct net_loop *net_loop_new(const char **reterr)
{
    struct net_loop *loop = xcalloc(1, sizeof *loop);

    raise_file_limit();
    init_lists(loop);
    if (uv_loop_init(&loop->uv) != 0) {
        free(loop);
        *reterr = "cannot create an event loop (out of file descriptors?)";
        return NULL;
    }
    init_handles(loop);
    deadline_list_init(&loop->second, loop, CLOSE_WAIT_MS);
    deadline_list_init(&loop->idle_http_wait, loop, IDLE_HTTP_MS);
    if (!start_lws(loop)) {
        net_loop_free(loop);
        *reterr = "libwebsockets cannot run on libuv: is the Debian package libwebsockets-evlib-uv "
                  "installed?";
        return NULL;
    }
    return loop;
}

static void free_handles(struct net_loop *loop)
{
    struct list_node *node;

    while (!list_is_empty(&loop->timers)) {
        node = loop->timers.next;
        net_timer_free((struct net_timer *)(void *)node);
    }
    while (!list_is_empty(&loop->watches)) {
        node = loop->watches.next;
        net_watch_free((struct net_watch *)(void *)node);
    }
    uv_close((uv_handle_t *)&loop->prepare, NULL);
    uv_close((uv_handle_t *)&loop->check, NULL);
    uv_close((uv_handle_t *)&loop->again, NULL);
    for (unsigned i = 0; i < 2; i++)
        uv_close((uv_handle_t *)&loop->signals[i], NULL);
}

void net_loop_free(struct net_loop *loop)
{
    if (!loop)
        return;
    loop->closing = true;
    loop->n_hooks = 0;
    loop_free_servers(loop);
    loop_free_socks(loop);
    loop_free_processes(loop);
    deadline_list_release(&loop->second);
    deadline_list_release(&loop->idle_http_wait);
    free_handles(loop);
    if (loop->lws) {
        /* Starts closing; libuv finishes it, and lws frees itself when its last handle is down. */
        lws_context_destroy(loop->lws);
        uv_run(&loop->uv, UV_RUN_DEFAULT);
        lws_context_destroy(loop->lws);
    }
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    uv_loop_close(&loop->uv);
    free(loop);
}

void net_loop_run(struct net_loop *loop)
{
    loop->running = true;
    uv_run(&loop->uv, UV_RUN_DEFAULT);
    loop->running = false;
}

void net_loop_stop(struct net_loop *loop)
{
    uv_stop(&loop->uv);
}

uint64_t net_loop_now_ms(const struct net_loop *loop)
{
    /* Outside of the loop the cached time may be old: start-up work counts against nobody's deadline. */
    if (!loop->running)
        uv_update_time((uv_loop_t *)(uintptr_t)&loop->uv);
    return uv_now(&loop->uv);
}

uint64_t net_loop_clock_us(void)
{
    return uv_hrtime() / NS_PER_US;
}

/* ---- backlog ---- */

void net_loop_count_backlog(struct net_loop *loop, size_t *counted, size_t now)
{
    loop->backlog = loop->backlog - *counted + now;
    *counted = now;
}

size_t net_loop_backlog(const struct net_loop *loop)
{
    return loop->backlog;
}

/* ---- timers ---- */

struct net_timer {
    struct list_node node; /* first: see free_handles() */
    uv_timer_t uv;
    struct net_loop *loop;
    net_timer_fn *fn;
    void *user;
};

static void timer_cb(uv_timer_t *handle)
{
    struct net_timer *timer = handle->data;

    loop_touch(timer->loop);
    timer->fn(timer->user);
}

struct net_timer *net_timer_new(struct net_loop *loop, net_timer_fn *fn, void *user)
{
    struct net_timer *timer = xcalloc(1, sizeof *timer);

    timer->loop = loop;
    timer->fn = fn;
    timer->user = user;
    list_init(&timer->node);
    list_move_tail(&loop->timers, &timer->node);
    uv_timer_init(&loop->uv, &timer->uv);
    timer->uv.data = timer;
    return timer;
}

void net_timer_start(struct net_timer *timer, uint64_t due_ms)
{
    uint64_t now_ms = net_loop_now_ms(timer->loop);

    uv_timer_start(&timer->uv, timer_cb, due_ms > now_ms ? due_ms - now_ms : 0, 0);
}

void net_timer_stop(struct net_timer *timer)
{
    uv_timer_stop(&timer->uv);
}

static void timer_closed_cb(uv_handle_t *handle)
{
    free(handle->data);
}

void net_timer_free(struct net_timer *timer)
{
    if (!timer)
        return;
    list_remove(&timer->node);
    uv_close((uv_handle_t *)&timer->uv, timer_closed_cb);
}

/* ---- watches ---- */

struct net_watch {
    struct list_node node; /* first: see free_handles() */
    uv_poll_t uv;
    struct net_loop *loop;
    net_watch_fn *fn;
    void *user;
};

static void watch_cb(uv_poll_t *handle, int status, int events)
{
    struct net_watch *watch = handle->data;

    (void)status;
    (void)events;
    loop_touch(watch->loop);
    watch->fn(watch->user);
}

struct net_watch *net_watch_new(struct net_loop *loop, int fd, net_watch_fn *fn, void *user)
{
    struct net_watch *watch = xcalloc(1, sizeof *watch);

    if (uv_poll_init(&loop->uv, &watch->uv, fd) != 0) {
        free(watch);
        return NULL;
    }
    watch->loop = loop;
    watch->fn = fn;
    watch->user = user;
    watch->uv.data = watch;
    list_init(&watch->node);
    list_move_tail(&loop->watches, &watch->node);
    uv_poll_start(&watch->uv, UV_READABLE | UV_DISCONNECT, watch_cb);
    return watch;
}

static void watch_closed_cb(uv_handle_t *handle)
{
    free(handle->data);
}

void net_watch_free(struct net_watch *watch)
{
    if (!watch)
        return;
    list_remove(&watch->node);
    uv_close((uv_handle_t *)&watch->uv, watch_closed_cb);
}
