/* SPDX-License-Identifier: Apache-2.0 */
#include "net/ws_frame.h"

#include <libwebsockets.h>
#include <string.h>

enum {
    FIN_BIT = 0x80,
    RESERVED_BITS = 0x70,
    OPCODE_BITS = 0x0f,
    MASK_BIT = 0x80,
    LEN_BITS = 0x7f,
    LEN_16 = 126,
    LEN_64 = 127,
    SHA1_BYTES = 20,
};

size_t ws_header_need(const unsigned char *bytes, size_t have)
{
    size_t need = 2;

    if (have < 2)
        return need;
    if ((bytes[1] & LEN_BITS) == LEN_16)
        need += 2;
    else if ((bytes[1] & LEN_BITS) == LEN_64)
        need += 8;
    return bytes[1] & MASK_BIT ? need + WS_MASK_BYTES : need;
}

void ws_header_decode(const unsigned char *bytes, struct ws_header *ret_header)
{
    unsigned len_bits = bytes[1] & LEN_BITS;
    unsigned extra = len_bits == LEN_16 ? 2 : len_bits == LEN_64 ? 8 : 0;

    ret_header->fin = (bytes[0] & FIN_BIT) != 0;
    ret_header->reserved_bits = (bytes[0] & RESERVED_BITS) != 0;
    ret_header->opcode = bytes[0] & OPCODE_BITS;
    ret_header->masked = (bytes[1] & MASK_BIT) != 0;
    ret_header->len = extra ? 0 : len_bits;
    for (unsigned i = 0; i < extra; i++)
        ret_header->len = ret_header->len << 8 | bytes[2 + i];
    if (ret_header->masked)
        memcpy(ret_header->mask, bytes + 2 + extra, WS_MASK_BYTES);
}

size_t ws_header_encode(char *out, enum ws_opcode opcode, size_t len, const unsigned char *mask)
{
    unsigned char *to = (unsigned char *)out;
    unsigned char mask_bit = mask ? MASK_BIT : 0;
    unsigned extra = len < LEN_16 ? 0 : len <= UINT16_MAX ? 2 : 8;
    size_t at = 2;

    to[0] = (unsigned char)(FIN_BIT | opcode);
    to[1] = (unsigned char)(mask_bit | (extra == 0 ? len : extra == 2 ? LEN_16 : LEN_64));
    for (; extra > 0; extra--)
        to[at++] = (unsigned char)(len >> (8 * (extra - 1)));
    if (mask) {
        memcpy(to + at, mask, WS_MASK_BYTES);
        at += WS_MASK_BYTES;
    }
    return at;
}

void ws_mask(char *data, size_t len, const unsigned char *mask, uint64_t at)
{
    unsigned char turned[8];
    uint64_t wide;
    size_t i = 0;

    for (unsigned k = 0; k < sizeof turned; k++)
        turned[k] = mask[(at + k) & 3];
    memcpy(&wide, turned, sizeof wide);
    for (; i + sizeof wide <= len; i += sizeof wide) {
        uint64_t chunk;

        memcpy(&chunk, data + i, sizeof chunk);
        chunk ^= wide;
        memcpy(data + i, &chunk, sizeof chunk);
    }
    for (; i < len; i++)
        data[i] = (char)(data[i] ^ turned[i & 7]);
}

bool ws_close_code_is_legal(uint16_t code)
{
    if (code >= 3000 && code <= 4999)
        return true;
    return code >= 1000 && code <= 1014 && code != 1004 && code != 1005 && code != 1006;
}

void ws_accept_value(struct slice key, char ret_accept[WS_ACCEPT_CHARS + 1])
{
    static const char guid[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    char text[WS_KEY_CHARS + sizeof guid];
    unsigned char hash[SHA1_BYTES];
    size_t len = key.len < WS_KEY_CHARS ? key.len : WS_KEY_CHARS;

    memcpy(text, key.ptr, len);
    memcpy(text + len, guid, sizeof guid - 1);
    lws_SHA1((const unsigned char *)text, len + sizeof guid - 1, hash);
    lws_b64_encode_string((const char *)hash, SHA1_BYTES, ret_accept, WS_ACCEPT_CHARS + 1);
    ret_accept[WS_ACCEPT_CHARS] = '\0'; /* lws wants one byte more before it writes it */
}

void ws_key_value(const unsigned char nonce[16], char ret_key[WS_KEY_CHARS + 1])
{
    lws_b64_encode_string((const char *)nonce, 16, ret_key, WS_KEY_CHARS + 1);
    ret_key[WS_KEY_CHARS] = '\0';
}
