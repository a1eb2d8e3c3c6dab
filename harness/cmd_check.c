/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/cli.h"
#include "harness/scenario.h"
#include "wire/xmalloc.h"

static const char usage[] = "Usage: smcp-harness check [FILE|FOLDER]...\n"
                            "Look for mistakes in scenario files: syntax, names, references, "
                            "requirement ids, expectations that cannot fail.\n"
                            "Without arguments the built-in scenarios are checked.\n"
                            "\n"
                            "  smcp-harness check scenarios/rooms/join.json\n"
                            "  smcp-harness check scenarios\n";

enum { OPT_SCENARIOS, OPT_HELP };

static const struct cli_option specs[] = {
    [OPT_SCENARIOS] = {"--scenarios", 0, "DIR", "check all files of a folder (as an argument)"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

static void print_help(void)
{
    fputs(usage, stdout);
    puts("\nOptions:");
    cli_print_options(specs, ARRAY_LEN(specs));
}

struct checked {
    char *id;   /* owned */
    char *path; /* owned */
};

struct report {
    size_t files, bad_files, findings;
    struct checked *seen; /* owned: ids must differ between files */
    size_t n_seen;
    char **said; /* owned: findings of the file at hand */
    size_t n_said;
};

static void print(void *user, const struct diag *d)
{
    struct report *r = user;
    char *line = xasprintf("%s:%u:%u: %s", d->path, d->at.line, d->at.column, d->text);

    for (size_t i = 0; i < r->n_said; i++) {
        if (strcmp(r->said[i], line) == 0) {
            free(line);
            return;
        }
    }
    puts(line);
    r->findings++;
    r->said = xrealloc(r->said, (r->n_said + 1) * sizeof(*r->said));
    r->said[r->n_said++] = line;
}

static void check_id(struct report *r, const struct scenario *sc)
{
    for (size_t i = 0; i < r->n_seen; i++) {
        if (strcmp(r->seen[i].id, sc->id) == 0) {
            r->findings++;
            printf("%s:1:1: the id `%s` is that of %s too\n", sc->path, sc->id, r->seen[i].path);
            return;
        }
    }
    r->seen = xrealloc(r->seen, (r->n_seen + 1) * sizeof(*r->seen));
    r->seen[r->n_seen++] = (struct checked){xstrdup(sc->id), xstrdup(sc->path)};
}

/* All scenarios of one file: what is wrong in each row of its table is said once. */
static void check_scenarios(struct report *r, struct scenario *const *items, size_t n)
{
    size_t before = r->findings;

    for (size_t i = 0; i < n; i++) {
        check_id(r, items[i]);
        scenario_lint(items[i], print, r);
    }
    r->files++;
    if (r->findings > before)
        r->bad_files++;
    for (size_t i = 0; i < r->n_said; i++)
        free(r->said[i]);
    r->n_said = 0;
}

static void check_file(struct report *r, const char *path)
{
    struct scenario_set set = {0};
    struct diag fault = {0};

    if (scenario_set_add_file(&set, path, &fault)) {
        check_scenarios(r, set.items, set.n);
        scenario_set_release(&set);
        return;
    }
    print(r, &fault);
    diag_release(&fault);
    r->files++;
    r->bad_files++;
}

static bool check_path(struct report *r, const char *path)
{
    struct diag fault = {0};
    struct stat info;
    char **paths;
    size_t n;

    if (stat(path, &info) != 0 || !S_ISDIR(info.st_mode)) {
        check_file(r, path);
        return true;
    }
    if (!scenario_paths(path, true, &paths, &n, &fault)) {
        print(r, &fault);
        diag_release(&fault);
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        check_file(r, paths[i]);
        free(paths[i]);
    }
    free(paths);
    return true;
}

static bool check_embedded(struct report *r)
{
    struct scenario_set set;
    struct diag fault = {0};

    if (!scenario_set_load(&set, NULL, &fault)) {
        print(r, &fault);
        diag_release(&fault);
        return false;
    }
    for (size_t i = 0, n; i < set.n; i += n) {
        for (n = 1; i + n < set.n && strcmp(set.items[i + n]->path, set.items[i]->path) == 0; n++)
            ;
        check_scenarios(r, set.items + i, n);
    }
    scenario_set_release(&set);
    return true;
}

int cmd_check(int argc, char **argv)
{
    struct cli cli;
    struct report r = {0};
    bool given = false, ok = true;
    const char *value;
    int arg;

    cli_init(&cli, "smcp-harness check", specs, ARRAY_LEN(specs), argc, argv);
    while ((arg = cli_next(&cli, &value)) != CLI_END) {
        if (arg == OPT_HELP) {
            print_help();
            return 0;
        }
        if (arg == CLI_ERROR)
            return 2;
        given = true;
        ok &= check_path(&r, value);
    }
    if (!given)
        ok = check_embedded(&r);
    for (size_t i = 0; i < r.n_seen; i++) {
        free(r.seen[i].id);
        free(r.seen[i].path);
    }
    free(r.seen);
    for (size_t i = 0; i < r.n_said; i++)
        free(r.said[i]);
    free(r.said);
    if (r.files == 0)
        printf("no scenario files found\n");
    printf("%zu passed, %zu failed, 0 skipped\n", r.files - r.bad_files, r.bad_files);
    return ok && r.files > 0 && r.findings == 0 ? 0 : 2;
}
