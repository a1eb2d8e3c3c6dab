/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_REFSERVER_FAKE_ENDPOINT_H
#define TESTS_REFSERVER_FAKE_ENDPOINT_H

#include "refserver/router.h"

/*
 * The functions of endpoint/server.h and net/loop.h that the server's rules call, without sockets and with a clock that stands still.  All output of
 * all sockets goes to one text, in the order in which it was queued:
 *
 *     A<notify:enter_office {"office_id":"R","computer":"C"}      an event to the socket with sid A
 *     A<client:tool_call#1 {…}                                    the same, with the ack id that is asked for
 *     A<ack 7 [true,null]                                         an ack
 *     A<bye                                                       disconnected by the server
 *
 * one per line.
 */
struct sio_socket {
    char sid[8];
    void *user;
};

extern struct buf fake_output;
extern uint64_t fake_now_ms;

/* A server without network: what refserver_init() does, without hosts. */
struct fake_server {
    struct refserver srv;
    struct log log;
};
void fake_server_init(struct fake_server *f, uint64_t defects);
void fake_server_release(struct fake_server *f);

/* A connected session whose sid is `sid`; its socket is owned by the test. */
struct session *fake_connect(struct fake_server *f, struct sio_socket *socket, const char *sid);
/* What server.c does when a connection has gone. */
void fake_disconnect(struct fake_server *f, struct session *s);

/* Dispatch an event or an ack; `id` SIO_NO_ID: none. */
void fake_event(struct fake_server *f, struct session *s, const char *name, const char *args,
                uint64_t id);
void fake_ack(struct fake_server *f, struct session *s, uint64_t id, const char *args);

/* Everything sent since the last call equals `wanted`. */
void fake_expect(const char *wanted);

#endif
