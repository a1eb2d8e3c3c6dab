/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole conversation: each record is an action, a length and that many bytes.  Sessions of both roles live through it, the server's
 * messages go on into a Socket.IO connection, and what must hold at any time is asked after each step.
 */
#include <stdlib.h>

#include "tests/fuzz/fuzz.h"
#include "wire/eio_session.h"
#include "wire/sio_conn.h"
#include "wire/xmalloc.h"

enum { INTERVAL_MS = 300, TIMEOUT_MS = 200, MAX_NAMESPACES = 4 };

struct world {
    struct eio_session s;
    struct sio_conn sio;
    uint64_t now_ms;
};

struct link_of_nsp {
    struct sio_nsp nsp; /* first member */
    char *name;
};

static void remove_first(struct world *w)
{
    struct sio_nsp *nsp = w->sio.first;

    sio_conn_remove(&w->sio, nsp);
    free(((struct link_of_nsp *)(void *)nsp)->name);
    free(nsp);
}

static void add(struct world *w, struct slice name)
{
    struct link_of_nsp *fresh = xcalloc(1, sizeof(*fresh));

    fresh->name = xstrndup_slice(name);
    fresh->nsp.name = fresh->name;
    fresh->nsp.name_len = name.len;
    sio_conn_add(&w->sio, &fresh->nsp);
    HOLDS(w->sio.n_nsps <= MAX_NAMESPACES);
}

static void message(struct world *w, const struct eio_packet *packet)
{
    struct sio_input in;
    struct wire_fault fault = {0};

    switch (sio_conn_feed(&w->sio, packet->binary, packet->data, &in, &fault)) {
    case SIO_STEP_CONNECT:
        HOLDS(!in.nsp);
        add(w, in.packet.nsp);
        break;
    case SIO_STEP_EVENT:
    case SIO_STEP_ACK:
        HOLDS(in.nsp && in.nsp->state == SIO_NSP_CONNECTED);
        HOLDS(!in.packet.attachments || in.attachments);
        for (unsigned i = 0; i < in.packet.attachments; i++)
            HOLDS(in.attachments[i].len <= w->sio.assembly.limits.max_binary_bytes);
        break;
    case SIO_STEP_DISCONNECT:
        HOLDS(in.nsp);
        break;
    case SIO_STEP_CLOSE:
        HOLDS(fault.code != WIRE_OK);
        break;
    case SIO_STEP_NONE:
        break;
    }
}

static void feed(struct world *w, enum eio_from from, struct slice bytes, bool binary)
{
    struct eio_packet packet;
    struct eio_open open;
    struct wire_fault fault = {0};
    enum eio_step step;

    if (eio_packet_decode(bytes, binary, &packet, &fault) != WIRE_OK)
        step = eio_session_bad(&w->s, from);
    else
        step = eio_session_feed(&w->s, from, &packet, w->now_ms, &open, &fault);
    HOLDS(step != EIO_STEP_CLOSE || w->s.state == EIO_CLOSED);
    HOLDS(step != EIO_STEP_UPGRADE || w->s.carrier == EIO_ON_WEBSOCKET);
    HOLDS(from == EIO_FROM_CARRIER || step != EIO_STEP_CLOSE);
    if (step == EIO_STEP_MESSAGE)
        message(w, &packet);
}

static void tick(struct world *w, uint64_t by_ms)
{
    enum eio_step step;

    w->now_ms += by_ms;
    for (int i = 0; (step = eio_session_tick(&w->s, w->now_ms)) != EIO_STEP_NONE; i++)
        HOLDS(i < 2 && (step == EIO_STEP_PING || step == EIO_STEP_CLOSE));
    HOLDS(w->s.state == EIO_CLOSED || w->s.due_ms > w->now_ms);
}

static void request(struct world *w, unsigned char action)
{
    enum eio_request got =
        action & 1 ? eio_session_get_begin(&w->s) : eio_session_post_begin(&w->s);

    HOLDS(got != EIO_REQUEST_OVERLAP || w->s.state == EIO_CLOSED);
    HOLDS(got != EIO_REQUEST_OK || (w->s.state == EIO_IS_OPEN && w->s.carrier == EIO_ON_POLLING));
}

static void request_over(struct world *w, unsigned char action, bool lost)
{
    enum eio_step step =
        action & 1 ? eio_session_get_end(&w->s, lost) : eio_session_post_end(&w->s, lost);

    HOLDS(step == EIO_STEP_NONE || (lost && w->s.state == EIO_CLOSED));
}

static void act(struct world *w, unsigned char action, struct slice bytes)
{
    switch (action % 12) {
    case 0:
    case 1:
        feed(w, EIO_FROM_CARRIER, bytes, action & 1);
        break;
    case 2:
        if (w->s.probe != EIO_PROBE_NONE)
            feed(w, EIO_FROM_PROBE, bytes, false);
        break;
    case 3:
        tick(w, bytes.len);
        break;
    case 4:
    case 5:
        request(w, action);
        break;
    case 6:
    case 7:
        request_over(w, action, bytes.len & 1);
        break;
    case 8:
        if (eio_session_probe_begin(&w->s) && w->s.role == EIO_CLIENT)
            eio_session_probe_asked(&w->s);
        break;
    case 9:
        eio_session_probe_end(&w->s);
        break;
    case 10:
        if (w->sio.first)
            w->sio.first->state = SIO_NSP_CONNECTED;
        break;
    default:
        if (w->s.role == EIO_CLIENT)
            eio_session_switch(&w->s);
        else if (w->sio.first)
            remove_first(w);
        break;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct sio_conn_limits limits = {
        .assembly = {.packet = {.max_depth = 16, .max_attachments = 8}, .max_binary_bytes = 64},
        .max_namespaces = MAX_NAMESPACES,
    };
    struct world w = {.now_ms = 0};
    bool was_closed = false;

    if (size < 1)
        return 0;
    if (data[0] & 1)
        eio_session_init_client(&w.s, data[0] & 2 ? EIO_ON_POLLING : EIO_ON_WEBSOCKET);
    else
        eio_session_init_server(&w.s, data[0] & 2 ? EIO_ON_POLLING : EIO_ON_WEBSOCKET, INTERVAL_MS,
                                TIMEOUT_MS, 0);
    sio_conn_init(&w.sio, &limits, data[0] & 4);
    for (size_t at = 1; at + 2 <= size;) {
        size_t len = data[at + 1];

        if (len > size - at - 2)
            len = size - at - 2;
        act(&w, data[at], slice_of((const char *)data + at + 2, len));
        at += 2 + len;
        HOLDS(!was_closed || w.s.state == EIO_CLOSED);
        was_closed = w.s.state == EIO_CLOSED;
    }
    while (w.sio.first)
        remove_first(&w);
    sio_conn_release(&w.sio);
    return 0;
}
