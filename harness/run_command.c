/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/run_command.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "harness/cli.h"
#include "harness/select.h"
#include "smcp/version.h"
#include "wire/xmalloc.h"

enum option_id {
#define XX(symbol, name, letter, argument, help) OPTION_##symbol,
#include "harness/run_options.def"
#undef XX
};

static const struct cli_option options[] = {
#define XX(symbol, name, letter, argument, help) {name, letter, argument, help},
#include "harness/run_options.def"
#undef XX
};

static void print_help(void)
{
    printf("Usage: smcp-harness run [URL] [options]\n"
           "Play the scenarios of a protocol revision against a server and judge it.  Without URL "
           "and --target, a reference\n"
           "server is started for it, on a free port; it is what the suite itself is tested "
           "against.\n\n");
    cli_print_options(options, ARRAY_LEN(options));
    printf(
        "\nExit status: 0 nothing unexpected, 1 unexpected failure or stale baseline, 2 usage or "
        "scenario file, 3 target not\n"
        "reachable, 4 fault of the harness, 5 nothing ran, 6 some MUST checks could not be judged, "
        "130 or 143 interrupted.\n"
        "\nExamples:\n"
        "  smcp-harness run http://127.0.0.1:3000\n"
        "  smcp-harness run http://127.0.0.1:3000 --key header:x-api-key=secret --transport all\n"
        "  smcp-harness run --target fixtures/targets/python-sdk-0.1.2-async.json --report "
        "junit:results.xml\n"
        "  smcp-harness run http://127.0.0.1:3000 --only 'room.*' -v\n");
}

static void list_add(struct text_list *list, const char *text)
{
    list->items = xrealloc(list->items, (list->n + 1) * sizeof(char *));
    list->items[list->n++] = text;
}

static bool complain(const char *option, const char *text, const char *expected)
{
    fprintf(stderr, "smcp-harness run: %s: `%s`: expected %s\n", option, text, expected);
    return false;
}

static bool read_transport(struct run_command *c, const char *text)
{
    static const struct {
        const char *name;
        unsigned set;
    } words[] = {{"websocket", ON_WEBSOCKET},
                 {"polling", ON_POLLING},
                 {"upgrade", ON_UPGRADE},
                 {"all", ON_ALL}};

    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcmp(text, words[i].name) == 0) {
            c->options.transports = words[i].set;
            return true;
        }
    return complain("--transport", text, "websocket, polling, upgrade or all");
}

static bool read_revision(struct run_command *c, const char *text)
{
    c->revision_auto = strcmp(text, "auto") == 0;
    if (c->revision_auto)
        return true;
    c->revision_given = revision_from_option("smcp-harness run", text, &c->options.plan.revision);
    return c->revision_given;
}

static bool read_judge_by(struct run_command *c, const char *text)
{
    const struct smcp_revision *revision = smcp_revision_find(slice_str(text));

    if (!revision)
        return complain("--judge-by", text, "rfc, 0.1, 0.2, 0.3, 0.4 or 0.5");
    c->judge_by = revision->id;
    c->judge_by_given = true;
    return true;
}

static bool read_score(struct run_command *c, const char *text)
{
    c->score_given = true;
    c->score_all = strcmp(text, "all") == 0;
    return c->score_all || strcmp(text, "frozen") == 0 ||
           complain("--score", text, "frozen or all");
}

static bool read_number(const struct cli *cli, enum option_id id, const char *value, uint64_t min,
                        uint64_t max, unsigned *ret)
{
    uint64_t n;

    if (!cli_number(cli, options[id].name, value, min, max, &n))
        return false;
    *ret = (unsigned)n;
    return true;
}

/* The unsound way exists for the experiment that shows what it misses. */
static bool read_absence(struct run_command *c, const char *value)
{
    c->options.plan.naive_absence = strcmp(value, "naive") == 0;
    if (c->options.plan.naive_absence)
        c->options.plan.settle_ms = 0;
    return c->options.plan.naive_absence || strcmp(value, "sound") == 0 ||
           complain("--absence", value, "sound or naive");
}

/* Options that select or shape the run; false after a message. */
static bool read_shape(struct run_command *c, const struct cli *cli, enum option_id id,
                       const char *value)
{
    unsigned seconds;

    switch (id) {
    case OPTION_JOBS:
        c->jobs_given = true;
        return read_number(cli, id, value, 1, 10000, &c->options.jobs);
    case OPTION_CONNECTIONS:
        c->connections_given = true;
        return read_number(cli, id, value, 1, 60000, &c->options.max_connections);
    case OPTION_REPEAT:
        return read_number(cli, id, value, 1, 100000, &c->options.repeat);
    case OPTION_SEED:
        return cli_number(cli, options[id].name, value, 0, UINT64_MAX, &c->options.plan.seed);
    case OPTION_SETTLE:
        c->options.plan.settle_given = true;
        return read_number(cli, id, value, 0, 600000, &c->options.plan.settle_ms);
    case OPTION_ABSENCE:
        return read_absence(c, value);
    case OPTION_TIMEOUT:
        if (!read_number(cli, id, value, 1, 3600, &seconds))
            return false;
        c->options.plan.timeout_ms = seconds * 1000;
        c->options.plan.timeout_given = true;
        return true;
    case OPTION_TRANSPORT:
        return read_transport(c, value);
    case OPTION_SCORE:
        return read_score(c, value);
    case OPTION_REVISION:
        return read_revision(c, value);
    case OPTION_SHARD:
        return shard_parse(&c->options.shard, value) ||
               complain("--shard", value, "K/N with 1 <= K <= N <= 1000");
    case OPTION_JUDGE_BY:
        return read_judge_by(c, value);
    case OPTION_REPORT:
        return report_requests_add(&c->reports, "smcp-harness run", value);
    default:
        return false;
    }
}

static bool version_is_good(const char *text)
{
    struct smcp_version version;

    return strcmp(text, "none") == 0 || smcp_version_parse(slice_str(text), &version);
}

/* Options about the target; false after a message. */
static bool read_access(struct run_command *c, enum option_id id, const char *value)
{
    switch (id) {
    case OPTION_KEY:
        return credential_parse(&c->key, value) ||
               complain("--key", value, "header:NAME=VALUE or auth:NAME=VALUE");
    case OPTION_AUTH:
        return pairs_add(&c->auth, value, '=') || complain("--auth", value, "NAME=VALUE");
    case OPTION_A2C_VERSION:
        c->a2c_version = value;
        return version_is_good(value) ||
               complain("--a2c-version", value, "MAJOR.MINOR.PATCH or none");
    case OPTION_HEADER:
        return pairs_add(&c->headers, value, ':') || complain("--header", value, "NAME:VALUE");
    default:
        return false;
    }
}

/* What has no value; false: it is none of them. */
static bool read_flag(struct run_command *c, enum option_id id)
{
    switch (id) {
    case OPTION_RETRY:
        c->retry_alone = true;
        return true;
    case OPTION_SHUFFLE:
        c->options.shuffle = true;
        return true;
    case OPTION_FAST:
        c->options.fast = true;
        return true;
    case OPTION_STRICT:
        c->strict = true;
        return true;
    case OPTION_INSECURE:
        c->insecure = true;
        return true;
    case OPTION_QUIET:
        c->verbosity = -1;
        return true;
    case OPTION_VERBOSE:
        c->verbosity++;
        return true;
    default:
        return false;
    }
}

static bool read_option(struct run_command *c, const struct cli *cli, enum option_id id,
                        const char *value)
{
    switch (id) {
    case OPTION_TARGET:
        c->target_file = value;
        return true;
    case OPTION_REFSERVER:
        c->refserver = value;
        return true;
    case OPTION_SCENARIOS:
        c->scenarios = value;
        return true;
    case OPTION_EXPECTED:
        c->expected = value;
        return true;
    case OPTION_WRITE_BASELINE:
        c->write_baseline = value;
        return true;
    case OPTION_RESULTS:
        c->results = value;
        return true;
    case OPTION_PATH:
        c->path = value;
        return true;
    case OPTION_SET:
        c->set = value;
        return true;
    case OPTION_ONLY:
        list_add(&c->only, value);
        return true;
    case OPTION_EXCLUDE:
        list_add(&c->exclude, value);
        return true;
    case OPTION_TAG:
        list_add(&c->tags, value);
        return true;
    case OPTION_KEY:
    case OPTION_A2C_VERSION:
    case OPTION_AUTH:
    case OPTION_HEADER:
        return read_access(c, id, value);
    default:
        return read_flag(c, id) || read_shape(c, cli, id, value);
    }
}

int run_command_read(struct run_command *c, int argc, char **argv, bool *ret_go_on)
{
    struct cli cli;
    const char *value;
    int id;

    *ret_go_on = false;
    c->options.plan.revision = SMCP_REV_0_1;
    c->options.plan.timeout_ms = RUN_TIMEOUT_MS;
    c->options.plan.settle_ms = RUN_SETTLE_MS;
    c->options.transports = ON_WEBSOCKET;
    c->options.repeat = 1;
    if (getrandom(&c->options.plan.seed, sizeof(c->options.plan.seed), 0) < 0)
        c->options.plan.seed = 1;
    c->options.plan.seed &= 0xffffffff;
    cli_init(&cli, "smcp-harness run", options, ARRAY_LEN(options), argc, argv);
    while ((id = cli_next(&cli, &value)) != CLI_END) {
        if (id == CLI_ERROR)
            return EXIT_USAGE_ERROR;
        if (id == CLI_OPERAND && c->url) {
            fprintf(stderr, "smcp-harness run: one URL is enough: `%s`\n", value);
            return EXIT_USAGE_ERROR;
        }
        if (id == CLI_OPERAND) {
            c->url = value;
        } else if (id == OPTION_HELP) {
            print_help();
            return EXIT_FINE;
        } else if (!read_option(c, &cli, (enum option_id)id, value)) {
            return EXIT_USAGE_ERROR;
        }
    }
    if (c->url && c->target_file) {
        fprintf(stderr, "smcp-harness run: give a URL or --target, not both\n");
        return EXIT_USAGE_ERROR;
    }
    *ret_go_on = true;
    return EXIT_FINE;
}

static void pairs_release(struct pairs *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].name);
        free(list->items[i].value);
    }
    free(list->items);
}

void run_command_release(struct run_command *c)
{
    free(c->key.name);
    free(c->key.value);
    pairs_release(&c->auth);
    pairs_release(&c->headers);
    free(c->only.items);
    free(c->exclude.items);
    free(c->tags.items);
    report_requests_release(&c->reports);
    free(c->found_path);
}
