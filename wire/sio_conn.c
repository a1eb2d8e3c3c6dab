/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/sio_conn.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/xmalloc.h"

/* ---- attachments ---- */

void sio_assembly_init(struct sio_assembly *a, const struct sio_assembly_limits *limits)
{
    *a = (struct sio_assembly){.limits = *limits};
    buf_init(&a->text, SIZE_MAX);
}

static void forget(struct sio_assembly *a)
{
    for (unsigned i = 0; i < a->announced; i++)
        buf_release(&a->parts[i]);
    free(a->parts);
    free(a->slices);
    buf_release(&a->text);
    a->parts = NULL;
    a->slices = NULL;
    a->announced = 0;
    a->arrived = 0;
    a->binary_bytes = 0;
    a->delivered = false;
}

void sio_assembly_release(struct sio_assembly *a)
{
    forget(a);
}

unsigned sio_assembly_missing(const struct sio_assembly *a)
{
    return a->announced - a->arrived;
}

static enum wire_err refuse(struct sio_assembly *a, enum wire_err code, const char *expected,
                            struct wire_fault *reterr)
{
    *reterr = (struct wire_fault){code, 0, expected};
    forget(a);
    return code;
}

static void begin(struct sio_assembly *a, struct slice text, unsigned attachments)
{
    buf_append_slice(&a->text, text);
    a->parts = xcalloc(attachments, sizeof(*a->parts));
    a->slices = xcalloc(attachments, sizeof(*a->slices));
    a->announced = attachments;
    for (unsigned i = 0; i < attachments; i++)
        buf_init(&a->parts[i], a->limits.max_binary_bytes);
}

static enum wire_err feed_text(struct sio_assembly *a, struct slice text, bool *ret_complete,
                               struct sio_packet *ret_packet, struct wire_fault *reterr)
{
    enum wire_err err;

    if (a->announced)
        return refuse(a, WIRE_E_SIO_UNEXPECTED, "a binary attachment", reterr);
    err = sio_packet_decode(text, &a->limits.packet, ret_packet, reterr);
    if (err)
        return err;
    *ret_complete = ret_packet->attachments == 0;
    if (ret_packet->attachments)
        begin(a, text, ret_packet->attachments);
    return WIRE_OK;
}

static enum wire_err feed_binary(struct sio_assembly *a, struct slice data, bool *ret_complete,
                                 struct sio_packet *ret_packet,
                                 const struct slice **ret_attachments, struct wire_fault *reterr)
{
    if (!a->announced)
        return refuse(a, WIRE_E_SIO_BINARY, NULL, reterr);
    if (data.len > a->limits.max_binary_bytes - a->binary_bytes)
        return refuse(a, WIRE_E_TOO_LARGE, NULL, reterr);
    a->binary_bytes += data.len;
    buf_append_slice(&a->parts[a->arrived], data);
    a->slices[a->arrived] = buf_slice(&a->parts[a->arrived]);
    a->arrived++;
    if (a->arrived < a->announced)
        return WIRE_OK;
    *ret_complete = true;
    *ret_attachments = a->slices;
    a->delivered = true;
    /* Decoded again: the slices of the first time pointed into the message of that time. */
    return sio_packet_decode(buf_slice(&a->text), &a->limits.packet, ret_packet, reterr);
}

enum wire_err sio_assembly_feed(struct sio_assembly *a, bool binary, struct slice data,
                                bool *ret_complete, struct sio_packet *ret_packet,
                                const struct slice **ret_attachments, struct wire_fault *reterr)
{
    if (a->delivered)
        forget(a);
    *ret_complete = false;
    *ret_attachments = NULL;
    if (binary)
        return feed_binary(a, data, ret_complete, ret_packet, ret_attachments, reterr);
    return feed_text(a, data, ret_complete, ret_packet, reterr);
}

/* ---- namespaces ---- */

void sio_conn_init(struct sio_conn *c, const struct sio_conn_limits *limits,
                   bool ignore_unconnected)
{
    *c = (struct sio_conn){
        .max_namespaces = limits->max_namespaces,
        .ignore_unconnected = ignore_unconnected,
    };
    sio_assembly_init(&c->assembly, &limits->assembly);
}

void sio_conn_release(struct sio_conn *c)
{
    assert(!c->first);
    sio_assembly_release(&c->assembly);
}

void sio_conn_add(struct sio_conn *c, struct sio_nsp *nsp)
{
    nsp->state = SIO_NSP_ASKED;
    nsp->next = c->first;
    c->first = nsp;
    c->n_nsps++;
}

void sio_conn_remove(struct sio_conn *c, struct sio_nsp *nsp)
{
    for (struct sio_nsp **at = &c->first; *at; at = &(*at)->next) {
        if (*at != nsp)
            continue;
        *at = nsp->next;
        nsp->next = NULL;
        c->n_nsps--;
        return;
    }
    assert(false && "a namespace that is linked");
}

struct sio_nsp *sio_conn_find(const struct sio_conn *c, struct slice name)
{
    for (struct sio_nsp *nsp = c->first; nsp; nsp = nsp->next) {
        if (slice_eq(name, slice_of(nsp->name, nsp->name_len)))
            return nsp;
    }
    return NULL;
}

static enum sio_step refuse_packet(enum wire_err code, const char *expected,
                                   struct wire_fault *reterr)
{
    *reterr = (struct wire_fault){code, 0, expected};
    return SIO_STEP_CLOSE;
}

static enum sio_step feed_connect(const struct sio_conn *c, const struct sio_nsp *nsp,
                                  struct wire_fault *reterr)
{
    if (nsp)
        return refuse_packet(WIRE_E_SIO_UNEXPECTED, "one CONNECT for a namespace", reterr);
    if (c->n_nsps >= c->max_namespaces)
        return refuse_packet(WIRE_E_TOO_LARGE, "fewer namespaces", reterr);
    return SIO_STEP_CONNECT;
}

/* EVENT, ACK and DISCONNECT; a binary one counts as its plain twin. */
static enum sio_step feed_member(const struct sio_conn *c, const struct sio_nsp *nsp,
                                 enum sio_step step, struct wire_fault *reterr)
{
    if (nsp && (nsp->state == SIO_NSP_CONNECTED || step == SIO_STEP_DISCONNECT))
        return step;
    /* SIO-18: before the acceptance nothing has an effect. */
    if (nsp || c->ignore_unconnected)
        return SIO_STEP_NONE;
    return refuse_packet(WIRE_E_SIO_UNEXPECTED, "a namespace that is connected", reterr);
}

enum sio_step sio_conn_feed(struct sio_conn *c, bool binary, struct slice data,
                            struct sio_input *ret_input, struct wire_fault *reterr)
{
    bool complete;

    if (sio_assembly_feed(&c->assembly, binary, data, &complete, &ret_input->packet,
                          &ret_input->attachments, reterr) != WIRE_OK)
        return SIO_STEP_CLOSE;
    if (!complete)
        return SIO_STEP_NONE;
    ret_input->nsp = sio_conn_find(c, ret_input->packet.nsp);
    switch (ret_input->packet.type) {
    case SIO_CONNECT:
        return feed_connect(c, ret_input->nsp, reterr);
    case SIO_DISCONNECT:
        return feed_member(c, ret_input->nsp, SIO_STEP_DISCONNECT, reterr);
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        return feed_member(c, ret_input->nsp, SIO_STEP_EVENT, reterr);
    case SIO_ACK:
    case SIO_BINARY_ACK:
        return feed_member(c, ret_input->nsp, SIO_STEP_ACK, reterr);
    case SIO_CONNECT_ERROR:
        break;
    }
    return refuse_packet(WIRE_E_SIO_UNEXPECTED, "no CONNECT_ERROR from a client", reterr);
}
