/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/fields.h"
#include "refserver/router.h"
#include "wire/json_text.h"

/*
 * client:*, relayed from the Agent of an office to one of its Computers, and the answer back.  Both travel as the bytes that came; of the request only
 * `computer` and `timeout` are read.
 */
enum {
    WAIT_MS = 60000,       /* all but tool_call, and a tool_call without a usable timeout */
    WAIT_MARGIN_MS = 5000, /* ROUTE-23: longer than the Agent waits */
    TIMEOUT_MAX_S = 24 * 3600,
};

enum { COMPUTER, TIMEOUT, N_FIELDS };

static uint64_t wait_ms(const struct request *rq, const struct field *timeout)
{
    int64_t seconds;

    if (rq->event->id != SMCP_TOOL_CALL || timeout->count != 1 ||
        json_type_of(timeout->value) != JSON_NUMBER || !json_number_i64(timeout->value, &seconds) ||
        seconds < 0)
        return WAIT_MS;
    if (defects_any(&rq->srv->defects))
        return defect_wait_ms(&rq->srv->defects, (uint64_t)seconds,
                              (uint64_t)seconds * 1000 + WAIT_MARGIN_MS);
    if (seconds > TIMEOUT_MAX_S)
        seconds = TIMEOUT_MAX_S;
    return (uint64_t)seconds * 1000 + WAIT_MARGIN_MS;
}

/* Unknown, foreign and room-less are one answer (ROUTE-05..11): who asks learns nothing about other offices. */
static enum smcp_error find_target(const struct request *rq, const struct field *computer,
                                   struct session **ret_target)
{
    struct label name;

    if (!field_is_string(computer))
        return SMCP_E_BAD_REQUEST;
    if (rq->from->role != ROLE_NONE && !router_allows(rq))
        return SMCP_E_NOT_AN_AGENT;
    name = label_borrow(computer->value, &rq->srv->decoded[0]);
    *ret_target = rq->from->office ? office_member(&rq->srv->offices, rq->from->office,
                                                   ROLE_COMPUTER, name.value)
                                   : NULL;
    if (!*ret_target && defects_any(&rq->srv->defects))
        *ret_target = defect_target(rq, name.value);
    return *ret_target ? SMCP_OK : SMCP_E_NO_COMPUTER;
}

static void start_timer(struct refserver *srv, uint64_t now_ms)
{
    if (srv->calls.count == 1)
        net_timer_start(srv->call_timer, now_ms + CALL_TURN_MS);
}

static enum smcp_error relay(const struct request *rq, struct session *target, uint64_t wait)
{
    struct refserver *srv = rq->srv;
    struct call_end end = {rq->from->ref, rq->wire->id};
    uint64_t now = net_loop_now_ms(srv->loop);
    uint64_t id;

    if (rq->from->asking >= srv->config.limits.calls_per_session)
        return SMCP_E_TOO_MANY_CALLS;
    id = call_open(&srv->calls, &end, target, now + wait);
    if (id == SIO_NO_ID)
        return SMCP_E_TOO_MANY_CALLS;
    rq->from->asking++;
    start_timer(srv, now);
    if (defects_any(&srv->defects) && defect_relay(rq, target, id))
        return SMCP_OK;
    if (target->socket)
        sio_socket_emit(target->socket, rq->event->name_json, rq->wire->args, id,
                        rq->wire->attachments, rq->wire->n_attachments);
    return SMCP_OK;
}

void on_call(const struct request *rq)
{
    struct field fields[N_FIELDS] = {
        [COMPUTER] = {.key = "computer"}, [TIMEOUT] = {.key = "timeout"}};
    struct session *target = NULL;
    enum smcp_error error = SMCP_E_BAD_REQUEST;

    if (fields_read(rq->wire, fields, N_FIELDS))
        error = find_target(rq, &fields[COMPUTER], &target);
    if (error == SMCP_OK)
        error = relay(rq, target, wait_ms(rq, &fields[TIMEOUT]));
    if (error != SMCP_OK)
        router_answer(rq, rq->srv->config.revision->call_refusal, error);
}

/* ---- the way back ---- */

/* The Agent of a call that has ended, if it still lives and has asked for an ack. */
static struct session *caller_of(struct refserver *srv, const struct call_end *end)
{
    struct session *caller = session_find(&srv->sessions, end->caller);

    if (!caller)
        return NULL;
    caller->asking--;
    return caller->socket && end->caller_id != SIO_NO_ID ? caller : NULL;
}

void router_ack(struct refserver *srv, struct session *from, const struct sio_event *ev)
{
    struct call_end end;
    struct session *caller;
    struct sio_event answer = *ev;

    if (!call_take(&srv->calls, from, ev->id, &end)) { /* late, doubled or foreign */
        if (defects_any(&srv->defects))
            defect_stray_answer(&srv->defects, from, ev);
        return;
    }
    if (defects_any(&srv->defects))
        defect_result(&srv->defects, from, &answer, &end);
    caller = caller_of(srv, &end);
    if (!caller && defects_any(&srv->defects))
        defect_nobody_waits(&srv->defects, from);
    if (!caller)
        return; /* DISC-07: the result is dropped */
    if (defects_any(&srv->defects) && defect_answer(&srv->defects, from, caller, &answer, &end))
        return;
    sio_socket_ack(caller->socket, end.caller_id, answer.args, answer.attachments,
                   answer.n_attachments);
}

void router_abandon(struct refserver *srv, struct session *s)
{
    struct call_end end;

    while (call_take_any(&srv->calls, s, &end)) {
        struct session *caller = caller_of(srv, &end);

        if (!caller)
            continue;
        buf_clear(&srv->reply);
        smcp_error_encode(&srv->reply, srv->config.revision, srv->config.revision->call_refusal,
                          SMCP_E_NO_COMPUTER);
        if (defect_on(&srv->defects, DEFECT_REFUSED_CALL_OK))
            defect_refusal_ok(&srv->reply);
        sio_socket_ack(caller->socket, end.caller_id, buf_slice(&srv->reply), NULL, 0);
    }
}

void router_expire(struct refserver *srv, uint64_t now_ms)
{
    struct call_end end;

    while (call_take_expired(&srv->calls, &srv->sessions, now_ms, &end)) {
        if (defects_any(&srv->defects))
            defect_call_expired(&srv->defects, &end);
        (void)caller_of(srv, &end);
    }
    if (srv->calls.count > 0)
        net_timer_start(srv->call_timer, now_ms + CALL_TURN_MS);
}
