/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/hash.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "wire/xmalloc.h"

enum { FIRST_BUCKETS = 64 };

struct hash_key hash_key_new(void)
{
    struct hash_key key;

    if (getrandom(key.k, sizeof(key.k), 0) != (ssize_t)sizeof(key.k)) {
        fputs("smcp-refserver: no randomness\n", stderr);
        abort();
    }
    return key;
}

static uint64_t rotl(uint64_t x, unsigned bits)
{
    return (x << bits) | (x >> (64 - bits));
}

static void sip_round(uint64_t v[4])
{
    v[0] += v[1];
    v[1] = rotl(v[1], 13) ^ v[0];
    v[0] = rotl(v[0], 32);
    v[2] += v[3];
    v[3] = rotl(v[3], 16) ^ v[2];
    v[0] += v[3];
    v[3] = rotl(v[3], 21) ^ v[0];
    v[2] += v[1];
    v[1] = rotl(v[1], 17) ^ v[2];
    v[2] = rotl(v[2], 32);
}

static void sip_word(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    sip_round(v);
    v[0] ^= word;
}

uint64_t hash_bytes(const struct hash_key *key, uint64_t tweak, struct slice bytes)
{
    uint64_t v[4] = {key->k[0] ^ 0x736f6d6570736575U, key->k[1] ^ 0x646f72616e646f6dU,
                     key->k[0] ^ 0x6c7967656e657261U, key->k[1] ^ 0x7465646279746573U};
    uint64_t word;
    size_t at;

    sip_word(v, tweak);
    for (at = 0; at + sizeof(word) <= bytes.len; at += sizeof(word)) {
        memcpy(&word, bytes.ptr + at, sizeof(word));
        sip_word(v, word);
    }
    word = (uint64_t)bytes.len << 56;
    if (at < bytes.len)
        memcpy(&word, bytes.ptr + at, bytes.len - at);
    sip_word(v, word);
    v[2] ^= 0xff;
    for (int i = 0; i < 3; i++)
        sip_round(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

void hash_table_release(struct hash_table *t)
{
    free(t->buckets);
    *t = (struct hash_table){0};
}

static void link_node(struct hash_table *t, struct hash_node *node)
{
    struct hash_node **bucket = &t->buckets[node->hash & (t->n_buckets - 1)];

    node->next = *bucket;
    *bucket = node;
}

static void grow(struct hash_table *t)
{
    struct hash_node **old = t->buckets;
    size_t n_old = t->n_buckets;

    t->n_buckets = n_old ? 2 * n_old : FIRST_BUCKETS;
    t->buckets = xcalloc(t->n_buckets, sizeof(struct hash_node *));
    for (size_t i = 0; i < n_old; i++) {
        struct hash_node *node = old[i];

        while (node) {
            struct hash_node *next = node->next;

            link_node(t, node);
            node = next;
        }
    }
    free(old);
}

void hash_table_add(struct hash_table *t, struct hash_node *node, uint64_t hash)
{
    if (t->count == t->n_buckets)
        grow(t);
    node->hash = hash;
    link_node(t, node);
    t->count++;
}

void hash_table_remove(struct hash_table *t, struct hash_node *node)
{
    struct hash_node **at = &t->buckets[node->hash & (t->n_buckets - 1)];

    while (*at != node)
        at = &(*at)->next;
    *at = node->next;
    node->next = NULL;
    t->count--;
}

struct hash_node *hash_table_find(const struct hash_table *t, uint64_t hash)
{
    struct hash_node *node = t->count ? t->buckets[hash & (t->n_buckets - 1)] : NULL;

    while (node && node->hash != hash)
        node = node->next;
    return node;
}

struct hash_node *hash_node_again(const struct hash_node *node)
{
    struct hash_node *next = node->next;

    while (next && next->hash != node->hash)
        next = next->next;
    return next;
}
