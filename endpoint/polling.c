/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include "endpoint/body.h"
#include "wire/limits.h"

enum { SEPARATOR = 0x1e };

#define POLL_TYPE "text/plain; charset=UTF-8"
/* The official server's type for `ok`: some browsers offer text/plain as a download. */
#define POST_TYPE "text/html"

static void answer_poll(struct eio_conn *c, struct slice body)
{
    struct request *get = c->get;
    enum eio_step step = eio_session_get_end(&c->session, false);

    (void)step; /* answered, not lost: never a step */
    request_answer(get, POLL_TYPE, body);
}

/* The queue with one more packet without data behind it; borrowed until the queue changes. */
static struct slice queue_and(struct eio_conn *c, enum eio_type type)
{
    eio_payload_append(&c->out, type, false, NULL, 0);
    return buf_slice(&c->out);
}

/* The queue as far as one answer may carry it; what is left waits for the next poll. */
static struct slice one_body(const struct eio_conn *c)
{
    struct slice body = buf_slice(&c->out);
    const char *at = body.ptr;

    for (int i = 0; at && i < BODY_MAX_PACKETS; i++) {
        const char *separator = memchr(at, SEPARATOR, body.len - (size_t)(at - body.ptr));

        at = separator ? separator + 1 : NULL;
    }
    return at ? slice_of(body.ptr, (size_t)(at - body.ptr) - 1) : body;
}

static void drop_sent(struct eio_conn *c, size_t len)
{
    if (len == c->out.len)
        buf_release(&c->out);
    else
        buf_consume(&c->out, len + 1);
    conn_count_backlog(c);
}

static void sabotage_queue(struct eio_conn *c)
{
    unsigned how = c->endpoint->config.sabotage;
    char *separator = c->out.len ? memchr(c->out.data, SEPARATOR, c->out.len) : NULL;

    if (separator && (how & SABOTAGE_POLL_LOSES))
        c->out.len = (size_t)(separator - c->out.data);
    else if (separator && (how & SABOTAGE_NO_SEPARATOR))
        *separator = ' ';
}

void polling_flush(struct eio_conn *c)
{
    struct slice body;

    if (!c->get || !eio_session_poll_due(&c->session, c->out.len > 0))
        return;
    if (c->endpoint->config.sabotage)
        sabotage_queue(c);
    body = c->out.len ? one_body(c) : queue_and(c, EIO_NOOP);
    answer_poll(c, body);
    drop_sent(c, body.len);
}

void polling_release(struct eio_conn *c)
{
    answer_poll(c, slice_str("6"));
}

/* Answer with the queue and a close packet; true when that was all of it. */
static bool say_goodbye(struct eio_conn *c, struct request *req)
{
    struct slice body = one_body(c);
    bool all = body.len == c->out.len;

    request_answer(req, POLL_TYPE, all ? queue_and(c, EIO_CLOSE) : body);
    drop_sent(c, all ? c->out.len : body.len);
    return all;
}

/* The client that closes gets a noop if anything, everybody else a close packet. */
static bool answer_last_poll(struct eio_conn *c, enum endpoint_end why)
{
    struct request *get = c->get;

    if (!get)
        return false;
    c->get = NULL;
    if (why != END_CLIENT_CLOSE)
        return say_goodbye(c, get);
    request_answer(get, POLL_TYPE, c->out.len ? one_body(c) : queue_and(c, EIO_NOOP));
    return true;
}

void polling_last_words(struct eio_conn *c, enum endpoint_end why)
{
    bool orderly = why == END_SERVER_DISCONNECT || why == END_CONNECT_TIMEOUT;

    if (c->out.overflow)
        buf_clear(&c->out);
    c->lingers = !answer_last_poll(c, why) && orderly;
    if (!c->lingers)
        buf_release(&c->out);
}

/* ---- requests ---- */

static void handshake(struct request *req, const struct http_request *r,
                      const struct eio_query *query)
{
    struct endpoint *e = req->endpoint;
    struct eio_conn *c;
    struct buf body;
    enum refusal why;

    if (!slice_is(http_request_method(r), "GET") && (query->is_polling || query->is_websocket)) {
        request_refuse(req, REFUSE_METHOD);
        return;
    }
    if (!handshake_check(e, query, TRANSPORT_POLLING, &why)) {
        request_refuse(req, why);
        return;
    }
    c = conn_new(e, r);
    conn_begin(c, EIO_ON_POLLING);
    buf_init(&body, 1024);
    buf_append_ch(&body, '0');
    conn_open_packet(c, &body);
    request_answer(req, POLL_TYPE, buf_slice(&body));
    buf_release(&body);
}

static void poll(struct request *req, struct eio_conn *c)
{
    if (c->lingers) {
        if (say_goodbye(c, req))
            conn_forget(c);
        return;
    }
    switch (eio_session_get_begin(&c->session)) {
    case EIO_REQUEST_OK:
        req->kind = REQUEST_POLL;
        req->conn = c;
        c->get = req;
        if (eio_session_poll_due(&c->session, c->out.len > 0))
            conn_touch(c);
        return;
    case EIO_REQUEST_OVERLAP:
        conn_end(c, END_OVERLAP);
        break;
    case EIO_REQUEST_MISMATCH:
        break;
    }
    request_refuse(req, REFUSE_BAD);
}

/* The declared length tells of a too large body before any of it has come. */
static bool announces_too_much(const struct endpoint *e, const struct http_request *r)
{
    struct slice value;
    uint64_t length = 0;

    if (!http_request_header(r, "content-length", &value))
        return false;
    for (size_t i = 0; i < value.len && length <= e->config.max_payload; i++) {
        if (value.ptr[i] < '0' || value.ptr[i] > '9')
            return false;
        length = length * 10 + (uint64_t)(value.ptr[i] - '0');
    }
    return length > e->config.max_payload;
}

static void too_large(struct request *req)
{
    struct eio_conn *c = req->conn;

    request_refuse(req, REFUSE_TOO_LARGE);
    conn_end(c, END_TOO_LARGE);
}

static void post(struct request *req, struct eio_conn *c, const struct http_request *r)
{
    if (c->lingers) {
        /* What it says has no effect any more; its next poll tells it. */
        request_answer(req, POST_TYPE, slice_str("ok"));
        return;
    }
    switch (eio_session_post_begin(&c->session)) {
    case EIO_REQUEST_OK:
        req->kind = REQUEST_POST;
        req->conn = c;
        c->post = req;
        buf_init(&req->body, c->endpoint->config.max_payload);
        if (announces_too_much(c->endpoint, r))
            too_large(req);
        return;
    case EIO_REQUEST_OVERLAP:
        conn_end(c, END_OVERLAP);
        break;
    case EIO_REQUEST_MISMATCH:
        break;
    }
    request_refuse(req, REFUSE_BAD);
}

static void to_session(struct request *req, const struct http_request *r,
                       const struct eio_query *query)
{
    struct slice method = http_request_method(r);
    struct eio_conn *c;

    if (!query->is_polling && !query->is_websocket) {
        request_refuse(req, REFUSE_TRANSPORT);
        return;
    }
    c = conn_find(req->endpoint, query->sid);
    if (c)
        conn_catch_up(c);
    if (!c || (c->dead && !c->lingers))
        request_refuse(req, REFUSE_SID);
    else if (!query->is_polling || !query->is_v4)
        request_refuse(req, REFUSE_BAD);
    else if (slice_is(method, "GET"))
        poll(req, c);
    else if (slice_is(method, "POST"))
        post(req, c, r);
    else
        request_refuse(req, REFUSE_BAD);
}

/* Who names no session that exists has to pass the owner's gate before anything of Engine.IO is looked at. */
static bool gate_passed(struct request *req, const struct http_request *r)
{
    struct endpoint *e = req->endpoint;
    struct endpoint_refusal refusal = {.http = {.status = 403}};
    struct buf scratch;
    bool passed;

    if (!e->ops.gate)
        return true;
    buf_init(&scratch, WIRE_MAX_PAYLOAD_BYTES);
    passed = e->ops.gate(e->user, r, &refusal, &scratch);
    if (!passed)
        request_respond(req, &refusal.http, false);
    buf_release(&scratch);
    return passed;
}

void polling_request(struct request *req, const struct http_request *r)
{
    struct eio_query query;

    if (slice_is(http_request_method(r), "OPTIONS")) {
        request_preflight(req, r);
        return;
    }
    eio_query_read(http_request_query(r), &req->endpoint->scratch, &query);
    if (!(query.has_sid && conn_find(req->endpoint, query.sid)) && !gate_passed(req, r))
        return;
    if (query.has_sid)
        to_session(req, r, &query);
    else
        handshake(req, r, &query);
}

/* ---- bodies ---- */

void polling_body(struct request *req, struct slice piece)
{
    if (req->kind != REQUEST_POST)
        return;
    buf_append_slice(&req->body, piece);
    if (req->body.overflow)
        too_large(req);
}

/* True: every packet was taken, or the session has ended by one of them in good order. */
static bool feed_payload(struct eio_conn *c, struct slice body)
{
    struct eio_payload payload;
    struct eio_packet packet;
    struct wire_fault fault;
    struct buf decoded;
    bool more = true;
    bool good = true;

    buf_init(&decoded, c->endpoint->config.max_payload);
    eio_payload_start(&payload, body, WIRE_MAX_PACKETS_PER_PAYLOAD, &decoded);
    while (good && !c->dead) {
        good = eio_payload_next(&payload, &packet, &more, &fault) == WIRE_OK;
        if (!good)
            conn_bad(c, EIO_FROM_CARRIER, &fault);
        else if (more)
            conn_feed(c, EIO_FROM_CARRIER, &packet);
        else
            break;
        if (c->endpoint->config.sabotage & SABOTAGE_POST_FIRST_ONLY)
            break;
    }
    buf_release(&decoded);
    return good && (!c->dead || c->session.end != EIO_END_BAD_PACKET);
}

void polling_body_end(struct request *req)
{
    struct eio_conn *c = req->conn;
    struct buf body = req->body;
    enum eio_step step;
    bool good;

    if (req->kind != REQUEST_POST)
        return;
    /* The POST is over for the session: whatever its packets do, this function answers it. */
    req->kind = REQUEST_ANSWERED;
    req->conn = NULL;
    buf_init(&req->body, 0);
    c->post = NULL;
    step = eio_session_post_end(&c->session, false);
    (void)step;
    good = feed_payload(c, buf_slice(&body));
    buf_release(&body);
    if (good)
        request_answer(req, POST_TYPE, slice_str("ok"));
    else
        request_refuse(req, REFUSE_BAD);
}

void polling_lost(struct request *req)
{
    struct eio_conn *c = req->conn;
    enum eio_step step;

    if (!c)
        return;
    req->conn = NULL;
    if (c->get == req) {
        c->get = NULL;
        step = eio_session_get_end(&c->session, true);
    } else {
        c->post = NULL;
        step = eio_session_post_end(&c->session, true);
    }
    if (step == EIO_STEP_CLOSE)
        conn_end(c, END_POLL_LOST);
}
