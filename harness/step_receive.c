/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/steps.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 4 << 20 };

/* ---- events ---- */

static bool event_prepare(struct step_run *run)
{
    const struct json_node *with = step_attribute(run, "with");
    const struct json_node *args = step_attribute(run, "args");
    const struct json_node *attachments = step_attribute(run, "attachments");

    if (!step_branches(run) && (with || args))
        run->match = step_matcher(run, args ? args : with);
    if (attachments && run->state == STEP_RUNNING)
        run->match_more = step_matcher(run, attachments);
    run->name = run->state == STEP_RUNNING ? step_text(run, "event") : NULL;
    return run->name != NULL;
}

/* What the pattern of the step looks at: the one argument, or all of them. */
static struct slice matched_part(const struct step_run *run, const struct inbox_item *item)
{
    return step_attribute(run, "args") ? item_args(item) : item_first(item);
}

/* ["AAEC/w==",…] */
static void append_attachments(const struct inbox_item *item, struct buf *out)
{
    buf_append_ch(out, '[');
    for (unsigned i = 0; i < item->n_attachments; i++) {
        if (i > 0)
            buf_append_ch(out, ',');
        buf_append_json_string(out, slice_str(item->attachments[i]));
    }
    buf_append_ch(out, ']');
}

static bool attachments_match(const struct step_run *run, const struct inbox_item *item)
{
    struct buf list;
    bool ok;

    if (!run->match_more)
        return true;
    buf_init(&list, 64 << 20);
    append_attachments(item, &list);
    ok = matcher_match(run->match_more, buf_slice(&list), NULL);
    buf_release(&list);
    return ok;
}

static bool item_matches(const struct step_run *run, const struct inbox_item *item)
{
    if (!item_is_event(item) || !event_matches(run->name, item->event))
        return false;
    if (run->match && !step_attribute(run, "args") && item->n_args != 1)
        return false; /* SIO-05: exactly one argument */
    if (run->match && !matcher_match(run->match, matched_part(run, item), NULL))
        return false;
    return attachments_match(run, item);
}

/* First unclaimed item that matches, from `from` on; -1. */
static int find_item(const struct step_run *run, int from)
{
    for (int i = from; i < run->peer->n_inbox; i++)
        if (run->peer->inbox[i].claimed_by < 0 && item_matches(run, &run->peer->inbox[i]))
            return i;
    return -1;
}

static int wanted(const struct step_run *run)
{
    const struct json_node *times = step_attribute(run, "times");
    int64_t n;

    return times && json_number_i64(times->text, &n) && n >= 0 && n < 1000000 ? (int)n : 1;
}

void receive_start(struct step_run *run)
{
    if (event_prepare(run) && wanted(run) == 0)
        step_arm(run);
}

/* Take an item: nobody else gets it. */
static bool claim(struct step_run *run, int at)
{
    struct inbox_item *item = &run->peer->inbox[at];
    char *label = json_node_str(step_attribute(run, "request"), NULL);
    struct slice first = item_first(item);
    struct finding f = {.journal_at = item->journal_at};

    item->claimed_by = run->index;
    run->claims++;
    run->last_item = at;
    if (label)
        vars_set(&run->inst->vars, label, first.len ? first : slice_str("null"));
    free(label);
    step_branch_taken(run, matched_part(run, item));
    if (step_capture(run, item_args(item), &f))
        return true;
    step_fail(run, &f);
    return false;
}

static char *observed_events(const struct step_run *run)
{
    if (run->last_item < 0)
        return xstrdup("nothing");
    return shorten(item_args(&run->peer->inbox[run->last_item]));
}

void receive_poll(struct step_run *run)
{
    int at;

    while (run->claims < wanted(run) && (at = find_item(run, 0)) >= 0)
        if (!claim(run, at))
            return;
    if (run->claims >= wanted(run)) {
        if (run->step->observe)
            step_observed(run, observed_events(run));
        else
            step_pass(run);
    } else if (run->step->observe && step_soft_wait(run)) {
        step_arm(run);
    }
}

/* What this actor has got and nobody has asked for: "notify:enter_office, client:tool_call". */
static char *leftovers(const struct peer *p)
{
    struct buf text;

    buf_init(&text, 2000);
    for (int i = 0; i < p->n_inbox; i++) {
        if (!item_is_event(&p->inbox[i]) || p->inbox[i].claimed_by >= 0)
            continue;
        if (text.len > 0)
            buf_append_str(&text, ", ");
        buf_append_str(&text, p->inbox[i].event);
    }
    if (text.len == 0)
        buf_append_str(&text, "no event");
    return buf_take_str(&text);
}

/* The unclaimed event of that name that comes nearest to the pattern, of several the last one; -1.  How many there are. */
static int nearest_item(const struct step_run *run, unsigned *ret_n)
{
    double best = -1;
    int found = -1;

    *ret_n = 0;
    for (int i = 0; i < run->peer->n_inbox; i++) {
        const struct inbox_item *item = &run->peer->inbox[i];
        struct mismatch miss = {.score = 0};

        if (!item_is_event(item) || item->claimed_by >= 0 || !event_matches(run->name, item->event))
            continue;
        if (!run->match || matcher_match(run->match, matched_part(run, item), &miss))
            miss.score = 1;
        ++*ret_n;
        if (miss.score >= best) {
            best = miss.score;
            found = i;
        }
        mismatch_release(&miss);
    }
    return found;
}

static void explain_missing(struct step_run *run, struct finding *f)
{
    const struct inbox_item *near;
    unsigned n;
    int at = nearest_item(run, &n);
    char *rest;

    if (at < 0) {
        rest = leftovers(run->peer);
        f->reason = run->claims > 0
                        ? xasprintf("%s came %d times of %d", run->name, run->claims, wanted(run))
                        : xasprintf("%s has not come within %u ms", run->name,
                                    (unsigned)(run->deadline_ms - run->started_ms));
        f->expected = matcher_text(run->match);
        f->actual = xasprintf("%s received: %s", run->peer->spec->name, rest);
        free(rest);
        return;
    }
    near = &run->peer->inbox[at];
    f->journal_at = near->journal_at;
    if (run->match && !step_attribute(run, "args") && near->n_args != 1) {
        f->reason =
            xasprintf("%s came with %u arguments, and has exactly one", run->name, near->n_args);
        f->actual = shorten(item_args(near));
    } else if (run->match) {
        step_explain(f, run->match, matched_part(run, near), near->event);
    }
    if (!f->reason)
        f->reason = xasprintf("%s came with other attachments", near->event);
    if (n > 1) {
        rest = f->reason;
        f->reason = xasprintf("%s; %u came, and none matches", rest, n);
        free(rest);
    }
}

void receive_expire(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    explain_missing(run, &f);
    step_fail(run, &f);
}

void receive_account(struct step_run *run)
{
    char *event = json_node_str(step_attribute(run, "event"), NULL);
    int left = wanted(run) - run->claims;

    for (int i = 0; event && i < run->peer->n_inbox && left > 0; i++) {
        struct inbox_item *item = &run->peer->inbox[i];

        if (!item_is_event(item) || item->claimed_by >= 0 || !event_matches(event, item->event))
            continue;
        item->claimed_by = run->index;
        left--;
    }
    free(event);
}

static bool same_event(const struct inbox_item *a, const struct inbox_item *b)
{
    return strcmp(a->event, b->event) == 0;
}

/* Exactly once: one more of the same at any time is a failure. */
void receive_finish(struct step_run *run)
{
    struct finding f = {.hit = true};
    int extra;

    if (run->step->observe) {
        if (run->armed)
            step_observed(run, (extra = find_item(run, 0)) >= 0 && claim(run, extra)
                                   ? observed_events(run)
                                   : xstrdup("nothing"));
        return;
    }
    extra = find_item(run, 0);
    if (extra < 0) {
        if (run->armed)
            step_absent(run);
        return;
    }
    if (run->last_item >= 0 &&
        !same_event(&run->peer->inbox[run->last_item], &run->peer->inbox[extra]))
        return; /* another event that the same glob takes is not the same event twice */
    f.reason = wanted(run) == 1 ? xasprintf("%s received twice", run->peer->inbox[extra].event)
                                : xasprintf("%s received more than %d times",
                                            run->peer->inbox[extra].event, wanted(run));
    f.expected = xasprintf("exactly %d", wanted(run));
    f.actual = shorten(item_args(&run->peer->inbox[extra]));
    f.journal_at = run->peer->inbox[extra].journal_at;
    step_fail(run, &f);
}

void never_start(struct step_run *run)
{
    if (event_prepare(run))
        step_arm(run);
}

void never_finish(struct step_run *run)
{
    struct finding f = {.hit = true};
    int at = find_item(run, 0), count = 0;

    if (at < 0) {
        step_absent(run);
        return;
    }
    for (int i = at; i >= 0; i = find_item(run, i + 1))
        count++;
    f.reason = xasprintf("%s received %s%s, which must not reach it", run->peer->spec->name,
                         run->peer->inbox[at].event, count > 1 ? " (and more)" : "");
    f.expected = xstrdup("nothing");
    f.actual = xasprintf("%s", run->peer->inbox[at].args);
    f.journal_at = run->peer->inbox[at].journal_at;
    step_fail(run, &f);
}

/* ---- packets ---- */

static const char *const packet_types[] = {
    [SIO_CONNECT] = "connect",
    [SIO_DISCONNECT] = "disconnect",
    [SIO_EVENT] = "event",
    [SIO_ACK] = "ack",
    [SIO_CONNECT_ERROR] = "connect_error",
    [SIO_BINARY_EVENT] = "binary_event",
    [SIO_BINARY_ACK] = "binary_ack",
};

static void append_literal(const struct inbox_item *item, struct buf *out)
{
    buf_append_ch(out, (char)('0' + (int)item->type));
    if (item->type == SIO_BINARY_EVENT || item->type == SIO_BINARY_ACK)
        buf_appendf(out, "%u-", item->n_attachments);
    if (strcmp(item->nsp, "/") != 0)
        buf_appendf(out, "%s,", item->nsp);
    if (item->id != SIO_NO_ID)
        buf_append_u64(out, item->id);
    buf_append_slice(out, slice_of(item->payload, item->payload_len));
}

/* {"type":…,"nsp":…,"id":…,"payload":…,"attachments":…,"text":…} */
static void packet_value(const struct inbox_item *item, struct buf *out)
{
    struct buf literal;

    buf_init(&literal, MAX_BYTES);
    append_literal(item, &literal);
    buf_appendf(out, "{\"type\":\"%s\",\"nsp\":", packet_types[item->type]);
    buf_append_json_string(out, slice_str(item->nsp));
    if (item->id != SIO_NO_ID) {
        buf_append_str(out, ",\"id\":");
        buf_append_u64(out, item->id);
    }
    if (item->payload_len > 0) {
        buf_append_str(out, ",\"payload\":");
        buf_append_slice(out, slice_of(item->payload, item->payload_len));
    }
    if (item->n_attachments > 0) {
        buf_append_str(out, ",\"attachments\":");
        append_attachments(item, out);
    }
    buf_append_str(out, ",\"text\":");
    buf_append_json_string(out, buf_slice(&literal));
    buf_append_ch(out, '}');
    buf_release(&literal);
}

/*
 * First packet that matches, taken ones left out; its value in `value`. -1.  `looked_at`: also those that another step has taken without
 * a look at what they say (observed, or refused in any form): what nobody may be told is wrong all the same.
 */
static int find_packet(const struct step_run *run, bool looked_at, struct buf *value)
{
    for (int i = 0; i < run->peer->n_inbox; i++) {
        const struct inbox_item *item = &run->peer->inbox[i];

        if (item->foreign || (item->claimed_by >= 0 && !(looked_at && item->any_text)))
            continue;
        buf_clear(value);
        packet_value(item, value);
        if (matcher_match(run->match, buf_slice(value), NULL))
            return i;
    }
    return -1;
}

void packet_start(struct step_run *run)
{
    run->match = step_matcher(run, step_attribute(run, "with"));
}

void packet_poll(struct step_run *run)
{
    struct finding f = {.journal_at = -1};
    struct buf value;
    int at;

    buf_init(&value, MAX_BYTES);
    at = find_packet(run, false, &value);
    if (at >= 0) {
        run->peer->inbox[at].claimed_by = run->index;
        run->last_item = at;
        if (run->step->observe)
            step_observed(run, shorten(buf_slice(&value)));
        else if (step_capture(run, buf_slice(&value), &f))
            step_pass(run);
        else
            step_fail(run, &f);
    } else if (run->step->observe && step_soft_wait(run)) {
        step_arm(run);
    }
    buf_release(&value);
}

void packet_expire(struct step_run *run)
{
    struct finding f = {.journal_at = -1};
    char *rest = leftovers(run->peer);

    f.reason =
        xasprintf("no such packet within %u ms", (unsigned)(run->deadline_ms - run->started_ms));
    f.expected = matcher_text(run->match);
    f.actual = xasprintf("%s received: %s", run->peer->spec->name, rest);
    free(rest);
    step_fail(run, &f);
}

void packet_finish(struct step_run *run)
{
    struct buf value;
    int at;

    if (!run->armed)
        return;
    buf_init(&value, MAX_BYTES);
    at = find_packet(run, false, &value);
    step_observed(run, at >= 0 ? shorten(buf_slice(&value)) : xstrdup("nothing"));
    buf_release(&value);
}

void never_packet_start(struct step_run *run)
{
    run->match = step_matcher(run, step_attribute(run, "with"));
    if (run->match)
        step_arm(run);
}

void never_packet_finish(struct step_run *run)
{
    struct finding f = {.hit = true};
    struct buf value;
    int at;

    buf_init(&value, MAX_BYTES);
    at = find_packet(run, true, &value);
    if (at < 0) {
        step_absent(run);
    } else {
        f.reason = xasprintf("%s received a packet that must not reach it", run->peer->spec->name);
        f.expected = xstrdup("nothing");
        f.actual = shorten(buf_slice(&value));
        f.journal_at = run->peer->inbox[at].journal_at;
        step_fail(run, &f);
    }
    buf_release(&value);
}
