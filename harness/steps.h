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
/* step_expect.c */
step_fn ack_poll, ack_expire, ack_finish, get_ack_start, no_ack_start, no_ack_poll, no_ack_finish,
    refused_finish, receive_start, receive_poll, receive_expire, receive_finish, receive_account,
    never_start, never_finish, packet_start, packet_poll, packet_expire, packet_finish,
    never_packet_start, never_packet_finish;
/* step_flow.c */
step_fn connect_start, connect_poll, connect_expire, connect_finish, disconnect_start, silent_start,
    disconnected_start, disconnected_poll, disconnected_expire, request_start, request_poll,
    request_expire, fence_start, fence_poll, fence_expire;

/* Start a fence once; true when its answer has come, or when waiting for it makes no sense any more. */
bool step_soft_wait(struct step_run *run);

/* "1 argument: …" etc.: one line for people, shortened. */
char *shorten(struct slice text);

#endif
