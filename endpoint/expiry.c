/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/expiry.h"

#include <assert.h>
#include <stddef.h>

/* So late that it is our own stall: timers run before sockets are read, and what would have been in time may lie there. */
enum { STALL_MS = 100 };

static void list_due(void *user)
{
    struct expiry_list *list = user;
    uint64_t now_ms = net_loop_now_ms(list->loop);

    if (list->head && !list->stalled && now_ms > list->head->due_ms + STALL_MS) {
        list->stalled = true;
        net_timer_start(list->timer, now_ms + 1);
        return;
    }
    list->stalled = false;
    while (list->head && list->head->due_ms <= now_ms) {
        struct expiry *d = list->head;

        expiry_remove(list, d);
        list->fn(list->user, d);
    }
    if (list->head)
        net_timer_start(list->timer, list->head->due_ms);
}

void expiry_list_init(struct expiry_list *list, struct net_loop *loop, expiry_fn *fn, void *user)
{
    *list = (struct expiry_list){.loop = loop, .fn = fn, .user = user};
    list->timer = net_timer_new(loop, list_due, list);
}

void expiry_list_release(struct expiry_list *list)
{
    while (list->head)
        expiry_remove(list, list->head);
    net_timer_free(list->timer);
    list->timer = NULL;
}

void expiry_add(struct expiry_list *list, struct expiry *d, uint64_t due_ms)
{
    struct expiry *before = list->tail;

    assert(!d->listed);
    while (before && before->due_ms > due_ms)
        before = before->prev;
    d->due_ms = due_ms;
    d->listed = true;
    d->prev = before;
    d->next = before ? before->next : list->head;
    *(d->next ? &d->next->prev : &list->tail) = d;
    *(before ? &before->next : &list->head) = d;
    if (list->head == d)
        net_timer_start(list->timer, due_ms);
}

void expiry_remove(struct expiry_list *list, struct expiry *d)
{
    if (!d->listed)
        return;
    *(d->prev ? &d->prev->next : &list->head) = d->next;
    *(d->next ? &d->next->prev : &list->tail) = d->prev;
    d->prev = d->next = NULL;
    d->listed = false;
    /* The timer stays armed: firing early and finding nothing is cheaper than moving it at each pong. */
}
