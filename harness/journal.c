/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/journal.h"

#include <stdlib.h>
#include <string.h>

#include "wire/base64.h"
#include "wire/xmalloc.h"

void journal_init(struct journal *j)
{
    memset(j, 0, sizeof(*j));
    j->start_us = net_loop_clock_us();
}

void journal_entries_free(struct journal_entry *entries, size_t n)
{
    for (size_t i = 0; i < n; i++)
        free(entries[i].text);
    free(entries);
}

void journal_release(struct journal *j)
{
    journal_entries_free(j->entries, j->n);
    j->entries = NULL;
    j->n = j->cap = 0;
}

uint64_t journal_now(const struct journal *j)
{
    return net_loop_clock_us() - j->start_us;
}

static struct journal_entry *entry_new(struct journal *j, int actor, bool outgoing,
                                       enum tap_kind kind)
{
    struct journal_entry *e;

    if (j->n == j->cap) {
        j->cap = j->cap ? j->cap * 2 : 32;
        j->entries = xrealloc(j->entries, j->cap * sizeof(*j->entries));
    }
    e = &j->entries[j->n++];
    *e = (struct journal_entry){
        .t_us = journal_now(j), .actor = actor, .outgoing = outgoing, .kind = (unsigned char)kind};
    return e;
}

static struct slice cut(struct slice s, size_t max)
{
    return slice_of(s.ptr, s.len < max ? s.len : max);
}

int journal_add(struct journal *j, int actor, const struct tap_frame *frame)
{
    struct journal_entry *e = entry_new(j, actor, frame->outgoing, frame->kind);
    struct slice bytes = cut(frame->bytes, JOURNAL_MAX_TEXT);
    struct buf text;

    buf_init(&text, 4 * (size_t)JOURNAL_MAX_TEXT);
    e->full_len = frame->bytes.len + frame->body.len;
    if (frame->kind == TAP_WS_BINARY) {
        buf_append_str(&text, "b64:");
        base64_encode(&text, &bytes, 1);
    } else {
        buf_append_slice(&text, bytes);
    }
    if (frame->body.len > 0) {
        buf_append_ch(&text, ' ');
        buf_append_slice(&text, cut(frame->body, JOURNAL_MAX_TEXT));
    }
    e->text = buf_take_str(&text);
    return (int)(j->n - 1);
}

int journal_note(struct journal *j, int actor, bool outgoing, const char *text)
{
    struct journal_entry *e = entry_new(j, actor, outgoing, TAP_LINK);

    e->text = xstrdup(text);
    e->full_len = strlen(text);
    return (int)(j->n - 1);
}

struct journal_entry *journal_take(struct journal *j, size_t *ret_n)
{
    struct journal_entry *entries = j->entries;

    *ret_n = j->n;
    j->entries = NULL;
    j->n = j->cap = 0;
    return entries;
}
