/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/compare.h"
#include "harness/report/markdown.h"

enum { FINDINGS_SHOWN = 5 };

static const char *const marks[VERDICT_COUNT] = {
    [VERDICT_SKIP] = "–",      [VERDICT_PASS] = "✅",  [VERDICT_INFO] = "ℹ️",
    [VERDICT_WARN] = "⚠️", [VERDICT_FLAKY] = "🎲", [VERDICT_INCONCLUSIVE] = "❔",
    [VERDICT_FAIL] = "❌",      [VERDICT_ERROR] = "💥",
};

static void append_head(struct buf *out, const struct comparison *c, const char *first)
{
    buf_appendf(out, "\n| %s |", first);
    for (size_t i = 0; i < c->n; i++) {
        buf_append_ch(out, ' ');
        markdown_append_prose(out, c->names[i]);
        buf_appendf(out, " (%s) |", smcp_revision(c->reports[i]->result.revision)->name);
    }
    buf_append_str(out, "\n|:--|");
    for (size_t i = 0; i < c->n; i++)
        buf_append_str(out, ":-:|");
    buf_append_ch(out, '\n');
}

static void append_summary(struct buf *out, const struct comparison *c)
{
    buf_append_str(out, "# SMCP implementations compared\n\n| implementation | revision | "
                        "requirements met | red | passed | failed | known failures | inconclusive "
                        "| skipped |\n|:--|:--|--:|:--|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < c->n; i++) {
        const struct run_result *r = &c->reports[i]->result;
        struct run_counts n = run_result_count(r);
        size_t judged, met = compare_met(c, i, &judged);
        char *ids = compare_red_ids(c, i);

        buf_append_str(out, "| ");
        markdown_append_prose(out, c->names[i]);
        buf_appendf(out, " | %s | %zu of %zu | %s | %zu | %zu | %zu | %zu | %zu |\n",
                    smcp_revision(r->revision)->name, met, judged, *ids ? ids : "–", n.passed,
                    n.failed, n.expected_failures, n.by_verdict[VERDICT_INCONCLUSIVE], n.skipped);
        free(ids);
    }
    buf_append_str(out, "\nRed requirements are those with a failed check, known or not; their "
                        "sentences and causes follow, then the whole matrix.\n");
}

static void append_finding(struct buf *out, const struct comparison *c,
                           const struct compare_finding *f)
{
    char *columns = compare_columns_text(c, f->columns);

    buf_append_str(out, "\n- **");
    markdown_append_prose(out, columns);
    buf_appendf(out, "**: `%s`: ", f->scenario->scenario->id);
    markdown_append_prose(out, f->check->check);
    buf_append_str(out, ": ");
    markdown_append_prose(out, f->reason ? f->reason : verdict_name(f->check->verdict));
    if (f->check->baseline_reason) {
        buf_append_str(out, " — *");
        markdown_append_prose(out, f->check->baseline_reason);
        buf_append_ch(out, '*');
    }
    free(columns);
}

static void append_causes(struct buf *out, const struct comparison *c)
{
    if (c->n_causes == 0)
        return;
    buf_appendf(out,
                "\n## Known causes: %zu\n\nAs the baselines of the implementations give them.\n\n"
                "| cause | red because of it | implementations |\n|:--|:--|:--|\n",
                c->n_causes);
    for (size_t i = 0; i < c->n_causes; i++) {
        char *columns = compare_columns_text(c, c->causes[i].columns);

        buf_append_str(out, "| ");
        markdown_append_prose(out, c->causes[i].text);
        buf_append_str(out, " | ");
        for (size_t k = 0; k < c->causes[i].n_requirements; k++)
            buf_appendf(out, "%s%s", k ? ", " : "", c->causes[i].requirements[k]);
        buf_append_str(out, " | ");
        markdown_append_prose(out, columns);
        buf_append_str(out, " |\n");
        free(columns);
    }
}

static void append_reds(struct buf *out, const struct comparison *c)
{
    buf_appendf(out, "\n## Red requirements: %zu\n", c->n_reds);
    for (size_t i = 0; i < c->n_reds; i++) {
        const struct compare_red *red = &c->reds[i];

        buf_appendf(out, "\n**%s** ", red->row->id);
        if (red->row->row) {
            buf_appendf(out, "(%s) ", red->row->row->level_text);
            markdown_append_prose(out, red->row->row->statement);
        }
        buf_append_ch(out, '\n');
        for (size_t k = 0; k < red->n_findings && k < FINDINGS_SHOWN; k++)
            append_finding(out, c, &red->findings[k]);
        if (red->n_findings > FINDINGS_SHOWN)
            buf_appendf(out, "\n- and %zu more", red->n_findings - FINDINGS_SHOWN);
        buf_append_ch(out, '\n');
    }
}

static void append_row(struct buf *out, const struct comparison *c, const struct compare_row *row)
{
    buf_appendf(out, "| **%s** %s ", row->id, row->row ? row->row->level_text : "");
    markdown_append_prose(out, row->row ? row->row->statement : "");
    buf_append_str(out, " |");
    for (size_t k = 0; k < c->n; k++) {
        char *cell = compare_cell_text(c, row, k, marks[row->cells[k].worst]);

        buf_appendf(out, " %s |", cell);
        free(cell);
    }
    buf_append_ch(out, '\n');
}

static void append_differences(struct buf *out, const struct comparison *c)
{
    buf_appendf(out,
                "\n## Behaviour that differs\n\n%zu of %zu recorded behaviours, which no text "
                "fixes. Empty: not seen there.\n",
                c->n_differences, c->n_observed);
    if (c->n_differences)
        append_head(out, c, "behaviour");
    for (size_t i = 0; i < c->n_differences; i++) {
        const struct compare_difference *d = &c->differences[i];

        buf_appendf(out, "| `%s`: ", d->scenario);
        markdown_append_prose(out, d->check);
        for (size_t k = 0; k < c->n; k++) {
            buf_append_str(out, " | ");
            if (d->values[k])
                markdown_append_code(out, d->values[k]);
        }
        buf_append_str(out, " |\n");
    }
}

bool compare_markdown(FILE *file, const struct comparison *c)
{
    struct buf text, *out = &text;

    buf_init(out, SIZE_MAX);
    append_summary(out, c);
    append_causes(out, c);
    append_reds(out, c);
    buf_append_str(
        out, "\n## All requirements\n\n✅ met, ℹ️ observed, ⚠️ a SHOULD is broken, 🎲 "
             "flaky, ❔ could not be judged, ❌ red checks of all, – skipped, n/a: the "
             "revision has no such rule, empty: nothing checks it.\n");
    append_head(out, c, "requirement");
    for (size_t i = 0; i < c->n_rows; i++)
        append_row(out, c, &c->rows[i]);
    append_differences(out, c);
    fwrite(text.data, 1, text.len, file);
    buf_release(out);
    return !ferror(file);
}
