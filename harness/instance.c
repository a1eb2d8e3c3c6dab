/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/instance.h"

#include <stdlib.h>
#include <string.h>

#include "harness/absence.h"
#include "harness/steps.h"
#include "wire/xmalloc.h"

enum {
    /* After a failure: what still works comes fast, the rest is not worth waiting for; the less so the oftener. */
    BLOCKED_TIMEOUT_MS = 1000,
    HOPELESS_TIMEOUT_MS = 200,
};

static uint64_t now_ms(const struct instance *inst)
{
    return net_loop_now_ms(inst->loop);
}

static void enter(struct instance *inst, enum phase phase)
{
    inst->phase = phase;
    inst->phase_ms = now_ms(inst);
    inst->phase_lag_ms = inst->lag(inst->user);
}

/* ---- the check table ---- */

static const char *const no_requirements[] = {NULL};

static bool step_applies(const struct step *step, enum smcp_revision_id revision)
{
    return step->since <= revision && revision <= step->until;
}

static bool step_is_check(const struct step *step)
{
    return step->verb != VERB_TOGETHER && (step->requirements || step->observe);
}

typedef void each_step_fn(void *user, const struct step *step, int group);

static void each_child(const struct step *step, enum smcp_revision_id revision, int group,
                       each_step_fn *fn, void *user)
{
    if (!step_applies(step, revision))
        return;
    if (step->verb != VERB_TOGETHER) {
        fn(user, step, group);
        return;
    }
    for (size_t i = 0; i < step->n_children; i++)
        each_child(&step->children[i], revision, group, fn, user);
}

static void each_step(const struct scenario *sc, enum smcp_revision_id revision, each_step_fn *fn,
                      void *user)
{
    for (size_t i = 0; i < sc->n_steps; i++)
        each_child(&sc->steps[i], revision, (int)i, fn, user);
}

static struct check_result *check_add(struct scenario_result *r)
{
    struct check_result *c;

    r->checks = xrealloc(r->checks, (r->n_checks + 1) * sizeof(*r->checks));
    c = &r->checks[r->n_checks++];
    *c = (struct check_result){.verdict = VERDICT_SKIP,
                               .journal_from = -1,
                               .journal_at = -1,
                               .journal_until = -1,
                               .blocked_by = -1};
    return c;
}

static void add_step_check(void *user, const struct step *step, int group)
{
    struct scenario_result *r = user;
    struct check_result *c;

    (void)group;
    if (!step_is_check(step))
        return;
    c = check_add(r);
    c->check = step->check;
    c->requirements =
        step->requirements ? (const char *const *)step->requirements : no_requirements;
    c->actor = step->actor >= 0 ? r->scenario->actors[step->actor].name : NULL;
    c->should = step->should;
    c->observe = step->observe;
    c->at = step->at;
}

void instance_prepare_result(struct scenario_result *r, const struct scenario *sc,
                             enum smcp_revision_id revision)
{
    r->scenario = sc;
    each_step(sc, revision, add_step_check, r);
    for (int i = 0; i < MONITOR_COUNT; i++) {
        struct check_result *c = check_add(r);

        c->check = monitor_rows[i].check;
        c->requirements = monitor_rows[i].requirements;
    }
}

/* ---- start ---- */

static void add_run(void *user, const struct step *step, int group)
{
    struct instance *inst = user;
    struct step_run *run;

    inst->runs = xrealloc(inst->runs, (size_t)(inst->n_runs + 1) * sizeof(*inst->runs));
    run = &inst->runs[inst->n_runs];
    memset(run, 0, sizeof(*run));
    run->step = step;
    run->inst = inst;
    run->index = inst->n_runs++;
    run->group = group;
    run->sent = run->last_item = -1;
    run->peer = step->actor >= 0 ? &inst->peers[step->actor] : NULL;
    buf_init(&run->http_value, 4 << 20);
}

/* Results stand in the same order as the steps that are checks. */
static void link_results(struct instance *inst)
{
    size_t next = 0;

    for (int i = 0; i < inst->n_runs; i++)
        if (step_is_check(inst->runs[i].step))
            inst->runs[i].result = &inst->result->checks[next++];
}

static void name_actor(struct instance *inst, struct peer *p)
{
    const struct json_node *own = json_get(p->spec->node, "name");
    struct template_env env = instance_env(inst);
    struct buf text;
    char *variable = xasprintf("%s.name", p->spec->name);

    buf_init(&text, 65536);
    if (own && template_expand_text(own, &env, &text, NULL))
        p->name = buf_take_str(&text);
    else
        p->name = vars_unique(&inst->vars, p->spec->name);
    vars_set_text(&inst->vars, variable, slice_str(p->name));
    free(variable);
    buf_release(&text);
}

static void name_office_as(struct instance *inst, char *stem)
{
    char *real;

    if (!stem)
        return;
    real = vars_unique(&inst->vars, stem);
    vars_set_text(&inst->vars, stem, slice_str(real));
    free(real);
    free(stem);
}

static void name_office(void *user, const struct step *step, int group)
{
    struct instance *inst = user;

    (void)group;
    name_office_as(inst, json_node_str(json_get(step->node, "office"), NULL));
}

/* Those of the steps, and those that only references name. */
static void name_offices(struct instance *inst)
{
    const struct json_node *more = json_get(json_doc_root(inst->sc->doc), "offices");

    each_step(inst->sc, inst->plan->revision, name_office, inst);
    for (const struct json_node *m = more ? more->first : NULL; m; m = m->next)
        name_office_as(inst, json_node_str(m, NULL));
}

static void on_changed(void *user)
{
    struct instance *inst = user;

    inst->changed(inst->user, inst);
}

static struct monitor_view view_of(const struct instance *inst)
{
    return (struct monitor_view){inst->plan->revision, inst->plan->schemas, &inst->vars,
                                 inst->peers, inst->sc->n_actors};
}

static void on_malformed(void *user, struct peer *p, const char *text, int journal_at)
{
    struct instance *inst = user;

    monitor_malformed(&inst->monitor, p, text, journal_at);
}

static void on_sending(void *user)
{
    struct instance *inst = user;

    inst->sending(inst->user, inst);
}

static void on_lost(void *user, struct peer *p)
{
    struct instance *inst = user;

    inst->lost(inst->user, inst, p);
}

static void on_foreign(void *user, struct peer *p, long serial, const struct inbox_item *item)
{
    struct instance *inst = user;

    inst->foreign(inst->user, inst, p, serial, item);
}

static void block(struct instance *inst, char *text)
{
    if (inst->blocked)
        free(text);
    else
        inst->blocked = text;
}

static void connect_actor(struct instance *inst, struct peer *p)
{
    struct connect_attributes how = {.actor = p->spec->node};
    char *error = NULL;

    if (!p->spec->connects_first)
        return;
    how.engine_only = p->spec->role == ACTOR_RAW && !json_get(p->spec->node, "namespace");
    if (!peer_connect(p, &how, &error))
        block(inst, xasprintf("%s cannot connect: %s", p->spec->name, error));
    free(error);
}

void instance_start(struct instance *inst)
{
    const struct scenario *sc = inst->sc;
    const char *transport = inst->transport;

    vars_init(&inst->vars, inst->plan->seed, inst->serial);
    vars_set_text(&inst->vars, "revision", slice_str(smcp_revision(inst->plan->revision)->name));
    journal_init(&inst->journal);
    monitor_init(&inst->monitor);
    inst->blocker = -1;
    inst->host = (struct peer_host){.loop = inst->loop,
                                    .revision = inst->plan->revision,
                                    .journal = &inst->journal,
                                    .vars = &inst->vars,
                                    .target = inst->target,
                                    .mode = strcmp(transport, "polling") == 0   ? CLIENT_POLLING
                                            : strcmp(transport, "upgrade") == 0 ? CLIENT_UPGRADE
                                                                                : CLIENT_WEBSOCKET,
                                    .connect_timeout_ms = inst->plan->timeout_ms,
                                    .changed = on_changed,
                                    .malformed = on_malformed,
                                    .sending = on_sending,
                                    .lost = on_lost,
                                    .foreign = on_foreign,
                                    .user = inst};
    inst->peers = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->peers));
    inst->fences = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->fences));
    inst->fence_done = xcalloc(sc->n_actors ? sc->n_actors : 1, sizeof(*inst->fence_done));
    name_offices(inst);
    for (size_t i = 0; i < sc->n_actors; i++) {
        peer_init(&inst->peers[i], &inst->host, &sc->actors[i], (int)i);
        name_actor(inst, &inst->peers[i]);
    }
    each_step(sc, inst->plan->revision, add_run, inst);
    link_results(inst);
    for (size_t i = 0; i < sc->n_actors; i++)
        connect_actor(inst, &inst->peers[i]);
    enter(inst, PHASE_CONNECTING);
    on_changed(inst);
}

/* ---- connecting ---- */

/* When the phase has lasted `ms`, our own stalls not counted. */
static uint64_t phase_end(const struct instance *inst, uint32_t ms)
{
    return inst->phase_ms + ms + (inst->lag(inst->user) - inst->phase_lag_ms);
}

static bool timed_out(const struct instance *inst, uint32_t ms)
{
    return now_ms(inst) >= phase_end(inst, ms);
}

/* An actor of the start: there, not yet, or never (then the scenario is blocked). */
static bool actor_is_there(struct instance *inst, const struct peer *p)
{
    const struct peer_conn *c = p->conn;
    const char *name = p->spec->name;

    if (!p->spec->connects_first || !c)
        return true;
    if (c->closed)
        block(inst, peer_trouble(p));
    else if (c->refused)
        block(inst, xasprintf("the CONNECT of %s was refused: %s", name,
                              p->inbox[c->connect_at].payload));
    else if (c->nsp_ended)
        block(inst, xasprintf("the server disconnected %s right after CONNECT", name));
    else if (c->nsp ? c->accepted &&
                          (inst->host.mode != CLIENT_UPGRADE || c->upgraded || p->spec->transport)
                    : c->open)
        return true;
    else if (timed_out(inst, inst->plan->timeout_ms))
        block(inst, xasprintf("%s: no answer to %s within %u ms", name,
                              !c->open      ? "the handshake"
                              : c->accepted ? "the upgrade"
                                            : "CONNECT",
                              inst->plan->timeout_ms));
    return inst->blocked != NULL;
}

static void advance_connecting(struct instance *inst)
{
    for (size_t i = 0; i < inst->sc->n_actors && !inst->blocked; i++)
        if (!actor_is_there(inst, &inst->peers[i]))
            return;
    enter(inst, inst->target->warmup_ms && !inst->blocked ? PHASE_WARMUP : PHASE_RUNNING);
}

/* ---- running ---- */

static void run_start(struct step_run *run)
{
    struct instance *inst = run->inst;
    const struct step *step = run->step;
    uint32_t wait = step->within_ms ? step->within_ms : inst->plan->timeout_ms;

    if (inst->blocker >= 0 && !step->within_ms && wait > BLOCKED_TIMEOUT_MS)
        wait = inst->hopeless ? HOPELESS_TIMEOUT_MS : BLOCKED_TIMEOUT_MS;
    run->state = STEP_RUNNING;
    run->started_ms = now_ms(inst);
    run->deadline_ms = run->started_ms + wait;
    run->lag_ms = inst->lag(inst->user);
    if (run->result)
        run->result->journal_from = (int)inst->journal.n;
    if (verb_ops[step->verb].start)
        verb_ops[step->verb].start(run);
}

/* A stall of our own loop does not count as time that the server has used up. */
static bool run_expired(const struct step_run *run)
{
    return now_ms(run->inst) >= run->deadline_ms + (run->inst->lag(run->inst->user) - run->lag_ms);
}

static void run_poll(struct step_run *run)
{
    const struct verb_ops *ops = &verb_ops[run->step->verb];

    if (run->state == STEP_RUNNING && ops->poll)
        ops->poll(run);
    if (run->state != STEP_RUNNING)
        return;
    if (!ops->poll && !ops->expire) {
        step_pass(run);
        return;
    }
    if (run_expired(run) && ops->expire) {
        run->inst->hopeless = run->inst->blocker >= 0;
        ops->expire(run);
    }
}

/* False while a step of the group is under way. */
static bool advance_group(struct instance *inst, int end)
{
    bool busy = false;

    for (int i = inst->at; i < end && !inst->blocked; i++)
        if (inst->runs[i].state == STEP_PENDING)
            run_start(&inst->runs[i]);
    for (int i = inst->at; i < end; i++) {
        if (inst->runs[i].state == STEP_RUNNING)
            run_poll(&inst->runs[i]);
        busy = busy || inst->runs[i].state == STEP_RUNNING;
    }
    return !busy || inst->blocked;
}

static int group_end(const struct instance *inst)
{
    int end = inst->at;

    while (end < inst->n_runs && inst->runs[end].group == inst->runs[inst->at].group)
        end++;
    return end;
}

static void advance_running(struct instance *inst)
{
    while (inst->at < inst->n_runs && !inst->blocked) {
        int end = group_end(inst);

        if (!advance_group(inst, end))
            return;
        inst->at = end;
    }
    absence_begin(inst);
    enter(inst, PHASE_FENCING);
}

static void advance_fencing(struct instance *inst)
{
    switch (absence_poll(inst, timed_out(inst, inst->plan->timeout_ms))) {
    case ABSENCE_WAITING:
        break;
    case ABSENCE_NEXT_ROUND:
        enter(inst, PHASE_FENCING);
        break;
    case ABSENCE_OVER:
        enter(inst, PHASE_PARKED);
        break;
    }
}

void instance_advance(struct instance *inst)
{
    enum phase before;

    do {
        before = inst->phase;
        switch (inst->phase) {
        case PHASE_CONNECTING:
            advance_connecting(inst);
            break;
        case PHASE_WARMUP:
            if (timed_out(inst, inst->target->warmup_ms))
                enter(inst, PHASE_RUNNING);
            break;
        case PHASE_RUNNING:
            advance_running(inst);
            break;
        case PHASE_FENCING:
            advance_fencing(inst);
            break;
        case PHASE_PARKED:
        case PHASE_DONE:
            break;
        }
    } while (inst->phase != before);
    inst->parked_ms = inst->phase == PHASE_PARKED ? inst->phase_ms : 0;
}

static uint64_t earliest_step(const struct instance *inst)
{
    uint64_t lag = inst->lag(inst->user);
    uint64_t due = UINT64_MAX;

    for (int i = inst->at; i < inst->n_runs && inst->runs[i].group == inst->runs[inst->at].group;
         i++) {
        const struct step_run *run = &inst->runs[i];

        if (run->state == STEP_RUNNING && run->deadline_ms + (lag - run->lag_ms) < due)
            due = run->deadline_ms + (lag - run->lag_ms);
    }
    return due;
}

uint64_t instance_deadline(const struct instance *inst)
{
    switch (inst->phase) {
    case PHASE_CONNECTING:
    case PHASE_FENCING:
        return phase_end(inst, inst->plan->timeout_ms);
    case PHASE_WARMUP:
        return phase_end(inst, inst->target->warmup_ms);
    case PHASE_RUNNING:
        return earliest_step(inst);
    case PHASE_PARKED:
    case PHASE_DONE:
        break;
    }
    return UINT64_MAX;
}

unsigned instance_connections(const struct instance *inst)
{
    unsigned n = 0;

    if (inst->phase == PHASE_DONE)
        return 0;
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        for (unsigned k = 0; k < inst->peers[i].n_conns; k++)
            n += !inst->peers[i].conns[k]->closed;
    return n;
}

/* ---- the end ---- */

static const char *blocked_text(const struct instance *inst)
{
    return inst->blocked ? inst->blocked : "the scenario did not get that far";
}

static void judge_unfinished(struct step_run *run, const char *why)
{
    struct check_result *r = run->result;

    run->state = STEP_DONE;
    if (!r || r->verdict != VERDICT_SKIP)
        return;
    r->verdict = VERDICT_INCONCLUSIVE;
    r->reason = why ? xstrdup(why) : xasprintf("blocked: %s", blocked_text(run->inst));
    r->blocked_by = run->inst->blocker;
}

/*
 * What a `receives` that was not met or not reached would have taken is accounted for, by name: it must not look like something that
 * should not have come.
 */
static void account_for_unmet(struct instance *inst)
{
    for (int i = 0; i < inst->n_runs; i++) {
        struct step_run *run = &inst->runs[i];

        if (run->step->verb == VERB_RECEIVE && !run->passed && !run->armed)
            receive_account(run);
    }
}

static void judge_run(struct step_run *run, const char *why)
{
    const struct verb_ops *ops = &verb_ops[run->step->verb];

    if (why && (run->state != STEP_DONE || run->armed))
        judge_unfinished(run, why);
    else if (run->state == STEP_DONE && ops->finish && (run->armed || run->passed))
        ops->finish(run);
    judge_unfinished(run, NULL);
}

/* Observations first: they take what they have seen. */
static void judge_armed(struct instance *inst, const char *why)
{
    account_for_unmet(inst);
    for (int i = 0; i < inst->n_runs; i++)
        if (inst->runs[i].step->observe)
            judge_run(&inst->runs[i], why);
    for (int i = 0; i < inst->n_runs; i++)
        if (!inst->runs[i].step->observe)
            judge_run(&inst->runs[i], why);
}

static void judge_monitors(struct instance *inst)
{
    struct monitor_view view = view_of(inst);
    size_t first = inst->result->n_checks - MONITOR_COUNT;

    monitor_finish(&inst->monitor, &view);
    for (int i = 0; i < MONITOR_COUNT; i++) {
        struct check_result *r = &inst->result->checks[first + (size_t)i];

        r->verdict = inst->monitor.reason[i] ? VERDICT_FAIL : VERDICT_PASS;
        r->reason = inst->monitor.reason[i];
        r->journal_at = inst->monitor.reason[i] ? inst->monitor.journal_at[i] : -1;
        inst->monitor.reason[i] = NULL;
        if (r->verdict == VERDICT_PASS && inst->blocked && inst->journal.n == 0) {
            r->verdict = VERDICT_INCONCLUSIVE;
            r->reason = xasprintf("blocked: %s", inst->blocked);
        }
    }
}

/* scenarios/selftest: the judge must find what is wrong; if it does, that is a pass. */
static void turn_must_fail(struct scenario_result *r)
{
    const char *text = r->scenario->must_fail_text;
    bool found = false;

    for (size_t i = 0; i < r->n_checks; i++) {
        struct check_result *c = &r->checks[i];

        if (c->verdict != VERDICT_FAIL && c->verdict != VERDICT_WARN)
            continue;
        if (text && !(c->reason && strstr(c->reason, text)))
            continue;
        found = true;
        c->verdict = VERDICT_PASS;
    }
    if (found || r->n_checks == 0)
        return;
    free(r->checks[0].reason);
    r->checks[0].verdict = VERDICT_FAIL;
    r->checks[0].reason = xasprintf("this scenario must fail%s%s%s, but it did not",
                                    text ? " with `" : "", text ? text : "", text ? "`" : "");
}

static void fill_result(struct instance *inst)
{
    struct scenario_result *r = inst->result;

    r->trouble = inst->blocked ? xstrdup(inst->blocked) : NULL;
    r->actor_names = xcalloc(inst->sc->n_actors ? inst->sc->n_actors : 1, sizeof(char *));
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        r->actor_names[i] =
            xstrdup(inst->peers[i].joined_as ? inst->peers[i].joined_as : inst->peers[i].name);
    if (inst->sc->must_fail)
        turn_must_fail(r);
    for (size_t i = 0; i < r->n_checks; i++)
        r->verdict = verdict_worse(r->verdict, r->checks[i].verdict);
    r->journal = journal_take(&inst->journal, &r->n_journal);
}

void instance_finish(struct instance *inst, const char *why)
{
    if (inst->phase == PHASE_DONE)
        return;
    judge_armed(inst, why);
    judge_monitors(inst);
    fill_result(inst);
    enter(inst, PHASE_DONE);
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        peer_release(&inst->peers[i]);
}

static void run_release(struct step_run *run)
{
    if (run->http)
        http_call_cancel(run->http, true);
    matcher_free(run->match);
    matcher_free(run->match_more);
    matcher_free(run->match_body);
    json_doc_free(run->doc);
    buf_release(&run->http_value);
    free(run->http_error);
    free(run->office);
    free(run->name);
    free(run->role);
}

void instance_release(struct instance *inst)
{
    for (int i = 0; i < inst->n_runs; i++)
        run_release(&inst->runs[i]);
    free(inst->runs);
    if (inst->peers && inst->phase != PHASE_DONE)
        for (size_t i = 0; i < inst->sc->n_actors; i++)
            peer_release(&inst->peers[i]);
    free(inst->peers);
    free(inst->fences);
    free(inst->fence_done);
    free(inst->blocked);
    free(inst->notes);
    monitor_release(&inst->monitor);
    journal_release(&inst->journal);
    vars_release(&inst->vars);
}
