/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_CALLS_H
#define REFSERVER_CALLS_H

#include "refserver/session.h"

/*
 * Calls in flight: relayed to a Computer, its answer awaited.  A call lives in a slot of a table that only grows; the ack id toward the Computer names
 * slot and serial, so that a late, doubled or foreign ack finds nothing.  It refers to both sessions by reference: either may vanish.
 *
 * Deadlines wait in a wheel: opening, answering and expiring take constant time and no timer of their own.
 */
struct call_table {
    struct call *slots; /* owned; slot 0 is never used */
    uint32_t capacity;
    uint32_t max;
    uint32_t count;
    uint32_t free_first;
    uint32_t free_last; /* first in, first out: an id comes back as late as possible */
    uint32_t *wheel;    /* owned; heads of the lists of each turn */
    uint64_t turn;      /* the next one to be looked at */
};

/* The half of a call that its end needs. */
struct call_end {
    struct session_ref caller;
    uint64_t caller_id; /* ack id of the Agent, SIO_NO_ID: none asked */
};

enum { CALL_TURN_MS = 256 };

/* `max` counts calls, at most 1000000. */
void call_table_init(struct call_table *table, size_t max);
void call_table_release(struct call_table *table);

/*
 * Open a call that `target` has to answer until the deadline.  Returns the ack id to ask it with (below 2^31: some client libraries hold it in 32 bits),
 * SIO_NO_ID when the table is full.
 *
 * Requirements: SIO-13, SIO-14.
 */
MUST_USE uint64_t call_open(struct call_table *table, const struct call_end *end,
                            struct session *target, uint64_t deadline_ms);

/* `from` acks `id`: take that call out.  False when it is none of those that `from` has to answer. */
MUST_USE bool call_take(struct call_table *table, struct session *from, uint64_t id,
                        struct call_end *ret_end);

/* Take any call out that `from` has to answer.  False when there is none (left). */
MUST_USE bool call_take_any(struct call_table *table, struct session *from,
                            struct call_end *ret_end);

/*
 * Take one call out whose deadline has passed (found within CALL_TURN_MS).  False when there is none (left).  `sessions` finds the Computer.
 */
MUST_USE bool call_take_expired(struct call_table *table, const struct session_table *sessions,
                                uint64_t now_ms, struct call_end *ret_end);

/* The end of some other call that `from` has to answer, to be changed in place; NULL when there is none.  For defects. */
struct call_end *call_other(struct call_table *table, const struct session *from);

#endif
