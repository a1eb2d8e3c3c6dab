/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/calls.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/xmalloc.h"

enum {
    WHEEL_TURNS = 512, /* x 256 ms: two minutes; longer waits go round again */
    FIRST_SLOTS = 256,
    INDEX_BITS = 20,
    SERIAL_MASK = (1 << 11) - 1, /* 20 + 11 bits */
    MAX_CALLS = 1000000,
};

/* Doubly linked by index; 0 ends a list. */
struct chain {
    uint32_t previous;
    uint32_t next;
};

struct call {
    struct call_end end;
    struct session_ref target;
    uint64_t deadline_ms;
    uint32_t serial;
    bool open;
    struct chain answering; /* calls of one target; free slots use .next */
    struct chain waiting;   /* calls of one turn of the wheel */
};

void call_table_init(struct call_table *table, size_t max)
{
    *table = (struct call_table){.max = (uint32_t)(max < MAX_CALLS ? max : MAX_CALLS)};
    table->wheel = xcalloc(WHEEL_TURNS, sizeof(*table->wheel));
}

void call_table_release(struct call_table *table)
{
    free(table->slots);
    free(table->wheel);
    *table = (struct call_table){0};
}

static void slot_free(struct call_table *table, uint32_t index)
{
    table->slots[index].answering.next = 0;
    if (table->free_last)
        table->slots[table->free_last].answering.next = index;
    else
        table->free_first = index;
    table->free_last = index;
}

static bool grow(struct call_table *table)
{
    uint32_t old = table->capacity ? table->capacity : 1;
    uint32_t capacity = table->capacity ? 2 * table->capacity : FIRST_SLOTS;

    if (capacity > table->max + 1)
        capacity = table->max + 1;
    if (capacity <= old)
        return false;
    table->slots = xrealloc(table->slots, capacity * sizeof(*table->slots));
    table->capacity = capacity;
    for (uint32_t i = old; i < capacity; i++) {
        table->slots[i] = (struct call){0};
        slot_free(table, i);
    }
    return true;
}

static uint32_t slot_take(struct call_table *table)
{
    uint32_t index;

    if (!table->free_first && !grow(table))
        return 0;
    index = table->free_first;
    table->free_first = table->slots[index].answering.next;
    if (!table->free_first)
        table->free_last = 0;
    return index;
}

static uint32_t *wheel_head(struct call_table *table, const struct call *call)
{
    return &table->wheel[call->deadline_ms / CALL_TURN_MS % WHEEL_TURNS];
}

static void link_answering(struct call_table *table, uint32_t index, struct session *target)
{
    struct call *call = &table->slots[index];

    call->answering = (struct chain){0, target->answering};
    if (target->answering)
        table->slots[target->answering].answering.previous = index;
    target->answering = index;
}

static void link_waiting(struct call_table *table, uint32_t index)
{
    struct call *call = &table->slots[index];
    uint32_t *head = wheel_head(table, call);

    call->waiting = (struct chain){0, *head};
    if (*head)
        table->slots[*head].waiting.previous = index;
    *head = index;
}

/* style.md 7: both lists are left by one function. */
static void call_end(struct call_table *table, uint32_t index, struct session *target)
{
    struct call *call = &table->slots[index];
    struct chain a = call->answering, w = call->waiting;

    if (a.previous)
        table->slots[a.previous].answering.next = a.next;
    else
        target->answering = a.next;
    if (a.next)
        table->slots[a.next].answering.previous = a.previous;
    if (w.previous)
        table->slots[w.previous].waiting.next = w.next;
    else
        *wheel_head(table, call) = w.next;
    if (w.next)
        table->slots[w.next].waiting.previous = w.previous;
    call->open = false;
    call->serial = (call->serial + 1) & SERIAL_MASK;
    table->count--;
    slot_free(table, index);
}

uint64_t call_open(struct call_table *table, const struct call_end *end, struct session *target,
                   uint64_t deadline_ms)
{
    uint32_t index = slot_take(table);
    struct call *call;

    if (!index)
        return SIO_NO_ID;
    call = &table->slots[index];
    call->end = *end;
    call->target = target->ref;
    call->deadline_ms = deadline_ms;
    call->open = true;
    link_answering(table, index, target);
    link_waiting(table, index);
    table->count++;
    return (uint64_t)call->serial << INDEX_BITS | index;
}

bool call_take(struct call_table *table, struct session *from, uint64_t id,
               struct call_end *ret_end)
{
    uint32_t index = (uint32_t)(id & ((1U << INDEX_BITS) - 1));
    struct call *call;

    if (index == 0 || index >= table->capacity)
        return false;
    call = &table->slots[index];
    if (!call->open || call->serial != id >> INDEX_BITS || call->target.index != from->ref.index ||
        call->target.serial != from->ref.serial)
        return false;
    *ret_end = call->end;
    call_end(table, index, from);
    return true;
}

bool call_take_any(struct call_table *table, struct session *from, struct call_end *ret_end)
{
    uint32_t index = from->answering;

    if (!index)
        return false;
    *ret_end = table->slots[index].end;
    call_end(table, index, from);
    return true;
}

static uint32_t expired_in(const struct call_table *table, uint64_t turn, uint64_t now_ms)
{
    uint32_t index = table->wheel[turn % WHEEL_TURNS];

    while (index && table->slots[index].deadline_ms > now_ms)
        index = table->slots[index].waiting.next;
    return index;
}

bool call_take_expired(struct call_table *table, const struct session_table *sessions,
                       uint64_t now_ms, struct call_end *ret_end)
{
    uint64_t now_turn = now_ms / CALL_TURN_MS;

    if (table->turn + WHEEL_TURNS < now_turn)
        table->turn = now_turn - WHEEL_TURNS; /* one full round sees every list */
    for (; table->turn < now_turn; table->turn++) {
        uint32_t index = expired_in(table, table->turn, now_ms);
        struct session *target;

        if (!index)
            continue;
        target = session_find(sessions, table->slots[index].target);
        assert(target); /* a session that ends takes its calls with it */
        *ret_end = table->slots[index].end;
        call_end(table, index, target);
        return true;
    }
    return false;
}

struct call_end *call_other(struct call_table *table, const struct session *from)
{
    return from->answering ? &table->slots[from->answering].end : NULL;
}
