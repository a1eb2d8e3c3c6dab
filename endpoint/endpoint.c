/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <stdlib.h>

#include "wire/xmalloc.h"

static char *copy(const char *text)
{
    return text ? xstrdup(text) : NULL;
}

static const char *const *copy_list(const char *const *list)
{
    size_t n = 0;
    const char **copied;

    if (!list)
        return NULL;
    while (list[n])
        n++;
    copied = xcalloc(n + 1, sizeof(*copied));
    for (size_t i = 0; i < n; i++)
        copied[i] = xstrdup(list[i]);
    return copied;
}

static void free_const(const void *memory)
{
    union {
        const void *in;
        void *out;
    } cast = {.in = memory};

    free(cast.out);
}

static char *copy_path(const char *path)
{
    char *copied = xstrdup(path);
    size_t len = strlen(copied);

    if (len > 1 && copied[len - 1] == '/')
        copied[len - 1] = '\0';
    return copied;
}

struct endpoint *endpoint_new(struct endpoint_host *host, const struct endpoint_config *config,
                              const struct endpoint_ops *ops, void *user)
{
    struct endpoint *e = xcalloc(1, sizeof(*e));

    e->host = host;
    e->config = *config;
    e->config.path = copy_path(config->path);
    e->config.cors_origin = copy(config->cors_origin);
    e->config.keep_headers = copy_list(config->keep_headers);
    e->ops = *ops;
    e->user = user;
    expiry_list_init(&e->pings, host->loop, conn_heartbeat_due, e);
    expiry_list_init(&e->pongs, host->loop, conn_heartbeat_due, e);
    expiry_list_init(&e->connects, host->loop, conn_connect_due, e);
    expiry_list_init(&e->probes, host->loop, conn_probe_due, e);
    expiry_list_init(&e->lingers, host->loop, conn_linger_due, e);
    buf_init(&e->scratch, config->max_queue_bytes);
    buf_init(&e->head, config->max_queue_bytes);
    e->next = host->endpoints;
    host->endpoints = e;
    return e;
}

size_t endpoint_sessions(const struct endpoint *e)
{
    return e->n_sessions;
}

static void close_one(struct eio_conn *c)
{
    if (c->lingers)
        conn_forget(c);
    else
        conn_end(c, END_SERVER_SHUTDOWN);
}

/* A handler may end other sessions meanwhile; each slot is taken from the front until it is empty. */
void endpoint_close_sessions(struct endpoint *e)
{
    for (size_t i = 0; i < e->table_size; i++) {
        while (e->table[i])
            close_one(e->table[i]);
    }
}

void endpoint_stop_timers(struct endpoint *e)
{
    expiry_list_release(&e->pings);
    expiry_list_release(&e->pongs);
    expiry_list_release(&e->connects);
    expiry_list_release(&e->probes);
    expiry_list_release(&e->lingers);
}

void endpoint_destroy(struct endpoint *e)
{
    buf_release(&e->scratch);
    buf_release(&e->head);
    free(e->table);
    free_const(e->config.path);
    free_const(e->config.cors_origin);
    for (size_t i = 0; e->config.keep_headers && e->config.keep_headers[i]; i++)
        free_const(e->config.keep_headers[i]);
    free_const(e->config.keep_headers);
    free(e);
}

const char *endpoint_end_text(enum endpoint_end why)
{
    static const char *const texts[] = {
        [END_CLIENT_DISCONNECT] = "the client left the namespace",
        [END_CLIENT_CLOSE] = "the client closed the connection",
        [END_CLIENT_CLOSE_FRAME] = "the client closed the WebSocket",
        [END_CLIENT_LOST] = "the connection was lost",
        [END_PING_TIMEOUT] = "ping timeout",
        [END_CONNECT_TIMEOUT] = "no namespace connected in time",
        [END_BAD_PACKET] = "malformed packet",
        [END_TOO_LARGE] = "payload too large",
        [END_OVERFLOW] = "the client reads too slowly",
        [END_POLL_LOST] = "the connection of a poll was lost",
        [END_OVERLAP] = "overlapping requests",
        [END_SERVER_DISCONNECT] = "disconnected by the server",
        [END_SERVER_SHUTDOWN] = "server shutdown",
    };

    return texts[why];
}
