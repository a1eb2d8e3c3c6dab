/* SPDX-License-Identifier: Apache-2.0 */

/*
 * The two echo servers that the official Engine.IO 4 and Socket.IO 5 suites test, on one port: /engine.io/ sends every message
 * back, /socket.io/ greets with `auth` and answers `message` and `message-with-ack`.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "endpoint/server.h"
#include "net/loop.h"
#include "wire/json_text.h"
#include "wire/limits.h"

enum { SHUTDOWN_MS = 200, EXIT_USAGE = 2, MAX_BACKLOG_BYTES = 256000000 };

struct echo {
    struct net_loop *loop;
    struct endpoint_host *host;
};

struct options {
    char address[64];
    uint16_t port;
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t connect_timeout_ms;
    uint32_t max_payload;
    size_t max_queue_bytes;
    unsigned transports;
    const char *cors_origin;
};

/* ---- Engine.IO ---- */

static void on_message(void *user, struct eio_conn *c, bool binary, struct slice data)
{
    (void)user;
    eio_conn_send(c, binary, &data, 1);
}

/* ---- Socket.IO ---- */

static void emit(struct sio_socket *s, const char *name_raw, struct slice args,
                 const struct slice *attachments, unsigned n_attachments)
{
    sio_socket_emit(s, slice_str(name_raw), args, SIO_NO_ID, attachments, n_attachments);
}

static void on_connect(void *user, struct sio_socket *s, struct slice nsp, struct slice auth)
{
    (void)user;
    if (!slice_is(nsp, "/") && !slice_is(nsp, "/custom")) {
        sio_socket_refuse(s, slice_str("{\"message\":\"Invalid namespace\"}"));
        return;
    }
    sio_socket_accept(s);
    emit(s, "\"auth\"", auth.len ? auth : slice_str("{}"), NULL, 0);
}

static void on_event(void *user, struct sio_socket *s, const struct sio_event *ev)
{
    (void)user;
    if (!slice_is(sio_socket_nsp(s), "/"))
        return;
    if (json_string_is(ev->name_raw, slice_str("message")))
        emit(s, "\"message-back\"", ev->args, ev->attachments, ev->n_attachments);
    else if (json_string_is(ev->name_raw, slice_str("message-with-ack")) && ev->id != SIO_NO_ID)
        sio_socket_ack(s, ev->id, ev->args, ev->attachments, ev->n_attachments);
}

/* ---- program ---- */

static void on_stopped(void *user)
{
    struct echo *echo = user;

    net_loop_stop(echo->loop);
}

static void on_signal(void *user, int signum)
{
    struct echo *echo = user;

    (void)signum;
    endpoint_host_shutdown(echo->host, SHUTDOWN_MS, on_stopped, echo);
}

static void serve(struct echo *echo, const struct options *o, const char *path, bool engine_io_only)
{
    static const struct endpoint_ops ops = {
        .connect = on_connect,
        .event = on_event,
        .message = on_message,
    };
    const struct endpoint_config config = {
        .path = path,
        .engine_io_only = engine_io_only,
        .ping_interval_ms = o->ping_interval_ms,
        .ping_timeout_ms = o->ping_timeout_ms,
        .connect_timeout_ms = o->connect_timeout_ms,
        .max_payload = o->max_payload,
        .transports = o->transports,
        .cors_origin = o->cors_origin,
        .max_sessions = 10000,
        .max_queue_bytes = o->max_queue_bytes,
        .sio = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
    };

    if (!endpoint_new(echo->host, &config, &ops, echo))
        abort();
}

static int run(const struct options *o)
{
    struct echo echo = {0};
    const struct endpoint_host_config config = {
        .address = o->address,
        .port = o->port,
        .max_connections = 20000,
        .header_timeout_ms = 30000,
        .max_message_bytes = o->max_payload,
        .max_queue_bytes = o->max_queue_bytes,
        .max_backlog_bytes = MAX_BACKLOG_BYTES,
    };
    const char *err = NULL;

    echo.loop = net_loop_new(&err);
    if (echo.loop)
        echo.host = endpoint_host_new(echo.loop, &config, &err);
    if (!echo.host) {
        fprintf(stderr, "smcp-echo: %s:%u: %s\n", o->address, (unsigned)o->port, err);
        net_loop_free(echo.loop);
        return EXIT_FAILURE;
    }
    serve(&echo, o, "/engine.io", true);
    serve(&echo, o, "/socket.io", false);
    net_loop_on_signal(echo.loop, on_signal, &echo);
    printf("{\"event\":\"ready\",\"url\":\"http://%s:%u\",\"pid\":%ld}\n", o->address,
           endpoint_host_port(echo.host), (long)getpid());
    fflush(stdout);
    net_loop_run(echo.loop);
    endpoint_host_free(echo.host);
    net_loop_free(echo.loop);
    return EXIT_SUCCESS;
}

static bool parse_u32(const char *text, uint32_t max, uint32_t *ret_value)
{
    char *end;
    unsigned long value = strtoul(text, &end, 10);

    if (*text < '0' || *text > '9' || *end || value > max)
        return false;
    *ret_value = (uint32_t)value;
    return true;
}

static bool parse_listen(const char *text, struct options *o)
{
    const char *colon = strrchr(text, ':');
    uint32_t port;

    if (!colon || (size_t)(colon - text) >= sizeof(o->address) ||
        !parse_u32(colon + 1, UINT16_MAX, &port))
        return false;
    memcpy(o->address, text, (size_t)(colon - text));
    o->address[colon - text] = '\0';
    o->port = (uint16_t)port;
    return true;
}

static bool parse_transports(const char *text, struct options *o)
{
    bool polling = strcmp(text, "polling") == 0;
    bool websocket = strcmp(text, "websocket") == 0;
    bool both = strcmp(text, "polling,websocket") == 0;

    o->transports =
        (polling || both ? TRANSPORT_POLLING : 0u) | (websocket || both ? TRANSPORT_WEBSOCKET : 0u);
    return o->transports != 0;
}

static bool parse_options(int argc, char **argv, struct options *o)
{
    static const struct option longs[] = {
        {"listen", required_argument, NULL, 'l'},
        {"ping-interval", required_argument, NULL, 'i'},
        {"ping-timeout", required_argument, NULL, 't'},
        {"connect-timeout", required_argument, NULL, 'c'},
        {"max-payload", required_argument, NULL, 'p'},
        {"max-queue", required_argument, NULL, 'q'},
        {"transports", required_argument, NULL, 'T'},
        {"cors", required_argument, NULL, 'C'},
        {NULL, 0, NULL, 0},
    };
    uint32_t queue = WIRE_MAX_QUEUE_BYTES;
    bool good = true;
    int c;

    while (good && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
        switch (c) {
        case 'l':
            good = parse_listen(optarg, o);
            break;
        case 'i':
            good = parse_u32(optarg, INT32_MAX, &o->ping_interval_ms);
            break;
        case 't':
            good = parse_u32(optarg, INT32_MAX, &o->ping_timeout_ms);
            break;
        case 'c':
            good = parse_u32(optarg, INT32_MAX, &o->connect_timeout_ms);
            break;
        case 'p':
            good = parse_u32(optarg, INT32_MAX, &o->max_payload);
            break;
        case 'q':
            good = parse_u32(optarg, INT32_MAX, &queue);
            break;
        case 'T':
            good = parse_transports(optarg, o);
            break;
        case 'C':
            o->cors_origin = optarg;
            break;
        default:
            good = false;
            break;
        }
    }
    o->max_queue_bytes = queue;
    return good && optind == argc;
}

int main(int argc, char **argv)
{
    struct options o = {
        .address = "127.0.0.1",
        .ping_interval_ms = 300,
        .ping_timeout_ms = 200,
        .connect_timeout_ms = 1500,
        .max_payload = WIRE_MAX_PAYLOAD_BYTES,
        .transports = TRANSPORT_POLLING | TRANSPORT_WEBSOCKET,
    };

    if (!parse_options(argc, argv, &o)) {
        fprintf(
            stderr,
            "usage: smcp-echo [--listen ADDRESS:PORT] [--ping-interval MS] [--ping-timeout MS]\n"
            "                 [--connect-timeout MS] [--max-payload BYTES] [--max-queue BYTES]\n"
            "                 [--transports polling,websocket] [--cors ORIGIN]\n");
        return EXIT_USAGE;
    }
    return run(&o);
}
