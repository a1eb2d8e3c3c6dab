/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "refserver/router.h"
#include "wire/json_text.h"
#include "wire/limits.h"

/* What defects do to calls and their results. */

static bool is_former(const struct defects *d, const struct request *rq, const struct session *s)
{
    const struct session *from = rq->from;

    if (defect_on(d, DEFECT_LEFT_IS_CALLED) && from->office && s->office != from->office &&
        slice_eq(s->left.value, from->office->id.value))
        return true;
    return defect_on(d, DEFECT_LEFT_CALLS) && !from->office && from->left.value.len > 0 &&
           s->office && slice_eq(s->office->id.value, from->left.value);
}

struct session *defect_target(const struct request *rq, struct slice name)
{
    struct defects *d = &rq->srv->defects;
    bool any = defect_on(d, DEFECT_CROSS_OFFICE_CALLS) ||
               (defect_on(d, DEFECT_CROSS_OFFICE_TOOLS) && rq->event->id == SMCP_TOOL_CALL);
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&rq->srv->sessions, &index)) != NULL) {
        if (s->role == ROLE_COMPUTER && slice_eq(s->name.value, name) &&
            ((any && s->office) || is_former(d, rq, s)))
            return s;
    }
    if (defect_on(d, DEFECT_CALLS_TO_NOBODY))
        defect_leak(d, NULL, NULL, rq->event, rq->wire->args);
    return NULL;
}

/* ---- requests ---- */

/* To all Computers of the office but one. */
static void relay_copies(const struct request *rq, const struct office *office,
                         const struct session *but)
{
    for (struct session *s = office ? office->first : NULL; s; s = s->next) {
        if (s != but && s->role == ROLE_COMPUTER)
            session_notify(s, rq->event, rq->wire->args);
    }
}

void defect_call_read(const struct request *rq)
{
    struct slice name;

    if (!defect_on(&rq->srv->defects, DEFECT_BAD_CALL_RELAYED))
        return;
    if (rq->wire->n_args != 1 || !json_member(rq->wire->args, "computer", &name, NULL) ||
        json_type_of(name) != JSON_STRING)
        relay_copies(rq, rq->from->office, NULL);
}

static struct session *first_computer(const struct session *target)
{
    struct session *s = target->office ? target->office->first : NULL;

    while (s && s->role != ROLE_COMPUTER)
        s = s->next;
    return s;
}

/* The event that a defect does not relay. */
static const struct {
    enum smcp_event_id event;
    enum defect_id defect;
} unrelayed[] = {
    {SMCP_GET_CONFIG, DEFECT_NO_GET_CONFIG},   {SMCP_GET_TOOLS, DEFECT_NO_GET_TOOLS},
    {SMCP_GET_DESKTOP, DEFECT_NO_GET_DESKTOP}, {SMCP_GET_RESOURCES, DEFECT_NO_GET_RESOURCES},
    {SMCP_GET_SKILLS, DEFECT_NO_GET_SKILLS},   {SMCP_GET_SKILL, DEFECT_NO_GET_SKILL},
    {SMCP_GET_BLOB, DEFECT_NO_GET_BLOB},       {SMCP_PUT_BLOB, DEFECT_NO_PUT_BLOB},
};

static bool swallowed(const struct request *rq)
{
    for (size_t i = 0; i < ARRAY_LEN(unrelayed); i++) {
        if (unrelayed[i].event == rq->event->id &&
            defect_on(&rq->srv->defects, unrelayed[i].defect))
            return true;
    }
    return false;
}

static struct slice request_args(struct defects *d, struct slice args)
{
    struct slice part;

    if (defect_on(d, DEFECT_LOST_REQ_ID) && json_member(args, "req_id", &part, NULL))
        args = defect_spliced(&d->text, args, part, slice_str("\"lost\""));
    args = defect_payload(d, defect_without(d, args), false);
    if (!defect_on(d, DEFECT_REQUEST_ARITY))
        return args;
    buf_append_str(&d->payload, ",null");
    return buf_slice(&d->payload);
}

/* Binary attachments as altered on the way; `out` holds as many. */
static void attachments(const struct defects *d, const struct slice *in, unsigned n,
                        struct slice *out)
{
    for (unsigned i = 0; i < n; i++) {
        out[i] = defect_on(d, DEFECT_BINARY_REVERSED) ? in[n - 1 - i] : in[i];
        if (defect_on(d, DEFECT_BINARY_CUT) && out[i].len > 0)
            out[i].len--;
    }
}

bool defect_relay(const struct request *rq, struct session *target, uint64_t id)
{
    struct defects *d = &rq->srv->defects;
    const struct smcp_event *event = rq->event;
    struct slice parts[WIRE_MAX_ATTACHMENTS], args;
    unsigned n_parts = rq->wire->n_attachments;
    struct session *first = first_computer(target);

    if (swallowed(rq)) {
        router_reply(rq, slice_str(""));
        return true;
    }
    if (defect_blob_kept(rq))
        return true;
    if (first && first != target && defect_on(d, DEFECT_FIRST_COMPUTER_ONLY)) {
        router_answer(rq, rq->srv->config.revision->call_refusal, SMCP_E_NO_COMPUTER);
        return true;
    }
    if (rq->from->marks.calls++ > 0 && defect_on(d, DEFECT_SECOND_CALL_LOST))
        return true;
    if (!target->socket)
        return true;
    if (defect_on(d, DEFECT_RELAY_TO_ALL))
        relay_copies(rq, target->office, target);
    if (defect_on(d, DEFECT_FORWARD_TWICE))
        session_notify(target, event, rq->wire->args);
    if (first && first->socket && defect_on(d, DEFECT_CALLS_TO_FIRST))
        target = first;
    if (event->id == SMCP_GET_DESKTOP && defect_on(d, DEFECT_EVENT_RENAMED))
        event = smcp_event(SMCP_GET_TOOLS);
    if (defect_on(d, DEFECT_RELAY_NO_ACK))
        id = SIO_NO_ID;
    defect_asks(d, id, event);
    attachments(d, rq->wire->attachments, rq->wire->n_attachments, parts);
    args = defect_as_binary(d, request_args(d, rq->wire->args), parts, &n_parts);
    sio_socket_emit(target->socket, event->name_json, args, id, parts, n_parts);
    return true;
}

uint64_t defect_wait_ms(const struct defects *d, uint64_t seconds, uint64_t usual_ms)
{
    if (defect_on(d, DEFECT_SHORT_WAIT))
        return seconds * 500;
    return usual_ms;
}

/* ---- results ---- */

static void replace(struct defects *d, struct sio_event *answer, const char *before,
                    const char *behind)
{
    buf_clear(&d->ack);
    buf_append_str(&d->ack, before);
    buf_append_slice(&d->ack, answer->args);
    buf_append_str(&d->ack, behind);
    answer->args = buf_slice(&d->ack);
}

void defect_result(struct defects *d, struct session *from, struct sio_event *answer,
                   struct call_end *end)
{
    struct call_end *other = call_other(&d->server->calls, from);
    struct slice part;

    if (other && defect_on(d, DEFECT_CROSSED_RESULTS)) {
        struct call_end swapped = *other;

        *other = *end;
        *end = swapped;
    }
    defect_blob_answered(d, answer);
    answer->args = defect_payload(d, answer->args, true);
    defect_error(d, answer);
    if (answer->n_args == 1 && defect_on(d, DEFECT_WRAPPED_RESULT))
        replace(d, answer, "{\"result\":", "}");
    if (answer->n_args > 0 && defect_on(d, DEFECT_RESULT_ARITY))
        replace(d, answer, "", ",null");
    if (defect_on(d, DEFECT_RESULT_EMPTY))
        answer->args = slice_str("");
    if (answer->n_args == 1 && defect_on(d, DEFECT_CODES_500) &&
        json_type_of(answer->args) == JSON_OBJECT && json_member(answer->args, "code", &part, NULL))
        answer->args = defect_spliced(&d->ack, answer->args, part, slice_str("500"));
    if (end->caller_id != SIO_NO_ID && defect_on(d, DEFECT_ID_32_BITS))
        end->caller_id &= UINT32_MAX;
}

static void answer_all(struct defects *d, const struct session *caller,
                       const struct sio_event *answer, uint64_t id)
{
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&d->server->sessions, &index)) != NULL) {
        if (s != caller && s->role == ROLE_AGENT && s->socket)
            sio_socket_ack(s->socket, id, answer->args, NULL, 0);
    }
}

bool defect_answer(struct defects *d, struct session *from, struct session *caller,
                   const struct sio_event *answer, const struct call_end *end)
{
    struct slice parts[WIRE_MAX_ATTACHMENTS], args;
    unsigned n_parts = answer->n_attachments;
    int times = defect_on(d, DEFECT_ACK_TWICE) ? 2 : 1;

    from->marks.has_answered = true;
    from->marks.answered = caller->ref;
    from->marks.answered_id = end->caller_id;
    if (caller->marks.results++ > 0 && defect_on(d, DEFECT_RESULT_LOST))
        return true;
    if (defect_on(d, DEFECT_RESULT_TO_ALL))
        answer_all(d, caller, answer, end->caller_id);
    attachments(d, answer->attachments, answer->n_attachments, parts);
    args = defect_as_binary(d, answer->args, parts, &n_parts);
    for (int i = 0; i < times; i++)
        sio_socket_ack(caller->socket, end->caller_id, args, parts, n_parts);
    return true;
}

void defect_stray_answer(struct defects *d, const struct session *from,
                         const struct sio_event *answer)
{
    const struct session *caller = session_find(&d->server->sessions, from->marks.answered);

    if (from->marks.has_answered && caller && caller->socket && defect_on(d, DEFECT_SECOND_ANSWER))
        sio_socket_ack(caller->socket, from->marks.answered_id, answer->args, NULL, 0);
}
