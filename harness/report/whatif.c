/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/whatif.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "harness/report/generic.h"
#include "harness/report/json.h"
#include "wire/xmalloc.h"

enum { SHOWN = 4, WIDTH = 300 };

/* ---- what fails only by the other revision ---- */

/* New checks of the other revision count too: nobody is scored here. */
static bool fails(const struct run_result *r, const struct check_result *c)
{
    return c->verdict == VERDICT_FAIL && check_would_fail(r, c);
}

static bool fails_already(const struct run_result *own, const struct scenario_result *s,
                          const struct check_result *c)
{
    for (size_t i = 0; i < own->n_scenarios; i++) {
        const struct scenario_result *o = &own->scenarios[i];

        if (strcmp(o->scenario->id, s->scenario->id) != 0 ||
            strcmp(o->transport, s->transport) != 0)
            continue;
        for (size_t k = 0; k < o->n_checks; k++)
            if (strcmp(o->checks[k].check, c->check) == 0 && o->checks[k].verdict == VERDICT_FAIL)
                return true;
    }
    return false;
}

static const char *requirement_of(const struct check_result *c, enum smcp_revision_id rev)
{
    for (size_t i = 0; c->requirements[i]; i++) {
        const struct requirement *q = requirement_find(c->requirements[i]);

        if (q && q->kind == REQUIREMENT_RULE && requirement_applies(q, rev))
            return c->requirements[i];
    }
    return c->requirements[0];
}

static int by_requirement(const void *a, const void *b)
{
    const struct whatif_failure *one = a, *other = b;
    const struct requirement *q = one->requirement ? requirement_find(one->requirement) : NULL;
    const struct requirement *p = other->requirement ? requirement_find(other->requirement) : NULL;

    if (q != p)
        return !q ? 1 : !p ? -1 : q < p ? -1 : 1;
    return one->s != other->s ? (one->s < other->s ? -1 : 1)
                              : (one->c > other->c) - (one->c < other->c);
}

void whatif_init(struct whatif *w, const struct run_result *own, const struct run_result *next)
{
    *w = (struct whatif){.own = own, .next = next};
    for (size_t i = 0; i < next->n_scenarios; i++) {
        const struct scenario_result *s = &next->scenarios[i];

        for (size_t k = 0; k < s->n_checks; k++) {
            const struct check_result *c = &s->checks[k];

            if (!fails(next, c) || fails_already(own, s, c))
                continue;
            w->failures = xrealloc(w->failures, (w->n_failures + 1) * sizeof(*w->failures));
            w->failures[w->n_failures++] =
                (struct whatif_failure){s, c, requirement_of(c, next->revision)};
        }
    }
    if (w->n_failures)
        qsort(w->failures, w->n_failures, sizeof(*w->failures), by_requirement);
}

void whatif_release(struct whatif *w)
{
    free(w->failures);
}

/* ---- telling it ---- */

static bool same_requirement(const struct whatif_failure *a, const struct whatif_failure *b)
{
    return a->requirement == b->requirement ||
           (a->requirement && b->requirement && strcmp(a->requirement, b->requirement) == 0);
}

/* End of the failures under the requirement of failure `from`. */
static size_t group_end(const struct whatif *w, size_t from)
{
    size_t end = from + 1;

    while (end < w->n_failures && same_requirement(&w->failures[from], &w->failures[end]))
        end++;
    return end;
}

static bool is_new_rule(const struct whatif *w, const struct requirement *q)
{
    return q && !requirement_applies(q, w->own->revision);
}

static void print_run(FILE *out, const struct run_result *r)
{
    struct run_counts n = run_result_count(r);

    fprintf(out, "  by %-4s %zu passed, %zu failed, %zu skipped, ",
            smcp_revision(r->revision)->name, n.passed, n.failed + n.new_failed, n.skipped);
    fprintf(out, "%zu inconclusive, %zu expected failures\n", n.by_verdict[VERDICT_INCONCLUSIVE],
            n.expected_failures);
}

static void print_failure(FILE *out, const struct whatif_failure *f)
{
    char *reason = text_generic(f->s, f->c->reason ? f->c->reason : "it failed");
    struct buf b;

    buf_init(&b, SIZE_MAX);
    text_append_visible(&b, reason, WIDTH);
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] == '\n' || b.data[i] == '\t')
            b.data[i] = ' ';
    fprintf(out, "    %s [%s]: %s: %.*s\n", f->s->scenario->id, f->s->transport, f->c->check,
            (int)b.len, b.data ? b.data : "");
    buf_release(&b);
    free(reason);
}

static void print_group(FILE *out, const struct whatif *w, size_t from, size_t end)
{
    const char *id = w->failures[from].requirement;
    const struct requirement *q = id ? requirement_find(id) : NULL;

    fprintf(out, "\n  %s", id ? id : "(no requirement)");
    if (q)
        fprintf(out, " (%s%s): %s", q->level_text,
                is_new_rule(w, q) ? ", not a rule of the own revision" : "", q->statement);
    fputc('\n', out);
    for (size_t i = from; i < end && i < from + SHOWN; i++)
        print_failure(out, &w->failures[i]);
    if (end - from > SHOWN)
        fprintf(out, "    and %zu more\n", end - from - SHOWN);
}

void whatif_text(FILE *out, const struct whatif *w)
{
    const char *name = smcp_revision(w->next->revision)->name;
    size_t groups = 0;

    fprintf(out, "%s, of revision %s, judged by revision %s:\n",
            w->next->target_name ? w->next->target_name : "target",
            smcp_revision(w->own->revision)->name, name);
    print_run(out, w->own);
    print_run(out, w->next);
    for (size_t i = 0; i < w->n_failures; i = group_end(w, i), groups++)
        print_group(out, w, i, group_end(w, i));
    if (w->n_failures && w->next->rerun)
        fprintf(out, "\nplay one alone: %s --only ID\n", w->next->rerun);
    fprintf(out, "%zu checks of %zu requirements would newly fail by revision %s\n", w->n_failures,
            groups, name);
}

static void add_clean(cJSON *object, const char *name, const char *text)
{
    char *clean = text_clean(text, 4096);

    if (clean)
        cJSON_AddStringToObject(object, name, clean);
    free(clean);
}

static cJSON *run_object(const struct run_result *r)
{
    cJSON *object = report_head_object(r);

    cJSON_AddItemToObject(object, "summary", report_summary_object(r));
    return object;
}

static cJSON *group_object(const struct whatif *w, size_t from, size_t end)
{
    const char *id = w->failures[from].requirement;
    const struct requirement *q = id ? requirement_find(id) : NULL;
    cJSON *object = cJSON_CreateObject(), *list;

    add_clean(object, "requirement", id);
    if (q) {
        cJSON_AddStringToObject(object, "level", q->level_text);
        cJSON_AddStringToObject(object, "sentence", q->statement);
    }
    cJSON_AddBoolToObject(object, "new_rule", is_new_rule(w, q));
    list = cJSON_AddArrayToObject(object, "checks");
    for (size_t i = from; i < end; i++) {
        const struct whatif_failure *f = &w->failures[i];

        cJSON_AddItemToArray(list, report_check_object(w->next, f->s, f->c, false));
    }
    return object;
}

void whatif_json(FILE *out, const struct whatif *w)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *text;

    cJSON_AddNumberToObject(root, "schema_version", REPORT_SCHEMA_VERSION);
    cJSON_AddItemToObject(root, "own", run_object(w->own));
    cJSON_AddItemToObject(root, "next", run_object(w->next));
    list = cJSON_AddArrayToObject(root, "newly_failing");
    for (size_t i = 0; i < w->n_failures; i = group_end(w, i))
        cJSON_AddItemToArray(list, group_object(w, i, group_end(w, i)));
    text = cJSON_Print(root);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(root);
}
