/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/base64.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* 0..63 is +1, so that what is no digit is 0. */
static const unsigned char digits[256] = {
    ['A'] = 1,  ['B'] = 2,  ['C'] = 3,  ['D'] = 4,  ['E'] = 5,  ['F'] = 6,  ['G'] = 7,  ['H'] = 8,
    ['I'] = 9,  ['J'] = 10, ['K'] = 11, ['L'] = 12, ['M'] = 13, ['N'] = 14, ['O'] = 15, ['P'] = 16,
    ['Q'] = 17, ['R'] = 18, ['S'] = 19, ['T'] = 20, ['U'] = 21, ['V'] = 22, ['W'] = 23, ['X'] = 24,
    ['Y'] = 25, ['Z'] = 26, ['a'] = 27, ['b'] = 28, ['c'] = 29, ['d'] = 30, ['e'] = 31, ['f'] = 32,
    ['g'] = 33, ['h'] = 34, ['i'] = 35, ['j'] = 36, ['k'] = 37, ['l'] = 38, ['m'] = 39, ['n'] = 40,
    ['o'] = 41, ['p'] = 42, ['q'] = 43, ['r'] = 44, ['s'] = 45, ['t'] = 46, ['u'] = 47, ['v'] = 48,
    ['w'] = 49, ['x'] = 50, ['y'] = 51, ['z'] = 52, ['0'] = 53, ['1'] = 54, ['2'] = 55, ['3'] = 56,
    ['4'] = 57, ['5'] = 58, ['6'] = 59, ['7'] = 60, ['8'] = 61, ['9'] = 62, ['+'] = 63, ['/'] = 64,
};

static char *put_group(char *to, uint32_t bits)
{
    to[0] = alphabet[bits >> 18 & 63];
    to[1] = alphabet[bits >> 12 & 63];
    to[2] = alphabet[bits >> 6 & 63];
    to[3] = alphabet[bits & 63];
    return to + 4;
}

void base64_encode(struct buf *out, const struct slice *parts, unsigned n_parts)
{
    size_t total = 0;
    uint32_t bits = 0;
    unsigned held = 0;
    char *start, *to;

    for (unsigned i = 0; i < n_parts; i++)
        total += parts[i].len;
    start = to = buf_reserve(out, (total + 2) / 3 * 4);
    if (!to)
        return;
    for (unsigned i = 0; i < n_parts; i++) {
        for (size_t j = 0; j < parts[i].len; j++) {
            bits = bits << 8 | (unsigned char)parts[i].ptr[j];
            if (++held == 3) {
                to = put_group(to, bits);
                held = 0;
            }
        }
    }
    if (held) {
        to = put_group(to, bits << (held == 1 ? 16 : 8));
        to[-1] = '=';
        if (held == 1)
            to[-2] = '=';
    }
    out->len += (size_t)(to - start);
}

/* Where the digits end, when what follows is nothing or exactly the padding that the last group
 * lacks. */
static bool find_end(struct slice text, size_t *ret_digits, size_t *ret_offset)
{
    size_t count = 0, padding;

    while (count < text.len && digits[(unsigned char)text.ptr[count]])
        count++;
    *ret_digits = count;
    *ret_offset = count;
    if (count % 4 == 1)
        return false;
    if (count == text.len)
        return true;
    padding = count % 4 ? 4 - count % 4 : 0;
    for (size_t i = 0; i < padding; i++, ++*ret_offset)
        if (*ret_offset == text.len || text.ptr[*ret_offset] != '=')
            return false;
    return *ret_offset == text.len;
}

bool base64_decode(struct buf *out, struct slice text, size_t *ret_offset)
{
    size_t count;
    uint32_t bits = 0;
    char *to;

    if (!find_end(text, &count, ret_offset))
        return false;
    to = buf_reserve(out, count / 4 * 3 + count % 4 * 3 / 4);
    if (!to)
        return true;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 6 | (digits[(unsigned char)text.ptr[i]] - 1U);
        if (i % 4 == 3) {
            *to++ = (char)(bits >> 16 & 255);
            *to++ = (char)(bits >> 8 & 255);
            *to++ = (char)(bits & 255);
        }
    }
    if (count % 4 >= 2)
        *to++ = (char)(bits >> (count % 4 == 2 ? 4 : 10) & 255);
    if (count % 4 == 3)
        *to++ = (char)(bits >> 2 & 255);
    out->len = (size_t)(to - out->data);
    return true;
}
