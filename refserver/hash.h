/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_HASH_H
#define REFSERVER_HASH_H

#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/*
 * Intrusive hash table: nodes live in their owners, so adding and removing allocate nothing but the bucket array, which doubles.
 * Keys come from peers, hence SipHash with a random key: nobody can choose names that collide.
 */
struct hash_node {
    struct hash_node *next;
    uint64_t hash;
};

struct hash_table {
    struct hash_node **buckets; /* owned; NULL while empty */
    size_t n_buckets;           /* power of two */
    size_t count;
};

struct hash_key {
    uint64_t k[2];
};

/* The owner of a node. */
#define HASH_OWNER(node, type, member) ((type *)(void *)((char *)(node)-offsetof(type, member)))

/* Random key of this process.  Aborts when the system has no randomness. */
struct hash_key hash_key_new(void);

/* SipHash-1-3 of the bytes; `tweak` separates keys of different scopes. */
uint64_t hash_bytes(const struct hash_key *key, uint64_t tweak, struct slice bytes);

void hash_table_release(struct hash_table *t);
void hash_table_add(struct hash_table *t, struct hash_node *node, uint64_t hash);
/* The node must be in the table. */
void hash_table_remove(struct hash_table *t, struct hash_node *node);
/* First node with that hash, then the next one with the same hash; NULL at the end. */
struct hash_node *hash_table_find(const struct hash_table *t, uint64_t hash);
struct hash_node *hash_node_again(const struct hash_node *node);

#endif
