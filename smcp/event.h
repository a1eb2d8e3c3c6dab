/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_EVENT_H
#define SMCP_EVENT_H

#include <stdbool.h>

#include "smcp/revision.h"
#include "wire/buf.h"

/* The events of all revisions, one per row of events.def. */
enum smcp_event_id {
#define XX(symbol, ...) SMCP_##symbol,
#include "smcp/events.def"
#undef XX
    SMCP_EVENT_COUNT,
    SMCP_NONE = SMCP_EVENT_COUNT /* no event */
};

enum smcp_role { ROLE_NONE, ROLE_AGENT, ROLE_COMPUTER };

/* What the server does with an event.  Events of a kind share their rules. */
enum smcp_kind {
    KIND_CALL, /* client:*: relayed to the Computer it names */
    KIND_JOIN,
    KIND_LEAVE,
    KIND_LIST,
    KIND_UPDATE, /* a Computer reports; broadcast */
    KIND_CANCEL, /* an Agent cancels; broadcast */
    KIND_NOTICE, /* notify:*: from the server only (NOTIFY-09) */
    KIND_COUNT
};

enum smcp_sender { FROM_ANY, FROM_AGENT, FROM_COMPUTER, FROM_SERVER };

/* Whether and how an event is acknowledged; the exact form is a column of the revision. */
enum smcp_ack {
    ACK_NEVER,
    ACK_RESULT,    /* what the Computer answers */
    ACK_MEMBER,    /* revision->member_ack, ->member_refusal */
    ACK_SESSIONS,  /* the list, or revision->list_refusal */
    ACK_FORGOTTEN, /* fire and forget: revision->forgotten_ack when one is asked for */
};

/* Static data. */
struct smcp_event {
    enum smcp_event_id id;
    struct slice name;      /* "server:join_office" */
    struct slice name_json; /* the same with quotes, as it goes over the wire */
    enum smcp_kind kind;
    enum smcp_sender sender;
    enum smcp_ack ack;
    enum smcp_revision_id since;
    enum smcp_revision_id until;
    enum smcp_event_id notice; /* broadcast it causes, or SMCP_NONE */
};

/* Row of an event.  Cannot fail. */
const struct smcp_event *smcp_event(enum smcp_event_id id);

/* The event of that (decoded) name in a revision; NULL when the revision has none.  Names are case-sensitive (SIO-05, SIO-06). */
const struct smcp_event *smcp_event_find(enum smcp_revision_id revision, struct slice name);

MUST_USE bool smcp_event_in(const struct smcp_event *event, enum smcp_revision_id revision);

/* May a session of that role send the event?  ROLE_NONE may send what both may. */
MUST_USE bool smcp_event_allows(const struct smcp_event *event, enum smcp_role role);

/* "agent", "computer" or ""; and back: ROLE_NONE for anything else (case-sensitive, ROOM-05). */
const char *smcp_role_text(enum smcp_role role);
enum smcp_role smcp_role_find(struct slice text);

#endif
