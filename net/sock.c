/* SPDX-License-Identifier: Apache-2.0 */
#include "net/sock.h"

#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/sock_core.h"
#include "wire/xmalloc.h"

enum { DRAIN_BYTES = 65536 };

/* ---- life ---- */

struct sock *sock_new(struct net_loop *loop, const struct sock_ops *ops, void *user)
{
    struct sock *s = xcalloc(1, sizeof *s);

    s->loop = loop;
    s->ops = ops;
    s->user = user;
    s->fd = -1;
    buf_init(&s->out, SIZE_MAX / 2);
    list_init(&s->all);
    list_init(&s->dirty);
    list_init(&s->linger.node);
    list_init(&s->death.node);
    list_move_tail(&loop->socks, &s->all);
    return s;
}

static void free_sock(struct later *later)
{
    struct sock *s = LIST_OWNER(later, struct sock, death);

    if (s->on_free)
        s->on_free(s->on_free_arg);
    list_remove(&s->all);
    sock_tls_free(s->tls);
    buf_release(&s->out);
    free(s);
}

/* No way back.  The memory stays until the end of the turn: callers up the stack may still look at it. */
static void die(struct sock *s)
{
    struct lws *wsi = s->wsi;

    if (s->dead)
        return;
    s->dead = true;
    s->ops = NULL;
    net_loop_count_backlog(s->loop, &s->counted, 0);
    list_remove(&s->dirty);
    deadline_stop(&s->linger);
    if (s->dialing)
        sock_dialing_cancel(s->dialing);
    s->dialing = NULL;
    loop_later(s->loop, &s->death, free_sock);
    if (!wsi)
        return;
    s->wsi = NULL;
    lws_set_opaque_user_data(wsi, NULL);
    if (!s->in_lws) /* else the callback returns -1: lws must not lose a wsi under its feet */
        lws_set_timeout(wsi, PENDING_TIMEOUT_USER_REASON_BASE, LWS_TO_KILL_SYNC);
}

void sock_lost(struct sock *s, const char *why)
{
    const struct sock_ops *ops = s->ops;

    die(s);
    if (ops)
        ops->lost(s->user, why);
}

void sock_opened(struct sock *s)
{
    s->opened = true;
    if (!s->ops) {
        sock_abort(s);
        return;
    }
    if (s->ops->opened)
        s->ops->opened(s->user);
    if (!s->dead)
        sock_touch(s);
}

bool sock_bind(struct sock *s, int fd)
{
    static const int on = 1;
    lws_adopt_desc_t info = {0};

    s->fd = fd;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    info.vh = s->loop->vhost;
    info.type = LWS_ADOPT_SOCKET;
    info.fd.sockfd = fd;
    info.vh_prot_name = sock_protocols[0].name;
    s->wsi = lws_adopt_descriptor_vhost_via_info(&info);
    if (!s->wsi)
        return false;
    lws_set_opaque_user_data(s->wsi, s); /* not before: a failing adoption calls RAW_CLOSE */
    return true;
}

struct sock *sock_adopt(struct net_loop *loop, int fd, const struct sock_ops *ops, void *user)
{
    struct sock *s = sock_new(loop, ops, user);

    if (!sock_bind(s, fd)) {
        die(s);
        return NULL;
    }
    s->opened = true;
    return s;
}

void sock_set_owner(struct sock *s, const struct sock_ops *ops, void *user)
{
    s->ops = ops;
    s->user = user;
}

void sock_on_free(struct sock *s, void (*fn)(void *arg), void *arg)
{
    s->on_free = fn;
    s->on_free_arg = arg;
}

int sock_fd(const struct sock *s)
{
    return s->fd;
}

/* ---- output ---- */

struct buf *sock_out(struct sock *s)
{
    return &s->out;
}

void sock_touch(struct sock *s)
{
    if (!s->dead)
        list_move_tail(&s->loop->dirty, &s->dirty);
}

void sock_write(struct sock *s, const void *bytes, size_t len)
{
    buf_append(&s->out, bytes, len);
    sock_touch(s);
}

size_t sock_queued(const struct sock *s)
{
    return s->out.len - s->out_sent + (s->tls ? sock_tls_out(s->tls)->len : 0);
}

static void linger_over(struct deadline *d)
{
    sock_lost(LIST_OWNER(d, struct sock, linger), SOCK_CLOSED);
}

static void start_linger(struct sock *s)
{
    deadline_start(&s->loop->second, &s->linger, linger_over);
}

/*
 * The peer is gone, but what it sent before may wait unread (a refusal, then a reset): let the read side find the end.
 */
static void sending_failed(struct sock *s)
{
    s->broken = true;
    buf_release(&s->out);
    s->out_sent = 0;
    if (s->tls)
        buf_release(sock_tls_out(s->tls));
    if (!s->ops)
        sock_lost(s, SOCK_CLOSED);
    else
        start_linger(s);
}

/* `*sent` is advanced.  False: not all taken (or broken). */
static bool send_bytes(struct sock *s, const struct buf *bytes, size_t *sent)
{
    while (*sent < bytes->len) {
        ssize_t n =
            send(s->fd, bytes->data + *sent, bytes->len - *sent, MSG_NOSIGNAL | MSG_DONTWAIT);

        if (n >= 0) {
            *sent += (size_t)n;
            if (list_is_linked(&s->linger.node))
                start_linger(s);
            continue;
        }
        if (errno == EINTR)
            continue;
        if (errno != EAGAIN) {
            sending_failed(s);
            return false;
        }
        s->waits_writable = true;
        lws_callback_on_writable(s->wsi);
        return false;
    }
    return true;
}

static bool send_plain(struct sock *s)
{
    if (s->out.len == 0)
        return true;
    if (send_bytes(s, &s->out, &s->out_sent)) {
        buf_release(&s->out); /* an idle connection holds no memory (lws-notes 10) */
        s->out_sent = 0;
        return true;
    }
    if (s->out_sent > s->out.len / 2) {
        buf_consume(&s->out, s->out_sent);
        s->out_sent = 0;
    }
    return false;
}

static bool send_tls(struct sock *s)
{
    struct buf *cipher = sock_tls_out(s->tls);

    do {
        size_t sent = 0;
        bool all;

        if (!sock_tls_encrypt(s)) {
            sending_failed(s);
            return false;
        }
        all = send_bytes(s, cipher, &sent);
        if (s->broken)
            return false;
        buf_consume(cipher, sent);
        if (!all)
            return false;
    } while (sock_tls_is_open(s->tls) && s->out.len > 0);
    buf_release(cipher);
    return true;
}

static void send_fin(struct sock *s)
{
    if (!s->fin_wanted || s->fin_sent)
        return;
    s->fin_sent = true;
    if (s->tls)
        sock_tls_finish(s);
    shutdown(s->fd, SHUT_WR);
}

/* False: output is left over, or nothing can be sent now. */
static bool send_all(struct sock *s)
{
    if (s->waits_writable || !s->wsi || s->broken)
        return false;
    return s->tls ? send_tls(s) : send_plain(s);
}

static void flush(struct sock *s)
{
    bool had_output = sock_queued(s) > 0;
    bool all;

    if (s->dead)
        return;
    all = send_all(s);
    if (s->dead)
        return;
    net_loop_count_backlog(s->loop, &s->counted, sock_queued(s));
    if (!all || !s->opened)
        return;
    send_fin(s);
    if (had_output && s->ops && s->ops->flushed)
        s->ops->flushed(s->user);
}

void sock_push(struct sock *s)
{
    if (!s->dead && s->opened)
        (void)send_all(s);
}

void loop_flush_socks(struct net_loop *loop)
{
    struct list_node batch;
    struct list_node *node;

    list_init(&batch);
    list_splice(&batch, &loop->dirty);
    for (node = list_take_first(&batch); node; node = list_take_first(&batch))
        flush(LIST_OWNER(node, struct sock, dirty));
}

/* ---- endings ---- */

void sock_shutdown(struct sock *s)
{
    s->fin_wanted = true;
    sock_touch(s);
}

void sock_dismiss(struct sock *s)
{
    if (s->dead)
        return;
    s->ops = NULL;
    if (!s->opened || s->broken || !s->wsi) {
        die(s);
        return;
    }
    sock_pause(s, false); /* unread input would turn our close into a reset */
    start_linger(s);
    sock_shutdown(s);
}

void sock_abort(struct sock *s)
{
    static const struct linger reset = {.l_onoff = 1, .l_linger = 0};

    if (s->wsi)
        setsockopt(s->fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    die(s);
}

void sock_pause(struct sock *s, bool paused)
{
    if (s->paused == paused)
        return;
    s->paused = paused;
    if (s->wsi)
        lws_rx_flow_control(s->wsi, !paused);
}

void loop_free_socks(struct net_loop *loop)
{
    struct list_node *node;

    /* Owners hear of the end like of any other; their late work (`closed` callbacks) may reach for other socks. */
    while (!list_is_empty(&loop->socks) || !list_is_empty(&loop->later)) {
        for (node = list_take_first(&loop->later); node; node = list_take_first(&loop->later)) {
            struct later *later = LIST_OWNER(node, struct later, node);

            later->fn(later);
        }
        if (!list_is_empty(&loop->socks))
            sock_lost(LIST_OWNER(loop->socks.next, struct sock, all), SOCK_CLOSED);
    }
}

/* ---- lws ---- */

static int received(struct sock *s, char *bytes, size_t len)
{
    if (!s->ops)
        return 0; /* lingering */
    s->in_lws = true;
    if (s->tls)
        sock_tls_received(s, bytes, len);
    else
        s->ops->received(s->user, bytes, len);
    s->in_lws = false;
    return s->dead ? -1 : 0;
}

static int writable(struct sock *s)
{
    if (!s->waits_writable)
        return 0; /* lws has reasons of its own (lws-notes 27) */
    s->waits_writable = false;
    s->in_lws = true;
    flush(s);
    s->in_lws = false;
    return s->dead ? -1 : 0;
}

/* After an error lws closes without reading on, and so would lose an answer that came right before a reset. */
static void drain(struct sock *s)
{
    static char bytes[DRAIN_BYTES];

    while (!s->dead && s->ops && !s->paused) {
        ssize_t n = recv(s->fd, bytes, sizeof bytes, MSG_DONTWAIT);

        if (n <= 0)
            return;
        if (s->tls)
            sock_tls_received(s, bytes, (size_t)n);
        else
            s->ops->received(s->user, bytes, (size_t)n);
    }
}

/* lws does not say how it ended; the kernel knows. */
static bool was_reset(const struct sock *s)
{
    struct tcp_info info = {0};
    socklen_t len = sizeof info;

    return !s->fin_sent && getsockopt(s->fd, IPPROTO_TCP, TCP_INFO, &info, &len) == 0 &&
           info.tcpi_state == TCP_CLOSE;
}

static void closed(struct sock *s)
{
    const char *why = was_reset(s) ? SOCK_RESET : SOCK_CLOSED;

    s->in_lws = true;
    drain(s);
    s->wsi = NULL;
    s->in_lws = false;
    if (!s->dead)
        sock_lost(s, why);
}

static int sock_callback(struct lws *wsi, enum lws_callback_reasons why, void *user, void *in,
                         size_t len)
{
    struct sock *s = lws_get_opaque_user_data(wsi);

    (void)user;
    if (!s)
        return why == LWS_CALLBACK_RAW_RX || why == LWS_CALLBACK_RAW_WRITEABLE ? -1 : 0;
    switch (why) {
    case LWS_CALLBACK_RAW_RX:
        loop_touch(s->loop);
        return received(s, in, len);
    case LWS_CALLBACK_RAW_WRITEABLE:
        loop_touch(s->loop);
        return writable(s);
    case LWS_CALLBACK_RAW_CLOSE:
        loop_touch(s->loop);
        closed(s);
        return 0;
    default:
        return 0;
    }
}

const struct lws_protocols sock_protocols[] = {
    {.name = "net-sock", .callback = sock_callback},
    {0},
};
