/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sio_packet.h"

#include "wire/json_text.h"
#include "wire/json_walk.h"
#include "wire/limits.h"
#include "wire/utf8.h"

/*
 * <type>[<attachments>-][<namespace>,][<id>][payload], read left to right; only digits decide where
 * a part ends, as in socket.io-parser.
 */
struct reader {
    struct slice text;
    size_t at;
    struct wire_fault *reterr;
};

static enum wire_err fail(struct reader *r, enum wire_err code, size_t offset, const char *expected)
{
    if (r->reterr)
        *r->reterr = (struct wire_fault){code, offset, expected};
    return code;
}

static inline char peek(const struct reader *r)
{
    return r->at < r->text.len ? r->text.ptr[r->at] : '\0';
}

static inline bool at_digit(const struct reader *r)
{
    return peek(r) >= '0' && peek(r) <= '9';
}

static inline void skip_blanks(struct reader *r)
{
    const char *end = r->text.ptr + r->text.len;

    r->at = (size_t)(json_skip_blanks(r->text.ptr + r->at, end) - r->text.ptr);
}

/* Digits up to `max`; false when the value is larger. */
static bool read_number(struct reader *r, uint64_t max, uint64_t *ret_value)
{
    uint64_t value = 0, digit;

    for (; at_digit(r); r->at++) {
        digit = (uint64_t)(peek(r) - '0');
        if (digit > max || value > (max - digit) / 10)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

static bool is_binary(enum sio_type type)
{
    return type == SIO_BINARY_EVENT || type == SIO_BINARY_ACK;
}

static bool is_event(enum sio_type type)
{
    return type == SIO_EVENT || type == SIO_BINARY_EVENT;
}

static bool is_ack(enum sio_type type)
{
    return type == SIO_ACK || type == SIO_BINARY_ACK;
}

static enum wire_err read_type(struct reader *r, struct sio_packet *packet)
{
    char c = peek(r);

    if (!r->text.len)
        return fail(r, WIRE_E_EMPTY, 0, "packet type");
    if (c < '0' || c > '6')
        return fail(r, WIRE_E_SIO_TYPE, 0, "digit 0..6");
    packet->type = (enum sio_type)(c - '0');
    r->at++;
    return WIRE_OK;
}

static enum wire_err read_attachments(struct reader *r, const struct sio_limits *limits,
                                      struct sio_packet *packet)
{
    size_t start = r->at;
    uint64_t count;

    if (!is_binary(packet->type))
        return WIRE_OK;
    if (!at_digit(r))
        return fail(r, WIRE_E_SIO_ATTACHMENTS, r->at, "number of attachments");
    if (!read_number(r, limits->max_attachments, &count))
        return fail(r, WIRE_E_TOO_LARGE, start, "fewer attachments");
    if (peek(r) != '-')
        return fail(r, WIRE_E_SIO_ATTACHMENTS, r->at, "dash after the number of attachments");
    r->at++;
    packet->attachments = (unsigned)count;
    return WIRE_OK;
}

/* The comma may be missing when the text ends with the namespace: "0/custom", "1/custom". */
static enum wire_err read_namespace(struct reader *r, struct sio_packet *packet)
{
    const char *start = r->text.ptr + r->at, *comma;
    size_t left = r->text.len - r->at, valid;

    packet->nsp = slice_of("/", 1);
    if (peek(r) != '/')
        return WIRE_OK;
    comma = memchr(start, ',', left);
    packet->nsp = slice_of(start, comma ? (size_t)(comma - start) : left);
    if (!comma && (is_event(packet->type) || is_ack(packet->type)))
        return fail(r, WIRE_E_SIO_NAMESPACE, r->text.len, "comma after the namespace");
    if (packet->nsp.len > WIRE_MAX_NAMESPACE_BYTES)
        return fail(r, WIRE_E_TOO_LARGE, r->at, "shorter namespace");
    valid = utf8_check(packet->nsp);
    if (valid != packet->nsp.len)
        return fail(r, WIRE_E_UTF8, r->at + valid, "UTF-8");
    r->at += packet->nsp.len + (comma != NULL);
    return WIRE_OK;
}

static enum wire_err read_id(struct reader *r, struct sio_packet *packet)
{
    size_t start = r->at;

    packet->id = SIO_NO_ID;
    if (!at_digit(r)) {
        if (is_ack(packet->type))
            return fail(r, WIRE_E_SIO_ID, r->at, "id of the request");
        return WIRE_OK;
    }
    if (!read_number(r, SIO_NO_ID - 1, &packet->id))
        return fail(r, WIRE_E_SIO_ID, start, "smaller id");
    return WIRE_OK;
}

/* Only the names that clash with the emitter's own in the official libraries; they refuse such
 * packets too. */
static bool is_reserved(struct slice name)
{
#define NAME(text)                                                                                 \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }
    static const struct slice reserved[] = {
        NAME("connect"),       NAME("connect_error"), NAME("disconnect"),
        NAME("disconnecting"), NAME("newListener"),   NAME("removeListener"),
    };
#undef NAME
    bool plain = json_is_plain(name);

    for (size_t i = 0; i < ARRAY_LEN(reserved); i++)
        if (plain ? slice_eq(slice_of(name.ptr + 1, name.len - 2), reserved[i])
                  : json_string_is(name, reserved[i]))
            return true;
    return false;
}

/* The next element of the array that is being read; r->at ends behind it. */
static enum wire_err read_element(struct reader *r, unsigned max_depth, struct slice *ret_element)
{
    size_t start, end;
    enum wire_err err;

    skip_blanks(r);
    start = r->at;
    err = json_scan_value(r->text, start, max_depth, &end, r->reterr);
    if (err)
        return err;
    *ret_element = slice_of(r->text.ptr + start, end - start);
    r->at = end;
    return WIRE_OK;
}

/* After an element: *ret_more says whether a comma or the closing bracket was read. */
static enum wire_err read_comma(struct reader *r, bool *ret_more)
{
    skip_blanks(r);
    *ret_more = peek(r) == ',';
    if (!*ret_more && peek(r) != ']')
        return fail(r, WIRE_E_JSON_SYNTAX, r->at, "comma or ]");
    r->at++;
    return WIRE_OK;
}

static enum wire_err read_name(struct reader *r, unsigned max_depth, struct sio_packet *packet,
                               bool *ret_more)
{
    enum wire_err err;
    size_t start = r->at;

    if (peek(r) != '"')
        return fail(r, WIRE_E_SIO_EVENT_NAME, start, "event name in quotes");
    err = read_element(r, max_depth, &packet->name);
    if (err)
        return err;
    if (is_reserved(packet->name))
        return fail(r, WIRE_E_SIO_EVENT_NAME, start, "event name that is not reserved");
    return read_comma(r, ret_more);
}

/* One pass over the array of an event or ack: validates, and finds name and arguments on the way.
 */
static enum wire_err read_array(struct reader *r, unsigned max_depth, struct sio_packet *packet)
{
    struct slice element = {0};
    enum wire_err err;
    bool more;

    if (peek(r) != '[')
        return fail(r, WIRE_E_SIO_PAYLOAD, r->at, "array");
    if (!max_depth)
        return fail(r, WIRE_E_JSON_DEPTH, r->at, "less nesting");
    r->at++;
    skip_blanks(r);
    more = is_event(packet->type) || peek(r) != ']';
    if (!more)
        r->at++;
    if (is_event(packet->type)) {
        err = read_name(r, max_depth - 1, packet, &more);
        if (err)
            return err;
    }
    while (more) {
        err = read_element(r, max_depth - 1, &element);
        if (err)
            return err;
        if (!packet->n_args++)
            packet->args.ptr = element.ptr;
        packet->args.len = (size_t)(element.ptr + element.len - packet->args.ptr);
        err = read_comma(r, &more);
        if (err)
            return err;
    }
    return WIRE_OK;
}

/* What the first byte of the payload may be, for the types whose payload is no argument list. */
static const struct {
    const char *first; /* NULL: any value */
    bool optional;
    const char *expected;
} plain_payloads[] = {
    [SIO_CONNECT] = {"{", true, "object"},
    [SIO_DISCONNECT] = {NULL, true, NULL},
    [SIO_CONNECT_ERROR] = {"{\"", false, "object or string"},
};

static enum wire_err read_plain(struct reader *r, unsigned max_depth,
                                const struct sio_packet *packet)
{
    const char *first = plain_payloads[packet->type].first;
    struct slice value;

    if (r->at == r->text.len && plain_payloads[packet->type].optional)
        return WIRE_OK;
    if (first && (!peek(r) || !strchr(first, peek(r))))
        return fail(r, WIRE_E_SIO_PAYLOAD, r->at, plain_payloads[packet->type].expected);
    return read_element(r, max_depth, &value);
}

static enum wire_err read_payload(struct reader *r, const struct sio_limits *limits,
                                  struct sio_packet *packet)
{
    size_t start = r->at;
    bool array = is_event(packet->type) || is_ack(packet->type);
    enum wire_err err =
        array ? read_array(r, limits->max_depth, packet) : read_plain(r, limits->max_depth, packet);

    if (err)
        return err;
    packet->payload = slice_of(r->text.ptr + start, r->at - start);
    skip_blanks(r);
    if (r->at != r->text.len)
        return fail(r, WIRE_E_JSON_TRAILING, r->at, "end of text");
    if (!is_binary(packet->type))
        return WIRE_OK;
    err = sio_placeholders_check(packet->payload, packet->attachments, r->reterr);
    if (err && r->reterr)
        r->reterr->offset += start;
    return err;
}

enum wire_err sio_packet_decode(struct slice text, const struct sio_limits *limits,
                                struct sio_packet *ret_packet, struct wire_fault *reterr)
{
    struct reader r = {.text = text, .reterr = reterr};
    struct sio_packet packet = {0};
    enum wire_err err = read_type(&r, &packet);

    if (!err)
        err = read_attachments(&r, limits, &packet);
    if (!err)
        err = read_namespace(&r, &packet);
    if (!err)
        err = read_id(&r, &packet);
    if (!err)
        err = read_payload(&r, limits, &packet);
    if (!err)
        *ret_packet = packet;
    return err;
}

/* ---- encoding ---- */

static void append_header(struct buf *out, enum sio_type type, struct slice nsp, uint64_t id,
                          unsigned attachments)
{
    buf_append_ch(out, (char)('0' + (int)type));
    if (is_binary(type)) {
        buf_append_u64(out, attachments);
        buf_append_ch(out, '-');
    }
    if (nsp.len && !slice_is(nsp, "/")) {
        buf_append_slice(out, nsp);
        buf_append_ch(out, ',');
    }
    if (id != SIO_NO_ID)
        buf_append_u64(out, id);
}

void sio_event_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments,
                    struct slice name_raw_json, bool has_args)
{
    append_header(head, attachments ? SIO_BINARY_EVENT : SIO_EVENT, nsp, id, attachments);
    buf_append_ch(head, '[');
    buf_append_slice(head, name_raw_json);
    if (has_args)
        buf_append_ch(head, ',');
}

void sio_ack_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments)
{
    append_header(head, attachments ? SIO_BINARY_ACK : SIO_ACK, nsp, id, attachments);
    buf_append_ch(head, '[');
}

void sio_connect_encode(struct buf *out, struct slice nsp, struct slice json)
{
    append_header(out, SIO_CONNECT, nsp, SIO_NO_ID, 0);
    buf_append_slice(out, json);
}

void sio_connect_error_encode(struct buf *out, struct slice nsp, struct slice json)
{
    append_header(out, SIO_CONNECT_ERROR, nsp, SIO_NO_ID, 0);
    buf_append_slice(out, json);
}

void sio_disconnect_encode(struct buf *out, struct slice nsp)
{
    append_header(out, SIO_DISCONNECT, nsp, SIO_NO_ID, 0);
}
