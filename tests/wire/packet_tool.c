/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The codec as a filter, for tests in other languages: one JSON object per line in, one per line
 * out.  All bytes travel as base64.
 *
 *   {"op":"eio_decode","frame":FRAME}                     -> {"packets":[EIO]}
 *   {"op":"eio_decode_payload","body":B64}                -> {"packets":[EIO...]}
 *   {"op":"eio_encode","packets":[EIO]}                   -> {"bytes":B64}
 *   {"op":"eio_encode_payload","packets":[EIO...]}        -> {"bytes":B64}
 *   {"op":"sio_decode","frames":[FRAME...]}               -> {"packets":[SIO...],"missing":N}
 *   {"op":"sio_encode","type":N,"nsp":TEXT,"id":"7"|null,"attachments":N,"name":JSON,"args":JSON}
 * -> {"bytes":B64}
 *
 * FRAME = {"text":B64} or {"binary":B64};  EIO = {"type":N,"binary":BOOL,"data":B64};  JSON = raw
 * JSON text in a string; the name is that of an event, and the args of a CONNECT or CONNECT_ERROR
 * are its whole payload. SIO =
 * {"type":N,"nsp":TEXT,"id":"7"|null,"payload":JSON,"name":JSON,"args":JSON,"n_args":N,"attachments":[B64...]}
 * Refused bytes: {"packets":[those before],"error":SYMBOL,"offset":N,"frame":N}.
 */
#include <stdio.h>
#include <stdlib.h>

#include "wire/base64.h"
#include "wire/eio_packet.h"
#include "wire/json_text.h"
#include "wire/limits.h"
#include "wire/sio_conn.h"

enum { MAX_LINE = 64 * 1000 * 1000 };

static void die(const char *why, const char *line)
{
    fprintf(stderr, "packet_tool: %s: %s\n", why, line);
    exit(2);
}

/* Bytes of a base64 member; an absent or null one has none.  Release the result. */
static struct buf bytes_of(const struct json_node *node)
{
    struct buf out;
    char *text = json_node_str(node, NULL);
    size_t offset;

    buf_init(&out, MAX_LINE);
    if (text && !base64_decode(&out, slice_str(text), &offset))
        die("not base64", text);
    free(text);
    return out;
}

/* Text member as it is.  Release the result. */
static struct buf text_of(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_get(object, key);
    struct buf out;

    buf_init(&out, MAX_LINE);
    if (node && node->type == JSON_STRING)
        json_string_decode(node->text, &out);
    return out;
}

static int64_t number_of(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_get(object, key);
    int64_t value = 0;

    if (node && node->type == JSON_NUMBER && !json_number_i64(node->text, &value))
        die("no whole number", key);
    return value;
}

static bool is_true(const struct json_node *object, const char *key)
{
    const struct json_node *node = json_get(object, key);

    return node && node->type == JSON_TRUE;
}

static uint64_t id_of(const struct json_node *object)
{
    struct buf text = text_of(object, "id");
    uint64_t id = SIO_NO_ID;
    char *digits = buf_take_str(&text);

    if (*digits)
        id = strtoull(digits, NULL, 10);
    free(digits);
    return id;
}

/* ---- output ---- */

static void put_bytes(struct buf *out, const char *key, struct slice bytes)
{
    buf_appendf(out, "\"%s\":\"", key);
    base64_encode(out, &bytes, 1);
    buf_append_ch(out, '"');
}

static void put_text(struct buf *out, const char *key, struct slice text)
{
    buf_appendf(out, "\"%s\":", key);
    buf_append_json_string(out, text);
    buf_append_ch(out, ',');
}

static void put_eio(struct buf *out, const struct eio_packet *packet)
{
    buf_appendf(out, "{\"type\":%d,\"binary\":%s,", (int)packet->type,
                packet->binary ? "true" : "false");
    put_bytes(out, "data", packet->data);
    buf_append_ch(out, '}');
}

static void put_sio(struct buf *out, const struct sio_packet *packet,
                    const struct slice *attachments)
{
    buf_appendf(out, "{\"type\":%d,", (int)packet->type);
    put_text(out, "nsp", packet->nsp);
    if (packet->id != SIO_NO_ID) {
        buf_append_str(out, "\"id\":\"");
        buf_append_u64(out, packet->id);
        buf_append_str(out, "\",");
    }
    put_text(out, "payload", packet->payload);
    put_text(out, "name", packet->name);
    put_text(out, "args", packet->args);
    buf_appendf(out, "\"n_args\":%u,\"attachments\":[", packet->n_args);
    for (unsigned i = 0; i < packet->attachments; i++) {
        buf_append_str(out, i ? ",\"" : "\"");
        base64_encode(out, &attachments[i], 1);
        buf_append_ch(out, '"');
    }
    buf_append_str(out, "]}");
}

static void put_fault(struct buf *out, const struct wire_fault *fault, size_t frame)
{
    buf_appendf(out, ",\"error\":\"%s\",\"offset\":%zu,\"frame\":%zu", wire_err_name(fault->code),
                fault->offset, frame);
}

/* ---- operations ---- */

static void eio_decode(const struct json_node *in, struct buf *out)
{
    const struct json_node *frame = json_get(in, "frame"), *binary = json_get(frame, "binary");
    struct buf bytes = bytes_of(binary ? binary : json_get(frame, "text"));
    struct eio_packet packet;
    struct wire_fault fault;
    enum wire_err err = eio_packet_decode(buf_slice(&bytes), binary != NULL, &packet, &fault);

    buf_append_str(out, "\"packets\":[");
    if (!err)
        put_eio(out, &packet);
    buf_append_ch(out, ']');
    if (err)
        put_fault(out, &fault, 0);
    buf_release(&bytes);
}

static void eio_decode_payload(const struct json_node *in, struct buf *out)
{
    struct buf body = bytes_of(json_get(in, "body")), scratch;
    struct eio_payload payload;
    struct eio_packet packet;
    struct wire_fault fault;
    enum wire_err err;
    bool more = false;

    buf_init(&scratch, WIRE_MAX_PAYLOAD_BYTES);
    eio_payload_start(&payload, buf_slice(&body), WIRE_MAX_PACKETS_PER_PAYLOAD, &scratch);
    buf_append_str(out, "\"packets\":[");
    while ((err = eio_payload_next(&payload, &packet, &more, &fault)) == WIRE_OK && more) {
        if (payload.packets > 1)
            buf_append_ch(out, ',');
        put_eio(out, &packet);
    }
    buf_append_ch(out, ']');
    if (err)
        put_fault(out, &fault, 0);
    buf_release(&scratch);
    buf_release(&body);
}

typedef void encode_fn(struct buf *out, enum eio_type type, bool binary, const struct slice *parts,
                       unsigned n_parts);

/* The data goes in as two parts, because the encoders take any number of them. */
static void encode_packets(const struct json_node *in, struct buf *out, encode_fn *encode)
{
    const struct json_node *packets = json_get(in, "packets");
    struct buf encoded;

    buf_init(&encoded, MAX_LINE);
    for (const struct json_node *p = packets ? packets->first : NULL; p; p = p->next) {
        struct buf data = bytes_of(json_get(p, "data"));
        size_t half = data.len / 2;
        const struct slice parts[] = {
            slice_of(data.data, half),
            slice_of(data.data ? data.data + half : NULL, data.len - half)};

        encode(&encoded, (enum eio_type)number_of(p, "type"), is_true(p, "binary"), parts,
               (unsigned)ARRAY_LEN(parts));
        buf_release(&data);
    }
    put_bytes(out, "bytes", buf_slice(&encoded));
    buf_release(&encoded);
}

static void eio_encode(const struct json_node *in, struct buf *out)
{
    encode_packets(in, out, eio_packet_encode);
}

static void eio_encode_payload(const struct json_node *in, struct buf *out)
{
    encode_packets(in, out, eio_payload_append);
}

/* Feeds one frame; false when it was refused. */
static bool feed(struct sio_assembly *a, const struct json_node *frame, struct buf *out,
                 struct wire_fault *fault)
{
    const struct json_node *binary = json_get(frame, "binary");
    struct buf bytes = bytes_of(binary ? binary : json_get(frame, "text"));
    const struct slice *attachments = NULL;
    struct sio_packet packet;
    bool complete = false;
    enum wire_err err = sio_assembly_feed(a, binary != NULL, buf_slice(&bytes), &complete, &packet,
                                          &attachments, fault);

    if (!err && complete) {
        if (out->data[out->len - 1] == '}')
            buf_append_ch(out, ',');
        put_sio(out, &packet, attachments);
    }
    buf_release(&bytes);
    return err == WIRE_OK;
}

static void sio_decode(const struct json_node *in, struct buf *out)
{
    static const struct sio_assembly_limits limits = {
        .packet = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
        .max_binary_bytes = WIRE_MAX_BINARY_BYTES,
    };
    const struct json_node *frames = json_get(in, "frames"), *frame = frames ? frames->first : NULL;
    struct sio_assembly assembly;
    struct wire_fault fault;
    size_t index = 0;

    sio_assembly_init(&assembly, &limits);
    buf_append_str(out, "\"packets\":[");
    while (frame && feed(&assembly, frame, out, &fault)) {
        frame = frame->next;
        index++;
    }
    buf_appendf(out, "],\"missing\":%u", sio_assembly_missing(&assembly));
    if (frame)
        put_fault(out, &fault, index);
    sio_assembly_release(&assembly);
}

static void sio_encode(const struct json_node *in, struct buf *out)
{
    enum sio_type type = (enum sio_type)number_of(in, "type");
    struct buf nsp = text_of(in, "nsp"), name = text_of(in, "name"), args = text_of(in, "args"),
               encoded;
    unsigned attachments = (unsigned)number_of(in, "attachments");
    bool list = false;

    buf_init(&encoded, MAX_LINE);
    switch (type) {
    case SIO_CONNECT:
        sio_connect_encode(&encoded, buf_slice(&nsp), buf_slice(&args));
        break;
    case SIO_CONNECT_ERROR:
        sio_connect_error_encode(&encoded, buf_slice(&nsp), buf_slice(&args));
        break;
    case SIO_DISCONNECT:
        sio_disconnect_encode(&encoded, buf_slice(&nsp));
        break;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        sio_event_head(&encoded, buf_slice(&nsp), id_of(in), attachments, buf_slice(&name),
                       args.len > 0);
        list = true;
        break;
    case SIO_ACK:
    case SIO_BINARY_ACK:
        sio_ack_head(&encoded, buf_slice(&nsp), id_of(in), attachments);
        list = true;
        break;
    }
    if (list) {
        buf_append_slice(&encoded, buf_slice(&args));
        buf_append_ch(&encoded, ']');
    }
    put_bytes(out, "bytes", buf_slice(&encoded));
    buf_release(&nsp);
    buf_release(&name);
    buf_release(&args);
    buf_release(&encoded);
}

static const struct {
    const char *name;
    void (*run)(const struct json_node *in, struct buf *out);
} operations[] = {
    {"eio_decode", eio_decode}, {"eio_decode_payload", eio_decode_payload},
    {"eio_encode", eio_encode}, {"eio_encode_payload", eio_encode_payload},
    {"sio_decode", sio_decode}, {"sio_encode", sio_encode},
};

static void answer(const char *line, size_t len)
{
    struct json_doc *doc;
    struct buf out;
    const struct json_node *op;
    size_t i = 0;

    if (json_doc_parse(slice_of(line, len), WIRE_MAX_JSON_DEPTH, &doc, NULL))
        die("not JSON", line);
    op = json_get(json_doc_root(doc), "op");
    while (i < ARRAY_LEN(operations) &&
           !(op && json_string_is(op->text, slice_str(operations[i].name))))
        i++;
    if (i == ARRAY_LEN(operations))
        die("unknown operation", line);
    buf_init(&out, MAX_LINE);
    buf_append_ch(&out, '{');
    operations[i].run(json_doc_root(doc), &out);
    buf_append_str(&out, "}\n");
    fwrite(out.data, 1, out.len, stdout);
    fflush(stdout);
    buf_release(&out);
    json_doc_free(doc);
}

int main(void)
{
    char *line = NULL;
    size_t cap = 0;
    ssize_t len;

    while ((len = getline(&line, &cap, stdin)) > 0)
        answer(line, (size_t)len);
    free(line);
    return 0;
}
