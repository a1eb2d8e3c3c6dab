/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/forms.h"
#include "harness/steps.h"
#include "wire/xmalloc.h"

static const struct sent_event *sent_of(const struct step_run *run)
{
    return &run->peer->sent[run->sent];
}

static bool is_membership(const char *event)
{
    return strcmp(event, "server:join_office") == 0 || strcmp(event, "server:leave_office") == 0;
}

/* Only joins and leaves that were to succeed and did not leave the office's state in doubt. */
static bool ack_leaves_doubt(const struct step_run *run, struct slice args)
{
    const struct json_node *ack = step_attribute(run, "ack");

    if (!is_membership(sent_of(run)->event))
        return false;
    return ack && json_string_is(ack->text, slice_str("refused")) ? true : !ack_is_success(args);
}

static void judge_ack(struct step_run *run)
{
    const struct sent_event *s = sent_of(run);
    struct inbox_item *item = &run->peer->inbox[s->ack_at];
    struct slice args = item_args(item);
    struct finding f = {.journal_at = item->journal_at};

    item->claimed_by = run->index;
    item->any_text = run->step->observe;
    run->last_item = s->ack_at;
    if (run->step->observe) {
        step_observed(run, shorten(args));
        return;
    }
    if (!run->match || matcher_match(run->match, args, NULL)) {
        step_branch_taken(run, args);
        if (step_capture(run, args, &f))
            step_pass(run);
        else
            step_fail(run, &f);
        return;
    }
    step_explain(&f, run->match, args, "ack");
    f.soft = !ack_leaves_doubt(run, args);
    if (!run->result && f.soft && is_membership(s->event) && !step_attribute(run, "ack")) {
        finding_release(&f); /* as a precondition, a success in an odd form will do */
        step_pass(run);
        return;
    }
    step_fail(run, &f);
}

void ack_poll(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    if (run->sent < 0)
        return;
    if (sent_of(run)->ack_at >= 0) {
        judge_ack(run);
    } else if (run->step->observe && step_soft_wait(run)) {
        step_arm(run);
    } else if (!run->step->observe && !peer_can_send(run->peer)) {
        char *why = peer_trouble(run->peer);

        f.reason = xasprintf("no ack to %s: %s", sent_of(run)->event, why);
        f.actual = xstrdup("no ack");
        free(why);
        step_fail(run, &f);
    }
}

void ack_expire(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    f.reason =
        xasprintf("no ack to %s within %u ms", run->sent >= 0 ? sent_of(run)->event : "the event",
                  (unsigned)(run->deadline_ms - run->started_ms));
    f.expected = matcher_text(run->match);
    f.actual = xstrdup("no ack");
    step_fail(run, &f);
}

/* Of observed acks that had not come when the fence was answered. */
void ack_finish(struct step_run *run)
{
    if (!run->armed || run->sent < 0)
        return;
    if (sent_of(run)->ack_at >= 0)
        judge_ack(run);
    else
        step_observed(run, xstrdup("no ack"));
}

/* The event that `call` names; false after the step was failed. */
static bool find_call(struct step_run *run)
{
    char *label = json_node_str(step_attribute(run, "call"), NULL);
    struct finding f = {.journal_at = -1};

    run->sent = label ? peer_find_call(run->peer, label) : -1;
    if (run->sent < 0) {
        f.reason = xasprintf("the call `%s` was not made", label ? label : "");
        step_fail(run, &f);
    }
    free(label);
    return run->sent >= 0;
}

void get_ack_start(struct step_run *run)
{
    const struct json_node *ack = step_attribute(run, "ack");
    const char *text = NULL;
    char *word = ack && ack->type == JSON_STRING ? json_node_str(ack, NULL) : NULL;

    if (!find_call(run) || step_branches(run) || !ack) {
        free(word);
        return;
    }
    if (!word) {
        run->match = step_matcher(run, ack);
        return;
    }
    if (strcmp(word, "any") != 0)
        text = form_ack_pattern(word, run->inst->plan->revision);
    free(word);
    if (text && json_doc_parse(slice_str(text), JSON_DEPTH_LIMIT, &run->doc, NULL) == WIRE_OK)
        run->match = step_matcher(run, json_doc_root(run->doc));
}

void no_ack_start(struct step_run *run)
{
    const struct json_node *form = step_attribute(run, "form");

    if (find_call(run) && form)
        run->match = step_matcher(run, form);
}

void no_ack_poll(struct step_run *run)
{
    if (sent_of(run)->ack_at >= 0 || step_soft_wait(run))
        step_arm(run);
}

static bool ack_arrived(struct step_run *run, struct finding *f)
{
    struct inbox_item *item;

    if (sent_of(run)->ack_at < 0)
        return false;
    item = &run->peer->inbox[sent_of(run)->ack_at];
    item->claimed_by = run->index;
    item->any_text = true;
    run->last_item = sent_of(run)->ack_at;
    f->journal_at = item->journal_at;
    f->actual = shorten(item_args(item));
    f->hit = true;
    return true;
}

void no_ack_finish(struct step_run *run)
{
    struct finding f = {.journal_at = -1};

    if (!ack_arrived(run, &f)) {
        step_absent(run);
        return;
    }
    f.reason = xasprintf("an ack to %s came, and none may come", sent_of(run)->event);
    f.expected = xstrdup("no ack");
    step_fail(run, &f);
}

void refused_finish(struct step_run *run)
{
    const struct sent_event *s = sent_of(run);
    struct finding f = {.journal_at = -1};
    struct slice args;

    if (!ack_arrived(run, &f)) {
        step_absent(run);
        return;
    }
    args = item_args(&run->peer->inbox[s->ack_at]);
    if (run->step->observe) {
        step_observed(run, f.actual);
    } else if (!form_is_refusal(s->event, args, run->inst->plan->revision)) {
        f.reason = xasprintf("%s must be refused, and its ack is none of a refusal", s->event);
        f.expected = xstrdup("no ack, false, or an error object");
        step_fail(run, &f);
    } else if (run->match && !matcher_match(run->match, args, NULL)) {
        free(f.actual);
        step_explain(&f, run->match, args, "ack");
        step_fail(run, &f);
    } else {
        finding_release(&f);
        step_absent(run);
        if (run->result)
            run->result->absence = ABSENCE_NONE;
    }
}
