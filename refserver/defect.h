/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_DEFECT_H
#define REFSERVER_DEFECT_H

#include <stdbool.h>
#include <stdint.h>

#include "endpoint/server.h"
#include "refserver/http_gate.h"
#include "refserver/session.h"
#include "smcp/error.h"
#include "smcp/revision.h"

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

/* One bit each. */
struct defect_set {
    uint64_t bits[8];
};
_Static_assert(DEFECT_COUNT <= 512, "one bit each");

static inline void defect_set_add(struct defect_set *set, enum defect_id id)
{
    set->bits[id / 64] |= (uint64_t)1 << id % 64;
}

static inline bool defect_set_has(const struct defect_set *set, enum defect_id id)
{
    return (set->bits[id / 64] >> id % 64) & 1;
}

struct refserver;
struct request;
struct join_request;
struct call_end;
struct delayed_leak;
struct auth_request;
struct net_timer;

enum { DEFECT_CALLS = 4096 };

struct defects {
    struct defect_set on;
    bool any;
    struct refserver *server;     /* borrowed */
    bool switching;               /* the next leave notice belongs to a switch */
    struct buf text;              /* rewritten arguments of a notice or a request */
    struct buf ack;               /* rewritten arguments of an ack */
    struct buf payload;           /* rewritten payload of a call, or a rewritten name */
    struct buf refused;           /* sids of refused connections */
    struct buf blob;              /* an answer that is kept, or decoded bytes */
    uint8_t asked[DEFECT_CALLS];  /* event of each call in flight, by the last bits of its id */
    struct delayed_leak *delayed; /* owned */
    uint64_t turn;                /* what joins in one turn does not see each other */
    bool turning;
    struct net_timer *turn_timer; /* owned; NULL: not needed yet */
    unsigned admitted;
    unsigned turned_away; /* for their version */
};

void defects_init(struct defects *d, const struct defect_set *on, struct refserver *server);
void defects_release(struct defects *d);

static inline bool defects_any(const struct defects *d)
{
    return d->any;
}

static inline bool defect_on(const struct defects *d, enum defect_id id)
{
    return defect_set_has(&d->on, id);
}

/* By name; DEFECT_COUNT when there is none. */
enum defect_id defect_find(const char *name);
struct defect_info {
    const char *group;
    bool judged;                 /* false: no rule is broken, to be recorded only */
    enum smcp_revision_id since; /* first and last revision in which it breaks its rule */
    enum smcp_revision_id until;
    const char *name;
    const char *requirements; /* ids that it breaks, separated by blanks */
    const char *help;
};
const struct defect_info *defect_info(enum defect_id id);
/* A preset by name: all its defects.  False when there is none of this name. */
MUST_USE bool defect_preset_add(const char *name, struct defect_set *set);
/* The n-th preset; NULL behind the last. */
const char *defect_preset_name(unsigned n);

/* ---- hooks: authentication and transport (defect_auth.c) ---- */

/* Bits of enum endpoint_sabotage. */
unsigned defects_sabotage(const struct defects *d);
/* The outcome of the check of a key, changed or not. */
MUST_USE bool defect_admits(struct defects *d, const struct auth_request *request, bool ok);
/* The text of a refusal; borrowed until the next. */
const char *defect_refusal(struct defects *d);

/* ---- hooks: version handshake (defect_gate.c) ---- */

/* What the gate says of a request that declares `text`, changed or not. */
enum gate_verdict defect_gate_verdict(struct defects *d, const struct http_gate *gate,
                                      const struct http_request *r, struct slice text,
                                      enum gate_verdict verdict);
/* A refusal, changed or not; its body is in `body`. */
void defect_gate_refusal(struct defects *d, const struct http_gate *gate,
                         const struct http_request *r, struct slice client,
                         struct endpoint_refusal *refusal, struct buf *body);
/* Ask everybody for a version who is on no path of ours: true. */
MUST_USE bool defect_gates_all(const struct defect_set *set);
/* Answers such a request. */
void defect_other_path(void *user, struct http_exchange *x, const char *method, const char *path,
                       struct slice query, struct slice body);
/* The version that list_room will show; takes `version`, the result is owned (NULL: none). */
char *defect_version(struct defects *d, char *version);

/* ---- hooks: rules (defect_rules.c) ---- */

/* An event that the revision does not have; NULL: still none. */
const struct smcp_event *defect_event(const struct defects *d, struct slice name);
/* An event is not handled at all: true. */
MUST_USE bool defect_dispatch(const struct request *rq);
/* A sender that the table forbids. */
MUST_USE bool defect_allows(const struct request *rq);
/* A join was read, with this outcome: what it says is changed, or its sender punished. */
void defect_join_read(const struct request *rq, struct join_request *join, enum smcp_error error);
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

/* ---- hooks: calls (defect_calls.c, defect_payload.c) ---- */

/* A call, before anything of it is looked at. */
void defect_call_read(const struct request *rq);
/* A Computer for a call that has none. */
struct session *defect_target(const struct request *rq, struct slice name);
/* The request is forwarded otherwise: true. */
MUST_USE bool defect_relay(const struct request *rq, struct session *target, uint64_t id);
/* A refusal becomes a result. */
void defect_refusal_ok(struct buf *args);
/* Whose call it was, and its result. */
void defect_result(struct defects *d, struct session *from, struct sio_event *answer,
                   struct call_end *end);
/* The result is delivered otherwise: true. */
MUST_USE bool defect_answer(struct defects *d, struct session *from, struct session *caller,
                            const struct sio_event *answer, const struct call_end *end);
/* `from` has answered what nobody waits for. */
void defect_stray_answer(struct defects *d, const struct session *from,
                         const struct sio_event *answer);
/* How long a call waits that would wait `usual_ms`. */
uint64_t defect_wait_ms(const struct defects *d, uint64_t seconds, uint64_t usual_ms);
/* The arguments as altered on the way; borrowed until the next. */
struct slice defect_payload(struct defects *d, struct slice args, bool is_result);

/* ---- hooks: errors of calls, cancels, blobs (defect_errors.c) ---- */

/* A refusal of a call, changed or not.  False: no ack. */
MUST_USE bool defect_call_refused(struct defects *d, struct slice *args);
/* Nobody has answered in time. */
void defect_call_expired(struct defects *d, const struct call_end *end);
/* A call of that event is asked with `id`; which event an id was. */
void defect_asks(struct defects *d, uint64_t id, const struct smcp_event *event);
enum smcp_event_id defect_asked(const struct defects *d, uint64_t id);
/* An answer that is an error, or looks like one, changed or not. */
void defect_error(struct defects *d, struct sio_event *answer);
/* `from` has answered a call whose Agent is gone. */
void defect_nobody_waits(struct defects *d, struct session *from);
/* A cancel goes somewhere else: true. */
MUST_USE bool defect_cancel_elsewhere(const struct request *rq);
/* The ack of a cancel, changed or not. */
void defect_cancel(const struct request *rq, struct slice *args);
/* An event that the revision does not have.  True: handled. */
MUST_USE bool defect_unknown_event(const struct request *rq);
/* A chunk is answered by the server itself: true. */
MUST_USE bool defect_blob_kept(const struct request *rq);
void defect_blob_answered(struct defects *d, const struct sio_event *answer);
/* The text of a blob as an attachment: then parts[0] and *n_parts are set.  Borrowed until the next. */
struct slice defect_as_binary(struct defects *d, struct slice args, struct slice *parts,
                              unsigned *n_parts);
/* A request without one of its members. */
struct slice defect_without(struct defects *d, struct slice args);

/* ---- hooks: notices (defect_notices.c) ---- */

/* The arguments with `part` of them replaced; borrowed until the next. */
struct slice defect_spliced(struct buf *out, struct slice text, struct slice part,
                            struct slice replacement);

void defect_broadcast(struct defects *d, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args);
/* A notice of a session in no office. */
void defect_roomless(struct defects *d, struct session *sender, const struct smcp_event *notice,
                     struct slice args);
/* To every session that is not in `office` (NULL: to every one), but not to `sender` (may be NULL). */
void defect_leak(struct defects *d, const struct office *office, const struct session *sender,
                 const struct smcp_event *notice, struct slice args);

#endif
