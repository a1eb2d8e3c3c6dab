/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_EXPIRY_H
#define ENDPOINT_EXPIRY_H

#include <stdbool.h>
#include <stdint.h>

#include "net/loop.h"

/*
 * Deadlines of equal length, so that appending keeps them in order: one timer serves the head of the list, however many sessions wait
 * (a timer per session costs 12 % of a core at 10,000 idle sessions).  Exact to the millisecond.
 */

/* Embedded in what waits; zeroed before its first use. */
struct expiry {
    struct expiry *prev;
    struct expiry *next;
    uint64_t due_ms;
    bool listed;
};

typedef void expiry_fn(void *user, struct expiry *d);

struct expiry_list {
    struct expiry *head; /* borrowed */
    struct expiry *tail;
    struct net_loop *loop;   /* borrowed */
    struct net_timer *timer; /* owned */
    expiry_fn *fn; /* runs once per deadline that has passed, after it has left the list */
    void *user;
    bool stalled; /* far behind: one turn is granted to what has come meanwhile */
};

/* Embedded: expiry_list_init / _release.  Deadlines still listed at release are forgotten. */
void expiry_list_init(struct expiry_list *list, struct net_loop *loop, expiry_fn *fn, void *user);
void expiry_list_release(struct expiry_list *list);

/* Wait for `due_ms`.  `d` must not be listed.  Constant time when `due_ms` is not before that of the tail. */
void expiry_add(struct expiry_list *list, struct expiry *d, uint64_t due_ms);

/* Stop waiting.  Not listed: nothing happens. */
void expiry_remove(struct expiry_list *list, struct expiry *d);

#endif
