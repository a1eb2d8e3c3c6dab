/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "refserver/router.h"
#include "wire/json_text.h"

/* What defects do to checks, membership and acks. */

const struct smcp_event *defect_event(const struct defects *d, struct slice name)
{
    char copy[64];
    char *underscore;

    if (defect_on(d, DEFECT_FINDER_STAYS) && memmem(name.ptr, name.len, "finder", 6))
        return smcp_event_find(SMCP_REV_0_1, name);
    if (!defect_on(d, DEFECT_PYTHON_NAMES) || name.len >= sizeof(copy))
        return NULL;
    memcpy(copy, name.ptr, name.len);
    underscore = memchr(copy, '_', name.len);
    if (!underscore)
        return NULL;
    *underscore = ':';
    return smcp_event_find(d->server->config.revision->id, slice_of(copy, name.len));
}

/* Of the sender, to every session of the server. */
static void tell_all_of_a_leave(const struct request *rq)
{
    struct defects *d = &rq->srv->defects;

    buf_clear(&d->ack);
    office_member_encode(rq->from->office, rq->from, &d->ack);
    defect_leak(d, NULL, NULL, smcp_event(SMCP_LEFT), buf_slice(&d->ack));
}

bool defect_dispatch(const struct request *rq)
{
    bool is_object = rq->wire->n_args == 1 && json_type_of(rq->wire->args) == JSON_OBJECT;

    if (!rq->event)
        return defect_unknown_event(rq);
    if (!is_object && rq->from->office && defect_on(&rq->srv->defects, DEFECT_BAD_PAYLOAD_TOLD))
        tell_all_of_a_leave(rq);
    if (rq->event->kind == KIND_CANCEL && is_object && defect_cancel_elsewhere(rq))
        return true;
    if (rq->event->kind == KIND_CALL)
        defect_call_read(rq);
    if (is_object || !defect_on(&rq->srv->defects, DEFECT_BAD_PAYLOAD_CLOSES))
        return false;
    sio_socket_disconnect(rq->from->socket);
    return true;
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

static struct slice lowered(struct buf *out, struct slice text)
{
    buf_clear(out);
    for (size_t i = 0; i < text.len; i++)
        buf_append_ch(out, text.ptr[i] >= 'A' && text.ptr[i] <= 'Z' ? (char)(text.ptr[i] + 32)
                                                                    : text.ptr[i]);
    return buf_slice(out);
}

void defect_join_read(const struct request *rq, struct join_request *join, enum smcp_error error)
{
    struct defects *d = &rq->srv->defects;

    if (error != SMCP_OK)
        return;
    if (defect_on(d, DEFECT_OFFICE_CASE))
        join->office.value = lowered(&d->text, join->office.value);
    if (defect_on(d, DEFECT_NAME_CASE))
        join->name.value = lowered(&d->ack, join->name.value);
    if (defect_on(d, DEFECT_NAME_TRIMMED)) {
        while (join->name.value.len > 0 && *join->name.value.ptr == ' ')
            join->name.value = slice_of(join->name.value.ptr + 1, join->name.value.len - 1);
        while (join->name.value.len > 0 && join->name.value.ptr[join->name.value.len - 1] == ' ')
            join->name.value.len--;
    }
}

static bool forgiven(const struct defects *d, enum smcp_error error, bool again)
{
    return (error == SMCP_E_AGENT_SEAT && defect_on(d, DEFECT_SECOND_AGENT)) ||
           (error == SMCP_E_DUPLICATE_NAME && defect_on(d, DEFECT_DUPLICATE_NAME)) ||
           (error == SMCP_E_AGENT_ELSEWHERE && defect_on(d, DEFECT_AGENT_SWITCHES)) ||
           (error == SMCP_E_NAME_MISMATCH && again && defect_on(d, DEFECT_RENAME)) ||
           (error == SMCP_E_ROLE_MISMATCH && defect_on(d, DEFECT_ROLE_CHANGE));
}

/* A member that has the seat or the name, and has joined in this very turn. */
static bool raced(const struct defects *d, const struct office *office,
                  const struct join_request *join, enum smcp_error error)
{
    bool seat = error == SMCP_E_AGENT_SEAT && defect_on(d, DEFECT_SEAT_RACE);
    bool name = error == SMCP_E_DUPLICATE_NAME && defect_on(d, DEFECT_NAME_RACE);

    for (const struct session *s = office ? office->first : NULL; s; s = s->next) {
        if (s->role != join->role || s->marks.joined_turn != d->turn)
            continue;
        if (seat || (name && slice_eq(s->name.value, join->name.value)))
            return true;
    }
    return false;
}

/* Somebody who has left or moved still holds the name or the seat. */
static enum smcp_error still_taken(const struct defects *d, const struct session *s,
                                   const struct join_request *join)
{
    uint32_t index = 0;
    struct session *other;

    if (defect_on(d, DEFECT_REFUSED_BLOCKS) && d->refused.len > 0 &&
        memmem(d->refused.data, d->refused.len, join->office.value.ptr, join->office.value.len))
        return join->role == ROLE_AGENT ? SMCP_E_AGENT_SEAT : SMCP_E_DUPLICATE_NAME;
    while ((other = session_each(&d->server->sessions, &index)) != NULL) {
        bool was_here = other != s && other->role == join->role &&
                        slice_eq(other->left.value, join->office.value) &&
                        !(other->office && slice_eq(other->office->id.value, join->office.value));

        if (was_here && join->role == ROLE_AGENT && defect_on(d, DEFECT_SEAT_STAYS))
            return SMCP_E_AGENT_SEAT;
        if (was_here && join->role == ROLE_COMPUTER && defect_on(d, DEFECT_NAME_STAYS) &&
            slice_eq(other->name.value, join->name.value))
            return SMCP_E_DUPLICATE_NAME;
    }
    return SMCP_OK;
}

static bool other_role_has(const struct defects *d, const struct office *office,
                           const struct join_request *join)
{
    enum smcp_role other = join->role == ROLE_AGENT ? ROLE_COMPUTER : ROLE_AGENT;

    return office && defect_on(d, DEFECT_ONE_NAME_SPACE) &&
           office_member(&d->server->offices, office, other, join->name.value);
}

static void remember(struct session *s, const struct label *office_id)
{
    label_release(&s->left);
    s->left = label_copy(office_id);
}

static void after_refusal(struct defects *d, struct session *s, const struct office *office,
                          enum smcp_error error)
{
    s->marks.refused = true;
    if (!office || s->office == office)
        return;
    if (defect_on(d, DEFECT_REFUSED_BLOCKS))
        buf_append_slice(&d->refused, office->id.value);
    if (error == SMCP_E_DUPLICATE_NAME && s->office && defect_on(d, DEFECT_HALF_SWITCH))
        office_leave(&d->server->offices, s);
    if (defect_on(d, DEFECT_REFUSED_HEARS) || defect_on(d, DEFECT_REFUSED_GONE))
        remember(s, &office->id);
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
    bool enters = defect_on(d, DEFECT_REFUSED_NOTIFIES);

    if (!office || (!enters && !defect_on(d, DEFECT_REFUSED_LEAVES)))
        return;
    buf_clear(&d->text);
    buf_append_str(&d->text, "{\"office_id\":");
    buf_append_slice(&d->text, join->office.json);
    buf_appendf(&d->text, ",\"%s\":", smcp_role_text(join->role));
    buf_append_slice(&d->text, join->name.json);
    buf_append_ch(&d->text, '}');
    for (struct session *m = office->first; m; m = m->next)
        session_notify(m, smcp_event(enters ? SMCP_ENTERED : SMCP_LEFT), buf_slice(&d->text));
}

enum smcp_error defect_join_check(struct defects *d, struct session *s, struct office *office,
                                  const struct join_request *join, enum smcp_error error)
{
    bool again = office && s->office == office;

    if (forgiven(d, error, again) || raced(d, office, join, error))
        error = SMCP_OK;
    if (error == SMCP_OK && !again)
        error = still_taken(d, s, join);
    if (error == SMCP_OK && !again && other_role_has(d, office, join))
        error = SMCP_E_DUPLICATE_NAME;
    if (error == SMCP_OK && !again && defect_on(d, DEFECT_GLOBAL_NAMES) &&
        name_is_taken(d, s, join))
        error = SMCP_E_DUPLICATE_NAME;
    if (error == SMCP_OK && !again && office && join->role == ROLE_COMPUTER &&
        office->computers > 0 && defect_on(d, DEFECT_ONE_COMPUTER))
        error = SMCP_E_COMPUTER_SEAT;
    s->marks.refused = false;
    if (error != SMCP_OK) {
        announce_refused(d, office, join);
        after_refusal(d, s, office, error);
    } else if (again && defect_on(d, DEFECT_REJOIN_NOTIFIES)) {
        office_announce(&d->server->offices, s, SMCP_ENTERED);
    }
    d->switching = error == SMCP_OK && s->office && !again;
    return error;
}

/* ---- leaving ---- */

/* Of `s`, whether it is there or not. */
static void announce_left(struct defects *d, struct office *office, struct session *s)
{
    buf_clear(&d->ack);
    office_member_encode(office, s, &d->ack);
    office_broadcast(&d->server->offices, office, s, smcp_event(SMCP_LEFT), buf_slice(&d->ack));
}

bool defect_leave(const struct request *rq, struct slice office_id)
{
    struct office_map *map = &rq->srv->offices;
    struct defects *d = &rq->srv->defects;
    struct office *named = office_find(map, office_id);

    if (!rq->from->office) {
        named = office_find(map, rq->from->left.value);
        if (!named || !defect_on(d, DEFECT_LEAVE_AGAIN))
            return false;
        announce_left(d, named, rq->from);
        return true;
    }
    if (defect_on(d, DEFECT_LEAVE_STAYS)) {
        office_announce(map, rq->from, SMCP_LEFT);
        return true;
    }
    if (!defect_on(d, DEFECT_LEAVE_BY_PAYLOAD) || !named || named == rq->from->office)
        return false;
    announce_left(d, named, rq->from);
    return true;
}

void defect_leaving(struct defects *d, struct session *s)
{
    static const enum defect_id all[] = {
        DEFECT_LEAK_TO_PREVIOUS, DEFECT_LEAK_AFTER_SWITCH, DEFECT_LEAK_AFTER_LEAVE,
        DEFECT_NAME_STAYS,       DEFECT_SEAT_STAYS,        DEFECT_LEFT_IS_CALLED,
        DEFECT_LEFT_CALLS,       DEFECT_LEAVE_AGAIN,
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        if (defect_on(d, all[i]))
            remember(s, &s->office->id);
    }
}

bool defect_keeps(struct defects *d, struct session *s, enum endpoint_end why)
{
    struct slice nobody = slice_str("{\"office_id\":\"\",\"agent\":\"\"}");

    struct office *refused_by = NULL;

    if (s->role == ROLE_NONE && defect_on(d, DEFECT_UNJOINED_NOTICE))
        defect_leak(d, NULL, s, smcp_event(SMCP_LEFT), nobody);
    if (s->marks.refused && !s->office && defect_on(d, DEFECT_REFUSED_GONE))
        refused_by = office_find(&d->server->offices, s->left.value);
    for (struct session *m = refused_by ? refused_by->first : NULL; m; m = m->next)
        session_notify(m, smcp_event(SMCP_LEFT), nobody);
    if (s->office && why == END_CLIENT_DISCONNECT && defect_on(d, DEFECT_STALE_41))
        return true;
    if (s->office && why != END_SERVER_SHUTDOWN && defect_on(d, DEFECT_GHOSTS)) {
        office_announce(&d->server->offices, s, SMCP_LEFT);
        return true;
    }
    if (s->office && s->role == ROLE_AGENT && why != END_CLIENT_DISCONNECT &&
        why != END_SERVER_SHUTDOWN && defect_on(d, DEFECT_STALE_AGENT))
        return true;
    return s->office && why != END_CLIENT_DISCONNECT && why != END_SERVER_SHUTDOWN &&
           defect_on(d, DEFECT_STALE_AFTER_LOSS);
}

/* ---- acks ---- */

bool defect_unlisted(const struct request *rq, const struct session *s)
{
    const struct defects *d = &rq->srv->defects;
    const struct session *third = s->office->first ? s->office->first->next : NULL;

    third = third ? third->next : NULL;
    for (; defect_on(d, DEFECT_LIST_MOST_TWO) && third; third = third->next) {
        if (third == s)
            return true;
    }
    return (s == rq->from && defect_on(d, DEFECT_LIST_WITHOUT_CALLER)) ||
           (s->role == ROLE_AGENT && defect_on(d, DEFECT_LIST_WITHOUT_AGENT));
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

static bool no_member_ack(const struct defects *d, const struct request *rq, bool ok)
{
    if (rq->event->kind == KIND_LEAVE)
        return ok && defect_on(d, DEFECT_LEAVE_NO_ACK);
    return defect_on(d, ok ? DEFECT_JOIN_NO_ACK : DEFECT_REFUSAL_NO_ACK);
}

static bool member_ack(struct defects *d, const struct request *rq, struct slice *args)
{
    bool ok = slice_is(*args, "true,null");

    if (no_member_ack(d, rq, ok))
        return false;
    if (ok && defect_on(d, DEFECT_JOIN_ACK_ARITY))
        replace_ack(d, args, "true,null,null");
    if (ok && rq->event->kind == KIND_JOIN && rq->from->marks.joins++ > 0 &&
        defect_on(d, DEFECT_DONE_REFUSED))
        replace_ack(d, args, "false,\"no\"");
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

void defect_refusal_ok(struct buf *args)
{
    buf_clear(args);
    buf_append_str(args, "{\"isError\":false,\"content\":[]}");
}

/* The sids of all sessions and a source line, in a refusal of any form. */
static void tell(struct defects *d, struct slice *args)
{
    static const char *const heads[] = {"false,", "{\"code\":"};
    bool is_flat = args->len > 8 && strncmp(args->ptr, heads[1], strlen(heads[1])) == 0;
    uint32_t index = 0;
    struct session *s;

    if (!is_flat && !(args->len > 6 && strncmp(args->ptr, heads[0], strlen(heads[0])) == 0))
        return;
    buf_clear(&d->ack);
    buf_append_str(&d->ack, is_flat ? "{\"code\":404,\"message\":" : heads[0]);
    buf_append_str(&d->ack, "\"already exists: Traceback: /usr/lib/server.py:17 secret");
    while ((s = session_each(&d->server->sessions, &index)) != NULL)
        buf_appendf(&d->ack, " %s", s->sid);
    buf_append_str(&d->ack, is_flat ? "\"}" : "\"");
    *args = buf_slice(&d->ack);
}

bool defect_ack(const struct request *rq, uint64_t *id, struct slice *args)
{
    struct defects *d = &rq->srv->defects;

    if (*id == 0 && defect_on(d, DEFECT_ID_ZERO))
        return false;
    if (*id == SIO_NO_ID && defect_on(d, DEFECT_UNASKED_ACK))
        *id = 0;
    if (*id != SIO_NO_ID && rq->event->kind == KIND_JOIN && defect_on(d, DEFECT_ACK_OTHER_ID))
        ++*id;
    if (defect_on(d, DEFECT_TELLING_REFUSALS))
        tell(d, args);
    if ((rq->event->kind == KIND_UPDATE || rq->event->kind == KIND_CANCEL) &&
        defect_on(d, DEFECT_REPORT_ERRORS))
        replace_ack(d, args, "{\"code\":500,\"message\":\"no\"}");
    if (rq->event->kind == KIND_CANCEL)
        defect_cancel(rq, args);
    if (rq->event->kind == KIND_CALL && !defect_call_refused(d, args))
        return false;
    if (rq->event->kind == KIND_CALL && defect_on(d, DEFECT_REFUSED_CALL_OK)) {
        defect_refusal_ok(&d->ack);
        *args = buf_slice(&d->ack);
    }
    if (rq->event->ack == ACK_MEMBER)
        return member_ack(d, rq, args);
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_REQ_ID))
        overwrite(d, args, "],\"req_id\":\"", "?");
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_NO_ACK))
        return false;
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_ROLE))
        overwrite(d, args, "\"role\":\"", "user");
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_OFFICE))
        overwrite(d, args, "\"office_id\":\"", "?");
    if (rq->event->kind == KIND_LIST && defect_on(d, DEFECT_LIST_NO_SID))
        overwrite(d, args, "{\"sid\":\"", "????");
    return true;
}
