/* SPDX-License-Identifier: Apache-2.0 */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http_core.h"
#include "net/link_core.h"
#include "wire/xmalloc.h"

enum {
    MAX_AHEAD_BYTES = 65536, /* pipelined requests beyond it wait in the kernel */
    PROGRESS_BYTES = 65536,  /* a body that brings as much is not slow: its deadline moves */
};

static bool process(struct http_conn *conn, struct slice bytes, size_t *ret_used);

/* ---- life ---- */

static void free_conn(struct later *later)
{
    struct http_conn *conn = LIST_OWNER(later, struct http_conn, death);

    list_remove(&conn->step.node);
    buf_release(&conn->in);
    free(conn);
}

static void end_exchange(struct http_conn *conn, bool lost)
{
    struct http_exchange *x = conn->x;

    conn->x = NULL;
    if (!x)
        return;
    if (conn->server->ops.done)
        conn->server->ops.done(conn->server->user, x, lost);
    free(x);
}

/* The sock is gone or given away; memory stays until the end of the turn. */
static void retire(struct http_conn *conn)
{
    conn->dead = true;
    conn->sock = NULL;
    list_remove(&conn->node);
    deadline_stop(&conn->deadline);
    loop_later(conn->server->loop, &conn->death, free_conn);
}

/* Send what is queued, then close. */
static void finish(struct http_conn *conn)
{
    sock_dismiss(conn->sock);
    retire(conn);
}

/* ---- deadlines ---- */

static void too_slow(struct deadline *d);

static void expect_progress(struct http_conn *conn)
{
    conn->body_progress = 0;
    if (conn->server->config.header_timeout_ms)
        deadline_start(&conn->server->slow, &conn->deadline, too_slow);
}

static void idle_over(struct deadline *d)
{
    finish(LIST_OWNER(d, struct http_conn, deadline));
}

/* ---- answers ---- */

static bool has_body(int status)
{
    return status >= 200 && status != 204 && status != 304;
}

static void write_head(struct buf *out, const struct http_response *response,
                       const char *connection)
{
    buf_appendf(out, "HTTP/1.1 %d %s\r\n", response->status, http_reason(response->status));
    if (response->content_type)
        buf_appendf(out, "Content-Type: %s\r\n", response->content_type);
    for (unsigned i = 0; i < response->n_headers; i++)
        buf_appendf(out, "%s: %s\r\n", response->headers[i].name, response->headers[i].value);
    if (has_body(response->status))
        buf_appendf(out, "Content-Length: %zu\r\n", response->body.len);
    if (connection)
        buf_appendf(out, "Connection: %s\r\n", connection);
    buf_append_str(out, "\r\n");
}

static void write_response(struct http_conn *conn, const struct http_response *response,
                           const char *connection, bool without_body)
{
    struct buf *out = sock_out(conn->sock);

    write_head(out, response, connection);
    if (has_body(response->status) && !without_body)
        buf_append_slice(out, response->body);
    sock_touch(conn->sock);
}

/* Our own refusals: no handler sees the request, or it cannot go on. */
static void refuse(struct http_conn *conn, int status)
{
    static const struct net_header version = {"Sec-WebSocket-Version", "13"};
    struct http_response response = {.status = status, .content_type = "application/json"};
    char body[128]; /* the shape Engine.IO clients read; 3 is their "bad request" */

    snprintf(body, sizeof body, "{\"code\":3,\"message\":\"%s\"}", http_reason(status));
    response.body = slice_str(body);
    if (status == 426) {
        response.headers = &version;
        response.n_headers = 1;
    }
    if (!conn->x || !conn->x->responded)
        write_response(conn, &response, "close", false);
    finish(conn);
    end_exchange(conn, true);
}

static void too_slow(struct deadline *d)
{
    struct http_conn *conn = LIST_OWNER(d, struct http_conn, deadline);

    if (!conn->x && conn->in.len == 0)
        finish(conn);
    else
        refuse(conn, 408);
}

/* Go on with what has come meanwhile; not on the stack of whoever answered. */
static void step_cb(struct later *later)
{
    struct http_conn *conn = LIST_OWNER(later, struct http_conn, step);
    size_t used;

    if (conn->dead || !process(conn, buf_slice(&conn->in), &used))
        return;
    buf_consume(&conn->in, used);
    if (conn->in.len == 0)
        buf_release(&conn->in);
    if (conn->held && conn->in.len <= MAX_AHEAD_BYTES) {
        conn->held = false;
        sock_pause(conn->sock, false);
    }
}

/* Answer written and request read: the next one, or the end. */
static void complete(struct http_conn *conn)
{
    bool over = conn->x->close_after || !conn->keep_alive || conn->server->stopping;

    if (over)
        finish(conn);
    end_exchange(conn, false);
    if (over)
        return;
    if (conn->in.len > 0)
        loop_later(conn->server->loop, &conn->step, step_cb);
    else
        deadline_start(&conn->server->idle, &conn->deadline, idle_over);
}

static void complete_if_over(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;

    if (x && x->written && (x->body_done || x->close_after))
        complete(conn);
}

static void respond(struct http_exchange *x, const struct http_response *response)
{
    struct http_conn *conn = x->conn;
    const char *connection = NULL;

    assert(!x->responded);
    x->responded = true;
    if (conn->dead)
        return;
    if (x->close_after || !conn->keep_alive || conn->server->stopping)
        connection = "close";
    else if (x->minor == 0)
        connection = "keep-alive";
    write_response(conn, response, connection, x->is_head);
    expect_progress(conn); /* who does not read its answer holds memory too */
}

void http_exchange_respond(struct http_exchange *x, const struct http_response *response)
{
    respond(x, response);
}

void http_exchange_respond_close(struct http_exchange *x, const struct http_response *response)
{
    x->close_after = true;
    respond(x, response);
}

static void aborted_cb(struct later *later)
{
    struct http_conn *conn = LIST_OWNER(later, struct http_conn, death);

    end_exchange(conn, true);
    free_conn(later);
}

void http_exchange_abort(struct http_exchange *x)
{
    struct http_conn *conn = x->conn;
    struct sock *sock = conn->sock;

    if (conn->dead)
        return;
    retire(conn);
    loop_later(conn->server->loop, &conn->death, aborted_cb);
    sock_abort(sock); /* after it: with the last sock a stopped server is freed */
}

void http_exchange_set_user(struct http_exchange *x, void *user)
{
    x->user = user;
}

void *http_exchange_user(const struct http_exchange *x)
{
    return x->user;
}

/* ---- WebSocket ---- */

/* The connection leaves HTTP; `rest` is what came behind the head. */
static void become_link(struct http_conn *conn, void *link_user, struct slice rest)
{
    struct net_server *server = conn->server;
    struct link *link = link_accept(server->loop, conn->sock, &server->config);

    retire(conn);
    server->ops.upgraded(server->user, link, link_user);
    if (link->state != LINK_DONE && rest.len > 0)
        link_received(link, (char *)(uintptr_t)rest.ptr,
                      rest.len); /* our read buffer: mutable, borrowed as const */
}

static void upgrade(struct http_conn *conn, const struct http_head *head, struct slice rest)
{
    struct net_server *server = conn->server;
    struct http_request request = {head, conn->peer};
    struct http_response refusal = {.status = 400};
    void *link_user = NULL;
    int status = server->ops.upgrade ? http_check_handshake(head) : 400;

    if (status) {
        refuse(conn, status);
        return;
    }
    if (!server->ops.upgrade(server->user, &request, &refusal, &link_user)) {
        write_response(conn, &refusal, "close", false);
        finish(conn);
        return;
    }
    http_write_101(sock_out(conn->sock), head);
    sock_touch(conn->sock);
    become_link(conn, link_user, rest);
}

/* ---- requests ---- */

static void begin_body(struct http_conn *conn, const struct http_head *head)
{
    http_body_init(&conn->body, head->chunked ? HTTP_BODY_CHUNKED : HTTP_BODY_LENGTH, head->length);
    if (!head->chunked && head->length == 0)
        return;
    expect_progress(conn);
    if (!conn->x->responded && head->minor >= 1 &&
        http_head_has_token(head, "expect", "100-continue"))
        sock_write(conn->sock, "HTTP/1.1 100 Continue\r\n\r\n",
                   strlen("HTTP/1.1 100 Continue\r\n\r\n"));
}

static void begin_request(struct http_conn *conn, const struct http_head *head)
{
    struct net_server *server = conn->server;
    struct http_request request = {head, conn->peer};
    struct http_exchange *x = xcalloc(1, sizeof *x);

    x->conn = conn;
    x->is_head = slice_is(head->method, "HEAD");
    x->minor = head->minor != 0;
    conn->x = x;
    conn->keep_alive = head->keep_alive;
    deadline_stop(&conn->deadline);
    server->ops.request(server->user, x, &request);
    if (!conn->dead)
        begin_body(conn, head);
}

/* A complete head was found; `rest` is what is behind it. */
static void got_head(struct http_conn *conn, struct slice head_bytes, struct slice rest)
{
    struct http_head head;
    int status = http_head_parse_request(&head, head_bytes);

    if (status)
        refuse(conn, status);
    else if (http_wants_upgrade(&head))
        upgrade(conn, &head, rest);
    else
        begin_request(conn, &head);
}

/* False: nothing more to do with these bytes. */
static bool take_head(struct http_conn *conn, struct slice bytes, size_t *used)
{
    struct slice rest = slice_of(bytes.ptr + *used, bytes.len - *used);
    size_t head_len = http_head_len(rest, &conn->scanned);

    if (head_len == 0 && rest.len <= HTTP_MAX_HEAD_BYTES) {
        bool is_timed = list_is_linked(&conn->deadline.node) && conn->deadline.fn == too_slow;

        if (rest.len > 0 && !is_timed)
            expect_progress(conn); /* kept alive, and now a request begins */
        return false;
    }
    conn->scanned = 0;
    if (head_len == 0 || head_len > HTTP_MAX_HEAD_BYTES) {
        refuse(conn, 431);
        return false;
    }
    *used += head_len;
    got_head(conn, slice_of(rest.ptr, head_len),
             slice_of(rest.ptr + head_len, rest.len - head_len));
    return !conn->dead;
}

static void body_over(struct http_conn *conn)
{
    struct http_exchange *x = conn->x;

    if (!x->responded)
        deadline_stop(&conn->deadline);
    x->body_done = true;
    if (!x->responded && conn->server->ops.body_end)
        conn->server->ops.body_end(conn->server->user, x);
    if (!conn->dead)
        complete_if_over(conn);
}

static bool take_body(struct http_conn *conn, struct slice bytes, size_t *used)
{
    struct slice piece;
    size_t n;
    enum http_body_step step =
        http_body_feed(&conn->body, slice_of(bytes.ptr + *used, bytes.len - *used), &n, &piece);

    *used += n;
    switch (step) {
    case HTTP_BODY_MORE:
        return false;
    case HTTP_BODY_DATA:
        conn->body_progress += n;
        if (conn->body_progress >= PROGRESS_BYTES)
            expect_progress(conn);
        if (!conn->x->responded && conn->server->ops.body)
            conn->server->ops.body(conn->server->user, conn->x, piece);
        return !conn->dead;
    case HTTP_BODY_END:
        body_over(conn);
        return !conn->dead;
    case HTTP_BODY_BAD:
        break;
    }
    refuse(conn, 400);
    return false;
}

/* Take what can be taken now.  False: the connection has left HTTP or ended, the bytes are of no more use. */
static bool process(struct http_conn *conn, struct slice bytes, size_t *ret_used)
{
    bool more = true;

    *ret_used = 0;
    while (more) {
        if (!conn->x)
            more = take_head(conn, bytes, ret_used);
        else if (!conn->x->body_done)
            more = take_body(conn, bytes, ret_used);
        else
            more = false; /* its answer comes first */
    }
    return !conn->dead;
}

/* ---- the sock ---- */

static void received(void *user, char *bytes, size_t len)
{
    struct http_conn *conn = user;
    size_t used;

    if (conn->in.len > 0 || list_is_linked(&conn->step.node)) {
        buf_append(&conn->in, bytes, len);
        if (!conn->x)
            step_cb(&conn->step);
    } else if (process(conn, slice_of(bytes, len), &used)) {
        buf_append(&conn->in, bytes + used, len - used);
    }
    if (!conn->dead && conn->x && conn->in.len > MAX_AHEAD_BYTES && !conn->held) {
        conn->held = true;
        sock_pause(conn->sock, true);
    }
}

static void flushed(void *user)
{
    struct http_conn *conn = user;

    if (!conn->x || !conn->x->responded)
        return;
    conn->x->written = true;
    complete_if_over(conn);
}

static void lost(void *user, const char *why)
{
    struct http_conn *conn = user;

    (void)why;
    retire(conn);
    end_exchange(conn, true);
}

void http_conn_start(struct net_server *server, struct peer_address *peer, int fd)
{
    static const struct sock_ops ops = {.received = received, .flushed = flushed, .lost = lost};
    struct http_conn *conn = xcalloc(1, sizeof *conn);

    conn->server = server;
    conn->peer = peer;
    list_init(&conn->node);
    list_init(&conn->deadline.node);
    list_init(&conn->step.node);
    list_init(&conn->death.node);
    buf_init(&conn->in, SIZE_MAX / 2);
    conn->sock = sock_adopt(server->loop, fd, &ops, conn);
    if (!conn->sock) {
        http_peer_release(peer);
        free(conn);
        return;
    }
    sock_on_free(conn->sock, http_peer_release, peer);
    list_move_tail(&server->conns, &conn->node);
    expect_progress(conn);
}

void http_conn_stop(struct http_conn *conn)
{
    if (!conn->x)
        finish(conn);
}
