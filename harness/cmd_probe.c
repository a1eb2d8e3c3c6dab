/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/survey.h"
#include "wire/macros.h"
#include "wire/xmalloc.h"

static const char usage[] =
    "Usage: smcp-harness probe URL [options]\n"
    "Find out what a server is: whether Engine.IO answers and where, which transports and protocol "
    "versions it has,\n"
    "whether it wants credentials.  Joins no office and leaves no session behind.\n\n";
static const char more[] =
    "\nExit status: 0 found out, 2 usage, 3 no Engine.IO there, 4 fault of the harness.\n"
    "\nExamples:\n"
    "  smcp-harness probe http://127.0.0.1:3000\n"
    "  smcp-harness probe http://127.0.0.1:3000 --key auth:token=SECRET --json\n"
    "  smcp-harness run http://127.0.0.1:3000 --revision auto        uses what a probe finds\n";

enum option_id { OPT_PATH, OPT_KEY, OPT_JSON, OPT_INSECURE, OPT_TIMEOUT, OPT_HELP };

static const struct cli_option options[] = {
    [OPT_PATH] = {"--path", 0, "P", "HTTP path of Socket.IO; otherwise the usual ones are tried"},
    [OPT_KEY] = {"--key", 0, "SPEC", "credential to try: header:NAME=VALUE or auth:NAME=VALUE"},
    [OPT_JSON] = {"--json", 0, NULL, "one JSON object"},
    [OPT_INSECURE] = {"--insecure", 0, NULL, "do not verify the certificate of an https:// target"},
    [OPT_TIMEOUT] = {"--timeout", 0, "S", "give up after so many seconds (4)"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

struct probe_command {
    struct target target;
    const char *url;
    const char *path;
    bool json;
    uint64_t seconds;
};

static int wrong(const char *what, const char *expected)
{
    fprintf(stderr, "smcp-harness probe: %s: %s\n", what, expected);
    return EXIT_USAGE_ERROR;
}

static int read_option(struct probe_command *c, struct cli *cli, int option, const char *value)
{
    switch (option) {
    case CLI_OPERAND:
        if (c->url)
            return wrong(value, "one URL is enough");
        c->url = value;
        return EXIT_FINE;
    case OPT_PATH:
        c->path = value;
        return value[0] == '/' ? EXIT_FINE : wrong(value, "expected a path like /socket.io");
    case OPT_KEY:
        return credential_parse(&c->target.key, value)
                   ? EXIT_FINE
                   : wrong("--key", "expected header:NAME=VALUE or auth:NAME=VALUE");
    case OPT_JSON:
        c->json = true;
        return EXIT_FINE;
    case OPT_INSECURE:
        c->target.to.insecure = true;
        return EXIT_FINE;
    case OPT_TIMEOUT:
        return cli_number(cli, "--timeout", value, 1, 60, &c->seconds) ? EXIT_FINE
                                                                       : EXIT_USAGE_ERROR;
    default:
        return EXIT_USAGE_ERROR;
    }
}

static int take_and_print(const struct probe_command *c)
{
    const struct survey_config config = {.target = &c->target,
                                         .path_given = c->path != NULL,
                                         .budget_ms = (unsigned)c->seconds * 1000};
    struct survey survey;
    char *error = NULL;
    int status;

    if (!survey_take(&survey, &config, &error)) {
        fprintf(stderr, "smcp-harness probe: %s\n", error);
        free(error);
        return EXIT_FAULT;
    }
    status = survey.trouble ? EXIT_NOT_REACHABLE : EXIT_FINE;
    if (c->json)
        survey_print_json(&survey, c->url, stdout);
    else
        survey_print(&survey, c->url, status == EXIT_FINE ? stdout : stderr);
    survey_release(&survey);
    return status;
}

static int probe(struct probe_command *c)
{
    char *error = NULL;
    int status;

    if (!c->url)
        return wrong("URL", "say which server: smcp-harness probe http://HOST:PORT");
    if (!target_set_url(&c->target, c->url, &error)) {
        status = wrong(c->url, error);
        free(error);
        return status;
    }
    if (c->path) {
        free(c->target.path);
        c->target.path = xstrdup(c->path);
    }
    return take_and_print(c);
}

int cmd_probe(int argc, char **argv)
{
    struct probe_command c = {.seconds = 4};
    int status = EXIT_FINE, option;
    const char *value;
    struct cli cli;

    target_init(&c.target);
    cli_init(&cli, "smcp-harness probe", options, ARRAY_LEN(options), argc, argv);
    while (status == EXIT_FINE && (option = cli_next(&cli, &value)) != CLI_END) {
        if (option == OPT_HELP) {
            fputs(usage, stdout);
            cli_print_options(options, ARRAY_LEN(options));
            fputs(more, stdout);
            goto out;
        }
        status = read_option(&c, &cli, option, value);
    }
    if (status == EXIT_FINE)
        status = probe(&c);
out:
    target_release(&c.target);
    return status;
}
