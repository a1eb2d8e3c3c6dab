/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/link_core.h"

/* The receiving half of RFC 6455.  Text is not checked for UTF-8: the packet codec does, and knows the place. */

static void broken(struct link *link, const char *text)
{
    link_fail(link, 1002, LINK_END_PROTOCOL, text);
}

static bool is_control(uint8_t opcode)
{
    return opcode >= WS_CLOSE;
}

/* NULL: legal here. */
static const char *fault_of(const struct link *link)
{
    const struct ws_header *frame = &link->frame;

    if (frame->reserved_bits)
        return "reserved bits set";
    if (frame->masked == link->is_client)
        return link->is_client ? "masked frame from the server" : "unmasked frame from the client";
    if (frame->opcode > WS_PONG || (frame->opcode > WS_BINARY && frame->opcode < WS_CLOSE))
        return "unknown opcode";
    if (is_control(frame->opcode))
        return !frame->fin || frame->len > WS_MAX_CONTROL_BYTES ? "illegal control frame" : NULL;
    if (frame->opcode == WS_CONTINUATION && !link->message_opcode)
        return "continuation of nothing";
    if (frame->opcode != WS_CONTINUATION && link->message_opcode)
        return "message inside a message";
    return frame->len >> 63 ? "illegal length" : NULL;
}

/* False: the link has ended. */
static bool begin_payload(struct link *link)
{
    const char *fault;

    ws_header_decode(link->header, &link->frame);
    link->header_len = 0;
    link->frame_at = 0;
    link->in_payload = true;
    fault = fault_of(link);
    if (fault) {
        broken(link, fault);
        return false;
    }
    if (is_control(link->frame.opcode))
        return true;
    if (link->frame.len > link->max_message_bytes ||
        link->message.len > link->max_message_bytes - link->frame.len) {
        link_fail(link, 1009, LINK_END_TOO_LARGE, "message too large");
        return false;
    }
    if (link->frame.opcode != WS_CONTINUATION)
        link->message_opcode = link->frame.opcode;
    return true;
}

/* Collect the header; returns the bytes taken. */
static size_t take_header(struct link *link, const char *bytes, size_t len)
{
    size_t used = 0;

    for (;;) {
        size_t need = ws_header_need(link->header, link->header_len) - link->header_len;
        size_t n = need < len - used ? need : len - used;

        memcpy(link->header + link->header_len, bytes + used, n);
        link->header_len = (unsigned char)(link->header_len + n);
        used += n;
        if (n < need)
            return used;
        if (ws_header_need(link->header, link->header_len) == link->header_len)
            break;
    }
    (void)begin_payload(link);
    return used;
}

static void got_control(struct link *link, struct slice payload)
{
    switch (link->frame.opcode) {
    case WS_CLOSE:
        link_got_close(link, payload);
        break;
    case WS_PING:
        if (link->state == LINK_OPEN)
            (void)link_queue_frame(link, WS_PONG, &payload, 1);
        break;
    default:
        break;
    }
}

static void got_message(struct link *link, struct slice message)
{
    bool binary = link->message_opcode == WS_BINARY;

    link->message_opcode = 0;
    if (link->state == LINK_OPEN && link->ops && link->ops->message)
        link->ops->message(link->user, link, binary, message);
}

/* A piece of the payload that is not the whole of it. */
static void got_piece(struct link *link, struct slice piece, bool last)
{
    struct buf *pieces = is_control(link->frame.opcode) ? &link->control : &link->message;

    buf_append_slice(pieces, piece);
    if (!last)
        return;
    if (is_control(link->frame.opcode))
        got_control(link, buf_slice(pieces));
    else if (link->frame.fin)
        got_message(link, buf_slice(pieces));
    else
        return;
    buf_release(pieces);
}

static size_t take_payload(struct link *link, char *bytes, size_t len)
{
    uint64_t left = link->frame.len - link->frame_at;
    size_t n = left < len ? (size_t)left : len;
    bool last = n == left;
    struct slice piece = slice_of(bytes, n);

    if (link->frame.masked)
        ws_mask(bytes, n, link->frame.mask, link->frame_at);
    link->frame_at += n;
    link->in_payload = !last;
    if (!last || n < link->frame.len)
        got_piece(link, piece, last);
    else if (is_control(link->frame.opcode))
        got_control(link, piece);
    else if (link->frame.fin && link->frame.opcode != WS_CONTINUATION)
        got_message(link, piece); /* the usual case: no copy */
    else
        got_piece(link, piece, true);
    return n;
}

static bool wants_more(const struct link *link)
{
    return link->state != LINK_DONE && !link->paused;
}

static void parse(struct link *link, char *bytes, size_t len)
{
    size_t at = 0;

    while (wants_more(link) &&
           (at < len || (link->in_payload && link->frame.len == link->frame_at))) {
        if (link->in_payload)
            at += take_payload(link, bytes + at, len - at);
        else
            at += take_header(link, bytes + at, len - at);
    }
    if (link->state != LINK_DONE && at < len)
        buf_append(&link->held, bytes + at, len - at);
}

void link_received(struct link *link, char *bytes, size_t len)
{
    if (link->held.len > 0)
        buf_append(&link->held, bytes, len);
    else
        parse(link, bytes, len);
}

static void resume(struct later *later)
{
    struct link *link = LIST_OWNER(later, struct link, resume);
    struct buf held = link->held;

    buf_init(&link->held, held.max);
    if (link->state != LINK_DONE && held.len > 0)
        parse(link, held.data, held.len);
    buf_release(&held);
}

void link_pause(struct link *link, bool paused)
{
    if (link->state == LINK_DONE || link->state == LINK_DIALING || link->paused == paused)
        return;
    link->paused = paused;
    sock_pause(link->sock, paused);
    if (!paused && link->held.len > 0)
        loop_later(link->loop, &link->resume, resume);
}
