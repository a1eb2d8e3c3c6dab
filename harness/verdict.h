/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_VERDICT_H
#define HARNESS_VERDICT_H

#include "wire/buf.h"

/* Findings about the implementation under test, in order of weight: merging takes the maximum, the first reason is kept. */
enum verdict {
    VERDICT_SKIP, /* not applicable, with the reason */
    VERDICT_PASS,
    VERDICT_INFO,         /* implementation-defined behaviour, recorded */
    VERDICT_WARN,         /* a SHOULD is broken */
    VERDICT_FLAKY,        /* failed, then passed when retried alone */
    VERDICT_INCONCLUSIVE, /* blocked by an earlier failure, or absence not proven */
    VERDICT_FAIL,
    VERDICT_ERROR, /* the harness's own fault: must never look like FAIL */
};
enum { VERDICT_COUNT = VERDICT_ERROR + 1 };

/* "pass", "inconclusive", …  Static text. */
const char *verdict_name(enum verdict v);
/* By the JSON string of its name (raw, with quotes); VERDICT_COUNT when it is none. */
int verdict_find(struct slice name);
static inline enum verdict verdict_worse(enum verdict a, enum verdict b)
{
    return a > b ? a : b;
}

#endif
