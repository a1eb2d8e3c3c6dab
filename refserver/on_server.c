/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/fields.h"
#include "refserver/router.h"
#include "wire/json_text.h"

/* server:*, where the office is always that of the session: a payload never decides who hears something (NOTIFY-11). */

static struct label string_of(const struct request *rq, const struct field *field, unsigned scratch)
{
    return label_borrow(field->value, &rq->srv->decoded[scratch]);
}

static void log_refused(const struct request *rq, enum smcp_error error)
{
    log_event(rq->srv->log, LOG_INFO, "refused", LOG_STR("sid", rq->from->sid),
              LOG_SLICE("event", rq->event->name), LOG_STR("reason", smcp_error_text(error)));
}

/* ---- join and leave ---- */

enum { JOIN_ROLE, JOIN_NAME, JOIN_OFFICE, JOIN_FIELDS };

static enum smcp_error join_read(const struct request *rq, struct join_request *ret_join)
{
    struct field f[JOIN_FIELDS] = {[JOIN_ROLE] = {.key = "role"},
                                   [JOIN_NAME] = {.key = "name"},
                                   [JOIN_OFFICE] = {.key = "office_id"}};

    if (!fields_read(rq->wire, f, JOIN_FIELDS) || !field_is_string(&f[JOIN_ROLE]) ||
        !field_is_string(&f[JOIN_NAME]) || !field_is_string(&f[JOIN_OFFICE]))
        return SMCP_E_BAD_REQUEST;
    ret_join->role = smcp_role_find(string_of(rq, &f[JOIN_ROLE], 0).value);
    ret_join->name = string_of(rq, &f[JOIN_NAME], 1);
    ret_join->office = string_of(rq, &f[JOIN_OFFICE], 2);
    return ret_join->role == ROLE_NONE ? SMCP_E_BAD_REQUEST : SMCP_OK;
}

static void answer_member(const struct request *rq, enum smcp_error error)
{
    const struct smcp_revision *r = rq->srv->config.revision;

    if (error != SMCP_OK)
        log_refused(rq, error);
    router_answer(rq, error == SMCP_OK ? r->member_ack : r->member_refusal, error);
}

void on_join(const struct request *rq)
{
    struct join_request join;
    enum smcp_error error = join_read(rq, &join);

    if (defects_any(&rq->srv->defects))
        defect_join_read(rq, &join, error);
    if (error == SMCP_OK)
        error = office_join(&rq->srv->offices, rq->from, &join);
    if (error == SMCP_OK)
        log_event(rq->srv->log, LOG_INFO, "joined", LOG_STR("sid", rq->from->sid),
                  LOG_STR("role", smcp_role_text(rq->from->role)),
                  LOG_RAW("name", rq->from->name.json),
                  LOG_RAW("office", rq->from->office->id.json));
    answer_member(rq, error);
}

void on_leave(const struct request *rq)
{
    struct field office = {.key = "office_id"};
    enum smcp_error error = SMCP_OK;

    if (!fields_read(rq->wire, &office, 1) || !field_is_string(&office))
        error = SMCP_E_BAD_REQUEST;
    else if (defects_any(&rq->srv->defects) && defect_leave(rq, string_of(rq, &office, 0).value))
        error = SMCP_OK;
    else
        office_leave(&rq->srv->offices, rq->from); /* LEAVE-07: whatever the payload names */
    answer_member(rq, error);
}

/* ---- list_room ---- */

enum { LIST_AGENT, LIST_REQ_ID, LIST_OFFICE, LIST_FIELDS };

static enum smcp_error list_check(const struct request *rq, struct field f[LIST_FIELDS],
                                  const struct office **ret_office)
{
    struct label wanted;

    if (!fields_read(rq->wire, f, LIST_FIELDS) || !field_is_string(&f[LIST_AGENT]) ||
        !field_is_string(&f[LIST_REQ_ID]) || !field_is_string(&f[LIST_OFFICE]))
        return SMCP_E_BAD_REQUEST;
    wanted = string_of(rq, &f[LIST_OFFICE], 0);
    *ret_office = rq->from->office;
    if (defect_on(&rq->srv->defects, DEFECT_LIST_ANY))
        *ret_office = office_find(&rq->srv->offices, wanted.value);
    if (!*ret_office)
        return SMCP_E_NOT_IN_ROOM;
    return slice_eq((*ret_office)->id.value, wanted.value) ? SMCP_OK : SMCP_E_OTHER_ROOM;
}

void on_list(const struct request *rq)
{
    struct field f[LIST_FIELDS] = {[LIST_AGENT] = {.key = "agent"},
                                   [LIST_REQ_ID] = {.key = "req_id"},
                                   [LIST_OFFICE] = {.key = "office_id"}};
    const struct office *office = NULL;
    enum smcp_error error = list_check(rq, f, &office);
    struct buf *reply = &rq->srv->reply;
    bool first = true;

    if (error != SMCP_OK) {
        log_refused(rq, error);
        router_answer(rq, rq->srv->config.revision->list_refusal, error);
        return;
    }
    buf_clear(reply);
    buf_append_str(reply, "{\"sessions\":[");
    for (const struct session *s = office->first; s; s = s->next) {
        if (defects_any(&rq->srv->defects) && defect_unlisted(rq, s))
            continue;
        if (!first)
            buf_append_ch(reply, ',');
        first = false;
        session_info_encode(s, reply);
    }
    buf_append_str(reply, "],\"req_id\":");
    buf_append_slice(reply, f[LIST_REQ_ID].value);
    buf_append_ch(reply, '}');
    router_reply(rq, buf_slice(reply));
}

/* ---- broadcasts ---- */

static void answer_forgotten(const struct request *rq)
{
    router_answer(rq, rq->srv->config.revision->forgotten_ack, SMCP_OK);
}

static void broadcast(const struct request *rq, struct slice args)
{
    const struct smcp_event *notice = smcp_event(rq->event->notice);

    if (rq->from->office)
        office_broadcast(&rq->srv->offices, rq->from->office, rq->from, notice, args);
    else if (defects_any(&rq->srv->defects))
        defect_roomless(&rq->srv->defects, rq->from, notice, args);
}

/* The payload of a notice carries no more than the documents say of it; where they say nothing, it is the sender's. */
static bool is_as_sent(const struct request *rq)
{
    return rq->srv->config.revision->update_identity == IDENTITY_AS_SENT;
}

static struct slice identity(const struct request *rq, const struct field *claimed)
{
    return rq->srv->config.revision->update_identity == IDENTITY_PAYLOAD ? claimed->value
                                                                         : rq->from->name.json;
}

void on_update(const struct request *rq)
{
    struct field computer = {.key = "computer"};
    struct buf *notice = &rq->srv->reply;

    /* UPD-06, UPD-07: in every other case nothing happens at all. */
    if (!fields_read(rq->wire, &computer, 1) || !router_allows(rq)) {
        ;
    } else if (is_as_sent(rq)) {
        broadcast(rq, rq->wire->args);
    } else if (field_is_string(&computer)) {
        buf_clear(notice);
        buf_append_str(notice, "{\"computer\":");
        buf_append_slice(notice, identity(rq, &computer));
        buf_append_ch(notice, '}');
        broadcast(rq, buf_slice(notice));
    }
    answer_forgotten(rq);
}

enum { CANCEL_AGENT, CANCEL_REQ_ID, CANCEL_FIELDS };

/* CANCEL-05: the cancel must come from that very Agent. */
static bool cancel_matches(const struct request *rq, const struct field *agent)
{
    if (rq->srv->config.revision->cancel == CANCEL_ANY)
        return true;
    return slice_eq(string_of(rq, agent, 0).value, rq->from->name.value) ||
           defect_on(&rq->srv->defects, DEFECT_CANCEL_FOREIGN) ||
           defect_on(&rq->srv->defects, DEFECT_CANCEL_BY_COMPUTER);
}

void on_cancel(const struct request *rq)
{
    struct field f[CANCEL_FIELDS] = {
        [CANCEL_AGENT] = {.key = "agent"}, [CANCEL_REQ_ID] = {.key = "req_id"}};
    struct buf *notice = &rq->srv->reply;

    if (!fields_read(rq->wire, f, CANCEL_FIELDS) || !field_is_string(&f[CANCEL_REQ_ID]) ||
        !router_allows(rq)) {
        ;
    } else if (is_as_sent(rq)) {
        broadcast(rq, rq->wire->args);
    } else if (field_is_string(&f[CANCEL_AGENT]) && cancel_matches(rq, &f[CANCEL_AGENT])) {
        buf_clear(notice);
        buf_append_str(notice, "{\"agent\":");
        buf_append_slice(notice, identity(rq, &f[CANCEL_AGENT]));
        buf_append_str(notice, ",\"req_id\":");
        buf_append_slice(notice, f[CANCEL_REQ_ID].value);
        buf_append_ch(notice, '}');
        broadcast(rq, buf_slice(notice));
    }
    answer_forgotten(rq);
}

/* NOTIFY-09: notices come from the server only. */
void on_notice(const struct request *rq)
{
    if (defect_on(&rq->srv->defects, DEFECT_RELAY_NOTIFY) && rq->from->office)
        office_broadcast(&rq->srv->offices, rq->from->office, rq->from, rq->event, rq->wire->args);
}
