/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/eio_packet.h"

#include "wire/base64.h"
#include "wire/json_text.h"
#include "wire/limits.h"
#include "wire/utf8.h"

enum { SEPARATOR = 0x1e };

static enum wire_err fail(struct wire_fault *reterr, enum wire_err code, size_t offset,
                          const char *expected)
{
    if (reterr)
        *reterr = (struct wire_fault){code, offset, expected};
    return code;
}

static struct slice slice_from(struct slice s, size_t offset)
{
    return slice_of(s.ptr + offset, s.len - offset);
}

enum wire_err eio_packet_decode(struct slice message, bool binary, struct eio_packet *ret_packet,
                                struct wire_fault *reterr)
{
    size_t valid;

    if (binary) {
        *ret_packet = (struct eio_packet){EIO_MESSAGE, true, message};
        return WIRE_OK;
    }
    if (!message.len)
        return fail(reterr, WIRE_E_EMPTY, 0, "packet type");
    if (message.ptr[0] < '0' || message.ptr[0] > '6')
        return fail(reterr, WIRE_E_EIO_TYPE, 0, "digit 0..6");
    valid = utf8_check(message);
    if (valid != message.len)
        return fail(reterr, WIRE_E_UTF8, valid, "UTF-8");
    *ret_packet =
        (struct eio_packet){(enum eio_type)(message.ptr[0] - '0'), false, slice_from(message, 1)};
    return WIRE_OK;
}

void eio_payload_start(struct eio_payload *p, struct slice body, unsigned max_packets,
                       struct buf *scratch)
{
    *p = (struct eio_payload){.body = body, .max_packets = max_packets, .scratch = scratch};
}

/* `text` is one packet of a polling payload: a text packet, or `b` and base64. */
static enum wire_err decode_polled(struct eio_payload *p, struct slice text,
                                   struct eio_packet *ret_packet, struct wire_fault *reterr)
{
    size_t offset;

    if (!text.len || text.ptr[0] != 'b')
        return eio_packet_decode(text, false, ret_packet, reterr);
    buf_clear(p->scratch);
    if (!base64_decode(p->scratch, slice_from(text, 1), &offset))
        return fail(reterr, WIRE_E_EIO_BASE64, 1 + offset, "base64");
    if (p->scratch->overflow)
        return fail(reterr, WIRE_E_TOO_LARGE, 0, "smaller packet");
    *ret_packet = (struct eio_packet){EIO_MESSAGE, true, buf_slice(p->scratch)};
    return WIRE_OK;
}

enum wire_err eio_payload_next(struct eio_payload *p, struct eio_packet *ret_packet, bool *ret_more,
                               struct wire_fault *reterr)
{
    size_t start = p->at;
    struct slice rest;
    const char *separator;
    enum wire_err err;

    if (p->done) {
        *ret_more = false;
        return WIRE_OK;
    }
    if (p->packets == p->max_packets)
        return fail(reterr, WIRE_E_EIO_PACKETS, start, "end of payload");
    if (!p->body.len)
        return fail(reterr, WIRE_E_EMPTY, 0, "packet");
    rest = slice_from(p->body, start);
    separator = rest.len ? memchr(rest.ptr, SEPARATOR, rest.len) : NULL;
    if (separator)
        rest.len = (size_t)(separator - rest.ptr);
    err = decode_polled(p, rest, ret_packet, reterr);
    if (err) {
        if (reterr)
            reterr->offset += start;
        return err;
    }
    p->done = !separator;
    p->at += rest.len + !p->done;
    p->packets++;
    *ret_more = true;
    return WIRE_OK;
}

static void append_parts(struct buf *out, const struct slice *parts, unsigned n_parts)
{
    for (unsigned i = 0; i < n_parts; i++)
        buf_append_slice(out, parts[i]);
}

void eio_packet_encode(struct buf *out, enum eio_type type, bool binary, const struct slice *parts,
                       unsigned n_parts)
{
    if (!binary)
        buf_append_ch(out, (char)('0' + (int)type));
    append_parts(out, parts, n_parts);
}

void eio_payload_append(struct buf *out, enum eio_type type, bool binary, const struct slice *parts,
                        unsigned n_parts)
{
    if (out->len)
        buf_append_ch(out, SEPARATOR);
    if (!binary) {
        eio_packet_encode(out, type, false, parts, n_parts);
        return;
    }
    buf_append_ch(out, 'b');
    base64_encode(out, parts, n_parts);
}

void eio_open_encode(struct buf *out, const struct eio_open *open)
{
    buf_append_str(out, "{\"sid\":");
    buf_append_json_string(out, slice_str(open->sid));
    buf_append_str(out,
                   open->upgrade_websocket ? ",\"upgrades\":[\"websocket\"]" : ",\"upgrades\":[]");
    buf_append_str(out, ",\"pingInterval\":");
    buf_append_u64(out, open->ping_interval_ms);
    buf_append_str(out, ",\"pingTimeout\":");
    buf_append_u64(out, open->ping_timeout_ms);
    buf_append_str(out, ",\"maxPayload\":");
    buf_append_u64(out, open->max_payload);
    buf_append_ch(out, '}');
}

/* Readers of single members of the open packet: NULL, or what they expected instead. */

/* A sid goes into URLs and logs as it is, so only visible ASCII is taken. */
static const char *read_sid(struct slice value, struct eio_open *open)
{
    struct buf sid;
    const char *fault = NULL;

    buf_init(&sid, sizeof(open->sid) - 1);
    json_string_decode(value, &sid);
    for (size_t i = 0; i < sid.len; i++)
        if (sid.data[i] <= ' ' || sid.data[i] > '~')
            fault = "sid of visible ASCII characters";
    if (sid.overflow || !sid.len)
        fault = "sid of 1 to 63 bytes";
    if (!fault) {
        memcpy(open->sid, sid.data, sid.len);
        open->sid[sid.len] = '\0';
    }
    buf_release(&sid);
    return fault;
}

static const char *read_upgrades(struct slice value, struct eio_open *open)
{
    struct json_cursor c;
    struct slice name;

    if (!json_cursor_array(&c, value))
        return "array of transport names";
    open->upgrade_websocket = false;
    while (json_next(&c, NULL, &name)) {
        if (json_type_of(name) != JSON_STRING)
            return "array of transport names";
        if (json_string_is(name, slice_str("websocket")))
            open->upgrade_websocket = true;
    }
    return NULL;
}

static const char *read_u32(struct slice value, uint32_t *ret_number)
{
    int64_t number;

    if (json_type_of(value) != JSON_NUMBER || !json_number_i64(value, &number) || number < 0 ||
        number > UINT32_MAX)
        return "whole number below 2^32";
    *ret_number = (uint32_t)number;
    return NULL;
}

static const char *read_interval(struct slice value, struct eio_open *open)
{
    return read_u32(value, &open->ping_interval_ms);
}

static const char *read_timeout(struct slice value, struct eio_open *open)
{
    return read_u32(value, &open->ping_timeout_ms);
}

static const char *read_max_payload(struct slice value, struct eio_open *open)
{
    return read_u32(value, &open->max_payload);
}

static const struct {
    const char *name;
    const char *missing; /* NULL: optional */
    const char *(*read)(struct slice value, struct eio_open *open);
} open_members[] = {
    {"sid", "member sid", read_sid},
    {"upgrades", "member upgrades", read_upgrades},
    {"pingInterval", "member pingInterval", read_interval},
    {"pingTimeout", "member pingTimeout", read_timeout},
    {"maxPayload", NULL, read_max_payload},
};

/* Of repeated members the last one counts, as for JSON.parse(). */
static bool find_last(struct slice object, const char *name, struct slice *ret_value)
{
    struct json_cursor c;
    struct slice key, value;
    bool found = false;

    if (!json_cursor_object(&c, object))
        return false;
    while (json_next(&c, &key, &value)) {
        if (json_string_is(key, slice_str(name))) {
            *ret_value = value;
            found = true;
        }
    }
    return found;
}

enum wire_err eio_open_decode(struct slice json, struct eio_open *ret_open,
                              struct wire_fault *reterr)
{
    struct eio_open open = {0};
    struct slice value;
    const char *fault;
    enum wire_err err = json_scan(json, WIRE_MAX_JSON_DEPTH, reterr);

    if (err)
        return err;
    if (json_type_of(json) != JSON_OBJECT)
        return fail(reterr, WIRE_E_EIO_OPEN, 0, "object");
    for (size_t i = 0; i < ARRAY_LEN(open_members); i++) {
        if (!find_last(json, open_members[i].name, &value)) {
            if (open_members[i].missing)
                return fail(reterr, WIRE_E_EIO_OPEN, json.len, open_members[i].missing);
            continue;
        }
        fault = open_members[i].read(value, &open);
        if (fault)
            return fail(reterr, WIRE_E_EIO_OPEN, (size_t)(value.ptr - json.ptr), fault);
    }
    *ret_open = open;
    return WIRE_OK;
}
