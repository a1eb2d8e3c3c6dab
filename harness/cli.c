/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/suggest.h"

void cli_init(struct cli *cli, const char *command, const struct cli_option *options, size_t n,
              int argc, char **argv)
{
    *cli = (struct cli){.command = command,
                        .options = options,
                        .n_options = n,
                        .argc = argc,
                        .argv = argv,
                        .at = 1};
}

static int unknown(const struct cli *cli, const char *word, size_t len)
{
    char name[64];
    struct suggest suggest;
    char *phrase;

    snprintf(name, sizeof(name), "%.*s", (int)len, word);
    suggest_init(&suggest, name);
    for (size_t i = 0; i < cli->n_options; i++)
        suggest_offer(&suggest, cli->options[i].name);
    phrase = suggest_phrase(suggest.best);
    fprintf(stderr, "%s: unknown option `%s`%s; --help lists them\n", cli->command, name, phrase);
    free(phrase);
    return CLI_ERROR;
}

static int take_argument(struct cli *cli, size_t option, const char *attached,
                         const char **ret_value)
{
    const struct cli_option *o = &cli->options[option];

    if (!o->argument) {
        if (!attached)
            return (int)option;
        fprintf(stderr, "%s: %s takes no value\n", cli->command, o->name);
        return CLI_ERROR;
    }
    *ret_value = attached;
    if (attached)
        return (int)option;
    if (cli->at == cli->argc) {
        fprintf(stderr, "%s: %s needs a value: %s %s\n", cli->command, o->name, o->name,
                o->argument);
        return CLI_ERROR;
    }
    *ret_value = cli->argv[cli->at++];
    return (int)option;
}

static int long_option(struct cli *cli, const char *word, const char **ret_value)
{
    size_t len = strcspn(word, "=");

    for (size_t i = 0; i < cli->n_options; i++)
        if (strlen(cli->options[i].name) == len && strncmp(cli->options[i].name, word, len) == 0)
            return take_argument(cli, i, word[len] ? word + len + 1 : NULL, ret_value);
    return unknown(cli, word, len);
}

static int short_option(struct cli *cli, const char **ret_value)
{
    char letter = *cli->letters++;

    if (!*cli->letters)
        cli->letters = NULL;
    for (size_t i = 0; i < cli->n_options; i++)
        if (cli->options[i].letter == letter)
            return take_argument(cli, i, NULL, ret_value);
    return unknown(cli, (char[]){'-', letter, 0}, 2);
}

int cli_next(struct cli *cli, const char **ret_value)
{
    const char *word;

    *ret_value = NULL;
    if (cli->letters)
        return short_option(cli, ret_value);
    if (cli->at == cli->argc)
        return CLI_END;
    word = cli->argv[cli->at++];
    if (cli->only_operands || word[0] != '-' || !word[1]) {
        *ret_value = word;
        return CLI_OPERAND;
    }
    if (strcmp(word, "--") == 0) {
        cli->only_operands = true;
        return cli_next(cli, ret_value);
    }
    if (word[1] == '-')
        return long_option(cli, word, ret_value);
    cli->letters = word + 1;
    return short_option(cli, ret_value);
}

void cli_print_options(const struct cli_option *options, size_t n)
{
    char left[64];

    for (size_t i = 0; i < n; i++) {
        char letter[8] = "";

        if (options[i].letter)
            snprintf(letter, sizeof(letter), "-%c, ", options[i].letter);
        snprintf(left, sizeof(left), "%s%s%s%s", letter, options[i].name,
                 options[i].argument ? " " : "", options[i].argument ? options[i].argument : "");
        printf("  %-28s %s\n", left, options[i].help);
    }
}

bool cli_number(const struct cli *cli, const char *option, const char *text, uint64_t min,
                uint64_t max, uint64_t *ret)
{
    char *end;
    unsigned long long n;

    errno = 0;
    n = strtoull(text, &end, 0);
    if (errno || end == text || *end || text[0] == '-' || n < min || n > max) {
        fprintf(stderr, "%s: %s: `%s` is not a whole number from %llu to %llu\n", cli->command,
                option, text, (unsigned long long)min, (unsigned long long)max);
        return false;
    }
    *ret = n;
    return true;
}

bool glob_match(const char *glob, const char *text)
{
    while (*glob && *glob != '*') {
        if (!*text || (*glob != '?' && *glob != *text))
            return false;
        glob++;
        text++;
    }
    if (!*glob)
        return !*text;
    while (*glob == '*')
        glob++;
    if (!*glob)
        return true;
    for (; *text; text++)
        if (glob_match(glob, text))
            return true;
    return false;
}
