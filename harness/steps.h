/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_STEPS_H
#define HARNESS_STEPS_H

#include "harness/instance.h"

/*
 * A verb in action.  `start` does what the step does at once; `poll` looks whether it is over (step_pass, step_fail … were called) or may be left
 * behind (armed); `expire` says what is missing at the deadline; `finish` judges at the end of the scenario what was armed.
 * Each may be NULL.
 */
struct verb_ops {
    void (*start)(struct step_run *run);
    void (*poll)(struct step_run *run);
    void (*expire)(struct step_run *run);
    void (*finish)(struct step_run *run);
};
extern const struct verb_ops verb_ops[VERB_COUNT];

typedef void step_fn(struct step_run *run);

/* step_send.c */
step_fn join_start, leave_start, emit_start, list_start, ack_start, answer_start, send_packet_start,
    send_engine_start, send_bytes_start;
/* step_ack.c, step_receive.c */
step_fn ack_poll, ack_expire, ack_finish, get_ack_start, no_ack_start, no_ack_poll, no_ack_finish,
    refused_finish, receive_start, receive_poll, receive_expire, receive_finish, receive_account,
    never_start, never_finish, packet_start, packet_poll, packet_expire, packet_finish,
    never_packet_start, never_packet_finish;
/* step_flow.c */
step_fn connect_start, connect_poll, connect_expire, connect_finish, disconnect_start, silent_start,
    disconnected_start, disconnected_poll, disconnected_expire, fence_start, fence_poll,
    fence_expire;
/* step_http.c */
step_fn request_start, request_poll, request_expire;

/* step_count.c */
step_fn count_start, count_poll, count_expire;

/* Compile a pattern that is a text of ours; NULL after step_error. */
struct matcher *step_own_matcher(struct step_run *run, const char *text);

/* Compile `one_of`, the named branches.  False when the step has none. */
MUST_USE bool step_branches(struct step_run *run);

/* Record which branch of `one_of`, or of an outermost $oneOf, the value has taken. */
void step_branch_taken(struct step_run *run, struct slice value);

/* Start a fence once; true when its answer has come, or when waiting for it makes no sense any more. */
bool step_soft_wait(struct step_run *run);

/* One line for people, shortened.  Caller frees. */
char *shorten(struct slice text);

/* Leave the step behind: the end of the scenario judges it. */
void step_arm(struct step_run *run);

/* The argument list with its brackets. */
struct slice item_args(const struct inbox_item *item);

/* Fill a finding from a value that a matcher has refused; `what` begins the reason. */
void step_explain(struct finding *f, const struct matcher *m, struct slice value, const char *what);
/* "WHAT at /pointer: expected …, got …"; texts that are not ASCII are spelled out once more.  Caller frees. */
char *step_mismatch_text(const char *what, const struct mismatch *miss);
/* Fail without a pattern.  Takes `reason`, copies `actual` (may be NULL). */
void step_fail_text(struct step_run *run, char *reason, const char *actual);

/* A pattern as text; NULL stands for any ack.  Caller frees. */
char *matcher_text(const struct matcher *m);

#endif
