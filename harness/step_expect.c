/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/steps.h"
#include "wire/utf8.h"
#include "wire/xmalloc.h"

enum { SHOWN_BYTES = 300, DIFF_LINES = 8, MAX_BYTES = 4 << 20, SOFT_WAIT_MS = 1000 };

char *shorten(struct slice text)
{
    size_t len = text.len;

    if (len <= SHOWN_BYTES)
        return xstrndup_slice(text);
    len = SHOWN_BYTES - 40;
    while (len > 0 &&
           ((unsigned char)text.ptr[len] & 0xc0) == 0x80) /* not in the middle of a character */
        len--;
    return xasprintf("%.*s… (%zu bytes)", (int)len, text.ptr, text.len);
}

bool step_soft_wait(struct step_run *run)
{
    uint64_t enough_ms = run->started_ms + instance_patience(run->inst, SOFT_WAIT_MS) +
                         (run->inst->lag(run->inst->user) - run->lag_ms);

    if (run->fenced || !peer_can_send(run->peer) || run->inst->plan->naive_absence)
        return true;
    if (run->fence == 0)
        run->fence = peer_fence(run->peer);
    run->fenced = run->fence == 0 || peer_fenced(run->peer, run->fence) ||
                  net_loop_now_ms(run->inst->loop) >= enough_ms;
    return run->fenced;
}

void step_arm(struct step_run *run)
{
    run->armed = true;
    run->state = STEP_DONE;
}

struct slice item_args(const struct inbox_item *item)
{
    return slice_of(item->args, item->args_len);
}

/* Fill a finding from a value that a matcher has refused. */
static bool is_ascii(const char *text)
{
    for (; *text; text++)
        if ((unsigned char)*text >= 0x80)
            return false;
    return true;
}

/* Letters that look alike must not look alike here. */
static void append_code_points(struct buf *out, const char *text)
{
    const char *end = text + strlen(text);

    while (text < end) {
        size_t len = (unsigned char)*text < 0x80 ? 1 : utf8_sequence(text, end);
        uint32_t code = (unsigned char)*text;

        if (len <= 1) {
            buf_append_ch(out, *text++);
            continue;
        }
        code &= 0x7fU >> len;
        for (size_t i = 1; i < len; i++)
            code = code << 6 | ((unsigned char)text[i] & 0x3f);
        buf_appendf(out, "\\u{%X}", (unsigned)code);
        text += len;
    }
}

char *step_mismatch_text(const char *what, const struct mismatch *miss)
{
    const char *expected = miss->expected ? miss->expected : "something else";
    const char *actual = miss->actual ? miss->actual : "this";
    struct buf text;

    buf_init(&text, MAX_BYTES);
    buf_appendf(&text, "%s%s%s: expected %s, got %s", what,
                miss->pointer && *miss->pointer ? " at " : "", miss->pointer ? miss->pointer : "",
                expected, actual);
    if (!is_ascii(expected) && !is_ascii(actual)) {
        buf_append_str(&text, "; in ASCII: expected ");
        append_code_points(&text, expected);
        buf_append_str(&text, ", got ");
        append_code_points(&text, actual);
    }
    return buf_take_str(&text);
}

void step_fail_text(struct step_run *run, char *reason, const char *actual)
{
    struct finding f = {
        .reason = reason, .actual = actual ? xstrdup(actual) : NULL, .journal_at = -1};

    step_fail(run, &f);
}

void step_explain(struct finding *f, const struct matcher *m, struct slice value, const char *what)
{
    struct mismatch miss = {0};
    struct buf text;

    buf_init(&text, MAX_BYTES);
    if (!matcher_match(m, value, &miss)) {
        f->reason = step_mismatch_text(what, &miss);
        mismatch_release(&miss);
    }
    matcher_print(m, &text);
    f->expected = buf_take_str(&text);
    f->actual = value.len ? shorten(value) : xstrdup("nothing");
    matcher_diff(m, value, DIFF_LINES, &text);
    f->diff = text.len ? buf_take_str(&text) : NULL;
    buf_release(&text);
}

char *matcher_text(const struct matcher *m)
{
    struct buf text;

    if (!m)
        return xstrdup("an ack");
    buf_init(&text, MAX_BYTES);
    matcher_print(m, &text);
    return buf_take_str(&text);
}
