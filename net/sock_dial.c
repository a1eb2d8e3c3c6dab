/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock_core.h"
#include "wire/xmalloc.h"

enum { PORT_DIGITS = 8 };

/*
 * One attempt to connect: look up, try each address, hand the descriptor to the sock.  Outlives the sock when it is
 * cancelled during a look-up: the thread that looks up cannot be stopped.
 */
struct sock_dialing {
    struct list_node node;
    struct net_loop *loop;
    struct sock *sock; /* NULL: cancelled */
    struct later start;
    uv_getaddrinfo_t request;
    bool resolving;
    struct addrinfo *results; /* owned: uv_freeaddrinfo() or freeaddrinfo(), the same thing */
    struct addrinfo *next;
    uv_poll_t *poll; /* owned by libuv until its close callback */
    int fd;
    const char *why; /* of the last failure */
    char *host;      /* owned */
    char port[PORT_DIGITS];
    bool tls;
    bool insecure;
};

static void poll_closed_cb(uv_handle_t *handle)
{
    free(handle);
}

static void stop_polling(struct sock_dialing *dialing)
{
    if (dialing->poll)
        uv_close((uv_handle_t *)dialing->poll, poll_closed_cb);
    dialing->poll = NULL;
}

static void free_dialing(struct sock_dialing *dialing)
{
    stop_polling(dialing);
    if (dialing->fd >= 0)
        close(dialing->fd);
    if (dialing->results)
        freeaddrinfo(dialing->results);
    list_remove(&dialing->node);
    list_remove(&dialing->start.node);
    free(dialing->host);
    free(dialing);
}

void sock_dialing_cancel(struct sock_dialing *dialing)
{
    dialing->sock = NULL;
    if (dialing->resolving)
        uv_cancel((uv_req_t *)&dialing->request); /* the callback frees */
    else
        free_dialing(dialing);
}

static void fail(struct sock_dialing *dialing, const char *why)
{
    struct sock *s = dialing->sock;

    s->dialing = NULL;
    free_dialing(dialing);
    sock_lost(s, why);
}

static const char *connect_error(int error)
{
    switch (error) {
    case ECONNREFUSED:
        return "connection refused";
    case ENETUNREACH:
    case EHOSTUNREACH:
        return "host unreachable";
    case EMFILE:
    case ENFILE:
        return "too many open files";
    case ETIMEDOUT:
        return "timeout";
    case ECONNRESET:
        return SOCK_RESET;
    default:
        return "connection failed";
    }
}

/* ---- connecting ---- */

static void connected(struct sock_dialing *dialing)
{
    struct sock *s = dialing->sock;
    const char *why = "no room for another connection";
    int fd = dialing->fd;

    stop_polling(dialing);
    dialing->fd = -1;
    if (dialing->tls)
        s->tls = sock_tls_new(dialing->host, dialing->insecure, &why);
    if (dialing->tls && !s->tls) {
        close(fd);
        fail(dialing, why);
        return;
    }
    if (!sock_bind(s, fd)) {
        fail(dialing, why);
        return;
    }
    s->dialing = NULL;
    free_dialing(dialing);
    if (s->tls)
        sock_tls_start(s);
    else
        sock_opened(s);
}

static void try_next(struct sock_dialing *dialing);

static void attempt_failed(struct sock_dialing *dialing, int error)
{
    dialing->why = connect_error(error);
    stop_polling(dialing);
    if (dialing->fd >= 0)
        close(dialing->fd);
    dialing->fd = -1;
    try_next(dialing);
}

static void poll_cb(uv_poll_t *handle, int status, int events)
{
    struct sock_dialing *dialing = handle->data;
    int error = 0;
    socklen_t len = sizeof error;

    (void)status;
    (void)events;
    loop_touch(dialing->loop);
    if (getsockopt(dialing->fd, SOL_SOCKET, SO_ERROR, &error, &len) != 0)
        error = errno;
    if (error)
        attempt_failed(dialing, error);
    else
        connected(dialing);
}

static bool wait_connected(struct sock_dialing *dialing)
{
    uv_poll_t *poll = xcalloc(1, sizeof *poll);

    if (uv_poll_init(&dialing->loop->uv, poll, dialing->fd) != 0) {
        free(poll);
        return false;
    }
    poll->data = dialing;
    dialing->poll = poll;
    uv_poll_start(poll, UV_WRITABLE, poll_cb);
    return true;
}

static void try_next(struct sock_dialing *dialing)
{
    struct addrinfo *address = dialing->next;

    if (!address) {
        fail(dialing, dialing->why);
        return;
    }
    dialing->next = address->ai_next;
    dialing->fd = socket(address->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (dialing->fd < 0) {
        attempt_failed(dialing, errno);
        return;
    }
    if (connect(dialing->fd, address->ai_addr, address->ai_addrlen) == 0) {
        connected(dialing);
        return;
    }
    if (errno != EINPROGRESS || !wait_connected(dialing))
        attempt_failed(dialing, errno);
}

/* ---- looking up ---- */

static void resolved_cb(uv_getaddrinfo_t *request, int status, struct addrinfo *results)
{
    struct sock_dialing *dialing = request->data;

    loop_touch(dialing->loop);
    dialing->resolving = false;
    dialing->results = results;
    if (!dialing->sock) {
        free_dialing(dialing);
        return;
    }
    if (status != 0) {
        fail(dialing, "unknown host");
        return;
    }
    dialing->next = results;
    try_next(dialing);
}

static void start(struct later *later)
{
    struct sock_dialing *dialing = LIST_OWNER(later, struct sock_dialing, start);
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                             .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV};

    if (getaddrinfo(dialing->host, dialing->port, &hints, &dialing->results) == 0) {
        dialing->next = dialing->results;
        try_next(dialing);
        return;
    }
    hints.ai_flags = AI_NUMERICSERV;
    dialing->request.data = dialing;
    dialing->resolving = true;
    if (uv_getaddrinfo(&dialing->loop->uv, &dialing->request, resolved_cb, dialing->host,
                       dialing->port, &hints) == 0)
        return;
    dialing->resolving = false;
    fail(dialing, "unknown host");
}

struct sock *sock_dial(struct net_loop *loop, const struct net_target *to,
                       const struct sock_ops *ops, void *user)
{
    struct sock_dialing *dialing = xcalloc(1, sizeof *dialing);
    struct sock *s = sock_new(loop, ops, user);
    size_t len = strlen(to->host);
    bool bracketed = len > 2 && to->host[0] == '['; /* an IPv6 address as in a URL */

    dialing->loop = loop;
    dialing->sock = s;
    dialing->fd = -1;
    dialing->why = "unknown host";
    dialing->tls = to->tls;
    dialing->insecure = to->insecure;
    dialing->host =
        xstrndup_slice(bracketed ? slice_of(to->host + 1, len - 2) : slice_str(to->host));
    snprintf(dialing->port, sizeof dialing->port, "%u", (unsigned)to->port);
    list_init(&dialing->node);
    list_move_tail(&loop->resolving, &dialing->node);
    list_init(&dialing->start.node);
    s->dialing = dialing;
    loop_later(loop, &dialing->start, start);
    return s;
}
