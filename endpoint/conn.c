/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/xmalloc.h"

enum { TABLE_MIN = 64, MAX_PARTS = 8 };

/* ---- sessions by sid ---- */

/* The sid is random: any of its bytes are a good hash. */
static size_t slot_of(const struct endpoint *e, const char *sid)
{
    uint64_t bits;

    memcpy(&bits, sid, sizeof(bits));
    return (size_t)(bits * 0x9e3779b97f4a7c15u >> 32) & (e->table_size - 1);
}

struct eio_conn *conn_find(const struct endpoint *e, const char *sid)
{
    struct eio_conn *c = e->table_size ? e->table[slot_of(e, sid)] : NULL;

    while (c && memcmp(c->sid, sid, SID_LEN) != 0)
        c = c->hash_next;
    return c;
}

static void table_grow(struct endpoint *e)
{
    struct eio_conn **old = e->table;
    size_t old_size = e->table_size;

    e->table_size = old_size ? old_size * 2 : TABLE_MIN;
    e->table = xcalloc(e->table_size, sizeof(*e->table));
    for (size_t i = 0; i < old_size; i++) {
        while (old[i]) {
            struct eio_conn *c = old[i];
            struct eio_conn **slot = &e->table[slot_of(e, c->sid)];

            old[i] = c->hash_next;
            c->hash_next = *slot;
            *slot = c;
        }
    }
    free(old);
}

static void table_add(struct endpoint *e, struct eio_conn *c)
{
    struct eio_conn **slot;

    if (e->n_listed >= e->table_size)
        table_grow(e);
    slot = &e->table[slot_of(e, c->sid)];
    c->hash_next = *slot;
    *slot = c;
    e->n_listed++;
}

static void table_remove(struct endpoint *e, struct eio_conn *c)
{
    struct eio_conn **at = &e->table[slot_of(e, c->sid)];

    while (*at != c)
        at = &(*at)->hash_next;
    *at = c->hash_next;
    e->n_listed--;
}

/* ---- output of the turn ---- */

static void dirty_remove(struct eio_conn *c)
{
    struct endpoint_host *host = c->endpoint->host;

    if (!c->dirty)
        return;
    *(c->dirty_prev ? &c->dirty_prev->dirty_next : &host->dirty_head) = c->dirty_next;
    *(c->dirty_next ? &c->dirty_next->dirty_prev : &host->dirty_tail) = c->dirty_prev;
    c->dirty = false;
}

void conn_touch(struct eio_conn *c)
{
    struct endpoint_host *host = c->endpoint->host;

    if (c->dirty && !c->dirty_next)
        return;
    dirty_remove(c);
    c->dirty_next = NULL;
    c->dirty_prev = host->dirty_tail;
    *(host->dirty_tail ? &host->dirty_tail->dirty_next : &host->dirty_head) = c;
    host->dirty_tail = c;
    c->dirty = true;
}

static void send_frame(struct eio_conn *c, enum eio_type type, bool binary,
                       const struct slice *parts, unsigned n_parts)
{
    struct slice framed[MAX_PARTS];
    struct buf *scratch = &c->endpoint->scratch;
    char digit = (char)('0' + (int)type);

    if (binary) {
        link_send(c->link, true, parts, n_parts);
    } else if (n_parts < MAX_PARTS) {
        framed[0] = slice_of(&digit, 1);
        for (unsigned i = 0; i < n_parts; i++)
            framed[i + 1] = parts[i];
        link_send(c->link, false, framed, n_parts + 1);
    } else {
        eio_packet_encode(scratch, type, false, parts, n_parts);
        framed[0] = buf_slice(scratch);
        link_send(c->link, false, framed, 1);
        buf_release(scratch);
    }
}

void conn_count_backlog(struct eio_conn *c)
{
    net_loop_count_backlog(c->endpoint->host->loop, &c->out_counted, c->out.len);
}

/* As for links: while memory is scarce nobody may let more than a share of the usual ceiling pile up. */
static bool is_too_much(const struct eio_conn *c)
{
    const struct endpoint_host *host = c->endpoint->host;
    size_t max = host->config.max_backlog_bytes;

    return c->out.overflow ||
           (max && net_loop_backlog(host->loop) > max &&
            c->out_counted > c->endpoint->config.max_queue_bytes / NET_SCARCE_SHARE);
}

void conn_send(struct eio_conn *c, enum eio_type type, bool binary, const struct slice *parts,
               unsigned n_parts)
{
    if (c->dead)
        return;
    if (c->loses_next) {
        c->loses_next = false;
        return;
    }
    conn_touch(c);
    if (c->session.carrier == EIO_ON_WEBSOCKET) {
        send_frame(c, type, binary, parts, n_parts);
        return;
    }
    eio_payload_append(&c->out, type, binary, parts, n_parts);
    if (is_too_much(c))
        conn_end(c, END_OVERFLOW);
}

/* ---- life ---- */

void conn_begin(struct eio_conn *c, enum eio_carrier carrier)
{
    struct endpoint *e = c->endpoint;
    uint64_t now_ms = net_loop_now_ms(e->host->loop);

    eio_session_init_server(&c->session, carrier, e->config.ping_interval_ms,
                            e->config.ping_timeout_ms, now_ms);
    table_add(e, c);
    e->n_sessions++;
    expiry_add(&e->pings, &c->heartbeat, c->session.due_ms);
    if (e->config.connect_timeout_ms && !e->config.engine_io_only)
        expiry_add(&e->connects, &c->connect, now_ms + e->config.connect_timeout_ms);
}

void conn_forget(struct eio_conn *c)
{
    struct endpoint_host *host = c->endpoint->host;

    expiry_remove(&c->endpoint->lingers, &c->connect);
    c->lingers = false;
    buf_release(&c->out);
    conn_count_backlog(c);
    table_remove(c->endpoint, c);
    c->hash_next = host->dead_conns;
    host->dead_conns = c;
}

static void stop_timers(struct eio_conn *c)
{
    struct endpoint *e = c->endpoint;

    expiry_remove(c->session.pong_awaited ? &e->pongs : &e->pings, &c->heartbeat);
    expiry_remove(&e->connects, &c->connect);
    expiry_remove(&e->probes, &c->probe_limit);
}

static enum eio_end end_of(enum endpoint_end why)
{
    switch (why) {
    case END_CLIENT_CLOSE:
    case END_CLIENT_CLOSE_FRAME:
    case END_CLIENT_LOST:
        return EIO_END_PEER;
    case END_PING_TIMEOUT:
        return EIO_END_PING_TIMEOUT;
    case END_BAD_PACKET:
    case END_TOO_LARGE:
        return EIO_END_BAD_PACKET;
    case END_POLL_LOST:
        return EIO_END_POLL_LOST;
    case END_OVERLAP:
        return EIO_END_OVERLAP;
    case END_CLIENT_DISCONNECT:
    case END_CONNECT_TIMEOUT:
    case END_OVERFLOW:
    case END_SERVER_DISCONNECT:
    case END_SERVER_SHUTDOWN:
        break;
    }
    return EIO_END_LOCAL;
}

void conn_end(struct eio_conn *c, enum endpoint_end why)
{
    struct endpoint *e = c->endpoint;

    if (c->dead)
        return;
    c->dead = true;
    e->n_sessions--;
    stop_timers(c);
    dirty_remove(c);
    eio_session_close(&c->session, end_of(why));
    websocket_drop_probe(c);
    if (c->link)
        websocket_last_words(c, why);
    else
        polling_last_words(c, why);
    if (c->post) /* also on a WebSocket: it may have begun before the upgrade */
        request_refuse(c->post, REFUSE_SID);
    if (c->lingers)
        expiry_add(&e->lingers, &c->connect,
                   net_loop_now_ms(e->host->loop) + e->config.ping_timeout_ms);
    else
        conn_forget(c);
    socket_end_all(c, why);
}

void eio_conn_abort(struct eio_conn *c)
{
    struct request *open[] = {c->get, c->post};
    struct link *link = c->link;

    if (c->dead)
        return;
    for (size_t i = 0; i < ARRAY_LEN(open); i++) {
        if (!open[i])
            continue;
        open[i]->conn = NULL;
        open[i]->kind = REQUEST_ANSWERED;
        http_exchange_abort(open[i]->x);
    }
    c->get = c->post = NULL;
    c->link = NULL;
    if (link) {
        websocket_orphan(c->endpoint->host, link);
        link_abort(link);
    }
    conn_end(c, END_SERVER_DISCONNECT);
    if (c->lingers)
        conn_forget(c);
}

/* ---- input ---- */

static void fault(struct eio_conn *c, const struct wire_fault *what)
{
    struct endpoint *e = c->endpoint;

    if (e->ops.fault)
        e->ops.fault(e->user, c, what);
}

static void pong_came(struct eio_conn *c)
{
    struct endpoint *e = c->endpoint;

    expiry_remove(&e->pongs, &c->heartbeat);
    expiry_add(&e->pings, &c->heartbeat, c->session.due_ms);
}

static void close_came(struct eio_conn *c, const struct wire_fault *what)
{
    if (c->session.end == EIO_END_BAD_PACKET) {
        fault(c, what);
        conn_end(c, END_BAD_PACKET);
    } else {
        conn_end(c, END_CLIENT_CLOSE);
    }
}

void conn_feed(struct eio_conn *c, enum eio_from from, const struct eio_packet *packet)
{
    struct endpoint *e = c->endpoint;
    struct wire_fault what;

    switch (
        eio_session_feed(&c->session, from, packet, net_loop_now_ms(e->host->loop), NULL, &what)) {
    case EIO_STEP_MESSAGE:
        if (e->config.engine_io_only)
            e->ops.message(e->user, c, packet->binary, packet->data);
        else
            socket_message(c, packet->binary, packet->data);
        break;
    case EIO_STEP_PONGED:
        pong_came(c);
        break;
    case EIO_STEP_PROBE_PONG:
        websocket_probe_pong(c);
        break;
    case EIO_STEP_UPGRADE:
        websocket_take_over(c);
        break;
    case EIO_STEP_DROP_PROBE:
        websocket_drop_probe(c);
        break;
    case EIO_STEP_CLOSE:
        close_came(c, &what);
        break;
    case EIO_STEP_NONE:
    case EIO_STEP_OPENED:
    case EIO_STEP_PING:
    case EIO_STEP_PONG:
    case EIO_STEP_PAUSE:
    case EIO_STEP_IGNORED:
        break;
    }
}

void conn_bad(struct eio_conn *c, enum eio_from from, const struct wire_fault *what)
{
    if (c->dead)
        return;
    if (eio_session_bad(&c->session, from) == EIO_STEP_DROP_PROBE)
        websocket_drop_probe(c);
    else
        close_came(c, what);
}

/* ---- deadlines ---- */

static void heartbeat(struct eio_conn *c, uint64_t now_ms)
{
    enum eio_step step = eio_session_tick(&c->session, now_ms);

    if (step == EIO_STEP_CLOSE) {
        conn_end(c, END_PING_TIMEOUT);
        return;
    }
    assert(step == EIO_STEP_PING); /* a server's clock has no other steps */
    expiry_add(&c->endpoint->pongs, &c->heartbeat, c->session.due_ms);
    if (!(c->endpoint->config.sabotage & SABOTAGE_NO_PING))
        conn_send(c, EIO_PING, false, NULL, 0);
}

void conn_heartbeat_due(void *endpoint, struct expiry *d)
{
    struct endpoint *e = endpoint;

    heartbeat(CONTAINER_OF(d, struct eio_conn, heartbeat), net_loop_now_ms(e->host->loop));
}

void conn_catch_up(struct eio_conn *c)
{
    uint64_t now_ms = net_loop_clock_us() / 1000;

    while (!c->dead && c->session.due_ms <= now_ms) {
        expiry_remove(c->session.pong_awaited ? &c->endpoint->pongs : &c->endpoint->pings,
                      &c->heartbeat);
        heartbeat(c, now_ms);
    }
}

void conn_connect_due(void *endpoint, struct expiry *d)
{
    (void)endpoint;
    conn_end(CONTAINER_OF(d, struct eio_conn, connect), END_CONNECT_TIMEOUT);
}

void conn_probe_due(void *endpoint, struct expiry *d)
{
    (void)endpoint;
    websocket_drop_probe(CONTAINER_OF(d, struct eio_conn, probe_limit));
}

void conn_linger_due(void *endpoint, struct expiry *d)
{
    (void)endpoint;
    conn_forget(CONTAINER_OF(d, struct eio_conn, connect));
}

/* ---- the owner's side ---- */

const char *eio_conn_sid(const struct eio_conn *c)
{
    return c->sid;
}

enum endpoint_transport eio_conn_transport(const struct eio_conn *c)
{
    return c->session.carrier == EIO_ON_POLLING ? TRANSPORT_POLLING : TRANSPORT_WEBSOCKET;
}

void eio_conn_send(struct eio_conn *c, bool binary, const struct slice *parts, unsigned n_parts)
{
    conn_send(c, EIO_MESSAGE, binary, parts, n_parts);
}

void eio_conn_close(struct eio_conn *c)
{
    conn_end(c, END_SERVER_DISCONNECT);
}
