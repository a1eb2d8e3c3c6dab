/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/report/load.h"
#include "harness/report/merge.h"
#include "harness/report/output.h"
#include "wire/macros.h"
#include "wire/xmalloc.h"

/* `report` and `merge`: one JSON report or several in, any format out. */

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
    const char *command; /* "smcp-harness report" */
    size_t min, max;     /* how many files it takes */
    const char **paths;  /* array owned */
    size_t n_paths;
    const char *results;
    struct report_requests reports;
    int verbosity;
    bool help;
};

static void print_help(const struct request *q)
{
    if (q->max == 1)
        printf("Usage: smcp-harness report FILE [options]\n"
               "Make any report from the JSON report or the JSON Lines of a run, of a killed one "
               "too;\n"
               "without options, the text.\n\n");
    else
        printf("Usage: smcp-harness merge A.json B.json... [options]\n"
               "Make one report from the JSON reports of parts of a run: other scenarios, or other "
               "transports.\n\n");
    cli_print_options(options, ARRAY_LEN(options));
    printf("\nExit status: 0, or 2 when a file is no report, 4 when something cannot be "
           "written%s.\n\nExamples:\n",
           q->max == 1 ? "" : ", 6 when a shard is missing");
    if (q->max == 1)
        printf("  smcp-harness report result.json\n"
               "  smcp-harness report result.json --report html:result.html --report "
               "junit:result.xml\n");
    else
        printf("  smcp-harness merge websocket.json polling.json --report json:all.json\n"
               "  smcp-harness merge shard-*.json --report json:all.json\n");
}

static bool add_path(struct request *q, const char *path)
{
    if (q->n_paths == q->max) {
        fprintf(stderr, "%s: one file is enough: `%s`\n", q->command, path);
        return false;
    }
    q->paths = xrealloc(q->paths, (q->n_paths + 1) * sizeof(char *));
    q->paths[q->n_paths++] = path;
    return true;
}

static bool read_option(struct request *q, int id, const char *value)
{
    switch (id) {
    case CLI_OPERAND:
        return add_path(q, value);
    case OPTION_REPORT:
        return report_requests_add(&q->reports, q->command, value);
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

static int write_all(const struct request *q, const struct run_result *r)
{
    struct report_options as_text = {.verbosity = q->verbosity,
                                     .color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR")};
    bool ok;

    if (q->reports.n == 0 && !q->results)
        ok = report_text(stdout, r, &as_text) && fflush(stdout) == 0;
    else
        ok = report_requests_write(&q->reports, q->results, q->command, r, q->verbosity);
    return ok ? EXIT_FINE : EXIT_FAULT;
}

static int complain(const struct request *q, char *error)
{
    fprintf(stderr, "%s: %s\n", q->command, error);
    free(error);
    return EXIT_USAGE_ERROR;
}

static int merge_and_write(const struct request *q, struct loaded_report *const *reports)
{
    struct run_result all;
    char *error = NULL;
    int status;

    if (q->max == 1)
        return write_all(q, &reports[0]->result);
    if (!reports_merge(reports, q->n_paths, &all, &error))
        return complain(q, error);
    status = write_all(q, &all);
    if (status == EXIT_FINE && all.lacks_shards) {
        fprintf(stderr, "%s: %s\n", q->command, all.error);
        status = EXIT_INCOMPLETE;
    }
    merged_release(&all);
    return status;
}

static int make(const struct request *q)
{
    struct loaded_report **reports = xcalloc(q->n_paths, sizeof(*reports));
    int status = EXIT_FINE;
    char *error = NULL;

    for (size_t i = 0; i < q->n_paths && status == EXIT_FINE; i++) {
        reports[i] = report_load(q->paths[i], &error);
        if (!reports[i])
            status = complain(q, error);
    }
    if (status == EXIT_FINE)
        status = merge_and_write(q, reports);
    for (size_t i = 0; i < q->n_paths; i++)
        report_unload(reports[i]);
    free(reports);
    return status;
}

static int run(struct request *q, int argc, char **argv)
{
    struct cli cli;
    const char *value;
    int id, status = EXIT_FINE;

    cli_init(&cli, q->command, options, ARRAY_LEN(options), argc, argv);
    while (status == EXIT_FINE && (id = cli_next(&cli, &value)) != CLI_END)
        if (id == CLI_ERROR || !read_option(q, id, value))
            status = EXIT_USAGE_ERROR;
    if (status == EXIT_FINE && q->help) {
        print_help(q);
    } else if (status == EXIT_FINE && q->n_paths < q->min) {
        fprintf(stderr, "%s: %s needed; --help says more\n", q->command,
                q->min == 1 ? "a JSON report is" : "two JSON reports are");
        status = EXIT_USAGE_ERROR;
    } else if (status == EXIT_FINE) {
        status = make(q);
    }
    report_requests_release(&q->reports);
    free(q->paths);
    return status;
}

int cmd_report(int argc, char **argv)
{
    struct request q = {.command = "smcp-harness report", .min = 1, .max = 1};

    return run(&q, argc, argv);
}

int cmd_merge(int argc, char **argv)
{
    struct request q = {.command = "smcp-harness merge", .min = 2, .max = SIZE_MAX};

    return run(&q, argc, argv);
}
