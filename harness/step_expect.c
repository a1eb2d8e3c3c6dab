/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/steps.h"
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
void step_explain(struct finding *f, const struct matcher *m, struct slice value, const char *what)
{
    struct mismatch miss = {0};
    struct buf text;

    buf_init(&text, MAX_BYTES);
    if (!matcher_match(m, value, &miss)) {
        f->reason = xasprintf(
            "%s%s%s: expected %s, got %s", what, miss.pointer && *miss.pointer ? " at " : "",
            miss.pointer ? miss.pointer : "", miss.expected ? miss.expected : "something else",
            miss.actual ? miss.actual : "this");
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
