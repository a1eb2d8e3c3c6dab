/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_core.h"
#include "wire/xmalloc.h"

enum { BACKLOG = 4096, ACCEPTS_PER_TURN = 128, FNV_PRIME = 16777619 };

/* ---- counting ---- */

static struct list_node *bucket_of(struct net_server *server, const char *text)
{
    uint32_t hash = 2166136261U;

    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * FNV_PRIME;
    return &server->peers[hash % PEER_BUCKETS];
}

static struct peer_address *peer_get(struct net_server *server, const char *text)
{
    struct list_node *bucket = bucket_of(server, text);
    struct peer_address *peer;

    for (struct list_node *node = bucket->next; node != bucket; node = node->next) {
        peer = LIST_OWNER(node, struct peer_address, node);
        if (strcmp(peer->text, text) == 0)
            return peer;
    }
    peer = xcalloc(1, sizeof *peer);
    peer->server = server;
    snprintf(peer->text, sizeof peer->text, "%s", text);
    list_init(&peer->node);
    list_move_tail(bucket, &peer->node);
    return peer;
}

static void free_server(struct net_server *server)
{
    deadline_list_release(&server->slow);
    deadline_list_release(&server->idle);
    free(server);
}

static void peer_drop_unused(struct peer_address *peer)
{
    if (peer->connections > 0)
        return;
    list_remove(&peer->node);
    free(peer);
}

void http_peer_release(void *arg)
{
    struct peer_address *peer = arg;
    struct net_server *server = peer->server;

    peer->connections--;
    server->connections--;
    peer_drop_unused(peer);
    if (server->stopping && server->connections == 0)
        free_server(server);
}

static bool has_room(const struct net_server *server, const struct peer_address *peer)
{
    size_t per_address = server->config.max_connections_per_address;

    return server->connections < server->config.max_connections &&
           (!per_address || peer->connections < per_address);
}

/* ---- accepting ---- */

static void admit(struct net_server *server, int fd, const struct sockaddr_storage *from)
{
    char text[INET6_ADDRSTRLEN] = "";
    struct peer_address *peer;

    if (from->ss_family == AF_INET)
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)from)->sin_addr, text,
                  sizeof text);
    else
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)from)->sin6_addr, text,
                  sizeof text);
    peer = peer_get(server, text);
    if (!has_room(server, peer)) {
        close(fd);
        peer_drop_unused(peer);
        return;
    }
    peer->connections++;
    server->connections++;
    http_conn_start(server, peer, fd);
}

/* Out of descriptors: without this the waiting connection would wake the loop for ever. */
static void refuse_one(struct net_server *server)
{
    int fd;

    close(server->spare_fd);
    fd = accept4(server->fd, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0)
        close(fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void accept_cb(uv_poll_t *handle, int status, int events)
{
    struct net_server *server = handle->data;

    (void)status;
    (void)events;
    loop_touch(server->loop);
    for (unsigned i = 0; i < ACCEPTS_PER_TURN; i++) {
        struct sockaddr_storage from = {0};
        socklen_t len = sizeof from;
        int fd = accept4(server->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

        if (fd >= 0) {
            admit(server, fd, &from);
        } else if (errno == EMFILE || errno == ENFILE) {
            refuse_one(server);
            return;
        } else if (errno != ECONNABORTED && errno != EINTR) {
            return;
        }
    }
}

/* ---- listening ---- */

static const char *listen_error(int error)
{
    switch (error) {
    case EADDRINUSE:
        return "address in use";
    case EADDRNOTAVAIL:
        return "address not available on this machine";
    case EACCES:
        return "permission denied";
    default:
        return "cannot listen on this address";
    }
}

/* The descriptor, or -1 and *reterr. */
static int listen_on(const char *address, uint16_t port, const char **reterr)
{
    static const int on = 1;
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE};
    struct addrinfo *found;
    char service[8];
    int fd;

    snprintf(service, sizeof service, "%u", (unsigned)port);
    if (getaddrinfo(address, service, &hints, &found) != 0) {
        *reterr = "not an IP address";
        return -1;
    }
    fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd >= 0)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (fd < 0 || bind(fd, found->ai_addr, found->ai_addrlen) != 0 || listen(fd, BACKLOG) != 0) {
        *reterr = listen_error(errno);
        if (fd >= 0)
            close(fd);
        fd = -1;
    }
    freeaddrinfo(found);
    return fd;
}

static uint16_t bound_port(int fd)
{
    struct sockaddr_storage at = {0};
    socklen_t len = sizeof at;

    getsockname(fd, (struct sockaddr *)&at, &len);
    if (at.ss_family == AF_INET)
        return ntohs(((struct sockaddr_in *)(void *)&at)->sin_port);
    return ntohs(((struct sockaddr_in6 *)(void *)&at)->sin6_port);
}

struct net_server *net_server_new(struct net_loop *loop, const struct net_server_config *config,
                                  const struct net_server_ops *ops, void *user, const char **reterr)
{
    struct net_server *server;
    int fd = listen_on(config->address, config->port, reterr);

    if (fd < 0)
        return NULL;
    server = xcalloc(1, sizeof *server);
    server->loop = loop;
    server->config = *config;
    server->ops = *ops;
    server->user = user;
    server->fd = fd;
    server->port = bound_port(fd);
    server->spare_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    list_init(&server->conns);
    for (unsigned i = 0; i < PEER_BUCKETS; i++)
        list_init(&server->peers[i]);
    deadline_list_init(&server->slow, loop, config->header_timeout_ms);
    deadline_list_init(&server->idle, loop, IDLE_KEEP_ALIVE_MS);
    list_init(&server->node);
    list_move_tail(&loop->servers, &server->node);
    server->poll = xcalloc(1, sizeof *server->poll);
    uv_poll_init(&loop->uv, server->poll, fd);
    server->poll->data = server;
    uv_poll_start(server->poll, UV_READABLE, accept_cb);
    return server;
}

uint16_t net_server_port(const struct net_server *server)
{
    return server->port;
}

static void poll_closed_cb(uv_handle_t *handle)
{
    free(handle);
}

void net_server_free(struct net_server *server)
{
    struct list_node *node;
    struct list_node *next;

    if (!server)
        return;
    assert(!server->stopping);
    list_remove(&server->node);
    uv_close((uv_handle_t *)server->poll, poll_closed_cb);
    close(server->fd);
    close(server->spare_fd);
    for (node = server->conns.next; node != &server->conns; node = next) {
        next = node->next;
        http_conn_stop(LIST_OWNER(node, struct http_conn, node));
    }
    server->stopping = true;
    if (server->connections == 0)
        free_server(server);
}

void loop_free_servers(struct net_loop *loop)
{
    while (!list_is_empty(&loop->servers))
        net_server_free(LIST_OWNER(loop->servers.next, struct net_server, node));
}
