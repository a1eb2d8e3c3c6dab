/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_BASELINE_INTERNAL_H
#define HARNESS_BASELINE_INTERNAL_H

#include "harness/baseline.h"
#include "wire/json_text.h"

/* Shared by reading and writing. */

enum baseline_member {
    BASELINE_SCENARIO,
    BASELINE_CHECK,
    BASELINE_REASON,
    BASELINE_REVISION,
    BASELINE_TRANSPORT,
    BASELINE_FLAKY,
    BASELINE_MEMBERS
};

struct baseline_entry {
    char *texts[BASELINE_MEMBERS]; /* owned; NULL: left out */
    struct json_position at;
};

struct baseline {
    char *path;
    struct json_doc *doc; /* owned */
    struct baseline_entry *entries;
    size_t n;
};

/* Is this result of a scenario one that the entry speaks about? */
bool baseline_names(const struct baseline_entry *e, const struct run_result *r,
                    const struct scenario_result *s);

/* Does the entry name this check, and say that it fails only now and then? */
bool baseline_knows_flaky(const struct baseline_entry *e, const struct run_result *r,
                          const struct scenario_result *s, const struct check_result *c);

#endif
