/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/calibrate.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/event.h"
#include "wire/xmalloc.h"

enum { AGENT, COMPUTER, ROUNDS = 20, PATIENCE_MS = 1500, NOTICE_MS = 300 };
enum state { CONNECTING, JOINING, REPORTED, FENCED, LATE };

static uint64_t now_ms(const struct calibration *c)
{
    return net_loop_now_ms(c->host->loop);
}

void calibrate_end(struct calibration *c, const char *trouble)
{
    c->target->control.trouble = trouble;
    c->target->control.done = true;
    c->done = true;
    for (int i = 0; i < 2; i++)
        if (peer_can_send(&c->peers[i]))
            peer_lose(&c->peers[i], LOSS_EIO_CLOSE);
}

/* The first report of a Computer that the revision has, and what it becomes. */
static bool find_events(struct calibration *c)
{
    for (int e = 0; e < SMCP_EVENT_COUNT; e++) {
        const struct smcp_event *row = smcp_event((enum smcp_event_id)e);

        if (row->kind != KIND_UPDATE || row->since > c->host->revision ||
            row->until < c->host->revision || row->notice == SMCP_NONE)
            continue;
        c->report = row->name.ptr;
        c->notice = smcp_event(row->notice)->name.ptr;
        return true;
    }
    return false;
}

void calibrate_start(struct calibration *c, struct peer_host *host, struct target *target)
{
    static const enum actor_role roles[] = {ACTOR_AGENT, ACTOR_COMPUTER};
    static const char *const names[] = {"calibrating-agent", "calibrating-computer"};
    struct connect_attributes how = {.actor = NULL};

    memset(c, 0, sizeof(*c));
    c->host = host;
    c->target = target;
    c->started = true;
    c->patience_ms = PATIENCE_MS + target->rtt_us / 1000 * ROUNDS;
    c->end_ms = c->deadline_ms = now_ms(c) + c->patience_ms + target->warmup_ms;
    c->office = vars_unique(host->vars, "calibration");
    memset(&target->control, 0, sizeof(target->control));
    for (int i = 0; i < 2; i++) {
        char *error = NULL;

        c->specs[i] = (struct actor_spec){.name = xstrdup(names[i]), .role = roles[i]};
        peer_init(&c->peers[i], host, &c->specs[i], i + 1);
        c->peers[i].name = vars_unique(host->vars, names[i]);
        if (!peer_connect(&c->peers[i], &how, &error))
            free(error);
    }
    if (!find_events(c))
        calibrate_end(c, "the revision has no report to try it with");
}

void calibrate_release(struct calibration *c)
{
    for (int i = 0; c->started && i < 2; i++) {
        peer_release(&c->peers[i]);
        free(c->specs[i].name);
    }
    free(c->office);
    memset(c, 0, sizeof(*c));
}

static void join(struct calibration *c, int i)
{
    struct outgoing out = {.event = "server:join_office", .ask_ack = true};
    struct buf args;

    buf_init(&args, 65536);
    buf_appendf(&args, "{\"role\":\"%s\",\"name\":\"%s\",\"office_id\":\"%s\"}",
                i == AGENT ? "agent" : "computer", c->peers[i].name, c->office);
    out.args = buf_slice(&args);
    peer_emit(&c->peers[i], &out);
    buf_release(&args);
}

/* A round: the report; and the fence of the Agent, at once or when the report has been handled. */
static void begin_round(struct calibration *c)
{
    struct outgoing out = {.event = c->report};
    char *args = xasprintf("{\"computer\":\"%s\"}", c->peers[COMPUTER].name);

    out.args = slice_str(args);
    peer_emit(&c->peers[COMPUTER], &out);
    free(args);
    c->round++;
    c->early = false;
    if (c->round % 2 == 0) {
        c->tickets[AGENT] = peer_fence(&c->peers[AGENT]);
        c->state = FENCED;
    } else {
        c->tickets[COMPUTER] = peer_fence(&c->peers[COMPUTER]);
        c->state = REPORTED;
    }
}

static unsigned notices(const struct calibration *c)
{
    unsigned n = 0;

    for (int i = 0; i < c->peers[AGENT].n_inbox; i++)
        n += c->peers[AGENT].inbox[i].event &&
             strcmp(c->peers[AGENT].inbox[i].event, c->notice) == 0;
    return n;
}

static void count_round(struct calibration *c)
{
    struct fence_control *control = &c->target->control;

    if (c->round % 2 == 0) {
        control->hasty++;
        control->hasty_early += c->early;
    } else {
        control->rounds++;
        control->early += c->early;
    }
    if (c->round == ROUNDS || now_ms(c) >= c->end_ms)
        calibrate_end(c, NULL);
    else
        begin_round(c);
}

static bool is_there(const struct calibration *c, int i)
{
    const struct peer_conn *conn = c->peers[i].conn;

    return conn && !conn->closed && conn->accepted && peer_conn_is_ready(conn);
}

static bool step(struct calibration *c)
{
    const struct peer *agent = &c->peers[AGENT], *computer = &c->peers[COMPUTER];

    switch ((enum state)c->state) {
    case CONNECTING:
        if (!is_there(c, AGENT) || !is_there(c, COMPUTER))
            return false;
        join(c, AGENT);
        join(c, COMPUTER);
        c->state = JOINING;
        return true;
    case JOINING:
        if (!agent->office || !computer->office)
            return false;
        begin_round(c);
        return true;
    case REPORTED:
        if (!peer_fenced(computer, c->tickets[COMPUTER]))
            return false;
        c->tickets[AGENT] = peer_fence(&c->peers[AGENT]);
        c->state = FENCED;
        return true;
    case FENCED:
        if (!peer_fenced(agent, c->tickets[AGENT]))
            return false;
        c->early = notices(c) < c->round;
        c->deadline_ms = now_ms(c) + (c->early ? NOTICE_MS : c->patience_ms);
        c->state = LATE;
        return true;
    case LATE:
        if (notices(c) < c->round)
            return false;
        c->deadline_ms = now_ms(c) + c->patience_ms;
        count_round(c);
        return true;
    }
    return false;
}

void calibrate_advance(struct calibration *c)
{
    while (!c->done && step(c))
        ;
    if (c->done || now_ms(c) < c->deadline_ms)
        return;
    calibrate_end(c, c->state == CONNECTING ? "the connections for it were not accepted"
                     : c->state <= JOINING  ? "the joins for it were not accepted"
                     : c->state == LATE     ? "the notice for it never came"
                                            : "the fence was not answered");
}

char *calibrate_text(const struct target *target)
{
    static const char *const kinds[] = {[FENCE_CONNECT] = "CONNECT to an unknown namespace",
                                        [FENCE_LIST] = "server:list_room of the own office",
                                        [FENCE_NONE] = "none"};
    const struct fence_control *control = &target->control;

    if (!control->done || control->trouble || control->rounds == 0)
        return xasprintf("%s, not calibrated: %s", kinds[target->fence],
                         control->trouble ? control->trouble : "the run did not get that far");
    return xasprintf("%s, in order in %u of %u controls (%u of %u without a complete cause)",
                     kinds[target->fence], control->rounds - control->early, control->rounds,
                     control->hasty - control->hasty_early, control->hasty);
}
