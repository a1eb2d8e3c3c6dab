/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/absence.h"
#include "harness/report/evidence.h"
#include "harness/report/explain.h"
#include "harness/report/generic.h"
#include "harness/report/report.h"

enum { VALUE_WIDTH = 400, BLOCKED_SHOWN = 20 };

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

/* On one line; nothing for NULL. */
static void print_visible(const struct page *p, const char *before, const char *text,
                          const char *after)
{
    struct buf b;

    if (!text)
        return;
    buf_init(&b, SIZE_MAX);
    text_append_visible(&b, text, VALUE_WIDTH);
    for (size_t i = 0; i < b.len; i++)
        if (b.data[i] == '\n' || b.data[i] == '\t')
            b.data[i] = ' ';
    fprintf(p->out, "%s%.*s%s", before, (int)b.len, b.data ? b.data : "", after);
    buf_release(&b);
}

static void print_indented(const struct page *p, const struct buf *b)
{
    const char *at = b->data, *end = at + b->len;

    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop ? stop : end;
        fprintf(p->out, "  %.*s\n", (int)(stop - at), at);
        at = stop + 1;
    }
}

static void print_title(const struct page *p, const struct scenario_result *s,
                        const struct check_result *c)
{
    print_verdict(p, c->verdict);
    fprintf(p->out, "  %s [%s]: %s", s->scenario->id, s->transport, c->check);
    if (c->is_new)
        fputs(check_is_scored(p->r, c) ? " (new)" : " (new, not scored)", p->out);
}

static void print_trouble(const struct page *p, const struct scenario_result *s,
                          const struct check_result *c)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    explain_check(&b, p->r, s, c);
    print_title(p, s, c);
    fputc('\n', p->out);
    print_indented(p, &b);
    fputc('\n', p->out);
    buf_release(&b);
}

static void print_line(const struct page *p, const struct scenario_result *s,
                       const struct check_result *c)
{
    char *observed = text_generic(s, c->observed);

    print_title(p, s, c);
    if (c->absence == ABSENCE_SETTLED)
        fprintf(p->out, " (settled, %u ms)", c->settled_ms);
    else if (c->absence != ABSENCE_NONE)
        fprintf(p->out, " (%s, then watched for %u ms)", absence_name(c->absence), c->settled_ms);
    print_visible(p, ": ", observed, "");
    free(observed);
    print_visible(p, ": ", c->reason, "");
    fputc('\n', p->out);
}

static void print_check(const struct page *p, const struct scenario_result *s,
                        const struct check_result *c)
{
    bool quiet = p->options->verbosity < 0, verbose = p->options->verbosity >= 1;

    switch (c->verdict) {
    case VERDICT_FAIL:
        if (!quiet && (verbose || !c->expected_failure))
            print_trouble(p, s, c);
        break;
    case VERDICT_ERROR:
        print_trouble(p, s, c);
        break;
    case VERDICT_WARN:
    case VERDICT_FLAKY:
        if (!quiet)
            print_line(p, s, c);
        break;
    case VERDICT_INCONCLUSIVE: /* print_blocked() says the rest */
    case VERDICT_SKIP:
    case VERDICT_PASS:
    case VERDICT_INFO:
        if (verbose)
            print_line(p, s, c);
        break;
    }
}

/* The first inconclusive check of a scenario, and how many there are. */
static const struct check_result *first_blocked(const struct scenario_result *s, size_t *ret_n)
{
    const struct check_result *first = NULL;

    *ret_n = 0;
    for (size_t k = 0; k < s->n_checks; k++) {
        if (s->checks[k].verdict != VERDICT_INCONCLUSIVE)
            continue;
        first = first ? first : &s->checks[k];
        ++*ret_n;
    }
    return first;
}

/* Blocked checks are the consequence of something else: one line per scenario says enough. */
static void print_blocked(const struct page *p)
{
    size_t shown = 0, more_scenarios = 0, more_checks = 0, n;

    for (size_t i = 0; i < p->r->n_scenarios; i++) {
        const struct scenario_result *s = &p->r->scenarios[i];
        const struct check_result *c = first_blocked(s, &n);

        if (!c)
            continue;
        if (shown == BLOCKED_SHOWN) {
            more_scenarios++;
            more_checks += n;
            continue;
        }
        shown++;
        print_verdict(p, c->verdict);
        fprintf(p->out, "  %s [%s]: %zu of %zu checks", s->scenario->id, s->transport, n,
                s->n_checks);
        print_visible(p, ": ", s->trouble ? s->trouble : c->reason, "");
        fputc('\n', p->out);
    }
    if (more_checks)
        fprintf(p->out, "… and %zu checks of %zu more scenarios (-v lists all)\n", more_checks,
                more_scenarios);
    if (shown)
        fputc('\n', p->out);
}

static const char *target_of(const struct run_result *r)
{
    if (r->target_name)
        return r->target_name;
    return r->target_url ? r->target_url : "target";
}

/* What the frozen set has to say, if anything. */
static void print_new(const struct page *p, const struct run_counts *n)
{
    const struct run_result *r = p->r;

    for (size_t i = 0; i < r->n_vanished; i++)
        print_visible(p, "vanished: ", r->vanished[i], "\n");
    if (n->new_checks == 0 && n->vanished == 0)
        return;
    fprintf(p->out, "new %zu", n->new_checks);
    if (!r->score_all)
        fprintf(p->out, " (%zu of them failed, none is scored)", n->new_failed);
    fprintf(p->out, ", vanished %zu: held against set %u of revision %s\n", n->vanished,
            r->set_number, smcp_revision(r->revision)->name);
}

static void print_summary(const struct page *p)
{
    const struct run_result *r = p->r;
    struct run_counts n = run_result_count(r);

    for (size_t i = 0; i < r->n_stale; i++)
        print_visible(p, "stale: ", r->stale[i], "\n");
    if (r->interrupted)
        fprintf(p->out, "interrupted: the report is partial\n");
    if (r->error)
        print_visible(p, "", r->error, "\n");
    if (r->pace_percent > 100)
        fprintf(p->out, "round trips take %u ms: time-outs were %u.%u times as long as usual\n",
                r->rtt_us / 1000, r->pace_percent / 100, r->pace_percent / 10 % 10);
    if (p->options->verbosity >= 0)
        print_visible(p, "fence: ", r->fence, "\n");
    print_visible(p, "", target_of(r), "");
    fprintf(p->out, ": revision %s, %zu scenarios played, ", smcp_revision(r->revision)->name,
            r->n_scenarios);
    fprintf(p->out, "%zu of %zu checks judged in %u.%03u s (seed %llu)\n", r->executed_checks,
            r->declared_checks, r->duration_ms / 1000, r->duration_ms % 1000,
            (unsigned long long)r->seed);
    print_new(p, &n);
    fprintf(p->out, "expected failures %zu, stale %zu, flaky %zu, inconclusive %zu, ",
            n.expected_failures, n.stale, n.by_verdict[VERDICT_FLAKY],
            n.by_verdict[VERDICT_INCONCLUSIVE]);
    fprintf(p->out, "warnings %zu, observed %zu\n", n.by_verdict[VERDICT_WARN],
            n.by_verdict[VERDICT_INFO]);
    fprintf(p->out, "%zu passed, %zu failed, %zu skipped\n", n.passed, n.failed, n.skipped);
}

bool report_text(FILE *out, const struct run_result *r, const struct report_options *options)
{
    struct page p = {out, r, options};

    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            print_check(&p, &r->scenarios[i], &r->scenarios[i].checks[k]);
    if (options->verbosity == 0)
        print_blocked(&p);
    print_summary(&p);
    return !ferror(out);
}
