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
    if (why && strstr(why, "refused") && !r->recoveries[0].death)
        r->recoveries[0].death = xstrdup(why); /* dealt with at the end of the turn */
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
    if (!inst->target->argv && !r->pulse && !r->recoveries[0].death)
        r->pulse = raw_dial(r->loop, &inst->target->to, &pulse_ops, r);
}

/* What failed because nothing came any more; else the first that could not be judged, or the one that watches over the connection. */
static struct check_result *check_to_blame(struct scenario_result *result)
{
    for (size_t i = 0; i < result->n_checks; i++)
        if (result->checks[i].verdict == VERDICT_FAIL && result->checks[i].journal_until >= 0)
            return &result->checks[i];
    for (size_t i = 0; i < result->n_checks; i++)
        if (result->checks[i].verdict == VERDICT_INCONCLUSIVE && !result->checks[i].observe)
            return &result->checks[i];
    return &result->checks[result->n_checks - MONITOR_COUNT + MONITOR_WIRE];
}

void runner_blame(struct runner *r, struct play *play, const char *how)
{
    struct scenario_result *result = runner_result_of(r, play);
    struct check_result *c;
    char *symptom;
    char *why = xasprintf("the target died (%s) during %s", how, play->scenario->id);

    runner_end_play(r, play, why);
    free(why);
    c = check_to_blame(result);
    symptom = c->verdict == VERDICT_FAIL ? c->reason : NULL;
    if (!symptom)
        free(c->reason);
    c->reason = xasprintf("the target died while this scenario was under way: %s%s%s", how,
                          symptom ? "; " : "", symptom ? symptom : "");
    free(symptom);
    c->verdict = VERDICT_FAIL;
    c->blocked_by = -1;
    result->verdict = verdict_worse(result->verdict, VERDICT_FAIL);
}

void runner_drop_unplayed(struct runner *r, const struct target *t, const char *why)
{
    for (size_t i = 0; i < r->list.n_order; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];
        struct scenario_result *result = runner_result_of(r, play);

        if (play->inst || play->ended || (t && play->target != t))
            continue;
        for (size_t k = 0; k < result->n_checks; k++) {
            result->checks[k].verdict = VERDICT_INCONCLUSIVE;
            result->checks[k].reason = xstrdup(why);
        }
        result->verdict = VERDICT_INCONCLUSIVE;
        play->ended = true;
        r->done++;
    }
}

struct play *runner_suspect(struct runner *r, const struct target *t)
{
    struct play *found = NULL;

    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (!play->inst || play->target != t || play->inst->phase == PHASE_PARKED)
            continue;
        if (play->inst == r->suspect)
            return play;
        if (!found)
            found = play;
    }
    return found;
}

size_t runner_target_index(const struct runner *r, const struct target *t)
{
    return (size_t)(t - r->targets);
}

void runner_on_target(void *user, struct target *t)
{
    struct runner *r = user;
    size_t i = runner_target_index(r, t);
    char *how;

    if (!t->exited || t->was_killed || r->finished)
        return;
    how = t->term_signal
              ? xasprintf("killed by signal %d (%s)", t->term_signal, strsignal(t->term_signal))
              : xasprintf("it exited with status %lld", (long long)t->exit_status);
    if (!r->playing && !probe_gives_up_calibration(&r->probes[i], "the target died of it"))
        runner_unreachable(r, t, how);
    else if (!r->recoveries[i].death)
        r->recoveries[i].death = xstrdup(how); /* dealt with at the end of the turn */
    free(how);
}

void runner_on_signal(void *user, int signum)
{
    struct runner *r = user;

    r->result->interrupted = true;
    r->result->signum = signum;
    if (!r->playing)
        runner_assign(r);
    for (size_t i = 0; i < r->next; i++) {
        struct play *play = &r->list.plays[r->list.order[i]];

        if (play->inst)
            runner_end_play(r, play, "interrupted");
    }
    runner_drop_unplayed(r, NULL, "interrupted");
    runner_stop(r, RUN_INTERRUPTED);
}
