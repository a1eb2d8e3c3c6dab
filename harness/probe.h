/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_PROBE_H
#define HARNESS_PROBE_H

#include "harness/calibrate.h"
#include "harness/instance.h"

/*
 * One connection at the start of the run: is the target there, what does its open packet say, and does it answer the fence on which
 * every statement of absence rests; how long does that take.
 */
enum { PROBE_SAMPLES = 5 };

struct probe {
    struct target *target;
    struct net_loop *loop;
    struct vars vars;
    struct journal journal;
    struct peer_host host;
    struct actor_spec spec;
    struct peer peer;
    struct calibration calibration;
    struct net_timer *timer;
    unsigned fence;
    uint64_t begun_us, fence_us;
    uint32_t patience_ms; /* for the handshake */
    uint32_t samples_us[PROBE_SAMPLES];
    unsigned n_samples;
    bool polling; /* second attempt, after WebSocket has failed */
    bool
        versioned; /* third attempt: it refuses who declares no version, in a revision that knows of none (HS-28) */
    bool done;
    char *failure; /* owned; the target is not reachable */
    void (*finished)(void *user);
    void (*foreign)(void *user, struct peer *p, long serial, const struct inbox_item *item);
    void *user;
};

/* Start; `finished` is called once, never from within this call.  The seed and the patience are those of `plan`. */
void probe_start(struct probe *p, struct net_loop *loop, struct target *target,
                 const struct run_plan *plan, void (*finished)(void *user), void *user);
void probe_release(struct probe *p);

/*
 * Afterwards the connection stays as a bystander that is in no office: what a scenario lets out to everybody arrives here too, whoever
 * else is connected at that moment.
 */

/* Look at the connection again: at the end of each turn. */
void probe_advance(struct probe *p);

/* The target is gone.  True when it was there and only the fence was still being tried: the probe is done, and it is known why. */
bool probe_gives_up_calibration(struct probe *p, const char *trouble);

#endif
