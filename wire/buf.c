/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/buf.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "wire/xmalloc.h"

enum { BUF_FIRST_CAP = 64, U64_MAX_DIGITS = 20 };

void buf_init(struct buf *b, size_t max_bytes)
{
    *b = (struct buf){.max = max_bytes};
}

void buf_release(struct buf *b)
{
    free(b->data);
    buf_init(b, b->max);
}

void buf_clear(struct buf *b)
{
    b->len = 0;
    b->overflow = false;
}

/* `need` <= b->max: doubling keeps appends linear, the ceiling keeps the last step from
 * overshooting it. */
static void grow(struct buf *b, size_t need)
{
    size_t cap = b->cap ? b->cap : BUF_FIRST_CAP;

    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    b->data = xrealloc(b->data, cap);
    b->cap = cap;
}

char *buf_reserve(struct buf *b, size_t len)
{
    if (b->overflow || len > b->max || b->len > b->max - len) {
        b->overflow = true;
        return NULL;
    }
    if (b->len + len > b->cap || !b->data)
        grow(b, b->len + len);
    return b->data + b->len;
}

void buf_append(struct buf *b, const void *bytes, size_t len)
{
    char *to;

    if (!len)
        return;
    to = buf_reserve(b, len);
    if (!to)
        return;
    memcpy(to, bytes, len);
    b->len += len;
}

void buf_append_slice(struct buf *b, struct slice s)
{
    buf_append(b, s.ptr, s.len);
}

void buf_append_str(struct buf *b, const char *text)
{
    buf_append(b, text, strlen(text));
}

void buf_append_ch(struct buf *b, char c)
{
    buf_append(b, &c, 1);
}

void buf_append_u64(struct buf *b, uint64_t value)
{
    char digits[U64_MAX_DIGITS];
    size_t at = sizeof(digits);

    do {
        digits[--at] = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    buf_append(b, digits + at, sizeof(digits) - at);
}

void buf_appendf(struct buf *b, const char *fmt, ...)
{
    va_list args;
    char *text = NULL;
    int len;

    va_start(args, fmt);
    len = vasprintf(&text, fmt, args);
    va_end(args);
    if (len < 0)
        abort();
    buf_append(b, text, (size_t)len);
    free(text);
}

/* Lone surrogates, which json_string_decode() writes as ED A0..BF xx, are no UTF-8 and leave as
 * escapes. */
static bool is_surrogate(struct slice text, size_t at)
{
    return (unsigned char)text.ptr[at] == 0xed && at + 2 < text.len &&
           (unsigned char)text.ptr[at + 1] >= 0xa0;
}

static void append_escape(struct buf *b, unsigned code)
{
    static const char short_form[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n',  ['\f'] = 'f',
        ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\',
    };
    static const char hex[] = "0123456789abcdef";

    if (code < sizeof(short_form) && short_form[code]) {
        buf_append(b, (char[]){'\\', short_form[code]}, 2);
        return;
    }
    buf_append(b,
               (char[]){'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15],
                        hex[code & 15]},
               6);
}

void buf_append_json_string(struct buf *b, struct slice text)
{
    size_t plain = 0;

    buf_append_ch(b, '"');
    for (size_t i = 0; i < text.len; i++) {
        unsigned c = (unsigned char)text.ptr[i];
        bool surrogate = is_surrogate(text, i);

        if (c >= 0x20 && c != '"' && c != '\\' && !surrogate)
            continue;
        buf_append(b, text.ptr + plain, i - plain);
        if (surrogate) {
            c = 0xd000 | ((unsigned)text.ptr[i + 1] & 0x3f) << 6 |
                ((unsigned)text.ptr[i + 2] & 0x3f);
            i += 2;
        }
        append_escape(b, c);
        plain = i + 1;
    }
    if (plain < text.len)
        buf_append(b, text.ptr + plain, text.len - plain);
    buf_append_ch(b, '"');
}

void buf_consume(struct buf *b, size_t len)
{
    assert(len <= b->len);
    b->len -= len;
    if (len && b->len)
        memmove(b->data, b->data + len, b->len);
}

char *buf_take_str(struct buf *b)
{
    char *text = xrealloc(b->data, b->len + 1);

    text[b->len] = '\0';
    buf_init(b, b->max);
    return text;
}
