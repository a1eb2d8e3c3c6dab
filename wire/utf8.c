/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/utf8.h"

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
        do {
            len = utf8_sequence(at, end);
            if (!len)
                return (size_t)(at - start);
            at += len;
        } while (at < end && (unsigned char)*at >= 0x80);
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
