/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "net/http.h"
#include "net/http_head.h"
#include "net/http_write.h"
#include "net/sock.h"
#include "net/ws_frame.h"
#include "wire/xmalloc.h"

/* A POST must not be sent twice, so it never goes to a connection the server may be about to drop. */
enum { POST_REUSE_MS = 1000 };

/* A connection to a target, busy with one call or kept alive. */
struct call_conn {
    struct list_node node; /* loop->idle_http */
    struct deadline idle;
    struct later death;
    struct net_loop *loop;
    struct sock *sock; /* NULL: dying */
    struct http_call *call;
    uint64_t owner;
    uint64_t idle_since_ms;
    bool reused;
    bool tls;
    bool insecure;
    uint16_t port;
    char host[]; /* NUL-terminated */
};

struct http_call {
    struct net_loop *loop;
    struct call_conn *conn;
    http_call_fn *fn;
    void *user;
    struct net_timer *timer;
    struct net_target to; /* host owned */
    struct buf request;   /* kept while it may have to be repeated */
    bool is_head;
    bool is_idempotent;
    size_t max_body_bytes;

    struct buf in; /* head so far, then the head */
    size_t scanned;
    bool has_head;
    struct http_head head; /* points into `in` */
    struct http_body body_state;
    struct buf body;
    uint64_t owner;
};

/* ---- connections ---- */

static void free_conn(struct later *later)
{
    free(LIST_OWNER(later, struct call_conn, death));
}

static void retire(struct call_conn *conn)
{
    conn->sock = NULL;
    conn->call = NULL;
    list_remove(&conn->node);
    deadline_stop(&conn->idle);
    loop_later(conn->loop, &conn->death, free_conn);
}

static void drop_conn(struct call_conn *conn, bool reset)
{
    if (reset)
        sock_abort(conn->sock);
    else
        sock_dismiss(conn->sock);
    retire(conn);
}

static void idle_over(struct deadline *d)
{
    drop_conn(LIST_OWNER(d, struct call_conn, idle), false);
}

static void keep_conn(struct call_conn *conn)
{
    conn->call = NULL;
    conn->reused = true;
    conn->idle_since_ms = net_loop_now_ms(conn->loop);
    list_move_tail(&conn->loop->idle_http, &conn->node);
    deadline_start(&conn->loop->idle_http_wait, &conn->idle, idle_over);
}

static bool is_for(const struct call_conn *conn, const struct net_target *to, uint64_t owner)
{
    return conn->owner == owner && conn->port == to->port && conn->tls == to->tls &&
           conn->insecure == to->insecure && strcasecmp(conn->host, to->host) == 0;
}

/* The one that was used last: it is the least likely to be on its way out. */
static struct call_conn *find_idle(struct net_loop *loop, const struct net_target *to,
                                   uint64_t owner, bool is_idempotent)
{
    uint64_t now_ms = net_loop_now_ms(loop);

    for (struct list_node *node = loop->idle_http.prev; node != &loop->idle_http;
         node = node->prev) {
        struct call_conn *conn = LIST_OWNER(node, struct call_conn, node);

        if (!is_for(conn, to, owner))
            continue;
        return is_idempotent || now_ms - conn->idle_since_ms < POST_REUSE_MS ? conn : NULL;
    }
    return NULL;
}

/* ---- outcome ---- */

static void free_call(struct http_call *call)
{
    net_timer_free(call->timer);
    buf_release(&call->request);
    buf_release(&call->in);
    buf_release(&call->body);
    free((char *)(uintptr_t)call->to.host);
    free(call);
}

static void deliver(struct http_call *call, const struct http_result *result)
{
    call->conn = NULL;
    call->fn(call->user, result);
    free_call(call);
}

static void fail(struct http_call *call, const char *error)
{
    struct http_result result = {.error = error};

    if (call->conn && call->conn->sock)
        drop_conn(call->conn, false);
    deliver(call, &result);
}

static void timed_out(void *user)
{
    fail(user, "timeout");
}

/* The slices lie in a buffer of ours, each followed by a byte we may overwrite (':', CR or blank). */
static const char *terminated(struct slice text, bool lower)
{
    char *at = (char *)(uintptr_t)text.ptr;

    at[text.len] = '\0';
    for (size_t i = 0; lower && i < text.len; i++) {
        if (at[i] >= 'A' && at[i] <= 'Z')
            at[i] = (char)(at[i] | 0x20);
    }
    return at;
}

static void succeed(struct http_call *call, bool keep)
{
    struct http_result result = {.status = call->head.status, .n_headers = call->head.n_fields};
    struct net_header headers[HTTP_MAX_FIELDS];

    for (unsigned i = 0; i < call->head.n_fields; i++) {
        headers[i].name = terminated(call->head.fields[i].name, true);
        headers[i].value = terminated(call->head.fields[i].value, false);
    }
    result.headers = headers;
    result.body = buf_slice(&call->body);
    if (keep)
        keep_conn(call->conn);
    else if (call->conn && call->conn->sock)
        drop_conn(call->conn, false);
    deliver(call, &result);
}

/* ---- the answer ---- */

static bool has_no_body(const struct http_call *call)
{
    return call->is_head || call->head.status == 204 || call->head.status == 304;
}

static void begin_body(struct http_call *call)
{
    if (has_no_body(call))
        http_body_init(&call->body_state, HTTP_BODY_LENGTH, 0);
    else if (call->head.status == 101)
        http_body_init(&call->body_state, HTTP_BODY_UNTIL_CLOSE, 0);
    else if (call->head.chunked)
        http_body_init(&call->body_state, HTTP_BODY_CHUNKED, 0);
    else if (call->head.has_length)
        http_body_init(&call->body_state, HTTP_BODY_LENGTH, call->head.length);
    else
        http_body_init(&call->body_state, HTTP_BODY_UNTIL_CLOSE, 0);
}

/* Behind a 101 the first WebSocket frame is all that a call waits for. */
static bool has_frame(const struct http_call *call)
{
    const unsigned char *bytes = (const unsigned char *)call->body.data;
    size_t need = ws_header_need(bytes, call->body.len);
    struct ws_header header;

    if (call->head.status != 101 || call->body.len < need)
        return false;
    ws_header_decode(bytes, &header);
    if (call->body.len - need < header.len)
        return false;
    return true;
}

/* False: the call is over. */
static bool got_body(struct http_call *call, struct slice bytes)
{
    for (;;) {
        struct slice piece;
        size_t used;
        enum http_body_step step = http_body_feed(&call->body_state, bytes, &used, &piece);

        bytes.ptr += used;
        bytes.len -= used;
        switch (step) {
        case HTTP_BODY_MORE:
            return true;
        case HTTP_BODY_DATA:
            buf_append_slice(&call->body, piece);
            if (call->body.overflow) {
                fail(call, "answer too large");
                return false;
            }
            if (!has_frame(call))
                break;
            succeed(call, false);
            return false;
        case HTTP_BODY_END:
            /* Bytes after the answer belong to nothing we asked: not a connection to go on with. */
            succeed(call, call->owner > 0 && call->head.keep_alive && bytes.len == 0);
            return false;
        case HTTP_BODY_BAD:
            fail(call, "malformed response");
            return false;
        }
    }
}

/* A complete head lies in `in`.  False: the call is over, or this was an interim answer and more bytes are to be looked at. */
static bool got_head(struct http_call *call, size_t head_len)
{
    if (http_head_parse_answer(&call->head, slice_of(call->in.data, head_len)) != 0) {
        fail(call, "malformed response");
        return false;
    }
    call->scanned = 0;
    if (call->head.status < 200 && call->head.status != 101) {
        buf_consume(&call->in, head_len);
        return true;
    }
    call->has_head = true;
    begin_body(call);
    return got_body(call, slice_of(call->in.data + head_len, call->in.len - head_len));
}

static void received(void *user, char *bytes, size_t len)
{
    struct call_conn *conn = user;
    struct http_call *call = conn->call;

    if (!call) { /* kept alive, and it talks */
        drop_conn(conn, false);
        return;
    }
    if (call->has_head) {
        (void)got_body(call, slice_of(bytes, len));
        return;
    }
    buf_append(&call->in, bytes, len);
    for (;;) {
        size_t head_len = http_head_len(buf_slice(&call->in), &call->scanned);

        if (head_len == 0) {
            if (call->in.len > HTTP_MAX_HEAD_BYTES)
                fail(call, "malformed response");
            return;
        }
        if (!got_head(call, head_len) || call->has_head)
            return;
    }
}

/* ---- starting ---- */

static void dial(struct http_call *call);

static void lost(void *user, const char *why)
{
    struct call_conn *conn = user;
    struct http_call *call = conn->call;
    bool was_reused = conn->reused;
    struct net_loop *loop = conn->loop;

    retire(conn);
    if (!call)
        return;
    call->conn = NULL;
    if (call->has_head && call->body_state.kind == HTTP_BODY_UNTIL_CLOSE &&
        strcmp(why, SOCK_CLOSED) == 0)
        succeed(call, false);
    else if (was_reused && call->is_idempotent && call->in.len == 0 && !loop->closing)
        dial(call); /* it closed as we wrote: nothing of it was answered */
    else
        fail(call, why);
}

static void attach(struct http_call *call, struct call_conn *conn)
{
    call->conn = conn;
    conn->call = call;
    list_remove(&conn->node);
    deadline_stop(&conn->idle);
    sock_write(conn->sock, call->request.data, call->request.len);
}

static void dial(struct http_call *call)
{
    static const struct sock_ops ops = {.received = received, .lost = lost};
    size_t host_len = strlen(call->to.host);
    struct call_conn *conn = xcalloc(1, sizeof *conn + host_len + 1);

    conn->loop = call->loop;
    conn->owner = call->owner;
    conn->port = call->to.port;
    conn->tls = call->to.tls;
    conn->insecure = call->to.insecure;
    memcpy(conn->host, call->to.host, host_len);
    list_init(&conn->node);
    list_init(&conn->idle.node);
    list_init(&conn->death.node);
    conn->sock = sock_dial(call->loop, &call->to, &ops, conn);
    attach(call, conn);
}

static void write_request(struct http_call *call, const struct http_call_config *config)
{
    struct buf *out = &call->request;
    bool has_length = http_given_header(config->headers, config->n_headers, "content-length") ||
                      http_given_header(config->headers, config->n_headers, "transfer-encoding");

    http_write_request(out, config->method, config->path, &config->to, config->headers,
                       config->n_headers);
    if (config->has_body && !has_length)
        buf_appendf(out, "Content-Length: %zu\r\n", config->body.len);
    buf_append_str(out, "\r\n");
    buf_append_slice(out, config->body);
}

static bool is_idempotent(const char *method)
{
    return strcmp(method, "GET") == 0 || strcmp(method, "HEAD") == 0 ||
           strcmp(method, "OPTIONS") == 0;
}

struct http_call *http_call_start(struct net_loop *loop, const struct http_call_config *config,
                                  http_call_fn *fn, void *user)
{
    struct http_call *call = xcalloc(1, sizeof *call);
    struct call_conn *idle;

    call->loop = loop;
    call->fn = fn;
    call->user = user;
    call->to = config->to;
    call->to.host = xstrdup(config->to.host);
    call->owner = config->owner;
    call->is_head = strcmp(config->method, "HEAD") == 0;
    call->is_idempotent = is_idempotent(config->method);
    buf_init(&call->request, SIZE_MAX / 2);
    buf_init(&call->in, SIZE_MAX / 2);
    buf_init(&call->body, config->max_body_bytes);
    write_request(call, config);
    if (config->timeout_ms) {
        call->timer = net_timer_new(loop, timed_out, call);
        net_timer_start(call->timer, net_loop_now_ms(loop) + config->timeout_ms);
    }
    idle = call->owner ? find_idle(loop, &call->to, call->owner, call->is_idempotent) : NULL;
    if (idle)
        attach(call, idle);
    else
        dial(call);
    return call;
}

uint64_t http_owner_new(struct net_loop *loop)
{
    return ++loop->http_owners;
}

void http_owner_end(struct net_loop *loop, uint64_t owner)
{
    struct list_node *next;

    for (struct list_node *node = loop->idle_http.next; node != &loop->idle_http; node = next) {
        struct call_conn *conn = LIST_OWNER(node, struct call_conn, node);

        next = node->next;
        if (conn->owner == owner)
            drop_conn(conn, false);
    }
}

void http_call_cancel(struct http_call *call, bool reset)
{
    drop_conn(call->conn, reset);
    free_call(call);
}
