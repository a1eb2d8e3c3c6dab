/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_HTTP_HEAD_H
#define NET_HTTP_HEAD_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/buf.h"

/* HTTP/1.1 heads and bodies (RFC 9112) for net/ alone: pure functions on bytes, both roles. */

enum {
    HTTP_MAX_HEAD_BYTES = 32768, /* query and cookies of 8 KB each must pass */
    HTTP_MAX_FIELDS = 128,
    HTTP_MAX_CHUNK_EXTRA = 8192, /* chunk extensions and trailers of one body */
};

struct http_field {
    struct slice name;
    struct slice value;
};

struct http_head {
    struct slice method; /* request */
    struct slice path;   /* without query */
    struct slice query;  /* without '?' */
    int status;          /* answer */
    int minor;           /* HTTP/1.minor */
    bool keep_alive;
    bool chunked;
    bool has_length;
    uint64_t length; /* Content-Length */
    unsigned n_fields;
    struct http_field fields[HTTP_MAX_FIELDS];
};

/*
 * Bytes of the head at the front of `bytes`, with its empty line, or 0 when it is not complete.  Lines that end in a bare LF count
 * as lines here, so that the parser can refuse them at once.  `*scanned` is where an earlier look
 * at the same bytes ended (0 at first).  Cannot fail.
 */
size_t http_head_len(struct slice bytes, size_t *scanned);

/*
 * Parse a complete head; slices point into `bytes`.  0, or the status to refuse it with (400, 431, 501, 505; an answer's
 * parser says 400 for everything malformed).
 */
MUST_USE int http_head_parse_request(struct http_head *head, struct slice bytes);
MUST_USE int http_head_parse_answer(struct http_head *head, struct slice bytes);

/* First field of that name, whatever its case; NULL when absent. */
const struct slice *http_head_find(const struct http_head *head, const char *name);
/* The comma-separated list in the fields of that name has `token`, whatever its case. */
bool http_head_has_token(const struct http_head *head, const char *name, const char *token);

bool http_equal_nocase(struct slice a, const char *b);

enum http_body_kind { HTTP_BODY_LENGTH, HTTP_BODY_CHUNKED, HTTP_BODY_UNTIL_CLOSE };

/* Where we are in a body. */
struct http_body {
    enum http_body_kind kind;
    uint64_t left; /* of the length, or of the chunk */
    unsigned state;
    unsigned digits;
    unsigned extra; /* bytes of extensions and trailers */
};

enum http_body_step { HTTP_BODY_MORE, HTTP_BODY_DATA, HTTP_BODY_END, HTTP_BODY_BAD };

void http_body_init(struct http_body *body, enum http_body_kind kind, uint64_t length);
/*
 * Take the next step: `*used` bytes are consumed, and with HTTP_BODY_DATA `*piece` (borrowed from `bytes`) is what they hold.  HTTP_BODY_MORE: all of `bytes` is
 * consumed.  Call again until MORE, END or BAD.
 */
enum http_body_step http_body_feed(struct http_body *body, struct slice bytes, size_t *used,
                                   struct slice *piece);

/* Standard reason phrase. */
const char *http_reason(int status);

#endif
