/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SIO_PACKET_H
#define WIRE_SIO_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/wire_err.h"

/* Socket.IO v5 packets as the text inside an Engine.IO message.  Pure codec. */

enum sio_type { SIO_CONNECT, SIO_DISCONNECT, SIO_EVENT, SIO_ACK, SIO_CONNECT_ERROR, SIO_BINARY_EVENT, SIO_BINARY_ACK };

#define SIO_NO_ID UINT64_MAX

/*
 * `args` is the raw JSON text *between the brackets*: for events without the name and its comma, so `2["a",1,{}]` gives name "a" (raw: with quotes) and args `1,{}`,
 * and `3[]`, `3[null]`, `3[true,null]` give ``, `null`, `true,null`.  `payload` is the whole JSON text after the header (empty when there is none).
 */
struct sio_packet {
    enum sio_type type;
    struct slice nsp;      /* "/" when the text names none; query part of a namespace kept as sent */
    uint64_t id;           /* SIO_NO_ID when absent */
    unsigned attachments;  /* announced count; 0 for text packets */
    struct slice payload;  /* raw JSON or empty; validated */
    struct slice name;     /* events: raw JSON string with quotes */
    struct slice args;     /* events and acks */
    unsigned n_args;       /* arguments in `args` */
};

struct sio_limits {
    unsigned max_depth;
    unsigned max_attachments;
};

/*
 * Decode and validate one packet (header, JSON, the form that the type demands: EVENT an array with a string name first; ACK an array and an id; CONNECT nothing or an object;
 * DISCONNECT nothing (anything JSON tolerated); CONNECT_ERROR an object or a string; placeholders of binary packets each num exactly once, count as announced).
 * Slices are borrowed from `text`.
 */
MUST_USE enum wire_err sio_packet_decode(struct slice text, const struct sio_limits *limits, struct sio_packet *ret_packet,
                                         struct wire_fault *reterr);

/*
 * Encode the text of a packet in pieces that need no copy of the arguments: `head` gets everything up to and including the opening bracket and, for events, the name
 * (and a comma when `args` is not empty); the caller sends head + args + "]".  Namespace "/" is left out.
 */
void sio_event_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments, struct slice name_raw_json, bool has_args);
void sio_ack_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments);

/* Whole packets. `json` may be empty. */
void sio_connect_encode(struct buf *out, struct slice nsp, struct slice json);
void sio_connect_error_encode(struct buf *out, struct slice nsp, struct slice json);
void sio_disconnect_encode(struct buf *out, struct slice nsp);

/* Validate placeholders of a payload: how many `{"_placeholder":true,"num":n}` objects stand in it, each num once and < count. */
MUST_USE enum wire_err sio_placeholders_check(struct slice payload, unsigned count, struct wire_fault *reterr);

#endif
