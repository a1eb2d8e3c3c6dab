/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_MATCHER_INTERNAL_H
#define SMCP_MATCHER_INTERNAL_H

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "smcp/matcher.h"

/* Shared by the files of the matcher only. */

enum { MATCHER_MAX_DEPTH = 512 }; /* of values */

enum matcher_op {
    OP_SCALAR, /* null, false, true, number, string without references */
    OP_TEXT,   /* string with references */
    OP_OBJECT,
    OP_ARRAY,
#define XX(symbol, key, operand, help, example) OP_##symbol,
#include "smcp/matchers.def"
#undef XX
};

struct pattern {
    enum matcher_op op;
    const struct json_node *node; /* as written; borrowed; for an operator its operand */
    struct slice key;             /* raw member key when the parent is an OP_OBJECT; borrowed */
    struct pattern *children;     /* owned */
    size_t n;
    bool exact;                        /* OP_OBJECT: no other members */
    bool or_null;                      /* OP_ABSENT */
    unsigned types;                    /* OP_TYPE */
    const struct json_node *min, *max; /* OP_RANGE: numbers or NULL */
    pcre2_code *regex;                 /* OP_REGEX; owned; NULL when it holds references */
    const struct schema *schema;       /* OP_SCHEMA; borrowed; NULL when there is no set */
};

struct matcher {
    struct pattern root;
    const struct json_node *source; /* borrowed */
    struct template_env env;
    pcre2_match_context *limits; /* owned */
};

/* Compile an expression as matchers and schemas do.  NULL on failure: *ret_text is then heap text. */
pcre2_code *matcher_regex(struct slice expression, char **ret_text);

/* Match context with bounded effort: a hostile value must not hang the harness.  Caller: pcre2_match_context_free. */
pcre2_match_context *matcher_regex_limits(void);
bool matcher_regex_search(const pcre2_code *code, pcre2_match_context *limits,
                          struct slice subject);

/* Decode the expression of a $regex and splice references in as literal text. */
MUST_USE bool matcher_regex_expand(const struct json_node *string, const struct template_env *env,
                                   struct buf *out, char **ret_name);
bool matcher_regex_has_reference(const struct json_node *string);

void matcher_pattern_release(struct pattern *p);

/*
 * One walk over pattern and value gives both the answer and how near it was: 1.0 is a match and nothing else is.  Differences are
 * told to `report`; without one the walk is silent.  `v` NULL: there is no value.
 */
typedef void matcher_report_fn(void *user, struct slice pointer, struct slice expected,
                               struct slice actual);

struct matcher_walk {
    const struct matcher *m;
    struct buf pointer;
    matcher_report_fn *report; /* NULL: silent */
    void *user;
};

double matcher_walk(struct matcher_walk *w, const struct pattern *p, const struct json_node *v);
double matcher_walk_silently(struct matcher_walk *w, const struct pattern *p,
                             const struct json_node *v);

/* One line that says what `p` wants. */
void matcher_describe(const struct matcher *m, const struct pattern *p, struct buf *out);

/* JSON on one line, at most about `max` bytes. */
void matcher_shorten(struct slice json, size_t max, struct buf *out);

#endif
