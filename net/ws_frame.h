/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_WS_FRAME_H
#define NET_WS_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"

/* RFC 6455 frames and handshake key for net/ alone: pure functions on bytes, both roles. */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10,
};

enum {
    WS_MAX_HEADER_BYTES = 14,
    WS_MAX_CONTROL_BYTES = 125,
    WS_MASK_BYTES = 4,
    WS_KEY_CHARS = 24,
    WS_ACCEPT_CHARS = 28,
};

struct ws_header {
    uint64_t len; /* payload bytes */
    uint8_t opcode;
    bool fin;
    bool reserved_bits;
    bool masked;
    unsigned char mask[WS_MASK_BYTES];
};

/* Bytes a header beginning with these takes: 2 when fewer than 2 are known. */
size_t ws_header_need(const unsigned char *bytes, size_t have);
/* Decode a complete header.  Cannot fail: what is illegal is the caller's to judge. */
void ws_header_decode(const unsigned char *bytes, struct ws_header *ret_header);
/* Write the header of an unfragmented frame; `mask` NULL: unmasked.  Returns its length, at most WS_MAX_HEADER_BYTES. */
size_t ws_header_encode(char *out, enum ws_opcode opcode, size_t len, const unsigned char *mask);
/* XOR with the mask; `at` is the position of data[0] in the payload. */
void ws_mask(char *data, size_t len, const unsigned char *mask, uint64_t at);
/* A close code a peer may send. */
bool ws_close_code_is_legal(uint16_t code);
/* Sec-WebSocket-Accept for a key; NUL-terminated. */
void ws_accept_value(struct slice key, char ret_accept[WS_ACCEPT_CHARS + 1]);
/* 16 bytes as a Sec-WebSocket-Key; NUL-terminated. */
void ws_key_value(const unsigned char nonce[16], char ret_key[WS_KEY_CHARS + 1]);

#endif
