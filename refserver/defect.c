/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/defect.h"

#include <assert.h>
#include <string.h>

enum { JUDGED = true, OBSERVED = false };

static const struct defect_info infos[] = {
#define XX(symbol, group, judged, since, until, text, ids, what)                                   \
    [DEFECT_##symbol] = {#group, judged, SMCP_REV_##since, SMCP_REV_##until, text, ids, what},
#include "refserver/defects.def"
#undef XX
};
_Static_assert(ARRAY_LEN(infos) == DEFECT_COUNT, "one row per defect");

enum { PRESET_MAX_DEFECTS = 16 };

/* The faults of releases, as far as our defects can show them (docs/spec/requirements.md D). */
static const struct preset {
    const char *name;
    const char *defects[PRESET_MAX_DEFECTS];
} presets[] = {
    {"py-0.1.2",
     {"cross-office-tool-call", "global-names", "roomless-update", "leave-by-payload",
      "refused-switch-leaves", "no-get-config", "rename-on-rejoin", "computer-calls",
      "refused-hears", "refused-gone-announced", "sid-is-office"}},
    {"D-01", {"cross-office-tool-call"}},
    {"D-04", {"roomless-update"}},
    {"D-05", {"leave-by-payload"}},
    {"D-06", {"refused-switch-leaves"}},
    {"D-08", {"no-get-config"}},
    {"D-10", {"rename-on-rejoin"}},
    {"D-11", {"computer-calls"}},
    {"D-38", {"refused-hears", "refused-gone-announced"}},
    {"D-56", {"sid-is-office"}},
};

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

bool defect_preset_add(const char *name, struct defect_set *set)
{
    for (size_t i = 0; i < ARRAY_LEN(presets); i++) {
        if (strcmp(presets[i].name, name) != 0)
            continue;
        for (size_t n = 0; n < PRESET_MAX_DEFECTS && presets[i].defects[n]; n++) {
            enum defect_id id = defect_find(presets[i].defects[n]);

            assert(id < DEFECT_COUNT);
            defect_set_add(set, id);
        }
        return true;
    }
    return false;
}

const char *defect_preset_name(unsigned n)
{
    return n < ARRAY_LEN(presets) ? presets[n].name : NULL;
}
