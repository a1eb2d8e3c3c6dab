/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/report/compare.h"
#include "wire/macros.h"
#include "wire/xmalloc.h"

enum { OPTION_REPORT, OPTION_HELP };

static const struct cli_option options[] = {
    [OPTION_REPORT] = {"--report", 0, "FMT:PATH",
                       "md (default, on standard output), json or html; may be repeated"},
    [OPTION_HELP] = {"--help", 'h', NULL, "this text"},
};

static const struct {
    const char *name;
    compare_fn *write;
} formats[] = {{"md", compare_markdown}, {"json", compare_json}, {"html", compare_html}};

struct request {
    const char **paths; /* array owned */
    size_t n_paths;
    const char **reports; /* array owned; "FMT:PATH" */
    size_t n_reports;
    bool help;
};

static void print_help(void)
{
    printf("Usage: smcp-harness compare [NAME=]A.json [NAME=]B.json... [options]\n"
           "The JSON reports of several implementations side by side: what became of each "
           "requirement, and where behaviour\nthat no text fixes differs.\n\n");
    cli_print_options(options, ARRAY_LEN(options));
    printf("\nExit status: 0, or 2 when a file is no report, 4 when something cannot be written.\n"
           "\nExamples:\n"
           "  smcp-harness compare ours.json python.json\n"
           "  smcp-harness compare main=main.json branch=branch.json\n"
           "  smcp-harness compare *.json --report html:sdks.html --report json:sdks.json\n");
}

static void add(const char ***list, size_t *n, const char *text)
{
    *list = xrealloc(*list, (*n + 1) * sizeof(char *));
    (*list)[(*n)++] = text;
}

static compare_fn *format_of(const char *text, const char **ret_path)
{
    size_t len = strcspn(text, ":");

    *ret_path = text[len] ? text + len + 1 : "-";
    for (size_t i = 0; i < ARRAY_LEN(formats); i++)
        if (strlen(formats[i].name) == len && strncmp(formats[i].name, text, len) == 0)
            return formats[i].write;
    return NULL;
}

static bool read_option(struct request *q, int id, const char *value)
{
    const char *path;

    switch (id) {
    case CLI_OPERAND:
        add(&q->paths, &q->n_paths, value);
        return true;
    case OPTION_REPORT:
        if (!format_of(value, &path) || !*path) {
            fprintf(stderr,
                    "smcp-harness compare: --report: `%s`: expected md, json or html, :PATH\n",
                    value);
            return false;
        }
        add(&q->reports, &q->n_reports, value);
        return true;
    case OPTION_HELP:
        q->help = true;
        return true;
    default:
        return false;
    }
}

static bool write_one(const struct comparison *c, const char *text)
{
    const char *path;
    compare_fn *write = format_of(text, &path);
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "w");
    bool ok = out && write(out, c);

    if (out)
        ok = (to_stdout ? fflush(out) : fclose(out)) == 0 && ok;
    if (!ok)
        fprintf(stderr, "smcp-harness compare: %s: %s\n", path, strerror(errno));
    return ok;
}

static int compare(const struct request *q, struct loaded_report *const *reports)
{
    struct comparison c;
    bool ok = true;

    comparison_init(&c, reports, q->n_paths);
    if (q->n_reports == 0)
        ok = write_one(&c, "md:-");
    for (size_t i = 0; i < q->n_reports; i++)
        ok = write_one(&c, q->reports[i]) && ok;
    comparison_release(&c);
    return ok ? EXIT_FINE : EXIT_FAULT;
}

/* "NAME=FILE" puts another name above the column; a file may have a `=` in its own name. */
static struct loaded_report *load_named(const char *text, char **reterr)
{
    const char *equals = strchr(text, '=');
    bool named = equals && equals > text && access(text, F_OK) != 0;
    struct loaded_report *l = report_load(named ? equals + 1 : text, reterr);

    if (l && named) {
        free(l->result.target_name);
        l->result.target_name = xstrndup_slice(slice_of(text, (size_t)(equals - text)));
    }
    return l;
}

static int load_and_compare(const struct request *q)
{
    struct loaded_report **reports = xcalloc(q->n_paths, sizeof(*reports));
    int status = EXIT_FINE;
    char *error = NULL;

    for (size_t i = 0; i < q->n_paths && status == EXIT_FINE; i++) {
        reports[i] = load_named(q->paths[i], &error);
        if (reports[i])
            continue;
        fprintf(stderr, "smcp-harness compare: %s\n", error);
        free(error);
        status = EXIT_USAGE_ERROR;
    }
    if (status == EXIT_FINE)
        status = compare(q, reports);
    for (size_t i = 0; i < q->n_paths; i++)
        report_unload(reports[i]);
    free(reports);
    return status;
}

int cmd_compare(int argc, char **argv)
{
    struct request q = {0};
    struct cli cli;
    const char *value;
    int id, status = EXIT_FINE;

    cli_init(&cli, "smcp-harness compare", options, ARRAY_LEN(options), argc, argv);
    while (status == EXIT_FINE && (id = cli_next(&cli, &value)) != CLI_END)
        if (id == CLI_ERROR || !read_option(&q, id, value))
            status = EXIT_USAGE_ERROR;
    if (status == EXIT_FINE && q.help) {
        print_help();
    } else if (status == EXIT_FINE && q.n_paths < 2) {
        fprintf(stderr, "smcp-harness compare: two JSON reports are needed; --help says more\n");
        status = EXIT_USAGE_ERROR;
    } else if (status == EXIT_FINE) {
        status = load_and_compare(&q);
    }
    free(q.paths);
    free(q.reports);
    return status;
}
