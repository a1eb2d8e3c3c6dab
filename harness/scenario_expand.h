/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SCENARIO_EXPAND_H
#define HARNESS_SCENARIO_EXPAND_H

#include "harness/scenario_source.h"

/*
 * What saves writing is written out before the loader sees it: a `table` gives one scenario per row, a `setup` its actors and steps,
 * an actor with `count` the members C1 … Cn, a step of "C*" or `each` one step per member, all at once, and `rounds` its steps
 * again and again.
 */

struct expanded {
    char *text; /* owned */
    size_t len;
    struct source_map *map; /* owned; NULL: the text is the file's own */
};

struct expanded_list {
    struct expanded *items; /* owned */
    size_t n;
};

/* Text per scenario of a file.  False with *reterr. */
MUST_USE bool scenario_expand(struct slice text, const char *path, struct expanded_list *ret,
                              struct diag *reterr);
void expanded_list_release(struct expanded_list *list);

#endif
