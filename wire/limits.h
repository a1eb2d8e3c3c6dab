/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_LIMITS_H
#define WIRE_LIMITS_H

/* Every ceiling of the codec in one place.  Those marked (default) are configurable per connection.
 */
enum {
    WIRE_MAX_PAYLOAD_BYTES = 1000000, /* one POST body or WebSocket message (default) */
    WIRE_MAX_PACKETS_PER_PAYLOAD =
        4096,                         /* in one polling body (default); legal bursts are smaller */
    WIRE_MAX_JSON_DEPTH = 128,        /* nesting of arrays and objects (default) */
    WIRE_MAX_ATTACHMENTS = 1024,      /* binary attachments of one Socket.IO packet (default) */
    WIRE_MAX_BINARY_BYTES = 16000000, /* all attachments of one packet together (default) */
    WIRE_MAX_NAMESPACE_BYTES = 1024,  /* length of a namespace name */
    WIRE_MAX_NAMESPACES = 16,         /* connected per Engine.IO session (default) */
    WIRE_MAX_QUEUE_BYTES = 16000000,  /* bytes waiting for one slow peer (default) */
};

#endif
