/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/markup.h"

#include "harness/report/evidence.h"

static void print_escaped(FILE *out, char c)
{
    switch (c) {
    case '&':
        fputs("&amp;", out);
        break;
    case '<':
        fputs("&lt;", out);
        break;
    case '>':
        fputs("&gt;", out);
        break;
    case '"':
        fputs("&quot;", out);
        break;
    case '\n':
        fputs("&#10;", out); /* in attributes a bare one would become a blank */
        break;
    case '\t':
        fputs("&#9;", out);
        break;
    default:
        fputc(c, out);
    }
}

void markup_print(FILE *out, const char *text, size_t max_bytes)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    text_append_visible(&b, text, max_bytes);
    for (size_t i = 0; i < b.len; i++)
        print_escaped(out, b.data[i]);
    buf_release(&b);
}

void markup_element(FILE *out, const char *head, const char *text, const char *tail)
{
    fputs(head, out);
    markup_print(out, text, SIZE_MAX);
    fputs(tail, out);
}
