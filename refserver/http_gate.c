/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/http_gate.h"

#include <assert.h>
#include <stdlib.h>

#include "refserver/defect.h"
#include "wire/xmalloc.h"

enum { CLOSE_VERSION = 4900, PARAMETER_MAX_BYTES = 4096 };

static const char PARAMETER[] = "a2c_version";
static const char MISSING[] = "Missing a2c_version query parameter";
static const char INVALID[] = "Invalid a2c_version: expected MAJOR.MINOR.PATCH, three integers";
static const char MISMATCH[] = "Protocol version mismatch";

static char *bound(const struct smcp_version *v, bool newest)
{
    /* HS-19: while MAJOR is 0, one MINOR is all there is. */
    bool exact = slice_is(v->major, "0");
    struct slice minor = newest || exact ? v->minor : slice_str("0");

    return xasprintf("%.*s.%.*s.%s", (int)v->major.len, v->major.ptr, (int)minor.len, minor.ptr,
                     newest ? "999" : "0");
}

void http_gate_init(struct http_gate *gate, const char *version, enum gate_websocket websocket,
                    struct defects *defects)
{
    bool ok;

    *gate = (struct http_gate){.version = xstrdup(version), .websocket = websocket};
    ok = smcp_version_parse(slice_str(gate->version), &gate->parts);
    assert(ok);
    (void)ok;
    gate->least = bound(&gate->parts, false);
    gate->most = bound(&gate->parts, true);
    gate->defects = defects;
}

void http_gate_release(struct http_gate *gate)
{
    free(gate->version);
    free(gate->least);
    free(gate->most);
}

/* ---- refusals ---- */

static void put_member(struct buf *out, const char *name, struct slice value)
{
    buf_appendf(out, ",\"%s\":", name);
    buf_append_json_string(out, value);
}

static void put_error(struct buf *out, int code, const char *message)
{
    buf_appendf(out, "{\"code\":%d", code);
    put_member(out, "message", slice_str(message));
}

static void put_versions(const struct http_gate *gate, struct slice client, struct buf *out)
{
    put_member(out, "server_version", slice_str(gate->version));
    put_member(out, "client_version", client);
    put_member(out, "min_supported", slice_str(gate->least));
    put_member(out, "max_supported", slice_str(gate->most));
}

static void fill(const struct http_gate *gate, struct endpoint_refusal *refusal, const char *text,
                 struct slice body)
{
    refusal->http =
        (struct http_response){.status = 400, .content_type = "application/json", .body = body};
    refusal->close_code = gate->websocket == GATE_CLOSES ? CLOSE_VERSION : 0;
    refusal->close_reason = text;
}

/* HS-09, HS-10: nothing to compare, so no version is told and no header is set. */
static void refuse_request(const struct http_gate *gate, struct endpoint_refusal *refusal,
                           const char *text, struct buf *scratch)
{
    buf_clear(scratch);
    put_error(scratch, 400, text);
    buf_append_ch(scratch, '}');
    fill(gate, refusal, text, buf_slice(scratch));
}

/* HS-16, HS-17. */
static void refuse_version(const struct http_gate *gate, struct endpoint_refusal *refusal,
                           struct slice client, struct buf *scratch)
{
    static const struct net_header code = {"X-A2C-Error-Code", "4008"};

    buf_clear(scratch);
    put_error(scratch, 4008, MISMATCH);
    put_versions(gate, client, scratch);
    buf_append_ch(scratch, '}');
    fill(gate, refusal, MISMATCH, buf_slice(scratch));
    refusal->http.headers = &code;
    refusal->http.n_headers = 1;
}

/* ---- the check ---- */

static enum gate_verdict judge(const struct http_gate *gate, const struct buf *value, bool given)
{
    struct smcp_version client;

    if (!given || value->len == 0)
        return GATE_MISSING; /* HS-21: empty is missing */
    if (value->overflow || !smcp_version_parse(buf_slice(value), &client))
        return GATE_INVALID;
    return smcp_version_admits(&gate->parts, &client) ? GATE_ADMITS : GATE_MISMATCH;
}

static void refuse(const struct http_gate *gate, enum gate_verdict verdict, struct slice client,
                   struct endpoint_refusal *refusal, struct buf *scratch)
{
    if (verdict == GATE_MISMATCH)
        refuse_version(gate, refusal, client, scratch);
    else
        refuse_request(gate, refusal, verdict == GATE_MISSING ? MISSING : INVALID, scratch);
}

bool http_gate_check(const struct http_gate *gate, const struct http_request *r,
                     struct endpoint_refusal *refusal, struct buf *scratch)
{
    bool broken = defects_any(gate->defects);
    enum gate_verdict verdict;
    struct buf value;
    bool given;

    buf_init(&value, PARAMETER_MAX_BYTES);
    given = http_query_get(http_request_query(r), PARAMETER, &value);
    verdict = judge(gate, &value, given);
    if (broken)
        verdict = defect_gate_verdict(gate->defects, gate, r, buf_slice(&value), verdict);
    if (verdict != GATE_ADMITS)
        refuse(gate, verdict, buf_slice(&value), refusal, scratch);
    if (verdict != GATE_ADMITS && broken)
        defect_gate_refusal(gate->defects, gate, r, buf_slice(&value), refusal, scratch);
    buf_release(&value);
    return verdict == GATE_ADMITS;
}

char *http_gate_version(struct slice query)
{
    struct buf value;
    char *text = NULL;

    buf_init(&value, PARAMETER_MAX_BYTES);
    if (http_query_get(query, PARAMETER, &value) && !value.overflow && value.len > 0)
        text = xstrndup_slice(buf_slice(&value));
    buf_release(&value);
    return text;
}
