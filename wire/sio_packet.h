/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_SIO_PACKET_H
#define WIRE_SIO_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/wire_err.h"

/* Socket.IO v5 packets as the text inside an Engine.IO message.  Pure codec. */

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR,
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK
};

#define SIO_NO_ID UINT64_MAX

/*
 * `args` is the raw JSON text *between the brackets*, without blanks at its ends: for events
 * without the name and its comma, so `2["a",1,{}]` gives the name `"a"` (raw, with quotes) and the
 * args `1,{}`; `3[]`, `3[null]`, `3[true,null]` give ``, `null`, `true,null`.  `payload` is the
 * whole JSON text after the header (empty when there is none).
 */
struct sio_packet {
    enum sio_type type;
    struct slice nsp;     /* "/" when the text names none; query part of a namespace kept as sent */
    uint64_t id;          /* SIO_NO_ID when absent */
    unsigned attachments; /* announced count; 0 for text packets */
    struct slice payload; /* raw JSON or empty; validated */
    struct slice name;    /* events: raw JSON string with quotes */
    struct slice args;    /* events and acks */
    unsigned n_args;      /* arguments in `args` */
};

struct sio_limits {
    unsigned max_depth;
    unsigned max_attachments;
};

/*
 * Decode and validate one packet, `<type>[<attachments>-][<namespace>,][<id>][payload]`, in one
 * pass.  What each type demands:
 *
 *   CONNECT        no payload, or an object
 *   DISCONNECT     no payload (valid JSON is ignored)
 *   EVENT          an array whose first element is a string that is no reserved name
 *   ACK            an id and an array
 *   CONNECT_ERROR  an object or a string
 *   BINARY_EVENT, BINARY_ACK  as EVENT and ACK, and sio_placeholders_check() for the announced
 *                  count; a count of 0 is accepted
 *
 * The namespace's comma may be missing where no array must follow ("0/custom").  Ids and counts may
 * have leading zeros, ids go up to 2^64 - 2; an id where none is needed is reported, no fault.
 * Blanks are allowed inside and after the payload, not in front.
 *
 * Failures, with the offset of the offending byte: WIRE_E_EMPTY, WIRE_E_SIO_TYPE,
 * WIRE_E_SIO_ATTACHMENTS, WIRE_E_SIO_NAMESPACE (the comma is missing), WIRE_E_SIO_ID,
 * WIRE_E_SIO_PAYLOAD (at its start), WIRE_E_SIO_EVENT_NAME, WIRE_E_SIO_PLACEHOLDER, those of
 * json_scan, and WIRE_E_TOO_LARGE: more attachments than the limit, or a namespace above
 * WIRE_MAX_NAMESPACE_BYTES.  `reterr` may be NULL.
 *
 * Slices are borrowed from `text`.
 */
MUST_USE enum wire_err sio_packet_decode(struct slice text, const struct sio_limits *limits,
                                         struct sio_packet *ret_packet, struct wire_fault *reterr);

/*
 * Encode the text of a packet in pieces that need no copy of the arguments: `head` gets everything
 * up to and including the opening bracket and, for events, the name (and a comma when args follow);
 * the caller sends head + args + "]".  Namespace "/" (or an empty one) is left out; with
 * attachments the type is the binary one.  Only the ceiling of `head` can refuse it.
 */
void sio_event_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments,
                    struct slice name_raw_json, bool has_args);
void sio_ack_head(struct buf *head, struct slice nsp, uint64_t id, unsigned attachments);

/* Whole packets.  `json` may be empty. */
void sio_connect_encode(struct buf *out, struct slice nsp, struct slice json);
void sio_connect_error_encode(struct buf *out, struct slice nsp, struct slice json);
void sio_disconnect_encode(struct buf *out, struct slice nsp);

/*
 * Validate the placeholders in a payload that json_scan() has accepted: objects whose
 * `_placeholder` is true, at any depth, must carry each `num` below `count` exactly once.
 * WIRE_E_SIO_PLACEHOLDER at the object that is wrong, or at the end when one is missing.
 */
MUST_USE enum wire_err sio_placeholders_check(struct slice payload, unsigned count,
                                              struct wire_fault *reterr);

#endif
