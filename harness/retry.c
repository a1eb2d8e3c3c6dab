/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/retry.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

static const struct {
    enum transport_set bit;
    const char *name;
} transports[] = {{ON_WEBSOCKET, "websocket"}, {ON_POLLING, "polling"}, {ON_UPGRADE, "upgrade"}};

static bool failed(const struct scenario_result *s)
{
    for (size_t i = 0; i < s->n_checks; i++)
        if (s->checks[i].verdict == VERDICT_FAIL && !s->checks[i].expected_failure)
            return true;
    return false;
}

static bool holds(const struct check_result *c)
{
    return c->verdict == VERDICT_PASS || c->verdict == VERDICT_INFO || c->verdict == VERDICT_WARN;
}

/* A failure, or what could not be judged because of one. */
static bool is_open(const struct check_result *c)
{
    return (c->verdict == VERDICT_FAIL && !c->expected_failure) ||
           (c->verdict == VERDICT_INCONCLUSIVE && c->blocked_by >= 0);
}

static size_t compare(struct scenario_result *first, const struct scenario_result *again)
{
    size_t n = 0;

    for (size_t i = 0; i < first->n_checks && i < again->n_checks; i++) {
        struct check_result *c = &first->checks[i];
        char *reason;

        if (!is_open(c) || !holds(&again->checks[i]))
            continue;
        reason =
            xasprintf("holds when played alone; at first: %s", c->reason ? c->reason : "it failed");
        free(c->reason);
        c->reason = reason;
        c->verdict = VERDICT_FLAKY;
        n++;
    }
    return n;
}

static size_t compare_all(struct run_result *first, const struct run_result *again)
{
    size_t n = 0;

    for (size_t i = 0; i < first->n_scenarios; i++)
        for (size_t k = 0; k < again->n_scenarios; k++)
            if (failed(&first->scenarios[i]) &&
                first->scenarios[i].scenario == again->scenarios[k].scenario &&
                strcmp(first->scenarios[i].transport, again->scenarios[k].transport) == 0)
                n += compare(&first->scenarios[i], &again->scenarios[k]);
    return n;
}

/* Every scenario that failed on the transport, once. */
static size_t collect(const struct run_result *r, const char *transport,
                      const struct scenario **list)
{
    size_t n = 0;

    for (size_t i = 0; i < r->n_scenarios; i++) {
        const struct scenario_result *s = &r->scenarios[i];
        bool known = n > 0 && list[n - 1] == s->scenario; /* repetitions stand side by side */

        if (!known && strcmp(s->transport, transport) == 0 && failed(s))
            list[n++] = s->scenario;
    }
    return n;
}

static size_t retry_transport(const struct run_options *options, struct target *targets,
                              size_t n_targets, struct run_result *result, size_t transport)
{
    const struct scenario **list = xcalloc(result->n_scenarios + 1, sizeof(*list));
    size_t n_list = collect(result, transports[transport].name, list), n = 0;
    struct run_options alone = *options;
    struct run_result again = {.seed = 0};

    alone.listener = (struct run_listener){NULL, NULL, NULL};
    alone.jobs = 1;
    alone.repeat = 1;
    alone.shuffle = false;
    alone.transports = transports[transport].bit;
    alone.plan.seed = options->plan.seed + 1;
    for (size_t i = 0; i < n_targets; i++)
        target_reset(&targets[i]);
    if (n_list > 0 && runner_run(&alone, targets, n_targets, list, n_list, &again) == RUN_DONE &&
        !again.error)
        n = compare_all(result, &again);
    run_result_release(&again);
    free(list);
    return n;
}

size_t retry_alone(const struct run_options *options, struct target *targets, size_t n_targets,
                   struct run_result *result)
{
    size_t n = 0;

    for (size_t t = 0; t < ARRAY_LEN(transports); t++)
        n += retry_transport(options, targets, n_targets, result, t);
    if (n > 0)
        run_result_summarize(result);
    return n;
}
