/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_ROUTER_H
#define REFSERVER_ROUTER_H

#include "refserver/server.h"

/* An event on its way to its handler. */
struct request {
    struct refserver *srv;
    struct session *from;
    const struct smcp_event *event;
    const struct sio_event *wire;
};

/* One handler per kind of event.  A handler may emit and ack; effects come first, then notices, then the ack. */
typedef void event_fn(const struct request *rq);
event_fn on_call; /* on_client.c */
event_fn on_join; /* on_server.c, like the next ones */
event_fn on_leave;
event_fn on_list;
event_fn on_update;
event_fn on_cancel;
event_fn on_notice;

/* What a session sent.  Events without a row in the revision have no effect and no ack (SIO-16). */
void router_dispatch(struct refserver *srv, struct session *from, const struct sio_event *ev);

/* A Computer answers a call (on_client.c). */
void router_ack(struct refserver *srv, struct session *from, const struct sio_event *ev);
/* The connection of `s` is gone: 404 to those who wait for its answers (DISC-08). */
void router_abandon(struct refserver *srv, struct session *s);
/* Calls whose time is over end in silence (ROUTE-24). */
void router_expire(struct refserver *srv, uint64_t now_ms);

/* May the sender send this (revision table)? */
MUST_USE bool router_allows(const struct request *rq);
/* Ack the request, if an ack was asked for (SIO-07). */
void router_reply(const struct request *rq, struct slice args);
/* Ack with an outcome in the form that the revision demands; FORM_NONE: no ack. */
void router_answer(const struct request *rq, enum smcp_form form, enum smcp_error error);

#endif
