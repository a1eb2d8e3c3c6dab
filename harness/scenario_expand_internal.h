/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SCENARIO_EXPAND_INTERNAL_H
#define HARNESS_SCENARIO_EXPAND_INTERNAL_H

#include "harness/scenario_source.h"

/* Shared by scenario_expand.c (the file as a whole) and scenario_expand_steps.c (values and steps) only. */

/* A parameter of the table. */
struct variable {
    char *name;                    /* owned */
    const struct json_node *value; /* in the row being written; borrowed */
    const struct json_node *at;    /* in the first row */
    bool used;
};

/* An actor with `count`. */
struct group {
    char *name; /* owned */
    unsigned count;
};

struct expander {
    struct sources *sources;
    struct diag *reterr;
    size_t source; /* being read */
    struct variable *vars;
    size_t n_vars;
    size_t table_source; /* whose table it is: 0, or the set-up that brings it */
    struct group *groups;
    size_t n_groups;
    size_t total; /* bytes of all cases */
    /* the case being written */
    struct source_map *map;
    struct buf out;
    const struct group *bound; /* the group whose step is written for one member, or NULL */
    unsigned member;           /* 1 … */
    unsigned round;            /* 1 …; 0: outside of `rounds` */
    unsigned block;            /* number of the `rounds` step */
    unsigned ordinal;          /* of the step written in this round */
};

bool expand_refuse(struct expander *ex, const struct json_node *at, char *text);
/* From here on the text written stands for `at`, as a copy or altogether. */
void expand_mark(struct expander *ex, const struct json_node *at, bool verbatim);
void expand_separate(struct expander *ex); /* a comma, unless first */
MUST_USE bool expand_key(struct expander *ex, const struct json_node *member);
MUST_USE bool expand_value(struct expander *ex, const struct json_node *v);
/* A number from 1 to `max`, or a parameter that is one. */
MUST_USE bool expand_number(struct expander *ex, const struct json_node *v, unsigned max,
                            unsigned *ret);
const struct group *expand_group(const struct expander *ex, struct slice name); /* NULL: none */
void expand_bind(struct expander *ex, const struct group *g, unsigned member);
MUST_USE bool expand_steps(struct expander *ex, const struct json_node *list, bool inside);

#endif
