/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_LIST_H
#define NET_LIST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * Intrusive doubly linked list with a sentinel.  A node that is in no list points at itself, so `list_remove` may be
 * called at any time and `list_is_linked` is exact.  No allocation, nothing can fail.
 */
struct list_node {
    struct list_node *prev;
    struct list_node *next;
};

#define LIST_OWNER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

static inline void list_init(struct list_node *node)
{
    node->prev = node;
    node->next = node;
}

static inline bool list_is_linked(const struct list_node *node)
{
    return node->next != node;
}

static inline bool list_is_empty(const struct list_node *head)
{
    return head->next == head;
}

static inline void list_remove(struct list_node *node)
{
    node->prev->next = node->next;
    node->next->prev = node->prev;
    list_init(node);
}

/* Put `node` at the tail of `head`, taking it out of the list it is in. */
static inline void list_move_tail(struct list_node *head, struct list_node *node)
{
    list_remove(node);
    node->prev = head->prev;
    node->next = head;
    head->prev->next = node;
    head->prev = node;
}

/* First node, taken out; NULL when empty. */
static inline struct list_node *list_take_first(struct list_node *head)
{
    struct list_node *first = head->next;

    if (first == head)
        return NULL;
    list_remove(first);
    return first;
}

/* Move all nodes of `from` to the empty list `to`. */
static inline void list_splice(struct list_node *to, struct list_node *from)
{
    if (list_is_empty(from))
        return;
    *to = *from;
    to->next->prev = to;
    to->prev->next = to;
    list_init(from);
}

#endif
