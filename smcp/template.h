/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_TEMPLATE_H
#define SMCP_TEMPLATE_H

#include "smcp/revision.h"
#include "wire/json_text.h"

/*
 * References in the strings of scenario files, stubs and queries: "{here}", "{C.name}", "joined by {A.name}".
 *
 * A reference is `{` name `}`, where a name is [A-Za-z_][A-Za-z0-9_.]*.  Every other `{` stands for itself, so that literal packets
 * such as 2/smcp,["x",{"a":1}] need no care; `{{` is one literal brace.  A string that is nothing but one reference becomes the
 * value itself, of whatever type; inside a longer string a string value is spliced as text, any other value as its JSON text.
 * Member keys may hold references too.
 *
 * An object whose only member is `$revision` stands for the branch of the running revision: {"$revision":{"0.1-0.2":…,"0.3+":…}}.
 */

/*
 * Append the JSON text of the value of `name` ("C.name") to `ret_json`.  False when it has no value (yet); `ret_json` is then
 * ignored.  Must append strictly valid JSON.
 */
typedef bool template_lookup_fn(void *user, const char *name, struct buf *ret_json);

struct template_env {
    template_lookup_fn *lookup;           /* NULL: nothing has a value */
    void *user;                           /* borrowed */
    const struct smcp_revision *revision; /* NULL: `$revision` is a key like any other */
};

/*
 * Append `node` to `out` as JSON with its references resolved.  Everything else keeps the bytes of the file: number spelling,
 * escapes, member order, repeated members.
 *
 * On failure false; *ret_name (may be NULL) is then a heap copy of the name that has no value: caller frees it.
 */
MUST_USE bool template_expand(const struct json_node *node, const struct template_env *env,
                              struct buf *out, char **ret_name);

/* As template_expand for a string node, but appends the decoded text without quotes: paths, header values, literal packets. */
MUST_USE bool template_expand_text(const struct json_node *string, const struct template_env *env,
                                   struct buf *out, char **ret_name);

/*
 * Is `node` a choice by revision?  Then *ret_branches is its object of branches, by range.
 */
bool template_choice(const struct json_node *node, const struct json_node **ret_branches);
/* The branch for a revision; NULL: none, or a key is no range. */
const struct json_node *template_branch(const struct json_node *branches,
                                        enum smcp_revision_id rev);

/* Length, braces included, of the reference that `text` begins with; 0: it begins with none. */
size_t template_reference_length(struct slice text);

/* Does the scanned string (with quotes) hold a reference or a doubled brace? */
bool template_has_reference(struct slice raw_string);

/* Call `found` with the name of every reference under `node`, keys included, in file order, and the string's node. */
typedef void template_found_fn(void *user, const char *name, const struct json_node *at);
void template_references(const struct json_node *node, template_found_fn *found, void *user);
void template_key_references(const struct json_node *member, template_found_fn *found, void *user);

#endif
