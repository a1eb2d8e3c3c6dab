/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_BUF_H
#define WIRE_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "wire/macros.h"

/* A borrowed run of bytes.  Never NUL-terminated by contract.  `ptr` may be NULL when `len` is 0.
 */
struct slice {
    const char *ptr;
    size_t len; /* bytes */
};

static inline struct slice slice_of(const char *ptr, size_t len)
{
    return (struct slice){ptr, len};
}

static inline struct slice slice_str(const char *text)
{
    return (struct slice){text, strlen(text)};
}

static inline bool slice_eq(struct slice a, struct slice b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool slice_is(struct slice a, const char *text)
{
    return slice_eq(a, slice_str(text));
}

/*
 * Growable bytes with a ceiling.  Passing the ceiling is not an allocation but a sticky `overflow`:
 * later appends do nothing, so a writer checks once at the end.  Embedded: buf_init / buf_release.
 * An empty buf holds no memory.
 */
struct buf {
    char *data;    /* owned; NULL while nothing was appended; not NUL-terminated */
    size_t len;    /* bytes in use */
    size_t cap;    /* bytes allocated */
    size_t max;    /* ceiling in bytes */
    bool overflow; /* an append did not fit; sticks until buf_clear */
};

/* Start empty with the ceiling `max_bytes`.  Cannot fail. */
void buf_init(struct buf *b, size_t max_bytes);

/* Free the memory; `b` is empty and usable again with the same ceiling.  Cannot fail. */
void buf_release(struct buf *b);

/* Forget the content and the overflow, keep the memory.  Cannot fail. */
void buf_clear(struct buf *b);

/* Append; beyond the ceiling nothing is appended and `overflow` is set. */
void buf_append(struct buf *b, const void *bytes, size_t len);
void buf_append_slice(struct buf *b, struct slice s);
void buf_append_str(struct buf *b, const char *text);
void buf_append_ch(struct buf *b, char c);
void buf_append_u64(struct buf *b, uint64_t value);
void buf_appendf(struct buf *b, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Append `text` (UTF-8, may hold NUL) as a JSON string with its quotes; escapes what RFC 8259
 * demands and nothing else. */
void buf_append_json_string(struct buf *b, struct slice text);

/*
 * Make room for `len` more bytes and return where they go; the caller then adds what it wrote to
 * `b->len`. NULL (and `overflow`) when the ceiling forbids it.
 */
char *buf_reserve(struct buf *b, size_t len);

/* Drop `len` bytes from the front.  Cannot fail; `len` <= b->len. */
void buf_consume(struct buf *b, size_t len);

/* The content as a slice, borrowed until the next change of `b`. */
static inline struct slice buf_slice(const struct buf *b)
{
    return (struct slice){b->data, b->len};
}

/* Hand the content out as a NUL-terminated heap string (caller: free()); `b` is empty afterwards.
 * Cannot fail ("" when empty). */
char *buf_take_str(struct buf *b);

#endif
