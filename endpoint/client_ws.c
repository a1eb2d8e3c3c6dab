/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/client_internal.h"

#include "wire/limits.h"

static bool is_probe(const struct eio_client *c)
{
    return c->config.mode == CLIENT_UPGRADE && c->session.carrier == EIO_ON_POLLING;
}

void client_frame(struct eio_client *c, bool binary, struct slice bytes)
{
    client_tap(c, true, binary ? TAP_WS_BINARY : TAP_WS_TEXT, bytes, slice_of(NULL, 0));
    if (c->link)
        link_send(c->link, binary, &bytes, 1);
}

static void on_opened(void *user, struct link *link)
{
    struct eio_client *c = user;

    (void)link;
    client_enter(c);
    c->link_open = true;
    client_tap_text(c, false, "connected");
    if (is_probe(c)) {
        client_frame(c, false, slice_str("2probe"));
        eio_session_probe_asked(&c->session);
    }
    client_leave(c);
}

static void on_message(void *user, struct link *link, bool binary, struct slice message)
{
    struct eio_client *c = user;
    struct eio_packet packet;
    struct wire_fault fault;

    (void)link;
    client_enter(c);
    client_tap(c, false, binary ? TAP_WS_BINARY : TAP_WS_TEXT, message, slice_of(NULL, 0));
    if (eio_packet_decode(message, binary, &packet, &fault) == WIRE_OK)
        client_feed(c, is_probe(c) ? EIO_FROM_PROBE : EIO_FROM_CARRIER, &packet);
    else
        client_fault(c, &fault, message);
    client_leave(c);
}

static void tap_closed(struct eio_client *c, const struct link_close_info *info)
{
    struct buf text;

    buf_init(&text, 4096);
    switch (info->how) {
    case LINK_END_LOCAL:
        buf_append_str(&text, "closed");
        break;
    case LINK_END_REFUSED:
        buf_appendf(&text, "upgrade refused (%d)", info->http_status);
        break;
    case LINK_END_UNREACHABLE:
        buf_appendf(&text, "not connected: %s", info->text ? info->text : "unreachable");
        break;
    case LINK_END_REMOTE:
    case LINK_END_OVERFLOW:
    case LINK_END_TOO_LARGE:
    case LINK_END_PROTOCOL:
        buf_appendf(&text, "closed by peer (%u)", info->close_code);
        break;
    }
    client_tap(c, false, TAP_LINK, buf_slice(&text), info->close_reason);
    buf_release(&text);
}

static void on_closed(void *user, struct link *link, const struct link_close_info *info)
{
    struct eio_client *c = user;
    const char *text = info->text ? info->text : "connection closed";

    (void)link;
    client_enter(c);
    c->link = NULL;
    c->link_open = false;
    tap_closed(c, info);
    if (c->losing)
        client_end(c, false, 0, slice_of(NULL, 0), c->loss_text);
    else
        client_end(c, info->how != LINK_END_LOCAL, info->http_status, slice_of(NULL, 0), text);
    client_leave(c);
}

void client_dial(struct eio_client *c)
{
    static const struct link_ops ops = {
        .opened = on_opened,
        .message = on_message,
        .closed = on_closed,
    };
    struct net_header headers[CLIENT_MAX_HEADERS];
    struct link_dial dial = {
        .to = c->config.to,
        .headers = headers,
        .n_headers = client_headers(c, headers),
        .max_message_bytes = c->config.max_message_bytes,
        .max_queue_bytes = WIRE_MAX_QUEUE_BYTES,
        .timeout_ms = 0, /* c->limit covers all of it */
    };
    struct buf path;

    buf_init(&path, SIZE_MAX);
    client_target(c, "websocket", &path);
    client_tap(c, true, TAP_LINK, buf_slice(&path), slice_of(NULL, 0));
    buf_append_ch(&path, '\0');
    dial.path = path.data;
    c->link = link_dial(c->loop, &dial, &ops, c);
    buf_release(&path);
}

static void ignore_message(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    (void)link;
    (void)binary;
    (void)message;
}

static void ignore_opened(void *user, struct link *link)
{
    (void)user;
    (void)link;
}

static void ignore_closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    (void)info;
}

void client_link_drop(struct eio_client *c)
{
    static const struct link_ops nobody = {
        .opened = ignore_opened,
        .message = ignore_message,
        .closed = ignore_closed,
    };

    if (!c->link)
        return;
    link_set_owner(c->link, &nobody, NULL);
    link_close(c->link, 0, NULL);
    c->link = NULL;
    c->link_open = false;
}
