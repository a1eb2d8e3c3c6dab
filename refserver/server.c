/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/server.h"

#include <stdio.h>
#include <stdlib.h>

#include "refserver/control.h"
#include "refserver/router.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

enum {
    BUF_MAX_BYTES = 1 << 26,
    CONTROL_CONNECTIONS = 64,
    CONTROL_BODY_BYTES = 1 << 20,
    HEADER_TIMEOUT_MS = 20000
};

/* ---- the end of a session ---- */

static void session_end(struct refserver *srv, struct session *s)
{
    router_abandon(srv, s);
    office_leave(&srv->offices, s);
    session_free(&srv->sessions, s);
}

static void bury(struct refserver *srv, struct session *s)
{
    if (srv->n_gone == srv->gone_capacity) {
        srv->gone_capacity = srv->gone_capacity ? 2 * srv->gone_capacity : 16;
        srv->gone = xrealloc(srv->gone, srv->gone_capacity * sizeof(struct session *));
    }
    srv->gone[srv->n_gone++] = s;
}

/*
 * Handlers walk over members and emit, and an emit may end the session of a slow reader.  Sessions therefore end only when no handler is on the stack;
 * their own notices may end further ones.
 */
static void enter(struct refserver *srv)
{
    srv->busy++;
}

static void leave(struct refserver *srv)
{
    if (srv->busy > 1) {
        srv->busy--;
        return;
    }
    for (size_t i = 0; i < srv->n_gone; i++)
        session_end(srv, srv->gone[i]);
    srv->n_gone = 0;
    srv->busy--;
}

/* ---- what the endpoint reports ---- */

static bool on_handshake(void *user, const struct http_request *r, struct endpoint_refusal *refusal,
                         struct buf *scratch)
{
    struct refserver *srv = user;

    if (http_gate_check(&srv->gate, r, refusal, scratch))
        return true;
    log_event(srv->log, LOG_INFO, "version refused", LOG_STR("reason", refusal->close_reason),
              LOG_SLICE("peer", http_request_remote(r)));
    return false;
}

static bool kept_header(const void *user, const char *name, struct slice *ret_value)
{
    return eio_conn_header(user, name, ret_value);
}

static bool admitted(struct refserver *srv, struct sio_socket *socket, struct slice auth)
{
    struct auth_request request = {
        .auth = auth, .header = kept_header, .user = sio_socket_conn(socket)};

    bool ok = auth_provider_check(srv->auth, &request);

    return defects_any(&srv->defects) ? defect_admits(&srv->defects, &request, ok) : ok;
}

static void refuse(struct refserver *srv, struct sio_socket *socket, enum log_level level,
                   const char *message)
{
    struct buf *json = &srv->reply;

    log_event(srv->log, level, "connection refused", LOG_STR("reason", message),
              LOG_SLICE("peer", eio_conn_remote(sio_socket_conn(socket))));
    buf_clear(json);
    buf_append_str(json, "{\"message\":");
    buf_append_json_string(json, slice_str(message));
    buf_append_ch(json, '}');
    sio_socket_refuse(socket, buf_slice(json));
}

static void on_connect(void *user, struct sio_socket *socket, struct slice nsp, struct slice auth)
{
    struct refserver *srv = user;
    struct session *s;

    enter(srv);
    if (!slice_is(nsp, "/smcp")) {
        if (defect_on(&srv->defects, DEFECT_ANY_NAMESPACE))
            sio_socket_accept(socket);
        refuse(srv, socket, LOG_INFO,
               "Invalid namespace"); /* SIO-01; a harness does it all the time */
    } else if (!admitted(srv, socket, auth)) {
        if (defect_on(&srv->defects, DEFECT_AUTH_GHOST))
            sio_socket_set_user(socket, session_new(&srv->sessions, socket, log_clock_ms()));
        refuse(srv, socket, LOG_WARNING,
               defects_any(&srv->defects) ? defect_refusal(&srv->defects)
                                          : smcp_error_text(SMCP_E_UNAUTHORIZED)); /* AUTH-02 */
    } else {
        s = session_new(&srv->sessions, socket, log_clock_ms());
        if (srv->config.revision->version_gate)
            s->version = http_gate_version(eio_conn_query(sio_socket_conn(socket)));
        if (defects_any(&srv->defects))
            s->version = defect_version(&srv->defects, s->version);
        sio_socket_set_user(socket, s);
        sio_socket_accept(socket);
        log_event(srv->log, LOG_INFO, "connected", LOG_STR("sid", s->sid),
                  LOG_SLICE("peer", eio_conn_remote(sio_socket_conn(socket))));
    }
    leave(srv);
}

static void on_event(void *user, struct sio_socket *socket, const struct sio_event *ev)
{
    struct refserver *srv = user;
    struct session *s = sio_socket_user(socket);

    enter(srv);
    if (s && s->socket)
        router_dispatch(srv, s, ev);
    leave(srv);
}

static void on_ack(void *user, struct sio_socket *socket, const struct sio_event *ev)
{
    struct refserver *srv = user;
    struct session *s = sio_socket_user(socket);

    enter(srv);
    if (s && s->socket)
        router_ack(srv, s, ev);
    leave(srv);
}

static void on_disconnected(void *user, struct sio_socket *socket, enum endpoint_end why)
{
    struct refserver *srv = user;
    struct session *s = sio_socket_user(socket);

    if (!s)
        return; /* was refused */
    enter(srv);
    log_event(srv->log, LOG_INFO, "disconnected", LOG_STR("sid", s->sid),
              LOG_STR("reason", endpoint_end_text(why)));
    sio_socket_set_user(socket, NULL);
    s->socket = NULL;
    s->marks.ended = why;
    if (!defects_any(&srv->defects) || !defect_keeps(&srv->defects, s, why))
        bury(srv, s);
    leave(srv);
}

static void on_fault(void *user, struct eio_conn *c, const struct wire_fault *fault)
{
    struct refserver *srv = user;
    char at[24];

    snprintf(at, sizeof(at), "%zu", fault->offset);
    log_event(srv->log, LOG_WARNING, "malformed packet", LOG_STR("eio_sid", eio_conn_sid(c)),
              LOG_SLICE("peer", eio_conn_remote(c)), LOG_STR("fault", wire_err_text(fault->code)),
              LOG_RAW("offset", slice_str(at)));
}

static void on_call_timer(void *user)
{
    struct refserver *srv = user;

    router_expire(srv, net_loop_now_ms(srv->loop));
}

/* ---- start and end ---- */

/* HS-28: not before 0.2. */
static bool asks_for_version(const struct refserver_config *c)
{
    return c->revision->version_gate || defect_set_has(&c->defects, DEFECT_GATE_EARLY);
}

static const char *own_version(const struct refserver_config *c)
{
    if (!c->revision->version_gate)
        return "0.1.0";
    return c->version ? c->version : c->revision->spec;
}

static struct endpoint *endpoint_open(struct refserver *srv)
{
    const struct refserver_config *c = &srv->config;
    const char *headers[] = {auth_provider_header(srv->auth), NULL};
    const struct endpoint_ops ops = {
        .gate = asks_for_version(c) ? on_handshake : NULL,
        .connect = on_connect,
        .event = on_event,
        .ack = on_ack,
        .disconnected = on_disconnected,
        .fault = on_fault,
    };
    const struct endpoint_config config = {
        .path = c->path,
        .ping_interval_ms = c->ping_interval_ms,
        .ping_timeout_ms = c->ping_timeout_ms,
        .connect_timeout_ms = c->connect_timeout_ms,
        .max_payload = c->max_payload,
        .transports = c->transports,
        .cors_origin = c->cors_origin,
        .max_sessions = c->limits.sessions,
        .max_queue_bytes = c->limits.queue_bytes,
        .keep_headers = headers,
        .ignore_unconnected =
            true, /* SIO-18, AUTH-03: no effect, and the client may still CONNECT */
        .sabotage = defects_sabotage(&srv->defects),
        .sio = {.max_depth = WIRE_MAX_JSON_DEPTH, .max_attachments = WIRE_MAX_ATTACHMENTS},
    };

    return endpoint_new(srv->host, &config, &ops, srv);
}

static struct endpoint_host *host_open(struct refserver *srv, char **reterr)
{
    const struct refserver_config *c = &srv->config;
    const struct endpoint_host_config config = {
        .address = c->listen_address,
        .port = c->listen_port,
        .max_connections = c->limits.connections,
        .max_connections_per_address = c->limits.connections_per_address,
        .header_timeout_ms = HEADER_TIMEOUT_MS,
        .max_message_bytes = c->max_payload,
        .max_queue_bytes = c->limits.queue_bytes,
        .max_backlog_bytes = c->limits.backlog_bytes,
        .other = defect_gates_all(&c->defects) ? defect_other_path : NULL,
        .user = srv,
        .max_other_body_bytes = CONTROL_BODY_BYTES,
    };
    const char *why = NULL;
    struct endpoint_host *host = endpoint_host_new(srv->loop, &config, &why);

    if (!host)
        *reterr = xasprintf("cannot listen on %s port %u: %s", c->listen_address,
                            (unsigned)c->listen_port, why);
    return host;
}

static struct endpoint_host *control_open(struct refserver *srv, char **reterr)
{
    const struct refserver_config *c = &srv->config;
    const struct endpoint_host_config config = {
        .address = c->control_address,
        .port = c->control_port,
        .max_connections = CONTROL_CONNECTIONS,
        .header_timeout_ms = HEADER_TIMEOUT_MS,
        .max_message_bytes = CONTROL_BODY_BYTES,
        .max_queue_bytes = WIRE_MAX_QUEUE_BYTES,
        .other = control_request,
        .user = srv,
        .max_other_body_bytes = CONTROL_BODY_BYTES,
    };
    const char *why = NULL;
    struct endpoint_host *host = endpoint_host_new(srv->loop, &config, &why);

    if (!host)
        *reterr = xasprintf("cannot open the control port on %s port %u: %s", c->control_address,
                            (unsigned)c->control_port, why);
    return host;
}

bool refserver_init(struct refserver *srv, const struct refserver_config *config,
                    struct net_loop *loop, struct log *log, const struct auth_provider *auth,
                    char **reterr)
{
    *srv = (struct refserver){.config = *config, .loop = loop, .log = log, .auth = auth};
    srv->host = host_open(srv, reterr);
    if (!srv->host)
        return false;
    if (config->control) {
        srv->control = control_open(srv, reterr);
        if (!srv->control) {
            endpoint_host_free(srv->host);
            return false;
        }
    }
    session_table_init(&srv->sessions);
    defects_init(&srv->defects, &config->defects, srv);
    if (asks_for_version(config))
        http_gate_init(&srv->gate, own_version(config), config->gate_websocket, &srv->defects);
    office_map_init(&srv->offices, config->revision, &config->limits, &srv->defects);
    call_table_init(&srv->calls, config->limits.calls);
    srv->call_timer = net_timer_new(loop, on_call_timer, srv);
    buf_init(&srv->reply, BUF_MAX_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(srv->decoded); i++)
        buf_init(&srv->decoded[i], BUF_MAX_BYTES);
    srv->endpoint = endpoint_open(srv);
    return true;
}

/* Members whose connection is gone stay only by a defect. */
static void end_ghosts(struct refserver *srv)
{
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&srv->sessions, &index)) != NULL)
        session_end(srv, s);
}

void refserver_release(struct refserver *srv)
{
    srv->offices.muted = true;
    endpoint_host_free(srv->control);
    endpoint_host_free(srv->host);
    end_ghosts(srv);
    net_timer_free(srv->call_timer);
    call_table_release(&srv->calls);
    office_map_release(&srv->offices);
    http_gate_release(&srv->gate);
    defects_release(&srv->defects);
    session_table_release(&srv->sessions);
    buf_release(&srv->reply);
    for (size_t i = 0; i < ARRAY_LEN(srv->decoded); i++)
        buf_release(&srv->decoded[i]);
    free(srv->gone);
}

void refserver_shutdown(struct refserver *srv, uint32_t max_ms, void (*done)(void *user),
                        void *user)
{
    srv->offices.muted = true;
    endpoint_host_shutdown(srv->host, max_ms, done, user);
}

uint16_t refserver_port(const struct refserver *srv)
{
    return endpoint_host_port(srv->host);
}

uint16_t refserver_control_port(const struct refserver *srv)
{
    return srv->control ? endpoint_host_port(srv->control) : 0;
}
