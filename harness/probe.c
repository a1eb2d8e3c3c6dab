/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/probe.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

enum { HANDSHAKE_MS = 5000, FENCE_MS = 2000 };

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

static void attempt(struct probe *p)
{
    struct connect_attributes how = {.actor = NULL};
    char *error = NULL;

    p->host.mode = p->polling ? CLIENT_POLLING : CLIENT_WEBSOCKET;
    if (!peer_connect(&p->peer, &how, &error))
        free(error);
    net_timer_start(p->timer, net_loop_now_ms(p->loop) + HANDSHAKE_MS + 500);
}

static void on_timer(void *user)
{
    struct probe *p = user;

    if (p->done)
        return;
    if (p->fence >
        0) { /* the server does not answer an unknown namespace (design 5): the list is next best */
        p->target->fence = FENCE_LIST;
        finish(p);
        return;
    }
    if (p->peer.conn && p->peer.conn->open && p->peer.conn->nsp && !p->peer.conn->accepted &&
        !p->peer.conn->refused) {
        p->fence = peer_fence(
            &p->peer); /* silence as a refusal (D-31): the fence must be answered all the same */
        p->fence_us = net_loop_clock_us();
        net_timer_start(p->timer, net_loop_now_ms(p->loop) + FENCE_MS);
        return;
    }
    p->failure = xasprintf("no Engine.IO handshake within %d s", HANDSHAKE_MS / 1000);
    finish(p);
}

void probe_start(struct probe *p, struct net_loop *loop, struct target *target, uint64_t seed,
                 void (*finished)(void *user), void *user)
{
    memset(p, 0, sizeof(*p));
    p->target = target;
    p->loop = loop;
    p->finished = finished;
    p->user = user;
    vars_init(&p->vars, seed, 0);
    journal_init(&p->journal);
    p->host = (struct peer_host){.loop = loop,
                                 .journal = &p->journal,
                                 .vars = &p->vars,
                                 .target = target,
                                 .connect_timeout_ms = HANDSHAKE_MS,
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
    peer_release(&p->peer);
    net_timer_free(p->timer);
    journal_release(&p->journal);
    vars_release(&p->vars);
    free(p->spec.name);
    free(p->failure);
    memset(p, 0, sizeof(*p));
}

static void connection_failed(struct probe *p)
{
    if (!p->polling && p->peer.conn->http_status != 0) {
        p->polling = true;
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

void probe_advance(struct probe *p)
{
    struct peer_conn *c = p->peer.conn;

    if (p->done || !c)
        return;
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
        p->fence = peer_fence(&p->peer);
        p->fence_us = net_loop_clock_us();
        net_timer_start(p->timer, net_loop_now_ms(p->loop) + FENCE_MS);
    } else if (p->fence > 0 && peer_fenced(&p->peer, p->fence)) {
        p->target->rtt_us = (uint32_t)(net_loop_clock_us() - p->fence_us);
        finish(p);
    }
}
