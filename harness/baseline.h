/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_BASELINE_H
#define HARNESS_BASELINE_H

#include "harness/result.h"
#include "wire/macros.h"

/*
 * Expected failures of one implementation, kept beside it:
 *
 *     {"expected": [{"scenario": …, "check": …, "revision": …, "transport": …, "reason": …, "flaky": …}, …]}
 *
 * `transport` may be left out: all; `revision` too.  `flaky` says how often it fails ("2 of 5 runs"); without it: always.  Unknown members, unknown revisions or transports, empty texts and two entries for
 * the same are mistakes.
 */
struct baseline;

/*
 * NULL on failure: a heap text "path:line:column: …" in *reterr (without line and column when the file cannot be read).  Caller frees
 * with baseline_free (NULL is fine).
 */
MUST_USE struct baseline *baseline_load(const char *path, char **reterr);
void baseline_free(struct baseline *b);

/*
 * Hold a run against it.  Listed and failed: stays `fail`, with expected_failure and baseline_reason set.  Listed and passed (or only
 * observed): stale unless the entry is flaky, noted in r->stale; stale too when the scenario has no such check, or when `known` (may be NULL) has no such
 * scenario.  Listed and blocked, skipped, flaky or not played: tolerated.  An `error` is never expected.  Cannot fail.
 */
void baseline_apply(const struct baseline *b, struct run_result *r,
                    const struct scenario_set *known);

/*
 * Write a baseline that lists what fails in `r`, or is left open by something that no other entry explains, and what `old` (may be NULL) lists that this run could not judge: other revisions,
 * scenarios that were not played, blocked checks, flaky ones.  Known reasons are kept; a new entry's reason is what the check said.  False: a heap
 * text in *reterr.
 */
MUST_USE bool baseline_write(const struct baseline *old, const struct run_result *r,
                             const char *path, char **reterr);

#endif
