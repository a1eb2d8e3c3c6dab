/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/client.h"

#include <stdlib.h>

#include "endpoint/client_internal.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

static void free_const(const void *memory)
{
    union {
        const void *in;
        void *out;
    } cast = {.in = memory};

    free(cast.out);
}

/* ---- upward ---- */

static bool silent(const struct eio_client *c)
{
    return c->freed || c->ended;
}

void client_tap(struct eio_client *c, bool outgoing, enum tap_kind kind, struct slice bytes,
                struct slice body)
{
    const struct tap_frame frame = {outgoing, kind, bytes, body};

    if (!silent(c) && c->ops.tap)
        c->ops.tap(c->user, &frame);
}

void client_tap_text(struct eio_client *c, bool outgoing, const char *text)
{
    client_tap(c, outgoing, TAP_LINK, slice_str(text), slice_of(NULL, 0));
}

void client_fault(struct eio_client *c, const struct wire_fault *fault, struct slice bytes)
{
    if (!silent(c) && c->ops.fault)
        c->ops.fault(c->user, fault, bytes);
}

void client_end(struct eio_client *c, bool by_peer, int http_status, struct slice body,
                const char *text)
{
    if (silent(c))
        return;
    if (c->losing) {
        by_peer = false;
        http_status = 0;
        text = c->loss_text;
    }
    c->ended = true;
    eio_session_close(&c->session, by_peer ? EIO_END_PEER : EIO_END_LOCAL);
    net_timer_stop(c->limit);
    net_timer_stop(c->soon);
    client_http_cut(c, false);
    client_link_drop(c);
    if (c->ops.closed)
        c->ops.closed(c->user, by_peer, http_status, body, text);
}

/* ---- requests ---- */

static bool is_plain(char ch)
{
    return (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
           ch == '-' || ch == '_' || ch == '.' || ch == '~';
}

void client_target(const struct eio_client *c, const char *transport, struct buf *out)
{
    size_t len = strlen(c->config.path);

    buf_append_str(out, c->config.path);
    if (len == 0 || c->config.path[len - 1] != '/')
        buf_append_ch(out, '/');
    buf_appendf(out, "?EIO=4&transport=%s", transport);
    if (c->open.sid[0])
        buf_append_str(out, "&sid=");
    for (const char *at = c->open.sid; *at; at++) {
        if (is_plain(*at))
            buf_append_ch(out, *at);
        else
            buf_appendf(out, "%%%02X", (unsigned char)*at);
    }
    if (c->config.query && c->config.query[0])
        buf_appendf(out, "&%s", c->config.query);
}

unsigned client_headers(const struct eio_client *c, struct net_header *ret_headers)
{
    unsigned n = c->config.n_headers;

    for (unsigned i = 0; i < n; i++)
        ret_headers[i] = c->config.headers[i];
    if (c->cookie.len)
        ret_headers[n++] = (struct net_header){"Cookie", c->cookie.data};
    return n;
}

/* ---- configuration ---- */

static void copy_config(struct client_config *to, const struct client_config *from)
{
    struct net_header *headers;
    unsigned n = from->n_headers;

    *to = *from;
    if (n > CLIENT_MAX_HEADERS - 1)
        n = CLIENT_MAX_HEADERS - 1;
    headers = xcalloc(n + 1, sizeof(*headers));
    for (unsigned i = 0; i < n; i++) {
        headers[i].name = xstrdup(from->headers[i].name);
        headers[i].value = xstrdup(from->headers[i].value);
    }
    to->headers = headers;
    to->n_headers = n;
    to->to.host = xstrdup(from->to.host);
    to->path = xstrdup(from->path);
    to->query = from->query ? xstrdup(from->query) : NULL;
}

static void free_config(struct client_config *config)
{
    for (unsigned i = 0; i < config->n_headers; i++) {
        free_const(config->headers[i].name);
        free_const(config->headers[i].value);
    }
    free_const(config->headers);
    free_const(config->to.host);
    free_const(config->path);
    free_const(config->query);
}

/* ---- life ---- */

static void begin(struct eio_client *c)
{
    c->started = true;
    net_timer_start(c->limit, net_loop_now_ms(c->loop) + c->config.timeout_ms);
    if (c->config.mode == CLIENT_WEBSOCKET)
        client_dial(c);
    else
        client_poll_start(c);
}

static void on_soon(void *user)
{
    struct eio_client *c = user;

    client_enter(c);
    if (c->losing)
        client_end(c, false, 0, slice_of(NULL, 0), c->loss_text);
    else if (!c->started)
        begin(c);
    client_leave(c);
}

static void on_limit(void *user)
{
    struct eio_client *c = user;

    client_enter(c);
    client_end(c, false, 0, slice_of(NULL, 0), "timeout");
    client_leave(c);
}

struct eio_client *eio_client_new(struct net_loop *loop, const struct client_config *config,
                                  const struct client_ops *ops, void *user)
{
    struct eio_client *c = xcalloc(1, sizeof(*c));
    const struct sio_assembly_limits limits = {
        .packet = config->sio,
        .max_binary_bytes = WIRE_MAX_BINARY_BYTES,
    };

    c->loop = loop;
    c->owner = http_owner_new(loop);
    c->ops = *ops;
    c->user = user;
    copy_config(&c->config, config);
    eio_session_init_client(&c->session,
                            config->mode == CLIENT_WEBSOCKET ? EIO_ON_WEBSOCKET : EIO_ON_POLLING);
    sio_assembly_init(&c->assembly, &limits);
    buf_init(&c->cookie, WIRE_MAX_PAYLOAD_BYTES);
    buf_init(&c->scratch, SIZE_MAX);
    c->queue_end = &c->queue;
    c->limit = net_timer_new(loop, on_limit, c);
    c->soon = net_timer_new(loop, on_soon, c);
    net_timer_start(c->soon, net_loop_now_ms(loop));
    return c;
}

static void destroy(struct eio_client *c)
{
    struct out_packet *p;

    while ((p = client_take(c)))
        free(p);
    net_timer_free(c->limit);
    net_timer_free(c->soon);
    sio_assembly_release(&c->assembly);
    buf_release(&c->cookie);
    buf_release(&c->scratch);
    free_config(&c->config);
    free(c);
}

void client_enter(struct eio_client *c)
{
    c->depth++;
}

void client_leave(struct eio_client *c)
{
    if (c->depth == 1 && !silent(c))
        client_pump(c);
    c->depth--;
    if (c->depth == 0 && c->freed)
        destroy(c);
}

void eio_client_free(struct eio_client *c)
{
    if (!c || c->freed)
        return;
    c->freed = true;
    client_http_cut(c, false);
    http_owner_end(c->loop, c->owner);
    client_link_drop(c);
    if (c->depth == 0)
        destroy(c);
}

/* ---- the owner's side ---- */

enum client_state eio_client_state(const struct eio_client *c)
{
    if (c->ended)
        return CLIENT_CLOSED;
    return c->session.state == EIO_OPENING ? CLIENT_CONNECTING : CLIENT_OPEN;
}

const struct eio_open *eio_client_open_info(const struct eio_client *c)
{
    return c->open.sid[0] ? &c->open : NULL;
}

bool eio_client_on_websocket(const struct eio_client *c)
{
    return c->session.state == EIO_IS_OPEN && c->session.carrier == EIO_ON_WEBSOCKET;
}

void eio_client_mute(struct eio_client *c, bool muted)
{
    c->muted = muted;
    if (!muted && c->depth == 0 && c->started && !silent(c))
        client_pump(c);
}
