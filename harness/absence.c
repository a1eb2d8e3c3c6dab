/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/absence.h"

static void fence_everybody(struct instance *inst)
{
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        inst->fences[i] = peer_fence(&inst->peers[i]);
}

void absence_begin(struct instance *inst)
{
    inst->fence_round = 1;
    if (inst->plan->naive_absence) {
        inst->fence_round = 2;
        return;
    }
    fence_everybody(inst);
}

/* Bytes of our own making may have left the server waiting for the rest of them: no answer is worth waiting for there. */
static bool is_spoilt(const struct peer *p)
{
    return p->conn && (p->conn->unknown_bytes || p->conn->muted);
}

static bool fence_is_open(const struct instance *inst, size_t i)
{
    const struct peer *p = &inst->peers[i];

    return inst->fences[i] > 0 && !peer_fenced(p, inst->fences[i]) && peer_can_send(p) &&
           !is_spoilt(p);
}

static bool any_open(const struct instance *inst)
{
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        if (fence_is_open(inst, i))
            return true;
    return false;
}

enum absence_state absence_poll(struct instance *inst, bool expired)
{
    if (!expired && any_open(inst))
        return ABSENCE_WAITING;
    if (inst->fence_round == 1) {
        inst->fence_round = 2;
        fence_everybody(inst);
        if (any_open(inst))
            return ABSENCE_NEXT_ROUND;
    }
    for (size_t i = 0; i < inst->sc->n_actors; i++)
        inst->fence_done[i] = peer_fenced(&inst->peers[i], inst->fences[i]);
    return ABSENCE_OVER;
}

enum absence_grade absence_grade_of(const struct instance *inst, const struct peer *p,
                                    bool witnessed)
{
    if (inst->plan->naive_absence)
        return ABSENCE_NONE;
    if (!p)
        return ABSENCE_FENCED;
    if (inst->fence_done[p->index]) {
        /* In the controls its answer overtook notices: then only a witness or time can tell. */
        if (inst->target->control.early == 0)
            return ABSENCE_FENCED;
        if (witnessed)
            return ABSENCE_WITNESSED;
        return inst->plan->settle_ms > 0 ? ABSENCE_SETTLED : ABSENCE_UNPROVEN;
    }
    /* Nothing can come on a connection that is over or spoilt; until then we have watched it. */
    if (!peer_can_send(p) || is_spoilt(p))
        return ABSENCE_SETTLED;
    return ABSENCE_UNPROVEN;
}

const char *absence_name(enum absence_grade grade)
{
    switch (grade) {
    case ABSENCE_NONE:
        return "none";
    case ABSENCE_FENCED:
        return "fenced";
    case ABSENCE_WITNESSED:
        return "witnessed";
    case ABSENCE_SETTLED:
        return "settled";
    case ABSENCE_UNPROVEN:
        return "unproven";
    }
    return "none";
}
