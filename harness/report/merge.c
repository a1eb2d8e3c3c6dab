/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/merge.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

/* websocket, polling, upgrade: the order of a run. */
static int place_of(const char *transport)
{
    return transport[0] == 'w' ? 0 : transport[0] == 'p' ? 1 : 2;
}

static int by_place(const void *a, const void *b)
{
    const struct scenario_result *one = a, *other = b;
    int order = strcmp(one->scenario->id, other->scenario->id);

    if (!order)
        order = place_of(one->transport) - place_of(other->transport);
    if (!order)
        order = (one->repetition > other->repetition) - (one->repetition < other->repetition);
    return order;
}

/* An entry that names no scenario at all is stale in every shard. */
static void add_stale(struct run_result *all, char *text)
{
    for (size_t i = 0; i < all->n_stale; i++)
        if (strcmp(all->stale[i], text) == 0)
            return;
    all->stale[all->n_stale++] = text;
}

static void add_part(struct run_result *all, const struct run_result *part)
{
    memcpy(all->scenarios + all->n_scenarios, part->scenarios,
           part->n_scenarios * sizeof(*part->scenarios));
    all->n_scenarios += part->n_scenarios;
    for (size_t i = 0; i < part->n_stale; i++)
        add_stale(all, part->stale[i]);
    if (part->n_vanished > all->n_vanished) { /* normally the same everywhere */
        all->vanished = part->vanished;
        all->n_vanished = part->n_vanished;
    }
    all->score_all = all->score_all && part->score_all;
    if (part->duration_ms > all->duration_ms)
        all->duration_ms = part->duration_ms; /* they ran side by side */
    all->interrupted = all->interrupted || part->interrupted;
    all->strict = all->strict || part->strict;
    if (!all->error)
        all->error = part->error;
}

/* Neighbours of one id share the scenario, as after a run; false when two of them are the same play. */
static bool join_neighbours(struct run_result *all, char **reterr)
{
    for (size_t i = 1; i < all->n_scenarios; i++) {
        struct scenario_result *s = &all->scenarios[i], *before = s - 1;

        if (by_place(before, s) == 0) {
            *reterr =
                xasprintf("%s on %s is in more than one report", s->scenario->id, s->transport);
            return false;
        }
        if (strcmp(before->scenario->id, s->scenario->id) == 0 &&
            before->scenario->n_actors == s->scenario->n_actors)
            s->scenario = before->scenario;
    }
    return true;
}

static size_t count_shard(struct loaded_report *const *reports, size_t n, unsigned part)
{
    size_t count = 0;

    for (size_t i = 0; i < n; i++)
        count += reports[i]->result.shard_part == part;
    return count;
}

/* Each part must be there as often as any other (once for each transport, say); else the first report owns the complaint. */
static void demand_all_shards(struct loaded_report *const *reports, size_t n, unsigned parts)
{
    struct run_result *first = &reports[0]->result;
    size_t most = 0;

    for (unsigned part = 1; part <= parts; part++)
        if (count_shard(reports, n, part) > most)
            most = count_shard(reports, n, part);
    for (unsigned part = 1; part <= parts; part++)
        if (count_shard(reports, n, part) < most) {
            first->lacks_shards = true;
            if (!first->error)
                first->error =
                    xasprintf("shard %u/%u is missing: the report is partial", part, parts);
        }
}

static bool same_split(struct loaded_report *const *reports, size_t n, unsigned *ret_parts,
                       char **reterr)
{
    unsigned parts = 0;

    for (size_t i = 0; i < n; i++) {
        unsigned own = reports[i]->result.shard_parts;

        if (parts && own && own != parts) {
            *reterr = xasprintf("shards of %u and of %u do not go together", parts, own);
            return false;
        }
        parts = own ? own : parts;
    }
    *ret_parts = parts;
    return true;
}

bool reports_merge(struct loaded_report *const *reports, size_t n, struct run_result *ret,
                   char **reterr)
{
    size_t n_scenarios = 0, n_stale = 0;
    unsigned parts;

    if (!same_split(reports, n, &parts, reterr))
        return false;
    demand_all_shards(reports, n, parts);
    *ret = reports[0]->result;
    ret->shard_part = ret->shard_parts = 0;
    for (size_t i = 0; i < n; i++) {
        n_scenarios += reports[i]->result.n_scenarios;
        n_stale += reports[i]->result.n_stale;
        if (reports[i]->result.revision == ret->revision)
            continue;
        *reterr =
            xasprintf("revisions %s and %s do not go together", smcp_revision(ret->revision)->name,
                      smcp_revision(reports[i]->result.revision)->name);
        return false;
    }
    ret->scenarios = xcalloc(n_scenarios + 1, sizeof(*ret->scenarios));
    ret->stale = xcalloc(n_stale + 1, sizeof(char *));
    ret->n_scenarios = ret->n_stale = 0;
    for (size_t i = 0; i < n; i++)
        add_part(ret, &reports[i]->result);
    qsort(ret->scenarios, ret->n_scenarios, sizeof(*ret->scenarios), by_place);
    if (!join_neighbours(ret, reterr)) {
        merged_release(ret);
        return false;
    }
    run_result_summarize(ret);
    return true;
}

void merged_release(struct run_result *r)
{
    free(r->scenarios);
    free(r->stale);
}
