/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_TWIN_H
#define HARNESS_TWIN_H

#include "harness/instance.h"

/*
 * A refusal is refused for the right reason only when its twin, which differs in one thing, is accepted.  Checks that have passed and whose
 * twin was refused too, or was not played, become inconclusive.  Called once, when all steps are judged.
 */
void twin_judge(struct instance *inst);

/* Steps whose `as` is that name, or that name made different by a group or a round. */
bool twin_is_named(const struct step *step, const char *twin);

/* Is this a check that something must be refused? */
bool twin_is_refusal(const struct step *step);

#endif
