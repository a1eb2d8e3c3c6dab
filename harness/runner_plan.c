/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/runner_plan.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

static const struct {
    enum transport_set bit;
    const char *name;
} transports[] = {{ON_WEBSOCKET, "websocket"}, {ON_POLLING, "polling"}, {ON_UPGRADE, "upgrade"}};

static bool list_has(char *const *list, const char *text)
{
    for (; list && *list; list++)
        if (strcmp(*list, text) == 0)
            return true;
    return false;
}

/* `play` says all but where the result is. */
static void add_play(struct playlist *list, struct play play, unsigned repetition,
                     enum smcp_revision_id revision, struct run_result *result)
{
    struct scenario_result *r;

    list->plays = xrealloc(list->plays, (list->n_plays + 1) * sizeof(*list->plays));
    play.result = result->n_scenarios;
    list->plays[list->n_plays++] = play;
    result->scenarios =
        xrealloc(result->scenarios, (result->n_scenarios + 1) * sizeof(*result->scenarios));
    r = &result->scenarios[result->n_scenarios++];
    memset(r, 0, sizeof(*r));
    r->transport = play.transport;
    r->repetition = repetition;
    instance_prepare_result(r, play.scenario, revision);
}

static void leave_elsewhere(struct playlist *list, const struct scenario *sc)
{
    list->elsewhere = xrealloc(list->elsewhere, (list->n_elsewhere + 1) * sizeof(*list->elsewhere));
    list->elsewhere[list->n_elsewhere++] = sc;
}

void playlist_init(struct playlist *list, const struct run_options *options,
                   const struct scenario *const *scenarios, size_t n_scenarios,
                   struct run_result *result)
{
    struct play play = {.serial = 0};

    for (size_t i = 0; i < n_scenarios; i++) {
        const struct scenario *sc = scenarios[i];
        unsigned set = sc->transports_fixed ? sc->transports : sc->transports & options->transports;
        bool here = shard_has(&options->shard, sc->id);

        if (sc->since > options->plan.revision || sc->until < options->plan.revision)
            continue;
        if (!here && set)
            leave_elsewhere(list, sc);
        play.scenario = sc;
        /* What every play of it shares with all others must not be shared at the same moment. */
        play.solitude =
            options->repeat > 1 && list_has(sc->tags, "alone") ? ALONE_UNDER_WAY : WITH_OTHERS;
        for (size_t t = 0; t < ARRAY_LEN(transports); t++)
            for (unsigned n = 0; (set & transports[t].bit) && n < options->repeat; n++) {
                play.transport = transports[t].name;
                play.serial++;
                if (here)
                    add_play(list, play, n, options->plan.revision, result);
            }
    }
}

/* The first target that has all that the scenario needs; else NULL and the first need that targets[0] lacks. */
static struct target *pick_target(const struct scenario *sc, struct target *targets, size_t n,
                                  const char **ret_need)
{
    for (size_t i = 0; i < n; i++) {
        char *const *need = sc->needs;

        while (need && *need && target_has(&targets[i], *need))
            need++;
        if (!need || !*need)
            return &targets[i];
        if (i == 0)
            *ret_need = *need;
    }
    return NULL;
}

static void skip(struct scenario_result *r, char *reason)
{
    r->skip_reason = reason;
    for (size_t i = 0; i < r->n_checks; i++)
        if (!r->checks[i].reason)
            r->checks[i].reason = xstrdup(reason);
}

static char *skip_reason(const char *need)
{
    if (strncmp(need, "key", 3) == 0)
        return xasprintf("needs a key: give --key%s",
                         strcmp(need, "key") == 0 ? "" : " in the right place");
    if (strcmp(need, "major") == 0)
        return xstrdup("needs a server whose version is 1.1.0 or later");
    if (strcmp(need, "ping") == 0)
        return xstrdup("needs a target whose pingInterval + pingTimeout is at most 10 s");
    return xasprintf("the target does not have `%s`", need);
}

/* Long waits first, so that the rest happens meanwhile; or in an order of the seed's own. */
static void sort_order(struct playlist *list, const struct run_options *options)
{
    uint64_t state = options->plan.seed | 1;
    size_t front = 0;

    for (size_t i = list->n_order; options->shuffle && i > 1; i--) {
        size_t k;

        state = state * 6364136223846793005u + 1442695040888963407u;
        k = (size_t)((state >> 33) % i);
        size_t swap = list->order[i - 1];
        list->order[i - 1] = list->order[k];
        list->order[k] = swap;
    }
    for (size_t i = 0; !options->shuffle && i < list->n_order; i++) {
        size_t at = list->order[i];

        if (!list_has(list->plays[at].scenario->tags, "slow"))
            continue;
        memmove(&list->order[front + 1], &list->order[front], (i - front) * sizeof(*list->order));
        list->order[front++] = at;
    }
}

static bool is_left_out(const struct run_options *options, const struct scenario *sc)
{
    return options->fast && list_has(sc->tags, "slow");
}

void playlist_assign(struct playlist *list, const struct run_options *options,
                     struct target *targets, size_t n_targets, struct run_result *result)
{
    const char *ignored = "";

    for (size_t i = 0; i < list->n_elsewhere; i++)
        if (pick_target(list->elsewhere[i], targets, n_targets, &ignored) &&
            !is_left_out(options, list->elsewhere[i]))
            result->plays_elsewhere = true;
    list->order = xcalloc(list->n_plays ? list->n_plays : 1, sizeof(*list->order));
    for (size_t i = 0; i < list->n_plays; i++) {
        struct play *play = &list->plays[i];
        const char *need = "";

        play->target = pick_target(play->scenario, targets, n_targets, &need);
        if (!play->target)
            skip(&result->scenarios[play->result], skip_reason(need));
        else if (is_left_out(options, play->scenario))
            skip(&result->scenarios[play->result], xstrdup("slow, and left out by --fast"));
        else
            list->order[list->n_order++] = i;
    }
    sort_order(list, options);
}

struct play *playlist_find(const struct playlist *list, long serial)
{
    for (size_t i = 0; i < list->n_plays; i++)
        if ((long)list->plays[i].serial == serial)
            return &list->plays[i];
    return NULL;
}

void playlist_release(struct playlist *list)
{
    for (size_t i = 0; i < list->n_plays; i++)
        check_results_free(list->plays[i].kept, list->plays[i].n_kept);
    free(list->elsewhere);
    free(list->plays);
    free(list->order);
}
