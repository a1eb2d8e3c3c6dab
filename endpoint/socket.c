/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/internal.h"

#include <stdlib.h>

#include "wire/xmalloc.h"

/* ---- input ---- */

static struct sio_socket *socket_new(struct eio_conn *c, struct slice nsp)
{
    struct sio_socket *s = xcalloc(1, sizeof(*s) + nsp.len + 1);

    memcpy(s->name, nsp.ptr, nsp.len);
    s->nsp.name = s->name;
    s->nsp.name_len = nsp.len;
    s->conn = c;
    sid_generate(s->sid);
    sio_conn_add(&c->sio, &s->nsp);
    return s;
}

/* Unlink, tell the owner, free at the end of the turn: a callback further up may still hold it. */
static void socket_end(struct sio_socket *s, enum endpoint_end why)
{
    struct endpoint *e = s->conn->endpoint;

    if (s->gone)
        return;
    s->gone = true;
    sio_conn_remove(&s->conn->sio, &s->nsp);
    s->dead_next = e->host->dead_sockets;
    e->host->dead_sockets = s;
    if (e->ops.disconnected)
        e->ops.disconnected(e->user, s, why);
}

void socket_end_all(struct eio_conn *c, enum endpoint_end why)
{
    while (c->sio.first)
        socket_end(CONTAINER_OF(c->sio.first, struct sio_socket, nsp), why);
}

static void refuse_message(struct eio_conn *c, const struct wire_fault *fault)
{
    conn_bad(c, EIO_FROM_CARRIER, fault);
}

void socket_message(struct eio_conn *c, bool binary, struct slice data)
{
    struct endpoint *e = c->endpoint;
    struct sio_input in;
    struct sio_event ev;
    struct wire_fault fault;
    enum sio_step step = sio_conn_feed(&c->sio, binary, data, &in, &fault);
    struct sio_socket *s;

    if (step == SIO_STEP_NONE)
        return;
    if (step == SIO_STEP_CLOSE) {
        refuse_message(c, &fault);
        return;
    }
    if (step == SIO_STEP_CONNECT) {
        e->ops.connect(e->user, socket_new(c, in.packet.nsp), in.packet.nsp, in.packet.payload);
        return;
    }
    s = CONTAINER_OF(in.nsp, struct sio_socket, nsp);
    if (step == SIO_STEP_DISCONNECT) {
        socket_end(s, END_CLIENT_DISCONNECT);
        return;
    }
    ev = (struct sio_event){
        .name_raw = in.packet.name,
        .args = in.packet.args,
        .n_args = in.packet.n_args,
        .id = in.packet.id,
        .attachments = in.attachments,
        .n_attachments = in.packet.attachments,
    };
    if (step == SIO_STEP_EVENT)
        e->ops.event(e->user, s, &ev);
    else if (e->ops.ack)
        e->ops.ack(e->user, s, &ev);
}

/* ---- output ---- */

static bool can_send(const struct sio_socket *s)
{
    return !s->gone && s->nsp.state == SIO_NSP_CONNECTED;
}

static void send_attachments(struct eio_conn *c, const struct slice *attachments, unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        conn_send(c, EIO_MESSAGE, true, &attachments[i], 1);
}

static void send_packet(struct sio_socket *s, struct slice args, const struct slice *attachments,
                        unsigned n_attachments)
{
    struct buf *head = &s->conn->endpoint->head;
    const struct slice parts[] = {buf_slice(head), args, slice_of("]", 1)};

    conn_send(s->conn, EIO_MESSAGE, false, parts, ARRAY_LEN(parts));
    send_attachments(s->conn, attachments, n_attachments);
}

static struct slice name_of(const struct sio_socket *s)
{
    return slice_of(s->nsp.name, s->nsp.name_len);
}

void sio_socket_emit(struct sio_socket *s, struct slice name_raw, struct slice args, uint64_t id,
                     const struct slice *attachments, unsigned n_attachments)
{
    struct buf *head = &s->conn->endpoint->head;

    if (!can_send(s))
        return;
    buf_clear(head);
    sio_event_head(head, name_of(s), id, n_attachments, name_raw, args.len > 0);
    send_packet(s, args, attachments, n_attachments);
}

void sio_socket_ack(struct sio_socket *s, uint64_t id, struct slice args,
                    const struct slice *attachments, unsigned n_attachments)
{
    struct buf *head = &s->conn->endpoint->head;

    if (!can_send(s))
        return;
    buf_clear(head);
    sio_ack_head(head, name_of(s), id, n_attachments);
    send_packet(s, args, attachments, n_attachments);
}

static void send_head(struct sio_socket *s)
{
    const struct slice part = buf_slice(&s->conn->endpoint->head);

    conn_send(s->conn, EIO_MESSAGE, false, &part, 1);
}

void sio_socket_accept(struct sio_socket *s)
{
    struct endpoint *e = s->conn->endpoint;
    struct buf json;

    if (s->gone || s->nsp.state != SIO_NSP_ASKED)
        return;
    s->nsp.state = SIO_NSP_CONNECTED;
    expiry_remove(&e->connects, &s->conn->connect);
    buf_init(&json, 64);
    buf_appendf(&json, "{\"sid\":\"%s\"}", s->sid);
    buf_clear(&e->head);
    sio_connect_encode(&e->head, name_of(s), buf_slice(&json));
    buf_release(&json);
    send_head(s);
}

void sio_socket_refuse(struct sio_socket *s, struct slice json)
{
    struct endpoint *e = s->conn->endpoint;

    if (s->gone || s->nsp.state != SIO_NSP_ASKED)
        return;
    buf_clear(&e->head);
    sio_connect_error_encode(&e->head, name_of(s), json);
    send_head(s);
    if (e->config.sabotage & SABOTAGE_REFUSED_LIVES) {
        s->nsp.state = SIO_NSP_CONNECTED;
        return;
    }
    socket_end(s, END_SERVER_DISCONNECT);
}

void sio_socket_disconnect(struct sio_socket *s)
{
    struct endpoint *e = s->conn->endpoint;

    if (!can_send(s))
        return;
    buf_clear(&e->head);
    sio_disconnect_encode(&e->head, name_of(s));
    send_head(s);
    socket_end(s, END_SERVER_DISCONNECT);
}

/* ---- the owner's side ---- */

const char *sio_socket_sid(const struct sio_socket *s)
{
    return s->sid;
}

struct eio_conn *sio_socket_conn(const struct sio_socket *s)
{
    return s->conn;
}

struct slice sio_socket_nsp(const struct sio_socket *s)
{
    return name_of(s);
}

void sio_socket_set_user(struct sio_socket *s, void *user)
{
    s->user = user;
}

void *sio_socket_user(const struct sio_socket *s)
{
    return s->user;
}
