/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_ENDPOINT_ENDPOINT_FIXTURE_H
#define TESTS_ENDPOINT_ENDPOINT_FIXTURE_H

#include <check.h>
#include <stdbool.h>

#include "endpoint/client.h"
#include "endpoint/server.h"

/* A server of one endpoint and any number of clients on one loop; what happens is written into logs, and tests wait for facts. */

struct app {
    struct net_loop *loop;
    struct endpoint_host *host;
    struct endpoint *e;
    struct buf log;          /* "connect /a {…};event "name" args;gone /a why;" */
    struct sio_socket *last; /* the latest that asked */
    struct eio_conn *conn;   /* its session */
    bool hold;               /* leave `connect` undecided */
    bool refuse;
    void (*on_event)(struct app *app, struct sio_socket *s, const struct sio_event *ev);
    void (*on_gone)(struct app *app, struct sio_socket *s);
    struct http_exchange *other; /* the latest of `other` */
    bool stopped;
    struct net_timer *guard;
    bool late;
};

/* Defaults of the tests: no connect timeout, long pings. */
extern const struct endpoint_config app_config;
void app_start(struct app *app, const struct endpoint_config *config);
void app_start_gated(struct app *app, const struct endpoint_config *config,
                     bool (*gate)(void *user, const struct http_request *r,
                                  struct endpoint_refusal *refusal, struct buf *scratch));
void app_release(struct app *app);
void app_stopped(void *app);
/* Append to the log. */
void app_note(struct app *app, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* One client; its log holds each packet as `type/nsp,payload;` ("0/{…};" is shortened to "0/;"). */
struct peer {
    struct app *app;
    struct eio_client *client;
    struct buf log;
    bool open, upgraded, closed, by_peer;
    int status;
    char body[256]; /* of a refusal */
    char text[64];
};
void peer_start(struct peer *p, struct app *app, enum client_mode mode);
void peer_start_with(struct peer *p, struct app *app, enum client_mode mode,
                     const struct net_header *headers, unsigned n_headers);
void peer_say(struct peer *p, const char *text);
void peer_release(struct peer *p);

/* An HTTP request and its answer. */
struct asked {
    bool done;
    int status;
    const char *error;
    char body[1024];
    char headers[1024]; /* "name: value\n" each */
    struct http_call *call;
};
void ask(struct asked *a, struct app *app, const char *method, const char *path, const char *body);

bool log_has(const struct buf *log, const char *text);
bool log_is(const struct buf *log, const char *text);

void app_turn(struct app *app);

/* Turn the loop until it is so; fails after 10 s. */
#define RUN_UNTIL(app, condition)                                                                  \
    do {                                                                                           \
        net_timer_start((app)->guard, net_loop_now_ms((app)->loop) + 10000);                       \
        while (!(condition)) {                                                                     \
            app_turn(app);                                                                         \
            ck_assert_msg(!(app)->late, "not within 10 s: %s; server log: %.*s", #condition,       \
                          (int)(app)->log.len, (app)->log.data);                                   \
        }                                                                                          \
    } while (0)

#endif
