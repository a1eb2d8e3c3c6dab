/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/frozen.h"
#include "harness/select.h"

enum { OPT_REVISION, OPT_SCENARIOS, OPT_SET, OPT_CHECK, OPT_HELP };

static const struct cli_option specs[] = {
    [OPT_REVISION] = {"--revision", 0, "R", "default 0.1"},
    [OPT_SCENARIOS] = {"--scenarios", 0, "DIR", "a folder instead of the built-in scenarios"},
    [OPT_SET] = {"--set", 0, "FILE", "the set to hold them against, instead of the built-in one"},
    [OPT_CHECK] = {"--check", 0, NULL, "write no set, only say what a new one would change"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

struct options {
    enum smcp_revision_id revision;
    const char *dir, *set;
    bool check, help;
};

static void print_help(void)
{
    fputs(
        "Usage: smcp-harness freeze [OPTIONS]\n"
        "The frozen set of a revision: which checks are scored.  Prints the set that the scenarios "
        "of today make; its number is\nthat of the set in force, or one more when something has "
        "changed.\n\nOptions:\n",
        stdout);
    cli_print_options(specs, ARRAY_LEN(specs));
    fputs("\nExit status: 0; with --check 1 when a check of the set is gone; 2 for mistakes, 4 "
          "when nothing can be written.\n"
          "\nExamples:\n"
          "  smcp-harness freeze --revision 0.1 --check\n"
          "  smcp-harness freeze --revision 0.1 > fixtures/sets/0.1.json\n",
          stdout);
}

static bool take_option(struct options *o, int arg, const char *value)
{
    switch (arg) {
    case OPT_REVISION:
        return revision_from_option("freeze", value, &o->revision);
    case OPT_SCENARIOS:
        o->dir = value;
        return true;
    case OPT_SET:
        o->set = value;
        return true;
    case OPT_CHECK:
        o->check = true;
        return true;
    case OPT_HELP:
        o->help = true;
        return true;
    default:
        if (arg == CLI_OPERAND)
            fprintf(stderr, "smcp-harness freeze: unexpected argument `%s`\n", value);
        return false;
    }
}

/* Prints (but where `out` is NULL) and frees. */
static void print_all(FILE *out, const char *label, char **texts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (out)
            fprintf(out, "%s: %s\n", label, texts[i]);
        free(texts[i]);
    }
    free(texts);
}

static int freeze(const struct options *o, const struct frozen_set *set,
                  const struct scenario_set *all)
{
    FILE *out = o->check ? stdout : stderr;
    unsigned number = set ? frozen_number(set) : 0;
    size_t n_gone = 0, n_new;
    char **gone = set ? frozen_vanished(set, all, &n_gone) : NULL;
    char **added = frozen_added(set, o->revision, all, &n_new);

    print_all(out, "gone", gone, n_gone);
    print_all(set ? out : NULL, "new", added, n_new);
    fprintf(out, "revision %s, ", smcp_revision(o->revision)->name);
    if (set)
        fprintf(out, "set %u: ", number);
    else
        fputs("no set yet: ", out);
    fprintf(out, "%zu new, %zu gone\n", n_new, n_gone);
    if (o->check)
        return n_gone ? EXIT_FAILED : EXIT_FINE;
    number += !set || n_gone || n_new;
    return frozen_print(stdout, number, o->revision, all) && fflush(stdout) == 0 ? EXIT_FINE
                                                                                 : EXIT_FAULT;
}

static int load_and_freeze(const struct options *o)
{
    struct frozen_set *set = NULL;
    struct scenario_set all;
    struct diag fault = {0};
    char *error = NULL;
    int status = EXIT_USAGE_ERROR;

    set = o->set ? frozen_load(o->set, &error) : frozen_built_in(o->revision);
    if (error) {
        fprintf(stderr, "smcp-harness freeze: %s\n", error);
        free(error);
    } else if (set && frozen_revision(set) != o->revision) {
        fprintf(stderr, "smcp-harness freeze: %s is a set of revision %s\n", o->set,
                smcp_revision(frozen_revision(set))->name);
    } else if (scenario_set_load(&all, o->dir, &fault)) {
        status = freeze(o, set, &all);
        scenario_set_release(&all);
    } else {
        fprintf(stderr, "%s:%u:%u: %s\n", fault.path, fault.at.line, fault.at.column, fault.text);
        diag_release(&fault);
    }
    frozen_free(set);
    return status;
}

int cmd_freeze(int argc, char **argv)
{
    struct options o = {.revision = SMCP_REV_0_1};
    struct cli cli;
    const char *value;
    int arg;

    cli_init(&cli, "smcp-harness freeze", specs, ARRAY_LEN(specs), argc, argv);
    while (!o.help && (arg = cli_next(&cli, &value)) != CLI_END)
        if (!take_option(&o, arg, value))
            return EXIT_USAGE_ERROR;
    if (o.help) {
        print_help();
        return EXIT_FINE;
    }
    return load_and_freeze(&o);
}
