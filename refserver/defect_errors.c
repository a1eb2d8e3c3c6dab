/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "refserver/router.h"
#include "wire/base64.h"
#include "wire/json_text.h"
#include "wire/limits.h"

/* What defects do to errors of calls, the server's own and those of a Computer, and to blobs. */

enum { CALLS_MASK = DEFECT_CALLS - 1 };
_Static_assert((DEFECT_CALLS & CALLS_MASK) == 0, "a power of two");

static bool member(struct slice object, const char *key, struct slice *ret_value)
{
    return object.len > 0 && json_type_of(object) == JSON_OBJECT &&
           json_member(object, key, ret_value, NULL);
}

static struct slice written(struct defects *d, const char *before, struct slice text,
                            const char *behind)
{
    buf_clear(&d->ack);
    buf_append_str(&d->ack, before);
    buf_append_slice(&d->ack, text);
    buf_append_str(&d->ack, behind);
    return buf_slice(&d->ack);
}

static struct slice quoted(struct defects *d, struct slice args, struct slice code)
{
    buf_clear(&d->text);
    buf_append_ch(&d->text, '"');
    buf_append_slice(&d->text, code);
    buf_append_ch(&d->text, '"');
    return defect_spliced(&d->ack, args, code, buf_slice(&d->text));
}

/* ---- the server's own ---- */

bool defect_call_refused(struct defects *d, struct slice *args)
{
    struct slice code;

    if (!member(*args, "code", &code))
        return true;
    if (defect_on(d, DEFECT_UNKNOWN_SILENT) && slice_is(code, "404"))
        return false;
    if (defect_on(d, DEFECT_UNKNOWN_400) && slice_is(code, "404"))
        *args = defect_spliced(&d->ack, *args, code, slice_str("400"));
    else if (defect_on(d, DEFECT_NESTED_REFUSALS))
        *args = written(d, "{\"error\":", *args, "}");
    else if (defect_on(d, DEFECT_REFUSAL_CODE_TEXT))
        *args = quoted(d, *args, code);
    else if (defect_on(d, DEFECT_BLOB_CODES))
        *args =
            slice_str("{\"code\":4018,\"message\":\"Blob not accessible\",\"details\":{\"reason\":"
                      "\"forbidden\"}}");
    return true;
}

void defect_call_expired(struct defects *d, const struct call_end *end)
{
    struct session *caller = session_find(&d->server->sessions, end->caller);

    if (caller && caller->socket && end->caller_id != SIO_NO_ID && defect_on(d, DEFECT_EXPIRED_404))
        sio_socket_ack(caller->socket, end->caller_id,
                       slice_str("{\"code\":404,\"message\":\"Computer not found\"}"), NULL, 0);
}

/* ---- those of a Computer ---- */

static struct slice error_altered(struct defects *d, struct slice args, struct slice code)
{
    struct slice message, details;
    int64_t number;

    if (defect_on(d, DEFECT_ERROR_CODE_TEXT))
        return quoted(d, args, code);
    if (defect_on(d, DEFECT_ERROR_NESTED))
        return written(d, "{\"error\":", args, "}");
    if (defect_on(d, DEFECT_ERROR_UNKNOWN_500) && json_number_i64(code, &number) && number > 4900)
        return defect_spliced(&d->ack, args, code, slice_str("500"));
    if (!member(args, "message", &message))
        return args;
    if (!defect_on(d, DEFECT_ERROR_MEMBERS) && !defect_on(d, DEFECT_ERROR_DETAILS))
        return args;
    buf_clear(&d->ack);
    buf_appendf(&d->ack, "{\"code\":%.*s,\"message\":", (int)code.len, code.ptr);
    buf_append_slice(&d->ack, message);
    if (!defect_on(d, DEFECT_ERROR_DETAILS) && member(args, "details", &details)) {
        buf_append_str(&d->ack, ",\"details\":");
        buf_append_slice(&d->ack, details);
    }
    buf_append_ch(&d->ack, '}');
    return buf_slice(&d->ack);
}

/* Results of tools that only look like errors, and marks in them. */
static struct slice result_altered(struct defects *d, struct slice args)
{
    struct slice part;

    if (defect_on(d, DEFECT_RESULT_WITH_CODE) && member(args, "code", &part))
        return written(d, "{\"code\":", part, ",\"message\":\"an error\"}");
    if (defect_on(d, DEFECT_RESULT_META) && member(args, "meta", &part))
        return defect_spliced(&d->ack, args, part, slice_str("null"));
    return args;
}

enum smcp_event_id defect_asked(const struct defects *d, uint64_t id)
{
    return (enum smcp_event_id)d->asked[id & CALLS_MASK];
}

void defect_asks(struct defects *d, uint64_t id, const struct smcp_event *event)
{
    if (id != SIO_NO_ID)
        d->asked[id & CALLS_MASK] = (uint8_t)event->id;
}

void defect_error(struct defects *d, struct sio_event *answer)
{
    enum smcp_event_id event = defect_asked(d, answer->id);
    struct slice code, content;

    if (answer->n_args != 1)
        return;
    if (!member(answer->args, "code", &code) || member(answer->args, "content", &content)) {
        answer->args = result_altered(d, answer->args);
        return;
    }
    answer->args = error_altered(d, answer->args, code);
    if (defect_on(d, DEFECT_ERR_ENVELOPE) && event != SMCP_TOOL_CALL)
        answer->args = written(d, "{\"Err\":", answer->args, "}");
    if (defect_on(d, DEFECT_LEGACY_ERRORS) &&
        (event == SMCP_GET_TOOLS || event == SMCP_GET_DESKTOP))
        answer->args = slice_str("{\"tools\":[],\"desktops\":[]}");
}

/* The office hears of a result that nobody waits for. */
void defect_nobody_waits(struct defects *d, struct session *from)
{
    struct session *s = from->office ? from->office->first : NULL;

    for (; s && defect_on(d, DEFECT_LOST_RESULT_TOLD); s = s->next)
        session_notify(s, smcp_event(SMCP_CALL_CANCELLED),
                       slice_str("{\"agent\":\"\",\"req_id\":\"\"}"));
}

/* ---- cancel ---- */

/* Every call that a Computer of the office has to answer ends now, with that ack or with none. */
static void end_calls(struct defects *d, struct session *s, const char *ack)
{
    struct call_end end;

    while (call_take_any(&d->server->calls, s, &end)) {
        struct session *caller = session_find(&d->server->sessions, end.caller);

        if (!caller)
            continue;
        caller->asking--;
        if (caller->socket && ack && end.caller_id != SIO_NO_ID)
            sio_socket_ack(caller->socket, end.caller_id, slice_str(ack), NULL, 0);
    }
}

bool defect_cancel_elsewhere(const struct request *rq)
{
    struct refserver *srv = rq->srv;
    struct slice agent;
    struct session *s;
    uint32_t index = 0;

    if (!defect_on(&srv->defects, DEFECT_CANCEL_BY_PAYLOAD) ||
        !json_member(rq->wire->args, "agent", &agent, NULL))
        return false;
    while ((s = session_each(&srv->sessions, &index)) != NULL) {
        if (s->role != ROLE_AGENT || !s->office || !json_string_is(agent, s->name.value))
            continue;
        office_broadcast(&srv->offices, s->office, rq->from, smcp_event(SMCP_CALL_CANCELLED),
                         rq->wire->args);
        return true;
    }
    return false;
}

void defect_cancel(const struct request *rq, struct slice *args)
{
    struct defects *d = &rq->srv->defects;
    struct slice req_id;
    bool complete = rq->from->office && rq->from->role == ROLE_AGENT && rq->wire->n_args == 1 &&
                    member(rq->wire->args, "req_id", &req_id);

    if (!complete && defect_on(d, DEFECT_CANCEL_ERROR))
        *args = slice_str("{\"code\":403,\"message\":\"Not allowed\"}");
    if (complete && defect_on(d, DEFECT_CANCEL_RESULT))
        *args = slice_str("{\"cancelled\":true}");
    for (struct session *s = complete ? rq->from->office->first : NULL; s; s = s->next) {
        if (defect_on(d, DEFECT_CANCEL_4004))
            end_calls(d, s, "{\"code\":4004,\"message\":\"Cancelled\"}");
        if (defect_on(d, DEFECT_CANCEL_DROPS))
            end_calls(d, s, NULL);
    }
}

/* ---- events that the revision does not have ---- */

bool defect_unknown_event(const struct request *rq)
{
    const struct sio_event *ev = rq->wire;
    const struct defects *d = &rq->srv->defects;

    if (ev->name_raw.len < 8 || memcmp(ev->name_raw.ptr, "\"client:", 8) != 0)
        return false;
    if (defect_on(d, DEFECT_UNKNOWN_RELAYED) && rq->from->office) {
        for (struct session *s = rq->from->office->first; s; s = s->next) {
            if (s->socket)
                sio_socket_emit(s->socket, ev->name_raw, ev->args, SIO_NO_ID, NULL, 0);
        }
    }
    if (defect_on(d, DEFECT_UNKNOWN_OK) && ev->id != SIO_NO_ID && rq->from->socket)
        sio_socket_ack(rq->from->socket, ev->id, slice_str("{\"ok\":true}"), NULL, 0);
    return false;
}

/* ---- blobs ---- */

static bool is_blob(const struct smcp_event *event)
{
    return event->id == SMCP_GET_BLOB || event->id == SMCP_PUT_BLOB;
}

bool defect_blob_kept(const struct request *rq)
{
    struct defects *d = &rq->srv->defects;
    struct slice handle, offset;

    if (!is_blob(rq->event))
        return false;
    if (rq->from->marks.blobs++ > 0 && defect_on(d, DEFECT_BLOB_ONCE)) {
        router_reply(rq, slice_str(""));
        return true;
    }
    if (defect_on(d, DEFECT_PUT_ACKED) && rq->event->id == SMCP_PUT_BLOB) {
        router_reply(rq,
                     slice_str("{\"upload_id\":\"server\",\"chunk_offset\":0,\"req_id\":\"\"}"));
        return true;
    }
    if (rq->event->id != SMCP_GET_BLOB || d->blob.len == 0 || !defect_on(d, DEFECT_BLOB_KEPT) ||
        !member(rq->wire->args, "blob_handle", &handle) ||
        member(rq->wire->args, "chunk_offset", &offset))
        return false;
    if (!memmem(d->blob.data, d->blob.len, handle.ptr, handle.len))
        return false;
    router_reply(rq, buf_slice(&d->blob));
    return true;
}

void defect_blob_answered(struct defects *d, const struct sio_event *answer)
{
    struct slice blob;

    if (!defect_on(d, DEFECT_BLOB_KEPT) || defect_asked(d, answer->id) != SMCP_GET_BLOB ||
        answer->n_args != 1 || !member(answer->args, "blob", &blob))
        return;
    buf_clear(&d->blob);
    buf_append_slice(&d->blob, answer->args);
}

struct slice defect_as_binary(struct defects *d, struct slice args, struct slice *parts,
                              unsigned *n_parts)
{
    struct slice blob;
    size_t offset;

    if (!defect_on(d, DEFECT_BLOB_BINARY) || *n_parts > 0 || !member(args, "blob", &blob) ||
        json_type_of(blob) != JSON_STRING)
        return args;
    buf_clear(&d->blob);
    if (!base64_decode(&d->blob, slice_of(blob.ptr + 1, blob.len - 2), &offset))
        return args;
    parts[0] = buf_slice(&d->blob);
    *n_parts = 1;
    return defect_spliced(&d->text, args, blob, slice_str("{\"_placeholder\":true,\"num\":0}"));
}

struct slice defect_without(struct defects *d, struct slice args)
{
    struct slice part;

    if (defect_on(d, DEFECT_CURSOR_LOST) && member(args, "cursor", &part))
        return defect_spliced(&d->text, args, part, slice_str("null"));
    if (defect_on(d, DEFECT_BLOB_OFFSET) && member(args, "chunk_offset", &part))
        return defect_spliced(&d->text, args, part, slice_str("0"));
    return args;
}
