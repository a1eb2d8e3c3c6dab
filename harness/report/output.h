/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_OUTPUT_H
#define HARNESS_REPORT_OUTPUT_H

#include "harness/report/report.h"

/* Where reports go: --report FMT:PATH and --results DIR of the commands that write them. */

struct report_request {
    const struct report_format *format;
    const char *path; /* borrowed from argv; "-": standard output */
};

struct report_requests {
    struct report_request *items; /* owned */
    size_t n;
    bool streamed; /* JSON Lines are written by report/stream.h */
};

/* Add "FMT:PATH" ("FMT" alone means standard output).  False after a message on stderr that starts with `command`. */
MUST_USE bool report_requests_add(struct report_requests *list, const char *command,
                                  const char *text);
void report_requests_release(struct report_requests *list);

/* Does one of them take standard output, so that texts for people go to stderr? */
bool report_requests_take_stdout(const struct report_requests *list);

/*
 * Write all of them, and every format into the folder `results` (may be NULL; it is made).  False after messages on stderr: the others
 * are written all the same.
 */
MUST_USE bool report_requests_write(const struct report_requests *list, const char *results,
                                    const char *command, const struct run_result *r, int verbosity);

#endif
