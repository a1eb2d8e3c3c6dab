/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_BASELINE_H
#define HARNESS_BASELINE_H

#include "harness/result.h"
#include "wire/macros.h"

/*
 * Expected failures of one implementation: {"expected": [{"scenario": …, "check": …, "revision": …, "transport": …, "reason": …}]}.
 * `transport` may be left out: it then means all.
 *
 * Listed and failed: stays `fail`, with expected_failure set.  Listed and passed: stale, noted in r->stale.  Listed and blocked
 * or skipped: tolerated.  False: a heap text "path:line:column: …" in *reterr, and nothing has changed.
 */
MUST_USE bool baseline_apply(struct run_result *r, const char *path, char **reterr);

#endif
