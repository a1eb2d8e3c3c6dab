/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/steps.h"
#include "net/ws_frame.h"
#include "wire/xmalloc.h"

/* `requests`: one raw HTTP request, also the handshake of a WebSocket, and what comes back. */

enum { MAX_BYTES = 4 << 20 };

static void journal_http(struct step_run *run, bool outgoing, const char *line, struct slice body)
{
    struct tap_frame frame = {outgoing, outgoing ? TAP_HTTP_REQUEST : TAP_HTTP_RESPONSE,
                              slice_str(line), body};

    journal_add(&run->inst->journal, run->peer->index, &frame);
}

/* A JSON body as it is, anything else as a string. */
static void append_body(struct buf *out, struct slice body)
{
    if (body.len > 0 && json_scan(body, JSON_DEPTH_LIMIT, NULL) == WIRE_OK)
        buf_append_slice(out, body);
    else
        buf_append_json_string(out, body);
}

static void append_headers(struct buf *out, const struct http_result *result)
{
    buf_append_ch(out, '{');
    for (unsigned i = 0; i < result->n_headers; i++) {
        if (i > 0)
            buf_append_ch(out, ',');
        buf_append_json_string(out, slice_str(result->headers[i].name));
        buf_append_ch(out, ':');
        buf_append_json_string(out, slice_str(result->headers[i].value));
    }
    buf_append_ch(out, '}');
}

/* The first frame behind a 101: "close" of a close frame, "text" and "body" of any other. */
static void append_frame(struct buf *out, struct slice bytes)
{
    const unsigned char *at = (const unsigned char *)bytes.ptr;
    size_t need = ws_header_need(at, bytes.len);
    struct ws_header header = {.opcode = WS_TEXT};
    struct slice payload = {NULL, 0};
    unsigned code = 0;

    if (bytes.len >= need) {
        ws_header_decode(at, &header);
        payload = slice_of(bytes.ptr + need, bytes.len - need);
        if (payload.len > header.len)
            payload.len = (size_t)header.len;
    }
    if (header.opcode != WS_CLOSE) {
        buf_append_json_string(out, payload);
        buf_append_str(out, ",\"body\":");
        append_body(out, payload);
        return;
    }
    if (payload.len >= 2) {
        code = (unsigned)(unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1];
        payload = slice_of(payload.ptr + 2, payload.len - 2);
    }
    buf_appendf(out, "\"\",\"body\":\"\",\"close\":{\"code\":%u,\"reason\":", code);
    buf_append_json_string(out, payload);
    buf_append_ch(out, '}');
}

static void http_done(void *user, const struct http_result *result)
{
    struct step_run *run = user;
    struct buf *value = &run->http_value;
    char line[32];

    run->http = NULL;
    if (result->error) {
        run->http_error = xstrdup(result->error);
    } else {
        buf_appendf(value, "{\"status\":%d,\"headers\":", result->status);
        append_headers(value, result);
        buf_append_str(value, ",\"text\":");
        if (result->status == 101) {
            append_frame(value, result->body);
        } else {
            buf_append_json_string(value, result->body);
            buf_append_str(value, ",\"body\":");
            append_body(value, result->body);
        }
        buf_append_ch(value, '}');
    }
    snprintf(line, sizeof(line), "%d", result->status);
    journal_http(run, false, result->error ? result->error : line, result->body);
    run->inst->changed(run->inst->user, run->inst);
}

static bool expand_part(struct step_run *run, const struct json_node *node, struct buf *out)
{
    struct template_env env = instance_env(run->inst);
    char *missing = NULL;
    bool ok = node->type == JSON_STRING ? template_expand_text(node, &env, out, &missing)
                                        : template_expand(node, &env, out, &missing);

    if (!ok)
        step_lacks(run, xasprintf("{%s} has no value", missing));
    free(missing);
    return ok;
}

enum { MAX_HEADERS = 32 };

struct http_parts {
    struct buf path, body;
    struct net_header headers[MAX_HEADERS];
    unsigned n_headers;
};

static void http_parts_release(struct http_parts *parts)
{
    for (unsigned i = 0; i < parts->n_headers; i++) {
        free((void *)(uintptr_t)parts->headers[i].name);
        free((void *)(uintptr_t)parts->headers[i].value);
    }
    buf_release(&parts->path);
    buf_release(&parts->body);
}

/* Texts go as they stand; null keeps the version of the run out.  That is only said where Engine.IO listens. */
static bool http_query(struct step_run *run, struct buf *path)
{
    const struct json_node *query = step_attribute(run, "query");
    const char *version = run->inst->target->a2c_version;
    char separator = memchr(path->data, '?', path->len) ? '&' : '?';

    for (const struct json_node *m = query ? query->first : NULL; m; m = m->next) {
        char *name = m->type == JSON_NULL ? NULL : json_node_key(m);

        if (!name)
            continue;
        buf_append_ch(path, separator);
        buf_append_str(path, name);
        buf_append_ch(path, '=');
        free(name);
        separator = '&';
        if (!expand_part(run, m, path))
            return false;
    }
    if (version && !json_get(query, "a2c_version") && !step_attribute(run, "path"))
        buf_appendf(path, "%ca2c_version=%s", separator, version);
    return true;
}

static void add_header(struct http_parts *parts, const char *name, const char *value)
{
    if (parts->n_headers < MAX_HEADERS)
        parts->headers[parts->n_headers++] = (struct net_header){xstrdup(name), xstrdup(value)};
}

/* `websocket`: the same request as the handshake of a WebSocket. */
static void add_upgrade(struct step_run *run, struct http_parts *parts)
{
    const struct json_node *websocket = step_attribute(run, "websocket");
    static const unsigned char nonce[16] = "smcp-harness 4 u"; /* nobody asks for randomness here */
    char key[WS_KEY_CHARS + 1];

    if (!websocket || websocket->type != JSON_TRUE)
        return;
    ws_key_value(nonce, key);
    add_header(parts, "Upgrade", "websocket");
    add_header(parts, "Connection", "Upgrade");
    add_header(parts, "Sec-WebSocket-Version", "13");
    add_header(parts, "Sec-WebSocket-Key", key);
}

static bool http_parts_read(struct step_run *run, struct http_parts *parts)
{
    const struct json_node *path = step_attribute(run, "path");
    const struct json_node *body = step_attribute(run, "body");
    const struct json_node *headers = step_attribute(run, "headers");

    buf_init(&parts->path, 65536);
    buf_init(&parts->body, MAX_BYTES);
    parts->n_headers = 0;
    if (!path)
        buf_appendf(&parts->path, "%s/", run->inst->target->path);
    else if (!expand_part(run, path, &parts->path))
        return false;
    if (!http_query(run, &parts->path) || (body && !expand_part(run, body, &parts->body)))
        return false;
    buf_append_ch(&parts->path, '\0');
    for (const struct json_node *m = headers ? headers->first : NULL;
         m && parts->n_headers < MAX_HEADERS; m = m->next) {
        struct buf value;

        buf_init(&value, 65536);
        if (!expand_part(run, m, &value)) {
            buf_release(&value);
            return false;
        }
        parts->headers[parts->n_headers++] =
            (struct net_header){json_node_key(m), buf_take_str(&value)};
    }
    add_upgrade(run, parts);
    return true;
}

static bool pattern_attribute(struct step_run *run, const char *name, struct matcher **ret)
{
    const struct json_node *node = step_attribute(run, name);

    if (!node)
        return true;
    *ret = step_matcher(run, node);
    return *ret != NULL;
}

static bool patterns_read(struct step_run *run)
{
    if (step_branches(run))
        return run->match != NULL;
    return pattern_attribute(run, "with", &run->match) &&
           pattern_attribute(run, "status", &run->match_status) &&
           pattern_attribute(run, "response_headers", &run->match_more) &&
           pattern_attribute(run, "response_body", &run->match_body);
}

void request_start(struct step_run *run)
{
    char *method = step_text(run, "method");
    struct http_call_config config;
    struct http_parts parts;
    char *line;

    if (!patterns_read(run)) {
        free(method);
        return;
    }
    if (http_parts_read(run, &parts)) {
        config =
            (struct http_call_config){.to = run->inst->target->to,
                                      .method = method ? method : "GET",
                                      .path = parts.path.data,
                                      .headers = parts.headers,
                                      .n_headers = parts.n_headers,
                                      .body = buf_slice(&parts.body),
                                      .has_body = step_attribute(run, "body") != NULL,
                                      .max_body_bytes = MAX_BYTES,
                                      .timeout_ms = (uint32_t)(run->deadline_ms - run->started_ms)};
        line = xasprintf("%s %s", config.method, config.path);
        journal_http(run, true, line, config.body);
        free(line);
        run->http = http_call_start(run->inst->loop, &config, http_done, run);
    }
    http_parts_release(&parts);
    free(method);
}

/* `name` NULL: the answer as a whole. */
static bool part_matches(struct step_run *run, const struct matcher *m, const char *name,
                         struct finding *f)
{
    struct slice part = buf_slice(&run->http_value);
    struct mismatch miss = {0};
    char *what;

    if (!m)
        return true;
    if (name && !json_member(buf_slice(&run->http_value), name, &part, NULL))
        part = slice_of(NULL, 0);
    if (matcher_match(m, part, &miss))
        return true;
    what = xasprintf("HTTP %s", name ? name : "answer");
    f->reason = step_mismatch_text(what, &miss);
    free(what);
    f->actual = shorten(buf_slice(&run->http_value));
    f->soft = true;
    mismatch_release(&miss);
    return false;
}

void request_poll(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    if (run->http_error && run->step->observe) {
        step_observed(run, xstrdup(run->http_error));
    } else if (run->http_error) {
        step_fail_text(run, xasprintf("HTTP request: %s", run->http_error), run->http_error);
    } else if (run->http_value.len > 0 && run->step->observe) {
        step_branch_taken(run, buf_slice(&run->http_value));
        step_observed(run, run->result && run->result->observed
                               ? xstrdup(run->result->observed)
                               : shorten(buf_slice(&run->http_value)));
    } else if (run->http_value.len > 0) {
        if (part_matches(run, run->match, NULL, &f) &&
            part_matches(run, run->match_status, "status", &f) &&
            part_matches(run, run->match_more, "headers", &f) &&
            part_matches(run, run->match_body, "body", &f) &&
            step_capture(run, buf_slice(&run->http_value), &f)) {
            step_branch_taken(run, buf_slice(&run->http_value));
            step_pass(run);
        } else {
            step_fail(run, &f);
        }
    }
}

void request_expire(struct step_run *run)
{
    step_fail_text(
        run,
        xasprintf("no HTTP answer within %u ms", (unsigned)(run->deadline_ms - run->started_ms)),
        "no answer");
}
