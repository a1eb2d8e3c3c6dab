/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/router.h"

#include <string.h>

#include "wire/json_text.h"

static event_fn *const handlers[] = {
    [KIND_CALL] = on_call,     [KIND_JOIN] = on_join,     [KIND_LEAVE] = on_leave,
    [KIND_LIST] = on_list,     [KIND_UPDATE] = on_update, [KIND_CANCEL] = on_cancel,
    [KIND_NOTICE] = on_notice,
};
_Static_assert(ARRAY_LEN(handlers) == KIND_COUNT, "one handler per kind");

static const struct smcp_event *find(struct refserver *srv, struct slice name_json)
{
    struct label name = label_borrow(name_json, &srv->decoded[0]);
    const struct smcp_event *event = smcp_event_find(srv->config.revision->id, name.value);

    return event ? event : defect_event(&srv->defects, name.value);
}

void router_dispatch(struct refserver *srv, struct session *from, const struct sio_event *ev)
{
    struct request rq = {.srv = srv, .from = from, .wire = ev};

    rq.event = find(srv, ev->name_raw);
    if (defects_any(&srv->defects) && defect_dispatch(&rq))
        return;
    if (rq.event)
        handlers[rq.event->kind](&rq);
    else if (defect_on(&srv->defects, DEFECT_UNKNOWN_KILLS))
        sio_socket_disconnect(from->socket);
}

bool router_allows(const struct request *rq)
{
    return smcp_event_allows(rq->event, rq->from->role) || defect_allows(rq);
}

void router_reply(const struct request *rq, struct slice args)
{
    uint64_t id = rq->wire->id;

    if (defects_any(&rq->srv->defects) && !defect_ack(rq, &id, &args))
        return;
    if (id != SIO_NO_ID && rq->from->socket)
        sio_socket_ack(rq->from->socket, id, args, NULL, 0);
}

void router_answer(const struct request *rq, enum smcp_form form, enum smcp_error error)
{
    struct buf *reply = &rq->srv->reply;

    if (form == FORM_NONE)
        return;
    buf_clear(reply);
    smcp_error_encode(reply, rq->srv->config.revision, form, error);
    router_reply(rq, buf_slice(reply));
}
