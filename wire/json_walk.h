/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_JSON_WALK_H
#define WIRE_JSON_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"

/*
 * Inside wire/ only: steps over text that json_scan() has accepted.  They never read past `end`,
 * whatever the text is, but give sense only for accepted text.
 */

static inline const char *json_skip_blanks(const char *at, const char *end)
{
    while (at < end && (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t'))
        at++;
    return at;
}

/* Blanks and what stands between the elements: commas and colons. */
static inline const char *json_skip_filler(const char *at, const char *end)
{
    while (at < end &&
           (*at == ' ' || *at == '\n' || *at == '\r' || *at == '\t' || *at == ',' || *at == ':'))
        at++;
    return at;
}

/* From the opening quote to after the closing one. */
static inline const char *json_skip_string(const char *at, const char *end)
{
    for (at++; at < end && *at != '"'; at++)
        if (*at == '\\' && at + 1 < end)
            at++;
    return at < end ? at + 1 : end;
}

/* From the first byte of a number or literal to the first byte after it. */
static inline const char *json_skip_word(const char *at, const char *end)
{
    while (at < end && *at != ',' && *at != ']' && *at != '}' && *at != ' ' && *at != '\n' &&
           *at != '\r' && *at != '\t')
        at++;
    return at;
}

/* From the first byte of any value to the first byte after it. */
static inline const char *json_skip_value(const char *at, const char *end)
{
    unsigned depth = 0;

    if (at == end || (*at != '"' && *at != '[' && *at != '{'))
        return json_skip_word(at, end);
    do {
        if (*at == '"') {
            at = json_skip_string(at, end);
            continue;
        }
        if (*at == '[' || *at == '{')
            depth++;
        else if (*at == ']' || *at == '}')
            depth--;
        at++;
    } while (depth && at < end);
    return at;
}

/* The code points of a string, escapes resolved.  Two escapes that form a surrogate pair are one
 * code point; a lone one is itself. */
struct json_chars {
    const char *at;
    const char *end;
};

static inline struct json_chars json_chars_of(struct slice raw)
{
    return (struct json_chars){raw.ptr + 1, raw.ptr + raw.len - 1};
}

/* Next code point; false at the end. */
bool json_chars_next(struct json_chars *chars, uint32_t *ret_code);

/* memcmp()-like order of two strings by code point. */
int json_string_compare(struct slice a, struct slice b);

/* A string in quotes? */
static inline bool json_is_string(struct slice raw)
{
    return raw.len >= 2 && raw.ptr[0] == '"';
}

/* Without a backslash, what stands between the quotes is the value. */
static inline bool json_is_plain(struct slice raw)
{
    return !memchr(raw.ptr, '\\', raw.len);
}

/* Are both numbers the same mathematical value? */
bool json_number_same(struct slice a, struct slice b);

#endif
