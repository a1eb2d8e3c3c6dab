/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include <stdlib.h>

#include "wire/json_walk.h"
#include "wire/xmalloc.h"

enum { CHUNK_NODES = 64 };

/* Nodes never move, so they can point at each other. */
struct chunk {
    struct chunk *next;
    size_t used;
    struct json_node nodes[CHUNK_NODES];
};

struct json_doc {
    char *text; /* owned */
    size_t len;
    struct chunk *chunks;         /* owned; newest first */
    const struct json_node *root; /* in a chunk */
};

/* A container whose end has not come yet. */
struct level {
    struct json_node *node;
    struct json_node *last; /* its newest child */
};

static struct json_node *node_new(struct json_doc *doc)
{
    struct chunk *chunk = doc->chunks;

    if (!chunk || chunk->used == CHUNK_NODES) {
        chunk = xcalloc(1, sizeof(*chunk));
        chunk->next = doc->chunks;
        doc->chunks = chunk;
    }
    return &chunk->nodes[chunk->used++];
}

static void node_adopt(struct level *parent, struct json_node *child)
{
    if (parent->last)
        parent->last->next = child;
    else
        parent->node->first = child;
    parent->last = child;
    parent->node->count++;
}

/* The key before a member's value; empty in arrays. */
static struct slice take_key(const struct level *parent, const char **at, const char *end)
{
    const char *start = *at;

    if (parent->node->type != JSON_OBJECT)
        return slice_of(start, 0);
    *at = json_skip_string(start, end);
    return slice_of(start, (size_t)(*at - start));
}

/* The text was accepted: only where values start and end is of interest.  `levels` holds the
 * nesting. */
static void build(struct json_doc *doc, struct level *levels)
{
    const char *at = doc->text, *end = doc->text + doc->len;
    struct json_node top = {.type = JSON_ARRAY}, *node;
    size_t depth = 0;
    struct slice key;

    levels[0] = (struct level){.node = &top};
    for (at = json_skip_filler(at, end); at < end; at = json_skip_filler(at, end)) {
        if (*at == ']' || *at == '}') {
            at++;
            node = levels[depth--].node;
            node->text.len = (size_t)(at - node->text.ptr);
            continue;
        }
        key = take_key(&levels[depth], &at, end);
        at = json_skip_filler(at, end);
        node = node_new(doc);
        node->key = key;
        node->text.ptr = at;
        node->type = json_type_of(slice_of(at, (size_t)(end - at)));
        node_adopt(&levels[depth], node);
        if (node->type == JSON_ARRAY || node->type == JSON_OBJECT) {
            levels[++depth] = (struct level){.node = node};
            at++;
            continue;
        }
        at = json_skip_value(at, end);
        node->text.len = (size_t)(at - node->text.ptr);
    }
    doc->root = top.first;
}

enum wire_err json_doc_parse(struct slice text, unsigned max_depth, struct json_doc **ret_doc,
                             struct wire_fault *reterr)
{
    enum wire_err err = json_scan(text, max_depth, reterr);
    struct json_doc *doc;
    struct level *levels;

    if (err)
        return err;
    doc = xcalloc(1, sizeof(*doc));
    doc->text = xstrndup_slice(text);
    doc->len = text.len;
    levels = xmalloc((JSON_DEPTH_LIMIT + 1) * sizeof(*levels));
    build(doc, levels);
    free(levels);
    *ret_doc = doc;
    return WIRE_OK;
}

void json_doc_free(struct json_doc *doc)
{
    struct chunk *chunk;

    if (!doc)
        return;
    while (doc->chunks) {
        chunk = doc->chunks;
        doc->chunks = chunk->next;
        free(chunk);
    }
    free(doc->text);
    free(doc);
}

const struct json_node *json_doc_root(const struct json_doc *doc)
{
    return doc->root;
}

struct slice json_doc_text(const struct json_doc *doc)
{
    return slice_of(doc->text, doc->len);
}

static const struct json_node *member(const struct json_node *object, struct slice key)
{
    if (!object || object->type != JSON_OBJECT)
        return NULL;
    for (const struct json_node *child = object->first; child; child = child->next)
        if (json_string_is(child->key, key))
            return child;
    return NULL;
}

const struct json_node *json_get(const struct json_node *object, const char *key)
{
    return member(object, slice_str(key));
}

const struct json_node *json_at(const struct json_node *array, size_t index)
{
    const struct json_node *child;

    if (!array || array->type != JSON_ARRAY || index >= array->count)
        return NULL;
    for (child = array->first; index; index--)
        child = child->next;
    return child;
}

/* RFC 6901: digits without a leading zero; everything else, "-" too, is no existing element. */
static const struct json_node *element(const struct json_node *array, struct slice token)
{
    size_t index = 0;

    if (!token.len || token.len > 9 || (token.len > 1 && token.ptr[0] == '0'))
        return NULL;
    for (size_t i = 0; i < token.len; i++) {
        if (token.ptr[i] < '0' || token.ptr[i] > '9')
            return NULL;
        index = index * 10 + (size_t)(token.ptr[i] - '0');
    }
    return json_at(array, index);
}

/* ~1 is a slash and ~0 a tilde; `token` is rewritten in place. */
static struct slice unescape_token(char *token, size_t len)
{
    size_t to = 0;

    for (size_t from = 0; from < len; from++) {
        char c = token[from];

        if (c == '~' && from + 1 < len && (token[from + 1] == '0' || token[from + 1] == '1'))
            c = token[++from] == '0' ? '~' : '/';
        token[to++] = c;
    }
    return slice_of(token, to);
}

const struct json_node *json_pointer(const struct json_node *root, const char *pointer)
{
    char *copy, *at;
    size_t len;

    if (*pointer && *pointer != '/')
        return NULL;
    copy = xstrdup(pointer);
    for (at = copy; root && *at; at += len) {
        at++;
        len = strcspn(at, "/");
        root = root->type == JSON_ARRAY ? element(root, slice_of(at, len))
                                        : member(root, unescape_token(at, len));
    }
    free(copy);
    return root;
}

static char *decoded(struct slice raw, size_t *ret_len)
{
    struct buf out;

    if (json_is_string(raw) && json_is_plain(raw)) {
        if (ret_len)
            *ret_len = raw.len - 2;
        return xstrndup_slice(slice_of(raw.ptr + 1, raw.len - 2));
    }
    buf_init(&out, SIZE_MAX / 2);
    json_string_decode(raw, &out);
    if (ret_len)
        *ret_len = out.len;
    return buf_take_str(&out);
}

char *json_node_str(const struct json_node *node, size_t *ret_len)
{
    return node && node->type == JSON_STRING ? decoded(node->text, ret_len) : NULL;
}

char *json_node_key(const struct json_node *node)
{
    return decoded(node->key, NULL);
}

struct json_position json_position_of(const struct json_doc *doc, const struct json_node *node)
{
    return json_position_at(json_doc_text(doc), (size_t)(node->text.ptr - doc->text));
}
