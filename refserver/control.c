/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/control.h"

#include <stdlib.h>
#include <string.h>

#include "refserver/server.h"
#include "wire/xmalloc.h"

enum { REPLY_MAX_BYTES = 1 << 28 };

typedef void control_fn(const struct refserver *srv, struct buf *out);
static control_fn healthz, offices, sessions;

static const struct {
    const char *path;
    control_fn *answer;
} routes[] = {
    {"/healthz", healthz},
    {"/v1/offices", offices},
    {"/v1/sessions", sessions},
};

/* ---- JSON ---- */

static const char *transport_text(const struct session *s)
{
    if (!s->socket)
        return "";
    return eio_conn_transport(sio_socket_conn(s->socket)) == TRANSPORT_POLLING ? "polling"
                                                                               : "websocket";
}

static void session_append(struct buf *out, const struct session *s)
{
    char since[LOG_TIME_BYTES];

    log_time(s->since_ms, since);
    buf_appendf(out, "{\"sid\":\"%s\",\"name\":", s->sid);
    buf_append_slice(out, s->role == ROLE_NONE ? slice_str("null") : s->name.json);
    if (s->role == ROLE_NONE)
        buf_append_str(out, ",\"role\":null");
    else
        buf_appendf(out, ",\"role\":\"%s\"", smcp_role_text(s->role));
    buf_append_str(out, ",\"office_id\":");
    buf_append_slice(out, s->office ? s->office->id.json : slice_str("null"));
    buf_appendf(out, ",\"transport\":\"%s\",\"since\":\"%s\"}", transport_text(s), since);
}

static void list_append(struct buf *out, const struct session **list, size_t n)
{
    buf_append_ch(out, '[');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            buf_append_ch(out, ',');
        session_append(out, list[i]);
    }
    buf_append_ch(out, ']');
}

/* ---- answers ---- */

static void healthz(const struct refserver *srv, struct buf *out)
{
    buf_appendf(out,
                "{\"status\":\"ok\",\"revision\":\"%s\",\"sessions\":%u,\"offices\":%zu,"
                "\"calls\":%u}",
                srv->config.revision->name, (unsigned)srv->sessions.count,
                srv->offices.offices.count, (unsigned)srv->calls.count);
}

static const struct session *agent_of(const struct session **members, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (members[i]->role == ROLE_AGENT)
            return members[i];
    }
    return NULL;
}

static void office_append(const struct refserver *srv, struct buf *out, const struct office *office)
{
    size_t n = office->members;
    const struct session **list = xcalloc(n, sizeof(struct session *));
    const struct session *agent;

    n = sessions_in_office(&srv->offices, office->id.value, list, n);
    agent = agent_of(list, n);
    buf_append_str(out, "{\"office_id\":");
    buf_append_slice(out, office->id.json);
    buf_append_str(out, ",\"agent\":");
    if (agent)
        session_append(out, agent);
    else
        buf_append_str(out, "null");
    buf_append_str(out, ",\"computers\":");
    n = computers_in_office(&srv->offices, office->id.value, list, n);
    list_append(out, list, n);
    buf_append_ch(out, '}');
    free(list);
}

static void offices(const struct refserver *srv, struct buf *out)
{
    uint32_t index = 0;
    struct session *s;
    bool first = true;

    buf_append_str(out, "{\"offices\":[");
    while ((s = session_each(&srv->sessions, &index)) != NULL) {
        /* Every office has a first member: each is met once. */
        if (!s->office || s->office->first != s)
            continue;
        if (!first)
            buf_append_ch(out, ',');
        first = false;
        office_append(srv, out, s->office);
    }
    buf_append_str(out, "]}");
}

static void sessions(const struct refserver *srv, struct buf *out)
{
    uint32_t index = 0;
    struct session *s;
    bool first = true;

    buf_append_str(out, "{\"sessions\":[");
    while ((s = session_each(&srv->sessions, &index)) != NULL) {
        if (!first)
            buf_append_ch(out, ',');
        first = false;
        session_append(out, s);
    }
    buf_append_str(out, "]}");
}

/* ---- HTTP ---- */

static void respond(struct http_exchange *x, int status, struct slice body)
{
    static const struct net_header allow = {"Allow", "GET"};
    struct http_response response = {
        .status = status, .content_type = "application/json", .body = body};

    if (status == 405) {
        response.headers = &allow;
        response.n_headers = 1;
    }
    http_exchange_respond(x, &response);
}

static control_fn *route_find(const char *path)
{
    for (size_t i = 0; i < ARRAY_LEN(routes); i++) {
        if (strcmp(routes[i].path, path) == 0)
            return routes[i].answer;
    }
    return NULL;
}

void control_request(void *user, struct http_exchange *x, const char *method, const char *path,
                     struct slice query, struct slice body)
{
    control_fn *answer = route_find(path);
    struct buf out;

    (void)query;
    (void)body;
    if (!answer) {
        respond(x, 404, slice_str("{\"code\":404,\"message\":\"No such resource\"}"));
        return;
    }
    if (strcmp(method, "GET") != 0) {
        respond(x, 405, slice_str("{\"code\":405,\"message\":\"Only GET is allowed here\"}"));
        return;
    }
    buf_init(&out, REPLY_MAX_BYTES);
    answer(user, &out);
    respond(x, 200, buf_slice(&out));
    buf_release(&out);
}
