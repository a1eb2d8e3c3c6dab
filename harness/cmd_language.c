/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/commands.h"

#include <stdio.h>
#include <string.h>

#include "harness/language.h"

/* Hidden: prints the generated files of the scenario language. */
int cmd_language(int argc, char **argv)
{
    if (argc == 1 || (argc == 2 && strcmp(argv[1], "--markdown") == 0)) {
        language_print_markdown(stdout);
        return 0;
    }
    if (argc == 2 && strcmp(argv[1], "--schema") == 0) {
        language_print_schema(stdout);
        return 0;
    }
    fputs("Usage: smcp-harness language [--markdown | --schema]\n", stderr);
    return 2;
}
