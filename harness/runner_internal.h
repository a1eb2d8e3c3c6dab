/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RUNNER_INTERNAL_H
#define HARNESS_RUNNER_INTERNAL_H

#include "harness/probe.h"
#include "harness/runner_plan.h"

/* Between runner.c, which plays, and runner_trouble.c, which finds the one to blame. */

struct runner {
    const struct run_options *options;
    struct net_loop *loop;
    struct target *targets;
    size_t n_targets;
    struct probe *probes;
    size_t n_probed;
    struct run_result *result;
    struct playlist list;
    size_t next; /* in list.order */
    size_t running, parked, done;
    bool crowded; /* connections are at their bound: parked ones end one by one */
    struct net_timer *timer, *heartbeat;
    uint64_t heartbeat_due_ms, lag_ms, start_us;
    uint64_t last_parked_ms;
    bool playing, finished;
    enum run_outcome outcome;
    struct instance *last_sender, *suspect;
    const struct scenario *suspect_scenario;
    struct raw_conn *pulse;
    char *death; /* owned; the target has died, and how */
    uint64_t suspect_ms;
};

static inline uint64_t runner_now_ms(const struct runner *r)
{
    return net_loop_now_ms(r->loop);
}

void runner_stop(struct runner *r, enum run_outcome outcome);
void runner_end_play(struct runner *r, struct play *play, const char *why);
void runner_unreachable(struct runner *r, const struct target *t, const char *why);
struct scenario_result *runner_result_of(struct runner *r, const struct play *play);

/* What instances tell; the user is the runner. */
void runner_on_sending(void *user, struct instance *inst);
void runner_on_lost(void *user, struct instance *inst, struct peer *p);
void runner_on_foreign(void *user, struct instance *inst, struct peer *p, long serial,
                       const struct inbox_item *item);
void runner_on_bystander(void *user, struct peer *p, long serial, const struct inbox_item *item);

/* A target is ready or has ended; a signal has come. */
void runner_on_target(void *user, struct target *t);
void runner_on_signal(void *user, int signum);

/* End everything: the target is gone. */
void runner_target_died(struct runner *r, const char *how);

#endif
