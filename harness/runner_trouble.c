/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/runner_internal.h"
#include "wire/xmalloc.h"

enum { SUSPECT_MS = 2000 };

void runner_on_sending(void *user, struct instance *inst)
{
    struct runner *r = user;

    r->last_sender = inst;
}

/* An event of one scenario has reached another one, or the bystander: it counts against the one that it comes from. */
static void blame_leak(struct runner *r, long serial, char *text)
{
    struct play *play = playlist_find(&r->list, serial);
    struct scenario_result *result = play ? &r->result->scenarios[play->result] : NULL;
    struct check_result *c;

    if (play && play->inst) {
        monitor_foreign(&play->inst->monitor, text);
        return;
    }
    c = result ? &result->checks[result->n_checks - MONITOR_COUNT + MONITOR_ISOLATION] : NULL;
    if (!c || c->verdict == VERDICT_FAIL) {
        free(text);
        return;
    }
    free(c->reason); /* it had ended already */
    c->reason = text;
    c->verdict = VERDICT_FAIL;
}

void runner_on_foreign(void *user, struct instance *inst, struct peer *p, long serial,
                       const struct inbox_item *item)
{
    char *where = xasprintf("scenario %s", inst->sc->id);

    blame_leak(user, serial, monitor_foreign_text(item, p->spec->name, where));
    free(where);
}

void runner_on_bystander(void *user, struct peer *p, long serial, const struct inbox_item *item)
{
    blame_leak(user, serial, monitor_foreign_text(item, p->spec->name, "the run"));
}

/* Is it gone as a whole?  Asked over a connection of its own when a target that we did not start drops one. */
static void pulse_opened(void *user, struct raw_conn *c)
{
    (void)user;
    raw_abort(c);
}

static void pulse_received(void *user, struct raw_conn *c, struct slice bytes)
{
    (void)user;
    (void)c;
    (void)bytes;
}

static void pulse_closed(void *user, struct raw_conn *c, const char *why)
{
    struct runner *r = user;

    (void)c;
    r->pulse = NULL;
    if (why && strstr(why, "refused") && !r->death)
        r->death = xstrdup(why); /* dealt with at the end of the turn */
}

static const struct raw_ops pulse_ops = {pulse_opened, pulse_received, pulse_closed};

void runner_on_lost(void *user, struct instance *inst, struct peer *p)
{
    struct runner *r = user;

    (void)p;
    if (!r->suspect || runner_now_ms(r) - r->suspect_ms > SUSPECT_MS) {
        r->suspect = r->last_sender ? r->last_sender : inst;
        r->suspect_scenario = r->suspect->sc;
        r->suspect_ms = runner_now_ms(r);
    }
    if (!inst->target->argv && !r->pulse && !r->death)
        r->pulse = raw_dial(r->loop, &inst->target->to, &pulse_ops, r);
}

/* Whoever spoke last when the connections broke is the one to look at; its first open check fails, the others can't be judged. */
static void blame(struct play *play, const char *how)
{
    struct scenario_result *result = play->inst->result;

    for (size_t i = 0; i < result->n_checks; i++) {
        struct check_result *c = &result->checks[i];

        if (c->verdict != VERDICT_SKIP || c->observe)
            continue;
        c->verdict = VERDICT_FAIL;
        c->reason = xasprintf("the target died while this scenario was under way: %s", how);
        return;
    }
}

static void drop_unplayed(struct runner *r, const struct target *t, const char *why)
{
    for (size_t i = r->next; i < r->list.n_order; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];
        struct scenario_result *result = runner_result_of(r, play);

        if (t && play->target != t)
            continue;
        for (size_t k = 0; k < result->n_checks; k++) {
            result->checks[k].verdict = VERDICT_INCONCLUSIVE;
            result->checks[k].reason = xstrdup(why);
        }
        result->verdict = VERDICT_INCONCLUSIVE;
    }
}

/* Whoever spoke last when the connections broke; if it is through already, one that was under way. */
static struct play *find_culprit(struct runner *r)
{
    struct play *found = NULL;

    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (!play->inst || play->inst->phase == PHASE_PARKED)
            continue;
        if (play->inst == r->suspect)
            return play;
        if (!found)
            found = play;
    }
    return found;
}

void runner_target_died(struct runner *r, const char *how)
{
    struct play *culprit = find_culprit(r);
    const struct scenario *suspect = culprit ? culprit->scenario : r->suspect_scenario;
    const char *during = suspect ? suspect->id : "the settle window";
    char *why = xasprintf("the target died (%s) during %s", how, during);

    r->result->error = xasprintf("the target died: %s; what was under way: %s", how, during);
    if (culprit)
        blame(culprit, how);
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (play->inst)
            runner_end_play(r, play, why);
    }
    drop_unplayed(r, NULL, why);
    r->next = r->list.n_order;
    free(why);
    runner_stop(r, RUN_DONE);
}

void runner_on_target(void *user, struct target *t)
{
    struct runner *r = user;
    char *how;

    if (!t->exited || t->was_killed || r->finished)
        return;
    how = t->term_signal
              ? xasprintf("killed by signal %d (%s)", t->term_signal, strsignal(t->term_signal))
              : xasprintf("it exited with status %lld", (long long)t->exit_status);
    if (!r->playing)
        runner_unreachable(r, t, how);
    else if (!r->death)
        r->death = xstrdup(how);
    free(how);
}

void runner_on_signal(void *user, int signum)
{
    struct runner *r = user;

    r->result->interrupted = true;
    r->result->signum = signum;
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (play->inst)
            runner_end_play(r, play, "interrupted");
    }
    drop_unplayed(r, NULL, "interrupted");
    runner_stop(r, RUN_INTERRUPTED);
}
