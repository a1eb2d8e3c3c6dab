/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/defect.h"

#include <assert.h>
#include <string.h>

static const struct defect_info infos[] = {
#define XX(symbol, text, ids, what) [DEFECT_##symbol] = {text, ids, what},
#include "refserver/defects.def"
#undef XX
};
_Static_assert(ARRAY_LEN(infos) == DEFECT_COUNT, "one row per defect");

enum defect_id defect_find(const char *name)
{
    unsigned id = 0;

    while (id < DEFECT_COUNT && strcmp(infos[id].name, name) != 0)
        id++;
    return (enum defect_id)id;
}

const struct defect_info *defect_info(enum defect_id id)
{
    assert(id < DEFECT_COUNT);
    return &infos[id];
}
