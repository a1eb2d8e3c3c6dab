/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RUN_COMMAND_H
#define HARNESS_RUN_COMMAND_H

#include "harness/report/output.h"
#include "harness/runner.h"

/* What the command line of `run` says. */

struct text_list {
    const char **items; /* array owned, texts borrowed */
    size_t n;
};

struct run_command {
    struct run_options options;
    const char *url; /* NULL: a server of our own */
    const char *target_file;
    const char *refserver;
    const char *scenarios;      /* folder, NULL: the embedded ones */
    const char *expected;       /* baseline file */
    const char *write_baseline; /* file */
    const char *results;        /* folder */
    const char *set;            /* file of a frozen set, NULL: the built-in one */
    bool score_given, score_all;
    const char *a2c_version; /* NULL: that of the revision */
    struct credential key;
    struct pairs auth, headers;
    const char *path;
    char *found_path; /* owned; what `path` points at when a probe found it */
    bool insecure;
    bool judge_by_given;
    enum smcp_revision_id judge_by; /* by the rules of another revision than the target's */
    enum smcp_revision_id own;      /* then: that of the target */
    bool revision_auto;             /* ask the target */
    bool revision_given, jobs_given, connections_given;
    bool retry_alone;
    bool strict;
    int verbosity;
    struct text_list only, exclude, tags;
    struct report_requests reports; /* owned */
};

/* What --timeout and --settle are without being given. */
enum { RUN_TIMEOUT_MS = 5000, RUN_SETTLE_MS = 300 };

/* EXIT_FINE and *ret_go_on true: play; else end with that status (help was printed, or the mistake). */
int run_command_read(struct run_command *c, int argc, char **argv, bool *ret_go_on);
/* What leads to the same target, judged in the same way, as a line for a shell; secrets are for the reader to fill in.  Caller frees. */
MUST_USE char *run_command_line(const struct run_command *c);
void run_command_release(struct run_command *c);

#endif
