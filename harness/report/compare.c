/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/compare.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

/* ---- columns ---- */

static void name_columns(struct comparison *c)
{
    c->names = xcalloc(c->n, sizeof(char *));
    for (size_t i = 0; i < c->n; i++) {
        const struct run_result *r = &c->reports[i]->result;
        const char *name = r->target_name ? r->target_name : "target";
        bool taken = false;

        for (size_t k = 0; k < i; k++) {
            const char *other = c->reports[k]->result.target_name;

            taken = taken || strcmp(name, other ? other : "target") == 0;
        }
        c->names[i] = taken ? xasprintf("%s (%zu)", name, i + 1) : xstrdup(name);
    }
}

/* ---- requirements ---- */

static struct compare_row *row_of(struct comparison *c, const struct requirement_roll *roll)
{
    for (size_t i = 0; i < c->n_rows; i++)
        if (strcmp(c->rows[i].id, roll->id) == 0)
            return &c->rows[i];
    c->rows = xrealloc(c->rows, (c->n_rows + 1) * sizeof(*c->rows));
    c->rows[c->n_rows] = (struct compare_row){
        .id = roll->id, .row = roll->row, .cells = xcalloc(c->n, sizeof(struct requirement_roll))};
    return &c->rows[c->n_rows++];
}

/* In the order of the requirements file, unknown ids last. */
static int by_place(const void *a, const void *b)
{
    const struct compare_row *one = a, *other = b;

    if (one->row && other->row)
        return (one->row > other->row) - (one->row < other->row);
    if (one->row || other->row)
        return one->row ? -1 : 1;
    return strcmp(one->id, other->id);
}

static void collect_rows(struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++) {
        size_t n;
        struct requirement_roll *rolls = rollup_requirements(&c->reports[i]->result, &n);

        for (size_t k = 0; k < n; k++)
            row_of(c, &rolls[k])->cells[i] = rolls[k];
        free(rolls);
    }
    if (c->n_rows)
        qsort(c->rows, c->n_rows, sizeof(*c->rows), by_place);
}

/* ---- observed behaviour ---- */

static struct compare_difference *behaviour_of(struct comparison *c, const char *scenario,
                                               const struct check_result *check)
{
    for (size_t i = c->n_differences; i-- > 0;)
        if (strcmp(c->differences[i].check, check->check) == 0 &&
            strcmp(c->differences[i].scenario, scenario) == 0)
            return &c->differences[i];
    c->differences = xrealloc(c->differences, (c->n_differences + 1) * sizeof(*c->differences));
    c->differences[c->n_differences] = (struct compare_difference){
        scenario, check->check, check->requirements, xcalloc(c->n, sizeof(char *))};
    return &c->differences[c->n_differences++];
}

static void add_value(char **value, const char *observed)
{
    char *longer;

    if (*value && strstr(*value, observed))
        return;
    longer = *value ? xasprintf("%s / %s", *value, observed) : xstrdup(observed);
    free(*value);
    *value = longer;
}

static void collect_behaviour(struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++) {
        const struct run_result *r = &c->reports[i]->result;

        for (size_t s = 0; s < r->n_scenarios; s++)
            for (size_t k = 0; k < r->scenarios[s].n_checks; k++) {
                const struct check_result *check = &r->scenarios[s].checks[k];

                if (check->observed)
                    add_value(&behaviour_of(c, r->scenarios[s].scenario->id, check)->values[i],
                              check->observed);
            }
    }
}

static bool differs(const struct comparison *c, const struct compare_difference *d)
{
    const char *first = NULL;

    for (size_t i = 0; i < c->n; i++) {
        if (!d->values[i])
            continue;
        if (first && strcmp(first, d->values[i]) != 0)
            return true;
        first = d->values[i];
    }
    return false;
}

static void values_free(const struct comparison *c, struct compare_difference *d)
{
    for (size_t i = 0; i < c->n; i++)
        free(d->values[i]);
    free(d->values);
}

static void keep_differences(struct comparison *c)
{
    size_t kept = 0;

    c->n_observed = c->n_differences;
    for (size_t i = 0; i < c->n_differences; i++) {
        if (differs(c, &c->differences[i]))
            c->differences[kept++] = c->differences[i];
        else
            values_free(c, &c->differences[i]);
    }
    c->n_differences = kept;
}

void comparison_init(struct comparison *c, struct loaded_report *const *reports, size_t n)
{
    *c = (struct comparison){.reports = reports, .n = n};
    name_columns(c);
    collect_rows(c);
    compare_collect_reds(c);
    compare_collect_causes(c);
    collect_behaviour(c);
    keep_differences(c);
}

void comparison_release(struct comparison *c)
{
    for (size_t i = 0; i < c->n; i++)
        free(c->names[i]);
    free(c->names);
    compare_release_causes(c);
    compare_release_reds(c);
    for (size_t i = 0; i < c->n_rows; i++)
        free(c->rows[i].cells);
    free(c->rows);
    for (size_t i = 0; i < c->n_differences; i++)
        values_free(c, &c->differences[i]);
    free(c->differences);
}
