/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_CLI_H
#define HARNESS_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Command lines by table: long options with `--name VALUE` or `--name=VALUE`, a few short ones, did-you-mean for the rest. */

enum cli_exit {
    EXIT_FINE = 0,
    EXIT_FAILED = 1,
    EXIT_USAGE_ERROR = 2,
    EXIT_NOT_REACHABLE = 3,
    EXIT_FAULT = 4,
    EXIT_NOTHING_RAN = 5,
    EXIT_INCOMPLETE = 6,
};

struct cli_option {
    const char *name;     /* "--jobs" */
    char letter;          /* 'q' for -q, 0 for none */
    const char *argument; /* "N" for the help text; NULL: takes none */
    const char *help;
};

struct cli {
    const char *command; /* "smcp-harness run", for messages */
    const struct cli_option *options;
    size_t n_options;
    int argc;
    char **argv;
    int at;
    const char *letters; /* rest of -qvv */
    bool only_operands;  /* after -- */
};

/* Start after argv[0]. */
void cli_init(struct cli *cli, const char *command, const struct cli_option *options, size_t n,
              int argc, char **argv);

enum { CLI_END = -1, CLI_OPERAND = -2, CLI_ERROR = -3 };

/* Index of the next option, CLI_OPERAND, CLI_END, or CLI_ERROR after a message on stderr.  *ret_value: the argument or operand. */
int cli_next(struct cli *cli, const char **ret_value);

/* "  --jobs N          how many …" lines to stdout. */
void cli_print_options(const struct cli_option *options, size_t n);

/* A whole number in a range; on failure a message on stderr and false. */
bool cli_number(const struct cli *cli, const char *option, const char *text, uint64_t min,
                uint64_t max, uint64_t *ret);

/* Does `text` match the glob (`*` and `?`)?  A glob without either must be equal. */
bool glob_match(const char *glob, const char *text);

#endif
