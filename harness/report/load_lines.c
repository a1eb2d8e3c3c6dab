/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/load_lines.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "harness/verdict.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { MAX_DEPTH = 64 };

/* A scenario on a transport, and what is known of it. */
struct group {
    char *key;           /* owned */
    struct slice own;    /* its line; empty: none yet */
    struct slice *lines; /* owned; of its checks, in order of their first */
    char **checks;       /* owned; their names */
    size_t n;
};

struct lines {
    struct slice head, summary;
    struct group **groups; /* owned, in order of appearance */
    size_t n_groups;
    void *by_key; /* tsearch tree of groups */
};

/* ---- reading ---- */

static struct slice next_line(struct slice *rest)
{
    const char *end = memchr(rest->ptr, '\n', rest->len);
    size_t len = end ? (size_t)(end - rest->ptr) : rest->len;
    struct slice line = slice_of(rest->ptr, len);

    *rest = slice_of(rest->ptr + len + (end != NULL), rest->len - len - (end != NULL));
    return line;
}

static struct json_doc *parse(struct slice line)
{
    struct json_doc *doc = NULL;
    struct wire_fault fault;

    return json_doc_parse(line, MAX_DEPTH, &doc, &fault) == WIRE_OK ? doc : NULL;
}

static bool type_is(const struct json_node *root, const char *type)
{
    const struct json_node *node = json_get(root, "type");

    return node && node->type == JSON_STRING && json_string_is(node->text, slice_str(type));
}

static char *key_of(const struct json_node *root)
{
    static const char *const parts[] = {"scenario", "transport", "repetition"};
    struct buf key;

    buf_init(&key, 1 << 20);
    for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
        const struct json_node *node = json_get(root, parts[i]);

        buf_append_slice(&key, node ? node->text : slice_str(""));
        buf_append_ch(&key, '\n');
    }
    return buf_take_str(&key);
}

static int by_key(const void *a, const void *b)
{
    return strcmp(((const struct group *)a)->key, ((const struct group *)b)->key);
}

static struct group *group_of(struct lines *l, const struct json_node *root)
{
    struct group *g = xcalloc(1, sizeof(*g)), **at;

    g->key = key_of(root);
    at = tsearch(g, &l->by_key, by_key);
    if (!at)
        abort();
    if (*at != g) {
        free(g->key);
        free(g);
        return *at;
    }
    l->groups = xrealloc(l->groups, (l->n_groups + 1) * sizeof(*l->groups));
    l->groups[l->n_groups++] = g;
    return g;
}

static void add_check(struct group *g, const struct json_node *root, struct slice line)
{
    const struct json_node *node = json_get(root, "check");
    char *name = xstrndup_slice(node ? node->text : slice_str(""));
    size_t i = 0;

    while (i < g->n && strcmp(g->checks[i], name) != 0)
        i++;
    if (i == g->n) {
        g->lines = xrealloc(g->lines, (g->n + 1) * sizeof(*g->lines));
        g->checks = xrealloc(g->checks, (g->n + 1) * sizeof(*g->checks));
        g->checks[g->n++] = name;
    } else {
        free(name);
    }
    g->lines[i] = line;
}

static bool take_line(struct lines *l, struct slice line)
{
    struct json_doc *doc = parse(line);
    const struct json_node *root = doc ? json_doc_root(doc) : NULL;
    bool ok = true;

    if (type_is(root, "run"))
        l->head = line;
    else if (type_is(root, "summary"))
        l->summary = line;
    else if (type_is(root, "scenario"))
        group_of(l, root)->own = line;
    else if (type_is(root, "check"))
        add_check(group_of(l, root), root, line);
    else
        ok = false;
    json_doc_free(doc);
    return ok;
}

/* ---- writing ---- */

static enum verdict verdict_of(const struct json_node *root)
{
    const struct json_node *node = json_get(root, "verdict");
    int v = node ? verdict_find(node->text) : VERDICT_COUNT;

    return v < VERDICT_COUNT ? (enum verdict)v : VERDICT_ERROR;
}

/* What a scenario says of itself that never got so far. */
static void append_unfinished(struct buf *out, const struct group *g)
{
    static const char *const copied[] = {"scenario", "transport", "repetition", "title", "file"};
    enum verdict worst = VERDICT_INCONCLUSIVE;
    struct json_doc *first = parse(g->lines[0]);

    buf_append_ch(out, '{');
    for (size_t i = 0; i < ARRAY_LEN(copied); i++) {
        const struct json_node *node = json_get(json_doc_root(first), copied[i]);

        if (node)
            buf_appendf(out, "\"%s\":%.*s,", copied[i], (int)node->text.len, node->text.ptr);
    }
    json_doc_free(first);
    for (size_t i = 0; i < g->n; i++) {
        struct json_doc *doc = parse(g->lines[i]);

        worst = verdict_worse(worst, verdict_of(json_doc_root(doc)));
        json_doc_free(doc);
    }
    buf_appendf(out, "\"verdict\":\"%s\"}", verdict_name(worst));
}

/* The object without its braces; `interrupted` is said anew when it ended too early. */
static void append_head(struct buf *out, struct slice head, bool interrupted)
{
    struct json_doc *doc = parse(head);

    for (const struct json_node *m = json_doc_root(doc)->first; m; m = m->next) {
        if (interrupted && json_string_is(m->key, slice_str("interrupted")))
            continue;
        buf_appendf(out, "%.*s:%.*s,", (int)m->key.len, m->key.ptr, (int)m->text.len, m->text.ptr);
    }
    if (interrupted)
        buf_append_str(out, "\"interrupted\":true,");
    json_doc_free(doc);
}

static void append_document(struct buf *out, const struct lines *l)
{
    const char *before = "";

    buf_append_ch(out, '{');
    append_head(out, l->head, l->summary.len == 0);
    buf_append_str(out, "\"scenarios\":[");
    for (size_t i = 0; i < l->n_groups; i++, before = ",") {
        buf_append_str(out, before);
        if (l->groups[i]->own.len > 0)
            buf_append_slice(out, l->groups[i]->own);
        else
            append_unfinished(out, l->groups[i]);
    }
    buf_append_str(out, "],\"checks\":[");
    before = "";
    for (size_t i = 0; i < l->n_groups; i++)
        for (size_t k = 0; k < l->groups[i]->n; k++, before = ",") {
            buf_append_str(out, before);
            buf_append_slice(out, l->groups[i]->lines[k]);
        }
    buf_append_str(out, "]}");
}

/* ---- the whole ---- */

static void release(struct lines *l)
{
    for (size_t i = 0; i < l->n_groups; i++) {
        struct group *g = l->groups[i];

        tdelete(g, &l->by_key, by_key);
        for (size_t k = 0; k < g->n; k++)
            free(g->checks[k]);
        free(g->checks);
        free(g->lines);
        free(g->key);
        free(g);
    }
    free(l->groups);
}

bool report_is_lines(struct slice text)
{
    struct json_doc *doc = parse(next_line(&text));
    bool is = doc && type_is(json_doc_root(doc), "run");

    json_doc_free(doc);
    return is;
}

bool report_from_lines(struct slice text, struct buf *out, unsigned *ret_line)
{
    struct lines l = {.n_groups = 0};
    bool ok = true;

    *ret_line = 0;
    while (ok && text.len > 0) {
        struct slice line = next_line(&text);

        ++*ret_line;
        ok = line.len == 0 || take_line(&l, line) || text.len == 0;
    }
    if (ok)
        append_document(out, &l);
    release(&l);
    return ok;
}
