/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/absence.h"
#include "harness/steps.h"
#include "wire/xmalloc.h"

/* How the outcome of a step becomes a verdict. */

void finding_release(struct finding *f)
{
    free(f->reason);
    free(f->expected);
    free(f->actual);
    free(f->diff);
    memset(f, 0, sizeof(*f));
}

static char *step_place(const struct step_run *run)
{
    const char *what = run->step->check ? run->step->check : verb_rows[run->step->verb].text;

    return xasprintf("line %u, %s%s%s", run->step->at.line,
                     run->peer && !run->step->check ? run->peer->spec->name : "",
                     run->peer && !run->step->check ? " " : "", what);
}

static void run_done(struct step_run *run)
{
    run->state = STEP_DONE;
    if (run->result)
        run->result->duration_ms = (uint32_t)(net_loop_now_ms(run->inst->loop) - run->started_ms);
}

void step_pass(struct step_run *run)
{
    run_done(run);
    run->passed = true;
    if (!run->result || run->result->verdict != VERDICT_SKIP)
        return;
    run->result->verdict = run->step->observe ? VERDICT_INFO : VERDICT_PASS;
    if (run->last_item >= 0 && run->peer)
        run->result->journal_at = run->peer->inbox[run->last_item].journal_at;
}

static void block_by_precondition(struct step_run *run, struct finding *f)
{
    struct instance *inst = run->inst;
    char *place = step_place(run);

    if (!inst->blocked)
        inst->blocked = xasprintf("step at %s: %s%s%s", place, f->reason,
                                  f->actual ? "; actual: " : "", f->actual ? f->actual : "");
    free(place);
    finding_release(f);
}

static void result_replace(struct check_result *r, struct finding *f)
{
    free(r->reason);
    free(r->expected);
    free(r->actual);
    free(r->diff);
    r->reason = f->reason;
    r->expected = f->expected;
    r->actual = f->actual;
    r->diff = f->diff;
    if (f->journal_at >= 0)
        r->journal_at = f->journal_at;
    memset(f, 0, sizeof(*f));
}

/* The first failure speaks; what fails after it may be its consequence. */
static void make_consequence(struct step_run *run)
{
    struct instance *inst = run->inst;
    struct check_result *r = run->result;
    char *own = r->reason;

    r->verdict = VERDICT_INCONCLUSIVE;
    r->blocked_by = inst->blocker;
    r->reason = xasprintf("blocked by the failure of `%s`: %s",
                          inst->result->checks[inst->blocker].check, own);
    free(own);
}

static void tell_round(const struct step_run *run, struct finding *f)
{
    char *reason = f->reason;

    if (run->step->round == 0)
        return;
    f->reason = xasprintf("round %u: %s", run->step->round, reason ? reason : "");
    free(reason);
}

void step_fail(struct step_run *run, struct finding *f)
{
    struct instance *inst = run->inst;
    struct check_result *r = run->result;
    bool soft = f->soft, hit = f->hit;

    if (run->step->observe) {
        char *seen = f->actual ? xasprintf("%s", f->actual) : xstrdup(f->reason);

        finding_release(f);
        step_observed(run, seen);
        return;
    }
    run_done(run);
    run->failed = true;
    tell_round(run, f);
    if (!r) {
        block_by_precondition(run, f);
        return;
    }
    if (run->step->repeats && r->verdict >= VERDICT_WARN) { /* an earlier round has spoken */
        finding_release(f);
        return;
    }
    result_replace(r, f);
    if (!hit)
        r->journal_until = (int)inst->journal.n;
    if (run->step->should) {
        r->verdict = VERDICT_WARN;
        return;
    }
    r->verdict = VERDICT_FAIL;
    if (hit)
        return;
    if (inst->blocker >= 0)
        make_consequence(run);
    else if (!soft)
        inst->blocker = (int)(r - inst->result->checks);
}

void step_lacks(struct step_run *run, char *text)
{
    struct instance *inst = run->inst;
    char *place = step_place(run);

    run_done(run);
    run->failed = true;
    if (!inst->blocked)
        inst->blocked = xasprintf("%s: %s", place, text);
    free(place);
    free(text);
}

void step_error(struct step_run *run, char *text)
{
    struct instance *inst = run->inst;
    struct check_result *r = run->result ? run->result : &inst->result->checks[0];
    char *place;

    if (inst->blocker >= 0) { /* what the failed check was to bring is no fault of the scenario */
        step_lacks(run, text);
        return;
    }
    place = step_place(run);
    run_done(run);
    run->failed = true;
    free(r->reason);
    r->verdict = VERDICT_ERROR;
    r->reason = xasprintf("%s: %s", place, text);
    if (!inst->blocked)
        inst->blocked = xstrdup(r->reason);
    free(place);
    free(text);
}

/* The sid of an actor, as long as `at` begins with one; NULL: it does not. */
static const char *sid_at(const struct instance *inst, const char *at, const struct peer **ret_peer)
{
    for (size_t i = 0; i < inst->sc->n_actors; i++) {
        const struct peer *p = &inst->peers[i];

        for (unsigned k = 0; k < p->n_conns; k++) {
            const char *sid = p->conns[k]->sid;

            if (sid && *sid && strncmp(at, sid, strlen(sid)) == 0) {
                *ret_peer = p;
                return sid;
            }
        }
    }
    return NULL;
}

/* Observations are compared between servers, and every connection has another sid: "C.sid" stands for that of C.  Takes `text`. */
static char *without_sids(const struct instance *inst, char *text)
{
    struct buf out;

    buf_init(&out, SIZE_MAX);
    for (const char *at = text; *at;) {
        const struct peer *p;
        const char *sid = sid_at(inst, at, &p);

        if (sid)
            buf_appendf(&out, "%s.sid", p->spec->name);
        else
            buf_append_ch(&out, *at);
        at += sid ? strlen(sid) : 1;
    }
    free(text);
    return buf_take_str(&out);
}

void step_observed(struct step_run *run, char *text)
{
    run_done(run);
    run->passed = true;
    if (!run->result) {
        free(text);
        return;
    }
    run->result->verdict = VERDICT_INFO;
    free(run->result->observed);
    run->result->observed = without_sids(run->inst, text);
}

/* Somebody else has received an event of that name, so that its cause is known to be complete. */
static bool is_witnessed(const struct step_run *run)
{
    for (int i = 0; run->name && i < run->inst->n_runs; i++) {
        const struct step_run *other = &run->inst->runs[i];

        if (other->step->verb == VERB_RECEIVE && other->passed && other->peer != run->peer &&
            other->last_item >= 0 &&
            event_matches(run->name, other->peer->inbox[other->last_item].event))
            return true;
    }
    return false;
}

void step_absent(struct step_run *run)
{
    struct instance *inst = run->inst;
    struct check_result *r = run->result;

    run_done(run);
    if (run->step->observe) {
        step_observed(run, xstrdup("nothing"));
        return;
    }
    if (!r || r->verdict != VERDICT_SKIP)
        return;
    r->absence = absence_grade_of(inst, run->peer, is_witnessed(run));
    r->settled_ms = (uint32_t)(net_loop_now_ms(inst->loop) - inst->parked_ms);
    if (inst->blocked || inst->blocker >= 0) {
        r->verdict = VERDICT_INCONCLUSIVE;
        r->blocked_by = inst->blocker;
        r->reason = inst->blocked ? xasprintf("blocked: %s", inst->blocked)
                                  : xasprintf("blocked by the failure of `%s`",
                                              inst->result->checks[inst->blocker].check);
    } else if (r->absence == ABSENCE_UNPROVEN) {
        r->verdict = VERDICT_INCONCLUSIVE;
        r->reason = xasprintf("nothing came, but %s has answered no fence: absence is not proven",
                              run->peer->spec->name);
    } else {
        r->verdict = VERDICT_PASS;
    }
}

/* ---- what steps read ---- */

struct template_env instance_env(struct instance *inst)
{
    return (struct template_env){vars_lookup, &inst->vars, inst->vars.revision};
}

const struct json_node *step_attribute(const struct step_run *run, const char *name)
{
    return json_get(run->step->node, name);
}

char *step_text(struct step_run *run, const char *name)
{
    const struct json_node *node = step_attribute(run, name);
    struct template_env env = instance_env(run->inst);
    char *missing = NULL;
    struct buf text;

    if (!node)
        return NULL;
    buf_init(&text, 4 << 20);
    if (!template_expand_text(node, &env, &text, &missing)) {
        buf_release(&text);
        step_lacks(run, xasprintf("`%s`: {%s} has no value", name, missing));
        free(missing);
        return NULL;
    }
    return buf_take_str(&text);
}

struct matcher *step_matcher(struct step_run *run, const struct json_node *pattern)
{
    struct template_env env = instance_env(run->inst);
    struct matcher_fault fault = {0};
    struct matcher *m =
        matcher_compile(pattern, run->inst->plan->schemas, run->inst->plan->revision, &env, &fault);

    if (!m)
        step_error(run, fault.text ? fault.text : xstrdup("malformed pattern"));
    return m;
}

bool step_capture(struct step_run *run, struct slice value, struct finding *ret)
{
    const struct json_node *capture = step_attribute(run, "capture");
    struct json_doc *doc;

    if (!capture)
        return true;
    if (json_doc_parse(value, JSON_DEPTH_LIMIT, &doc, NULL) != WIRE_OK) {
        ret->reason = xstrdup("cannot capture: what came is no JSON");
        return false;
    }
    for (const struct json_node *m = capture->first; m; m = m->next) {
        char *name = json_node_key(m);
        char *pointer = json_node_str(m, NULL);
        const struct json_node *found = json_pointer(json_doc_root(doc), pointer);

        if (found)
            vars_set(&run->inst->vars, name, found->text);
        else if (!ret->reason)
            ret->reason = xasprintf("nothing stands at %s, which is to become {%s}", pointer, name);
        free(name);
        free(pointer);
    }
    json_doc_free(doc);
    if (ret->reason) {
        ret->actual = shorten(value);
        ret->journal_at = -1;
    }
    return !ret->reason;
}
