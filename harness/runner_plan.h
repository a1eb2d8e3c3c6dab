/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RUNNER_PLAN_H
#define HARNESS_RUNNER_PLAN_H

#include "harness/runner.h"

/* How much company a play may have: less after the target died beneath it. */
enum solitude {
    WITH_OTHERS,
    ALONE_UNDER_WAY, /* others may be parked */
    ALL_ALONE,
};

/* What is to be played: every scenario, on every transport, as often as asked for. */
struct play {
    const struct scenario *scenario;
    const char *transport; /* static */
    size_t result;         /* index in the run's scenario results */
    unsigned serial;       /* from 1; the same in every shard of a run, for its names */
    struct target *target; /* set by playlist_assign */
    struct instance *inst; /* while it is under way or parked */
    bool ended;            /* its result stands */
    enum solitude solitude;
    unsigned attempts;         /* begun */
    unsigned stalls;           /* attempts thrown away because our own loop had stalled */
    uint64_t stall_ms, lag_ms; /* of the run when this attempt began */
    struct check_result *kept; /* owned; what such an attempt had found, or NULL */
    size_t n_kept;
};

struct playlist {
    struct play *plays; /* owned; in the order of the report */
    size_t n_plays;
    size_t *order; /* owned; indices of what is really played, in the order of starting */
    size_t n_order;
    const struct scenario **elsewhere; /* owned array; scenarios of the other shards */
    size_t n_elsewhere;
};

/* Make the plays and their result rows. */
void playlist_init(struct playlist *list, const struct run_options *options,
                   const struct scenario *const *scenarios, size_t n_scenarios,
                   struct run_result *result);

/* Now that it is known what the targets can do: who plays where; what can't be played is a skip with its reason. */
void playlist_assign(struct playlist *list, const struct run_options *options,
                     struct target *targets, size_t n_targets, struct run_result *result);

/* Borrowed, or NULL. */
struct play *playlist_find(const struct playlist *list, long serial);
void playlist_release(struct playlist *list);

#endif
