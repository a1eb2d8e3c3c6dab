/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/runner_internal.h"
#include "wire/xmalloc.h"

/*
 * Two things make a play worthless without saying anything about the rule it is about: our own loop stood still, or the target died
 * beneath many.  Both are played again, with less company: whoever kills the target once more, all alone, did it.
 */

enum {
    MAX_RESTARTS = 24, /* of all targets together */
    MAX_STALLS = 2,    /* attempts of one play */
};

/* ---- the queue ---- */

struct play *replay_next(struct runner *r)
{
    if (r->n_again > 0)
        return &r->list.plays[r->again[0]];
    while (r->next < r->list.n_order && r->list.plays[r->list.order[r->next]].ended)
        r->next++;
    return r->next < r->list.n_order ? &r->list.plays[r->list.order[r->next]] : NULL;
}

void replay_taken(struct runner *r, const struct play *play)
{
    if (r->n_again > 0 && &r->list.plays[r->again[0]] == play) {
        r->n_again--;
        memmove(r->again, r->again + 1, r->n_again * sizeof(*r->again));
    } else {
        r->next++;
    }
}

bool replay_may_begin(const struct runner *r, const struct play *play)
{
    const struct target *t = play->target;

    if (!t->ready || !t->probed || r->recoveries[runner_target_index(r, t)].under_way)
        return false;
    if (r->hermit || (play->solitude != WITH_OTHERS && r->running > 0))
        return false;
    return play->solitude != ALL_ALONE || r->parked == 0;
}

static void enqueue(struct runner *r, const struct play *play, bool first)
{
    r->again = xrealloc(r->again, (r->n_again + 1) * sizeof(*r->again));
    if (first)
        memmove(r->again + 1, r->again, r->n_again * sizeof(*r->again));
    r->again[first ? 0 : r->n_again] = (size_t)(play - r->list.plays);
    r->n_again++;
}

/* As before it was played. */
static void reset_result(struct runner *r, const struct play *play)
{
    struct scenario_result *result = runner_result_of(r, play);

    scenario_result_clear(result);
    instance_prepare_result(result, play->scenario, r->plan.revision);
}

/* ---- after a stall ---- */

/* Something came that must not come: that is true however late we looked, unless we have lost connections by it. */
static bool was_seen(const struct check_result *c)
{
    return c->verdict == VERDICT_FAIL && c->journal_until < 0;
}

/* So late that heartbeats have gone unanswered, or may have: the target was right to end our connections, and to say so. */
static bool has_starved(const struct runner *r, const struct play *play)
{
    uint32_t patience_ms = play->target->ping_timeout_ms;

    return patience_ms > 0 && r->lag_ms - play->lag_ms >= patience_ms / 2;
}

static bool is_doubtful(const struct check_result *c)
{
    return (c->verdict == VERDICT_FAIL || c->verdict == VERDICT_INCONCLUSIVE ||
            c->verdict == VERDICT_WARN) &&
           !was_seen(c);
}

static bool any_doubt(const struct scenario_result *s, bool starved)
{
    for (size_t i = 0; i < s->n_checks; i++)
        if (is_doubtful(&s->checks[i]) || (starved && was_seen(&s->checks[i])))
            return true;
    return false;
}

/* It never went without a stall: nobody knows. */
static void make_errors(struct runner *r, struct play *play, bool starved)
{
    struct scenario_result *s = runner_result_of(r, play);

    for (size_t i = 0; i < s->n_checks; i++) {
        struct check_result *c = &s->checks[i];
        char *own = c->reason;

        if (c->verdict != VERDICT_FAIL || (was_seen(c) && !starved))
            continue;
        c->verdict = VERDICT_ERROR;
        c->reason = xasprintf("the harness itself stood still for %llu ms meanwhile: %s",
                              (unsigned long long)(r->lag_ms - play->lag_ms), own ? own : "");
        free(own);
    }
}

bool replay_after_stall(struct runner *r, struct play *play)
{
    struct scenario_result *s = runner_result_of(r, play);
    bool starved = has_starved(r, play);

    if ((r->stall_ms == play->stall_ms && !starved) || play->scenario->must_fail ||
        !any_doubt(s, starved))
        return false;
    if (play->stalls == MAX_STALLS) {
        make_errors(r, play, starved);
        return false;
    }
    if (!play->kept && !starved) {
        play->kept = s->checks;
        play->n_kept = s->n_checks;
        s->checks = NULL;
        s->n_checks = 0;
    }
    play->stalls++;
    play->solitude = ALONE_UNDER_WAY;
    reset_result(r, play);
    enqueue(r, play, false);
    return true;
}

void replay_settle(struct runner *r, struct play *play)
{
    struct scenario_result *s = runner_result_of(r, play);

    for (size_t i = 0; i < play->n_kept && i < s->n_checks; i++) {
        struct check_result swap = s->checks[i];

        if (!was_seen(&play->kept[i]) || swap.verdict >= VERDICT_FAIL)
            continue;
        s->checks[i] = play->kept[i];
        s->checks[i].journal_from = s->checks[i].journal_at = -1; /* of another journal */
        play->kept[i] = swap;
        s->verdict = verdict_worse(s->verdict, VERDICT_FAIL);
    }
}

/* ---- after a death ---- */

static bool is_in_doubt(const struct runner *r, const struct play *play, const struct target *t)
{
    return play->inst && play->target == t && !runner_has_settled(r, play->inst);
}

static size_t count_doubtful(const struct runner *r, const struct target *t, struct play **ret_last)
{
    size_t n = 0;

    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (is_in_doubt(r, play, t)) {
            *ret_last = play;
            n++;
        }
    }
    return n;
}

static void give_back(struct runner *r, struct play *play, bool first)
{
    if (play->inst->phase == PHASE_PARKED)
        r->parked--;
    else
        r->running--;
    runner_drop_instance(r, play);
    reset_result(r, play);
    play->solitude = play->solitude == WITH_OTHERS ? ALONE_UNDER_WAY : ALL_ALONE;
    enqueue(r, play, first);
}

/* What was watched for long enough stands; the rest is played again, the suspect first. */
static void sort_out(struct runner *r, struct target *t, struct play *suspect)
{
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (!play->inst || play->target != t || play == suspect)
            continue;
        if (is_in_doubt(r, play, t))
            give_back(r, play, false);
        else
            runner_end_play(r, play, NULL);
    }
    if (suspect)
        give_back(r, suspect, true);
}

/* Nothing more can be played on it: what is under way is lost, and the one that spoke last is to be looked at. */
static void give_up(struct runner *r, struct target *t, const char *how)
{
    struct play *suspect = runner_suspect(r, t);
    const struct scenario *during = suspect               ? suspect->scenario
                                    : r->suspect_scenario ? r->suspect_scenario
                                                          : NULL;
    char *why =
        xasprintf("the target died (%s) during %s", how, during ? during->id : "the settle window");

    if (suspect)
        runner_blame(r, suspect, how);
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (play->inst && play->target == t)
            runner_end_play(r, play, why);
    }
    r->n_again = 0; /* those of other targets are found by what has not ended */
    runner_drop_unplayed(r, t, why);
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (!play->inst && !play->ended)
            enqueue(r, play, false);
    }
    r->recoveries[runner_target_index(r, t)].under_way = false;
    free(why);
}

static bool restart(struct runner *r, struct target *t)
{
    size_t i = runner_target_index(r, t);
    struct recovery *recovery = &r->recoveries[i];
    char *error = NULL;

    if (!t->argv || r->deaths > MAX_RESTARTS)
        return false;
    if (r->probes[i].target)
        probe_release(&r->probes[i]);
    target_reset(t);
    if (!target_start(t, r->loop, &error)) {
        free(error);
        return false;
    }
    recovery->under_way = true;
    recovery->due_ms = runner_now_ms(r) + t->ready_timeout_ms;
    return true;
}

static void note_death(struct runner *r, const char *how, const struct play *suspect)
{
    const char *during = suspect               ? suspect->scenario->id
                         : r->suspect_scenario ? r->suspect_scenario->id
                         : r->next == 0        ? "the trial of the fence"
                                               : "the settle window";

    if (r->died_in_trial) { /* a scenario says more about it */
        free(r->result->error);
        r->result->error = NULL;
    }
    r->died_in_trial = r->next == 0;
    if (!r->result->error)
        r->result->error = xasprintf("the target died: %s; what was under way: %s", how, during);
    r->deaths++;
}

static void clear_suspicion(struct runner *r)
{
    r->unconfirmed = NULL;
    free(r->unconfirmed_how);
    r->unconfirmed_how = NULL;
}

/* Alone for the second time: it is the one.  Else somebody is under suspicion until then. */
static void find_culprit(struct runner *r, struct target *t, struct play *suspect, const char *how)
{
    struct play *last = NULL;
    size_t n = count_doubtful(r, t, &last);

    if (n == 1 && last->solitude != WITH_OTHERS) {
        runner_blame(r, last, how);
        clear_suspicion(r);
    } else if (!r->unconfirmed && (suspect || last)) {
        r->unconfirmed = suspect ? suspect : last;
        r->unconfirmed_how = xstrdup(how);
    }
}

static void target_died(struct runner *r, struct target *t, const char *how)
{
    struct play *suspect = runner_suspect(r, t);

    note_death(r, how, suspect);
    if (!t->argv) {
        give_up(r, t, how);
        return;
    }
    find_culprit(r, t, suspect, how);
    sort_out(r, t, suspect && suspect->inst ? suspect : NULL);
    r->suspect_scenario = NULL;
    if (!restart(r, t))
        give_up(r, t, how);
}

/* ---- turns ---- */

static void recovery_turn(struct runner *r, size_t i)
{
    struct recovery *recovery = &r->recoveries[i];
    struct target *t = &r->targets[i];
    struct probe *probe = &r->probes[i];
    char *how = recovery->death;

    recovery->death = NULL;
    if (how) {
        if (recovery->under_way)
            give_up(r, t, how); /* it does not even come up again */
        else
            target_died(r, t, how);
        free(how);
        return;
    }
    if (!recovery->under_way)
        return;
    if (t->ready && !probe->target)
        runner_start_probe(r, i);
    else if (probe->target)
        probe_advance(probe);
    if (probe->target && probe->done)
        recovery->under_way = false;
    if ((probe->target && probe->failure) || (!t->ready && runner_now_ms(r) >= recovery->due_ms)) {
        give_up(r, t, "it did not become ready again");
    }
}

void replay_turn(struct runner *r)
{
    for (size_t i = 0; i < r->n_targets; i++)
        recovery_turn(r, i);
}

uint64_t replay_deadline(const struct runner *r)
{
    uint64_t due = UINT64_MAX;

    for (size_t i = 0; i < r->n_targets; i++)
        if (r->recoveries[i].under_way && !r->targets[i].ready && r->recoveries[i].due_ms < due)
            due = r->recoveries[i].due_ms;
    return due;
}

void replay_close(struct runner *r)
{
    struct scenario_result *s = r->unconfirmed ? runner_result_of(r, r->unconfirmed) : NULL;

    for (size_t i = 0; s && i < s->n_checks; i++) {
        struct check_result *c = &s->checks[i];

        if (c->verdict != VERDICT_PASS && c->verdict != VERDICT_WARN)
            continue;
        free(c->reason);
        c->reason =
            xasprintf("holds when played alone; at first the target died: %s", r->unconfirmed_how);
        c->verdict = VERDICT_FLAKY;
        s->verdict = verdict_worse(s->verdict, VERDICT_FLAKY);
        break;
    }
    clear_suspicion(r);
}
