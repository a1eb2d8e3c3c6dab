/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_VARS_H
#define HARNESS_VARS_H

#include "smcp/template.h"

/*
 * What the references of one scenario in one run stand for.  Every office and every actor gets a name that no other scenario of the
 * run has, so that scenarios share a server without meeting, also on one that wants names unique everywhere (D-03).
 */
struct vars {
    char run[16];    /* common to the run: "r4f2a" */
    char tag[32];    /* of this scenario: "r4f2a-17" */
    char canary[40]; /* only the headers of our handshakes hold it: whoever says it tells secrets */
    const struct smcp_revision *revision; /* that is played; set by the owner */
    struct vars_item *items;              /* owned */
    size_t n_items;
};

/* Start with {unique} alone.  Cannot fail. */
void vars_init(struct vars *v, uint64_t seed, unsigned serial);
/* Played again: other names, for those of the first attempt may still be taken.  0: the first, nothing changes. */
void vars_again(struct vars *v, unsigned attempt);
void vars_release(struct vars *v);

/* "here" -> "here-r4f2a-17".  Caller frees. */
char *vars_unique(const struct vars *v, const char *stem);

/* Set or replace a variable: `json` is scanned JSON and is copied. */
void vars_set(struct vars *v, const char *name, struct slice json);
void vars_set_text(struct vars *v, const char *name, struct slice text);

/*
 * template_lookup_fn with a struct vars as user.  A name with dots that is no variable itself is a path of members into one:
 * {r1.params.x}.
 */
bool vars_lookup(void *vars, const char *name, struct buf *ret_json);

/*
 * The serial of the first name in `text` that belongs to another scenario of the run, or -1: what SEC-01 forbids to arrive here.
 */
long vars_foreign(const struct vars *v, struct slice text);

#endif
