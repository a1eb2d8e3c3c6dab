/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/verdict.h"

#include "wire/json_text.h"
#include "wire/macros.h"

static const char *const names[] = {
    [VERDICT_SKIP] = "skip", [VERDICT_PASS] = "pass",   [VERDICT_INFO] = "info",
    [VERDICT_WARN] = "warn", [VERDICT_FLAKY] = "flaky", [VERDICT_INCONCLUSIVE] = "inconclusive",
    [VERDICT_FAIL] = "fail", [VERDICT_ERROR] = "error",
};

_Static_assert(ARRAY_LEN(names) == VERDICT_COUNT, "a verdict has no name");

const char *verdict_name(enum verdict v)
{
    return names[v];
}

int verdict_find(struct slice name)
{
    int v = 0;

    while (v < VERDICT_COUNT && !json_string_is(name, slice_str(names[v])))
        v++;
    return v;
}
