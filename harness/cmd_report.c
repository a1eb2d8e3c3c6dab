/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/report/load.h"
#include "harness/report/output.h"
#include "wire/macros.h"

enum { OPTION_REPORT, OPTION_RESULTS, OPTION_QUIET, OPTION_VERBOSE, OPTION_HELP };

static const struct cli_option options[] = {
    [OPTION_REPORT] = {"--report", 0, "FMT:PATH",
                       "write this format; - is standard output; may be repeated"},
    [OPTION_RESULTS] = {"--results", 0, "DIR", "write every format into this folder"},
    [OPTION_QUIET] = {"--quiet", 'q', NULL, "only the summary"},
    [OPTION_VERBOSE] = {"--verbose", 'v', NULL, "also what passed"},
    [OPTION_HELP] = {"--help", 'h', NULL, "this text"},
};

struct request {
    const char *path, *results;
    struct report_requests reports;
    int verbosity;
    bool help;
};

static void print_help(void)
{
    printf("Usage: smcp-harness report FILE.json [options]\n"
           "Make any report from the JSON report of a run; without options, the text.\n\n");
    cli_print_options(options, ARRAY_LEN(options));
    printf(
        "\nExit status: 0, or 2 when the file is no report, 4 when something cannot be "
        "written.\n"
        "\nExamples:\n"
        "  smcp-harness report result.json\n"
        "  smcp-harness report result.json --report html:result.html --report junit:result.xml\n");
}

static bool read_option(struct request *q, int id, const char *value)
{
    switch (id) {
    case CLI_OPERAND:
        if (q->path)
            fprintf(stderr, "smcp-harness report: one file is enough: `%s`\n", value);
        else
            q->path = value;
        return q->path == value;
    case OPTION_REPORT:
        return report_requests_add(&q->reports, "smcp-harness report", value);
    case OPTION_RESULTS:
        q->results = value;
        return true;
    case OPTION_QUIET:
        q->verbosity = -1;
        return true;
    case OPTION_VERBOSE:
        q->verbosity++;
        return true;
    case OPTION_HELP:
        q->help = true;
        return true;
    default:
        return false;
    }
}

static int make(const struct request *q)
{
    char *error = NULL;
    struct loaded_report *l = report_load(q->path, &error);
    struct report_options as_text = {.verbosity = q->verbosity,
                                     .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    bool ok;

    if (!l) {
        fprintf(stderr, "smcp-harness report: %s\n", error);
        free(error);
        return EXIT_USAGE_ERROR;
    }
    if (q->reports.n == 0 && !q->results)
        ok = report_text(stdout, &l->result, &as_text) && fflush(stdout) == 0;
    else
        ok = report_requests_write(&q->reports, q->results, "smcp-harness report", &l->result,
                                   q->verbosity);
    report_unload(l);
    return ok ? EXIT_FINE : EXIT_FAULT;
}

int cmd_report(int argc, char **argv)
{
    struct request q = {0};
    struct cli cli;
    const char *value;
    int id, status = EXIT_FINE;

    cli_init(&cli, "smcp-harness report", options, ARRAY_LEN(options), argc, argv);
    while (status == EXIT_FINE && (id = cli_next(&cli, &value)) != CLI_END)
        if (id == CLI_ERROR || !read_option(&q, id, value))
            status = EXIT_USAGE_ERROR;
    if (status == EXIT_FINE && q.help) {
        print_help();
    } else if (status == EXIT_FINE && !q.path) {
        fprintf(stderr, "smcp-harness report: say which JSON report; --help says more\n");
        status = EXIT_USAGE_ERROR;
    } else if (status == EXIT_FINE) {
        status = make(&q);
    }
    report_requests_release(&q.reports);
    return status;
}
