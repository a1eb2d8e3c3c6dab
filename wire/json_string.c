/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include "wire/json_walk.h"
#include "wire/utf8.h"

static uint32_t hex4(const char *at)
{
    uint32_t code = 0;

    for (int i = 0; i < 4; i++) {
        unsigned c = (unsigned char)at[i];

        code = code << 4 | (c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
    }
    return code & 0xffff;
}

/* `at` is on the backslash.  \u escapes: the code unit. */
static uint32_t unescape(struct json_chars *chars)
{
    char c = chars->at[1];
    uint32_t code;

    chars->at += 2;
    switch (c) {
    case 'b':
        return '\b';
    case 'f':
        return '\f';
    case 'n':
        return '\n';
    case 'r':
        return '\r';
    case 't':
        return '\t';
    case 'u':
        if (chars->end - chars->at < 4) {
            chars->at = chars->end;
            return 0xfffd;
        }
        code = hex4(chars->at);
        chars->at += 4;
        return code;
    default:
        return (unsigned char)c;
    }
}

/* A low surrogate written as an escape at `at`? */
static bool low_follows(const struct json_chars *chars)
{
    return chars->end - chars->at >= 6 && chars->at[0] == '\\' && chars->at[1] == 'u' &&
           (hex4(chars->at + 2) & 0xfc00) == 0xdc00;
}

static uint32_t next_escaped(struct json_chars *chars)
{
    uint32_t code;

    if (chars->end - chars->at < 2) {
        chars->at = chars->end;
        return 0xfffd;
    }
    code = unescape(chars);
    if ((code & 0xfc00) == 0xd800 && low_follows(chars)) {
        code = 0x10000 + ((code & 0x3ff) << 10) + (hex4(chars->at + 2) & 0x3ff);
        chars->at += 6;
    }
    return code;
}

bool json_chars_next(struct json_chars *chars, uint32_t *ret_code)
{
    static const unsigned char lead_bits[] = {0x7f, 0, 0x1f, 0x0f, 0x07};
    unsigned first;
    size_t len;

    if (chars->at >= chars->end)
        return false;
    first = (unsigned char)*chars->at;
    if (first == '\\') {
        *ret_code = next_escaped(chars);
        return true;
    }
    len = first < 0x80 ? 0 : utf8_sequence(chars->at, chars->end);
    *ret_code = first & lead_bits[len];
    for (size_t i = 1; i < len; i++)
        *ret_code = *ret_code << 6 | ((unsigned char)chars->at[i] & 0x3f);
    chars->at += len ? len : 1;
    return true;
}

void json_string_decode(struct slice raw, struct buf *out)
{
    struct json_chars chars;
    const char *run;
    char bytes[UTF8_MAX];

    if (!json_is_string(raw))
        return;
    chars = json_chars_of(raw);
    while (chars.at < chars.end) {
        run = memchr(chars.at, '\\', (size_t)(chars.end - chars.at));
        if (!run)
            run = chars.end;
        buf_append(out, chars.at, (size_t)(run - chars.at));
        chars.at = run;
        if (run < chars.end)
            buf_append(out, bytes, utf8_encode(next_escaped(&chars), bytes));
    }
}

bool json_string_is(struct slice raw, struct slice text)
{
    struct json_chars chars;
    uint32_t code;
    char bytes[UTF8_MAX];
    size_t len, at = 0;

    /* Most are told apart by their first letter; no character is shorter as it is written. */
    if (!json_is_string(raw) || raw.len - 2 < text.len ||
        (text.len && raw.ptr[1] != '\\' && raw.ptr[1] != text.ptr[0]))
        return false;
    if (json_is_plain(raw))
        return slice_eq(slice_of(raw.ptr + 1, raw.len - 2), text);
    chars = json_chars_of(raw);
    while (json_chars_next(&chars, &code)) {
        len = utf8_encode(code, bytes);
        if (len > text.len - at || memcmp(text.ptr + at, bytes, len) != 0)
            return false;
        at += len;
    }
    return at == text.len;
}

int json_string_compare(struct slice a, struct slice b)
{
    size_t common = (a.len < b.len ? a.len : b.len) - 2;
    struct json_chars x = json_chars_of(a), y = json_chars_of(b);
    uint32_t code_x = 0, code_y = 0;
    bool more_x, more_y;
    int order;

    /* The order of UTF-8 bytes is the order of code points. */
    if (json_is_plain(a) && json_is_plain(b)) {
        order = memcmp(a.ptr + 1, b.ptr + 1, common);
        return order ? order : (a.len > b.len) - (a.len < b.len);
    }
    do {
        more_x = json_chars_next(&x, &code_x);
        more_y = json_chars_next(&y, &code_y);
        if (!more_x || !more_y)
            return more_x - more_y;
    } while (code_x == code_y);
    return code_x < code_y ? -1 : 1;
}

size_t json_string_length(struct slice raw)
{
    struct json_chars chars;
    uint32_t code;
    size_t count = 0;

    if (!json_is_string(raw))
        return 0;
    chars = json_chars_of(raw);
    while (json_chars_next(&chars, &code))
        count++;
    return count;
}
