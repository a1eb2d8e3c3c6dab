/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/compare.h"
#include "harness/report/generic.h"
#include "wire/xmalloc.h"

/* Which requirements are red somewhere, and the causes, each told once for all implementations that share it. */

static size_t reds(const struct requirement_roll *cell)
{
    return cell->by_verdict[VERDICT_FAIL] + cell->by_verdict[VERDICT_ERROR];
}

bool compare_is_red(const struct compare_row *row, size_t column)
{
    return row->cells[column].id && reds(&row->cells[column]) > 0;
}

/* Trace rows and contradictions name checks that prove requirements anyway. */
bool compare_is_rule(const struct compare_row *row)
{
    return !row->row || row->row->kind == REQUIREMENT_RULE;
}

static bool names(const struct check_result *c, const char *id)
{
    for (size_t i = 0; c->requirements[i]; i++)
        if (strcmp(c->requirements[i], id) == 0)
            return true;
    return false;
}

static bool same_cause(const struct compare_finding *f, const struct scenario_result *s,
                       const struct check_result *c)
{
    if (f->check->baseline_reason && c->baseline_reason)
        return strcmp(f->check->baseline_reason, c->baseline_reason) == 0;
    return !f->check->baseline_reason && !c->baseline_reason &&
           strcmp(f->check->check, c->check) == 0 &&
           strcmp(f->scenario->scenario->id, s->scenario->id) == 0;
}

static void add_finding(struct compare_red *red, const struct comparison *c, size_t column,
                        const struct scenario_result *s, const struct check_result *check)
{
    struct compare_finding *f = NULL;

    for (size_t i = 0; i < red->n_findings && !f; i++)
        if (same_cause(&red->findings[i], s, check))
            f = &red->findings[i];
    if (!f) {
        red->findings = xrealloc(red->findings, (red->n_findings + 1) * sizeof(*red->findings));
        f = &red->findings[red->n_findings++];
        *f = (struct compare_finding){&c->reports[column]->result, s, check,
                                      text_generic(s, check->reason), xcalloc(c->n, sizeof(bool))};
    }
    f->columns[column] = true;
}

static void find_causes(struct compare_red *red, const struct comparison *c, size_t column)
{
    const struct run_result *r = &c->reports[column]->result;

    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++) {
            const struct check_result *check = &r->scenarios[i].checks[k];

            if (check->verdict >= VERDICT_FAIL && check_is_scored(r, check) &&
                names(check, red->row->id))
                add_finding(red, c, column, &r->scenarios[i], check);
        }
}

void compare_collect_reds(struct comparison *c)
{
    c->reds = xcalloc(c->n_rows + 1, sizeof(*c->reds));
    for (size_t i = 0; i < c->n_rows; i++) {
        struct compare_red *red = &c->reds[c->n_reds];

        *red = (struct compare_red){.row = &c->rows[i]};
        for (size_t k = 0; k < c->n && compare_is_rule(red->row); k++)
            if (compare_is_red(red->row, k))
                find_causes(red, c, k);
        c->n_reds += red->n_findings > 0;
    }
}

void compare_release_reds(struct comparison *c)
{
    for (size_t i = 0; i < c->n_reds; i++) {
        for (size_t k = 0; k < c->reds[i].n_findings; k++) {
            free(c->reds[i].findings[k].reason);
            free(c->reds[i].findings[k].columns);
        }
        free(c->reds[i].findings);
    }
    free(c->reds);
}

/* ---- what the tables say of it ---- */

size_t compare_met(const struct comparison *c, size_t column, size_t *ret_judged)
{
    size_t met = 0;

    *ret_judged = 0;
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct requirement_roll *cell = &c->rows[i].cells[column];

        if (!cell->id || !compare_is_rule(&c->rows[i]) || cell->worst == VERDICT_SKIP ||
            cell->worst == VERDICT_INFO)
            continue;
        ++*ret_judged;
        met += cell->worst <= VERDICT_WARN;
    }
    return met;
}

bool compare_applies(const struct comparison *c, const struct compare_row *row, size_t column)
{
    return row->cells[column].id || !row->row ||
           requirement_applies(row->row, c->reports[column]->result.revision);
}

char *compare_cell_text(const struct comparison *c, const struct compare_row *row, size_t column,
                        const char *mark)
{
    const struct requirement_roll *cell = &row->cells[column];
    size_t all = 0;

    for (int v = 0; v < VERDICT_COUNT; v++)
        all += cell->by_verdict[v];
    if (!compare_applies(c, row, column))
        return xstrdup("n/a");
    if (!cell->id)
        return xstrdup("");
    if (reds(cell))
        return xasprintf("%s %zu/%zu", mark, reds(cell), all);
    return xstrdup(all == 0 && cell->new_checks ? "new" : mark);
}

char *compare_red_ids(const struct comparison *c, size_t column)
{
    size_t shown = 0, all = 0;
    struct buf out;

    buf_init(&out, SIZE_MAX);
    for (size_t i = 0; i < c->n_reds; i++) {
        if (!compare_is_red(c->reds[i].row, column))
            continue;
        if (all++ < 12)
            buf_appendf(&out, "%s%s", shown++ ? ", " : "", c->reds[i].row->id);
    }
    if (all > shown)
        buf_appendf(&out, " and %zu more", all - shown);
    return buf_take_str(&out);
}

static void append_names(struct buf *out, const struct comparison *c, const bool *columns,
                         bool which)
{
    for (size_t i = 0, shown = 0; i < c->n; i++)
        if (columns[i] == which)
            buf_appendf(out, "%s%s", shown++ ? ", " : "", c->names[i]);
}

char *compare_columns_text(const struct comparison *c, const bool *columns)
{
    size_t n = 0;
    struct buf out;

    buf_init(&out, SIZE_MAX);
    for (size_t i = 0; i < c->n; i++)
        n += columns[i];
    if (n == c->n) {
        buf_append_str(&out, "all");
    } else if (n > 2 && c->n - n <= 2) {
        buf_append_str(&out, "all but ");
        append_names(&out, c, columns, false);
    } else {
        append_names(&out, c, columns, true);
    }
    return buf_take_str(&out);
}

/* ---- causes ---- */

static struct compare_cause *cause_of(struct comparison *c, const char *text)
{
    for (size_t i = 0; i < c->n_causes; i++)
        if (strcmp(c->causes[i].text, text) == 0)
            return &c->causes[i];
    c->causes = xrealloc(c->causes, (c->n_causes + 1) * sizeof(*c->causes));
    c->causes[c->n_causes] = (struct compare_cause){text, NULL, 0, xcalloc(c->n, sizeof(bool))};
    return &c->causes[c->n_causes++];
}

static void add_requirement(struct compare_cause *cause, const char *id)
{
    if (cause->n_requirements && cause->requirements[cause->n_requirements - 1] == id)
        return;
    cause->requirements = xrealloc((void *)cause->requirements,
                                   (cause->n_requirements + 1) * sizeof(*cause->requirements));
    cause->requirements[cause->n_requirements++] = id;
}

/* The most far-reaching first. */
static int by_reach(const void *a, const void *b)
{
    const struct compare_cause *one = a, *other = b;

    return (one->n_requirements < other->n_requirements) -
           (one->n_requirements > other->n_requirements);
}

void compare_collect_causes(struct comparison *c)
{
    for (size_t i = 0; i < c->n_reds; i++)
        for (size_t k = 0; k < c->reds[i].n_findings; k++) {
            const struct compare_finding *f = &c->reds[i].findings[k];
            struct compare_cause *cause;

            if (!f->check->baseline_reason)
                continue;
            cause = cause_of(c, f->check->baseline_reason);
            add_requirement(cause, c->reds[i].row->id);
            for (size_t column = 0; column < c->n; column++)
                cause->columns[column] = cause->columns[column] || f->columns[column];
        }
    if (c->n_causes)
        qsort(c->causes, c->n_causes, sizeof(*c->causes), by_reach);
}

void compare_release_causes(struct comparison *c)
{
    for (size_t i = 0; i < c->n_causes; i++) {
        free((void *)c->causes[i].requirements);
        free(c->causes[i].columns);
    }
    free(c->causes);
}
