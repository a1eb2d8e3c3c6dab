/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_CORE_H
#define NET_HTTP_CORE_H

#include <netinet/in.h>

#include "net/http.h"
#include "net/http_head.h"
#include "net/sock.h"

/* Between http_server.c (listening, counting) and http_conn.c (one connection). */

enum { PEER_BUCKETS = 256, IDLE_KEEP_ALIVE_MS = 75000 };

/* All connections from one address. */
struct peer_address {
    struct list_node node;
    struct net_server *server;
    size_t connections;
    char text[INET6_ADDRSTRLEN];
};

struct net_server {
    struct list_node node;
    struct net_loop *loop;
    struct net_server_config config; /* address not used after the start */
    struct net_server_ops ops;
    void *user;
    int fd;
    int spare_fd;    /* given up to accept and refuse when descriptors run out */
    uv_poll_t *poll; /* owned by libuv until its close callback */
    uint16_t port;
    bool stopping;
    size_t connections; /* links included; the server is freed after the last */
    struct list_node conns;
    struct deadline_list slow; /* heads and bodies under way */
    struct deadline_list idle; /* kept alive */
    struct list_node peers[PEER_BUCKETS];
};

struct http_request {
    const struct http_head *head;
    const struct peer_address *peer;
};

struct http_exchange {
    struct http_conn *conn; /* outlives it */
    void *user;
    bool is_head;   /* HEAD: an answer without body */
    bool minor;     /* HTTP/1.minor of the request */
    bool body_done; /* all of the request has been read */
    bool responded;
    bool written;
    bool close_after; /* do not wait for the rest of the body */
};

struct http_conn {
    struct list_node node;
    struct net_server *server;
    struct peer_address *peer;
    struct sock *sock; /* NULL: given away or gone */
    struct http_exchange *x;
    struct buf in;  /* an incomplete head, or what came while an answer is awaited */
    size_t scanned; /* of `in` for the end of the head */
    struct http_body body;
    size_t body_progress; /* bytes since the deadline moved */
    bool keep_alive;
    bool dead;
    bool held; /* reading is paused: too much came ahead */
    struct deadline deadline;
    struct later step; /* go on with `in` */
    struct later death;
};

/* A fresh connection from accept. */
void http_conn_start(struct net_server *server, struct peer_address *peer, int fd);
/* The server stops: end now when no exchange is under way, else after it. */
void http_conn_stop(struct http_conn *conn);
/* A connection of `peer` is over. */
void http_peer_release(void *peer);

/* A GET that asks for a WebSocket, whatever else it offers. */
bool http_wants_upgrade(const struct http_head *head);
/* 0, or the status to refuse it with: no version 13 (426), no usable key or a body (400). */
int http_check_handshake(const struct http_head *head);
/* No extension is ever agreed to; of offered subprotocols the first. */
void http_write_101(struct buf *out, const struct http_head *head);

#endif
