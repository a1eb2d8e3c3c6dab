/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EIO_PACKET_H
#define WIRE_EIO_PACKET_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/wire_err.h"

/* Engine.IO v4: packets as WebSocket messages and as polling payloads.  Pure codec. */

enum eio_type { EIO_OPEN, EIO_CLOSE, EIO_PING, EIO_PONG, EIO_MESSAGE, EIO_UPGRADE, EIO_NOOP };

struct eio_packet {
    enum eio_type type;
    bool binary;       /* only with EIO_MESSAGE */
    struct slice data; /* without the type byte; borrowed */
};

/*
 * Decode one WebSocket message.  A binary one is always EIO_MESSAGE, whatever is in it.  Text must
 * be UTF-8 and carry a type digit 0..6; `b` and base64 are for polling only.
 *
 * Failures: WIRE_E_EMPTY, WIRE_E_EIO_TYPE (offset 0), WIRE_E_UTF8 (first byte of the malformed
 * sequence).  `reterr` may be NULL. ret_packet->data is borrowed from `message`.
 */
MUST_USE enum wire_err eio_packet_decode(struct slice message, bool binary,
                                         struct eio_packet *ret_packet, struct wire_fault *reterr);

/*
 * Walk over a polling payload: eio_payload_start, then eio_payload_next until it fails or *ret_more
 * is false.  With WIRE_OK and *ret_more there is a packet, borrowed until the next step; `scratch`
 * holds decoded base64, one packet at a time, and must outlive its use.
 *
 * Failures: as above, and WIRE_E_EMPTY also for an empty body, a separator in front, at the end or
 * doubled; WIRE_E_EIO_BASE64; WIRE_E_EIO_PACKETS at the packet that is one too many;
 * WIRE_E_TOO_LARGE when binary data do not fit into `scratch`.  Packets before the fault have been
 * delivered.  Offsets count from the start of the body.
 *
 * Base64 is the standard alphabet of RFC 4648, padded, or without any padding as npm takes it.
 */
struct eio_payload {
    struct slice body;
    size_t at;        /* offset of the next packet */
    unsigned packets; /* delivered so far */
    unsigned max_packets;
    struct buf *scratch; /* borrowed */
    bool done;
};
void eio_payload_start(struct eio_payload *p, struct slice body, unsigned max_packets,
                       struct buf *scratch);
MUST_USE enum wire_err eio_payload_next(struct eio_payload *p, struct eio_packet *ret_packet,
                                        bool *ret_more, struct wire_fault *reterr);

/*
 * Append one packet to a polling payload: separator 0x1e when `out` is not empty, `b` + base64 for
 * binary.  The data are the parts joined.  Only the ceiling of `out` can refuse it.
 */
void eio_payload_append(struct buf *out, enum eio_type type, bool binary, const struct slice *parts,
                        unsigned n_parts);

/* Append one packet as the body of a WebSocket message (type digit + data; binary: data only). */
void eio_packet_encode(struct buf *out, enum eio_type type, bool binary, const struct slice *parts,
                       unsigned n_parts);

/* Open packet: its JSON without the leading 0. */
struct eio_open {
    char sid[64];
    bool upgrade_websocket; /* "websocket" is among the upgrades */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint32_t max_payload; /* bytes */
};
void eio_open_encode(struct buf *out, const struct eio_open *open);

/*
 * Unknown members are ignored; sid, upgrades, pingInterval, pingTimeout are required, maxPayload
 * may be missing (0 then).  Of repeated members the last one counts.  The sid has 1 to 63 visible
 * ASCII characters: it goes into URLs as it is.
 *
 * Failures: those of json_scan, and WIRE_E_EIO_OPEN at the value that is wrong, or at the end when
 * a member is missing.
 */
MUST_USE enum wire_err eio_open_decode(struct slice json, struct eio_open *ret_open,
                                       struct wire_fault *reterr);

#endif
