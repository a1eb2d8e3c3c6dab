/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/client_internal.h"

#include <stdio.h>
#include <stdlib.h>

#include "endpoint/body.h"
#include "wire/limits.h"

enum { MAX_POLL_BYTES = 64000000 };

static struct http_call *call(struct eio_client *c, const char *method, struct slice body,
                              uint32_t timeout_ms, http_call_fn *fn)
{
    struct net_header headers[CLIENT_MAX_HEADERS + 1];
    struct http_call_config config = {
        .to = c->config.to,
        .method = method,
        .headers = headers,
        .n_headers = client_headers(c, headers),
        .body = body,
        .has_body = body.ptr != NULL,
        .max_body_bytes = MAX_POLL_BYTES,
        .timeout_ms = timeout_ms,
        .owner = c->owner,
    };
    struct http_call *started;
    struct buf path;
    struct buf line;

    if (config.has_body)
        headers[config.n_headers++] =
            (struct net_header){"Content-Type", "text/plain;charset=UTF-8"};
    buf_init(&path, SIZE_MAX);
    client_target(c, "polling", &path);
    buf_init(&line, SIZE_MAX);
    buf_appendf(&line, "%s ", method);
    buf_append_slice(&line, buf_slice(&path));
    client_tap(c, true, TAP_HTTP_REQUEST, buf_slice(&line), body);
    buf_release(&line);
    buf_append_ch(&path, '\0');
    config.path = path.data;
    started = http_call_start(c->loop, &config, fn, c);
    buf_release(&path);
    return started;
}

/* A cookie of the handshake is sent back with every later request: sticky sessions depend on it. */
static void keep_cookies(struct eio_client *c, const struct http_result *result)
{
    for (unsigned i = 0; i < result->n_headers; i++) {
        const char *value = result->headers[i].value;

        if (strcmp(result->headers[i].name, "set-cookie") != 0)
            continue;
        if (c->cookie.len) {
            c->cookie.len--;
            buf_append_str(&c->cookie, "; ");
        }
        buf_append(&c->cookie, value, strcspn(value, ";"));
        buf_append_ch(&c->cookie, '\0');
    }
}

/* False: the session is over. */
static bool answer_is_good(struct eio_client *c, const struct http_result *result)
{
    char status[16];

    if (result->error) {
        client_tap_text(c, false, result->error);
        client_end(c, true, 0, slice_of(NULL, 0), result->error);
        return false;
    }
    snprintf(status, sizeof(status), "%d", result->status);
    client_tap(c, false, TAP_HTTP_RESPONSE, slice_str(status), result->body);
    if (result->status == 200)
        return true;
    client_end(c, true, result->status, result->body,
               c->session.state == EIO_OPENING ? "handshake refused" : "request refused");
    return false;
}

static void take_payload(struct eio_client *c, struct slice body)
{
    struct eio_payload payload;
    struct eio_packet packet;
    struct wire_fault fault;
    struct buf decoded;
    bool more = true;

    /* The session is over by our own close packet: python-engineio may end the open poll with an empty body then. */
    if (c->losing && body.len == 0)
        return;
    buf_init(&decoded, SIZE_MAX);
    eio_payload_start(&payload, body, UINT32_MAX, &decoded);
    while (!c->ended && !c->freed) {
        if (eio_payload_next(&payload, &packet, &more, &fault) != WIRE_OK) {
            client_fault(c, &fault, body);
            /* Asking again and again a server that answers nonsense would never end. */
            if (payload.packets == 0)
                client_end(c, true, 200, body, "malformed poll response");
            break;
        }
        if (!more)
            break;
        client_feed(c, EIO_FROM_CARRIER, &packet);
    }
    buf_release(&decoded);
}

static void on_poll(void *user, const struct http_result *result)
{
    struct eio_client *c = user;

    client_enter(c);
    c->get = NULL;
    if (answer_is_good(c, result)) {
        if (c->session.state == EIO_OPENING)
            keep_cookies(c, result);
        take_payload(c, result->body);
    }
    client_leave(c);
}

static void on_post(void *user, const struct http_result *result)
{
    struct eio_client *c = user;

    client_enter(c);
    c->post = NULL;
    if (!answer_is_good(c, result)) {
        client_leave(c);
        return;
    }
    client_leave(c);
}

void client_poll_start(struct eio_client *c)
{
    uint32_t timeout_ms = c->session.state == EIO_OPENING ? c->config.timeout_ms : 0;

    c->get = call(c, "GET", slice_of(NULL, 0), timeout_ms, on_poll);
}

static bool fits(const struct eio_client *c, const struct buf *body, const struct out_packet *p)
{
    size_t len = p->binary ? p->len / 3 * 4 + 5 : p->len;

    return c->open.max_payload == 0 || body->len + 1 + len <= c->open.max_payload;
}

static void append(struct buf *body, const struct out_packet *p)
{
    struct slice data = slice_of(p->data, p->len);

    if (p->binary) {
        eio_payload_append(body, EIO_MESSAGE, true, &data, 1);
        return;
    }
    data = slice_of(p->data + 1, p->len - 1);
    eio_payload_append(body, (enum eio_type)(p->data[0] - '0'), false, &data, 1);
}

/* As many waiting packets as fit in one body; a raw one is a body of its own. */
void client_post_start(struct eio_client *c)
{
    struct buf body;
    bool raw = c->queue->raw;
    unsigned packets = 0;

    buf_init(&body, SIZE_MAX);
    do {
        struct out_packet *p = client_take(c);

        if (p->raw)
            buf_append(&body, p->data, p->len);
        else
            append(&body, p);
        free(p);
        packets++;
    } while (!raw && packets < BODY_MAX_PACKETS && c->queue && !c->queue->raw &&
             fits(c, &body, c->queue));
    c->post =
        call(c, "POST", body.len ? buf_slice(&body) : slice_str(""), c->config.timeout_ms, on_post);
    buf_release(&body);
}

void client_http_cut(struct eio_client *c, bool reset)
{
    if (c->get)
        http_call_cancel(c->get, reset);
    if (c->post)
        http_call_cancel(c->post, reset);
    c->get = c->post = NULL;
}
