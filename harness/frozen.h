/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_FROZEN_H
#define HARNESS_FROZEN_H

#include <stdio.h>

#include "harness/result.h"
#include "wire/macros.h"

/*
 * Frozen requirement sets: which checks of a revision are scored, and which requirements they prove.  A check that came later is played
 * and reported as new, and decides nothing until the list is raised; one that is gone is told.  fixtures/sets/R.json, built in.
 */
struct frozen_set;

/* The built-in set of a revision.  NULL: it has none, and everything is scored.  Caller frees. */
MUST_USE struct frozen_set *frozen_built_in(enum smcp_revision_id revision);

/* From a file.  NULL on failure, with a heap text "path:line:column: …" in *reterr.  Caller frees. */
MUST_USE struct frozen_set *frozen_load(const char *path, char **reterr);
void frozen_free(struct frozen_set *set);

enum smcp_revision_id frozen_revision(const struct frozen_set *set);
unsigned frozen_number(const struct frozen_set *set);

/* Mark what the set does not know in the results of one scenario. */
void frozen_mark(const struct frozen_set *set, struct scenario_result *s);

/* A text for each check, or requirement of a check, that the set has and `all` no longer gives.  Caller frees texts and array. */
MUST_USE char **frozen_vanished(const struct frozen_set *set, const struct scenario_set *all,
                                size_t *ret_n);

/* The same the other way: what is judged and not in the set.  `set` may be NULL: everything. */
MUST_USE char **frozen_added(const struct frozen_set *set, enum smcp_revision_id revision,
                             const struct scenario_set *all, size_t *ret_n);

/* Write the set that `all` makes now.  False when writing failed. */
MUST_USE bool frozen_print(FILE *out, unsigned number, enum smcp_revision_id revision,
                           const struct scenario_set *all);

#endif
