/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SELECT_H
#define HARNESS_SELECT_H

#include "harness/scenario.h"

/* Which scenarios of a set are meant.  All lists are borrowed. */
struct selection {
    const char **only; /* globs of ids; empty: all */
    size_t n_only;
    const char **exclude; /* globs of ids */
    size_t n_exclude;
    const char **tags; /* each must be there; empty: all */
    size_t n_tags;
    bool by_revision;
    enum smcp_revision_id revision;
};

bool selection_takes(const struct selection *sel, const struct scenario *sc);

/* Does a glob mean that id?  The id of a table without its case means all of its cases. */
bool selection_fits(const char *glob, const char *id);

/* Append to one of the lists.  selection_release frees the lists. */
void selection_add(const char ***list, size_t *n, const char *value);
void selection_release(struct selection *sel);

bool scenario_has_tag(const struct scenario *sc, const char *tag);

/* Revision by name; when unknown stderr is told ("smcp-harness COMMAND: …") and the answer is false. */
MUST_USE bool revision_from_option(const char *command, const char *name,
                                   enum smcp_revision_id *ret_rev);

#endif
