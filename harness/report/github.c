/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/github.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"

enum { MAX_ANNOTATIONS = 10 }; /* GitHub shows no more of a step */

/* What would end a workflow command, or one of its properties, is written as %XX. */
static void print_escaped(FILE *log, const char *text, const char *special)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    text_append_visible(&b, text, 500);
    for (size_t i = 0; i < b.len; i++) {
        if (strchr(special, b.data[i]))
            fprintf(log, "%%%02X", (unsigned)(unsigned char)b.data[i]);
        else
            fputc(b.data[i], log);
    }
    buf_release(&b);
}

static void annotate(FILE *log, const struct scenario_result *s, const struct check_result *c)
{
    fputs("::error title=", log);
    print_escaped(log, s->scenario->id, "%\r\n:,");
    fprintf(log, " (%s)::", s->transport);
    for (size_t i = 0; c->requirements && c->requirements[i]; i++)
        fprintf(log, "%s ", c->requirements[i]);
    print_escaped(log, c->check, "%\r\n");
    fputs(": ", log);
    print_escaped(log, c->reason ? c->reason : verdict_name(c->verdict), "%\r\n");
    fputc('\n', log);
}

static void annotate_all(FILE *log, const struct run_result *r)
{
    size_t room = MAX_ANNOTATIONS;

    if (run_result_count(r).new_failed > 0)
        room--;
    for (size_t i = 0; i < r->n_stale && room > 0; i++, room--) {
        fputs("::error title=stale baseline::", log);
        print_escaped(log, r->stale[i], "%\r\n");
        fputc('\n', log);
    }
    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks && room > 0; k++)
            if (check_is_unexpected(r, &r->scenarios[i].checks[k])) {
                annotate(log, &r->scenarios[i], &r->scenarios[i].checks[k]);
                room--;
            }
}

/* What does not count yet is no error, and must not be overlooked either. */
static void annotate_new(FILE *log, const struct run_result *r)
{
    struct run_counts n = run_result_count(r);

    if (n.new_failed > 0)
        fprintf(log,
                "::notice title=new checks::%zu new checks fail; they are not scored before the "
                "frozen set is raised\n",
                n.new_failed);
}

void report_to_github(FILE *log, const struct run_result *r)
{
    const char *there = getenv("GITHUB_ACTIONS"), *path = getenv("GITHUB_STEP_SUMMARY");
    struct report_options options = {.verbosity = 0};
    FILE *summary;

    if (!there || strcmp(there, "true") != 0)
        return;
    annotate_all(log, r);
    annotate_new(log, r);
    summary = path ? fopen(path, "a") : NULL;
    if (!summary)
        return;
    if (!report_markdown(summary, r, &options))
        fputs("::warning::the step summary could not be written\n", log);
    fclose(summary);
}
