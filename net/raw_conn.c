/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "net/http.h"
#include "net/sock.h"
#include "wire/xmalloc.h"

struct raw_conn {
    struct net_loop *loop;
    struct sock *sock; /* NULL: gone */
    struct raw_ops ops;
    void *user;
    const char *why;
    struct later death;
};

static void bury(struct later *later)
{
    struct raw_conn *c = LIST_OWNER(later, struct raw_conn, death);

    if (c->ops.closed)
        c->ops.closed(c->user, c, c->why);
    free(c);
}

static void end(struct raw_conn *c, const char *why)
{
    c->sock = NULL;
    c->why = why;
    loop_later(c->loop, &c->death, bury);
}

static void opened(void *user)
{
    struct raw_conn *c = user;

    if (c->ops.opened)
        c->ops.opened(c->user, c);
}

static void received(void *user, char *bytes, size_t len)
{
    struct raw_conn *c = user;

    if (c->ops.received)
        c->ops.received(c->user, c, slice_of(bytes, len));
}

static void lost(void *user, const char *why)
{
    end(user, why);
}

struct raw_conn *raw_dial(struct net_loop *loop, const struct net_target *to,
                          const struct raw_ops *ops, void *user)
{
    static const struct sock_ops sock_ops = {.opened = opened, .received = received, .lost = lost};
    struct raw_conn *c = xcalloc(1, sizeof *c);

    c->loop = loop;
    c->ops = *ops;
    c->user = user;
    list_init(&c->death.node);
    c->sock = sock_dial(loop, to, &sock_ops, c);
    return c;
}

void raw_send(struct raw_conn *c, struct slice bytes)
{
    if (c->sock)
        sock_write(c->sock, bytes.ptr, bytes.len);
}

void raw_finish(struct raw_conn *c)
{
    if (c->sock)
        sock_shutdown(c->sock);
}

void raw_abort(struct raw_conn *c)
{
    if (!c->sock)
        return;
    sock_abort(c->sock);
    end(c, "aborted");
}
