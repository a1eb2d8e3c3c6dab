/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_SCHEMA_H
#define SMCP_SCHEMA_H

#include "smcp/revision.h"
#include "wire/json_text.h"

/*
 * JSON Schema 2020-12, the part that our payload schemas use.  A keyword outside of it is an error at load, never silently
 * ignored: a check that does not check is worse than none.
 *
 * Known: type properties patternProperties required additionalProperties propertyNames minProperties maxProperties items prefixItems
 * contains minContains maxContains minItems maxItems uniqueItems enum const minLength maxLength pattern minimum maximum exclusiveMinimum
 * exclusiveMaximum multipleOf oneOf anyOf allOf not if then else dependentRequired dependentSchemas $ref $defs $id $anchor $schema (2020-12 only).
 * Annotations are accepted and do nothing: $comment title description default examples deprecated readOnly writeOnly
 * format.
 */

struct
    schema_set; /* schemas by name ("0.1/join_office.request") and by $id; owns their documents */
struct schema;  /* borrowed from its set */

/* Where a schema text is wrong.  `text` is owned: schema_fault_release. */
struct schema_fault {
    struct json_position at;
    char *text; /* "unknown keyword `requierd`" */
};
void schema_fault_release(struct schema_fault *f);

/* Caller: schema_set_free (NULL is fine). */
struct schema_set *schema_set_new(void);
void schema_set_free(struct schema_set *set);

/*
 * Parse `text` and keep it under `name` (without .json).  A later one of the same name replaces the earlier one.  On failure
 * nothing has changed and *reterr says why.
 */
MUST_USE bool schema_set_add(struct schema_set *set, const char *name, struct slice text,
                             struct schema_fault *reterr);

/* Resolve every $ref of the set: once, after the last add, before the first validation.  On failure false, and *ret_name (borrowed
 * from the set) is the schema at fault. */
MUST_USE bool schema_set_resolve(struct schema_set *set, const char **ret_name,
                                 struct schema_fault *reterr);

/* The set that is built in (fixtures/schemas), resolved; made on first use, lives until the end of the program. */
const struct schema_set *schema_set_embedded(void);

/*
 * By name: "join_office.request" is looked up in the folder of `rev`, a name with a slash as it stands.  NULL when unknown.
 */
const struct schema *schema_find(const struct schema_set *set, enum smcp_revision_id rev,
                                 const char *name);

/*
 * That of an event's request or ack: "client:tool_call" and "ack" give "tool_call.ack"; a notice has one schema: "notify:enter_office" gives
 * "notify.enter_office" whatever `what` is.  NULL when there is none, or no set.
 */
const struct schema *schema_of_event(const struct schema_set *set, enum smcp_revision_id rev,
                                     const char *event, const char *what);

/* Call `each` with every name of the set; returns how many. */
size_t schema_set_each(const struct schema_set *set, void (*each)(void *user, const char *name),
                       void *user);

/* First violation.  Both texts are owned: schema_miss_release. */
struct schema_miss {
    char *pointer; /* RFC 6901, into the value */
    char *text;    /* "missing member `office_id`" */
};
void schema_miss_release(struct schema_miss *m);

/* Is the scanned JSON value valid?  `reterr` (may be NULL) is set only when not. */
MUST_USE bool schema_valid(const struct schema *schema, struct slice value,
                           struct schema_miss *reterr);
MUST_USE bool schema_valid_node(const struct schema *schema, const struct json_node *value,
                                struct schema_miss *reterr);

#endif
