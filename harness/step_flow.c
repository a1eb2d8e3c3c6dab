/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/steps.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 4 << 20, SILENCE_SLACK_MS = 3000 };

static bool word_is(const struct step_run *run, const char *name, const char *word)
{
    const struct json_node *node = step_attribute(run, name);

    return node && json_string_is(node->text, slice_str(word));
}

/* ---- connecting ---- */

void connect_start(struct step_run *run)
{
    struct connect_attributes how = {.actor = run->peer->spec->node, .step = run->step->node};
    const struct json_node *with = step_attribute(run, "with");
    char *error = NULL;

    if (with) {
        run->match = step_matcher(run, with);
        if (!run->match)
            return;
    }
    if (!peer_connect(run->peer, &how, &error)) {
        step_error(run, error);
        return;
    }
    run->conn = run->peer->conn->serial;
}

static const struct peer_conn *conn_of(const struct step_run *run)
{
    const struct peer_conn *c = run->conn > 0 ? run->peer->conns[run->conn - 1] : NULL;

    while (c && c->successor > 0)
        c = run->peer->conns[c->successor - 1];
    return c;
}

/* The answer to CONNECT as JSON; empty when there is none. */
static struct slice connect_answer(const struct step_run *run, const struct peer_conn *c)
{
    const struct inbox_item *item = c->connect_at >= 0 ? &run->peer->inbox[c->connect_at] : NULL;

    return item ? slice_of(item->payload, item->payload_len) : slice_of(NULL, 0);
}

static bool is_connected(const struct step_run *run, const struct peer_conn *c)
{
    bool upgrade = word_is(run, "transport", "upgrade") ||
                   (!step_attribute(run, "transport") && !run->peer->spec->transport &&
                    run->peer->host->mode == CLIENT_UPGRADE);

    if (upgrade && !c->upgraded)
        return false;
    return c->nsp ? c->accepted : c->open;
}

static char *connect_outcome(const struct step_run *run, const struct peer_conn *c)
{
    struct slice answer = connect_answer(run, c);

    if (c->refused)
        return xasprintf("CONNECT_ERROR %.*s", (int)(answer.len < 200 ? answer.len : 200),
                         answer.ptr ? answer.ptr : "");
    if (c->accepted)
        return xasprintf("CONNECT%s", c->nsp_ended ? ", then DISCONNECT"
                                      : c->closed  ? ", then closed"
                                                   : "");
    if (c->closed)
        return xasprintf("no connection: %s", c->close_text);
    return xstrdup(c->open ? "no answer to CONNECT" : "no answer to the handshake");
}

/* It went as it should, as far as the outcome goes: now what came is looked at. */
static void judge_answer(struct step_run *run, const struct peer_conn *c)
{
    struct slice answer = connect_answer(run, c);
    struct finding f = {.journal_at = -1};
    struct mismatch miss = {0};

    if (run->match && !matcher_match(run->match, answer, &miss)) {
        f.reason = step_mismatch_text("answer to CONNECT", &miss);
        f.actual = shorten(answer);
        f.soft = true;
        mismatch_release(&miss);
        step_fail(run, &f);
        return;
    }
    if (step_capture(run, answer.len ? answer : slice_str("null"), &f))
        step_pass(run);
    else
        step_fail(run, &f);
}

static bool is_refused(const struct peer_conn *c)
{
    return c->refused || c->nsp_ended || (c->closed && !c->lost);
}

static void poll_refused(struct step_run *run, const struct peer_conn *c)
{
    if (is_refused(c)) {
        judge_answer(run, c);
    } else if (c->open && step_soft_wait(run)) {
        run->armed =
            true; /* silence, or CONNECT without the DISCONNECT that must follow: the end will tell (D-31) */
        run->state = STEP_DONE;
    }
}

void connect_poll(struct step_run *run)
{
    const struct peer_conn *c = conn_of(run);
    char *outcome;

    if (run->step->observe || word_is(run, "outcome", "any")) {
        if (is_refused(c) || is_connected(run, c) || (c->open && step_soft_wait(run))) {
            outcome = connect_outcome(run, c);
            if (run->step->observe) {
                step_observed(run, outcome);
            } else {
                free(outcome);
                judge_answer(run, c);
            }
        }
    } else if (word_is(run, "outcome", "refused")) {
        poll_refused(run, c);
    } else if (is_refused(c)) {
        outcome = connect_outcome(run, c);
        step_fail_text(run, xasprintf("%s was not accepted: %s", run->peer->spec->name, outcome),
                       outcome);
        free(outcome);
    } else if (is_connected(run, c)) {
        run->due_ms = c->ready_ms;
        if (peer_conn_is_ready(c))
            judge_answer(run, c);
    }
}

void connect_expire(struct step_run *run)
{
    const struct peer_conn *c = conn_of(run);
    char *outcome = connect_outcome(run, c);

    if (run->step->observe)
        step_observed(run, outcome);
    else {
        step_fail_text(run,
                       xasprintf("%s: %s within %u ms", run->peer->spec->name, outcome,
                                 (unsigned)(run->deadline_ms - run->started_ms)),
                       outcome);
        free(outcome);
    }
}

/* Of refusals that were not there yet: accepted and never ended is no refusal. */
void connect_finish(struct step_run *run)
{
    const struct peer_conn *c = conn_of(run);
    struct finding f = {.journal_at = -1, .hit = true};

    if (!run->armed)
        return;
    if (!c->accepted || is_refused(c)) {
        step_absent(run);
        return;
    }
    f.reason =
        xasprintf("the CONNECT of %s was accepted, and must be refused", run->peer->spec->name);
    f.expected = xstrdup("CONNECT_ERROR, or CONNECT then DISCONNECT, or a closed connection");
    f.actual = connect_outcome(run, c);
    step_fail(run, &f);
}

/* ---- ending ---- */

void disconnect_start(struct step_run *run)
{
    static const struct {
        const char *word;
        enum client_loss how;
    } kinds[] = {{"rst", LOSS_RST},
                 {"fin", LOSS_FIN},
                 {"ws-close", LOSS_WS_CLOSE},
                 {"eio-close", LOSS_EIO_CLOSE}};

    if (!peer_can_send(run->peer)) {
        step_fail_text(run, peer_trouble(run->peer), NULL);
        return;
    }
    if (word_is(run, "how", "namespace")) {
        peer_leave_namespace(run->peer);
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (word_is(run, "how", kinds[i].word))
            peer_lose(run->peer, kinds[i].how);
}

void silent_start(struct step_run *run)
{
    if (peer_can_send(run->peer))
        peer_mute(run->peer);
    else
        step_fail_text(run, peer_trouble(run->peer), NULL);
}

void disconnected_start(struct step_run *run)
{
    const struct eio_open *open;
    uint64_t patience;

    if (!run->peer->conn) {
        step_fail_text(run, peer_trouble(run->peer), NULL);
        return;
    }
    run->conn = run->peer->conn->serial;
    open = run->peer->conn->client ? eio_client_open_info(run->peer->conn->client) : NULL;
    if (!run->peer->conn->muted || !open || run->step->within_ms)
        return;
    patience = (uint64_t)open->ping_interval_ms + open->ping_timeout_ms + SILENCE_SLACK_MS;
    if (patience > run->deadline_ms - run->started_ms)
        run->deadline_ms = run->started_ms + patience;
}

/* By polling, the close packet to the GET and the answer to the POST race each other: which comes first says nothing about the server. */
static const char *how_it_ended(const struct peer_conn *c)
{
    if (!c->closed)
        return "DISCONNECT";
    return c->polls ? "closed by the server" : c->close_text;
}

void disconnected_poll(struct step_run *run)
{
    const struct peer_conn *c = conn_of(run);
    bool ended = c->closed && c->by_peer;

    if (word_is(run, "layer", "namespace"))
        ended = ended || c->nsp_ended;
    if (ended && run->step->observe)
        step_observed(run, xstrdup(how_it_ended(c)));
    else if (ended)
        step_pass(run);
    else if (run->step->observe && step_soft_wait(run))
        step_observed(run, xstrdup("still connected"));
}

void disconnected_expire(struct step_run *run)
{
    step_fail_text(run,
                   xasprintf("the server has not ended the connection of %s within %u ms",
                             run->peer->spec->name, (unsigned)(run->deadline_ms - run->started_ms)),
                   "still connected");
}

/* ---- fence ---- */

void fence_start(struct step_run *run)
{
    if (!peer_can_send(run->peer))
        step_fail_text(run, peer_trouble(run->peer), NULL);
    else
        run->fence = peer_fence(run->peer);
}

void fence_poll(struct step_run *run)
{
    if (run->fence == 0 || peer_fenced(run->peer, run->fence))
        step_pass(run); /* a target without a fence: later absences are unproven anyway */
}

void fence_expire(struct step_run *run)
{
    step_fail_text(run, xasprintf("%s: the fence was not answered", run->peer->spec->name), NULL);
}

/* ---- the table ---- */

const struct verb_ops verb_ops[VERB_COUNT] = {
    [VERB_CONNECT] = {connect_start, connect_poll, connect_expire, connect_finish},
    [VERB_DISCONNECT] = {disconnect_start, NULL, NULL, NULL},
    [VERB_GO_SILENT] = {silent_start, NULL, NULL, NULL},
    [VERB_IS_DISCONNECTED] = {disconnected_start, disconnected_poll, disconnected_expire, NULL},
    [VERB_JOIN] = {join_start, ack_poll, ack_expire, ack_finish},
    [VERB_LEAVE] = {leave_start, ack_poll, ack_expire, ack_finish},
    [VERB_EMIT] = {emit_start, ack_poll, ack_expire, ack_finish},
    [VERB_GET_ACK] = {get_ack_start, ack_poll, ack_expire, ack_finish},
    [VERB_GET_NO_ACK] = {no_ack_start, no_ack_poll, NULL, no_ack_finish},
    [VERB_IS_REFUSED] = {no_ack_start, no_ack_poll, NULL, refused_finish},
    [VERB_RECEIVE] = {receive_start, receive_poll, receive_expire, receive_finish},
    [VERB_NEVER_RECEIVE] = {never_start, NULL, NULL, never_finish},
    [VERB_ACK] = {ack_start, NULL, NULL, NULL},
    [VERB_ANSWER] = {answer_start, NULL, NULL, NULL},
    [VERB_LIST] = {list_start, ack_poll, ack_expire, ack_finish},
    [VERB_SEND_PACKET] = {send_packet_start, NULL, NULL, NULL},
    [VERB_SEND_ENGINE] = {send_engine_start, NULL, NULL, NULL},
    [VERB_SEND_BYTES] = {send_bytes_start, NULL, NULL, NULL},
    [VERB_RECEIVE_PACKET] = {packet_start, packet_poll, packet_expire, packet_finish},
    [VERB_NEVER_PACKET] = {never_packet_start, NULL, NULL, never_packet_finish},
    [VERB_REQUEST] = {request_start, request_poll, request_expire, NULL},
    [VERB_FENCE] = {fence_start, fence_poll, fence_expire, NULL},
    [VERB_EXACTLY] = {count_start, count_poll, count_expire, NULL},
};
