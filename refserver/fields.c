/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/fields.h"

#include <string.h>

#include "wire/json_text.h"

/* Keys are almost always spelled plainly; only an escaped one costs a decoding. */
static bool key_is(struct slice raw, const char *key)
{
    size_t len = strlen(key);

    if (raw.len == len + 2)
        return memcmp(raw.ptr + 1, key, len) == 0;
    return raw.len > len + 2 && memchr(raw.ptr, '\\', raw.len) &&
           json_string_is(raw, slice_of(key, len));
}

bool fields_read(const struct sio_event *ev, struct field *fields, size_t n_fields)
{
    struct json_cursor cursor;
    struct slice key, value;

    if (ev->n_args != 1 || !json_cursor_object(&cursor, ev->args))
        return false;
    while (json_next(&cursor, &key, &value)) {
        for (size_t i = 0; i < n_fields; i++) {
            if (!key_is(key, fields[i].key))
                continue;
            if (fields[i].count++ == 0)
                fields[i].value = value;
            break;
        }
    }
    return true;
}

bool field_is_string(const struct field *field)
{
    return field->count == 1 && json_type_of(field->value) == JSON_STRING;
}
