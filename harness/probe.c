/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/probe.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

enum {
    HANDSHAKE_MS = 10000,
    FENCE_MS = 2000,
    MAX_FENCE_MS = 20000,
    SLOW_US = 100000, /* two more would tell nothing new, and take long */
    SLOW_SAMPLES = 3,
    CALIBRATE_MS = 100,
};

static void on_nothing(void *user)
{
    (void)user;
}

static void on_lost(void *user, struct peer *p)
{
    (void)user;
    (void)p;
}

static void on_foreign(void *user, struct peer *peer, long serial, const struct inbox_item *item)
{
    struct probe *p = user;

    if (p->foreign)
        p->foreign(p->user, peer, serial, item);
}

static void on_malformed(void *user, struct peer *p, const char *text, int journal_at)
{
    (void)user;
    (void)p;
    (void)text;
    (void)journal_at;
}

static void finish(struct probe *p)
{
    p->done = true;
    p->target->probed = p->failure == NULL;
    p->finished(p->user);
}

/* ---- speed ---- */

static int by_size(const void *a, const void *b)
{
    const uint32_t *one = a, *other = b;

    return (*one > *other) - (*one < *other);
}

/* The middle of what was measured; without an answered fence the CONNECT, two round trips with what came before it. */
static void measure(struct probe *p)
{
    qsort(p->samples_us, p->n_samples, sizeof(p->samples_us[0]), by_size);
    target_set_pace(p->target, p->n_samples  ? p->samples_us[p->n_samples / 2]
                               : p->fence_us ? (p->fence_us - p->begun_us) / 2
                                             : 0);
}

static void send_fence(struct probe *p)
{
    uint64_t now_us = net_loop_clock_us();
    uint64_t wait_ms = 2 * (now_us - p->begun_us) / 1000;

    if (wait_ms < FENCE_MS)
        wait_ms = FENCE_MS;
    p->fence = peer_fence(&p->peer);
    p->fence_us = now_us;
    net_timer_start(p->timer,
                    net_loop_now_ms(p->loop) + (wait_ms > MAX_FENCE_MS ? MAX_FENCE_MS : wait_ms));
}

static bool take_sample(struct probe *p)
{
    uint32_t us = (uint32_t)(net_loop_clock_us() - p->fence_us);

    p->samples_us[p->n_samples++] = us;
    return p->n_samples == PROBE_SAMPLES || (p->n_samples >= SLOW_SAMPLES && us > SLOW_US);
}

static void attempt(struct probe *p)
{
    struct connect_attributes how = {.actor = NULL};
    char *error = NULL;

    p->host.mode = p->polling ? CLIENT_POLLING : CLIENT_WEBSOCKET;
    if (!peer_connect(&p->peer, &how, &error))
        free(error);
    p->begun_us = net_loop_clock_us();
    net_timer_start(p->timer, net_loop_now_ms(p->loop) + p->patience_ms + 500);
}

static void on_timer(void *user)
{
    struct probe *p = user;

    if (p->done)
        return;
    if (p->calibration.started) { /* what is due is looked at there */
        probe_advance(p);
        if (!p->done)
            net_timer_start(p->timer, net_loop_now_ms(p->loop) + CALIBRATE_MS);
        return;
    }
    if (p->fence >
        0) { /* the server does not answer an unknown namespace (design 5): the list is next best */
        if (p->n_samples == 0)
            p->target->fence = FENCE_LIST;
        measure(p);
        finish(p);
        return;
    }
    if (p->peer.conn && p->peer.conn->open && p->peer.conn->nsp && !p->peer.conn->accepted &&
        !p->peer.conn->refused) {
        p->begun_us = net_loop_clock_us();
        send_fence(p); /* silence as a refusal (D-31): the fence must be answered all the same */
        return;
    }
    p->failure = xasprintf("no Engine.IO handshake within %u s", p->patience_ms / 1000);
    finish(p);
}

void probe_start(struct probe *p, struct net_loop *loop, struct target *target,
                 const struct run_plan *plan, void (*finished)(void *user), void *user)
{
    memset(p, 0, sizeof(*p));
    p->target = target;
    p->loop = loop;
    p->finished = finished;
    p->user = user;
    p->patience_ms = plan->timeout_given ? plan->timeout_ms : HANDSHAKE_MS;
    vars_init(&p->vars, plan->seed, 0);
    journal_init(&p->journal);
    p->host = (struct peer_host){.loop = loop,
                                 .journal = &p->journal,
                                 .vars = &p->vars,
                                 .target = target,
                                 .revision = plan->revision,
                                 .connect_timeout_ms = p->patience_ms,
                                 .changed = on_nothing,
                                 .malformed = on_malformed,
                                 .sending = on_nothing,
                                 .lost = on_lost,
                                 .foreign = on_foreign,
                                 .user = p};
    p->spec = (struct actor_spec){.name = xstrdup("a bystander"), .role = ACTOR_AGENT};
    peer_init(&p->peer, &p->host, &p->spec, 0);
    p->timer = net_timer_new(loop, on_timer, p);
    attempt(p);
}

void probe_release(struct probe *p)
{
    calibrate_release(&p->calibration);
    peer_release(&p->peer);
    net_timer_free(p->timer);
    journal_release(&p->journal);
    vars_release(&p->vars);
    free(p->spec.name);
    free(p->failure);
    memset(p, 0, sizeof(*p));
}

/* HS-28 is broken, and one check will say so: all others are played with a version. */
static bool demands_version(const struct probe *p)
{
    return !p->versioned && !p->target->a2c_version && p->peer.conn->http_status == 400 &&
           !smcp_revision(p->host.revision)->version_gate;
}

static void connection_failed(struct probe *p)
{
    if (!p->polling && p->peer.conn->http_status != 0) {
        p->polling = true;
        attempt(p);
        return;
    }
    if (demands_version(p)) {
        p->versioned = true;
        p->polling = false;
        p->target->a2c_version = xstrdup("0.1.0");
        attempt(p);
        return;
    }
    p->failure = xstrdup(p->peer.conn->close_text);
    finish(p);
}

static void learn(struct probe *p)
{
    const struct eio_open *open = eio_client_open_info(p->peer.conn->client);

    if (!open)
        return;
    p->target->ping_interval_ms = open->ping_interval_ms;
    p->target->ping_timeout_ms = open->ping_timeout_ms;
}

/* How well the fence can be trusted; not on a target whose fence is unknown. */
static void calibrate(struct probe *p)
{
    if (p->target->control.done) { /* another process of the same target was tried */
        finish(p);
        return;
    }
    p->host.mode = p->polling ? CLIENT_POLLING : CLIENT_WEBSOCKET;
    calibrate_start(&p->calibration, &p->host, p->target);
    net_timer_start(p->timer, net_loop_now_ms(p->loop) + CALIBRATE_MS);
}

void probe_advance(struct probe *p)
{
    struct peer_conn *c = p->peer.conn;

    if (p->done || !c)
        return;
    if (p->calibration.started) {
        calibrate_advance(&p->calibration);
        if (p->calibration.done)
            finish(p);
        return;
    }
    if (c->closed && !c->open) {
        connection_failed(p);
        return;
    }
    if (c->closed) { /* it threw us out: reachable, whatever the scenarios will say to that */
        p->target->fence = FENCE_CONNECT;
        finish(p);
        return;
    }
    if (p->fence == 0 && (c->accepted || c->refused)) {
        learn(p);
        p->target->fence = FENCE_CONNECT;
        send_fence(p);
    } else if (p->fence > 0 && peer_fenced(&p->peer, p->fence)) {
        if (take_sample(p)) {
            measure(p);
            calibrate(p);
        } else {
            send_fence(p);
        }
    }
}

bool probe_gives_up_calibration(struct probe *p, const char *trouble)
{
    if (!p->calibration.started || p->calibration.done)
        return false;
    calibrate_end(&p->calibration, trouble);
    finish(p);
    return true;
}
