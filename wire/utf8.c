/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/utf8.h"

/* Unicode 15, table 3-7: what the second byte may be decides overlong forms, surrogates and the upper end. */
static const struct {
    unsigned char first_low, first_high, second_low, second_high, len;
} forms[] = {
    {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3}, {0xe1, 0xec, 0x80, 0xbf, 3},
    {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3}, {0xf0, 0xf0, 0x90, 0xbf, 4},
    {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
};

size_t utf8_sequence(const char *at, const char *end)
{
    const unsigned char *p = (const unsigned char *)at;
    size_t left = (size_t)(end - at), row = 0;

    while (row < ARRAY_LEN(forms) && (p[0] < forms[row].first_low || p[0] > forms[row].first_high))
        row++;
    if (row == ARRAY_LEN(forms) || left < forms[row].len || p[1] < forms[row].second_low ||
        p[1] > forms[row].second_high)
        return 0;
    for (size_t i = 2; i < forms[row].len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    return forms[row].len;
}

/* Length of the leading run of ASCII. */
static size_t ascii_run(const char *at, const char *end)
{
    const char *start = at;
    uint64_t word;

    while (end - at >= 8) {
        memcpy(&word, at, 8);
        if (word & 0x8080808080808080U)
            break;
        at += 8;
    }
    while (at < end && (unsigned char)*at < 0x80)
        at++;
    return (size_t)(at - start);
}

size_t utf8_check(struct slice text)
{
    const char *at = text.len ? text.ptr : "", *end = at + text.len;
    const char *start = at;
    size_t len;

    for (at += ascii_run(at, end); at < end; at += ascii_run(at, end)) {
        len = utf8_sequence(at, end);
        if (!len)
            break;
        at += len;
    }
    return (size_t)(at - start);
}

size_t utf8_encode(uint32_t code, char out[UTF8_MAX])
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (code & 0x3f));
        code >>= 6;
    }
    out[0] = (char)(lead[len] | code);
    return len;
}
