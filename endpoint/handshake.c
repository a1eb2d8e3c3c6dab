/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <stdlib.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

static bool param(struct slice raw, const char *name, struct buf *scratch, struct slice *ret_value)
{
    if (!http_query_get(raw, name, scratch))
        return false;
    *ret_value = buf_slice(scratch);
    return true;
}

void eio_query_read(struct slice raw, struct buf *scratch, struct eio_query *ret_query)
{
    struct slice value;

    *ret_query = (struct eio_query){0};
    if (param(raw, "transport", scratch, &value)) {
        ret_query->is_polling = slice_is(value, "polling");
        ret_query->is_websocket = slice_is(value, "websocket");
    }
    if (param(raw, "EIO", scratch, &value))
        ret_query->is_v4 = slice_is(value, "4");
    /* An empty sid counts as none, as in the official server. */
    if (param(raw, "sid", scratch, &value) && value.len) {
        ret_query->has_sid = true;
        if (value.len == SID_LEN)
            memcpy(ret_query->sid, value.ptr, SID_LEN);
    }
    buf_clear(scratch);
}

bool handshake_check(const struct endpoint *e, const struct eio_query *q,
                     enum endpoint_transport transport, enum refusal *ret_why)
{
    bool named = transport == TRANSPORT_POLLING ? q->is_polling : q->is_websocket;

    if ((!q->is_polling && !q->is_websocket) || (named && !(e->config.transports & transport)))
        *ret_why = REFUSE_TRANSPORT;
    else if (!named)
        *ret_why = REFUSE_BAD;
    else if (!q->is_v4)
        *ret_why = REFUSE_PROTOCOL;
    else if (e->n_sessions >= e->config.max_sessions)
        *ret_why = REFUSE_FULL;
    else
        return true;
    return false;
}

static unsigned count(const char *const *names)
{
    unsigned n = 0;

    while (names && names[n])
        n++;
    return n;
}

static struct slice keep(char **at, struct slice s)
{
    char *begin = *at;

    if (s.len)
        memcpy(begin, s.ptr, s.len);
    *at += s.len;
    return slice_of(begin, s.len);
}

/* Everything of the request that outlives it, in one block. */
static void keep_request(struct eio_conn *c, const struct http_request *r)
{
    const char *const *names = c->endpoint->config.keep_headers;
    unsigned n = count(names);
    struct slice query = http_request_query(r);
    struct slice remote = http_request_remote(r);
    size_t size = query.len + remote.len + 1;
    char *at;

    c->headers = n ? xcalloc(n, sizeof(*c->headers)) : NULL;
    for (unsigned i = 0; i < n; i++) {
        if (http_request_header(r, names[i], &c->headers[i]))
            size += c->headers[i].len;
        else
            c->headers[i] = (struct slice){NULL, 0};
    }
    c->kept = at = xmalloc(size);
    c->query = keep(&at, query);
    c->remote = keep(&at, remote);
    for (unsigned i = 0; i < n; i++) {
        if (c->headers[i].ptr)
            c->headers[i] = keep(&at, c->headers[i]);
    }
}

struct eio_conn *conn_new(struct endpoint *e, const struct http_request *r)
{
    struct eio_conn *c = xcalloc(1, sizeof(*c));
    const struct sio_conn_limits limits = {
        .assembly = {.packet = e->config.sio, .max_binary_bytes = WIRE_MAX_BINARY_BYTES},
        .max_namespaces = WIRE_MAX_NAMESPACES,
    };

    c->endpoint = e;
    buf_init(&c->out, e->config.max_queue_bytes);
    sio_conn_init(&c->sio, &limits, e->config.ignore_unconnected);
    sid_generate(c->sid);
    keep_request(c, r);
    return c;
}

void conn_free(struct eio_conn *c)
{
    sio_conn_release(&c->sio);
    buf_release(&c->out);
    free(c->headers);
    free(c->kept);
    free(c);
}

void conn_open_packet(const struct eio_conn *c, struct buf *out)
{
    const struct endpoint_config *config = &c->endpoint->config;
    struct eio_open open = {
        .upgrade_websocket =
            c->session.carrier == EIO_ON_POLLING && (config->transports & TRANSPORT_WEBSOCKET),
        .ping_interval_ms = config->ping_interval_ms,
        .ping_timeout_ms = config->ping_timeout_ms,
        .max_payload = config->max_payload,
    };

    memcpy(open.sid, c->sid, sizeof(c->sid));
    eio_open_encode(out, &open);
}

bool eio_conn_header(const struct eio_conn *c, const char *name, struct slice *ret_value)
{
    const char *const *names = c->endpoint->config.keep_headers;

    for (unsigned i = 0; names && names[i]; i++) {
        if (strcasecmp(names[i], name) != 0 || !c->headers[i].ptr)
            continue;
        *ret_value = c->headers[i];
        return true;
    }
    return false;
}

struct slice eio_conn_query(const struct eio_conn *c)
{
    return c->query;
}

struct slice eio_conn_remote(const struct eio_conn *c)
{
    return c->remote;
}
