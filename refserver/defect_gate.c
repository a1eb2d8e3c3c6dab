/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "refserver/server.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

/* What defects do to the version handshake. */

enum { PATIENCE = 3 };

static bool query_has(const struct http_request *r, const char *name, const char *value)
{
    struct buf text;
    bool ok;

    buf_init(&text, 64);
    ok = http_query_get(http_request_query(r), name, &text) && slice_is(buf_slice(&text), value);
    buf_release(&text);
    return ok;
}

static bool by_websocket(const struct http_request *r)
{
    return query_has(r, "transport", "websocket");
}

/* ---- what the gate says ---- */

static enum gate_verdict judged(const struct http_gate *gate, struct slice text)
{
    struct smcp_version v;

    if (!smcp_version_parse(text, &v))
        return GATE_INVALID;
    return smcp_version_admits(&gate->parts, &v) ? GATE_ADMITS : GATE_MISMATCH;
}

static size_t part_end(struct slice text, unsigned parts)
{
    size_t at = 0;

    while (at < text.len && (text.ptr[at] != '.' || --parts > 0))
        at++;
    return at;
}

/* A parser that takes more than it should. */
static enum gate_verdict loosely(const struct defects *d, const struct http_gate *gate,
                                 struct slice text)
{
    enum gate_verdict verdict = GATE_INVALID;
    size_t two = part_end(text, 2), three = part_end(text, 3);
    char *patched = xasprintf("%.*s.0", (int)two, text.ptr);

    if (defect_on(d, DEFECT_GATE_LOOSE_V) && text.len > 0 && *text.ptr == 'v')
        verdict = judged(gate, slice_of(text.ptr + 1, text.len - 1));
    else if (defect_on(d, DEFECT_GATE_LOOSE_FOUR) && three < text.len)
        verdict = judged(gate, slice_of(text.ptr, three));
    else if (defect_on(d, DEFECT_GATE_LOOSE_TWO) && two == text.len)
        verdict = judged(gate, slice_str(patched));
    else if (defect_on(d, DEFECT_GATE_LOOSE_PATCH) && two < text.len && three == text.len)
        verdict = judged(gate, slice_str(patched));
    else if (defect_on(d, DEFECT_GATE_LOOSE_SUFFIX) && memchr(text.ptr, '-', text.len))
        verdict = judged(
            gate,
            slice_of(text.ptr, (size_t)((const char *)memchr(text.ptr, '-', text.len) - text.ptr)));
    free(patched);
    return verdict;
}

/* Compared as it should not be. */
static bool let_in(const struct defects *d, const struct http_gate *gate, struct slice text)
{
    struct smcp_version v = {0};
    const struct smcp_version *own = &gate->parts;
    size_t same = part_end(slice_str(gate->version), 2);
    int major, minor;

    if (!smcp_version_parse(text, &v))
        return false;
    major = smcp_version_compare(v.major, own->major);
    minor = smcp_version_compare(v.minor, own->minor);
    if (major != 0)
        return defect_on(d, DEFECT_GATE_MAJOR) ||
               (minor == 0 && defect_on(d, DEFECT_GATE_MINOR_ONLY));
    return (minor < 0 && defect_on(d, DEFECT_GATE_OLDER)) ||
           (minor > 0 && defect_on(d, DEFECT_GATE_NEWER)) ||
           (minor > 0 && defect_on(d, DEFECT_GATE_LATER_NEWER)) ||
           (memcmp(text.ptr, gate->version, same) == 0 && defect_on(d, DEFECT_GATE_PREFIX));
}

/* The parameter looked for anywhere in the query. */
static enum gate_verdict searched(const struct http_gate *gate, struct slice query)
{
    const char *at = memmem(query.ptr, query.len, "a2c_version", 11);
    const char *end = query.ptr + query.len;
    const char *from = at ? memchr(at, '=', (size_t)(end - at)) : NULL;
    const char *to = from ? memchr(from, '&', (size_t)(end - from)) : NULL;

    if (!from)
        return GATE_MISSING;
    return judged(gate, slice_of(from + 1, (size_t)((to ? to : end) - from - 1)));
}

static bool is_blind(const struct defects *d, const struct http_request *r)
{
    struct slice path = http_request_path(r);

    return defect_on(d, DEFECT_GATE_NONE) ||
           (by_websocket(r) ? defect_on(d, DEFECT_GATE_POLLING_ONLY)
                            : defect_on(d, DEFECT_GATE_WEBSOCKET_ONLY)) ||
           (defect_on(d, DEFECT_GATE_SLASH_ONLY) && path.ptr[path.len - 1] != '/');
}

static enum gate_verdict refused(struct defects *d, const struct http_gate *gate,
                                 const struct http_request *r, struct slice text,
                                 enum gate_verdict verdict)
{
    if (verdict == GATE_MISSING && defect_on(d, DEFECT_GATE_SEARCH))
        verdict = searched(gate, http_request_query(r));
    if (verdict == GATE_MISSING && defect_on(d, DEFECT_GATE_MISSING_IN))
        return GATE_ADMITS;
    if (verdict == GATE_MISSING && defect_on(d, DEFECT_GATE_MISSING_4008))
        return GATE_MISMATCH;
    if (verdict == GATE_INVALID)
        verdict = loosely(d, gate, text);
    if (verdict == GATE_INVALID && defect_on(d, DEFECT_GATE_INVALID_IN))
        return GATE_ADMITS;
    if (verdict == GATE_INVALID && defect_on(d, DEFECT_GATE_INVALID_4008))
        return GATE_MISMATCH;
    if (verdict == GATE_MISMATCH && let_in(d, gate, text))
        return GATE_ADMITS;
    if (verdict == GATE_MISMATCH && defect_on(d, DEFECT_GATE_GIVES_UP) &&
        ++d->turned_away > PATIENCE)
        return GATE_ADMITS;
    return verdict;
}

enum gate_verdict defect_gate_verdict(struct defects *d, const struct http_gate *gate,
                                      const struct http_request *r, struct slice text,
                                      enum gate_verdict verdict)
{
    struct smcp_version v;

    if (is_blind(d, r))
        return GATE_ADMITS;
    if (verdict != GATE_ADMITS)
        return refused(d, gate, r, text, verdict);
    if (defect_on(d, DEFECT_GATE_PATCH) && !slice_is(text, gate->version))
        return GATE_MISMATCH;
    if (defect_on(d, DEFECT_GATE_LATER_OLDER) && smcp_version_parse(text, &v) &&
        smcp_version_compare(v.minor, gate->parts.minor) != 0)
        return GATE_MISMATCH;
    return verdict;
}

/* ---- how it says so ---- */

static const struct {
    enum defect_id defect;
    const char *member;
} dropped[] = {
    {DEFECT_BODY_NO_CODE, "code"},
    {DEFECT_BODY_NO_MESSAGE, "message"},
    {DEFECT_BODY_NO_SERVER, "server_version"},
    {DEFECT_BODY_NO_CLIENT, "client_version"},
    {DEFECT_BODY_NO_MIN, "min_supported"},
    {DEFECT_BODY_NO_MAX, "max_supported"},
};

/* `"name":value` is replaced by `text`; an empty text takes its comma along. */
static void body_replace(struct buf *body, const char *name, const char *text)
{
    char *all = xstrndup_slice(buf_slice(body));
    char *key = xasprintf("\"%s\":", name);
    char *from = strstr(all, key), *to;
    struct slice value;

    if (from && json_member(slice_str(all), name, &value, NULL)) {
        to = all + (value.ptr - all) + value.len;
        if (!*text && *to == ',')
            to++;
        else if (!*text && from[-1] == ',')
            from--;
        buf_clear(body);
        buf_append_slice(body, slice_of(all, (size_t)(from - all)));
        buf_append_str(body, text);
        buf_append_str(body, to);
    }
    free(key);
    free(all);
}

static void body_rewrite(const struct defects *d, const struct http_gate *gate, struct slice client,
                         struct buf *body)
{
    char *own = xasprintf("\"client_version\":\"%s\"", gate->version);
    char *theirs = xasprintf("\"server_version\":\"%.*s\"", (int)client.len, client.ptr);
    char *all;

    for (size_t i = 0; i < ARRAY_LEN(dropped); i++)
        if (defect_on(d, dropped[i].defect))
            body_replace(body, dropped[i].member, "");
    if (defect_on(d, DEFECT_BODY_CLIENT))
        body_replace(body, "client_version", own);
    if (defect_on(d, DEFECT_BODY_SERVER))
        body_replace(body, "server_version", theirs);
    if (defect_on(d, DEFECT_BODY_RANGE_NUMBERS)) {
        body_replace(body, "min_supported", "\"min_supported\":0");
        body_replace(body, "max_supported", "\"max_supported\":999");
    }
    if (defect_on(d, DEFECT_BODY_NESTED)) {
        all = xstrndup_slice(buf_slice(body));
        buf_clear(body);
        buf_appendf(body, "{\"error\":%s}", all);
        free(all);
    }
    if (defect_on(d, DEFECT_BODY_TEXT)) {
        buf_clear(body);
        buf_append_str(body, "Protocol version mismatch");
    }
    free(own);
    free(theirs);
}

static void head_rewrite(const struct defects *d, bool websocket, struct endpoint_refusal *refusal)
{
    static const struct net_header right = {"X-A2C-Error-Code", "4008"};
    static const struct net_header wrong = {"X-A2C-Error-Code", "400"};
    struct http_response *http = &refusal->http;
    bool mismatch = http->n_headers > 0;

    if (defect_on(d, DEFECT_HEADER_MISSING) ||
        (websocket && defect_on(d, DEFECT_WEBSOCKET_NO_HEADER)))
        http->n_headers = 0;
    if ((!mismatch && defect_on(d, DEFECT_HEADER_ON_400)) ||
        (mismatch && defect_on(d, DEFECT_HEADER_VALUE))) {
        http->headers = mismatch ? &wrong : &right;
        http->n_headers = 1;
    }
    if (defect_on(d, DEFECT_REFUSAL_TEXT_PLAIN))
        http->content_type = "text/plain";
    if (defect_on(d, DEFECT_REFUSAL_STATUS))
        http->status = 403;
    if (defect_on(d, DEFECT_CLOSE_4008))
        refusal->close_code = 4008;
    if (defect_on(d, DEFECT_CLOSE_1008))
        refusal->close_code = 1008;
    if (defect_on(d, DEFECT_OPEN_BEFORE_CLOSE)) {
        refusal->close_code = 4900;
        refusal->before_close = "0{\"sid\":\"soon-gone\",\"upgrades\":[],\"pingInterval\":25000,"
                                "\"pingTimeout\":20000,\"maxPayload\":1000000}";
    }
}

static void end_newest(struct defects *d)
{
    struct session *newest = NULL;
    uint32_t at = 0;

    for (struct session *s; (s = session_each(&d->server->sessions, &at));)
        newest = s->office ? s : newest;
    if (newest)
        sio_socket_disconnect(newest->socket);
}

void defect_gate_refusal(struct defects *d, const struct http_gate *gate,
                         const struct http_request *r, struct slice client,
                         struct endpoint_refusal *refusal, struct buf *body)
{
    bool websocket = by_websocket(r);
    struct slice key;

    body_rewrite(d, gate, client, body);
    if (websocket && defect_on(d, DEFECT_WEBSOCKET_OTHER_BODY))
        body_replace(body, "message", "\"message\":\"Refused\"");
    head_rewrite(d, websocket, refusal);
    if (defect_on(d, DEFECT_GATE_AFTER_AUTH) && http_request_header(r, "x-api-key", &key)) {
        refusal->http.status = 401;
        refusal->http.n_headers = 0;
        buf_clear(body);
        buf_append_str(body, "{\"code\":401,\"message\":\"Unauthorized\"}");
    }
    refusal->http.body = buf_slice(body);
    if (defect_on(d, DEFECT_REFUSAL_DISTURBS))
        end_newest(d);
}

/* ---- beside it ---- */

char *defect_version(struct defects *d, char *version)
{
    char *shown = version;

    if (defect_on(d, DEFECT_LIST_NO_VERSION))
        shown = NULL;
    else if (defect_on(d, DEFECT_LIST_OWN_VERSION))
        shown = d->server->gate.version ? xstrdup(d->server->gate.version) : NULL;
    if (shown != version)
        free(version);
    return shown;
}

bool defect_gates_all(const struct defect_set *set)
{
    return defect_set_has(set, DEFECT_GATE_ALL_PATHS) ||
           defect_set_has(set, DEFECT_GATE_LIKE_PATHS);
}

/* User: the server.  It answers as the gate would, on paths that are not ours. */
void defect_other_path(void *user, struct http_exchange *x, const char *method, const char *path,
                       struct slice query, struct slice body)
{
    const struct refserver *srv = user;
    struct http_response response = {
        .status = 400,
        .content_type = "application/json",
        .body = slice_str("{\"code\":400,\"message\":\"Missing a2c_version query parameter\"}")};
    const char *mount = srv->config.path;

    (void)method;
    (void)query;
    (void)body;
    if (!defect_set_has(&srv->config.defects, DEFECT_GATE_ALL_PATHS) &&
        strncmp(path, mount, strlen(mount)) != 0)
        response = (struct http_response){.status = 404, .body = slice_str("")};
    http_exchange_respond(x, &response);
}
