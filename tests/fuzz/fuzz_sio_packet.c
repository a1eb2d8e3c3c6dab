/* SPDX-License-Identifier: Apache-2.0 */
/* What is accepted survives decode, encode, decode. */
#include "tests/fuzz/fuzz.h"
#include "wire/json_text.h"
#include "wire/sio_packet.h"

enum { CEILING = 1 << 20 };

static const struct sio_limits limits = {.max_depth = 32, .max_attachments = 16};

static void encode(const struct sio_packet *packet, struct buf *out)
{
    switch (packet->type) {
    case SIO_CONNECT:
        sio_connect_encode(out, packet->nsp, packet->payload);
        return;
    case SIO_CONNECT_ERROR:
        sio_connect_error_encode(out, packet->nsp, packet->payload);
        return;
    case SIO_DISCONNECT:
        sio_disconnect_encode(out, packet->nsp);
        return;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        sio_event_head(out, packet->nsp, packet->id, packet->attachments, packet->name,
                       packet->args.len > 0);
        break;
    case SIO_ACK:
    case SIO_BINARY_ACK:
        sio_ack_head(out, packet->nsp, packet->id, packet->attachments);
        break;
    }
    buf_append_slice(out, packet->args);
    buf_append_ch(out, ']');
}

/* A binary packet without attachments is encoded as a text one. */
static enum sio_type text_type(const struct sio_packet *packet)
{
    if (packet->attachments || packet->type < SIO_BINARY_EVENT)
        return packet->type;
    return packet->type == SIO_BINARY_EVENT ? SIO_EVENT : SIO_ACK;
}

static void check_same(const struct sio_packet *a, const struct sio_packet *b)
{
    bool list = a->type != SIO_CONNECT && a->type != SIO_DISCONNECT && a->type != SIO_CONNECT_ERROR;

    HOLDS(text_type(a) == b->type);
    HOLDS(slice_eq(a->nsp, b->nsp));
    HOLDS(!list || a->id == b->id);
    HOLDS(a->attachments == b->attachments);
    HOLDS(slice_eq(a->name, b->name));
    HOLDS(slice_eq(a->args, b->args));
    HOLDS(a->n_args == b->n_args);
    HOLDS(a->type == SIO_DISCONNECT || a->payload.len == 0 ||
          json_equal(a->payload, b->payload, JSON_BY_NUMBER_TEXT, NULL));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct sio_packet first, second;
    struct wire_fault fault = {0};
    struct buf out;
    enum wire_err err = sio_packet_decode(text, &limits, &first, &fault);

    if (err) {
        HOLDS(fault.code == err && fault.offset <= size && fault.expected);
        return 0;
    }
    HOLDS(!first.payload.len || json_scan(first.payload, limits.max_depth, NULL) == WIRE_OK);
    buf_init(&out, CEILING);
    encode(&first, &out);
    HOLDS(!out.overflow);
    HOLDS(sio_packet_decode(buf_slice(&out), &limits, &second, &fault) == WIRE_OK);
    check_same(&first, &second);
    buf_release(&out);
    return 0;
}
