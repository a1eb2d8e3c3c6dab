/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/eio_session.h"

#include <assert.h>

void eio_session_init_server(struct eio_session *s, enum eio_carrier carrier,
                             uint32_t ping_interval_ms, uint32_t ping_timeout_ms, uint64_t now_ms)
{
    *s = (struct eio_session){
        .role = EIO_SERVER,
        .state = EIO_IS_OPEN,
        .carrier = carrier,
        .ping_interval_ms = ping_interval_ms,
        .ping_timeout_ms = ping_timeout_ms,
        .due_ms = now_ms + ping_interval_ms,
    };
}

void eio_session_init_client(struct eio_session *s, enum eio_carrier carrier)
{
    *s = (struct eio_session){
        .role = EIO_CLIENT,
        .state = EIO_OPENING,
        .carrier = carrier,
        .due_ms = UINT64_MAX,
    };
}

void eio_session_close(struct eio_session *s, enum eio_end why)
{
    if (s->state == EIO_CLOSED)
        return;
    s->state = EIO_CLOSED;
    s->end = why;
    s->probe = EIO_PROBE_NONE;
    s->due_ms = UINT64_MAX;
}

static enum eio_step end_session(struct eio_session *s, enum eio_end why)
{
    eio_session_close(s, why);
    return EIO_STEP_CLOSE;
}

static void unexpected(struct wire_fault *reterr, const char *expected)
{
    *reterr = (struct wire_fault){WIRE_E_EIO_UNEXPECTED, 0, expected};
}

static bool is_probe(const struct eio_packet *packet)
{
    return slice_is(packet->data, "probe");
}

static enum eio_step pong_came(struct eio_session *s, uint64_t now_ms)
{
    if (!s->pong_awaited)
        return EIO_STEP_NONE;
    s->pong_awaited = false;
    s->due_ms = now_ms + s->ping_interval_ms;
    return EIO_STEP_PONGED;
}

static enum eio_step feed_server(struct eio_session *s, const struct eio_packet *packet,
                                 uint64_t now_ms, struct wire_fault *reterr)
{
    switch (packet->type) {
    case EIO_MESSAGE:
        return EIO_STEP_MESSAGE;
    case EIO_PONG:
        return pong_came(s, now_ms);
    case EIO_CLOSE:
        return end_session(s, EIO_END_PEER);
    case EIO_PING:
        /* In revision 4 only the server pings. */
        unexpected(reterr, "no ping from a client");
        return end_session(s, EIO_END_BAD_PACKET);
    case EIO_OPEN:
    case EIO_UPGRADE:
    case EIO_NOOP:
        break;
    }
    return EIO_STEP_NONE;
}

static enum eio_step feed_server_probe(struct eio_session *s, const struct eio_packet *packet)
{
    if (packet->type == EIO_PING && is_probe(packet)) {
        s->probe = EIO_PROBE_ASKED;
        return EIO_STEP_PROBE_PONG;
    }
    s->probe = EIO_PROBE_NONE;
    if (packet->type != EIO_UPGRADE)
        return EIO_STEP_DROP_PROBE;
    s->carrier = EIO_ON_WEBSOCKET;
    return EIO_STEP_UPGRADE;
}

static enum eio_step feed_handshake(struct eio_session *s, const struct eio_packet *packet,
                                    uint64_t now_ms, struct eio_open *ret_open,
                                    struct wire_fault *reterr)
{
    if (packet->type != EIO_OPEN) {
        unexpected(reterr, "the open packet first");
        return end_session(s, EIO_END_BAD_PACKET);
    }
    if (eio_open_decode(packet->data, ret_open, reterr) != WIRE_OK)
        return end_session(s, EIO_END_BAD_PACKET);
    s->state = EIO_IS_OPEN;
    s->ping_interval_ms = ret_open->ping_interval_ms;
    s->ping_timeout_ms = ret_open->ping_timeout_ms;
    s->due_ms = now_ms + s->ping_interval_ms + s->ping_timeout_ms;
    return EIO_STEP_OPENED;
}

static enum eio_step feed_client(struct eio_session *s, const struct eio_packet *packet,
                                 uint64_t now_ms, struct wire_fault *reterr)
{
    switch (packet->type) {
    case EIO_MESSAGE:
        return EIO_STEP_MESSAGE;
    case EIO_PING:
        s->due_ms = now_ms + s->ping_interval_ms + s->ping_timeout_ms;
        return EIO_STEP_PONG;
    case EIO_CLOSE:
        return end_session(s, EIO_END_PEER);
    case EIO_NOOP:
        return EIO_STEP_NONE;
    case EIO_OPEN:
    case EIO_PONG:
    case EIO_UPGRADE:
        break;
    }
    unexpected(reterr, "ping, message, noop or close from a server");
    return EIO_STEP_IGNORED;
}

static enum eio_step feed_client_probe(struct eio_session *s, const struct eio_packet *packet)
{
    if (s->probe == EIO_PROBE_ASKED && packet->type == EIO_PONG && is_probe(packet)) {
        s->probe = EIO_PROBE_AGREED;
        return EIO_STEP_PAUSE;
    }
    s->probe = EIO_PROBE_NONE;
    return EIO_STEP_DROP_PROBE;
}

enum eio_step eio_session_feed(struct eio_session *s, enum eio_from from,
                               const struct eio_packet *packet, uint64_t now_ms,
                               struct eio_open *ret_open, struct wire_fault *reterr)
{
    if (s->state == EIO_CLOSED)
        return EIO_STEP_NONE;
    if (s->role == EIO_SERVER) {
        if (from == EIO_FROM_PROBE)
            return feed_server_probe(s, packet);
        return feed_server(s, packet, now_ms, reterr);
    }
    if (from == EIO_FROM_PROBE)
        return feed_client_probe(s, packet);
    if (s->state == EIO_OPENING)
        return feed_handshake(s, packet, now_ms, ret_open, reterr);
    return feed_client(s, packet, now_ms, reterr);
}

enum eio_step eio_session_bad(struct eio_session *s, enum eio_from from)
{
    if (s->state == EIO_CLOSED)
        return EIO_STEP_NONE;
    if (from == EIO_FROM_PROBE) {
        s->probe = EIO_PROBE_NONE;
        return EIO_STEP_DROP_PROBE;
    }
    return end_session(s, EIO_END_BAD_PACKET);
}

enum eio_step eio_session_tick(struct eio_session *s, uint64_t now_ms)
{
    if (s->state == EIO_CLOSED || now_ms < s->due_ms)
        return EIO_STEP_NONE;
    if (s->role == EIO_CLIENT || s->pong_awaited)
        return end_session(s, EIO_END_PING_TIMEOUT);
    s->pong_awaited = true;
    /* From the due time, not from now: a late timer must not lengthen the life of a dead peer. */
    s->due_ms += s->ping_timeout_ms;
    return EIO_STEP_PING;
}

static enum eio_request request_begin(struct eio_session *s, bool *open)
{
    if (s->state != EIO_IS_OPEN || s->carrier != EIO_ON_POLLING)
        return EIO_REQUEST_MISMATCH;
    if (*open) {
        eio_session_close(s, EIO_END_OVERLAP);
        return EIO_REQUEST_OVERLAP;
    }
    *open = true;
    return EIO_REQUEST_OK;
}

static enum eio_step request_end(struct eio_session *s, bool *open, bool lost)
{
    *open = false;
    /* After the upgrade the death of an old request says nothing about the session. */
    if (!lost || s->state != EIO_IS_OPEN || s->carrier != EIO_ON_POLLING)
        return EIO_STEP_NONE;
    return end_session(s, EIO_END_POLL_LOST);
}

enum eio_request eio_session_get_begin(struct eio_session *s)
{
    return request_begin(s, &s->get_open);
}

enum eio_request eio_session_post_begin(struct eio_session *s)
{
    return request_begin(s, &s->post_open);
}

enum eio_step eio_session_get_end(struct eio_session *s, bool lost)
{
    return request_end(s, &s->get_open, lost);
}

enum eio_step eio_session_post_end(struct eio_session *s, bool lost)
{
    return request_end(s, &s->post_open, lost);
}

bool eio_session_poll_due(const struct eio_session *s, bool has_output)
{
    return s->get_open && (has_output || s->probe == EIO_PROBE_ASKED);
}

bool eio_session_probe_begin(struct eio_session *s)
{
    if (s->state != EIO_IS_OPEN || s->carrier != EIO_ON_POLLING || s->probe != EIO_PROBE_NONE)
        return false;
    s->probe = EIO_PROBE_OPEN;
    return true;
}

void eio_session_probe_asked(struct eio_session *s)
{
    assert(s->role == EIO_CLIENT);
    if (s->probe == EIO_PROBE_OPEN)
        s->probe = EIO_PROBE_ASKED;
}

void eio_session_probe_end(struct eio_session *s)
{
    s->probe = EIO_PROBE_NONE;
}

void eio_session_switch(struct eio_session *s)
{
    assert(s->role == EIO_CLIENT);
    if (s->state != EIO_IS_OPEN || s->probe != EIO_PROBE_AGREED)
        return;
    s->probe = EIO_PROBE_NONE;
    s->carrier = EIO_ON_WEBSOCKET;
}
