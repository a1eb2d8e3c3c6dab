/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_UTF8_H
#define WIRE_UTF8_H

#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/*
 * Length in bytes (2..4) of the well-formed multi-byte sequence (Unicode table 3-7: no overlong form, no surrogate, at
 * most U+10FFFF) that starts at `at`, where `at` < `end` and `*at` >= 0x80; 0 when there is none.
 */
size_t utf8_sequence(const char *at, const char *end);

/* Offset of the first byte of the first malformed sequence in `text`; text.len when there is none. */
size_t utf8_check(struct slice text);

enum { UTF8_MAX = 4 };

/* Write the code point (<= 0x10ffff), surrogates in the same three-byte form (WTF-8); gives the length.  Cannot fail. */
size_t utf8_encode(uint32_t code, char out[UTF8_MAX]);

/*
 * Length of the run of bytes from `at` that need no attention inside a JSON string: ASCII without control characters,
 * quote and backslash.  Eight bytes at a time; this is where a relay spends its time.
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
        if (special)
            break;
        at += 8;
    }
    while (at < end && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80 && *at != '"' &&
           *at != '\\')
        at++;
    return (size_t)(at - start);
}

#endif
