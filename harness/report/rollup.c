/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "wire/xmalloc.h"

struct rolls {
    struct requirement_roll *items;
    size_t n, cap;
};

/* Known ones are kept at the index of their row, so that the order is that of the file; unknown ones follow. */
static struct requirement_roll *roll_of(struct rolls *all, size_t known, const char *id)
{
    for (size_t i = 0; i < known; i++)
        if (strcmp(all->items[i].row->id, id) == 0)
            return &all->items[i];
    for (size_t i = known; i < all->n; i++)
        if (strcmp(all->items[i].id, id) == 0)
            return &all->items[i];
    if (all->n == all->cap) {
        all->cap = 2 * all->cap + 16;
        all->items = xrealloc(all->items, all->cap * sizeof(*all->items));
    }
    all->items[all->n] = (struct requirement_roll){.id = id};
    return &all->items[all->n++];
}

static void count_check(struct requirement_roll *roll, const struct run_result *r, const char *id,
                        const struct check_result *c)
{
    roll->id = id;
    if (!check_is_scored(r, c)) {
        roll->new_checks++;
        return;
    }
    roll->worst = verdict_worse(roll->worst, c->verdict);
    roll->by_verdict[c->verdict]++;
    roll->expected_failures += check_is_expected_failure(c);
}

struct requirement_roll *rollup_requirements(const struct run_result *r, size_t *ret_n)
{
    size_t known = requirement_count(), kept = 0;
    struct rolls all = {.n = known, .cap = known + 16};

    all.items = xcalloc(all.cap, sizeof(*all.items));
    for (size_t i = 0; i < known; i++)
        all.items[i].row = requirement_at(i);
    for (size_t i = 0; i < r->n_scenarios; i++) {
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++) {
            const struct check_result *c = &r->scenarios[i].checks[k];

            for (size_t q = 0; c->requirements && c->requirements[q]; q++)
                count_check(roll_of(&all, known, c->requirements[q]), r, c->requirements[q], c);
        }
    }
    for (size_t i = 0; i < all.n; i++)
        if (all.items[i].id)
            all.items[kept++] = all.items[i];
    *ret_n = kept;
    return all.items;
}
