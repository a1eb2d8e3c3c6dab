/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/survey.h"

#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/ws_frame.h"
#include "smcp/version.h"
#include "wire/json_text.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

enum { ANSWER_MAX_BYTES = 1 << 20, ONE_ANSWER_MS = 1500, JSON_DEPTH = 32 };

/* Nobody has it, now or ever: whoever compares versions refuses it. */
static const char NOBODYS_VERSION[] = "999.999.999";

/* Where servers put Engine.IO when nobody says otherwise. */
static const char *const usual_paths[] = {"/socket.io", "/smcp/socket.io", "/api/socket.io",
                                          "/ws/socket.io", ""};

/* One question after the other; each answer decides what is asked next. */
struct surveyor {
    struct survey *result;
    const struct survey_config *config;
    struct net_loop *loop;
    struct net_timer *timer;
    void (*heard)(struct surveyor *v, const struct http_result *answer);
    size_t path_at;
    int revision_at;               /* while versions are tried one after the other */
    struct eio_client *clients[2]; /* without and with the credential */
    unsigned n_clients;
    bool with_key;
    bool
        fenced; /* accepted, and a second question is asked: its answer ends the wait for a DISCONNECT */
    bool done;
};

static void finish(struct surveyor *v)
{
    v->done = true;
    net_loop_stop(v->loop);
}

/* ---- asking ---- */

static void on_http(void *user, const struct http_result *answer)
{
    struct surveyor *v = user;

    if (!v->done)
        v->heard(v, answer);
}

/* `version` NULL: none.  `websocket`: the handshake of one. */
static void ask(struct surveyor *v, const char *version, bool websocket,
                void (*heard)(struct surveyor *v, const struct http_result *answer))
{
    static const struct net_header upgrade[] = {{"Upgrade", "websocket"},
                                                {"Connection", "Upgrade"},
                                                {"Sec-WebSocket-Version", "13"},
                                                {"Sec-WebSocket-Key", "c21jcC1oYXJuZXNzIHN1cg=="}};
    char *path = xasprintf("%s/?EIO=4&transport=%s%s%s", v->result->path,
                           websocket ? "websocket" : "polling", version ? "&a2c_version=" : "",
                           version ? version : "");
    const struct http_call_config config = {
        .to = v->config->target->to,
        .method = "GET",
        .path = path,
        .headers = upgrade,
        .n_headers = websocket ? ARRAY_LEN(upgrade) : 0,
        .max_body_bytes = ANSWER_MAX_BYTES,
        .timeout_ms = ONE_ANSWER_MS,
    };

    v->heard = heard;
    (void)http_call_start(v->loop, &config, on_http, v);
    free(path);
}

static void on_goodbye(void *user, const struct http_result *answer)
{
    (void)user;
    (void)answer;
}

/* Leave no session behind. */
static void say_goodbye(struct surveyor *v)
{
    char *path = xasprintf("%s/?EIO=4&transport=polling&sid=%s%s%s", v->result->path,
                           v->result->open.sid, v->result->admitted ? "&a2c_version=" : "",
                           v->result->admitted ? v->result->admitted : "");
    const struct http_call_config config = {.to = v->config->target->to,
                                            .method = "POST",
                                            .path = path,
                                            .body = slice_str("1"),
                                            .has_body = true,
                                            .max_body_bytes = ANSWER_MAX_BYTES,
                                            .timeout_ms = ONE_ANSWER_MS};

    (void)http_call_start(v->loop, &config, on_goodbye, v);
    free(path);
}

/* ---- reading ---- */

static bool is_open_packet(struct slice body)
{
    return body.len >= 2 && body.ptr[0] == '0' && body.ptr[1] == '{';
}

static bool read_open(struct surveyor *v, const struct http_result *answer)
{
    struct wire_fault fault;

    if (answer->error || answer->status != 200 || !is_open_packet(answer->body))
        return false;
    v->result->opened = eio_open_decode(slice_of(answer->body.ptr + 1, answer->body.len - 1),
                                        &v->result->open, &fault) == WIRE_OK;
    v->result->polling = true;
    v->result->upgrade = v->result->opened && v->result->open.upgrade_websocket;
    return v->result->opened;
}

static char *member(struct slice object, const char *name)
{
    struct slice raw;
    struct buf text;

    if (!json_member(object, name, &raw, NULL) || json_type_of(raw) != JSON_STRING)
        return NULL;
    buf_init(&text, ANSWER_MAX_BYTES);
    json_string_decode(raw, &text);
    return buf_take_str(&text);
}

static bool is_json_object(const struct http_result *answer)
{
    return !answer->error && answer->body.len > 0 &&
           json_scan(answer->body, JSON_DEPTH, NULL) == WIRE_OK &&
           json_type_of(answer->body) == JSON_OBJECT;
}

/* A refusal that speaks of versions: by its header, its code or its text. */
static bool is_about_version(const struct http_result *answer)
{
    static const char parameter[] = "a2c_version";
    struct slice code;

    for (unsigned i = 0; i < answer->n_headers; i++) {
        if (strcmp(answer->headers[i].name, "x-a2c-error-code") == 0)
            return true;
    }
    if (is_json_object(answer) && json_member(answer->body, "code", &code, NULL) &&
        slice_is(code, "4008"))
        return true;
    return answer->body.len > 0 &&
           memmem(answer->body.ptr, answer->body.len, parameter, sizeof(parameter) - 1) != NULL;
}

/* The revision of the same MAJOR.MINOR. */
static const struct smcp_revision *revision_of(const char *version)
{
    struct smcp_version wanted, row;

    if (!version || !smcp_version_parse(slice_str(version), &wanted))
        return NULL;
    for (int i = 0; i < SMCP_REV_COUNT; i++) {
        const struct smcp_revision *r = smcp_revision((enum smcp_revision_id)i);

        if (r->version_gate && smcp_version_parse(slice_str(r->spec), &row) &&
            slice_eq(row.major, wanted.major) && slice_eq(row.minor, wanted.minor))
            return r;
    }
    return NULL;
}

/* ---- CONNECT ---- */

static void connect_smcp(struct surveyor *v);

static void drop_client(struct surveyor *v)
{
    eio_client_lose(v->clients[v->n_clients - 1], LOSS_EIO_CLOSE);
}

static void send_connect(struct surveyor *v, const char *nsp, bool with_auth)
{
    const struct target *t = v->config->target;
    struct buf text;
    struct slice part;

    buf_init(&text, ANSWER_MAX_BYTES);
    buf_appendf(&text, "0%s,", nsp);
    if (with_auth && v->with_key && t->key.given && !t->key.in_header) {
        buf_append_ch(&text, '{');
        buf_append_json_string(&text, slice_str(t->key.name));
        buf_append_ch(&text, ':');
        buf_append_json_string(&text, slice_str(t->key.value));
        buf_append_ch(&text, '}');
    }
    part = buf_slice(&text);
    eio_client_send(v->clients[v->n_clients - 1], &part, 1, NULL, 0);
    buf_release(&text);
}

static void auth_known(struct surveyor *v, bool accepted)
{
    struct survey *s = v->result;

    if (accepted)
        s->auth = v->with_key ? SURVEY_AUTH_ACCEPTED : SURVEY_AUTH_OPEN;
    else
        s->auth = v->with_key ? SURVEY_AUTH_REFUSED : SURVEY_AUTH_WANTED;
    drop_client(v);
}

static void on_open(void *user, const struct eio_open *open)
{
    struct surveyor *v = user;

    (void)open;
    send_connect(v, "/smcp", true);
}

static void keep_answer(struct surveyor *v, struct slice payload)
{
    if (v->with_key || v->result->auth_answer)
        return;
    v->result->auth_answer = xstrndup_slice(payload);
}

/* Accepted counts once a later question was answered without a DISCONNECT before it (AUTH-13). */
static void on_packet(void *user, const struct sio_packet *p, const struct slice *attachments,
                      unsigned n_attachments)
{
    struct surveyor *v = user;
    bool ours = slice_is(p->nsp, "/smcp");

    (void)attachments;
    (void)n_attachments;
    if (v->result->auth != SURVEY_AUTH_UNSEEN && !v->with_key)
        return;
    if (!ours && v->fenced) {
        auth_known(v, true);
    } else if (ours && (p->type == SIO_CONNECT_ERROR || p->type == SIO_DISCONNECT)) {
        keep_answer(v, p->payload);
        auth_known(v, false);
    } else if (ours && p->type == SIO_CONNECT) {
        v->fenced = true;
        send_connect(v, "/smcp-harness-probe", false);
    }
}

static void on_tap(void *user, const struct tap_frame *frame)
{
    (void)user;
    (void)frame;
}

static void on_fault(void *user, const struct wire_fault *fault, struct slice bytes)
{
    (void)user;
    (void)fault;
    (void)bytes;
}

static void on_upgraded(void *user)
{
    (void)user;
}

static void on_closed(void *user, bool by_peer, int http_status, struct slice body,
                      const char *text)
{
    struct surveyor *v = user;

    (void)by_peer;
    (void)http_status;
    (void)body;
    (void)text;
    if (v->done)
        return;
    if (v->result->auth == SURVEY_AUTH_WANTED && v->config->target->key.given) {
        v->with_key = true;
        connect_smcp(v);
        return;
    }
    if (v->result->auth == SURVEY_AUTH_UNSEEN && v->result->opened)
        v->result->auth = SURVEY_AUTH_WANTED; /* thrown out: a refusal too */
    finish(v);
}

static void connect_smcp(struct surveyor *v)
{
    static const struct client_ops ops = {.tap = on_tap,
                                          .open = on_open,
                                          .upgraded = on_upgraded,
                                          .packet = on_packet,
                                          .fault = on_fault,
                                          .closed = on_closed};
    const struct target *t = v->config->target;
    const struct net_header key = {t->key.name, t->key.value};
    bool header = v->with_key && t->key.in_header;
    char *query = v->result->admitted ? xasprintf("a2c_version=%s", v->result->admitted) : NULL;
    const struct client_config config = {
        .to = t->to,
        .path = v->result->path,
        .query = query,
        .headers = &key,
        .n_headers = header ? 1 : 0,
        .mode = v->result->websocket ? CLIENT_WEBSOCKET : CLIENT_POLLING,
        .timeout_ms = ONE_ANSWER_MS,
        .max_message_bytes = ANSWER_MAX_BYTES,
        .sio = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS},
    };

    v->fenced = false;
    v->clients[v->n_clients++] = eio_client_new(v->loop, &config, &ops, v);
    free(query);
}

/* ---- the questions, in order ---- */

static void after_websocket_gate(struct surveyor *v, const struct http_result *answer)
{
    struct survey *s = v->result;
    const unsigned char *at = (const unsigned char *)answer->body.ptr;
    struct ws_header header;

    if (!answer->error && answer->status != 101) {
        s->websocket_gate = SURVEY_WEBSOCKET_DENIED;
        s->websocket_code = answer->status;
    } else if (!answer->error && answer->body.len >= ws_header_need(at, answer->body.len)) {
        ws_header_decode(at, &header);
        s->websocket_gate =
            header.opcode == WS_CLOSE ? SURVEY_WEBSOCKET_CLOSED : SURVEY_WEBSOCKET_UNGATED;
        if (header.opcode == WS_CLOSE && answer->body.len >= 4)
            s->websocket_code = at[2] << 8 | at[3];
    }
    connect_smcp(v);
}

static void after_websocket(struct surveyor *v, const struct http_result *answer)
{
    v->result->websocket = !answer->error && answer->status == 101 && answer->body.len > 2 &&
                           memchr(answer->body.ptr, '{', answer->body.len) != NULL;
    if (v->result->gate == SURVEY_GATE)
        ask(v, NOBODYS_VERSION, true, after_websocket_gate);
    else
        connect_smcp(v);
}

static void go_on(struct surveyor *v)
{
    say_goodbye(v);
    ask(v, v->result->admitted, true, after_websocket);
}

static void try_next_version(struct surveyor *v);

static void after_version(struct surveyor *v, const struct http_result *answer)
{
    if (read_open(v, answer)) {
        if (!v->result->revision)
            v->result->revision = revision_of(v->result->admitted);
        go_on(v);
        return;
    }
    free(v->result->admitted);
    v->result->admitted = NULL;
    try_next_version(v);
}

/* The server did not say which version it wants, or does not admit it: those that we know, one by one. */
static void try_next_version(struct surveyor *v)
{
    while (v->revision_at < SMCP_REV_COUNT) {
        const struct smcp_revision *r = smcp_revision((enum smcp_revision_id)v->revision_at++);

        if (!r->version_gate)
            continue;
        v->result->admitted = xstrdup(r->spec);
        ask(v, r->spec, false, after_version);
        return;
    }
    finish(v); /* nobody is let in that we know of */
}

static void after_nobodys_version(struct surveyor *v, const struct http_result *answer)
{
    struct survey *s = v->result;

    if (read_open(v, answer)) { /* it asks for a version and does not look at it */
        s->admitted = xstrdup(NOBODYS_VERSION);
        go_on(v);
        return;
    }
    if (is_json_object(answer)) {
        s->server_version = member(answer->body, "server_version");
        s->min_supported = member(answer->body, "min_supported");
        s->max_supported = member(answer->body, "max_supported");
    }
    s->revision = revision_of(s->server_version);
    if (!s->server_version) {
        try_next_version(v);
        return;
    }
    s->admitted = xstrdup(s->server_version);
    ask(v, s->admitted, false, after_version);
}

static bool next_path(struct surveyor *v)
{
    if (v->config->path_given || ++v->path_at >= ARRAY_LEN(usual_paths))
        return false;
    free(v->result->path);
    v->result->path = xstrdup(usual_paths[v->path_at]);
    return true;
}

static void after_first(struct surveyor *v, const struct http_result *answer)
{
    struct survey *s = v->result;

    if (answer->error) {
        s->trouble = xstrdup(answer->error);
        finish(v);
    } else if (read_open(v, answer)) {
        s->gate = SURVEY_NO_GATE;
        s->revision = smcp_revision(SMCP_REV_0_1);
        go_on(v);
    } else if (is_about_version(answer)) {
        s->gate = SURVEY_GATE;
        ask(v, NOBODYS_VERSION, false, after_nobodys_version);
    } else if (next_path(v)) {
        ask(v, NULL, false, after_first);
    } else {
        s->trouble =
            xasprintf("no Engine.IO 4 at %s%s: HTTP %d", v->config->target->path,
                      v->config->path_given ? "" : " or any other usual path", answer->status);
        finish(v);
    }
}

/* ---- the whole ---- */

static void on_budget(void *user)
{
    struct surveyor *v = user;

    if (v->result->gate == SURVEY_GATE_UNSEEN && !v->result->trouble)
        v->result->trouble = xstrdup("no answer in time");
    finish(v);
}

bool survey_take(struct survey *survey, const struct survey_config *config, char **reterr)
{
    struct surveyor v = {.result = survey, .config = config};
    const char *why = NULL;
    uint64_t began_ms;

    *survey = (struct survey){.gate = SURVEY_GATE_UNSEEN, .path = xstrdup(config->target->path)};
    v.loop = net_loop_new(&why);
    if (!v.loop) {
        *reterr = xstrdup(why);
        return false;
    }
    began_ms = net_loop_clock_us() / 1000;
    v.timer = net_timer_new(v.loop, on_budget, &v);
    net_timer_start(v.timer, net_loop_now_ms(v.loop) + config->budget_ms);
    ask(&v, NULL, false, after_first);
    net_loop_run(v.loop);
    v.done = true;
    for (unsigned i = 0; i < v.n_clients; i++)
        eio_client_free(v.clients[i]);
    net_timer_free(v.timer);
    net_loop_free(v.loop);
    survey->took_ms = (unsigned)(net_loop_clock_us() / 1000 - began_ms);
    return true;
}

void survey_release(struct survey *survey)
{
    free(survey->trouble);
    free(survey->path);
    free(survey->server_version);
    free(survey->min_supported);
    free(survey->max_supported);
    free(survey->admitted);
    free(survey->auth_answer);
    *survey = (struct survey){0};
}
