/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_DEFECT_H
#define REFSERVER_DEFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint/server.h"
#include "refserver/session.h"
#include "smcp/error.h"

/*
 * Rules that are broken on purpose, one per row of defects.def.  The clean path asks at a few marked places; what a defect does there stands in
 * defect_rules.c and defect_notices.c.  Without defects no hook is called.
 */
enum defect_id {
#define XX(symbol, ...) DEFECT_##symbol,
#include "refserver/defects.def"
#undef XX
    DEFECT_COUNT
};
_Static_assert(DEFECT_COUNT <= 64, "one bit each");

struct refserver;
struct request;
struct join_request;
struct call_end;
struct delayed_leak;

struct defects {
    uint64_t on;                  /* bits */
    struct refserver *server;     /* borrowed */
    bool switching;               /* the next leave notice belongs to a switch */
    struct buf text;              /* rewritten arguments of a notice or a request */
    struct buf ack;               /* rewritten arguments of an ack */
    struct delayed_leak *delayed; /* owned */
};

void defects_init(struct defects *d, uint64_t on, struct refserver *server);
void defects_release(struct defects *d);

static inline bool defects_any(const struct defects *d)
{
    return d->on != 0;
}

static inline bool defect_on(const struct defects *d, enum defect_id id)
{
    return (d->on >> id) & 1;
}

/* By name; DEFECT_COUNT when there is none. */
enum defect_id defect_find(const char *name);
struct defect_info {
    const char *name;
    const char *requirements; /* ids that it breaks, separated by blanks */
    const char *help;
};
const struct defect_info *defect_info(enum defect_id id);

/* ---- hooks: rules (defect_rules.c) ---- */

/* An event that the revision does not have; NULL: still none. */
const struct smcp_event *defect_event(const struct defects *d, struct slice name);
/* A sender that the table forbids. */
MUST_USE bool defect_allows(const struct request *rq);
/* The outcome of the checks of a join, changed or not. */
MUST_USE enum smcp_error defect_join_check(struct defects *d, struct session *s,
                                           struct office *office, const struct join_request *join,
                                           enum smcp_error error);
/* A leave is handled otherwise: true. */
MUST_USE bool defect_leave(const struct request *rq, struct slice office_id);
/* `s` is about to be taken out of its office. */
void defect_leaving(struct defects *d, struct session *s);
/* The end of a connection leaves its membership as it is: true. */
MUST_USE bool defect_keeps(struct defects *d, struct session *s, enum endpoint_end why);
/* `s` is left out of the answer to list_room. */
MUST_USE bool defect_unlisted(const struct request *rq, const struct session *s);
/* Ack id and arguments, changed or not.  False: no ack. */
MUST_USE bool defect_ack(const struct request *rq, uint64_t *id, struct slice *args);
/* A Computer for a call that has none. */
struct session *defect_target(const struct request *rq, struct slice name);
/* The request is forwarded otherwise: true. */
MUST_USE bool defect_relay(const struct request *rq, struct session *target, uint64_t id);
/* Whose call it was, and its result. */
void defect_result(struct defects *d, struct session *from, const struct sio_event *ev,
                   struct call_end *end, struct slice *args);

/* ---- hooks: notices (defect_notices.c) ---- */

void defect_broadcast(struct defects *d, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args);
/* A notice of a session in no office. */
void defect_roomless(struct defects *d, struct session *sender, const struct smcp_event *notice,
                     struct slice args);
/* To every session that is not in `office`, but not to `sender`. */
void defect_leak(struct defects *d, const struct office *office, const struct session *sender,
                 const struct smcp_event *notice, struct slice args);

#endif
