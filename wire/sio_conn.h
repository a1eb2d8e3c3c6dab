/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SIO_CONN_H
#define WIRE_SIO_CONN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/sio_packet.h"

/*
 * Socket.IO 5 on one Engine.IO session, pure: puts packets and their binary attachments together (either role), and keeps the state of each
 * namespace (server).  Nothing is sent; each input answers with the one step that the owner has to take.
 */

/* ---- attachments: either role ---- */

struct sio_assembly_limits {
    struct sio_limits packet;
    size_t max_binary_bytes; /* all attachments of one packet together */
};

/*
 * A packet that announces attachments is kept until they are all there.  Holds no memory in between.
 * Embedded: sio_assembly_init / _release.
 */
struct sio_assembly {
    struct sio_assembly_limits limits;
    struct buf text;      /* the announcing packet */
    struct buf *parts;    /* owned; `announced` of them */
    struct slice *slices; /* owned; views of `parts` for the caller */
    unsigned announced;   /* 0: nothing is being put together */
    unsigned arrived;
    size_t binary_bytes;
    bool delivered; /* the kept packet was handed out; freed at the next feed */
};

void sio_assembly_init(struct sio_assembly *a, const struct sio_assembly_limits *limits);
void sio_assembly_release(struct sio_assembly *a);

/*
 * Take one Engine.IO message.  WIRE_OK and *ret_complete: `ret_packet` and `ret_attachments` hold a whole packet, borrowed until the
 * next feed or release (and from `data`).  WIRE_OK without it: more has to come.
 * Failures: those of sio_packet_decode; WIRE_E_SIO_BINARY for a binary message that nothing announced; WIRE_E_SIO_UNEXPECTED
 * for text in the middle of attachments; WIRE_E_TOO_LARGE above max_binary_bytes.  What was begun is dropped then.
 */
MUST_USE enum wire_err sio_assembly_feed(struct sio_assembly *a, bool binary, struct slice data,
                                         bool *ret_complete, struct sio_packet *ret_packet,
                                         const struct slice **ret_attachments,
                                         struct wire_fault *reterr);

/* Attachments that are still to come. */
unsigned sio_assembly_missing(const struct sio_assembly *a);

/* ---- namespaces: server ---- */

enum sio_nsp_state { SIO_NSP_ASKED, SIO_NSP_CONNECTED };

/* One namespace of one session, embedded in the owner's socket.  Linked by sio_conn_add, unlinked by sio_conn_remove. */
struct sio_nsp {
    struct sio_nsp *next;
    const char *name; /* owned by whoever embeds it; lives as long as the link */
    size_t name_len;
    enum sio_nsp_state state;
};

enum sio_step {
    SIO_STEP_NONE,    /* more has to come, or a packet without effect */
    SIO_STEP_CONNECT, /* a namespace is asked for: sio_conn_add() it, or refuse at once */
    SIO_STEP_EVENT,
    SIO_STEP_ACK,
    SIO_STEP_DISCONNECT, /* the client leaves `nsp`; remove it */
    SIO_STEP_CLOSE,      /* malformed or out of order: `reterr`; close the Engine.IO session */
};

struct sio_conn_limits {
    struct sio_assembly_limits assembly;
    unsigned max_namespaces;
};

struct sio_conn {
    struct sio_assembly assembly;
    struct sio_nsp *first; /* borrowed links */
    unsigned n_nsps;
    unsigned max_namespaces;
    bool ignore_unconnected;
};

/*
 * `ignore_unconnected`: packets for a namespace that is not connected have no effect (as in python-socketio); otherwise they
 * close the session (as in npm socket.io).  While a namespace is asked for and not yet decided they never have an effect.
 */
void sio_conn_init(struct sio_conn *c, const struct sio_conn_limits *limits,
                   bool ignore_unconnected);
void sio_conn_release(struct sio_conn *c);

/* What came.  Slices borrowed until the next feed. */
struct sio_input {
    struct sio_packet packet;
    const struct slice *attachments;
    struct sio_nsp *nsp; /* the link of packet.nsp; NULL with SIO_STEP_CONNECT */
};

/*
 * Take one Engine.IO message of the client.  Besides malformed packets these close the session: CONNECT to a namespace that is connected
 * or asked for, CONNECT_ERROR from a client, more namespaces than the ceiling.
 *
 * Requirements: SIO-18, AUTH-03.
 */
MUST_USE enum sio_step sio_conn_feed(struct sio_conn *c, bool binary, struct slice data,
                                     struct sio_input *ret_input, struct wire_fault *reterr);

/* Link a namespace that was asked for (state SIO_NSP_ASKED).  Takes no ownership; `nsp->name` is set by the caller. */
void sio_conn_add(struct sio_conn *c, struct sio_nsp *nsp);
void sio_conn_remove(struct sio_conn *c, struct sio_nsp *nsp);
struct sio_nsp *sio_conn_find(const struct sio_conn *c, struct slice name);

#endif
