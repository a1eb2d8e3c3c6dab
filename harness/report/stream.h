/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_STREAM_H
#define HARNESS_REPORT_STREAM_H

#include "harness/report/output.h"

/*
 * JSON Lines while the run goes on: every verdict is a line of its own, flushed at once, so that a killed run leaves what was judged.
 * Readers keep the last line of each kind for the same run, scenario (scenario, transport, repetition) and check: a verdict that turns
 * later comes once more, with `corrects` naming the former one (reports/jsonl.schema.json).
 */
struct report_stream;

/*
 * Open what `requests` and the folder `results` (may be NULL) want as JSON Lines, and write the first line.  NULL when nothing does.
 * Trouble is told on stderr, starting with `command`, and remembered for report_stream_close.
 */
struct report_stream *report_stream_open(const struct report_requests *requests,
                                         const char *results, const char *command,
                                         const struct run_result *r, int verbosity);

/* Scenario `at` has been judged so far; `ended`: for good.  NULL is fine. */
void report_stream_scenario(struct report_stream *stream, const struct run_result *r, size_t at,
                            bool ended);

/* What is missing or has turned, the run once more, the summary.  False when something could not be written.  Frees; NULL is fine. */
MUST_USE bool report_stream_close(struct report_stream *stream, const struct run_result *r);

#endif
