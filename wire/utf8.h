/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/*
 * Length in bytes (2..4) of the well-formed multi-byte sequence (Unicode, table 3-7: no overlong
 * form, no surrogate, at most U+10FFFF) that starts at `at`, where `at` < `end` and `*at` >= 0x80;
 * 0 when there is none.
 */
static inline size_t utf8_sequence(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    unsigned first = p[0];
    /* What the second byte may be decides overlong forms, surrogates and the upper end. */
    unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    size_t len = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;

    if (first < 0xc2 || first > 0xf4 || (size_t)(end - at) < len || p[1] < low || p[1] > high)
        return 0;
    for (size_t i = 2; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return len;
}

/* Offset of the first byte of the first malformed sequence in `text`; text.len when there is none.
 */
size_t utf8_check(struct slice text);

enum { UTF8_MAX = 4 };

/* Write the code point (<= 0x10ffff), surrogates in the same three-byte form (WTF-8); gives the
 * length.  Cannot fail. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX]);

/*
 * Length of the run of bytes from `at` that need no attention inside a JSON string: ASCII without
 * control characters, quote and backslash.  Eight bytes at a time; this is where a relay spends its
 * time.
 */
static inline size_t utf8_plain_run(const char *at, const char *end)
{
    const char *start = at;

    while (end - at >= 8) {
        const uint64_t ones = 0x0101010101010101U, highs = 0x8080808080808080U;
        uint64_t word, quote, slash, special;

        memcpy(&word, at, 8);
        quote = word ^ ones * '"';
        slash = word ^ ones * '\\';
        special = ((word - ones * 0x20) | (quote - ones) | (slash - ones) | word) & highs;
        if (special) {
            /* Borrows only reach bytes above a special one: the lowest mark is true. */
            if (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__)
                return (size_t)(at - start) + (size_t)__builtin_ctzll(special) / 8;
            break;
        }
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\')
        at++;
    return (size_t)(at - start);
}

#endif
