/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include <string.h>

#include "wire/json_walk.h"

static bool cursor_start(struct json_cursor *c, struct slice value, char open)
{
    const char *end = value.len ? value.ptr + value.len : NULL;
    const char *at = json_skip_blanks(value.len ? value.ptr : NULL, end);

    if (at == end || *at != open)
        return false;
    *c = (struct json_cursor){.at = at + 1, .end = end, .in_object = open == '{'};
    return true;
}

bool json_cursor_array(struct json_cursor *c, struct slice value)
{
    return cursor_start(c, value, '[');
}

bool json_cursor_object(struct json_cursor *c, struct slice value)
{
    return cursor_start(c, value, '{');
}

bool json_next(struct json_cursor *c, struct slice *ret_key, struct slice *ret_value)
{
    struct slice key = {c->at, 0};
    const char *start;

    c->at = json_skip_filler(c->at, c->end);
    if (c->at == c->end || *c->at == ']' || *c->at == '}')
        return false;
    if (c->in_object) {
        start = c->at;
        c->at = json_skip_string(c->at, c->end);
        key = slice_of(start, (size_t)(c->at - start));
        c->at = json_skip_filler(c->at, c->end);
    }
    start = c->at;
    c->at = json_skip_value(c->at, c->end);
    if (ret_key)
        *ret_key = key;
    *ret_value = slice_of(start, (size_t)(c->at - start));
    return true;
}

enum json_type json_type_of(struct slice value)
{
    const char *end = value.len ? value.ptr + value.len : NULL;
    const char *at = json_skip_blanks(value.len ? value.ptr : NULL, end);

    switch (at == end ? '\0' : *at) {
    case 'f':
        return JSON_FALSE;
    case 't':
        return JSON_TRUE;
    case '"':
        return JSON_STRING;
    case '[':
        return JSON_ARRAY;
    case '{':
        return JSON_OBJECT;
    case '-':
    case '0':
    case '1':
    case '2':
    case '3':
    case '4':
    case '5':
    case '6':
    case '7':
    case '8':
    case '9':
        return JSON_NUMBER;
    default:
        return JSON_NULL;
    }
}

bool json_member(struct slice value, const char *key, struct slice *ret_value, unsigned *ret_count)
{
    struct json_cursor c;
    struct slice name, member, wanted = slice_str(key);
    unsigned count = 0;

    if (!json_cursor_object(&c, value)) {
        if (ret_count)
            *ret_count = 0;
        return false;
    }
    while (json_next(&c, &name, &member)) {
        if (!json_string_is(name, wanted))
            continue;
        if (!count++)
            *ret_value = member;
        if (!ret_count)
            break;
    }
    if (ret_count)
        *ret_count = count;
    return count > 0;
}

/* Asked for every step of every scenario, so it goes from line to line. */
struct json_position json_position_at(struct slice text, size_t offset)
{
    const char *line = text.ptr, *newline;
    const char *end = text.len ? text.ptr + (offset < text.len ? offset : text.len) : line;
    unsigned number = 1;

    while (line < end && (newline = memchr(line, '\n', (size_t)(end - line)))) {
        line = newline + 1;
        number++;
    }
    return (struct json_position){number, 1 + (unsigned)(end - line)};
}
