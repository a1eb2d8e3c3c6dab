/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "smcp/suggest.h"
#include "wire/macros.h"

struct command {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help; /* NULL: hidden, for the build of the documentation */
};

static const struct command commands[] = {
    {"run", cmd_run, "play the scenarios against a server and judge it"},
    {"probe", cmd_probe,
     "what a server is, without taking a seat: path, transports, versions, credentials"},
    {"list", cmd_list, "the scenarios and their checks"},
    {"explain", cmd_explain, "what a scenario, check or requirement is about"},
    {"check", cmd_check, "lint scenario files"},
    {"whatif", cmd_whatif, "what would newly fail by the next revision"},
    {"coverage", cmd_coverage, "which requirement is covered by which check"},
    {"freeze", cmd_freeze, "which checks of a revision are scored"},
    {"report", cmd_report, "make any report from the JSON report of a run"},
    {"merge", cmd_merge, "one report from the JSON reports of parts of a run"},
    {"compare", cmd_compare, "the reports of several servers side by side"},
    {"diff", cmd_diff, "what has changed between two reports"},
#ifdef SMCP_HAVE_LANGUAGE
    {"language", cmd_language, NULL},
#endif
#ifdef SMCP_HAVE_BENCH
    {"bench", cmd_bench, "measure tool calls per second through servers, side by side"},
#endif
};

static int help(void)
{
    printf("Usage: smcp-harness COMMAND [options]\n"
           "The referee of the A2C-SMCP protocol: plays scripted clients against a server and "
           "judges what it does.\n\n");
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (commands[i].help)
            printf("  %-10s %s\n", commands[i].name, commands[i].help);
    printf("\nExamples:\n"
           "  smcp-harness run                              against a reference server of its own\n"
           "  smcp-harness run http://127.0.0.1:3000        against your server\n"
           "  smcp-harness run --target my-server.json --transport all --report junit:results.xml\n"
           "  smcp-harness explain ROOM-12\n"
           "\nsmcp-harness COMMAND --help says more about a command.\n");
    return EXIT_FINE;
}

static int unknown(const char *word)
{
    struct suggest suggest;
    char *phrase;

    suggest_init(&suggest, word);
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        suggest_offer(&suggest, commands[i].name);
    phrase = suggest_phrase(suggest.best);
    fprintf(stderr, "smcp-harness: unknown command `%s`%s; --help lists them\n", word, phrase);
    free(phrase);
    return EXIT_USAGE_ERROR;
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN);
    if (argc < 2) {
        fprintf(stderr,
                "smcp-harness: say what to do: smcp-harness COMMAND; --help lists the commands\n");
        return EXIT_USAGE_ERROR;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0)
        return help();
    if (strcmp(argv[1], "--version") == 0) {
        puts("smcp-harness " SMCP_VERSION);
        return EXIT_FINE;
    }
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(argv[1], commands[i].name) == 0)
            return commands[i].run(argc - 1, argv + 1);
    return unknown(argv[1]);
}
