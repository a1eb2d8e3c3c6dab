/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <stdlib.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

static void host_destroy(struct endpoint_host *host);

/* ---- what is still open ---- */

void host_thing_opened(struct endpoint_host *host)
{
    host->open_things++;
}

static void tell_stopped(struct endpoint_host *host)
{
    void (*stopped)(void *user) = host->stopped;

    host->stopped = NULL;
    if (stopped)
        stopped(host->stopped_user);
}

void host_thing_closed(struct endpoint_host *host)
{
    host->open_things--;
    if (host->open_things)
        return;
    if (host->freed)
        host_destroy(host);
    else if (host->stopping)
        net_timer_start(host->stop_timer, net_loop_now_ms(host->loop));
}

/* ---- requests ---- */

static bool path_matches(const struct endpoint *e, struct slice path)
{
    size_t len = strlen(e->config.path);

    if (path.len == len + 1 && path.ptr[len] == '/')
        path.len--;
    return path.len == len && memcmp(path.ptr, e->config.path, len) == 0;
}

static struct endpoint *endpoint_find(const struct endpoint_host *host, struct slice path)
{
    struct endpoint *e = host->endpoints;

    while (e && !path_matches(e, path))
        e = e->next;
    return e;
}

static void on_request(void *user, struct http_exchange *x, const struct http_request *r)
{
    struct endpoint_host *host = user;
    struct request *req = xcalloc(1, sizeof(*req));

    host_thing_opened(host);
    req->host = host;
    req->x = x;
    req->endpoint = endpoint_find(host, http_request_path(r));
    buf_init(&req->body, 0);
    http_exchange_set_user(x, req);
    if (host->stopping) {
        request_refuse(req, REFUSE_FULL);
    } else if (req->endpoint) {
        polling_request(req, r);
    } else if (!host->config.other) {
        request_refuse(req, REFUSE_NOT_FOUND);
    } else {
        req->kind = REQUEST_OTHER;
        req->method = xstrndup_slice(http_request_method(r));
        req->path = xstrndup_slice(http_request_path(r));
        req->query = xstrndup_slice(http_request_query(r));
        buf_init(&req->body, host->config.max_other_body_bytes);
    }
}

static void on_body(void *user, struct http_exchange *x, struct slice piece)
{
    struct request *req = http_exchange_user(x);

    (void)user;
    if (req->kind == REQUEST_POST)
        polling_body(req, piece);
    if (req->kind != REQUEST_OTHER)
        return;
    buf_append_slice(&req->body, piece);
    if (req->body.overflow)
        request_refuse(req, REFUSE_TOO_LARGE);
}

static void on_body_end(void *user, struct http_exchange *x)
{
    struct endpoint_host *host = user;
    struct request *req = http_exchange_user(x);

    if (req->kind == REQUEST_POST)
        polling_body_end(req);
    if (req->kind != REQUEST_OTHER)
        return;
    req->kind = REQUEST_OTHER_GIVEN;
    host->config.other(host->config.user, x, req->method, req->path, slice_str(req->query),
                       buf_slice(&req->body));
}

static void on_done(void *user, struct http_exchange *x, bool lost)
{
    struct endpoint_host *host = user;
    struct request *req = http_exchange_user(x);

    if (req->kind == REQUEST_OTHER_GIVEN && host->config.other_done && !host->freed)
        host->config.other_done(host->config.user, x, lost);
    polling_lost(req);
    buf_release(&req->body);
    free(req->method);
    free(req->path);
    free(req->query);
    free(req);
    host_thing_closed(host);
}

static bool on_upgrade(void *user, const struct http_request *r, struct http_response *refusal,
                       void **ret_link_user)
{
    struct endpoint_host *host = user;
    struct endpoint *e = endpoint_find(host, http_request_path(r));

    if (!e || host->stopping) {
        refusal_fill(e ? REFUSE_FULL : REFUSE_NOT_FOUND, refusal);
        return false;
    }
    if (!websocket_upgrade(e, r, refusal, ret_link_user))
        return false;
    host_thing_opened(host);
    return true;
}

static void on_upgraded(void *user, struct link *link, void *link_user)
{
    (void)user;
    websocket_upgraded(link, link_user);
}

static void on_upgrade_lost(void *user, void *link_user)
{
    websocket_upgrade_lost(link_user);
    host_thing_closed(user);
}

/* ---- the end of a turn ---- */

static void free_dead(struct endpoint_host *host)
{
    while (host->dead_sockets) {
        struct sio_socket *s = host->dead_sockets;

        host->dead_sockets = s->dead_next;
        free(s);
    }
    while (host->dead_conns) {
        struct eio_conn *c = host->dead_conns;

        host->dead_conns = c->hash_next;
        conn_free(c);
    }
}

/*
 * Answer the polls that have something to say, in order of last enqueue.  Links leave in the order in which they were last touched, and an
 * answered poll is touched only now; so links that come after it in our order are touched again behind it.
 */
static void on_turn_end(void *user)
{
    struct endpoint_host *host = user;
    bool answered = false;

    while (host->dirty_head) {
        struct eio_conn *c = host->dirty_head;

        host->dirty_head = c->dirty_next;
        *(c->dirty_next ? &c->dirty_next->dirty_prev : &host->dirty_tail) = NULL;
        c->dirty = false;
        if (c->get) {
            polling_flush(c);
            answered = true;
        } else if (c->link && answered) {
            link_send_raw(c->link, slice_of(NULL, 0));
        }
        if (!c->link)
            conn_count_backlog(c);
    }
    free_dead(host);
}

/* ---- life ---- */

static const struct net_server_ops server_ops = {
    .request = on_request,
    .body = on_body,
    .body_end = on_body_end,
    .done = on_done,
    .upgrade = on_upgrade,
    .upgraded = on_upgraded,
    .upgrade_lost = on_upgrade_lost,
};

static void stop_due(void *user)
{
    tell_stopped(user);
}

struct endpoint_host *endpoint_host_new(struct net_loop *loop,
                                        const struct endpoint_host_config *config,
                                        const char **reterr)
{
    struct endpoint_host *host = xcalloc(1, sizeof(*host));
    const struct net_server_config net = {
        .address = config->address,
        .port = config->port,
        .max_connections = config->max_connections,
        .max_connections_per_address = config->max_connections_per_address,
        .max_message_bytes = config->max_message_bytes,
        .max_queue_bytes = config->max_queue_bytes,
        .max_backlog_bytes = config->max_backlog_bytes,
        .header_timeout_ms = config->header_timeout_ms,
    };

    host->loop = loop;
    host->config = *config;
    host->config.address = NULL;
    host->server = net_server_new(loop, &net, &server_ops, host, reterr);
    if (!host->server) {
        free(host);
        return NULL;
    }
    host->port = net_server_port(host->server);
    host->stop_timer = net_timer_new(loop, stop_due, host);
    buf_init(&host->refusal, WIRE_MAX_PAYLOAD_BYTES);
    net_loop_on_turn_end(loop, on_turn_end, host);
    return host;
}

uint16_t endpoint_host_port(const struct endpoint_host *host)
{
    return host->port;
}

static void close_sessions(struct endpoint_host *host)
{
    host->stopping = true;
    net_server_free(host->server);
    host->server = NULL;
    for (struct endpoint *e = host->endpoints; e; e = e->next)
        endpoint_close_sessions(e);
}

void endpoint_host_shutdown(struct endpoint_host *host, uint32_t max_ms, void (*done)(void *user),
                            void *user)
{
    uint64_t now_ms = net_loop_now_ms(host->loop);

    host->stopped = done;
    host->stopped_user = user;
    close_sessions(host);
    net_timer_start(host->stop_timer, host->open_things ? now_ms + max_ms : now_ms);
}

void endpoint_host_free(struct endpoint_host *host)
{
    if (!host)
        return;
    host->stopped = NULL;
    close_sessions(host);
    for (struct endpoint *e = host->endpoints; e; e = e->next)
        endpoint_stop_timers(e);
    net_loop_off_turn_end(host->loop, on_turn_end, host);
    net_timer_free(host->stop_timer);
    host->stop_timer = NULL;
    host->freed = true;
    if (!host->open_things)
        host_destroy(host);
}

/* No callback can come any more. */
static void host_destroy(struct endpoint_host *host)
{
    free_dead(host);
    while (host->endpoints) {
        struct endpoint *e = host->endpoints;

        host->endpoints = e->next;
        endpoint_destroy(e);
    }
    buf_release(&host->refusal);
    free(host);
}
