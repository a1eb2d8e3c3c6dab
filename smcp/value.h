/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_VALUE_H
#define SMCP_VALUE_H

#include <math.h>

#include "wire/json_text.h"

/* Small questions about scanned values that schemas and matchers share. */

/* A number without a fraction, however it is spelled: 1, 1.0, 1e30. */
static inline bool value_is_integer(const struct json_node *v)
{
    double d;

    if (v->type != JSON_NUMBER)
        return false;
    d = json_number_double(v->text);
    return isfinite(d) && floor(d) == d;
}

static inline const char *value_type_name(enum json_type type)
{
    static const char *const names[] = {
        [JSON_NULL] = "null",     [JSON_FALSE] = "boolean", [JSON_TRUE] = "boolean",
        [JSON_NUMBER] = "number", [JSON_STRING] = "string", [JSON_ARRAY] = "array",
        [JSON_OBJECT] = "object",
    };

    return names[type];
}

/* Last member with that decoded key (a repeated key means its last value), or NULL. */
static inline const struct json_node *value_member(const struct json_node *object, struct slice key)
{
    const struct json_node *m, *found = NULL;

    for (m = object->type == JSON_OBJECT ? object->first : NULL; m; m = m->next) {
        if (json_string_is(m->key, key))
            found = m;
    }
    return found;
}

/* Bits for JSON Schema's type names; "integer" is a bit of its own. */
enum {
    TYPE_BIT_NULL = 1,
    TYPE_BIT_BOOLEAN = 2,
    TYPE_BIT_NUMBER = 4,
    TYPE_BIT_INTEGER = 8,
    TYPE_BIT_STRING = 16,
    TYPE_BIT_ARRAY = 32,
    TYPE_BIT_OBJECT = 64,
};

/* Bit of a type name, 0 when unknown; and does a value have one of the types? */
unsigned value_type_bit(struct slice raw_string);
bool value_has_type(const struct json_node *v, unsigned bits);

/* "string or null" for a mask.  Appends. */
void value_type_phrase(unsigned bits, struct buf *out);

/* Append a JSON pointer step, escaped. */
void value_pointer_key(struct buf *pointer, struct slice raw_key);

#endif
