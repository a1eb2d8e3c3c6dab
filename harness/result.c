/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/result.h"

#include <stdlib.h>
#include <string.h>

#include "harness/journal.h"

static void check_release(struct check_result *c)
{
    free(c->reason);
    free(c->expected);
    free(c->actual);
    free(c->diff);
    free(c->observed);
    free(c->baseline_reason);
    free(c->own_requirements);
}

void check_results_free(struct check_result *checks, size_t n)
{
    for (size_t i = 0; i < n; i++)
        check_release(&checks[i]);
    free(checks);
}

void scenario_result_release(struct scenario_result *s)
{
    check_results_free(s->checks, s->n_checks);
    free(s->skip_reason);
    free(s->trouble);
    journal_entries_free(s->journal, s->n_journal);
    for (size_t i = 0; s->actor_names && i < s->scenario->n_actors; i++)
        free(s->actor_names[i]);
    free(s->actor_names);
}

void scenario_result_clear(struct scenario_result *s)
{
    struct scenario_result again = {
        .scenario = s->scenario, .transport = s->transport, .repetition = s->repetition};

    scenario_result_release(s);
    *s = again;
}

void run_result_release(struct run_result *r)
{
    for (size_t i = 0; i < r->n_scenarios; i++)
        scenario_result_release(&r->scenarios[i]);
    free(r->scenarios);
    free(r->target_name);
    free(r->target_url);
    free(r->target_info);
    free(r->started_at);
    free(r->fence);
    free(r->rerun);
    free(r->error);
    for (size_t i = 0; i < r->n_stale; i++)
        free(r->stale[i]);
    free(r->stale);
    for (size_t i = 0; i < r->n_vanished; i++)
        free(r->vanished[i]);
    free(r->vanished);
    memset(r, 0, sizeof(*r));
}

void run_result_summarize(struct run_result *r)
{
    r->declared_checks = r->executed_checks = 0;
    for (size_t i = 0; i < r->n_scenarios; i++) {
        struct scenario_result *s = &r->scenarios[i];

        s->verdict = VERDICT_SKIP;
        for (size_t k = 0; k < s->n_checks; k++) {
            r->declared_checks++;
            r->executed_checks += s->checks[k].verdict != VERDICT_SKIP &&
                                  s->checks[k].verdict != VERDICT_INCONCLUSIVE;
            s->verdict = verdict_worse(s->verdict, s->checks[k].verdict);
        }
    }
}

bool check_is_scored(const struct run_result *r, const struct check_result *c)
{
    return !c->is_new || r->score_all || c->verdict == VERDICT_ERROR;
}

bool check_would_fail(const struct run_result *r, const struct check_result *c)
{
    switch (c->verdict) {
    case VERDICT_FAIL:
        return !c->expected_failure;
    case VERDICT_ERROR:
        return true;
    case VERDICT_WARN:
    case VERDICT_INCONCLUSIVE:
        return r->strict && !c->expected_failure;
    case VERDICT_SKIP:
    case VERDICT_PASS:
    case VERDICT_INFO:
    case VERDICT_FLAKY:
        break;
    }
    return false;
}

static void count_check(struct run_counts *n, const struct run_result *r,
                        const struct check_result *c)
{
    bool fails = check_would_fail(r, c);

    n->by_verdict[c->verdict]++;
    n->expected_failures += c->verdict == VERDICT_FAIL && c->expected_failure;
    n->new_checks += c->is_new;
    if (!check_is_scored(r, c)) {
        n->new_failed += fails;
        return;
    }
    n->skipped += c->verdict == VERDICT_SKIP;
    n->failed += fails;
    n->passed += !fails && (c->verdict == VERDICT_PASS || c->verdict == VERDICT_INFO ||
                            c->verdict == VERDICT_WARN);
}

struct run_counts run_result_count(const struct run_result *r)
{
    struct run_counts n = {.stale = r->n_stale, .vanished = r->n_vanished};

    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            count_check(&n, r, &r->scenarios[i].checks[k]);
    return n;
}
