/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_JSON_TEXT_H
#define WIRE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "wire/buf.h"
#include "wire/wire_err.h"

/*
 * Strict RFC 8259 text.  One pass validates (syntax, UTF-8, depth) and gives slices; nothing is
 * converted, so nothing is lost: numbers keep their spelling, strings their escapes, objects their
 * order and repeated members.  A lone surrogate written as an escape ("\ud800") is legal text; raw
 * bytes must be UTF-8; a BOM is not allowed.
 */

enum json_type {
    JSON_NULL,
    JSON_FALSE,
    JSON_TRUE,
    JSON_NUMBER,
    JSON_STRING,
    JSON_ARRAY,
    JSON_OBJECT
};

/* ---- scanning without a tree: the hot path of a relay ---- */

/*
 * A scalar has depth 0, `[]` depth 1.  Scanner and trees hold at most JSON_DEPTH_LIMIT levels: a
 * larger max_depth counts as that.
 */
enum { JSON_DEPTH_LIMIT = 1024 };

/*
 * Validate that `text` is exactly one JSON value, blanks around it allowed.
 *
 * On failure `reterr` (may be NULL) has the offset of the first byte that no valid text can have
 * there; text.len when the text just ends too early.  For WIRE_E_UTF8 it is the first byte of the
 * malformed sequence.
 */
MUST_USE enum wire_err json_scan(struct slice text, unsigned max_depth, struct wire_fault *reterr);

/*
 * Validate one value that starts at offset `at` (blanks in front allowed); *ret_end gets the offset
 * after it.  What follows is the caller's business.  Offsets count from the start of `text`.  For
 * texts whose outer form the caller walks by itself.
 */
MUST_USE enum wire_err json_scan_value(struct slice text, size_t at, unsigned max_depth,
                                       size_t *ret_end, struct wire_fault *reterr);

/*
 * Walk over text that json_scan() has accepted.  json_cursor_array / _object start at the value
 * that `value` holds (blanks in front allowed) and fail with false when it is not an array /
 * object.  json_next() gives the next element: false at the end. Slices are borrowed from the text;
 * a key is raw, with its quotes.
 */
struct json_cursor {
    const char *at;
    const char *end;
    bool in_object;
};
MUST_USE bool json_cursor_array(struct json_cursor *c, struct slice value);
MUST_USE bool json_cursor_object(struct json_cursor *c, struct slice value);
MUST_USE bool json_next(struct json_cursor *c, struct slice *ret_key, struct slice *ret_value);

/* Type of a scanned value by its first byte (blanks in front allowed). */
enum json_type json_type_of(struct slice value);

/*
 * First member `key` (decoded comparison, so "computer" and "\u0063omputer" are one key) of the
 * scanned object `value`. `ret_count` (may be NULL) gets how often the key stands there.  False
 * when absent or no object.
 */
MUST_USE bool json_member(struct slice value, const char *key, struct slice *ret_value,
                          unsigned *ret_count);

/* ---- strings and numbers ---- */

/*
 * Decode a scanned string (with quotes) and append UTF-8 to `out`.  A lone surrogate becomes its
 * three-byte generalised UTF-8 form (WTF-8), so that no two different strings decode alike; \u0000
 * becomes a NUL byte.  Cannot fail beyond the ceiling of `out`.
 */
void json_string_decode(struct slice raw, struct buf *out);

/* Is the scanned string (with quotes) equal to the UTF-8 `text`, escapes resolved?  False for other
 * types. */
bool json_string_is(struct slice raw, struct slice text);

/* Length in Unicode code points of the scanned string. */
size_t json_string_length(struct slice raw);

/* The nearest double of a scanned number, locale-independent. */
double json_number_double(struct slice raw);

/* Exact 64-bit integer value; 1.0 and 1e2 count as integers.  False when it has a fraction or does
 * not fit. */
MUST_USE bool json_number_i64(struct slice raw, int64_t *ret_value);

/* ---- trees: scenario files, schemas, matchers ---- */

struct json_node {
    enum json_type type;
    struct slice text; /* raw text of the value; borrowed from the document */
    struct slice key;  /* raw key with quotes when the parent is an object, else empty */
    const struct json_node *first; /* first child of an array or object, else NULL */
    const struct json_node *next;  /* next sibling or NULL */
    size_t count;                  /* children */
};

struct json_doc; /* owns its text copy and its nodes */

/* Parse a copy of `text`.  On failure nothing is allocated.  Caller frees with json_doc_free (NULL
 * is fine). */
MUST_USE enum wire_err json_doc_parse(struct slice text, unsigned max_depth,
                                      struct json_doc **ret_doc, struct wire_fault *reterr);
void json_doc_free(struct json_doc *doc);
const struct json_node *json_doc_root(const struct json_doc *doc);
struct slice json_doc_text(const struct json_doc *doc);

/* First member / n-th element, or NULL. NULL nodes are accepted and give NULL. */
const struct json_node *json_get(const struct json_node *object, const char *key);
const struct json_node *json_at(const struct json_node *array, size_t index);

/* RFC 6901 pointer ("/a/0/b"; "" is the root).  NULL when it leads nowhere. */
const struct json_node *json_pointer(const struct json_node *root, const char *pointer);

/* Heap copy of a string node's value (caller: free()); NULL when node is NULL or no string.
 * `ret_len` may be NULL (strings may hold NUL). */
char *json_node_str(const struct json_node *node, size_t *ret_len);

/* Heap copy of the member key, decoded (caller: free()). */
char *json_node_key(const struct json_node *node);

/* 1-based line and column (in bytes) of a byte offset. */
struct json_position {
    unsigned line;
    unsigned column;
};
struct json_position json_position_at(struct slice text, size_t offset);
struct json_position json_position_of(const struct json_doc *doc, const struct json_node *node);

/* ---- comparison without loss ---- */

enum json_compare {
    JSON_BY_VALUE, /* numbers as doubles, strings exact after escapes, member order free, repeated
                      members: the last wins */
    JSON_BY_NUMBER_TEXT, /* as above, but numbers must be the same mathematical decimal value,
                            exactly (1.0 = 1, beyond-double integers differ) */
    JSON_BY_BYTES,       /* byte for byte */
};

/* Equality of two scanned values.  `ret_pointer` (may be NULL) gets the RFC 6901 pointer of the
 * first difference (cleared first). */
MUST_USE bool json_equal(struct slice a, struct slice b, enum json_compare how,
                         struct buf *ret_pointer);

#endif
