/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_MATCHER_H
#define SMCP_MATCHER_H

#include "smcp/revision.h"
#include "smcp/schema.h"
#include "smcp/template.h"
#include "wire/json_text.h"

/*
 * The one pattern grammar of scenarios, stubs and journal queries.
 *
 * A scalar matches an equal value (numbers as doubles, strings exactly, escapes resolved); an array an array of the same length, element by
 * element; an object any object whose members match (more members are welcome).  An object with a `$` key is an operator and has no
 * other key: the rows of smcp/matchers.def.
 */

struct matcher;

/* Where a pattern is wrong: `at` is borrowed from the pattern's document (json_position_of gives line and column), `text` owned (free()). */
struct matcher_fault {
    const struct json_node *at;
    char *text;
};

/*
 * Compile `pattern` for one revision.  `schemas` may be NULL when only the grammar is to be checked: $schema then matches nothing.
 * `env` (may be NULL) is copied; its lookup is called while matching, so that values captured later are seen.
 *
 * NULL on failure, with *reterr.  The pattern's document must outlive the matcher.  Caller: matcher_free.
 */
MUST_USE struct matcher *matcher_compile(const struct json_node *pattern,
                                         const struct schema_set *schemas,
                                         enum smcp_revision_id rev, const struct template_env *env,
                                         struct matcher_fault *reterr);
void matcher_free(struct matcher *m);

/* Why a value did not match: the first difference, and how near the whole was.  Texts are owned: mismatch_release. */
struct mismatch {
    char *pointer;  /* RFC 6901 into the value; "" is the value itself */
    char *expected; /* one line: JSON or a phrase, "a string", "absent or null" */
    char *actual;   /* one line: JSON, shortened, or "nothing" */
    double score;   /* 0 nothing in common … below 1: for the nearest miss */
};
void mismatch_release(struct mismatch *m);

/* Does the scanned JSON value match?  An empty slice is "no value".  `reterr` (may be NULL) is set only when not. */
MUST_USE bool matcher_match(const struct matcher *m, struct slice value, struct mismatch *reterr);
MUST_USE bool matcher_match_node(const struct matcher *m, const struct json_node *value,
                                 struct mismatch *reterr);

/* Append up to `max_lines` lines "  /computer: expected \"c1\", got \"c2\"\n" to `out`, one per difference; nothing when it matches. */
void matcher_diff(const struct matcher *m, struct slice value, unsigned max_lines, struct buf *out);

/* Append the pattern as one line of JSON with the references resolved where they have a value: the "expected" of a report. */
void matcher_print(const struct matcher *m, struct buf *out);

/* Which alternative of the outermost $oneOf is the one that matches (0-based, the first one): the branch taken.  -1: none, no $oneOf. */
int matcher_branch(const struct matcher *m, struct slice value);

/* The references of a pattern, as template_references; only that braces in a $regex have their own meaning there. */
void matcher_references(const struct json_node *pattern, template_found_fn *found, void *user);

/* Rows of smcp/matchers.def, for the language reference and completion. */
struct matcher_row {
    const char *key;     /* "$range" */
    const char *operand; /* "[min, max]" */
    const char *help;
    const char *example; /* JSON */
};
extern const struct matcher_row matcher_rows[];
extern const size_t matcher_rows_count;

#endif
