/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The dialling side as a program for the driver tests: commands come by stdin, one per line; every callback goes out as a JSON line.
 *
 *   client_probe HOST PORT PATH polling|websocket|upgrade [TIMEOUT_MS [QUERY]]
 *
 *   send TEXT | sendb HEX TEXT | raw TEXT | rawb HEX | bytes HEX | mute | unmute | lose rst|fin|ws|eio | free | quit
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/client.h"
#include "wire/limits.h"

struct probe {
    struct net_loop *loop;
    struct eio_client *client;
    struct net_watch *watch;
    struct buf input;
    struct buf line;
};

/* ---- events ---- */

static void put_text(struct buf *out, const char *key, struct slice value)
{
    buf_appendf(out, ",\"%s\":", key);
    buf_append_json_string(out, value);
}

static void put_hex(struct buf *out, struct slice value)
{
    buf_append_ch(out, '"');
    for (size_t i = 0; i < value.len; i++)
        buf_appendf(out, "%02x", (unsigned char)value.ptr[i]);
    buf_append_ch(out, '"');
}

static struct buf *begin(struct probe *p, const char *event)
{
    buf_clear(&p->line);
    buf_appendf(&p->line, "{\"event\":\"%s\"", event);
    return &p->line;
}

static void end(struct probe *p)
{
    buf_append_str(&p->line, "}\n");
    fwrite(p->line.data, 1, p->line.len, stdout);
    fflush(stdout);
}

static void on_tap(void *user, const struct tap_frame *frame)
{
    static const char *const kinds[] = {
        [TAP_WS_TEXT] = "ws_text",
        [TAP_WS_BINARY] = "ws_binary",
        [TAP_HTTP_REQUEST] = "request",
        [TAP_HTTP_RESPONSE] = "response",
        [TAP_LINK] = "link",
    };
    struct probe *p = user;
    struct buf *out = begin(p, "tap");

    buf_appendf(out, ",\"out\":%s", frame->outgoing ? "true" : "false");
    put_text(out, "kind", slice_str(kinds[frame->kind]));
    if (frame->kind == TAP_WS_BINARY) {
        buf_append_str(out, ",\"bytes\":");
        put_hex(out, frame->bytes);
    } else {
        put_text(out, "bytes", frame->bytes);
    }
    put_text(out, "body", frame->body);
    end(p);
}

static void on_open(void *user, const struct eio_open *open)
{
    struct probe *p = user;

    put_text(begin(p, "open"), "sid", slice_str(open->sid));
    end(p);
}

static void on_upgraded(void *user)
{
    struct probe *p = user;

    begin(p, "upgraded");
    end(p);
}

static void on_packet(void *user, const struct sio_packet *packet, const struct slice *attachments,
                      unsigned n_attachments)
{
    struct probe *p = user;
    struct buf *out = begin(p, "packet");

    buf_appendf(out, ",\"type\":%d", (int)packet->type);
    put_text(out, "nsp", packet->nsp);
    if (packet->id != SIO_NO_ID)
        buf_appendf(out, ",\"id\":%" PRIu64, packet->id);
    put_text(out, "payload", packet->payload);
    put_text(out, "name", packet->name);
    put_text(out, "args", packet->args);
    buf_append_str(out, ",\"attachments\":[");
    for (unsigned i = 0; i < n_attachments; i++) {
        if (i)
            buf_append_ch(out, ',');
        put_hex(out, attachments[i]);
    }
    buf_append_ch(out, ']');
    end(p);
}

static void on_ping(void *user)
{
    struct probe *p = user;

    begin(p, "ping");
    end(p);
}

static void on_other(void *user, const struct eio_packet *packet)
{
    struct probe *p = user;

    buf_appendf(begin(p, "other"), ",\"type\":%d", (int)packet->type);
    end(p);
}

static void on_fault(void *user, const struct wire_fault *fault, struct slice bytes)
{
    struct probe *p = user;
    struct buf *out = begin(p, "fault");

    put_text(out, "code", slice_str(wire_err_name(fault->code)));
    put_text(out, "bytes", bytes);
    end(p);
}

static void on_closed(void *user, bool by_peer, int http_status, struct slice body,
                      const char *text)
{
    struct probe *p = user;
    struct buf *out = begin(p, "closed");

    buf_appendf(out, ",\"by_peer\":%s,\"status\":%d", by_peer ? "true" : "false", http_status);
    put_text(out, "body", body);
    put_text(out, "text", slice_str(text));
    end(p);
}

/* ---- commands ---- */

static int hex_digit(char c)
{
    return c <= '9' ? c - '0' : c - 'a' + 10;
}

static void unhex(struct slice hex, struct buf *out)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2)
        buf_append_ch(out, (char)(hex_digit(hex.ptr[i]) * 16 + hex_digit(hex.ptr[i + 1])));
}

static bool command_is(struct slice line, const char *word, struct slice *ret_rest)
{
    size_t len = strlen(word);

    if (line.len < len || memcmp(line.ptr, word, len) != 0)
        return false;
    if (line.len > len && line.ptr[len] != ' ')
        return false;
    *ret_rest = line.len > len ? slice_of(line.ptr + len + 1, line.len - len - 1)
                               : slice_of(line.ptr + len, 0);
    return true;
}

static void lose(struct probe *p, struct slice how)
{
    if (slice_is(how, "rst"))
        eio_client_lose(p->client, LOSS_RST);
    else if (slice_is(how, "fin"))
        eio_client_lose(p->client, LOSS_FIN);
    else if (slice_is(how, "ws"))
        eio_client_lose(p->client, LOSS_WS_CLOSE);
    else
        eio_client_lose(p->client, LOSS_EIO_CLOSE);
}

static void send_binary(struct probe *p, struct slice rest, struct buf *bytes)
{
    const char *space = memchr(rest.ptr, ' ', rest.len);
    struct slice text = slice_of(space + 1, rest.len - (size_t)(space + 1 - rest.ptr));
    struct slice attachment;

    unhex(slice_of(rest.ptr, (size_t)(space - rest.ptr)), bytes);
    attachment = buf_slice(bytes);
    eio_client_send(p->client, &text, 1, &attachment, 1);
}

static void command(struct probe *p, struct slice line)
{
    struct slice rest;
    struct buf bytes;

    buf_init(&bytes, SIZE_MAX);
    if (command_is(line, "quit", &rest)) {
        net_loop_stop(p->loop);
    } else if (!p->client) {
        /* freed: nothing left to command */
    } else if (command_is(line, "send", &rest)) {
        eio_client_send(p->client, &rest, 1, NULL, 0);
    } else if (command_is(line, "sendb", &rest)) {
        send_binary(p, rest, &bytes);
    } else if (command_is(line, "raw", &rest)) {
        eio_client_send_raw(p->client, rest, false);
    } else if (command_is(line, "rawb", &rest)) {
        unhex(rest, &bytes);
        eio_client_send_raw(p->client, buf_slice(&bytes), true);
    } else if (command_is(line, "bytes", &rest)) {
        unhex(rest, &bytes);
        if (!eio_client_send_bytes(p->client, buf_slice(&bytes))) {
            begin(p, "no bytes");
            end(p);
        }
    } else if (command_is(line, "mute", &rest)) {
        eio_client_mute(p->client, true);
    } else if (command_is(line, "unmute", &rest)) {
        eio_client_mute(p->client, false);
    } else if (command_is(line, "lose", &rest)) {
        lose(p, rest);
    } else if (command_is(line, "free", &rest)) {
        eio_client_free(p->client);
        p->client = NULL;
    }
    buf_release(&bytes);
}

static void on_stdin(void *user)
{
    struct probe *p = user;
    char bytes[65536];
    ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));
    char *newline;

    if (n == 0 || (n < 0 && errno != EAGAIN))
        net_loop_stop(p->loop);
    if (n <= 0)
        return;
    buf_append(&p->input, bytes, (size_t)n);
    while (p->input.len && (newline = memchr(p->input.data, '\n', p->input.len))) {
        size_t len = (size_t)(newline - p->input.data);

        command(p, slice_of(p->input.data, len));
        buf_consume(&p->input, len + 1);
    }
}

static enum client_mode mode_of(const char *text)
{
    if (strcmp(text, "polling") == 0)
        return CLIENT_POLLING;
    return strcmp(text, "websocket") == 0 ? CLIENT_WEBSOCKET : CLIENT_UPGRADE;
}

int main(int argc, char **argv)
{
    static const struct client_ops ops = {
        .tap = on_tap,
        .open = on_open,
        .upgraded = on_upgraded,
        .packet = on_packet,
        .ping = on_ping,
        .noop_or_other = on_other,
        .fault = on_fault,
        .closed = on_closed,
    };
    struct probe p = {0};
    const char *err = NULL;
    struct client_config config = {
        .timeout_ms = 5000,
        .max_message_bytes = WIRE_MAX_QUEUE_BYTES,
        .sio = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
    };

    if (argc < 5)
        return EXIT_FAILURE;
    config.to = (struct net_target){.host = argv[1], .port = (uint16_t)atoi(argv[2])};
    config.path = argv[3];
    config.mode = mode_of(argv[4]);
    if (argc > 5)
        config.timeout_ms = (uint32_t)atoi(argv[5]);
    if (argc > 6)
        config.query = argv[6];
    buf_init(&p.input, SIZE_MAX);
    buf_init(&p.line, SIZE_MAX);
    p.loop = net_loop_new(&err);
    if (!p.loop) {
        fprintf(stderr, "client_probe: %s\n", err);
        return EXIT_FAILURE;
    }
    fcntl(STDIN_FILENO, F_SETFL, O_NONBLOCK);
    p.watch = net_watch_new(p.loop, STDIN_FILENO, on_stdin, &p);
    p.client = eio_client_new(p.loop, &config, &ops, &p);
    net_loop_run(p.loop);
    eio_client_free(p.client);
    net_watch_free(p.watch);
    net_loop_free(p.loop);
    buf_release(&p.input);
    buf_release(&p.line);
    return EXIT_SUCCESS;
}
