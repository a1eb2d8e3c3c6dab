/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/args.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/suggest.h"
#include "wire/xmalloc.h"

static void unknown_option(const struct args *args, const char *word, const struct arg_spec *specs,
                           size_t n)
{
    struct suggest s;
    char *phrase;

    suggest_init(&s, word);
    suggest_offer(&s, "--help");
    for (size_t i = 0; i < n; i++)
        suggest_offer(&s, specs[i].name);
    phrase = suggest_phrase(s.best);
    fprintf(stderr, "%s: unknown option `%s`%s\n", args->argv[0], word, phrase);
    free(phrase);
}

static int option(struct args *args, const char *word, const struct arg_spec *specs, size_t n,
                  const char **ret_value)
{
    size_t len = strcspn(word, "=");
    const char *given = word[len] ? word + len + 1 : NULL;
    char *name = xstrndup_slice((struct slice){word, len});
    size_t i = 0;

    while (i < n && strcmp(specs[i].name, name) != 0)
        i++;
    if (i == n) {
        unknown_option(args, name, specs, n);
        free(name);
        return ARGS_BAD;
    }
    free(name);
    if (!specs[i].value && given) {
        fprintf(stderr, "%s: %s takes no value\n", args->argv[0], specs[i].name);
        return ARGS_BAD;
    }
    if (specs[i].value && !given && args->at < args->argc)
        given = args->argv[args->at++];
    if (specs[i].value && !given) {
        fprintf(stderr, "%s: %s needs a value: %s\n", args->argv[0], specs[i].name, specs[i].value);
        return ARGS_BAD;
    }
    *ret_value = given;
    return (int)i;
}

int args_next(struct args *args, const struct arg_spec *specs, size_t n, const char **ret_value)
{
    const char *word;

    if (args->at >= args->argc)
        return ARGS_END;
    word = args->argv[args->at++];
    *ret_value = word;
    if (strcmp(word, "--") == 0 && args->at < args->argc) {
        *ret_value = args->argv[args->at];
        /* What follows is positional: give it back one by one, each behind its own `--`. */
        args->argv[args->at] = args->argv[args->at - 1];
        return ARGS_POSITIONAL;
    }
    if (strcmp(word, "--") == 0)
        return ARGS_END;
    if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0)
        return ARGS_HELP;
    if (word[0] != '-' || word[1] == '\0')
        return ARGS_POSITIONAL;
    return option(args, word, specs, n, ret_value);
}

void args_help(const char *usage, const struct arg_spec *specs, size_t n)
{
    fputs(usage, stdout);
    if (n > 0)
        puts("\nOptions:");
    for (size_t i = 0; i < n; i++) {
        char *left = xasprintf("%s%s%s", specs[i].name, specs[i].value ? " " : "",
                               specs[i].value ? specs[i].value : "");

        printf("  %-22s %s\n", left, specs[i].help);
        free(left);
    }
}
