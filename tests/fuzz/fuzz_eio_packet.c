/* SPDX-License-Identifier: Apache-2.0 */
/* The first byte chooses the form; what is accepted survives decode, encode, decode. */
#include "tests/fuzz/fuzz.h"
#include "wire/eio_packet.h"
#include "wire/json_text.h"

enum { CEILING = 1 << 20, MAX_PACKETS = 8 };

static void check_fault(enum wire_err err, const struct wire_fault *fault, size_t size)
{
    HOLDS(fault->code == err && fault->offset <= size && fault->expected);
}

static void check_message(struct slice message, bool binary)
{
    struct eio_packet first, second;
    struct wire_fault fault = {0};
    struct buf out;
    enum wire_err err = eio_packet_decode(message, binary, &first, &fault);

    if (err) {
        check_fault(err, &fault, message.len);
        return;
    }
    buf_init(&out, CEILING);
    eio_packet_encode(&out, first.type, first.binary, &first.data, 1);
    HOLDS(slice_eq(buf_slice(&out), message));
    HOLDS(eio_packet_decode(buf_slice(&out), binary, &second, &fault) == WIRE_OK);
    HOLDS(first.type == second.type && slice_eq(first.data, second.data));
    buf_release(&out);
}

/* Decode `body` and encode its packets into `out`; false when it was refused. */
static bool recode(struct slice body, struct buf *out)
{
    struct eio_payload p;
    struct eio_packet packet;
    struct wire_fault fault = {0};
    struct buf scratch;
    enum wire_err err;
    bool more = false;

    buf_init(&scratch, CEILING);
    eio_payload_start(&p, body, MAX_PACKETS, &scratch);
    while ((err = eio_payload_next(&p, &packet, &more, &fault)) == WIRE_OK && more)
        eio_payload_append(out, packet.type, packet.binary, &packet.data, 1);
    HOLDS(p.packets <= MAX_PACKETS);
    buf_release(&scratch);
    if (err)
        check_fault(err, &fault, body.len);
    return !err;
}

/* Once decoded and encoded, base64 has its one canonical form, and nothing changes any more. */
static void check_payload(struct slice body)
{
    struct buf first, second;

    buf_init(&first, CEILING);
    buf_init(&second, CEILING);
    if (recode(body, &first)) {
        HOLDS(recode(buf_slice(&first), &second));
        HOLDS(slice_eq(buf_slice(&first), buf_slice(&second)));
    }
    buf_release(&first);
    buf_release(&second);
}

static void check_open(struct slice json)
{
    struct eio_open first = {0}, second = {0};
    struct wire_fault fault = {0};
    struct buf out;
    enum wire_err err = eio_open_decode(json, &first, &fault);

    if (err) {
        check_fault(err, &fault, json.len);
        return;
    }
    buf_init(&out, CEILING);
    eio_open_encode(&out, &first);
    HOLDS(eio_open_decode(buf_slice(&out), &second, &fault) == WIRE_OK);
    HOLDS(strcmp(first.sid, second.sid) == 0 &&
          first.upgrade_websocket == second.upgrade_websocket);
    HOLDS(first.ping_interval_ms == second.ping_interval_ms &&
          first.ping_timeout_ms == second.ping_timeout_ms);
    HOLDS(first.max_payload == second.max_payload);
    buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice rest;

    if (!size)
        return 0;
    rest = slice_of((const char *)data + 1, size - 1);
    switch (data[0]) {
    case 'w':
        check_message(rest, false);
        break;
    case 'p':
        check_payload(rest);
        break;
    case 'o':
        check_open(rest);
        break;
    default:
        check_message(rest, true);
    }
    return 0;
}
