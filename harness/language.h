/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_LANGUAGE_H
#define HARNESS_LANGUAGE_H

#include <stdio.h>

#include "harness/scenario.h"

/* The scenario language as tables, for the loader, the lint, the reference and completion: views of verbs.def and attributes.def. */

enum attribute_kind {
    ATTR_TEXT,
    ATTR_WORD,
    ATTR_LABEL,
    ATTR_OFFICE,
    ATTR_EVENT,
    ATTR_PATTERN,
    ATTR_PATTERNS,
    ATTR_TEMPLATE,
    ATTR_TEMPLATES,
    ATTR_TEXTS,
    ATTR_FORM,
    ATTR_MEMBERS,
    ATTR_BRANCHES,
    ATTR_CAPTURE,
    ATTR_BOOL,
    ATTR_COUNT,
    ATTR_MS,
    ATTR_CHECKS,
    ATTR_REVISION,
    ATTR_BASE64,
    ATTR_BASE64_1,
};

struct attribute_row {
    const char *name;
    enum attribute_kind kind;
    const char *words; /* of a ATTR_WORD, blank-separated */
    const char *help;
};
extern const struct attribute_row attribute_rows[];
extern const size_t attribute_rows_count;

const struct attribute_row *attribute_find(const char *name); /* NULL when unknown */

/* A verb's use of an attribute. */
struct attribute_use {
    const struct attribute_row *row;
    enum attribute_kind kind; /* the row's, or the verb's own */
    bool required;
};

/* Does `verb` take `name`, be it one of its own or one that every step may have?  False when not. */
MUST_USE bool verb_attribute(enum verb verb, const char *name, struct attribute_use *ret_use);

/* Walk over a verb's own attributes: start with *at = verb_rows[v].attributes; false at the end. */
MUST_USE bool verb_next_attribute(const char **at, struct attribute_use *ret_use);

/* Heap list "event with args checks …" of what a verb takes, for did-you-mean.  Caller frees. */
char *verb_attribute_words(enum verb verb);

/* Can a step with this verb be a check? */
bool verb_judges(enum verb verb);
/* May it have a name (`as`), as the twin of a refusal? */
bool verb_may_be_twin(enum verb verb);

/* The verb of a text, or VERB_COUNT; VERB_TOGETHER is no text. */
enum verb verb_find(const char *text);

/* "a JSON pattern", "one of: fin, rst": what a kind of attribute takes. */
const char *attribute_kind_text(enum attribute_kind kind);

/* The reference as Markdown (docs/scenario-language.md) and the completion schema (scenarios/scenario.schema.json). */
void language_print_markdown(FILE *out);
void language_print_schema(FILE *out);

#endif
