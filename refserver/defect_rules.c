/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "refserver/router.h"
#include "wire/json_text.h"

/* What defects do to checks, acks and calls. */

const struct smcp_event *defect_event(const struct defects *d, struct slice name)
{
    char copy[64];
    char *underscore;

    if (!defect_on(d, DEFECT_PYTHON_NAMES) || name.len >= sizeof(copy))
        return NULL;
    memcpy(copy, name.ptr, name.len);
    underscore = memchr(copy, '_', name.len);
    if (!underscore)
        return NULL;
    *underscore = ':';
    return smcp_event_find(d->server->config.revision->id, slice_of(copy, name.len));
}

bool defect_allows(const struct request *rq)
{
    const struct defects *d = &rq->srv->defects;
    enum smcp_role role = rq->from->role;

    switch (rq->event->kind) {
    case KIND_CALL:
        return role == ROLE_COMPUTER && defect_on(d, DEFECT_COMPUTER_CALLS);
    case KIND_CANCEL:
        return role == ROLE_COMPUTER && defect_on(d, DEFECT_CANCEL_BY_COMPUTER);
    case KIND_UPDATE:
        return role == ROLE_AGENT && defect_on(d, DEFECT_UPDATE_BY_AGENT);
    case KIND_JOIN:
    case KIND_LEAVE:
    case KIND_LIST:
    case KIND_NOTICE:
    case KIND_COUNT:
        return false;
    }
    return false;
}

/* ---- joining ---- */

static bool forgiven(const struct defects *d, enum smcp_error error)
{
    return (error == SMCP_E_AGENT_SEAT && defect_on(d, DEFECT_SECOND_AGENT)) ||
           (error == SMCP_E_DUPLICATE_NAME && defect_on(d, DEFECT_DUPLICATE_NAME)) ||
           (error == SMCP_E_AGENT_ELSEWHERE && defect_on(d, DEFECT_AGENT_SWITCHES)) ||
           (error == SMCP_E_ROLE_MISMATCH && defect_on(d, DEFECT_ROLE_CHANGE));
}

static bool name_is_taken(const struct defects *d, const struct session *s,
                          const struct join_request *join)
{
    uint32_t index = 0;
    struct session *other;

    while ((other = session_each(&d->server->sessions, &index)) != NULL) {
        if (other != s && other->office && slice_eq(other->name.value, join->name.value))
            return true;
    }
    return false;
}

static void announce_refused(struct defects *d, struct office *office,
                             const struct join_request *join)
{
    if (!office || !defect_on(d, DEFECT_REFUSED_NOTIFIES))
        return;
    buf_clear(&d->text);
    buf_append_str(&d->text, "{\"office_id\":");
    buf_append_slice(&d->text, join->office.json);
    buf_appendf(&d->text, ",\"%s\":", smcp_role_text(join->role));
    buf_append_slice(&d->text, join->name.json);
    buf_append_ch(&d->text, '}');
    for (struct session *m = office->first; m; m = m->next)
        session_notify(m, smcp_event(SMCP_ENTERED), buf_slice(&d->text));
}

enum smcp_error defect_join_check(struct defects *d, struct session *s, struct office *office,
                                  const struct join_request *join, enum smcp_error error)
{
    bool again = office && s->office == office;

    if (forgiven(d, error))
        error = SMCP_OK;
    if (error == SMCP_OK && !again && defect_on(d, DEFECT_GLOBAL_NAMES) &&
        name_is_taken(d, s, join))
        error = SMCP_E_DUPLICATE_NAME;
    if (error == SMCP_OK && !again && office && join->role == ROLE_COMPUTER &&
        office->computers > 0 && defect_on(d, DEFECT_ONE_COMPUTER))
        error = SMCP_E_COMPUTER_SEAT;
    if (error != SMCP_OK)
        announce_refused(d, office, join);
    else if (again && defect_on(d, DEFECT_REJOIN_NOTIFIES))
        office_announce(&d->server->offices, s, SMCP_ENTERED);
    d->switching = error == SMCP_OK && s->office && !again;
    return error;
}

/* ---- leaving ---- */

bool defect_leave(const struct request *rq, struct slice office_id)
{
    struct office_map *map = &rq->srv->offices;
    struct defects *d = &rq->srv->defects;
    struct office *named = office_find(map, office_id);

    if (!rq->from->office)
        return false;
    if (defect_on(d, DEFECT_LEAVE_STAYS)) {
        office_announce(map, rq->from, SMCP_LEFT);
        return true;
    }
    if (!defect_on(d, DEFECT_LEAVE_BY_PAYLOAD) || !named || named == rq->from->office)
        return false;
    buf_clear(&d->ack);
    office_member_encode(named, rq->from, &d->ack);
    office_broadcast(map, named, rq->from, smcp_event(SMCP_LEFT), buf_slice(&d->ack));
    return true;
}

void defect_leaving(struct defects *d, struct session *s)
{
    if (!defect_on(d, DEFECT_LEAK_TO_PREVIOUS))
        return;
    label_release(&s->left);
    s->left = label_copy(&s->office->id);
}

bool defect_keeps(struct defects *d, struct session *s, enum endpoint_end why)
{
    struct slice nobody = slice_str("{\"office_id\":\"\",\"agent\":\"\"}");

    if (s->role == ROLE_NONE && defect_on(d, DEFECT_UNJOINED_NOTICE))
        defect_leak(d, NULL, s, smcp_event(SMCP_LEFT), nobody);
    return s->office && why != END_CLIENT_DISCONNECT && why != END_SERVER_SHUTDOWN &&
           defect_on(d, DEFECT_STALE_AFTER_LOSS);
}

/* ---- acks ---- */

bool defect_unlisted(const struct request *rq, const struct session *s)
{
    return s == rq->from && defect_on(&rq->srv->defects, DEFECT_LIST_WITHOUT_CALLER);
}

static void replace_ack(struct defects *d, struct slice *args, const char *text)
{
    buf_clear(&d->ack);
    buf_append_str(&d->ack, text);
    *args = buf_slice(&d->ack);
}

/* The text up to `mark`, then `tail` in place of as many bytes as `tail` has. */
static void overwrite(struct defects *d, struct slice *args, const char *mark, const char *tail)
{
    size_t len = strlen(mark);
    char *at;

    buf_clear(&d->ack);
    buf_append_slice(&d->ack, *args);
    at = memmem(d->ack.data, d->ack.len, mark, len);
    if (at && at + len + strlen(tail) < d->ack.data + d->ack.len)
        memcpy(at + len, tail, strlen(tail));
    *args = buf_slice(&d->ack);
}

static bool member_ack(struct defects *d, const struct request *rq, struct slice *args)
{
    bool ok = slice_is(*args, "true,null");

    if (ok && rq->event->kind == KIND_JOIN && defect_on(d, DEFECT_JOIN_NO_ACK))
        return false;
    if (ok && defect_on(d, DEFECT_JOIN_ACK_ARRAY))
        replace_ack(d, args, "[true,null]");
    else if (ok && defect_on(d, DEFECT_JOIN_ACK_TRUE))
        replace_ack(d, args, "true");
    else if (!ok && defect_on(d, DEFECT_REFUSAL_NO_TEXT))
        replace_ack(d, args, "false,null");
    else if (!ok && defect_on(d, DEFECT_DUPLICATE_TEXT) &&
             memmem(args->ptr, args->len, "already exists", strlen("already exists")))
        replace_ack(d, args, "false,\"refused\"");
    return true;
}

bool defect_ack(const struct request *rq, uint64_t *id, struct slice *args)
{
    struct defects *d = &rq->srv->defects;

    if (*id == SIO_NO_ID && defect_on(d, DEFECT_UNASKED_ACK))
        *id = 0;
    if (rq->event->ack == ACK_MEMBER)
        return member_ack(d, rq, args);
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_REQ_ID))
        overwrite(d, args, "],\"req_id\":\"", "?");
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_NO_SID))
        overwrite(d, args, "{\"sid\":\"", "????");
    return true;
}

/* ---- calls ---- */

struct session *defect_target(const struct request *rq, struct slice name)
{
    const struct defects *d = &rq->srv->defects;
    uint32_t index = 0;
    struct session *s;

    if (!defect_on(d, DEFECT_CROSS_OFFICE_CALLS) &&
        !(defect_on(d, DEFECT_CROSS_OFFICE_TOOLS) && rq->event->id == SMCP_TOOL_CALL))
        return NULL;
    while ((s = session_each(&rq->srv->sessions, &index)) != NULL) {
        if (s->office && s->role == ROLE_COMPUTER && slice_eq(s->name.value, name))
            return s;
    }
    return NULL;
}

static void relay_copies(const struct request *rq, const struct session *target)
{
    for (struct session *s = target->office ? target->office->first : NULL; s; s = s->next) {
        if (s != target && s->role == ROLE_COMPUTER)
            session_notify(s, rq->event, rq->wire->args);
    }
}

static struct slice without_req_id(struct defects *d, struct slice args)
{
    struct slice part;

    if (!json_member(args, "req_id", &part, NULL))
        return args;
    buf_clear(&d->text);
    buf_append(&d->text, args.ptr, (size_t)(part.ptr - args.ptr));
    buf_append_str(&d->text, "\"lost\"");
    buf_append(&d->text, part.ptr + part.len,
               (size_t)(args.ptr + args.len - (part.ptr + part.len)));
    return buf_slice(&d->text);
}

bool defect_relay(const struct request *rq, struct session *target, uint64_t id)
{
    struct defects *d = &rq->srv->defects;
    struct slice args = rq->wire->args;

    if (rq->event->id == SMCP_GET_CONFIG && defect_on(d, DEFECT_NO_GET_CONFIG)) {
        router_reply(rq, slice_str(""));
        return true;
    }
    if (!target->socket)
        return true;
    if (defect_on(d, DEFECT_RELAY_TO_ALL))
        relay_copies(rq, target);
    if (defect_on(d, DEFECT_LOST_REQ_ID))
        args = without_req_id(d, args);
    if (defect_on(d, DEFECT_RELAY_NO_ACK))
        id = SIO_NO_ID;
    sio_socket_emit(target->socket, rq->event->name_json, args, id, rq->wire->attachments,
                    rq->wire->n_attachments);
    return true;
}

void defect_result(struct defects *d, struct session *from, const struct sio_event *ev,
                   struct call_end *end, struct slice *args)
{
    struct call_end *other = call_other(&d->server->calls, from);

    if (other && defect_on(d, DEFECT_CROSSED_RESULTS)) {
        struct call_end swapped = *other;

        *other = *end;
        *end = swapped;
    }
    if (ev->n_args == 1 && defect_on(d, DEFECT_WRAPPED_RESULT)) {
        buf_clear(&d->ack);
        buf_append_str(&d->ack, "{\"result\":");
        buf_append_slice(&d->ack, *args);
        buf_append_ch(&d->ack, '}');
        *args = buf_slice(&d->ack);
    }
}
