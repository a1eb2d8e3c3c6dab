/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/report/whatif.h"
#include "wire/macros.h"
#include "wire/xmalloc.h"

/* Two runs of the same target, each in a process of its own, and what the second one finds that the first one did not. */

struct arguments {
    char **items; /* array owned, NULL-terminated; texts borrowed */
    int n;
};

struct request {
    struct arguments both;    /* for both runs */
    struct arguments reports; /* for the second one */
    const char *next;         /* NULL: the one after the target's own */
    bool json, help;
};

static void add(struct arguments *list, const char *text)
{
    list->items = xrealloc(list->items, ((size_t)list->n + 2) * sizeof(char *));
    list->items[list->n++] = (char *)(uintptr_t)text;
    list->items[list->n] = NULL;
}

static void print_help(void)
{
    fputs("Usage: smcp-harness whatif [URL] [--next R] [--json] [options of run]\n"
          "What would newly fail if a server were judged by the next revision: plays it by its own "
          "one, then by R, and lists the\ndifference by requirement.  Clients go on declaring the "
          "version that the server accepts.  Its own revision is that of the\ntarget file, or "
          "--revision.\n"
          "\nOptions:\n"
          "  --next R                   the revision to judge by (the one after the server's own)\n"
          "  --json                     as JSON\n"
          "  --help, -h                 this text\n"
          "  --report, --results        as for run: reports of the play by the next revision\n"
          "and every other option of `smcp-harness run`, which both plays get.\n"
          "\nExit status: 0 nothing would newly fail, 1 something would, else as for run.\n"
          "\nExamples:\n"
          "  smcp-harness whatif http://127.0.0.1:3000 --revision 0.3\n"
          "  smcp-harness whatif --target my-server.json --next 0.4 --transport all\n",
          stdout);
}

/* "--name VALUE" and "--name=VALUE"; *i moves on.  NULL when it is another argument, or its value is missing. */
static const char *value_of(int argc, char **argv, int *i, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(argv[*i], name, len) != 0)
        return NULL;
    if (argv[*i][len] == '=')
        return argv[*i] + len + 1;
    if (argv[*i][len] != '\0' || *i + 1 == argc)
        return NULL;
    return argv[++*i];
}

static bool read_arguments(struct request *q, int argc, char **argv)
{
    static const char *const of_reports[] = {"--report", "--results"};

    add(&q->both, "run");
    for (int i = 1; i < argc; i++) {
        const char *value = value_of(argc, argv, &i, "--next");
        bool taken = value != NULL;

        if (value)
            q->next = value;
        for (size_t k = 0; !taken && k < ARRAY_LEN(of_reports); k++) {
            value = value_of(argc, argv, &i, of_reports[k]);
            taken = value != NULL;
            if (taken) {
                add(&q->reports, of_reports[k]);
                add(&q->reports, value);
            }
        }
        if (taken)
            continue;
        if (strcmp(argv[i], "--json") == 0)
            q->json = true;
        else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            q->help = true;
        else
            add(&q->both, argv[i]);
    }
    if (!q->next || smcp_revision_find(slice_str(q->next)))
        return true;
    fprintf(stderr, "smcp-harness whatif: --next: `%s`: there is no such revision\n", q->next);
    return false;
}

/* ---- playing ---- */

static void play(const struct arguments *arguments)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (nowhere < 0 || dup2(nowhere, STDOUT_FILENO) < 0)
        exit(EXIT_FAULT);
    unsetenv("GITHUB_ACTIONS"); /* what only might fail is no annotation */
    exit(cmd_run(arguments->n, arguments->items));
}

/* Exit status of `run`; a signal that ends us ends it too. */
static int play_apart(const struct arguments *arguments)
{
    int status;
    pid_t pid;

    fflush(NULL);
    pid = fork();
    if (pid == 0)
        play(arguments);
    while (pid > 0 && waitpid(pid, &status, 0) < 0)
        if (errno != EINTR)
            return EXIT_FAULT;
    if (pid < 0)
        return EXIT_FAULT;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Nothing was judged, or only a part of it. */
static bool is_no_verdict(int status)
{
    return status != EXIT_FINE && status != EXIT_FAILED && status != EXIT_INCOMPLETE;
}

static struct loaded_report *play_and_load(const struct request *q, const char *dir,
                                           const char *judge_by, int *ret_status)
{
    char *path = xasprintf("%s/%s.json", dir, judge_by ? "next" : "own"), *error = NULL;
    char *report = xasprintf("json:%s", path);
    struct loaded_report *l = NULL;
    struct arguments arguments = {NULL, 0};

    for (int i = 0; i < q->both.n; i++)
        add(&arguments, q->both.items[i]);
    for (int i = 0; judge_by && i < q->reports.n; i++)
        add(&arguments, q->reports.items[i]);
    if (judge_by) {
        add(&arguments, "--judge-by");
        add(&arguments, judge_by);
    }
    add(&arguments, "--report");
    add(&arguments, report);
    *ret_status = play_apart(&arguments);
    if (!is_no_verdict(*ret_status) && !(l = report_load(path, &error))) {
        fprintf(stderr, "smcp-harness whatif: %s\n", error);
        free(error);
        *ret_status = EXIT_FAULT;
    }
    unlink(path);
    free(arguments.items);
    free(report);
    free(path);
    return l;
}

/* NULL after a message. */
static const char *next_revision(const struct request *q, const struct run_result *own)
{
    if (q->next && smcp_revision_find(slice_str(q->next))->id != own->revision)
        return q->next;
    if (q->next)
        fprintf(stderr, "smcp-harness whatif: %s is the revision of the target already\n", q->next);
    else if (own->revision + 1 < SMCP_REV_COUNT)
        return smcp_revision((enum smcp_revision_id)(own->revision + 1))->name;
    else
        fprintf(stderr, "smcp-harness whatif: there is no revision after %s; --next says which\n",
                smcp_revision(own->revision)->name);
    return NULL;
}

static int compare(const struct loaded_report *own, const struct loaded_report *next, bool json)
{
    struct whatif w;
    bool red;

    whatif_init(&w, &own->result, &next->result);
    if (json)
        whatif_json(stdout, &w);
    else
        whatif_text(stdout, &w);
    red = w.n_failures > 0;
    whatif_release(&w);
    if (fflush(stdout) != 0)
        return EXIT_FAULT;
    return red ? EXIT_FAILED : EXIT_FINE;
}

static int play_both(const struct request *q, const char *dir)
{
    struct loaded_report *own, *next = NULL;
    const char *revision;
    int status;

    own = play_and_load(q, dir, NULL, &status);
    if (!own)
        return status;
    revision = next_revision(q, &own->result);
    if (revision)
        next = play_and_load(q, dir, revision, &status);
    else
        status = EXIT_USAGE_ERROR;
    if (next)
        status = compare(own, next, q->json);
    report_unload(next);
    report_unload(own);
    return status;
}

int cmd_whatif(int argc, char **argv)
{
    const char *tmp = getenv("TMPDIR");
    struct request q = {.next = NULL};
    char *dir = xasprintf("%s/smcp-whatif-XXXXXX", tmp && *tmp ? tmp : "/tmp");
    int status = EXIT_USAGE_ERROR;

    if (!read_arguments(&q, argc, argv)) {
        status = EXIT_USAGE_ERROR;
    } else if (q.help) {
        print_help();
        status = EXIT_FINE;
    } else if (!mkdtemp(dir)) {
        fprintf(stderr, "smcp-harness whatif: %s: %s\n", dir, strerror(errno));
        status = EXIT_FAULT;
    } else {
        status = play_both(&q, dir);
        rmdir(dir);
    }
    free(q.both.items);
    free(q.reports.items);
    free(dir);
    return status;
}
