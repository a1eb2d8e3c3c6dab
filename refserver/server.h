/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_SERVER_H
#define REFSERVER_SERVER_H

#include "endpoint/server.h"
#include "net/loop.h"
#include "refserver/auth.h"
#include "refserver/calls.h"
#include "refserver/defect.h"
#include "refserver/http_gate.h"
#include "refserver/log.h"
#include "refserver/office.h"
#include "refserver/session.h"

/* What the command line decides.  Strings are borrowed and outlive the server. */
struct refserver_config {
    const char *listen_address;
    uint16_t listen_port;
    const char *path;
    const char *cors_origin; /* NULL: none */
    const struct smcp_revision *revision;
    const char *version; /* of the gate; NULL: that of the revision's text */
    enum gate_websocket gate_websocket;
    struct limits limits;
    struct defect_set defects;
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t connect_timeout_ms;
    uint32_t max_payload;
    unsigned transports;
    bool control;
    const char *control_address;
    uint16_t control_port;
};

/* The reference server: one event loop, no global state. */
struct refserver {
    struct refserver_config config;
    struct net_loop *loop;            /* borrowed */
    struct log *log;                  /* borrowed */
    const struct auth_provider *auth; /* borrowed */
    struct endpoint_host *host;       /* owned */
    struct endpoint *endpoint;        /* owned by the host */
    struct endpoint_host *control;    /* owned; NULL: off */
    struct http_gate gate;            /* only in revisions that have one */
    struct session_table sessions;
    struct office_map offices;
    struct call_table calls;
    struct net_timer *call_timer; /* owned; runs while calls are in flight */
    struct defects defects;
    struct buf reply;      /* arguments of the ack being made */
    struct buf decoded[3]; /* strings of the event being handled */
    unsigned busy;         /* depth of handlers: sessions end only outside */
    struct session **gone; /* owned: ended while busy */
    size_t n_gone;
    size_t gone_capacity;
};

/*
 * Start serving; everything in `config` and the other arguments is borrowed and outlives the server.  False and a heap text in *reterr (caller: free)
 * when an address cannot be used; nothing is left to release then.
 */
MUST_USE bool refserver_init(struct refserver *srv, const struct refserver_config *config,
                             struct net_loop *loop, struct log *log,
                             const struct auth_provider *auth, char **reterr);
/* End all sessions without a word.  After it the loop holds nothing of the server. */
void refserver_release(struct refserver *srv);
/* Close all sessions cleanly (DISC-14); `done` runs when the last word has left, at the latest after `max_ms`. */
void refserver_shutdown(struct refserver *srv, uint32_t max_ms, void (*done)(void *user),
                        void *user);

uint16_t refserver_port(const struct refserver *srv);
uint16_t refserver_control_port(const struct refserver *srv);

#endif
