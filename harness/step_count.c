/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/forms.h"
#include "harness/steps.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 1 << 20 };

/* ---- alternatives ---- */

bool step_branches(struct step_run *run)
{
    const struct json_node *branches = step_attribute(run, "one_of"), *m;
    struct buf text;
    char *pattern;

    if (!branches)
        return false;
    buf_init(&text, MAX_BYTES);
    buf_append_str(&text, "{\"$oneOf\":[");
    for (m = branches->first; m; m = m->next) {
        if (m != branches->first)
            buf_append_ch(&text, ',');
        buf_append_slice(&text, m->text);
    }
    buf_append_str(&text, "]}");
    pattern = buf_take_str(&text);
    run->match = step_own_matcher(run, pattern);
    free(pattern);
    return true;
}

void step_branch_taken(struct step_run *run, struct slice value)
{
    int branch = run->match && run->result ? matcher_branch(run->match, value) : -1;
    const struct json_node *branches = step_attribute(run, "one_of");
    const struct json_node *m = branches ? branches->first : NULL;

    if (branch < 0 || run->result->observed)
        return;
    for (int i = 0; m && i < branch; i++)
        m = m->next;
    run->result->observed = m ? json_node_key(m) : xasprintf("alternative %d", branch + 1);
}

/* ---- counting ---- */

/*
 * {"exactly": 1, "of": "join*", "matches": "success"}: who wins a race is nobody's business; that two cannot win is.  It waits for the
 * acks of all calls named, whoever made them, and counts those that match.
 */

struct count {
    int calls, acks, matching;
    const struct peer *first_peer; /* of the first that matches */
    const struct sent_event *first;
    const struct inbox_item *last; /* the last one that matches */
};

static const struct inbox_item *ack_of(const struct peer *p, const struct sent_event *s)
{
    return s->ack_at >= 0 ? &p->inbox[s->ack_at] : NULL;
}

static struct slice args_of(const struct inbox_item *item)
{
    return slice_of(item->args, item->args_len);
}

/* The words mean a clear answer in whatever form: what is judged here is how many there are, not how they look. */
static bool counts(const struct step_run *run, const struct sent_event *s,
                   const struct inbox_item *item)
{
    const struct json_node *matches = step_attribute(run, "matches");

    if (run->match)
        return matcher_match(run->match, args_of(item), NULL);
    if (json_string_is(matches->text, slice_str("success")))
        return ack_is_success(args_of(item));
    if (json_string_is(matches->text, slice_str("refused")))
        return form_is_refusal(s->event, args_of(item), run->inst->plan->revision);
    return true;
}

typedef void each_call_fn(struct step_run *run, struct peer *p, const struct sent_event *s,
                          void *user);

static void each_call(struct step_run *run, each_call_fn *fn, void *user)
{
    char *glob = json_node_str(step_attribute(run, "of"), NULL);

    for (size_t i = 0; i < run->inst->sc->n_actors; i++) {
        struct peer *p = &run->inst->peers[i];

        for (int k = 0; k < p->n_sent; k++)
            if (p->sent[k].label && glob_match(glob, p->sent[k].label))
                fn(run, p, &p->sent[k], user);
    }
    free(glob);
}

static void count_call(struct step_run *run, struct peer *p, const struct sent_event *s, void *user)
{
    const struct inbox_item *item = ack_of(p, s);
    struct count *count = user;

    count->calls++;
    if (!item)
        return;
    count->acks++;
    if (!counts(run, s, item))
        return;
    if (count->matching++ == 0) {
        count->first_peer = p;
        count->first = s;
    }
    count->last = item;
}

static void claim_ack(struct step_run *run, struct peer *p, const struct sent_event *s, void *user)
{
    (void)user;
    if (s->ack_at >= 0 && p->inbox[s->ack_at].claimed_by < 0)
        p->inbox[s->ack_at].claimed_by = run->index;
}

static void append_ack(struct step_run *run, struct peer *p, const struct sent_event *s, void *user)
{
    const struct inbox_item *item = ack_of(p, s);
    char *args = item ? shorten(args_of(item)) : xstrdup("no ack");
    struct buf *out = user;

    (void)run;
    buf_appendf(out, "%s%s: %s", out->len ? ", " : "", p->spec->name, args);
    free(args);
}

/* "C1: [true,null], C2: [false,"taken"]" */
static char *all_acks(struct step_run *run)
{
    struct buf text;
    char *all, *shown;

    buf_init(&text, MAX_BYTES);
    each_call(run, append_ack, &text);
    all = buf_take_str(&text);
    shown = shorten(slice_str(all));
    free(all);
    return shown;
}

static int wanted(const struct step_run *run)
{
    int64_t n = 0;

    return json_number_i64(step_attribute(run, "exactly")->text, &n) ? (int)n : 0;
}

/* {"actor","name","ack"} of the first that matches, for `capture`. */
static bool capture(struct step_run *run, const struct count *count, struct finding *f)
{
    struct buf value;
    bool ok;

    if (!count->first)
        return step_capture(run, slice_str("null"), f);
    buf_init(&value, MAX_BYTES);
    buf_append_str(&value, "{\"actor\":");
    buf_append_json_string(&value, slice_str(count->first_peer->spec->name));
    buf_append_str(&value, ",\"name\":");
    buf_append_json_string(&value, slice_str(count->first_peer->name));
    buf_append_str(&value, ",\"ack\":");
    buf_append_slice(&value, args_of(ack_of(count->first_peer, count->first)));
    buf_append_ch(&value, '}');
    ok = step_capture(run, buf_slice(&value), f);
    buf_release(&value);
    return ok;
}

static void fail(struct step_run *run, const struct count *count, char *reason)
{
    struct finding f = {.reason = reason, .journal_at = -1};

    f.expected = xasprintf("exactly %d", wanted(run));
    f.actual = all_acks(run);
    if (count->last)
        f.journal_at = count->last->journal_at;
    step_fail(run, &f);
}

void count_start(struct step_run *run)
{
    const struct json_node *matches = step_attribute(run, "matches");

    if (matches->type != JSON_STRING)
        run->match = step_matcher(run, matches);
}

void count_poll(struct step_run *run)
{
    struct finding f = {.journal_at = -1};
    struct count count = {0};

    each_call(run, count_call, &count);
    if (count.calls > count.acks)
        return;
    each_call(run, claim_ack, NULL);
    if (run->step->observe)
        step_observed(run, xasprintf("%d of %d", count.matching, count.calls));
    else if (count.matching != wanted(run))
        fail(run, &count,
             xasprintf("%d of %d acks match, and exactly %d must", count.matching, count.calls,
                       wanted(run)));
    else if (capture(run, &count, &f))
        step_pass(run);
    else
        step_fail(run, &f);
}

void count_expire(struct step_run *run)
{
    struct count count = {0};

    each_call(run, count_call, &count);
    fail(run, &count,
         xasprintf("only %d of %d acks have come within %u ms", count.acks, count.calls,
                   (unsigned)(run->deadline_ms - run->started_ms)));
}
