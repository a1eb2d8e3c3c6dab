/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <stdlib.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

enum { CLOSE_NONE = 0, CLOSE_GOING_AWAY = 1001, CLOSE_NOT_UTF8 = 1007, CLOSE_TOO_LARGE = 1009 };

/* Between the request of an upgrade and its 101. */
struct ticket {
    struct endpoint *endpoint; /* borrowed */
    struct eio_conn *fresh;    /* owned; a new session, or NULL: */
    char sid[SID_LEN + 1];     /* the session that wants to move over */
    uint16_t close_code;       /* not 0: the gate turns it away with this, after 101 */
    const char *close_reason;  /* static */
    const char *before_close;  /* static; NULL: nothing */
};

/* ---- links without a session: only their end counts ---- */

static void orphan_message(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    (void)link;
    (void)binary;
    (void)message;
}

static void orphan_closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)link;
    (void)info;
    host_thing_closed(user);
}

void websocket_orphan(struct endpoint_host *host, struct link *link)
{
    static const struct link_ops ops = {.message = orphan_message, .closed = orphan_closed};

    link_set_owner(link, &ops, host);
}

static void close_orphan(struct endpoint_host *host, struct link *link, uint16_t code,
                         const char *reason)
{
    websocket_orphan(host, link);
    link_close(link, code, reason);
}

/* ---- links of a session ---- */

/* RFC 6455, 8.1: the link checks no UTF-8, so its close code is given here. */
static void malformed(struct eio_conn *c, struct link *link, enum eio_from from,
                      const struct wire_fault *fault)
{
    if (fault->code == WIRE_E_UTF8)
        link_close(link, CLOSE_NOT_UTF8, NULL);
    conn_bad(c, from, fault);
}

static void on_message(void *user, struct link *link, bool binary, struct slice message)
{
    struct eio_conn *c = user;
    enum eio_from from = link == c->probe ? EIO_FROM_PROBE : EIO_FROM_CARRIER;
    struct eio_packet packet;
    struct wire_fault fault;

    if (message.len > c->endpoint->config.max_payload && from == EIO_FROM_PROBE)
        websocket_drop_probe(c);
    else if (message.len > c->endpoint->config.max_payload)
        conn_end(c, END_TOO_LARGE);
    else if (eio_packet_decode(message, binary, &packet, &fault) == WIRE_OK)
        conn_feed(c, from, &packet);
    else
        malformed(c, link, from, &fault);
}

static enum endpoint_end end_of(const struct link_close_info *info)
{
    switch (info->how) {
    case LINK_END_OVERFLOW:
        return END_OVERFLOW;
    case LINK_END_TOO_LARGE:
        return END_TOO_LARGE;
    case LINK_END_PROTOCOL:
        return END_BAD_PACKET;
    case LINK_END_LOCAL:
    case LINK_END_REMOTE:
    case LINK_END_REFUSED:
    case LINK_END_UNREACHABLE:
        break;
    }
    return info->close_frame ? END_CLIENT_CLOSE_FRAME : END_CLIENT_LOST;
}

static void on_closed(void *user, struct link *link, const struct link_close_info *info)
{
    struct eio_conn *c = user;
    struct endpoint_host *host = c->endpoint->host;

    if (link == c->probe) {
        c->probe = NULL;
        eio_session_probe_end(&c->session);
        expiry_remove(&c->endpoint->probes, &c->probe_limit);
    } else {
        c->link = NULL;
        conn_end(c, end_of(info));
    }
    host_thing_closed(host);
}

static const struct link_ops session_ops = {.message = on_message, .closed = on_closed};

void websocket_last_words(struct eio_conn *c, enum endpoint_end why)
{
    struct link *link = c->link;
    uint16_t code = CLOSE_NONE;

    if (why == END_SERVER_SHUTDOWN)
        code = CLOSE_GOING_AWAY;
    else if (why == END_TOO_LARGE)
        code = CLOSE_TOO_LARGE;
    c->link = NULL;
    close_orphan(c->endpoint->host, link, code, NULL);
}

/* ---- handshake ---- */

static bool refuse(enum refusal why, struct http_response *refusal)
{
    refusal_fill(why, refusal);
    return false;
}

/* A session that exists may be named by a WebSocket even if it cannot move: that one is accepted, then closed (U3). */
static bool check_move(const struct endpoint *e, const struct eio_query *q, enum refusal *ret_why)
{
    if (!q->is_polling && !q->is_websocket)
        *ret_why = REFUSE_TRANSPORT;
    else if (!conn_find(e, q->sid))
        *ret_why = REFUSE_SID;
    else if (!q->is_websocket || !q->is_v4)
        *ret_why = REFUSE_BAD;
    else if (!(e->config.transports & TRANSPORT_WEBSOCKET))
        *ret_why = REFUSE_TRANSPORT;
    else
        return true;
    return false;
}

/* False: answered over HTTP.  True: upgraded only to be closed. */
static bool turn_away(struct endpoint *e, const struct endpoint_refusal *away,
                      struct http_response *refusal, void **ret_ticket)
{
    struct ticket *ticket;

    *refusal = away->http;
    if (!away->close_code)
        return false;
    ticket = xcalloc(1, sizeof(*ticket));
    ticket->endpoint = e;
    ticket->close_code = away->close_code;
    ticket->close_reason = away->close_reason;
    ticket->before_close = away->before_close;
    *ret_ticket = ticket;
    return true;
}

bool websocket_upgrade(struct endpoint *e, const struct http_request *r,
                       struct http_response *refusal, void **ret_ticket)
{
    struct eio_query query;
    struct ticket *ticket;
    enum refusal why;

    eio_query_read(http_request_query(r), &e->scratch, &query);
    if (!(query.has_sid && conn_find(e, query.sid)) && e->ops.gate) {
        struct endpoint_refusal away = {.http = {.status = 403}};

        buf_clear(&e->host->refusal);
        if (!e->ops.gate(e->user, r, &away, &e->host->refusal))
            return turn_away(e, &away, refusal, ret_ticket);
    }
    if (query.has_sid ? !check_move(e, &query, &why)
                      : !handshake_check(e, &query, TRANSPORT_WEBSOCKET, &why))
        return refuse(why, refusal);
    ticket = xcalloc(1, sizeof(*ticket));
    ticket->endpoint = e;
    if (query.has_sid)
        memcpy(ticket->sid, query.sid, sizeof(query.sid));
    else
        ticket->fresh = conn_new(e, r);
    *ret_ticket = ticket;
    return true;
}

static void begin_session(struct eio_conn *c, struct link *link)
{
    struct buf json;
    struct slice part;

    c->link = link;
    conn_begin(c, EIO_ON_WEBSOCKET);
    link_set_owner(link, &session_ops, c);
    buf_init(&json, 1024);
    conn_open_packet(c, &json);
    part = buf_slice(&json);
    conn_send(c, EIO_OPEN, false, &part, 1);
    buf_release(&json);
}

static void begin_probe(struct endpoint *e, const char *sid, struct link *link)
{
    struct eio_conn *c = conn_find(e, sid);

    if (!c || !eio_session_probe_begin(&c->session)) {
        close_orphan(e->host, link, CLOSE_NONE, NULL);
        return;
    }
    c->probe = link;
    link_set_owner(link, &session_ops, c);
    expiry_add(&e->probes, &c->probe_limit, net_loop_now_ms(e->host->loop) + PROBE_TIMEOUT_MS);
}

void websocket_upgraded(struct link *link, void *ticket)
{
    struct ticket *t = ticket;
    struct endpoint *e = t->endpoint;

    if (e->host->stopping) {
        websocket_upgrade_lost(ticket);
        close_orphan(e->host, link, CLOSE_GOING_AWAY, NULL);
        return;
    }
    if (t->before_close) {
        const struct slice text = slice_str(t->before_close);

        link_send(link, false, &text, 1);
    }
    if (t->close_code)
        close_orphan(e->host, link, t->close_code, t->close_reason);
    else if (t->fresh)
        begin_session(t->fresh, link);
    else
        begin_probe(e, t->sid, link);
    free(t);
}

void websocket_upgrade_lost(void *ticket)
{
    struct ticket *t = ticket;

    if (t->fresh)
        conn_free(t->fresh);
    free(t);
}

/* ---- moving over ---- */

void websocket_probe_pong(struct eio_conn *c)
{
    const struct slice text = slice_str("3probe");

    if (c->endpoint->config.sabotage & SABOTAGE_NO_PROBE_PONG)
        return;
    link_send(c->probe, false, &text, 1);
    /* A poll that is open now is released with a noop, so that the client can pause. */
    conn_touch(c);
}

void websocket_drop_probe(struct eio_conn *c)
{
    struct link *probe = c->probe;

    if (!probe)
        return;
    c->probe = NULL;
    eio_session_probe_end(&c->session);
    expiry_remove(&c->endpoint->probes, &c->probe_limit);
    close_orphan(c->endpoint->host, probe, CLOSE_NONE, NULL);
}

/* What waited for a poll goes to the WebSocket, packet by packet, in the order it was queued. */
static void move_queue(struct eio_conn *c, struct buf *queue)
{
    struct eio_payload payload;
    struct eio_packet packet;
    struct wire_fault fault;
    struct buf decoded;
    bool more = queue->len > 0;

    buf_init(&decoded, c->endpoint->config.max_queue_bytes);
    eio_payload_start(&payload, buf_slice(queue), UINT32_MAX, &decoded);
    while (more && !c->dead) {
        if (eio_payload_next(&payload, &packet, &more, &fault) != WIRE_OK || !more)
            break;
        conn_send(c, packet.type, packet.binary, &packet.data, 1);
    }
    buf_release(&decoded);
}

void websocket_take_over(struct eio_conn *c)
{
    struct buf queue = c->out;

    expiry_remove(&c->endpoint->probes, &c->probe_limit);
    c->link = c->probe;
    c->probe = NULL;
    buf_init(&c->out, c->endpoint->config.max_queue_bytes);
    if (c->get)
        polling_release(c);
    if (c->endpoint->config.sabotage & SABOTAGE_UPGRADE_LOSES) {
        buf_clear(&queue);
        c->loses_next = true;
    }
    move_queue(c, &queue);
    buf_release(&queue);
    conn_count_backlog(c);
}
