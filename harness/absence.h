/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_ABSENCE_H
#define HARNESS_ABSENCE_H

#include "harness/instance.h"

/*
 * How the harness knows that something did not come (design.md 5): every actor is fenced twice at the end of the steps.  The first round
 * makes sure that the server has handled what was sent without an ack, the second that all it had for an actor has arrived; then the
 * connections stay open, and watched, for the settle window of the run.
 */

/* Start the first round. */
void absence_begin(struct instance *inst);

enum absence_state { ABSENCE_WAITING, ABSENCE_NEXT_ROUND, ABSENCE_OVER };

/*
 * Is the round over: answered, hopeless, or `expired`?  Starts the second one by itself, and says so: its time counts anew.
 */
enum absence_state absence_poll(struct instance *inst, bool expired);

/* How the absence of something at this actor is known; `witnessed`: somebody else has received the like. */
enum absence_grade absence_grade_of(const struct instance *inst, const struct peer *p,
                                    bool witnessed);

/* "fenced", "settled(312 ms)", …: static text for the grade. */
const char *absence_name(enum absence_grade grade);

#endif
