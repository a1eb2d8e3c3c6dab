/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RUNNER_H
#define HARNESS_RUNNER_H

#include "harness/instance.h"
#include "harness/shard.h"

/*
 * Plays the chosen scenarios against one system under test, all in one event loop, isolated from each other by the names they use.
 * Finished ones stay parked with their connections open, still watched, until the last one has ended and the settle window is over.
 */

/* Who follows a run as it happens.  Each may be NULL. */
struct run_listener {
    /* The targets are ready: what is known of the run stands in `r`. */
    void (*begun)(void *user, const struct run_result *r);
    /* r->scenarios[at] is judged so far: all but what is armed until it ends. */
    void (*judged)(void *user, const struct run_result *r, size_t at, bool ended);
    void *user;
};

struct run_options {
    struct run_listener listener;
    struct run_plan plan;
    unsigned transports;      /* transport_set, for scenarios that name none */
    unsigned jobs;            /* scenarios under way at the same time */
    unsigned max_connections; /* open at the same time, parked ones included */
    unsigned repeat;
    struct shard shard;
    bool shuffle;
    bool fast;     /* leave out what is tagged slow */
    bool progress; /* a line on stderr that follows what happens */
    int verbosity; /* 2: a line per scenario on stderr as it ends */
};

enum run_outcome {
    RUN_DONE, /* everything was played; also when the target died on the way (result->error) */
    RUN_UNREACHABLE, /* not reachable or never ready: nothing judged, result->error says why */
    RUN_INTERRUPTED, /* by result->signum */
    RUN_FAULT,       /* the harness itself could not go on: result->error */
};

/*
 * Start `targets` where they are to be started, find out what they can do, and play every scenario on the first one that has what it
 * needs.  Fills *result except for what the caller knows: name, url, info, rerun.
 */
enum run_outcome runner_run(const struct run_options *options, struct target *targets,
                            size_t n_targets, const struct scenario *const *scenarios,
                            size_t n_scenarios, struct run_result *result);

#endif
