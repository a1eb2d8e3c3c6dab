/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/bench.h"
#include "harness/commands.h"
#include "wire/xmalloc.h"

/* One server to measure: NAME=URL[@PID]. */
struct contender {
    char *name; /* owned */
    char *host; /* owned */
    struct bench_plan plan;
    struct bench_figures
        best; /* of all rounds: the round with the least CPU per call, else the fastest */
    bool measured;
};

enum { MAX_CONTENDERS = 8, EXIT_OK = 0, EXIT_USAGE = 2, EXIT_UNREACHABLE = 3 };

static const char usage[] =
    "Usage: smcp-harness bench NAME=URL[@PID]... [options]\n"
    "Measure client:tool_call round trips through each server in turn, same client, same run.\n"
    "PID (a process on this machine) adds the server's own CPU time per call and its memory.\n"
    "\n"
    "  --pairs N      Agents with one Computer each (default 64)\n"
    "  --in-flight N  calls under way per Agent (default 4)\n"
    "  --calls N      round trips per round (default 20000)\n"
    "  --payload N    bytes of text in request and result (default 128)\n"
    "  --idle N       also connect N idle clients and measure memory per client (default 0)\n"
    "  --rounds N     measure every server N times in turn, keep the best round (default 3)\n"
    "  --path P       Socket.IO path (default /socket.io)\n"
    "  --timeout S    of one measurement (default 120)\n"
    "\n"
    "Example: smcp-harness bench ours=http://127.0.0.1:41234@4242 "
    "sdk=http://127.0.0.1:41300@4300\n";

static const struct option options[] = {
    {"pairs", required_argument, NULL, 'p'}, {"in-flight", required_argument, NULL, 'f'},
    {"calls", required_argument, NULL, 'c'}, {"payload", required_argument, NULL, 'b'},
    {"idle", required_argument, NULL, 'i'},  {"rounds", required_argument, NULL, 'r'},
    {"path", required_argument, NULL, 'P'},  {"timeout", required_argument, NULL, 't'},
    {"help", no_argument, NULL, 'h'},        {NULL, 0, NULL, 0},
};

static bool parse_number(const char *text, unsigned min, unsigned max, unsigned *ret)
{
    char *end;
    unsigned long n;

    errno = 0;
    n = strtoul(text, &end, 10);
    if (errno || *end || end == text || n < min || n > max) {
        fprintf(stderr, "smcp-harness bench: `%s` is not a number from %u to %u\n", text, min, max);
        return false;
    }
    *ret = (unsigned)n;
    return true;
}

static bool parse_contender(const char *text, struct contender *c)
{
    char name[64], host[256];
    unsigned port;
    int pid = 0, used = 0;

    if (sscanf(text, "%63[^=]=http://%255[^:/]:%u%n", name, host, &port, &used) != 3 ||
        port > 65535)
        goto malformed;
    if (text[used] && sscanf(text + used, "@%d", &pid) != 1)
        goto malformed;
    c->name = xstrdup(name);
    c->host = xstrdup(host);
    c->plan.to = (struct net_target){.host = c->host, .port = (uint16_t)port};
    c->plan.server_pid = pid;
    return true;
malformed:
    fprintf(stderr, "smcp-harness bench: `%s`: expected NAME=http://HOST:PORT[@PID]\n", text);
    return false;
}

static bool better(const struct bench_figures *a, const struct bench_figures *b)
{
    if (a->server_us_per_call >= 0 && b->server_us_per_call >= 0)
        return a->server_us_per_call < b->server_us_per_call;
    return a->seconds < b->seconds;
}

static bool measure(struct contender *c, bool first_round)
{
    struct bench_figures now;
    struct bench_plan plan = c->plan;
    char *error = NULL;

    if (!first_round)
        plan.idle = 0;
    if (!bench_run(&plan, &now, &error)) {
        fprintf(stderr, "smcp-harness bench: %s: %s\n", c->name, error);
        free(error);
        return false;
    }
    if (!first_round) {
        now.idle_kb_per_client = c->best.idle_kb_per_client;
        now.idle_clients = c->best.idle_clients;
    }
    if (!c->measured || better(&now, &c->best))
        c->best = now;
    c->measured = true;
    return true;
}

static void print_cell(double value, const char *unit)
{
    if (value < 0)
        printf(" %14s", "-");
    else
        printf(" %10.2f %-3s", value, unit);
}

static void print_table(const struct contender *all, unsigned n)
{
    const struct bench_figures *a = &all[0].best;

    printf("%-20s %14s %14s %14s %14s %14s\n", "server", "calls/s", "p50", "p99", "CPU/call",
           "idle client");
    for (unsigned i = 0; i < n; i++) {
        const struct bench_figures *f = &all[i].best;

        printf("%-20s %10.0f    ", all[i].name, (double)f->calls / f->seconds);
        print_cell(f->p50_us, "us");
        print_cell(f->p99_us, "us");
        print_cell(f->server_us_per_call, "us");
        print_cell(f->idle_kb_per_client, "KiB");
        putchar('\n');
    }
    for (unsigned i = 1; i < n; i++) {
        const struct bench_figures *f = &all[i].best;

        printf("ratio %s : %s   calls/s %.1f, p50 %.1f, p99 %.1f", all[0].name, all[i].name,
               ((double)a->calls / a->seconds) / ((double)f->calls / f->seconds),
               f->p50_us / a->p50_us, f->p99_us / a->p99_us);
        if (a->server_us_per_call > 0 && f->server_us_per_call > 0)
            printf(", CPU/call %.1f", f->server_us_per_call / a->server_us_per_call);
        printf(" times better\n");
    }
}

static bool parse_option(int opt, struct bench_plan *plan, unsigned *rounds)
{
    unsigned seconds;

    switch (opt) {
    case 'p':
        return parse_number(optarg, 1, 5000, &plan->pairs);
    case 'f':
        return parse_number(optarg, 1, 1000, &plan->in_flight);
    case 'c':
        return parse_number(optarg, 1, 100000000, &plan->calls);
    case 'b':
        return parse_number(optarg, 0, 500000, &plan->payload_bytes);
    case 'i':
        return parse_number(optarg, 0, 19000, &plan->idle);
    case 'r':
        return parse_number(optarg, 1, 100, rounds);
    case 'P':
        plan->path = optarg;
        return true;
    case 't':
        if (!parse_number(optarg, 1, 3600, &seconds))
            return false;
        plan->timeout_ms = seconds * 1000;
        return true;
    default:
        return false;
    }
}

static int run_rounds(struct contender *all, unsigned n, unsigned rounds)
{
    for (unsigned r = 0; r < rounds; r++)
        for (unsigned i = 0; i < n; i++)
            if (!measure(&all[i], r == 0))
                return EXIT_UNREACHABLE;
    print_table(all, n);
    return EXIT_OK;
}

int cmd_bench(int argc, char **argv)
{
    struct bench_plan plan = {.path = "/socket.io",
                              .pairs = 64,
                              .in_flight = 4,
                              .calls = 20000,
                              .payload_bytes = 128,
                              .timeout_ms = 120000};
    struct contender all[MAX_CONTENDERS] = {0};
    unsigned n = 0, rounds = 3;
    int opt, status = EXIT_USAGE;

    optind = 1;
    while ((opt = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (opt == 'h') {
            fputs(usage, stdout);
            return EXIT_OK;
        }
        if (!parse_option(opt, &plan, &rounds))
            return EXIT_USAGE;
    }
    if (optind == argc || argc - optind > MAX_CONTENDERS) {
        fprintf(stderr, "smcp-harness bench: name one to %d servers\n%s", MAX_CONTENDERS, usage);
        return EXIT_USAGE;
    }
    for (; optind < argc; optind++) {
        all[n].plan = plan;
        if (!parse_contender(argv[optind], &all[n]))
            goto out;
        n++;
    }
    status = run_rounds(all, n, rounds);
out:
    for (unsigned i = 0; i < n; i++) {
        free(all[i].name);
        free(all[i].host);
    }
    return status;
}
