/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "harness/report/explain.h"
#include "harness/report/generic.h"
#include "harness/report/report.h"

/*
 * TAP 14, one test point per check.  What TAP calls TODO may fail without harm: expected failures and what could not be judged.  Stale
 * baseline entries and trouble of the run are points of their own, for they make the run fail.
 */

/* In a description `#` would start a directive. */
static void print_description(FILE *out, const char *text)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    text_append_visible(&b, text, 500);
    for (size_t i = 0; i < b.len; i++) {
        if (b.data[i] == '#' || b.data[i] == '\\')
            fputc('\\', out);
        fputc(b.data[i] == '\n' || b.data[i] == '\t' ? ' ' : b.data[i], out);
    }
    buf_release(&b);
}

static bool is_ok(const struct run_result *r, const struct check_result *c)
{
    return !check_would_fail(r, c) && c->verdict != VERDICT_FAIL &&
           c->verdict != VERDICT_INCONCLUSIVE;
}

static void print_directive(FILE *out, const struct run_result *r, const struct check_result *c)
{
    if (c->verdict == VERDICT_SKIP) {
        fputs(" # SKIP ", out);
        print_description(out, c->reason ? c->reason : "not applicable");
    } else if (!is_ok(r, c) && !check_is_unexpected(r, c)) {
        fputs(check_is_new_failure(r, c) ? " # TODO new, not scored: "
              : c->expected_failure      ? " # TODO expected failure: "
                                         : " # TODO inconclusive: ",
              out);
        print_description(out, c->expected_failure && c->baseline_reason ? c->baseline_reason
                               : c->reason                               ? c->reason
                                                                         : "");
    }
}

/* A JSON string is a YAML string too. */
static void print_member(FILE *out, const char *name, const char *text)
{
    struct buf clean, quoted;

    if (!text)
        return;
    buf_init(&clean, SIZE_MAX);
    buf_init(&quoted, SIZE_MAX);
    text_append_visible(&clean, text, 2000);
    buf_append_json_string(&quoted, buf_slice(&clean));
    fprintf(out, "  %s: %.*s\n", name, (int)quoted.len, quoted.data);
    buf_release(&clean);
    buf_release(&quoted);
}

static void print_details(FILE *out, const struct run_result *r, const struct scenario_result *s,
                          const struct check_result *c)
{
    struct buf text;
    const char *at, *end;

    if (!check_would_fail(r, c))
        return;
    buf_init(&text, SIZE_MAX);
    explain_check(&text, r, s, c);
    fputs("  evidence: |\n", out);
    for (at = text.data, end = text.data + text.len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));

        stop = stop ? stop : end;
        fprintf(out, "    %.*s\n", (int)(stop - at), at);
        at = stop + 1;
    }
    buf_release(&text);
}

static void print_point(FILE *out, const struct run_result *r, const struct scenario_result *s,
                        const struct check_result *c, size_t number)
{
    char *observed = text_generic(s, c->observed);

    fprintf(out, "%s %zu - %s [%s] ", is_ok(r, c) ? "ok" : "not ok", number, s->scenario->id,
            s->transport);
    print_description(out, c->check);
    print_directive(out, r, c);
    fputc('\n', out);
    if (c->is_new || (c->verdict != VERDICT_PASS && c->verdict != VERDICT_SKIP)) {
        fprintf(out, "  ---\n  verdict: %s\n%s  requirements: [", verdict_name(c->verdict),
                c->is_new ? "  new: true\n" : "");
        for (size_t i = 0; c->requirements && c->requirements[i]; i++)
            fprintf(out, "%s\"%s\"", i ? ", " : "", c->requirements[i]);
        fputs("]\n", out);
        print_member(out, "reason", c->reason);
        print_member(out, "observed", observed);
        print_details(out, r, s, c);
        fputs("  ...\n", out);
    }
    free(observed);
}

bool report_tap(FILE *out, const struct run_result *r, const struct report_options *options)
{
    size_t number = 0;

    (void)options;
    fprintf(out, "TAP version 14\n1..%zu\n", r->declared_checks + r->n_stale + (r->error ? 1 : 0));
    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            print_point(out, r, &r->scenarios[i], &r->scenarios[i].checks[k], ++number);
    for (size_t i = 0; i < r->n_stale; i++) {
        fprintf(out, "not ok %zu - stale baseline entry: ", ++number);
        print_description(out, r->stale[i]);
        fputc('\n', out);
    }
    if (r->error) {
        fprintf(out, "not ok %zu - the run: ", ++number);
        print_description(out, r->error);
        fputc('\n', out);
    }
    return !ferror(out);
}
