/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_ARGS_H
#define HARNESS_ARGS_H

#include <stddef.h>

/* One option of a command: --name, or --name VALUE / --name=VALUE. */
struct arg_spec {
    const char *name;  /* "--only" */
    const char *value; /* "GLOB"; NULL for a flag */
    const char *help;  /* one line */
};

struct args {
    int argc;
    char **argv; /* borrowed */
    int at;      /* next index; start with 1: argv[0] is the command */
};

enum { ARGS_END = -1, ARGS_POSITIONAL = -2, ARGS_HELP = -3, ARGS_BAD = -4 };

/*
 * The next argument: index of its spec, or ARGS_*.  *ret_value is the option's value or the positional argument.  ARGS_BAD: stderr
 * has been told what is wrong, with the option that was probably meant; the exit code is 2.  `--` ends the options; `-` is positional.
 */
int args_next(struct args *args, const struct arg_spec *specs, size_t n, const char **ret_value);

/* Print `usage` and the options to stdout. */
void args_help(const char *usage, const struct arg_spec *specs, size_t n);

#endif
