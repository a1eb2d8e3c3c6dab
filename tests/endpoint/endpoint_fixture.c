/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/endpoint/endpoint_fixture.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/limits.h"

static const char *const kept[] = {"x-api-key", "X-Other", NULL};

const struct endpoint_config app_config = {
    .path = "/socket.io",
    .ping_interval_ms = 20000,
    .ping_timeout_ms = 10000,
    .max_payload = 100000,
    .transports = TRANSPORT_POLLING | TRANSPORT_WEBSOCKET,
    .max_sessions = 100,
    .max_queue_bytes = 1000000,
    .keep_headers = kept,
    .sio = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
    .ignore_unconnected = true,
};

/* ---- the server's side ---- */

void app_note(struct app *app, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    vsnprintf(text, sizeof(text), fmt, args);
    va_end(args);
    buf_append_str(&app->log, text);
}

static void on_connect(void *user, struct sio_socket *s, struct slice nsp, struct slice auth)
{
    struct app *app = user;

    app->last = s;
    app->conn = sio_socket_conn(s);
    app_note(app, "connect %.*s %.*s;", (int)nsp.len, nsp.ptr, (int)auth.len,
             auth.ptr ? auth.ptr : "");
    if (app->refuse)
        sio_socket_refuse(s, slice_str("{\"message\":\"no\"}"));
    else if (!app->hold)
        sio_socket_accept(s);
}

static void on_event(void *user, struct sio_socket *s, const struct sio_event *ev)
{
    struct app *app = user;

    app_note(app, "event %.*s %.*s;", (int)ev->name_raw.len, ev->name_raw.ptr, (int)ev->args.len,
             ev->args.ptr ? ev->args.ptr : "");
    if (app->on_event)
        app->on_event(app, s, ev);
}

static void on_ack(void *user, struct sio_socket *s, const struct sio_event *ev)
{
    struct app *app = user;

    (void)s;
    app_note(app, "ack %llu %.*s;", (unsigned long long)ev->id, (int)ev->args.len,
             ev->args.ptr ? ev->args.ptr : "");
}

static void on_gone(void *user, struct sio_socket *s, enum endpoint_end why)
{
    struct app *app = user;
    struct slice nsp = sio_socket_nsp(s);

    app_note(app, "gone %.*s: %s;", (int)nsp.len, nsp.ptr, endpoint_end_text(why));
    if (app->last == s)
        app->last = NULL;
    if (app->on_gone)
        app->on_gone(app, s);
}

static void on_fault(void *user, struct eio_conn *c, const struct wire_fault *fault)
{
    (void)c;
    app_note(user, "fault %s;", wire_err_name(fault->code));
}

static void on_other(void *user, struct http_exchange *x, const char *method, const char *path,
                     struct slice query, struct slice body)
{
    struct app *app = user;

    app->other = x;
    app_note(app, "other %s %s %.*s %.*s;", method, path, (int)query.len,
             query.ptr ? query.ptr : "", (int)body.len, body.ptr ? body.ptr : "");
}

static void on_other_done(void *user, struct http_exchange *x, bool lost)
{
    struct app *app = user;

    ck_assert_ptr_eq(app->other, x);
    app->other = NULL;
    app_note(app, "other %s;", lost ? "lost" : "answered");
}

static void guard_due(void *user)
{
    struct app *app = user;

    app->late = true;
}

static void turn_over(void *user)
{
    struct app *app = user;

    net_loop_stop(app->loop);
}

void app_turn(struct app *app)
{
    net_loop_run(app->loop);
}

void app_start_gated(struct app *app, const struct endpoint_config *config,
                     bool (*gate)(void *user, const struct http_request *r,
                                  struct endpoint_refusal *refusal, struct buf *scratch))
{
    const struct endpoint_host_config host = {
        .address = "127.0.0.1",
        .max_connections = 1000,
        .header_timeout_ms = 5000,
        .max_message_bytes = config->max_payload,
        .max_queue_bytes = config->max_queue_bytes,
        .other = on_other,
        .other_done = on_other_done,
        .user = app,
        .max_other_body_bytes = 100,
    };
    const struct endpoint_ops ops = {
        .gate = gate,
        .connect = on_connect,
        .event = on_event,
        .ack = on_ack,
        .disconnected = on_gone,
        .fault = on_fault,
    };
    const char *err = NULL;

    *app = (struct app){0};
    buf_init(&app->log, SIZE_MAX);
    app->loop = net_loop_new(&err);
    ck_assert_msg(app->loop != NULL, "%s", err);
    app->host = endpoint_host_new(app->loop, &host, &err);
    ck_assert_msg(app->host != NULL, "%s", err);
    app->e = endpoint_new(app->host, config, &ops, app);
    app->guard = net_timer_new(app->loop, guard_due, app);
    net_loop_on_turn_end(app->loop, turn_over, app);
}

void app_start(struct app *app, const struct endpoint_config *config)
{
    app_start_gated(app, config, NULL);
}

void app_stopped(void *user)
{
    struct app *app = user;

    app->stopped = true;
}

void app_release(struct app *app)
{
    net_timer_free(app->guard);
    endpoint_host_free(app->host);
    net_loop_free(app->loop);
    buf_release(&app->log);
}

bool log_has(const struct buf *log, const char *text)
{
    return log->len && memmem(log->data, log->len, text, strlen(text));
}

bool log_is(const struct buf *log, const char *text)
{
    return slice_is(buf_slice(log), text);
}

/* ---- clients ---- */

static void peer_open(void *user, const struct eio_open *open)
{
    struct peer *p = user;

    (void)open;
    p->open = true;
}

static void peer_upgraded(void *user)
{
    struct peer *p = user;

    p->upgraded = true;
}

static void peer_packet(void *user, const struct sio_packet *packet,
                        const struct slice *attachments, unsigned n_attachments)
{
    struct peer *p = user;

    (void)attachments;
    buf_appendf(&p->log, "%d", (int)packet->type);
    buf_append_slice(&p->log, packet->nsp);
    if (packet->id != SIO_NO_ID)
        buf_appendf(&p->log, "#%llu", (unsigned long long)packet->id);
    if (packet->type != SIO_CONNECT)
        buf_append_slice(&p->log, packet->payload);
    if (n_attachments)
        buf_appendf(&p->log, "+%u", n_attachments);
    buf_append_ch(&p->log, ';');
}

static void peer_closed(void *user, bool by_peer, int http_status, struct slice body,
                        const char *text)
{
    struct peer *p = user;

    p->closed = true;
    p->by_peer = by_peer;
    p->status = http_status;
    snprintf(p->body, sizeof(p->body), "%.*s", (int)body.len, body.ptr ? body.ptr : "");
    snprintf(p->text, sizeof(p->text), "%s", text);
}

void peer_start_with(struct peer *p, struct app *app, enum client_mode mode,
                     const struct net_header *headers, unsigned n_headers)
{
    static const struct client_ops ops = {
        .open = peer_open,
        .upgraded = peer_upgraded,
        .packet = peer_packet,
        .closed = peer_closed,
    };
    const struct client_config config = {
        .to = {.host = "127.0.0.1", .port = endpoint_host_port(app->host)},
        .path = "/socket.io",
        .query = "who=peer",
        .headers = headers,
        .n_headers = n_headers,
        .mode = mode,
        .timeout_ms = 8000,
        .max_message_bytes = WIRE_MAX_QUEUE_BYTES,
        .sio = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
    };

    *p = (struct peer){.app = app};
    buf_init(&p->log, SIZE_MAX);
    p->client = eio_client_new(app->loop, &config, &ops, p);
}

void peer_start(struct peer *p, struct app *app, enum client_mode mode)
{
    peer_start_with(p, app, mode, NULL, 0);
}

void peer_say(struct peer *p, const char *text)
{
    struct slice part = slice_str(text);

    eio_client_send(p->client, &part, 1, NULL, 0);
}

void peer_release(struct peer *p)
{
    eio_client_free(p->client);
    buf_release(&p->log);
}

/* ---- requests ---- */

static void answered(void *user, const struct http_result *result)
{
    struct asked *a = user;
    size_t at = 0;

    a->done = true;
    a->call = NULL;
    a->status = result->status;
    a->error = result->error;
    snprintf(a->body, sizeof(a->body), "%.*s", (int)result->body.len,
             result->body.ptr ? result->body.ptr : "");
    for (unsigned i = 0; i < result->n_headers && at < sizeof(a->headers); i++)
        at += (size_t)snprintf(a->headers + at, sizeof(a->headers) - at, "%s: %s\n",
                               result->headers[i].name, result->headers[i].value);
}

void ask(struct asked *a, struct app *app, const char *method, const char *path, const char *body)
{
    const struct net_header headers[] = {{"Access-Control-Request-Headers", "x-api-key"}};
    const struct http_call_config config = {
        .to = {.host = "127.0.0.1", .port = endpoint_host_port(app->host)},
        .method = method,
        .path = path,
        .headers = headers,
        .n_headers = 1,
        .body = slice_str(body ? body : ""),
        .has_body = body != NULL,
        .max_body_bytes = 1000000,
        .timeout_ms = 8000,
    };

    *a = (struct asked){0};
    a->call = http_call_start(app->loop, &config, answered, a);
}
