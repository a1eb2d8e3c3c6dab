/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "harness/report/explain.h"
#include "harness/report/generic.h"
#include "harness/report/markdown.h"
#include "harness/report/mermaid.h"
#include "harness/report/report.h"
#include "wire/xmalloc.h"

/*
 * For people, in a repository or a step summary: first what is wrong, last what was not played.  Renderers refuse or fold big files, so
 * each section has a ceiling and says what it left out; the JSON report has everything.
 */

enum { MAX_DETAILS = 130 << 10, MAX_TABLE = 30 << 10 };

struct sheet {
    struct buf out;
    const struct run_result *r;
    const char *transports[3];
    size_t n_transports;
    size_t section;  /* where the current table starts in `out` */
    size_t left_out; /* rows that it had no room for */
};

/* ---- the same check on several transports is told once ---- */

typedef bool check_filter(const struct run_result *r, const struct check_result *c);

static bool is_unexpected(const struct run_result *r, const struct check_result *c)
{
    return check_is_unexpected(r, c);
}

static bool is_expected(const struct run_result *r, const struct check_result *c)
{
    (void)r;
    return c->expected_failure && check_is_trouble(c) && c->verdict != VERDICT_ERROR;
}

static bool is_remark(const struct run_result *r, const struct check_result *c)
{
    return (c->verdict == VERDICT_WARN || c->verdict == VERDICT_FLAKY) && !is_expected(r, c) &&
           !is_unexpected(r, c) && check_is_scored(r, c);
}

static bool is_new(const struct run_result *r, const struct check_result *c)
{
    return !check_is_scored(r, c) && !is_expected(r, c);
}

static bool is_observed(const struct run_result *r, const struct check_result *c)
{
    (void)r;
    return c->observed != NULL;
}

/* Are check k of scenario results i and j the same finding? */
static bool same_finding(const struct run_result *r, size_t i, size_t j, size_t k,
                         check_filter *filter)
{
    const struct scenario_result *a = &r->scenarios[i], *b = &r->scenarios[j];

    return a->scenario == b->scenario && k < b->n_checks && k < a->n_checks &&
           filter(r, &a->checks[k]) && filter(r, &b->checks[k]);
}

static bool told_before(const struct run_result *r, size_t i, size_t k, check_filter *filter)
{
    for (size_t j = i; j-- > 0 && r->scenarios[j].scenario == r->scenarios[i].scenario;)
        if (same_finding(r, i, j, k, filter))
            return true;
    return false;
}

/* "websocket, polling": where else this was found, from result i on. */
static void append_where(struct buf *out, const struct run_result *r, size_t i, size_t k,
                         check_filter *filter)
{
    const char *before = "", *last = "";

    for (size_t j = i; j < r->n_scenarios; j++) {
        if (r->scenarios[j].scenario != r->scenarios[i].scenario)
            break;
        if (!same_finding(r, i, j, k, filter) || strcmp(last, r->scenarios[j].transport) == 0)
            continue;
        last = r->scenarios[j].transport;
        buf_appendf(out, "%s%s", before, last);
        before = ", ";
    }
}

/* Calls `tell` for each finding of a kind, once. */
typedef void tell_fn(struct sheet *sh, size_t i, size_t k, size_t nth);

static size_t for_each(struct sheet *sh, check_filter *filter, tell_fn *tell)
{
    size_t n = 0;

    for (size_t i = 0; i < sh->r->n_scenarios; i++)
        for (size_t k = 0; k < sh->r->scenarios[i].n_checks; k++)
            if (filter(sh->r, &sh->r->scenarios[i].checks[k]) &&
                !told_before(sh->r, i, k, filter)) {
                if (tell)
                    tell(sh, i, k, n);
                n++;
            }
    return n;
}

/* ---- sections ---- */

static void append_requirement_ids(struct buf *out, const struct check_result *c)
{
    for (size_t i = 0; c->requirements && c->requirements[i]; i++)
        buf_appendf(out, "%s%s", i ? ", " : "", c->requirements[i]);
}

static void print_facts(struct sheet *sh)
{
    const struct run_result *r = sh->r;
    struct buf *out = &sh->out;

    buf_append_str(out, "# SMCP conformance: ");
    markdown_append_prose(out, r->target_name  ? r->target_name
                               : r->target_url ? r->target_url
                                               : "target");
    buf_appendf(out, "\n\nRevision %s, ", smcp_revision(r->revision)->name);
    for (size_t i = 0; i < sh->n_transports; i++)
        buf_appendf(out, "%s%s", i ? ", " : "", sh->transports[i]);
    buf_appendf(out, "; %zu of %zu checks judged in %u.%03u s, ", r->executed_checks,
                r->declared_checks, r->duration_ms / 1000, r->duration_ms % 1000);
    buf_appendf(out, "%s, seed %llu, settle window %u ms, smcp-harness " SMCP_VERSION ".\n",
                r->started_at ? r->started_at : "", (unsigned long long)r->seed, r->settle_ms);
    if (r->interrupted)
        buf_append_str(out, "\n**Interrupted: this report is partial.**\n");
    if (r->error) {
        buf_append_str(out, "\n**");
        markdown_append_prose(out, r->error);
        buf_append_str(out, "**\n");
    }
}

static void print_list(struct buf *out, const char *label, char *const *texts, size_t n)
{
    size_t start = out->len, i;

    for (i = 0; i < n && out->len - start < MAX_TABLE; i++) {
        buf_appendf(out, "\n- %s: ", label);
        markdown_append_prose(out, texts[i]);
    }
    if (i < n)
        buf_appendf(out, "\n- and %zu more", n - i);
    if (n)
        buf_append_ch(out, '\n');
}

static void print_summary(struct sheet *sh)
{
    struct run_counts n = run_result_count(sh->r);
    struct buf *out = &sh->out;

    buf_appendf(out, "\n**%zu passed, %zu failed, %zu skipped**\n\n|", n.passed, n.failed,
                n.skipped);
    for (int v = 0; v < VERDICT_COUNT; v++)
        buf_appendf(out, " %s |", verdict_name((enum verdict)v));
    buf_append_str(
        out, " expected failures | stale | new | new failed | vanished | declared | executed |\n|");
    for (int v = 0; v < VERDICT_COUNT + 7; v++)
        buf_append_str(out, "--:|");
    buf_append_str(out, "\n|");
    for (int v = 0; v < VERDICT_COUNT; v++)
        buf_appendf(out, " %zu |", n.by_verdict[v]);
    buf_appendf(out, " %zu | %zu | %zu | %zu | %zu | %zu | %zu |\n", n.expected_failures, n.stale,
                n.new_checks, n.new_failed, n.vanished, sh->r->declared_checks,
                sh->r->executed_checks);
    print_list(out, "stale", sh->r->stale, sh->r->n_stale);
    print_list(out, "vanished", sh->r->vanished, sh->r->n_vanished);
    if (n.new_checks > 0)
        buf_appendf(out, "\n%zu checks are new, %s set %u of revision %s.\n", n.new_checks,
                    sh->r->score_all ? "and scored although they are not in"
                                     : "and not scored: they are not in",
                    sh->r->set_number, smcp_revision(sh->r->revision)->name);
}

/* Counts of one chapter on one transport. */
struct cell {
    size_t passed, failed, expected, unscored, inconclusive, flaky, skipped;
};

static struct cell count_cell(const struct run_result *r, struct slice chapter,
                              const char *transport)
{
    struct cell n = {0};

    for (size_t i = 0; i < r->n_scenarios; i++) {
        const struct scenario_result *s = &r->scenarios[i];

        if (strcmp(s->transport, transport) != 0 ||
            !slice_eq(scenario_chapter(s->scenario), chapter))
            continue;
        for (size_t k = 0; k < s->n_checks; k++) {
            const struct check_result *c = &s->checks[k];

            if (check_is_unexpected(r, c))
                n.failed++;
            else if (check_is_expected_failure(c))
                n.expected++;
            else if (!check_is_scored(r, c))
                n.unscored++;
            else if (c->verdict == VERDICT_INCONCLUSIVE)
                n.inconclusive++;
            else if (c->verdict == VERDICT_FLAKY)
                n.flaky++;
            else if (c->verdict == VERDICT_SKIP)
                n.skipped++;
            else
                n.passed++;
        }
    }
    return n;
}

static void append_cell(struct buf *out, struct cell n)
{
    const struct {
        size_t n;
        const char *what, *mark;
    } parts[] = {{n.failed, "failed", "**"},           {n.expected, "expected to fail", ""},
                 {n.inconclusive, "inconclusive", ""}, {n.flaky, "flaky", ""},
                 {n.skipped, "skipped", ""},           {n.unscored, "new", ""}};
    bool open = n.inconclusive || n.flaky || n.expected;
    size_t all = n.passed;

    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        all += parts[i].n;
    if (all == 0) {
        buf_append_str(out, " – |");
        return;
    }
    buf_appendf(out, " %s %zu", n.failed ? "❌" : open ? "⚠️" : "✅", n.passed);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++)
        if (parts[i].n)
            buf_appendf(out, ", %s%zu %s%s", parts[i].mark, parts[i].n, parts[i].what,
                        parts[i].mark);
    buf_append_str(out, " |");
}

static void print_matrix(struct sheet *sh)
{
    const struct run_result *r = sh->r;
    struct buf *out = &sh->out;

    buf_append_str(out, "\n## Chapters\n\n| chapter |");
    for (size_t t = 0; t < sh->n_transports; t++)
        buf_appendf(out, " %s |", sh->transports[t]);
    buf_append_str(out, "\n|:--|");
    for (size_t t = 0; t < sh->n_transports; t++)
        buf_append_str(out, ":--|");
    buf_append_ch(out, '\n');
    for (size_t i = 0; i < r->n_scenarios; i++) {
        struct slice chapter = scenario_chapter(r->scenarios[i].scenario);

        if (i > 0 && slice_eq(chapter, scenario_chapter(r->scenarios[i - 1].scenario)))
            continue;
        buf_appendf(out, "| %.*s |", (int)chapter.len, chapter.ptr);
        for (size_t t = 0; t < sh->n_transports; t++)
            append_cell(out, count_cell(r, chapter, sh->transports[t]));
        buf_append_ch(out, '\n');
    }
}

static void print_requirements(struct sheet *sh)
{
    size_t n, start = sh->out.len;
    struct requirement_roll *rolls = rollup_requirements(sh->r, &n);
    struct buf *out = &sh->out;
    bool titled = false;

    for (size_t i = 0; i < n; i++) {
        size_t red = rolls[i].by_verdict[VERDICT_FAIL] + rolls[i].by_verdict[VERDICT_ERROR] +
                     rolls[i].by_verdict[VERDICT_WARN];

        if (red == 0 || out->len - start > MAX_TABLE)
            continue;
        if (!titled)
            buf_append_str(out, "\n## Requirements not met\n\n| requirement | level | red checks "
                                "| sentence |\n|:--|:--|--:|:--|\n");
        titled = true;
        buf_appendf(out, "| %s | %s | %zu%s | ", rolls[i].id,
                    rolls[i].row ? rolls[i].row->level_text : "", red,
                    rolls[i].expected_failures == red ? " (expected)" : "");
        markdown_append_prose(out, rolls[i].row ? rolls[i].row->statement : "");
        buf_append_str(out, " |\n");
    }
    free(rolls);
}

static void tell_failure(struct sheet *sh, size_t i, size_t k, size_t nth)
{
    const struct scenario_result *s = &sh->r->scenarios[i];
    const struct check_result *c = &s->checks[k];
    struct buf *out = &sh->out, text;

    if (nth == 0)
        buf_append_str(out, "\n## Failures\n");
    if (out->len > MAX_DETAILS) { /* from here on a line each */
        if (out->len > MAX_DETAILS + MAX_TABLE)
            return;
        buf_appendf(out, "\n- `%s`: ", s->scenario->id);
        markdown_append_prose(out, c->check);
        buf_append_str(out, " — ");
        markdown_append_prose(out, c->reason ? c->reason : verdict_name(c->verdict));
        return;
    }
    buf_appendf(out, "\n### `%s`: ", s->scenario->id);
    markdown_append_prose(out, c->check);
    buf_appendf(out, "\n\n%s on ", verdict_name(c->verdict));
    append_where(out, sh->r, i, k, is_unexpected);
    buf_append_str(out, "\n\n");
    buf_init(&text, SIZE_MAX);
    explain_check(&text, sh->r, s, c);
    markdown_append_block(out, buf_slice(&text));
    buf_release(&text);
    if (s->n_journal > 0) {
        buf_append_str(out, "\n<details><summary>Sequence diagram</summary>\n\n");
        mermaid_append(out, s, c);
        buf_append_str(out, "\n</details>\n");
    }
}

static void print_failures(struct sheet *sh)
{
    size_t n = for_each(sh, is_unexpected, tell_failure);

    if (n > 0 && sh->out.len > MAX_DETAILS)
        buf_appendf(&sh->out,
                    "\n\n%zu different failures in all; the JSON report has each in full.\n", n);
}

/* A table row of scenario, check, ids, where and a text. */
static void append_row(struct sheet *sh, size_t i, size_t k, check_filter *filter, const char *text,
                       bool code)
{
    const struct scenario_result *s = &sh->r->scenarios[i];
    struct buf *out = &sh->out;

    if (out->len - sh->section > MAX_TABLE) {
        sh->left_out++;
        return;
    }
    buf_appendf(out, "| `%s` | ", s->scenario->id);
    markdown_append_prose(out, s->checks[k].check);
    buf_append_str(out, " | ");
    append_requirement_ids(out, &s->checks[k]);
    buf_append_str(out, " | ");
    append_where(out, sh->r, i, k, filter);
    buf_append_str(out, " | ");
    if (code)
        markdown_append_code(out, text);
    else
        markdown_append_prose(out, text);
    buf_append_str(out, " |\n");
}

static void append_table_head(struct sheet *sh, const char *title, const char *last)
{
    sh->section = sh->out.len;
    sh->left_out = 0;
    buf_appendf(&sh->out, "\n## %s\n\n| scenario | check | requirements | transports | %s |\n",
                title, last);
    buf_append_str(&sh->out, "|:--|:--|:--|:--|:--|\n");
}

static void tell_expected(struct sheet *sh, size_t i, size_t k, size_t nth)
{
    const struct check_result *c = &sh->r->scenarios[i].checks[k];

    if (nth == 0)
        append_table_head(sh, "Expected failures", "reason");
    append_row(sh, i, k, is_expected, c->baseline_reason ? c->baseline_reason : "", false);
}

static void tell_new(struct sheet *sh, size_t i, size_t k, size_t nth)
{
    const struct check_result *c = &sh->r->scenarios[i].checks[k];
    char *text = c->reason ? xasprintf("%s: %s", verdict_name(c->verdict), c->reason)
                           : xstrdup(verdict_name(c->verdict));

    if (nth == 0)
        append_table_head(sh, "New checks, not scored yet", "verdict");
    append_row(sh, i, k, is_new, text, false);
    free(text);
}

static void tell_remark(struct sheet *sh, size_t i, size_t k, size_t nth)
{
    const struct check_result *c = &sh->r->scenarios[i].checks[k];

    if (nth == 0)
        append_table_head(sh, "Warnings", "reason");
    append_row(sh, i, k, is_remark, c->reason ? c->reason : verdict_name(c->verdict), false);
}

static void tell_observed(struct sheet *sh, size_t i, size_t k, size_t nth)
{
    const struct scenario_result *s = &sh->r->scenarios[i];
    char *observed = text_generic(s, s->checks[k].observed);

    if (nth == 0)
        append_table_head(sh, "Observed behaviour", "observed");
    append_row(sh, i, k, is_observed, observed, true);
    free(observed);
}

static void print_table(struct sheet *sh, check_filter *filter, tell_fn *tell)
{
    sh->left_out = 0;
    for_each(sh, filter, tell);
    if (sh->left_out)
        buf_appendf(&sh->out, "\nand %zu more, see the JSON report.\n", sh->left_out);
}

/* Scenarios with checks of a verdict, a line each, with the first reason. */
static void print_left_open(struct sheet *sh, const char *title, enum verdict v)
{
    size_t start = sh->out.len, left_out = 0;
    struct buf *out = &sh->out;
    bool titled = false;

    for (size_t i = 0; i < sh->r->n_scenarios; i++) {
        const struct scenario_result *s = &sh->r->scenarios[i];
        const char *reason = v == VERDICT_SKIP ? s->skip_reason : s->trouble;
        size_t n = 0;

        for (size_t k = 0; k < s->n_checks; k++) {
            if (s->checks[k].verdict != v)
                continue;
            n++;
            reason = reason ? reason : s->checks[k].reason;
        }
        if (n == 0)
            continue;
        if (out->len - start > MAX_TABLE) {
            left_out += n;
            continue;
        }
        if (!titled)
            buf_appendf(out, "\n## %s\n\n| scenario | transport | checks | reason |\n%s", title,
                        "|:--|:--|--:|:--|\n");
        titled = true;
        buf_appendf(out, "| `%s` | %s | %zu of %zu | ", s->scenario->id, s->transport, n,
                    s->n_checks);
        markdown_append_prose(out, reason ? reason : "");
        buf_append_str(out, " |\n");
    }
    if (left_out)
        buf_appendf(out, "\nand %zu more checks, see the JSON report.\n", left_out);
}

bool report_markdown(FILE *out, const struct run_result *r, const struct report_options *options)
{
    struct sheet sh = {.r = r};

    (void)options;
    buf_init(&sh.out, SIZE_MAX);
    sh.n_transports = run_transports(r, sh.transports);
    print_facts(&sh);
    print_summary(&sh);
    print_matrix(&sh);
    print_requirements(&sh);
    print_failures(&sh);
    print_table(&sh, is_new, tell_new);
    print_table(&sh, is_expected, tell_expected);
    print_table(&sh, is_remark, tell_remark);
    print_left_open(&sh, "Inconclusive", VERDICT_INCONCLUSIVE);
    print_table(&sh, is_observed, tell_observed);
    print_left_open(&sh, "Skipped", VERDICT_SKIP);
    fwrite(sh.out.data, 1, sh.out.len, out);
    buf_release(&sh.out);
    return !ferror(out);
}
