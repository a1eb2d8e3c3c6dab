/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RUNNER_INTERNAL_H
#define HARNESS_RUNNER_INTERNAL_H

#include "harness/probe.h"
#include "harness/runner_plan.h"

/* Between runner.c, which plays, runner_trouble.c, which finds the one to blame, and runner_replay.c, which has things played again. */

/* What became of one target. */
struct recovery {
    char *death;     /* owned; it has died, and how: dealt with at the end of the turn */
    bool under_way;  /* a new process was started and is not ready yet */
    uint64_t due_ms; /* when it must be */
};

struct runner {
    const struct run_options *options;
    struct net_loop *loop;
    struct target *targets;
    size_t n_targets;
    struct probe *probes;        /* owned; one per target */
    struct recovery *recoveries; /* owned; one per target */
    size_t n_probed;
    struct run_plan plan; /* that of the options, and what was found out */
    struct run_result *result;
    struct playlist list;
    size_t next; /* in list.order */
    size_t running, parked, done;
    size_t *again; /* owned; plays to begin once more, before the rest */
    size_t n_again;
    struct play *hermit; /* with which nothing else may happen, while it is under way or parked */
    bool crowded;        /* something waits for room: parked ones end one by one */
    struct net_timer *timer, *heartbeat;
    uint64_t heartbeat_due_ms, start_us;
    uint64_t lag_ms;   /* what our own loop was late, in all */
    uint64_t stall_ms; /* of that the long ones */
    uint64_t last_parked_ms, last_parked_lag_ms;
    bool playing, finished;
    enum run_outcome outcome;
    struct instance *last_sender, *suspect;
    const struct scenario *suspect_scenario;
    struct raw_conn *pulse;
    uint64_t suspect_ms;
    unsigned deaths;
    bool died_in_trial;       /* the last death: before anything was played */
    struct play *unconfirmed; /* under suspicion since a target died, while nobody is convicted */
    char *unconfirmed_how;    /* owned; how it died then */
};

static inline uint64_t runner_now_ms(const struct runner *r)
{
    return net_loop_now_ms(r->loop);
}

void runner_stop(struct runner *r, enum run_outcome outcome);
/* Once: who plays on what, and what is skipped. */
void runner_assign(struct runner *r);
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

/* Of a play that is over or given up: its connections and steps go. */
void runner_drop_instance(struct runner *r, struct play *play);
size_t runner_target_index(const struct runner *r, const struct target *t);
/* Watched for a whole settle window of its own. */
bool runner_has_settled(const struct runner *r, const struct instance *inst);

/* The probe of a target is to be made anew. */
void runner_start_probe(struct runner *r, size_t i);

/* Who is to blame when the target dies: the play that spoke last when its connections broke, or NULL. */
struct play *runner_suspect(struct runner *r, const struct target *t);
/* `play` is over: the target died beneath it.  The first check that could not be judged fails. */
void runner_blame(struct runner *r, struct play *play, const char *how);
/* What was never played stays inconclusive; NULL: on every target. */
void runner_drop_unplayed(struct runner *r, const struct target *t, const char *why);

/* ---- runner_replay.c ---- */

/* Next to begin, or NULL: what is played again comes first.  Borrowed. */
struct play *replay_next(struct runner *r);
void replay_taken(struct runner *r, const struct play *play);
/* Is the target there, and the play alone enough? */
bool replay_may_begin(const struct runner *r, const struct play *play);

/* It has ended with failures while our own loop stood still: true when it is to be played again. */
bool replay_after_stall(struct runner *r, struct play *play);
/* The play is over for good: what earlier attempts had really seen counts. */
void replay_settle(struct runner *r, struct play *play);

/* At the end of a turn: targets that have died, that are ready again, that are not in time. */
void replay_turn(struct runner *r);
/* Next moment at which it must run. */
uint64_t replay_deadline(const struct runner *r);
/* All is played: deaths that nobody could be convicted of. */
void replay_close(struct runner *r);

#endif
