/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "harness/report/explain.h"
#include "harness/report/generic.h"
#include "harness/report/markup.h"
#include "harness/report/report.h"

/*
 * The common JUnit form: one testsuite per scenario and transport, one testcase per check.  It knows three outcomes beside passing, so:
 * unexpected failures are <failure>; the harness's own faults and stale baseline entries are <error> and <failure>; what is skipped,
 * inconclusive or an expected failure is <skipped>, with a type that says which, and so is a failure of a check that is not scored yet
 * ("new-fail").  Verdicts that pass with a remark have it in <system-out>.
 */

struct tally {
    size_t tests, failures, errors, skipped;
};

static void tally_check(struct tally *t, const struct run_result *r, const struct check_result *c)
{
    t->tests++;
    if (c->verdict == VERDICT_ERROR)
        t->errors++;
    else if (check_is_unexpected(r, c))
        t->failures++;
    else if (check_is_new_failure(r, c) || c->verdict == VERDICT_SKIP ||
             c->verdict == VERDICT_INCONCLUSIVE || c->verdict == VERDICT_FAIL)
        t->skipped++;
}

static struct tally tally_scenario(const struct run_result *r, const struct scenario_result *s)
{
    struct tally t = {0};

    for (size_t k = 0; k < s->n_checks; k++)
        tally_check(&t, r, &s->checks[k]);
    return t;
}

static struct tally tally_run(const struct run_result *r)
{
    struct tally t = {.tests = r->n_stale, .failures = r->n_stale};

    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            tally_check(&t, r, &r->scenarios[i].checks[k]);
    if (r->error) {
        t.tests++;
        t.errors++;
    }
    return t;
}

static void print_property(FILE *out, const char *name, const char *value)
{
    fprintf(out, "      <property name=\"%s\" value=\"", name);
    markup_print(out, value ? value : "", SIZE_MAX);
    fputs("\"/>\n", out);
}

/* How many checks of each verdict, and how many of them are new. */
static void print_counts(FILE *out, const struct scenario_result *s)
{
    size_t by_verdict[VERDICT_COUNT] = {0}, n_new = 0;
    char name[40], digits[24];

    for (size_t k = 0; k < s->n_checks; k++) {
        by_verdict[s->checks[k].verdict]++;
        n_new += s->checks[k].is_new;
    }
    for (int v = 0; v < VERDICT_COUNT; v++) {
        if (by_verdict[v] == 0)
            continue;
        snprintf(name, sizeof(name), "checks.%s", verdict_name((enum verdict)v));
        snprintf(digits, sizeof(digits), "%zu", by_verdict[v]);
        print_property(out, name, digits);
    }
    snprintf(digits, sizeof(digits), "%zu", n_new);
    if (n_new > 0)
        print_property(out, "checks.new", digits);
}

static void print_properties(FILE *out, const struct run_result *r, const struct scenario_result *s)
{
    char *rerun = evidence_rerun(r, s, NULL);

    fputs("    <properties>\n", out);
    print_property(out, "scenario", s->scenario->id);
    print_property(out, "title", s->scenario->title);
    print_property(out, "file", scenario_file(s->scenario));
    print_property(out, "transport", s->transport);
    print_property(out, "revision", smcp_revision(r->revision)->name);
    print_property(out, "target", r->target_name ? r->target_name : r->target_url);
    print_property(out, "verdict", verdict_name(s->verdict));
    print_counts(out, s);
    print_property(out, "rerun", rerun);
    fputs("    </properties>\n", out);
    free(rerun);
}

/* <failure type="fail" message="…">evidence</failure> */
static void print_outcome(FILE *out, const struct run_result *r, const struct scenario_result *s,
                          const struct check_result *c, const char *element, const char *type)
{
    const char *message = c->reason ? c->reason : s->skip_reason ? s->skip_reason : type;
    struct buf b;
    char *text;

    if (check_is_expected_failure(c) && c->baseline_reason)
        message = c->baseline_reason;
    fprintf(out, "      <%s type=\"%s%s\" message=\"", element, c->is_new ? "new-" : "", type);
    markup_print(out, message, 500);
    fputs("\">", out);
    if (check_is_trouble(c)) {
        buf_init(&b, SIZE_MAX);
        explain_check(&b, r, s, c);
        text = buf_take_str(&b);
        markup_print(out, text, SIZE_MAX);
        free(text);
    }
    fprintf(out, "</%s>\n", element);
}

static void print_remark(FILE *out, const struct scenario_result *s, const struct check_result *c)
{
    char *observed = text_generic(s, c->observed);

    fprintf(out, "      <system-out>verdict: %s%s", verdict_name(c->verdict),
            c->is_new ? ", new" : "");
    if (observed)
        markup_element(out, "&#10;observed: ", observed, "");
    free(observed);
    if (c->reason)
        markup_element(out, "&#10;", c->reason, "");
    fputs("</system-out>\n", out);
}

static void print_body(FILE *out, const struct run_result *r, const struct scenario_result *s,
                       const struct check_result *c)
{
    if (c->verdict == VERDICT_ERROR)
        print_outcome(out, r, s, c, "error", "error");
    else if (check_is_unexpected(r, c))
        print_outcome(out, r, s, c, "failure", verdict_name(c->verdict));
    else if (check_is_new_failure(r, c))
        print_outcome(out, r, s, c, "skipped", verdict_name(c->verdict));
    else if (c->verdict == VERDICT_FAIL)
        print_outcome(out, r, s, c, "skipped", "expected-failure");
    else if (c->verdict == VERDICT_SKIP || c->verdict == VERDICT_INCONCLUSIVE)
        print_outcome(out, r, s, c, "skipped", verdict_name(c->verdict));
    else if (c->verdict != VERDICT_PASS || c->is_new)
        print_remark(out, s, c);
}

static void print_case(FILE *out, const struct run_result *r, const struct scenario_result *s,
                       const struct check_result *c)
{
    fprintf(out, "    <testcase classname=\"smcp.%s.%s\" name=\"", s->transport, s->scenario->id);
    markup_print(out, c->check, SIZE_MAX);
    for (size_t i = 0; c->requirements && c->requirements[i]; i++)
        fprintf(out, "%s%s", i ? ", " : " (", c->requirements[i]);
    fprintf(out, "%s\" time=\"%u.%03u\"", c->requirements && c->requirements[0] ? ")" : "",
            c->duration_ms / 1000, c->duration_ms % 1000);
    if (c->verdict == VERDICT_PASS && !c->is_new) {
        fputs("/>\n", out);
        return;
    }
    fputs(">\n", out);
    print_body(out, r, s, c);
    fputs("    </testcase>\n", out);
}

static void print_suite_head(FILE *out, const struct run_result *r, const char *name,
                             struct tally t, double seconds)
{
    fputs("  <testsuite name=\"", out);
    markup_print(out, name, SIZE_MAX);
    fprintf(out, "\" tests=\"%zu\" failures=\"%zu\" errors=\"%zu\" skipped=\"%zu\" time=\"%.3f\"",
            t.tests, t.failures, t.errors, t.skipped, seconds);
    if (r->started_at)
        fprintf(out, " timestamp=\"%.19s\"", r->started_at);
    fputs(">\n", out);
}

static void print_suite(FILE *out, const struct run_result *r, const struct scenario_result *s)
{
    char name[300];
    int len = snprintf(name, sizeof(name), "%.200s [%s]", s->scenario->id, s->transport);

    if (s->repetition)
        snprintf(name + len, sizeof(name) - (size_t)len, " #%u", s->repetition + 1);
    print_suite_head(out, r, name, tally_scenario(r, s),
                     (double)(s->ended_us - s->started_us) / 1e6);
    print_properties(out, r, s);
    for (size_t k = 0; k < s->n_checks; k++)
        print_case(out, r, s, &s->checks[k]);
    if (s->trouble)
        markup_element(out, "    <system-err>", s->trouble, "</system-err>\n");
    fputs("  </testsuite>\n", out);
}

/* A stale baseline makes the run fail, so it must be red here too. */
static void print_stale(FILE *out, const struct run_result *r)
{
    if (r->n_stale == 0)
        return;
    print_suite_head(out, r, "baseline", (struct tally){r->n_stale, r->n_stale, 0, 0}, 0);
    for (size_t i = 0; i < r->n_stale; i++) {
        fprintf(out, "    <testcase classname=\"smcp.baseline\" name=\"entry %zu\" time=\"0\">\n",
                i + 1);
        markup_element(out, "      <failure type=\"stale\" message=\"", r->stale[i],
                       "\"></failure>\n    </testcase>\n");
    }
    fputs("  </testsuite>\n", out);
}

static void print_error(FILE *out, const struct run_result *r)
{
    if (!r->error)
        return;
    print_suite_head(out, r, "run", (struct tally){1, 0, 1, 0}, 0);
    fputs("    <testcase classname=\"smcp.run\" name=\"run\" time=\"0\">\n", out);
    markup_element(out, "      <error type=\"run\" message=\"", r->error,
                   "\"></error>\n    </testcase>\n");
    fputs("  </testsuite>\n", out);
}

bool report_junit(FILE *out, const struct run_result *r, const struct report_options *options)
{
    struct tally t = tally_run(r);

    (void)options;
    fputs("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n", out);
    fprintf(out, "<testsuites name=\"SMCP conformance %s\" tests=\"%zu\" failures=\"%zu\" ",
            smcp_revision(r->revision)->name, t.tests, t.failures);
    fprintf(out, "errors=\"%zu\" time=\"%u.%03u\">\n", t.errors, r->duration_ms / 1000,
            r->duration_ms % 1000);
    for (size_t i = 0; i < r->n_scenarios; i++)
        print_suite(out, r, &r->scenarios[i]);
    print_stale(out, r);
    print_error(out, r);
    fputs("</testsuites>\n", out);
    return !ferror(out);
}
