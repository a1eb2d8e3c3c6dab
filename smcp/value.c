/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/value.h"

#include "wire/limits.h"

static const struct {
    const char *name;
    unsigned bit;
} types[] = {
    {"null", TYPE_BIT_NULL},       {"boolean", TYPE_BIT_BOOLEAN}, {"number", TYPE_BIT_NUMBER},
    {"integer", TYPE_BIT_INTEGER}, {"string", TYPE_BIT_STRING},   {"array", TYPE_BIT_ARRAY},
    {"object", TYPE_BIT_OBJECT},
};

unsigned value_type_bit(struct slice raw_string)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (json_string_is(raw_string, slice_str(types[i].name)))
            return types[i].bit;
    }
    return 0;
}

bool value_has_type(const struct json_node *v, unsigned bits)
{
    static const unsigned bit_of[] = {
        [JSON_NULL] = TYPE_BIT_NULL,     [JSON_FALSE] = TYPE_BIT_BOOLEAN,
        [JSON_TRUE] = TYPE_BIT_BOOLEAN,  [JSON_NUMBER] = TYPE_BIT_NUMBER,
        [JSON_STRING] = TYPE_BIT_STRING, [JSON_ARRAY] = TYPE_BIT_ARRAY,
        [JSON_OBJECT] = TYPE_BIT_OBJECT,
    };

    if (bits & bit_of[v->type])
        return true;
    return (bits & TYPE_BIT_INTEGER) && value_is_integer(v);
}

void value_type_phrase(unsigned bits, struct buf *out)
{
    const char *between = "";

    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (!(bits & types[i].bit))
            continue;
        buf_append_str(out, between);
        buf_append_str(out, types[i].name);
        between = " or ";
    }
}

void value_pointer_key(struct buf *pointer, struct slice raw_key)
{
    struct buf key;

    buf_init(&key, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(raw_key, &key);
    buf_append_ch(pointer, '/');
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '~')
            buf_append_str(pointer, "~0");
        else if (key.data[i] == '/')
            buf_append_str(pointer, "~1");
        else
            buf_append_ch(pointer, key.data[i]);
    }
    buf_release(&key);
}
