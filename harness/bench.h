/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_BENCH_H
#define HARNESS_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net/link.h"

/*
 * Load for one server: pairs of one Agent and one Computer, each pair in an office of its own; every Agent keeps `in_flight`
 * client:tool_call requests under way until `calls` have been answered in all.  Then, apart from that, `idle` joined clients that do nothing.
 * What the server itself spends is read from /proc by its process id, so it must run on this machine.
 */
struct bench_plan {
    struct net_target to;
    const char *path;       /* Socket.IO mount path */
    int server_pid;         /* 0: no CPU and memory figures */
    unsigned pairs;         /* Agents with one Computer each */
    unsigned in_flight;     /* calls under way per Agent */
    unsigned calls;         /* measured round trips in all */
    unsigned payload_bytes; /* size of the text in params and in the result */
    unsigned idle;          /* joined clients for the memory figure; 0: leave that part out */
    uint32_t timeout_ms;    /* of the whole measurement */
};

struct bench_figures {
    unsigned calls;            /* answered */
    double seconds;            /* wall time of the measured calls */
    double p50_us, p99_us;     /* round trip at the Agent */
    double server_us_per_call; /* CPU time of the server, user and system; < 0: unknown */
    double
        idle_kb_per_client; /* growth of the server's resident memory per idle client; < 0: not measured */
    unsigned idle_clients;
};

/* Run the plan.  False, with a heap text in *reterr (caller: free), when a client failed or time ran out. */
MUST_USE bool bench_run(const struct bench_plan *plan, struct bench_figures *ret, char **reterr);

#endif
