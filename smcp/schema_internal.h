/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_SCHEMA_INTERNAL_H
#define SMCP_SCHEMA_INTERNAL_H

#ifndef PCRE2_CODE_UNIT_WIDTH
#define PCRE2_CODE_UNIT_WIDTH 8
#endif
#include <pcre2.h>

#include "smcp/schema.h"

/* Shared by the files of the validator only. */

struct schema_list {
    struct schema **items; /* owned */
    size_t n;
};

/* Schemas by member key: properties, patternProperties, dependentSchemas. */
struct schema_member {
    const struct json_node *key_of; /* borrowed: the member whose key it is */
    pcre2_code *regex;              /* owned; patternProperties only */
    struct schema *schema;          /* owned */
};

struct schema_members {
    struct schema_member *items; /* owned */
    size_t n;
};

struct schema {
    const struct json_node *node; /* borrowed from the document */
    bool never;                   /* the schema `false` */
    unsigned types;               /* mask; 0: any */
    const struct json_node *enum_of, *const_of;
    const struct json_node *minimum, *maximum, *exclusive_minimum, *exclusive_maximum, *multiple_of;
    size_t min_length, max_length, min_items, max_items, min_members, max_members;
    size_t min_contains, max_contains;
    bool unique_items;
    pcre2_code *pattern; /* owned */
    const struct json_node *required, *dependent_required;
    struct schema_members properties, pattern_properties, dependent_schemas;
    struct schema *additional, *property_names, *items, *contains, *not_of, *if_of, *then_of,
        *else_of;
    struct schema_list prefix_items, all_of, any_of, one_of;
    struct schema_members defs;
    char *base;               /* owned: URI that $ref is relative to */
    char *ref_text;           /* owned; NULL without $ref */
    const struct schema *ref; /* borrowed: set by schema_set_resolve */
};

/* One compiled document. */
struct schema_doc {
    char *name;              /* owned: "0.1/join_office.request" */
    struct json_doc *json;   /* owned */
    struct schema *root;     /* owned */
    struct schema_doc *next; /* owned */
};

/* Collects what a document holds while it is compiled. */
struct schema_compiler {
    struct schema_set *set;
    const struct json_doc *json;
    const char *base;
    struct schema_fault *reterr;
};

/* NULL on failure, with *reterr.  Caller: schema_free. */
struct schema *schema_compile(struct schema_compiler *c, const struct json_node *node);
void schema_free(struct schema *s);

/* Every schema with an $id or $anchor, and every schema at all, is noted in the set. */
void schema_set_note(struct schema_set *set, struct schema *s);
void schema_set_note_id(struct schema_set *set, const char *uri, const struct schema *s);

/* `reference` relative to `base`, RFC 3986 without its rare corners.  Heap text: caller frees. */
char *schema_uri_resolve(const char *base, const char *reference);

#endif
