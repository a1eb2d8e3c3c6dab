/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/shard.h"

#include <stdint.h>

enum { MAX_PARTS = 1000 };

/* One of the two numbers: digits up to `end`. */
static bool read_part(const char **at, char end, unsigned *ret)
{
    unsigned n = 0;

    if (**at < '1' || **at > '9')
        return false;
    for (; **at >= '0' && **at <= '9' && n <= MAX_PARTS; ++*at)
        n = n * 10 + (unsigned)(**at - '0');
    if (**at != end || n > MAX_PARTS)
        return false;
    *ret = n;
    return true;
}

bool shard_parse(struct shard *shard, const char *text)
{
    unsigned part, parts;

    if (!read_part(&text, '/', &part))
        return false;
    text++;
    if (!read_part(&text, '\0', &parts) || part > parts)
        return false;
    *shard = (struct shard){part, parts};
    return true;
}

/* FNV-1a, then mixed: its low bits alone are uneven over ids that are alike. */
static uint64_t hash_id(const char *id)
{
    uint64_t hash = 14695981039346656037u;

    for (; *id; id++)
        hash = (hash ^ (unsigned char)*id) * 1099511628211u;
    hash ^= hash >> 32;
    hash *= 0x9e3779b97f4a7c15u;
    return hash ^ (hash >> 29);
}

bool shard_has(const struct shard *shard, const char *id)
{
    return shard->parts <= 1 || hash_id(id) % shard->parts == shard->part - 1;
}
