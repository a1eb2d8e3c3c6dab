/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/twin.h"

#include <stdlib.h>
#include <string.h>

#include "harness/forms.h"
#include "harness/steps.h"
#include "wire/xmalloc.h"

/* ---- which steps ---- */

/* Groups and rounds add "-C1" and "@3" to the name: all of these are meant then. */
bool twin_is_named(const struct step *step, const char *twin)
{
    char *name = json_node_str(json_get(step->node, "as"), NULL);
    size_t len = strlen(twin);
    bool named = name && strncmp(name, twin, len) == 0 && (name[len] == '\0' || name[len] == '@');

    if (name && !named && strncmp(name, twin, len) == 0 && name[len] == '-') {
        const char *end = name + strcspn(name, "@");

        named = end > name + len + 2 && end[-1] >= '0' && end[-1] <= '9' &&
                memchr(name + len + 1, '-', (size_t)(end - name) - len - 1) == NULL;
    }
    free(name);
    return named;
}

static bool word_is(const struct step *step, const char *key, const char *word)
{
    const struct json_node *v = json_get(step->node, key);

    return v && v->type == JSON_STRING && json_string_is(v->text, slice_str(word));
}

/* [false, …] or [{"code": …}]: a refusal that is written out. */
static bool writes_refusal(const struct json_node *ack)
{
    const struct json_node *first = ack && ack->type == JSON_ARRAY ? ack->first : NULL;

    if (!first)
        return false;
    return first->type == JSON_FALSE ||
           (first->type == JSON_OBJECT && json_get(first, "code") && !json_get(first, "content"));
}

bool twin_is_refusal(const struct step *step)
{
    if (!step->requirements || step->observe)
        return false;
    return step->verb == VERB_IS_REFUSED || word_is(step, "ack", "refused") ||
           word_is(step, "matches", "refused") || word_is(step, "outcome", "refused") ||
           writes_refusal(json_get(step->node, "ack"));
}

/* ---- was it accepted? ---- */

static const struct inbox_item *ack_of(const struct step_run *run)
{
    const struct sent_event *s = run->peer && run->sent >= 0 ? &run->peer->sent[run->sent] : NULL;

    return s && s->ack_at >= 0 ? &run->peer->inbox[s->ack_at] : NULL;
}

/* A step that says what must come proves by passing; where anything may come, it must not be a refusal. */
static bool demands(const struct step_run *run)
{
    const struct json_node *ack = step_attribute(run, "ack");

    if (run->step->observe || step_attribute(run, "call"))
        return false;
    return run->match != NULL && !(ack && json_string_is(ack->text, slice_str("any")));
}

static bool is_accepted(const struct step_run *run)
{
    const struct inbox_item *ack = ack_of(run);

    if (run->passed && demands(run))
        return true;
    if (ack)
        return !form_is_refusal(run->peer->sent[run->sent].event, item_args(ack),
                                run->inst->plan->revision);
    return run->passed && run->sent < 0 && !run->step->observe;
}

/* Why it is no support, as a heap text. */
static char *trouble_of(const struct step_run *run, const char *twin)
{
    const struct inbox_item *ack = ack_of(run);
    char *shown, *text;

    if (run->state == STEP_PENDING || (!run->passed && !run->failed))
        return xasprintf("its twin `%s` was not played", twin);
    if (!ack)
        return xasprintf("its twin `%s`, which must be accepted, was not", twin);
    shown = shorten(item_args(ack));
    text = xasprintf("its twin `%s`, which must be accepted, was refused too: %s", twin, shown);
    free(shown);
    return text;
}

/* The first trouble of all steps of that name; NULL when each was accepted. */
static char *trouble_with(const struct instance *inst, const char *twin)
{
    bool found = false;

    for (int i = 0; i < inst->n_runs; i++) {
        const struct step_run *run = &inst->runs[i];

        if (!twin_is_named(run->step, twin))
            continue;
        found = true;
        if (!is_accepted(run))
            return trouble_of(run, twin);
    }
    return found ? NULL : xasprintf("its twin `%s` is not played in this revision", twin);
}

static void judge(struct step_run *run)
{
    struct check_result *r = run->result;
    char *twin = json_node_str(step_attribute(run, "twin"), NULL), *trouble;

    trouble = r->verdict == VERDICT_PASS ? trouble_with(run->inst, twin) : NULL;
    if (trouble) {
        free(r->reason);
        r->verdict = VERDICT_INCONCLUSIVE;
        r->reason = xasprintf("as expected, but nothing shows that it is for the right reason: %s",
                              trouble);
    }
    free(trouble);
    free(twin);
}

void twin_judge(struct instance *inst)
{
    for (int i = 0; i < inst->n_runs; i++)
        if (inst->runs[i].result && step_attribute(&inst->runs[i], "twin"))
            judge(&inst->runs[i]);
}
