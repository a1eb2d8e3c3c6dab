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
};

static void print(void *user, const struct diag *d)
{
    struct report *r = user;

    r->findings++;
    printf("%s:%u:%u: %s\n", d->path, d->at.line, d->at.column, d->text);
}

static void check_id(struct report *r, const struct scenario *sc)
{
    size_t n = r->files - r->bad_files;

    for (size_t i = 0; i < n; i++) {
        if (r->seen[i].id && strcmp(r->seen[i].id, sc->id) == 0) {
            r->findings++;
            printf("%s:1:1: the id `%s` is that of %s too\n", sc->path, sc->id, r->seen[i].path);
            return;
        }
    }
}

static void check_scenario(struct report *r, struct scenario *sc, struct diag *fault)
{
    size_t before = r->findings;

    r->seen = xrealloc(r->seen, (r->files + 1) * sizeof(*r->seen));
    if (!sc) {
        print(r, fault);
        diag_release(fault);
        r->files++;
        r->bad_files++;
        return;
    }
    check_id(r, sc);
    scenario_lint(sc, print, r);
    r->files++;
    if (r->findings > before)
        r->bad_files++;
    else
        r->seen[r->files - r->bad_files - 1] = (struct checked){xstrdup(sc->id), xstrdup(sc->path)};
    scenario_free(sc);
}

static void check_file(struct report *r, const char *path)
{
    struct diag fault = {0};

    check_scenario(r, scenario_load(path, &fault), &fault);
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
    for (size_t i = 0; i < set.n; i++) {
        check_scenario(r, set.items[i], &fault);
        set.items[i] = NULL;
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
    for (size_t i = 0; i < r.files - r.bad_files; i++) {
        free(r.seen[i].id);
        free(r.seen[i].path);
    }
    free(r.seen);
    if (r.files == 0)
        printf("no scenario files found\n");
    printf("%zu passed, %zu failed, 0 skipped\n", r.files - r.bad_files, r.bad_files);
    return ok && r.files > 0 && r.findings == 0 ? 0 : 2;
}
