/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/compare.h"
#include "harness/report/markup.h"
#include "wire/embedded.h"

/* One file that works offline: page/compare.css inside, no script. */

EMBEDDED_FILES(embedded_page);

static void print_style(FILE *out)
{
    for (size_t i = 0; i < embedded_page_count; i++)
        if (strcmp(embedded_page[i].path, "compare.css") == 0)
            fwrite(embedded_page[i].data, 1, embedded_page[i].len, out);
}

static void print_head(FILE *out, const struct comparison *c, const char *first)
{
    fprintf(out, "<table><thead><tr><th scope=\"col\">%s</th>", first);
    for (size_t i = 0; i < c->n; i++) {
        markup_element(out, "<th scope=\"col\">", c->names[i], " ");
        fprintf(out, "<small>%s</small></th>", smcp_revision(c->reports[i]->result.revision)->name);
    }
    fputs("</tr></thead><tbody>\n", out);
}

static void print_ids(FILE *out, const struct comparison *c, size_t column)
{
    size_t n = 0;

    for (size_t i = 0; i < c->n_reds; i++)
        if (compare_is_red(c->reds[i].row, column))
            fprintf(out, "%s<a href=\"#%s\">%s</a>", n++ ? ", " : "", c->reds[i].row->id,
                    c->reds[i].row->id);
    fputs(n ? "" : "none", out);
}

static void print_summary(FILE *out, const struct comparison *c)
{
    fputs("<table class=\"summary\"><thead><tr><th>implementation<th>revision<th>requirements "
          "met<th>red<th>passed<th>failed<th>known failures<th>inconclusive<th>skipped"
          "</tr></thead><tbody>\n",
          out);
    for (size_t i = 0; i < c->n; i++) {
        const struct run_result *r = &c->reports[i]->result;
        struct run_counts n = run_result_count(r);
        size_t judged, met = compare_met(c, i, &judged);

        markup_element(out, "<tr><th scope=\"row\">", c->names[i], "</th>");
        fprintf(out, "<td>%s</td><td class=\"n %s\">%zu of %zu</td><td class=\"ids\">",
                smcp_revision(r->revision)->name, met < judged ? "fail" : "pass", met, judged);
        print_ids(out, c, i);
        fprintf(out,
                "</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td><td class=\"n\">%zu</td>"
                "<td class=\"n\">%zu</td><td class=\"n\">%zu</td></tr>\n",
                n.passed, n.failed, n.expected_failures, n.by_verdict[VERDICT_INCONCLUSIVE],
                n.skipped);
    }
    fputs("</tbody></table>\n", out);
}

static void print_finding(FILE *out, const struct comparison *c, const struct compare_finding *f)
{
    char *columns = compare_columns_text(c, f->columns);
    char *rerun = evidence_rerun(f->run, f->scenario, f->check);

    markup_element(out, "<li><b>", columns, "</b>: ");
    markup_element(out, "<code>", f->scenario->scenario->id, "</code>: ");
    markup_element(out, "", f->check->check, ": ");
    markup_print(out, f->reason ? f->reason : verdict_name(f->check->verdict), 600);
    if (f->check->baseline_reason)
        markup_element(out, "<br><i>", f->check->baseline_reason, "</i>");
    markup_element(out, "<br><code class=\"rerun\">", rerun, "</code></li>\n");
    free(rerun);
    free(columns);
}

static void print_causes(FILE *out, const struct comparison *c)
{
    if (c->n_causes == 0)
        return;
    fprintf(out,
            "<h2>Known causes: %zu</h2>\n<p>As the baselines of the implementations give "
            "them.</p>\n<table><thead><tr><th>cause<th>red because of it<th>implementations"
            "</tr></thead><tbody>\n",
            c->n_causes);
    for (size_t i = 0; i < c->n_causes; i++) {
        char *columns = compare_columns_text(c, c->causes[i].columns);

        markup_element(out, "<tr><td>", c->causes[i].text, "</td><td>");
        for (size_t k = 0; k < c->causes[i].n_requirements; k++)
            fprintf(out, "%s<a href=\"#%s\">%s</a>", k ? ", " : "", c->causes[i].requirements[k],
                    c->causes[i].requirements[k]);
        markup_element(out, "</td><td>", columns, "</td></tr>\n");
        free(columns);
    }
    fputs("</tbody></table>\n", out);
}

static void print_reds(FILE *out, const struct comparison *c)
{
    fprintf(out, "<h2>Red requirements: %zu</h2>\n", c->n_reds);
    for (size_t i = 0; i < c->n_reds; i++) {
        const struct compare_red *red = &c->reds[i];
        const struct requirement *q = red->row->row;

        fprintf(out, "<h3 id=\"%s\">%s", red->row->id, red->row->id);
        if (q)
            fprintf(out, " <small>%s</small>", q->level_text);
        fputs("</h3>\n", out);
        if (q)
            markup_element(out, "<p>", q->statement, "</p>\n");
        fputs("<ul>\n", out);
        for (size_t k = 0; k < red->n_findings; k++)
            print_finding(out, c, &red->findings[k]);
        fputs("</ul>\n", out);
    }
}

static void print_row(FILE *out, const struct comparison *c, const struct compare_row *row)
{
    fprintf(out, "<tr><th scope=\"row\">%s <small>%s</small><br><small>", row->id,
            row->row ? row->row->level_text : "");
    markup_element(out, "", row->row ? row->row->statement : "", "</small></th>");
    for (size_t k = 0; k < c->n; k++) {
        const struct requirement_roll *cell = &row->cells[k];
        char *text = compare_cell_text(c, row, k, verdict_name(cell->worst));
        bool applies = compare_applies(c, row, k);

        fprintf(out, "<td class=\"c %s\">%s</td>",
                !applies   ? "na"
                : cell->id ? verdict_name(cell->worst)
                           : "",
                text);
        free(text);
    }
    fputs("</tr>\n", out);
}

static void print_difference(FILE *out, const struct comparison *c,
                             const struct compare_difference *d)
{
    markup_element(out, "<tr><th scope=\"row\">", d->check, "");
    markup_element(out, "<br><small>", d->scenario, "</small></th>");
    for (size_t k = 0; k < c->n; k++) {
        fputs("<td><code>", out);
        markup_print(out, d->values[k] ? d->values[k] : "", 600);
        fputs("</code></td>", out);
    }
    fputs("</tr>\n", out);
}

bool compare_html(FILE *out, const struct comparison *c)
{
    fputs("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
          "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
          "<title>SMCP implementations compared</title>\n<style>\n",
          out);
    print_style(out);
    fputs("</style></head><body>\n<h1>SMCP implementations compared</h1>\n", out);
    print_summary(out, c);
    print_causes(out, c);
    print_reds(out, c);
    fputs("<h2>All requirements</h2>\n<p>The worst verdict of its checks; n/a: the revision has "
          "no such rule; empty: nothing checks it.</p>\n",
          out);
    print_head(out, c, "requirement");
    for (size_t i = 0; i < c->n_rows; i++)
        print_row(out, c, &c->rows[i]);
    fprintf(out,
            "</tbody></table>\n<h2>Behaviour that differs</h2>\n<p>%zu of %zu recorded "
            "behaviours, which no text fixes; empty: not seen there.</p>\n",
            c->n_differences, c->n_observed);
    print_head(out, c, "behaviour");
    for (size_t i = 0; i < c->n_differences; i++)
        print_difference(out, c, &c->differences[i]);
    fputs("</tbody></table>\n</body></html>\n", out);
    return !ferror(out);
}
