/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/instance_internal.h"
#include "harness/steps.h"
#include "harness/twin.h"
#include "wire/xmalloc.h"

static struct monitor_view view_of(const struct instance *inst)
{
    return (struct monitor_view){.revision = inst->plan->revision,
                                 .schemas = inst->plan->schemas,
                                 .vars = &inst->vars,
                                 .target = inst->target,
                                 .canary = inst->vars.canary,
                                 .peers = inst->peers,
                                 .n_peers = inst->sc->n_actors};
}

static const char *blocked_text(const struct instance *inst)
{
    return inst->blocked ? inst->blocked : "the scenario did not get that far";
}

static void judge_unfinished(struct step_run *run, const char *why)
{
    struct check_result *r = run->result;
    /* Passed in earlier rounds, not reached in this one. */
    bool cut_short = run->step->repeats && run->state != STEP_DONE;

    run->state = STEP_DONE;
    if (!r || (r->verdict != VERDICT_SKIP && !(cut_short && r->verdict == VERDICT_PASS)))
        return;
    r->verdict = VERDICT_INCONCLUSIVE;
    r->reason = why ? xstrdup(why) : xasprintf("blocked: %s", blocked_text(run->inst));
    r->blocked_by = run->inst->blocker;
}

/*
 * What a `receives` that was not met or not reached would have taken is accounted for, by name: it must not look like something that
 * should not have come.
 */
static void account_for_unmet(struct instance *inst)
{
    for (int i = 0; i < inst->n_runs; i++) {
        struct step_run *run = &inst->runs[i];

        if (run->step->verb == VERB_RECEIVE && !run->passed && !run->armed)
            receive_account(run);
    }
}

static void judge_run(struct step_run *run, const char *why)
{
    const struct verb_ops *ops = &verb_ops[run->step->verb];

    if (why && (run->state != STEP_DONE || run->armed))
        judge_unfinished(run, why);
    else if (run->state == STEP_DONE && ops->finish && (run->armed || run->passed))
        ops->finish(run);
    judge_unfinished(run, NULL);
}

/* Observations first: they take what they have seen. */
static void judge_armed(struct instance *inst, const char *why)
{
    account_for_unmet(inst);
    for (int i = 0; i < inst->n_runs; i++)
        if (inst->runs[i].step->observe)
            judge_run(&inst->runs[i], why);
    for (int i = 0; i < inst->n_runs; i++)
        if (!inst->runs[i].step->observe)
            judge_run(&inst->runs[i], why);
}

static void judge_monitors(struct instance *inst)
{
    struct monitor_view view = view_of(inst);
    size_t first = inst->result->n_checks - MONITOR_COUNT;

    monitor_finish(&inst->monitor, &view);
    for (int i = 0; i < MONITOR_COUNT; i++) {
        struct check_result *r = &inst->result->checks[first + (size_t)i];

        char *reason = inst->monitor.reason[i];

        inst->monitor.reason[i] = NULL;
        r->journal_at = reason ? inst->monitor.journal_at[i] : -1;
        if (r->observe) {
            r->verdict = VERDICT_INFO;
            r->observed = reason ? reason : xstrdup("none");
            continue;
        }
        if (r->verdict == VERDICT_FAIL && r->reason) { /* blamed while it was not under way */
            free(reason);
            continue;
        }
        r->verdict = reason ? VERDICT_FAIL : VERDICT_PASS;
        r->reason = reason;
        if (r->verdict == VERDICT_PASS && inst->blocked && inst->journal.n == 0) {
            r->verdict = VERDICT_INCONCLUSIVE;
            r->reason = xasprintf("blocked: %s", inst->blocked);
        }
    }
}

/* Whatever else was found: it may be our own doing. */
static void judge_own_fault(struct instance *inst)
{
    struct check_result *r = &inst->result->checks[0];

    if (!inst->own_fault || r->verdict == VERDICT_ERROR)
        return;
    free(r->reason);
    r->verdict = VERDICT_ERROR;
    r->reason = xasprintf("fault of the scenario: %s", inst->own_fault);
}

static const char *must_text(enum verdict wanted)
{
    return wanted == VERDICT_FAIL           ? "fail"
           : wanted == VERDICT_INCONCLUSIVE ? "be inconclusive"
                                            : "be an error";
}

static bool is_wanted_end(enum verdict v, enum verdict wanted)
{
    return v == wanted || (wanted == VERDICT_FAIL && v == VERDICT_WARN);
}

/* scenarios/selftest: the judge must find what is wrong; if it does, that is a pass. */
static void turn_must_fail(struct scenario_result *r)
{
    const char *text = r->scenario->must_fail_text;
    bool found = false;

    for (size_t i = 0; i < r->n_checks; i++) {
        struct check_result *c = &r->checks[i];

        if (!is_wanted_end(c->verdict, r->scenario->must_end))
            continue;
        if (text && !(c->reason && strstr(c->reason, text)))
            continue;
        found = true;
        c->verdict = VERDICT_PASS;
    }
    if (found || r->n_checks == 0)
        return;
    free(r->checks[0].reason);
    r->checks[0].verdict = VERDICT_FAIL;
    r->checks[0].reason =
        xasprintf("this scenario must %s%s%s%s, but it did not", must_text(r->scenario->must_end),
                  text ? " with `" : "", text ? text : "", text ? "`" : "");
}

static void fill_result(struct instance *inst)
{
    struct scenario_result *r = inst->result;

    r->trouble = inst->blocked ? xstrdup(inst->blocked) : NULL;
    r->actor_names = xcalloc(inst->sc->n_actors ? inst->sc->n_actors : 1, sizeof(char *));
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        r->actor_names[i] =
            xstrdup(inst->peers[i].joined_as ? inst->peers[i].joined_as : inst->peers[i].name);
    if (inst->sc->must_fail)
        turn_must_fail(r);
    for (size_t i = 0; i < r->n_checks; i++)
        r->verdict = verdict_worse(r->verdict, r->checks[i].verdict);
    r->journal = journal_take(&inst->journal, &r->n_journal);
}

void instance_finish(struct instance *inst, const char *why)
{
    if (inst->phase == PHASE_DONE)
        return;
    judge_armed(inst, why);
    twin_judge(inst);
    judge_monitors(inst);
    judge_own_fault(inst);
    fill_result(inst);
    instance_enter(inst, PHASE_DONE);
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        peer_release(&inst->peers[i]);
}

static void run_release(struct step_run *run)
{
    if (run->http)
        http_call_cancel(run->http, true);
    matcher_free(run->match);
    matcher_free(run->match_more);
    matcher_free(run->match_body);
    matcher_free(run->match_status);
    json_doc_free(run->doc);
    buf_release(&run->http_value);
    free(run->http_error);
    free(run->office);
    free(run->name);
    free(run->role);
}

void instance_release(struct instance *inst)
{
    for (int i = 0; i < inst->n_runs; i++)
        run_release(&inst->runs[i]);
    free(inst->runs);
    if (inst->peers && inst->phase != PHASE_DONE)
        for (size_t i = 0; i < inst->sc->n_actors; i++)
            peer_release(&inst->peers[i]);
    free(inst->peers);
    free(inst->fences);
    free(inst->fence_done);
    free(inst->blocked);
    free(inst->notes);
    free(inst->own_fault);
    monitor_release(&inst->monitor);
    journal_release(&inst->journal);
    vars_release(&inst->vars);
}
