/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_EXPLAIN_H
#define HARNESS_REPORT_EXPLAIN_H

#include "harness/result.h"

/*
 * Append what a reader needs to understand a verdict, as lines of text: place, requirements with their sentences, reason, expected,
 * actual, difference, last frames with their times since the start of the scenario, and the rerun line.  No control characters but
 * line ends.
 */
void explain_check(struct buf *out, const struct run_result *r, const struct scenario_result *s,
                   const struct check_result *c);

/* Append one frame: "* 11.941 ms  W    <-  42/smcp,[…]" without line end; `marked`: the one that decided. */
void explain_frame(struct buf *out, const struct scenario_result *s, const struct journal_entry *e,
                   bool marked, size_t width);

#endif
