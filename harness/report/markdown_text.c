/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/markdown.h"

#include <string.h>

#include "harness/report/evidence.h"

enum { MAX_CELL = 300 };

static size_t longest_run(const char *text, size_t len, char of)
{
    size_t longest = 0, run = 0;

    for (size_t i = 0; i < len; i++) {
        run = text[i] == of ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}

static void append_times(struct buf *out, char c, size_t n)
{
    while (n-- > 0)
        buf_append_ch(out, c);
}

/* A code span for a table cell: fence longer than any inside, `|` escaped. */
void markdown_append_code(struct buf *out, const char *text)
{
    struct buf clean;
    size_t fence;

    buf_init(&clean, SIZE_MAX);
    text_append_visible(&clean, text, MAX_CELL);
    fence = longest_run(clean.data, clean.len, '`') + 1;
    append_times(out, '`', fence);
    if (fence > 1)
        buf_append_ch(out, ' ');
    for (size_t i = 0; i < clean.len; i++) {
        if (clean.data[i] == '|')
            buf_append_ch(out, '\\');
        buf_append_ch(out, clean.data[i] == '\n' ? ' ' : clean.data[i]);
    }
    if (fence > 1)
        buf_append_ch(out, ' ');
    append_times(out, '`', fence);
    buf_release(&clean);
}

/* Prose, whose own `code` stays code; markup that a peer may have put there does not. */
void markdown_append_prose(struct buf *out, const char *text)
{
    struct buf clean;
    size_t ticks = 0;
    bool in_code = false;

    buf_init(&clean, SIZE_MAX);
    text_append_visible(&clean, text, MAX_CELL);
    for (size_t i = 0; i < clean.len; i++)
        ticks += clean.data[i] == '`';
    for (size_t i = 0; i < clean.len; i++) {
        char c = clean.data[i];

        if (c == '`' && ticks % 2 == 0)
            in_code = !in_code;
        if (c == '|' || (!in_code && strchr("\\`*_[]#!~", c) && !(c == '`' && ticks % 2 == 0)))
            buf_append_ch(out, '\\');
        if (c == '<' && !in_code)
            buf_append_str(out, "&lt;");
        else if (c == '&' && !in_code)
            buf_append_str(out, "&amp;");
        else
            buf_append_ch(out, c == '\n' ? ' ' : c);
    }
    buf_release(&clean);
}

void markdown_append_block(struct buf *out, struct slice text)
{
    size_t fence = longest_run(text.ptr, text.len, '`') + 1;

    fence = fence < 3 ? 3 : fence;
    append_times(out, '`', fence);
    buf_append_str(out, "text\n");
    buf_append_slice(out, text);
    append_times(out, '`', fence);
    buf_append_ch(out, '\n');
}
