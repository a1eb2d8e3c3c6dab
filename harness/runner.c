/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/runner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "harness/runner_internal.h"
#include "wire/xmalloc.h"

enum {
    HEARTBEAT_MS = 50,
    LATE_MS = 20,          /* our own loop late by more than this: deadlines wait for as long */
    STALL_MS = 1000,       /* … and by more than this: what failed meanwhile is played again */
    SETTLE_MARGIN_MS = 30, /* so that a packet sent at the end of the window is still read */
    WAITING_MS =
        300, /* a scenario that has heard nothing for so long costs the target nothing: another one may begin */
    MAX_SETTLE_MS = 3000, /* however slow the target */
    MAX_WAITING = 8,      /* times `jobs`: under way in all */
};

void runner_stop(struct runner *r, enum run_outcome outcome)
{
    if (r->finished)
        return;
    r->finished = true;
    r->outcome = outcome;
    net_loop_stop(r->loop);
}

/* ---- what instances tell ---- */

static void on_changed(void *user, struct instance *inst)
{
    struct runner *r = user;

    inst->dirty = true;
    inst->heard_ms = runner_now_ms(r);
}

static uint64_t get_lag(void *user)
{
    const struct runner *r = user;

    return r->lag_ms;
}

/* ---- playing ---- */

struct scenario_result *runner_result_of(struct runner *r, const struct play *play)
{
    return &r->result->scenarios[play->result];
}

static void start_play(struct runner *r, struct play *play)
{
    struct instance *inst = xcalloc(1, sizeof(*inst));

    play->inst = inst;
    inst->plan = &r->plan;
    inst->loop = r->loop;
    inst->sc = play->scenario;
    inst->target = play->target;
    inst->transport = play->transport;
    inst->serial = play->serial;
    inst->attempt = play->attempts++;
    inst->result = runner_result_of(r, play);
    inst->changed = on_changed;
    inst->lost = runner_on_lost;
    inst->sending = runner_on_sending;
    inst->foreign = runner_on_foreign;
    inst->lag = get_lag;
    inst->user = r;
    inst->result->started_us = net_loop_clock_us() - r->start_us;
    play->stall_ms = r->stall_ms;
    play->lag_ms = r->lag_ms;
    r->hermit = play->solitude == ALL_ALONE ? play : NULL;
    r->running++;
    instance_start(inst);
}

static void progress(struct runner *r, bool last)
{
    static const char wipe[] = "\r\033[K";

    if (!r->options->progress)
        return;
    if (last)
        fputs(wipe, stderr);
    else
        fprintf(stderr, "%s%zu of %zu scenarios, %zu under way", wipe, r->done + r->parked,
                r->list.n_order, r->running);
    fflush(stderr);
}

static void tell_judged(const struct runner *r, const struct play *play, bool ended)
{
    const struct run_listener *listener = &r->options->listener;

    if (listener->judged)
        listener->judged(listener->user, r->result, play->result, ended);
}

static void say_ended(const struct runner *r, const struct play *play)
{
    const struct scenario_result *result = &r->result->scenarios[play->result];

    if (r->options->verbosity >= 2)
        fprintf(stderr, "%-13s %s [%s]\n", verdict_name(result->verdict), play->scenario->id,
                play->transport);
}

void runner_drop_instance(struct runner *r, struct play *play)
{
    struct instance *inst = play->inst;

    if (r->last_sender == inst)
        r->last_sender = NULL;
    if (r->suspect == inst)
        r->suspect = NULL;
    if (r->hermit == play)
        r->hermit = NULL;
    instance_release(inst);
    free(inst);
    play->inst = NULL;
}

void runner_end_play(struct runner *r, struct play *play, const char *why)
{
    struct instance *inst = play->inst;
    bool again;

    if (inst->phase == PHASE_PARKED)
        r->parked--;
    else
        r->running--;
    instance_finish(inst, why);
    inst->result->ended_us = net_loop_clock_us() - r->start_us;
    again = !why && replay_after_stall(r, play);
    runner_drop_instance(r, play);
    if (again)
        return;
    r->done++;
    play->ended = true;
    replay_settle(r, play);
    tell_judged(r, play, true);
    say_ended(r, play);
}

static unsigned count_connections(const struct runner *r)
{
    unsigned n = 0;

    for (size_t i = 0; i < r->list.n_plays; i++)
        if (r->list.plays[i].inst)
            n += instance_connections(r->list.plays[i].inst);
    return n;
}

static uint64_t release_time(const struct runner *r)
{
    return r->last_parked_ms + r->plan.settle_ms + SETTLE_MARGIN_MS +
           (r->lag_ms - r->last_parked_lag_ms);
}

static uint64_t own_release_time(const struct runner *r, const struct instance *inst)
{
    return inst->parked_ms + r->plan.settle_ms + SETTLE_MARGIN_MS +
           (r->lag_ms - inst->parked_lag_ms);
}

bool runner_has_settled(const struct runner *r, const struct instance *inst)
{
    return inst->phase == PHASE_PARKED && own_release_time(r, inst) <= runner_now_ms(r);
}

/* End what is parked: everything, or only what has been watched for a whole settle window of its own. */
static void release_parked(struct runner *r, bool all)
{
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (play->inst && play->inst->phase == PHASE_PARKED &&
            (all || runner_has_settled(r, play->inst)))
            runner_end_play(r, play, NULL);
    }
}

/* Is there room for the connections of one more scenario? */
static bool has_room(const struct runner *r, const struct play *play)
{
    return r->running + r->parked == 0 ||
           count_connections(r) + play->scenario->n_actors <= r->options->max_connections;
}

/* Scenarios that are exchanging something right now. */
static unsigned count_active(const struct runner *r)
{
    unsigned n = 0;

    if (r->running < r->options->jobs)
        return (unsigned)r->running;
    for (size_t i = 0; i < r->next; i++) {
        const struct instance *inst = r->list.plays[r->list.order[i]].inst;

        n += inst && inst->phase != PHASE_PARKED && runner_now_ms(r) - inst->heard_ms < WAITING_MS;
    }
    return n;
}

/* Waiting ones do not count, within reason; `--jobs 1` means one after the other. */
static size_t max_running(const struct runner *r)
{
    return r->options->jobs == 1 ? 1 : (size_t)r->options->jobs * MAX_WAITING;
}

static bool is_busy(const struct runner *r, const struct play *play)
{
    return play->solitude == WITH_OTHERS &&
           (r->running >= max_running(r) || count_active(r) >= r->options->jobs);
}

static bool may_begin(const struct runner *r, const struct play *play)
{
    return has_room(r, play) && replay_may_begin(r, play);
}

static void begin_plays(struct runner *r)
{
    struct play *play;

    r->crowded = false;
    while ((play = replay_next(r)) && !is_busy(r, play)) {
        if (!may_begin(r, play))
            release_parked(r, false);
        r->crowded = !may_begin(r, play);
        if (r->crowded)
            return;
        replay_taken(r, play);
        start_play(r, play);
    }
}

/* Begin what may begin; end what may end. */
static void pump(struct runner *r)
{
    begin_plays(r);
    if (r->running == 0 && r->parked > 0 && !replay_next(r) && runner_now_ms(r) >= release_time(r))
        release_parked(r, true);
    if (r->running > 0 || r->parked > 0 || replay_next(r))
        return;
    replay_close(r);
    runner_stop(r, RUN_DONE);
}

static void advance_plays(struct runner *r)
{
    uint64_t now = runner_now_ms(r);

    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];
        struct instance *inst = play->inst;

        if (!inst || inst->phase == PHASE_PARKED || (!inst->dirty && instance_deadline(inst) > now))
            continue;
        inst->dirty = false;
        instance_advance(inst);
        if (inst->phase == PHASE_PARKED) {
            r->running--;
            r->parked++;
            r->last_parked_ms = now;
            r->last_parked_lag_ms = r->lag_ms;
            if (r->options->plan.naive_absence)
                runner_end_play(r, play, NULL);
            else
                tell_judged(r, play, false);
        }
    }
}

static bool anything_dirty(const struct runner *r)
{
    for (size_t i = 0; i < r->next; i++) {
        const struct instance *inst = r->list.plays[r->list.order[i]].inst;

        if (inst && inst->dirty && inst->phase != PHASE_PARKED)
            return true;
    }
    return false;
}

static uint64_t next_release(struct runner *r)
{
    uint64_t due = UINT64_MAX;

    if (!replay_next(r))
        return r->running == 0 && r->parked > 0 ? release_time(r) : due;
    for (size_t i = 0; i < r->next && r->crowded; i++) {
        const struct instance *inst = r->list.plays[r->list.order[i]].inst;

        if (inst && inst->phase == PHASE_PARKED && own_release_time(r, inst) < due)
            due = own_release_time(r, inst);
    }
    return due;
}

static void arm_timer(struct runner *r)
{
    uint64_t due = next_release(r);

    if (replay_deadline(r) < due)
        due = replay_deadline(r);
    for (size_t i = 0; i < r->next; i++) {
        const struct instance *inst = r->list.plays[r->list.order[i]].inst;
        uint64_t own = inst ? instance_deadline(inst) : UINT64_MAX;

        if (own < due)
            due = own;
    }
    if (replay_next(r) && r->running > 0 && runner_now_ms(r) + WAITING_MS / 2 < due)
        due = runner_now_ms(r) + WAITING_MS / 2;
    if (due != UINT64_MAX)
        net_timer_start(r->timer, due > runner_now_ms(r) ? due : runner_now_ms(r) + 1);
}

static void play_turn(struct runner *r)
{
    replay_turn(r);
    if (r->finished)
        return;
    do {
        advance_plays(r);
        pump(r);
    } while (!r->finished && anything_dirty(r));
    if (!r->finished)
        arm_timer(r);
}

/* ---- getting there ---- */

/* What is late on a slow target is later by its slowness. */
static void choose_settle(struct runner *r)
{
    for (size_t i = 0; i < r->n_targets && !r->plan.settle_given; i++) {
        uint32_t scaled = r->options->plan.settle_ms + r->targets[i].rtt_us / 1000;

        if (scaled > r->plan.settle_ms)
            r->plan.settle_ms = scaled < MAX_SETTLE_MS ? scaled : MAX_SETTLE_MS;
    }
    r->result->settle_ms = r->plan.settle_ms;
}

void runner_assign(struct runner *r)
{
    playlist_assign(&r->list, r->options, r->targets, r->n_targets, r->result);
}

static void begin_playing(struct runner *r)
{
    r->playing = true;
    choose_settle(r);
    r->result->rtt_us = r->targets[0].rtt_us;
    r->result->pace_percent = r->targets[0].pace_percent;
    runner_assign(r);
    if (r->options->listener.begun)
        r->options->listener.begun(r->options->listener.user, r->result);
    net_timer_start(r->timer,
                    runner_now_ms(r) + 1); /* what comes of it is done at the end of that turn */
}

static void on_probed(void *user)
{
    struct runner *r = user;

    r->n_probed++;
}

void runner_unreachable(struct runner *r, const struct target *t, const char *why)
{
    char *words = target_last_words(t);

    if (!r->result->error)
        r->result->error = xasprintf("%s is not reachable: %s%s%s",
                                     t->url    ? t->url
                                     : t->name ? t->name
                                               : "the target",
                                     why, *words ? "\nits last words on stderr:\n" : "", words);
    free(words);
    runner_stop(r, RUN_UNREACHABLE);
}

static bool all_ready(const struct runner *r)
{
    for (size_t i = 0; i < r->n_targets; i++)
        if (!r->targets[i].ready)
            return false;
    return true;
}

void runner_start_probe(struct runner *r, size_t i)
{
    probe_start(&r->probes[i], r->loop, &r->targets[i], &r->plan, on_probed, r);
    r->probes[i].foreign = runner_on_bystander;
}

static void preparation_turn(struct runner *r)
{
    if (!all_ready(r))
        return;
    for (size_t i = 0; i < r->n_targets; i++) {
        if (!r->probes[i].target)
            runner_start_probe(r, i);
        else
            probe_advance(&r->probes[i]);
    }
    for (size_t i = 0; i < r->n_targets; i++)
        if (r->probes[i].done && r->probes[i].failure) {
            runner_unreachable(r, &r->targets[i], r->probes[i].failure);
            return;
        }
    if (r->n_probed == r->n_targets) {
        free(r->result->fence);
        r->result->fence = calibrate_text(&r->targets[0]);
        begin_playing(r);
    }
}

/* Late timers, and whatever a turn finds before they have run. */
static void account_lag(struct runner *r)
{
    uint64_t now = runner_now_ms(r), late;

    if (now <= r->heartbeat_due_ms + LATE_MS)
        return;
    late = now - r->heartbeat_due_ms;
    r->heartbeat_due_ms = now;
    r->lag_ms += late;
    if (late >= STALL_MS)
        r->stall_ms += late;
}

static void on_turn_end(void *user)
{
    struct runner *r = user;

    account_lag(r);
    if (r->finished)
        return;
    if (r->playing)
        play_turn(r);
    else
        preparation_turn(r);
}

static void on_timer(void *user)
{
    struct runner *r = user;

    if (r->finished)
        net_loop_stop(r->loop);
    if (r->playing || r->finished)
        return; /* the work is done at the end of the turn, after what has arrived was read */
    for (size_t i = 0; i < r->n_targets; i++)
        if (!r->targets[i].ready) {
            runner_unreachable(r, &r->targets[i], "it did not say that it is ready in time");
            return;
        }
}

static void on_heartbeat(void *user)
{
    struct runner *r = user;

    account_lag(r);
    r->heartbeat_due_ms = runner_now_ms(r) + HEARTBEAT_MS;
    net_timer_start(r->heartbeat, r->heartbeat_due_ms);
    if (r->playing)
        progress(r, false);
}

/* ---- the run ---- */

static bool start_targets(struct runner *r)
{
    uint32_t patience = 0;

    for (size_t i = 0; i < r->n_targets; i++) {
        struct target *t = &r->targets[i];
        char *error = NULL;

        t->changed = runner_on_target;
        t->user = r;
        if (t->ready_timeout_ms > patience)
            patience = t->ready_timeout_ms;
        if (!target_start(t, r->loop, &error)) {
            runner_unreachable(r, t, error ? error : "it cannot be started");
            free(error);
            return false;
        }
    }
    net_timer_start(r->timer, runner_now_ms(r) + (all_ready(r) ? 1 : patience));
    return true;
}

static void stamp(struct run_result *result)
{
    time_t now = time(NULL);
    struct tm tm;
    char text[32];

    gmtime_r(&now, &tm);
    strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
    result->started_at = xstrdup(text);
}

static void release(struct runner *r)
{
    for (size_t i = 0; i < r->list.n_plays; i++)
        if (r->list.plays[i].inst) {
            instance_release(r->list.plays[i].inst);
            free(r->list.plays[i].inst);
        }
    playlist_release(&r->list);
    for (size_t i = 0; i < r->n_targets; i++) {
        if (r->probes[i].target)
            probe_release(&r->probes[i]);
        target_stop(&r->targets[i]);
        net_process_free(r->targets[i].process);
        r->targets[i].process = NULL;
    }
    for (size_t i = 0; i < r->n_targets; i++)
        free(r->recoveries[i].death);
    free(r->recoveries);
    free(r->probes);
    free(r->again);
    free(r->unconfirmed_how);
    net_timer_free(r->timer);
    net_timer_free(r->heartbeat);
    net_loop_free(r->loop);
}

enum run_outcome runner_run(const struct run_options *options, struct target *targets,
                            size_t n_targets, const struct scenario *const *scenarios,
                            size_t n_scenarios, struct run_result *result)
{
    struct runner r = {.options = options,
                       .targets = targets,
                       .n_targets = n_targets,
                       .result = result,
                       .plan = options->plan};
    const char *error = NULL;

    r.loop = net_loop_new(&error);
    if (!r.loop) {
        result->error = xstrdup(error);
        return RUN_FAULT;
    }
    r.start_us = net_loop_clock_us();
    stamp(result);
    result->seed = options->plan.seed;
    result->settle_ms = options->plan.settle_ms;
    result->revision = options->plan.revision;
    result->shard_part = options->shard.part;
    result->shard_parts = options->shard.parts;
    playlist_init(&r.list, options, scenarios, n_scenarios, result);
    r.probes = xcalloc(n_targets, sizeof(*r.probes));
    r.recoveries = xcalloc(n_targets, sizeof(*r.recoveries));
    r.timer = net_timer_new(r.loop, on_timer, &r);
    r.heartbeat = net_timer_new(r.loop, on_heartbeat, &r);
    r.heartbeat_due_ms = runner_now_ms(&r) + HEARTBEAT_MS;
    net_timer_start(r.heartbeat, r.heartbeat_due_ms);
    net_loop_on_turn_end(r.loop, on_turn_end, &r);
    net_loop_on_signal(r.loop, runner_on_signal, &r);
    if (!start_targets(&r))
        net_timer_start(r.timer,
                        runner_now_ms(&r) + 1); /* the loop wants to have run before it is freed */
    net_loop_run(r.loop);
    progress(&r, true);
    result->duration_ms = (uint32_t)((net_loop_clock_us() - r.start_us) / 1000);
    run_result_summarize(result);
    release(&r);
    return r.outcome;
}
