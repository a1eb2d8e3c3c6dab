/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RETRY_H
#define HARNESS_RETRY_H

#include "harness/runner.h"

/*
 * Play once more what failed unexpectedly, one scenario at a time and, where we start the target, on a fresh one.  What then holds becomes
 * `flaky`, and its reason says what went wrong at first; everything else stays as it is.  Returns how many checks have become flaky.
 */
size_t retry_alone(const struct run_options *options, struct target *targets, size_t n_targets,
                   struct run_result *result);

#endif
