/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_CALIBRATE_H
#define HARNESS_CALIBRATE_H

#include "harness/peer.h"

/*
 * Positive controls of the fence on this target, at the start of the run: in an office of their own a Computer reports something, and when
 * the server has handled that the Agent is fenced.  The notice must be there before the answer to the fence, every time; else the
 * fence overtakes notices on this target and no absence is known by it.  Half of the rounds fence at once, without waiting for the
 * cause to be complete: what is early then is told, and proves nothing.
 */
struct calibration {
    struct peer_host *host; /* borrowed */
    struct target *target;  /* borrowed; ->control is filled */
    struct actor_spec specs[2];
    struct peer peers[2]; /* the Agent and the Computer */
    char *office;         /* owned */
    const char *report, *notice;
    unsigned state, round, heard;
    unsigned tickets[2];
    bool early;
    uint64_t deadline_ms, end_ms; /* of what is waited for; of it all */
    uint32_t patience_ms;
    bool started, done;
};

/* Start; look at it again whenever something has come, until it is done. */
void calibrate_start(struct calibration *c, struct peer_host *host, struct target *target);
void calibrate_advance(struct calibration *c);
/* With what went wrong, a literal, or NULL. */
void calibrate_end(struct calibration *c, const char *trouble);
void calibrate_release(struct calibration *c);

/* "answers of CONNECT to an unknown namespace, in order in 10 of 10 controls": for reports.  Caller frees. */
char *calibrate_text(const struct target *target);

#endif
