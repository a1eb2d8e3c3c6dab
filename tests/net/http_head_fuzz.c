/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: heads and bodies of HTTP/1.1.  A head that parses must point into the bytes; a body fed whole and one fed byte by byte
 * must say the same.
 */
#include <assert.h>
#include <stdint.h>
#include <stdlib.h>

#include "net/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_inside(struct slice part, struct slice whole)
{
    if (part.len > 0 && !slice_is(part, "/"))
        assert(part.ptr >= whole.ptr && part.ptr + part.len <= whole.ptr + whole.len);
}

/* Feed in steps of `stride`; the data bytes' sum and how it ended. */
static enum http_body_step feed(struct slice bytes, size_t stride, uint64_t *ret_sum)
{
    enum http_body_step step = HTTP_BODY_MORE;
    struct http_body body;
    size_t at = 0;

    *ret_sum = 0;
    http_body_init(&body, HTTP_BODY_CHUNKED, 0);
    while (at < bytes.len) {
        size_t n = bytes.len - at < stride ? bytes.len - at : stride;
        struct slice piece;
        size_t used;

        step = http_body_feed(&body, slice_of(bytes.ptr + at, n), &used, &piece);
        assert(used <= n);
        at += used;
        if (step == HTTP_BODY_BAD || step == HTTP_BODY_END)
            return step;
        for (size_t i = 0; step == HTTP_BODY_DATA && i < piece.len; i++)
            *ret_sum = *ret_sum * 31 + (unsigned char)piece.ptr[i];
    }
    return HTTP_BODY_MORE;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice bytes = slice_of((const char *)data, size);
    static struct http_head head;
    size_t scanned = 0;
    size_t head_len = http_head_len(bytes, &scanned);
    uint64_t whole;
    uint64_t pieces;

    if (head_len > 0) {
        struct slice head_bytes = slice_of(bytes.ptr, head_len);

        if (http_head_parse_request(&head, head_bytes) == 0) {
            check_inside(head.method, head_bytes);
            check_inside(head.path, head_bytes);
            check_inside(head.query, head_bytes);
            for (unsigned i = 0; i < head.n_fields; i++)
                check_inside(head.fields[i].value, head_bytes);
        }
        if (http_head_parse_answer(&head, head_bytes) == 0 &&
            (head.status < 100 || head.status > 999))
            abort();
    }
    if (feed(bytes, SIZE_MAX, &whole) != feed(bytes, 1, &pieces) || whole != pieces)
        abort();
    return 0;
}
