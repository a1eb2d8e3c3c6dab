/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/compare.h"
#include "harness/report/json.h"
#include "harness/report/markdown.h"
#include "harness/report/markup.h"

/* ---- JSON ---- */

static void add_clean(cJSON *object, const char *name, const char *text)
{
    char *clean = text_clean(text, SIZE_MAX);

    if (clean)
        cJSON_AddStringToObject(object, name, clean);
    else
        cJSON_AddNullToObject(object, name);
    free(clean);
}

static cJSON *columns_array(const struct comparison *c)
{
    cJSON *list = cJSON_CreateArray();

    for (size_t i = 0; i < c->n; i++) {
        cJSON *head = report_head_object(&c->reports[i]->result);
        cJSON *column = cJSON_CreateObject();

        add_clean(column, "name", c->names[i]);
        cJSON_AddItemToObject(column, "run", head);
        cJSON_AddItemToObject(column, "summary", report_summary_object(&c->reports[i]->result));
        cJSON_AddItemToArray(list, column);
    }
    return list;
}

static cJSON *row_object(const struct comparison *c, const struct compare_row *row)
{
    cJSON *object = cJSON_CreateObject(), *cells;

    cJSON_AddStringToObject(object, "id", row->id);
    if (row->row) {
        cJSON_AddStringToObject(object, "level", row->row->level_text);
        cJSON_AddStringToObject(object, "sentence", row->row->statement);
    }
    cells = cJSON_AddArrayToObject(object, "verdicts");
    for (size_t i = 0; i < c->n; i++)
        cJSON_AddItemToArray(cells, row->cells[i].id
                                        ? cJSON_CreateString(verdict_name(row->cells[i].worst))
                                        : cJSON_CreateNull());
    return object;
}

static cJSON *difference_object(const struct comparison *c, const struct compare_difference *d)
{
    cJSON *object = cJSON_CreateObject(), *list;

    add_clean(object, "scenario", d->scenario);
    add_clean(object, "check", d->check);
    list = cJSON_AddArrayToObject(object, "requirements");
    for (size_t i = 0; d->requirements[i]; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(d->requirements[i]));
    list = cJSON_AddArrayToObject(object, "observed");
    for (size_t i = 0; i < c->n; i++) {
        char *clean = text_clean(d->values[i], SIZE_MAX);

        cJSON_AddItemToArray(list, clean ? cJSON_CreateString(clean) : cJSON_CreateNull());
        free(clean);
    }
    return object;
}

bool compare_json(FILE *out, const struct comparison *c)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *text;

    cJSON_AddNumberToObject(root, "schema_version", REPORT_SCHEMA_VERSION);
    cJSON_AddItemToObject(root, "implementations", columns_array(c));
    list = cJSON_AddArrayToObject(root, "requirements");
    for (size_t i = 0; i < c->n_rows; i++)
        cJSON_AddItemToArray(list, row_object(c, &c->rows[i]));
    list = cJSON_AddArrayToObject(root, "divergences");
    for (size_t i = 0; i < c->n_differences; i++)
        cJSON_AddItemToArray(list, difference_object(c, &c->differences[i]));
    cJSON_AddNumberToObject(root, "observed", (double)c->n_observed);
    text = cJSON_Print(root);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(root);
    return !ferror(out);
}

/* ---- what both tables show ---- */

static const char *const marks[VERDICT_COUNT] = {
    [VERDICT_SKIP] = "–",      [VERDICT_PASS] = "✅",  [VERDICT_INFO] = "ℹ️",
    [VERDICT_WARN] = "⚠️", [VERDICT_FLAKY] = "🎲", [VERDICT_INCONCLUSIVE] = "❔",
    [VERDICT_FAIL] = "❌",      [VERDICT_ERROR] = "💥",
};

/* "❌ 3/12": how many of the checks are red; a bare mark when none is. */
static void cell_text(char *to, size_t size, const struct requirement_roll *cell, const char *mark)
{
    size_t red = cell->by_verdict[VERDICT_FAIL] + cell->by_verdict[VERDICT_ERROR], all = 0;

    for (int v = 0; v < VERDICT_COUNT; v++)
        all += cell->by_verdict[v];
    if (!cell->id)
        snprintf(to, size, " ");
    else if (red)
        snprintf(to, size, "%s %zu/%zu", mark, red, all);
    else
        snprintf(to, size, "%s", mark);
}

static size_t met(const struct comparison *c, size_t column, size_t *ret_all)
{
    size_t good = 0;

    *ret_all = 0;
    for (size_t i = 0; i < c->n_rows; i++) {
        const struct requirement_roll *cell = &c->rows[i].cells[column];

        *ret_all += cell->id && cell->worst != VERDICT_SKIP;
        good += cell->id && cell->worst != VERDICT_SKIP && cell->worst <= VERDICT_WARN;
    }
    return good;
}

/* ---- Markdown ---- */

static void md_head(struct buf *out, const struct comparison *c, const char *first)
{
    buf_appendf(out, "\n| %s |", first);
    for (size_t i = 0; i < c->n; i++) {
        buf_append_ch(out, ' ');
        markdown_append_prose(out, c->names[i]);
        buf_append_str(out, " |");
    }
    buf_append_str(out, "\n|:--|");
    for (size_t i = 0; i < c->n; i++)
        buf_append_str(out, ":-:|");
    buf_append_ch(out, '\n');
}

static void md_summary(struct buf *out, const struct comparison *c)
{
    buf_append_str(out, "# SMCP implementations compared\n\n| implementation | revision | "
                        "requirements met | passed | failed | expected failures | inconclusive | "
                        "skipped |\n|:--|:--|--:|--:|--:|--:|--:|--:|\n");
    for (size_t i = 0; i < c->n; i++) {
        const struct run_result *r = &c->reports[i]->result;
        struct run_counts n = run_result_count(r);
        size_t all, good = met(c, i, &all);

        buf_append_str(out, "| ");
        markdown_append_prose(out, c->names[i]);
        buf_appendf(out, " | %s | %zu of %zu | %zu | %zu | %zu | %zu | %zu |\n",
                    smcp_revision(r->revision)->name, good, all, n.passed, n.failed,
                    n.expected_failures, n.by_verdict[VERDICT_INCONCLUSIVE], n.skipped);
    }
}

bool compare_markdown(FILE *file, const struct comparison *c)
{
    struct buf text, *out = &text;

    buf_init(out, SIZE_MAX);
    md_summary(out, c);
    buf_append_str(
        out,
        "\n## Requirements\n\n✅ met, ℹ️ observed, ⚠️ a SHOULD is broken, 🎲 flaky, "
        "❔ could not be judged, ❌ red checks of all, – skipped.\n");
    md_head(out, c, "requirement");
    for (size_t i = 0; i < c->n_rows; i++) {
        buf_appendf(out, "| **%s** %s ", c->rows[i].id,
                    c->rows[i].row ? c->rows[i].row->level_text : "");
        markdown_append_prose(out, c->rows[i].row ? c->rows[i].row->statement : "");
        buf_append_str(out, " |");
        for (size_t k = 0; k < c->n; k++) {
            char cell[64];

            cell_text(cell, sizeof(cell), &c->rows[i].cells[k], marks[c->rows[i].cells[k].worst]);
            buf_appendf(out, " %s |", cell);
        }
        buf_append_ch(out, '\n');
    }
    buf_appendf(out,
                "\n## Behaviour that differs\n\n%zu of %zu recorded behaviours, which no text "
                "fixes.\n",
                c->n_differences, c->n_observed);
    if (c->n_differences)
        md_head(out, c, "behaviour");
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
    fwrite(text.data, 1, text.len, file);
    buf_release(out);
    return !ferror(file);
}

/* ---- HTML ---- */

static const char page_head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
    "<meta name=\"viewport\" content=\"width=device-width\">"
    "<title>SMCP implementations compared</title>\n<style>\n"
    ":root{color-scheme:light "
    "dark;--bg:#fff;--fg:#1c2024;--line:#d8dde3;--bad:#fde3e1;--ok:#e3f5e6;"
    "--open:#fdf3d6}\n"
    "@media(prefers-color-scheme:dark){:root{--bg:#15181b;--fg:#e4e7ea;--line:#353b41;--bad:#"
    "4a2020;"
    "--ok:#1d3a24;--open:#4a3d16}}\n"
    "body{background:var(--bg);color:var(--fg);font:15px/1.5 system-ui,sans-serif;margin:2rem}\n"
    "table{border-collapse:collapse;margin:1rem 0}th,td{border:1px solid var(--line);padding:.3rem "
    ".6rem;text-align:left;vertical-align:top}\n"
    "thead "
    "th{position:sticky;top:0;background:var(--bg)}td.c{text-align:center;white-space:nowrap}\n"
    ".fail,.error{background:var(--bad)}.pass,.info{background:var(--ok)}"
    ".warn,.flaky,.inconclusive{background:var(--open)}\n"
    "code{font:12px/1.4 "
    "ui-monospace,monospace;overflow-wrap:anywhere}small{opacity:.75;font-weight:400}\n"
    "</style></head><body>\n<h1>SMCP implementations compared</h1>\n";

static void html_head(FILE *out, const struct comparison *c, const char *first)
{
    fprintf(out, "<table><thead><tr><th scope=\"col\">%s</th>", first);
    for (size_t i = 0; i < c->n; i++)
        markup_element(out, "<th scope=\"col\">", c->names[i], "</th>");
    fputs("</tr></thead><tbody>\n", out);
}

static void html_row(FILE *out, const struct comparison *c, const struct compare_row *row)
{
    fprintf(out, "<tr><th scope=\"row\">%s <small>%s</small><br><small>", row->id,
            row->row ? row->row->level_text : "");
    markup_element(out, "", row->row ? row->row->statement : "", "</small></th>");
    for (size_t k = 0; k < c->n; k++) {
        const struct requirement_roll *cell = &row->cells[k];
        char text[64];

        cell_text(text, sizeof(text), cell, verdict_name(cell->worst));
        fprintf(out, "<td class=\"c %s\">%s</td>", cell->id ? verdict_name(cell->worst) : "", text);
    }
    fputs("</tr>\n", out);
}

static void html_difference(FILE *out, const struct comparison *c,
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
    fputs(page_head, out);
    html_head(out, c, "");
    fputs("<tr><th scope=\"row\">requirements met</th>", out);
    for (size_t i = 0; i < c->n; i++) {
        size_t all, good = met(c, i, &all);

        fprintf(out, "<td class=\"c\">%zu of %zu</td>", good, all);
    }
    fputs("</tr></tbody></table>\n<h2>Requirements</h2>\n", out);
    html_head(out, c, "requirement");
    for (size_t i = 0; i < c->n_rows; i++)
        html_row(out, c, &c->rows[i]);
    fprintf(out,
            "</tbody></table>\n<h2>Behaviour that differs</h2>\n<p>%zu of %zu recorded "
            "behaviours, which no text fixes.</p>\n",
            c->n_differences, c->n_observed);
    html_head(out, c, "behaviour");
    for (size_t i = 0; i < c->n_differences; i++)
        html_difference(out, c, &c->differences[i]);
    fputs("</tbody></table>\n</body></html>\n", out);
    return !ferror(out);
}
