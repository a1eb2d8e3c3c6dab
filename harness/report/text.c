/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "endpoint/client.h"
#include "harness/absence.h"
#include "harness/report/report.h"
#include "smcp/requirements.h"

enum { FRAMES_SHOWN = 12, FRAME_WIDTH = 150 };

struct page {
    FILE *out;
    const struct run_result *r;
    const struct report_options *options;
};

static const char *const colors[VERDICT_COUNT] = {
    [VERDICT_SKIP] = "2",  [VERDICT_PASS] = "32",    [VERDICT_INFO] = "36",
    [VERDICT_WARN] = "33", [VERDICT_FLAKY] = "33",   [VERDICT_INCONCLUSIVE] = "35",
    [VERDICT_FAIL] = "31", [VERDICT_ERROR] = "1;31",
};

static void print_verdict(const struct page *p, enum verdict v)
{
    if (p->options->color)
        fprintf(p->out, "\033[%sm%s\033[0m", colors[v], verdict_name(v));
    else
        fputs(verdict_name(v), p->out);
}

/* Indented lines of a text that may have several. */
static void print_lines(const struct page *p, const char *indent, const char *text)
{
    while (*text) {
        size_t len = strcspn(text, "\n");

        fprintf(p->out, "%s%.*s\n", indent, (int)len, text);
        text += len;
        text += *text == '\n';
    }
}

static void print_requirements(const struct page *p, const struct check_result *c)
{
    for (size_t i = 0; c->requirements[i]; i++) {
        const struct requirement *q = requirement_find(c->requirements[i]);

        if (q)
            fprintf(p->out, "    %s (%s): %s\n", q->id, q->level_text, q->statement);
        else
            fprintf(p->out, "    %s\n", c->requirements[i]);
    }
}

static void print_frame(const struct page *p, const struct scenario_result *s,
                        const struct journal_entry *e, bool marked)
{
    const char *arrow = e->kind == TAP_LINK ? " --" : e->outgoing ? "-> " : "<- ";
    size_t len = strcspn(e->text, "\n");
    bool cut = len > FRAME_WIDTH;

    fprintf(p->out, "    %c %9.3f ms  %-4s %s %.*s%s\n", marked ? '*' : ' ',
            (double)e->t_us / 1000.0, s->scenario->actors[e->actor].name, arrow,
            (int)(cut ? FRAME_WIDTH : len), e->text, cut ? "…" : "");
}

static bool is_noise(const struct journal_entry *e)
{
    return strcmp(e->text, "2") == 0 || strcmp(e->text, "3") == 0 || strstr(e->text, "/fence-");
}

static size_t frames_end(const struct scenario_result *s, const struct check_result *c)
{
    if (c->journal_at >= 0 && (size_t)c->journal_at < s->n_journal)
        return (size_t)c->journal_at + 1;
    if (c->journal_until >= 0 && (size_t)c->journal_until < s->n_journal)
        return (size_t)c->journal_until;
    return s->n_journal;
}

/* The last frames up to the finding, of everybody: what happened between actors is seen only together. */
static void print_frames(const struct page *p, const struct scenario_result *s,
                         const struct check_result *c)
{
    size_t end = frames_end(s, c);
    size_t from = end;
    unsigned shown = 0;

    while (from > 0 && shown < FRAMES_SHOWN)
        shown += !is_noise(&s->journal[--from]);
    if (shown > 0)
        fputs("  frames:\n", p->out);
    for (size_t i = from; i < end; i++)
        if (!is_noise(&s->journal[i]))
            print_frame(p, s, &s->journal[i], (int)i == c->journal_at);
}

static void print_rerun(const struct page *p, const struct scenario_result *s)
{
    fprintf(p->out, "  rerun: %s --only %s --transport %s --seed %llu\n",
            p->r->rerun ? p->r->rerun : "smcp-harness run", s->scenario->id, s->transport,
            (unsigned long long)p->r->seed);
}

static void print_trouble(const struct page *p, const struct scenario_result *s,
                          const struct check_result *c)
{
    print_verdict(p, c->verdict);
    fprintf(p->out, "  %s [%s]: %s\n", s->scenario->id, s->transport, c->check);
    if (s->scenario->path && c->at.line)
        fprintf(p->out, "  at %s:%u:%u%s%s\n", s->scenario->path, c->at.line, c->at.column,
                c->actor ? ", actor " : "", c->actor ? c->actor : "");
    print_requirements(p, c);
    if (c->reason)
        fprintf(p->out, "  %s\n", c->reason);
    if (c->baseline_reason)
        fprintf(p->out, "  expected failure: %s\n", c->baseline_reason);
    if (c->expected)
        fprintf(p->out, "  expected: %s\n", c->expected);
    if (c->actual)
        fprintf(p->out, "  actual:   %s\n", c->actual);
    if (c->diff)
        print_lines(p, "  ", c->diff);
    print_frames(p, s, c);
    print_rerun(p, s);
    fputc('\n', p->out);
}

static void print_line(const struct page *p, const struct scenario_result *s,
                       const struct check_result *c)
{
    print_verdict(p, c->verdict);
    fprintf(p->out, "  %s [%s]: %s", s->scenario->id, s->transport, c->check);
    if (c->absence == ABSENCE_SETTLED)
        fprintf(p->out, " (settled, %u ms)", c->settled_ms);
    else if (c->absence != ABSENCE_NONE)
        fprintf(p->out, " (%s, then watched for %u ms)", absence_name(c->absence), c->settled_ms);
    if (c->observed)
        fprintf(p->out, ": %s", c->observed);
    if (c->reason)
        fprintf(p->out, ": %s", c->reason);
    fputc('\n', p->out);
}

static void print_check(const struct page *p, const struct scenario_result *s,
                        const struct check_result *c)
{
    bool quiet = p->options->verbosity < 0;

    switch (c->verdict) {
    case VERDICT_FAIL:
        if (c->expected_failure && p->options->verbosity < 1) {
            break;
        }
        if (!quiet)
            print_trouble(p, s, c);
        break;
    case VERDICT_ERROR:
        print_trouble(p, s, c);
        break;
    case VERDICT_INCONCLUSIVE: /* a consequence of what was just said is not said in full */
        if (!quiet && (c->blocked_by < 0 || p->options->verbosity >= 1))
            print_line(p, s, c);
        break;
    case VERDICT_WARN:
    case VERDICT_FLAKY:
        if (!quiet)
            print_line(p, s, c);
        break;
    case VERDICT_SKIP:
    case VERDICT_PASS:
    case VERDICT_INFO:
        if (p->options->verbosity >= 1)
            print_line(p, s, c);
        break;
    }
}

static void print_summary(const struct page *p)
{
    const struct run_result *r = p->r;
    struct run_counts n = run_result_count(r);

    fprintf(p->out,
            "%s: revision %s, %zu scenarios played, %zu of %zu checks judged in %u.%03u s (seed "
            "%llu)\n",
            r->target_name  ? r->target_name
            : r->target_url ? r->target_url
                            : "target",
            smcp_revision(r->revision)->name, r->n_scenarios, r->executed_checks,
            r->declared_checks, r->duration_ms / 1000, r->duration_ms % 1000,
            (unsigned long long)r->seed);
    for (size_t i = 0; i < r->n_stale; i++)
        fprintf(p->out, "stale: %s\n", r->stale[i]);
    if (r->interrupted)
        fprintf(p->out, "interrupted: the report is partial\n");
    if (r->error)
        fprintf(p->out, "%s\n", r->error);
    fprintf(p->out,
            "expected failures %zu, stale %zu, flaky %zu, inconclusive %zu, warnings %zu, observed "
            "%zu\n",
            n.expected_failures, n.stale, n.by_verdict[VERDICT_FLAKY],
            n.by_verdict[VERDICT_INCONCLUSIVE], n.by_verdict[VERDICT_WARN],
            n.by_verdict[VERDICT_INFO]);
    fprintf(p->out, "%zu passed, %zu failed, %zu skipped\n", n.passed, n.failed, n.skipped);
}

/* "11 more checks of this scenario are blocked": instead of a line each. */
static void print_blocked(const struct page *p, const struct scenario_result *s)
{
    size_t n = 0;

    for (size_t k = 0; k < s->n_checks; k++)
        n += s->checks[k].verdict == VERDICT_INCONCLUSIVE && s->checks[k].blocked_by >= 0;
    if (n > 0 && p->options->verbosity == 0)
        fprintf(p->out, "  %zu more checks of %s [%s] are inconclusive because of that\n\n", n,
                s->scenario->id, s->transport);
}

bool report_text(FILE *out, const struct run_result *r, const struct report_options *options)
{
    struct page p = {out, r, options};

    for (size_t i = 0; i < r->n_scenarios; i++) {
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            print_check(&p, &r->scenarios[i], &r->scenarios[i].checks[k]);
        print_blocked(&p, &r->scenarios[i]);
    }
    print_summary(&p);
    return !ferror(out);
}
