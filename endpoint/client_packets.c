/* SPDX-License-Identifier: Apache-2.0 */

/* The dialling side's packets, both ways: what comes is acted upon and handed up, what goes waits for its carrier. */
#include <stdlib.h>

#include "endpoint/client_internal.h"
#include "wire/xmalloc.h"

/* ---- queue ---- */

struct out_packet *client_take(struct eio_client *c)
{
    struct out_packet *p = c->queue;

    if (!p)
        return NULL;
    c->queue = p->next;
    if (!c->queue)
        c->queue_end = &c->queue;
    return p;
}

static void enqueue(struct eio_client *c, struct slice bytes, bool binary, bool raw)
{
    struct out_packet *p = xmalloc(sizeof(*p) + bytes.len);

    *p = (struct out_packet){.raw = raw, .binary = binary, .len = bytes.len};
    if (bytes.len)
        memcpy(p->data, bytes.ptr, bytes.len);
    *c->queue_end = p;
    c->queue_end = &p->next;
}

static bool on_websocket(const struct eio_client *c)
{
    return c->session.state == EIO_IS_OPEN && c->session.carrier == EIO_ON_WEBSOCKET;
}

static void send_packet(struct eio_client *c, struct slice bytes, bool binary, bool raw)
{
    if (on_websocket(c) && !c->queue)
        client_frame(c, binary, bytes);
    else
        enqueue(c, bytes, binary, raw);
}

/* ---- progress ---- */

static void flush_frames(struct eio_client *c)
{
    struct out_packet *p;

    while (on_websocket(c) && (p = client_take(c))) {
        client_frame(c, p->binary, slice_of(p->data, p->len));
        free(p);
    }
}

static void switch_over(struct eio_client *c)
{
    eio_session_switch(&c->session);
    net_timer_stop(c->limit);
    client_frame(c, false, slice_str("5"));
    if (c->ops.upgraded)
        c->ops.upgraded(c->user);
}

static void pump_polling(struct eio_client *c)
{
    if (c->session.probe == EIO_PROBE_AGREED && !c->losing) {
        /* Polling comes to rest: nothing new is asked or posted. */
        if (!c->get && !c->post)
            switch_over(c);
        return;
    }
    if (c->queue && !c->post)
        client_post_start(c);
    if (!c->get && !c->muted && !c->losing && !c->released)
        client_poll_start(c);
    if (c->losing && !c->post && !c->queue)
        client_end(c, false, 0, slice_of(NULL, 0), c->loss_text);
}

void client_pump(struct eio_client *c)
{
    if (c->ended || c->session.state != EIO_IS_OPEN)
        return;
    if (c->session.carrier == EIO_ON_POLLING)
        pump_polling(c);
    if (!c->ended && !c->freed && on_websocket(c))
        flush_frames(c);
}

/* After a call of the owner: at once, unless one of our callbacks will do it anyway. */
static void pump_soon(struct eio_client *c)
{
    if (c->depth)
        return;
    client_enter(c);
    client_leave(c);
}

/* ---- what comes ---- */

static void message(struct eio_client *c, const struct eio_packet *packet)
{
    const struct slice *attachments;
    struct sio_packet decoded;
    struct wire_fault fault;
    bool complete;

    if (sio_assembly_feed(&c->assembly, packet->binary, packet->data, &complete, &decoded,
                          &attachments, &fault) != WIRE_OK)
        client_fault(c, &fault, packet->data);
    else if (complete && c->ops.packet)
        c->ops.packet(c->user, &decoded, attachments, decoded.attachments);
}

static void opened(struct eio_client *c)
{
    bool upgrade = c->config.mode == CLIENT_UPGRADE;

    if (!upgrade)
        net_timer_stop(c->limit);
    if (c->ops.open)
        c->ops.open(c->user, &c->open);
    if (!upgrade || c->ended || c->freed || c->losing)
        return;
    if (!c->open.upgrade_websocket)
        client_end(c, false, 0, slice_of(NULL, 0), "the server offers no upgrade to WebSocket");
    else if (eio_session_probe_begin(&c->session))
        client_dial(c);
}

static void answer_ping(struct eio_client *c, const struct eio_packet *packet)
{
    if (c->ops.ping)
        c->ops.ping(c->user);
    if (c->muted || c->ended || c->freed)
        return;
    buf_clear(&c->scratch);
    buf_append_ch(&c->scratch, '3');
    buf_append_slice(&c->scratch, packet->data);
    send_packet(c, buf_slice(&c->scratch), false, false);
}

static void other(struct eio_client *c, const struct eio_packet *packet)
{
    if (c->ops.noop_or_other)
        c->ops.noop_or_other(c->user, packet);
}

static void closed(struct eio_client *c, const struct eio_packet *packet,
                   const struct wire_fault *fault)
{
    if (c->session.end == EIO_END_BAD_PACKET) {
        client_fault(c, fault, packet->data);
        client_end(c, true, 0, slice_of(NULL, 0), "malformed handshake");
        return;
    }
    other(c, packet);
    client_end(c, true, 0, slice_of(NULL, 0), "close packet");
}

void client_feed(struct eio_client *c, enum eio_from from, const struct eio_packet *packet)
{
    struct wire_fault fault;

    if (c->ended || c->freed)
        return;
    /* Some servers release one poll and no other (engineioxide): who asks again before the probe is answered waits for ever. */
    if (packet->type == EIO_NOOP && c->session.probe == EIO_PROBE_ASKED)
        c->released = true;
    switch (
        eio_session_feed(&c->session, from, packet, net_loop_now_ms(c->loop), &c->open, &fault)) {
    case EIO_STEP_OPENED:
        opened(c);
        break;
    case EIO_STEP_MESSAGE:
        message(c, packet);
        break;
    case EIO_STEP_PONG:
        answer_ping(c, packet);
        break;
    case EIO_STEP_NONE:
        other(c, packet);
        break;
    case EIO_STEP_IGNORED:
        client_fault(c, &fault, packet->data);
        other(c, packet);
        break;
    case EIO_STEP_CLOSE:
        closed(c, packet, &fault);
        break;
    case EIO_STEP_DROP_PROBE:
        client_end(c, true, 0, slice_of(NULL, 0), "wrong answer to the probe");
        break;
    case EIO_STEP_PAUSE: /* client_pump() goes on from here */
    case EIO_STEP_PING:
    case EIO_STEP_PONGED:
    case EIO_STEP_PROBE_PONG:
    case EIO_STEP_UPGRADE:
        break;
    }
}

/* ---- what goes ---- */

void eio_client_send(struct eio_client *c, const struct slice *parts, unsigned n_parts,
                     const struct slice *attachments, unsigned n_attachments)
{
    struct buf text;

    if (c->ended || c->losing)
        return;
    buf_init(&text, SIZE_MAX);
    eio_packet_encode(&text, EIO_MESSAGE, false, parts, n_parts);
    send_packet(c, buf_slice(&text), false, false);
    buf_release(&text);
    for (unsigned i = 0; i < n_attachments; i++)
        send_packet(c, attachments[i], true, false);
    pump_soon(c);
}

void eio_client_send_raw(struct eio_client *c, struct slice text, bool binary)
{
    if (c->ended || c->losing)
        return;
    send_packet(c, text, binary, true);
    pump_soon(c);
}

bool eio_client_send_bytes(struct eio_client *c, struct slice bytes)
{
    if (c->ended || c->losing || !on_websocket(c) || !c->link)
        return false;
    client_tap(c, true, TAP_LINK, slice_str("raw bytes"), bytes);
    link_send_raw(c->link, bytes);
    return true;
}

/* ---- the end, in every way ---- */

static void lose_link(struct eio_client *c, enum client_loss how)
{
    switch (how) {
    case LOSS_RST:
        link_abort(c->link);
        break;
    case LOSS_FIN:
        link_finish(c->link);
        break;
    case LOSS_EIO_CLOSE:
        client_frame(c, false, slice_str("1"));
        link_close(c->link, 0, NULL);
        break;
    case LOSS_WS_CLOSE:
        link_close(c->link, 1000, NULL);
        break;
    }
}

static const char *loss_text(enum client_loss how)
{
    switch (how) {
    case LOSS_RST:
        return "RST sent";
    case LOSS_FIN:
        return "FIN sent";
    case LOSS_WS_CLOSE:
        return "close frame sent";
    case LOSS_EIO_CLOSE:
        break;
    }
    return "close packet sent";
}

void eio_client_lose(struct eio_client *c, enum client_loss how)
{
    bool orderly = how == LOSS_WS_CLOSE || how == LOSS_EIO_CLOSE;
    bool polling = c->session.carrier == EIO_ON_POLLING;

    if (c->ended || c->losing)
        return;
    c->losing = true;
    c->loss_text = loss_text(how);
    client_tap_text(c, true, c->loss_text);
    if (c->link && !polling) {
        lose_link(c, how);
        return;
    }
    if (c->link && !orderly)
        lose_link(c, how);
    if (orderly && c->session.state == EIO_IS_OPEN) {
        enqueue(c, slice_str("1"), false, false);
        pump_soon(c);
        return;
    }
    client_http_cut(c, how == LOSS_RST);
    net_timer_start(c->soon, net_loop_now_ms(c->loop));
}
