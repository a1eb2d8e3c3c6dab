/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_NET_NET_FIXTURE_H
#define TESTS_NET_NET_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include "net/http.h"

/* One loop, one server on a free port of the loopback, and waiting for facts. */

/* Run the loop until `*flag` is true; fails the test after 10 s. */
void run_until(struct net_loop *loop, const bool *flag);
/* Run the loop until `*counter` reaches `wanted`. */
void run_until_count(struct net_loop *loop, const unsigned *counter, unsigned wanted);
/* Let the loop turn some times with whatever is ready. */
void run_turns(struct net_loop *loop, unsigned turns);

struct net_loop *loop_new_or_fail(void);

/* What the server under test saw; cleared by server_start(). */
struct seen {
    unsigned requests, bodies, done, done_lost, upgrades, links_opened, links_closed, messages;
    char method[32];
    char path[64];
    char query[16384];
    char header[16384]; /* of `want_header` */
    char order[256];    /* notes of tests */
    struct buf body;
    enum link_end how;
    uint16_t close_code;
    char close_reason[128];
    struct link *link; /* the last accepted one */
    struct http_exchange *parked;
};
extern struct seen seen;
/* Name of a request header to keep in seen.header. */
extern const char *want_header;
/* Answers: path "/park" is parked (seen.parked), "/early" is answered before its body, "/close" by respond_close, "/abort" aborted,
 * "/big" one megabyte; everything else gets its body back after it is complete.  WebSocket: everything but "/refuse" is accepted and
 * echoes. "/mute" is accepted and does not answer. */
struct net_server *server_start(struct net_loop *loop);
struct net_server *server_start_with(struct net_loop *loop, const struct net_server_config *config);
extern const struct net_server_config default_config;
extern const struct net_server_ops test_ops;

/* A hand-written client: everything that came back, as bytes. */
struct rude {
    struct raw_conn *conn;
    struct buf in;
    bool opened, closed;
    const char *why;
    unsigned reads;
};
void rude_dial(struct rude *r, struct net_loop *loop, uint16_t port);
void rude_say(struct rude *r, const char *text);
void rude_release(struct rude *r);
/* Run until the bytes received contain `text`. */
void rude_expect(struct rude *r, struct net_loop *loop, const char *text);
bool rude_has(const struct rude *r, const char *text);

struct net_target local_target(uint16_t port);

#endif
