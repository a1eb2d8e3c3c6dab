/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/instance.h"

#include <stdlib.h>

#include "harness/absence.h"
#include "harness/instance_internal.h"
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

void instance_enter(struct instance *inst, enum phase phase)
{
    inst->phase = phase;
    inst->phase_ms = now_ms(inst);
    inst->phase_lag_ms = inst->lag(inst->user);
}

void instance_block(struct instance *inst, char *text)
{
    if (inst->blocked)
        free(text);
    else
        inst->blocked = text;
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
        instance_block(inst, peer_trouble(p));
    else if (c->refused)
        instance_block(inst, xasprintf("the CONNECT of %s was refused: %s", name,
                                       p->inbox[c->connect_at].payload));
    else if (c->nsp_ended)
        instance_block(inst, xasprintf("the server disconnected %s right after CONNECT", name));
    else if (c->nsp ? c->accepted &&
                          (inst->host.mode != CLIENT_UPGRADE || c->upgraded || p->spec->transport)
                    : c->open)
        return peer_conn_is_ready(c);
    else if (timed_out(inst, inst->timeout_ms))
        instance_block(inst, xasprintf("%s: no answer to %s within %u ms", name,
                                       !c->open      ? "the handshake"
                                       : c->accepted ? "the upgrade"
                                                     : "CONNECT",
                                       inst->timeout_ms));
    return inst->blocked != NULL;
}

static void advance_connecting(struct instance *inst)
{
    for (size_t i = 0; i < inst->sc->n_actors && !inst->blocked; i++)
        if (!actor_is_there(inst, &inst->peers[i]))
            return;
    instance_enter(inst, PHASE_RUNNING);
}

/* The next moment at which an actor of the start is late or ready. */
static uint64_t earliest_actor(const struct instance *inst)
{
    uint64_t due = phase_end(inst, inst->timeout_ms);

    for (size_t i = 0; i < inst->sc->n_actors; i++) {
        const struct peer_conn *c = inst->peers[i].conn;

        if (c && !peer_conn_is_ready(c) && c->ready_ms < due)
            due = c->ready_ms;
    }
    return due;
}

/* ---- running ---- */

static void run_start(struct step_run *run)
{
    struct instance *inst = run->inst;
    const struct step *step = run->step;
    uint32_t wait = step->within_ms ? instance_patience(inst, step->within_ms) : inst->timeout_ms;
    uint32_t blocked =
        instance_patience(inst, inst->hopeless ? HOPELESS_TIMEOUT_MS : BLOCKED_TIMEOUT_MS);

    if (inst->blocker >= 0 && !step->within_ms && wait > blocked)
        wait = blocked;
    run->state = STEP_RUNNING;
    run->started_ms = now_ms(inst);
    run->deadline_ms = run->started_ms + wait;
    run->lag_ms = inst->lag(inst->user);
    if (run->result && run->result->verdict < VERDICT_WARN) /* of the round that went wrong */
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
    instance_enter(inst, PHASE_FENCING);
}

static void advance_fencing(struct instance *inst)
{
    switch (absence_poll(inst, timed_out(inst, inst->timeout_ms))) {
    case ABSENCE_WAITING:
        break;
    case ABSENCE_NEXT_ROUND:
        instance_enter(inst, PHASE_FENCING);
        break;
    case ABSENCE_OVER:
        instance_enter(inst, PHASE_PARKED);
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
    inst->parked_lag_ms = inst->phase_lag_ms;
}

static uint64_t earliest_step(const struct instance *inst)
{
    uint64_t lag = inst->lag(inst->user);
    uint64_t due = UINT64_MAX;

    for (int i = inst->at; i < inst->n_runs && inst->runs[i].group == inst->runs[inst->at].group;
         i++) {
        const struct step_run *run = &inst->runs[i];

        if (run->state != STEP_RUNNING)
            continue;
        if (run->deadline_ms + (lag - run->lag_ms) < due)
            due = run->deadline_ms + (lag - run->lag_ms);
        if (run->due_ms > 0 && run->due_ms < due)
            due = run->due_ms;
    }
    return due;
}

uint64_t instance_deadline(const struct instance *inst)
{
    switch (inst->phase) {
    case PHASE_CONNECTING:
        return earliest_actor(inst);
    case PHASE_FENCING:
        return phase_end(inst, inst->timeout_ms);
    case PHASE_RUNNING:
        return earliest_step(inst);
    case PHASE_PARKED:
    case PHASE_DONE:
        break;
    }
    return UINT64_MAX;
}

uint32_t instance_patience(const struct instance *inst, uint32_t ms)
{
    uint32_t scaled = target_patience(inst->target, ms), ceiling = inst->plan->timeout_ms;

    if (!inst->plan->timeout_given || scaled <= ceiling)
        return scaled;
    return ms > ceiling ? ms : ceiling;
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
