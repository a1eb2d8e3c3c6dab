/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SHARD_H
#define HARNESS_SHARD_H

#include <stdbool.h>

#include "wire/macros.h"

/*
 * One part of a run that several jobs share.  A scenario belongs to one shard with all its transports and repetitions, by its id alone:
 * scenarios that come or go move no other, and a baseline entry is judged in one place.
 */
struct shard {
    unsigned part, parts; /* 1 … parts; 0 parts: everything */
};

/* Parse "K/N" with 1 <= K <= N <= 1000.  False when it is something else; nothing has changed then. */
MUST_USE bool shard_parse(struct shard *shard, const char *text);

bool shard_has(const struct shard *shard, const char *id);

#endif
