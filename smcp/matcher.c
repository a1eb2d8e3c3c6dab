/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher.h"

#include <stdlib.h>

#include "smcp/matcher_internal.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

static char *copy(struct slice s)
{
    return xstrndup_slice(s);
}

static void keep_first(void *user, struct slice pointer, struct slice expected, struct slice actual)
{
    struct mismatch *first = user;

    if (first->pointer)
        return;
    first->pointer = copy(pointer);
    first->expected = copy(expected);
    first->actual = copy(actual);
}

static double run(const struct matcher *m, const struct json_node *v, matcher_report_fn *report,
                  void *user)
{
    struct matcher_walk w = {.m = m, .report = report, .user = user};
    double near;

    buf_init(&w.pointer, WIRE_MAX_QUEUE_BYTES);
    near = matcher_walk(&w, &m->root, v);
    buf_release(&w.pointer);
    return near;
}

bool matcher_match_node(const struct matcher *m, const struct json_node *value,
                        struct mismatch *reterr)
{
    struct mismatch first = {0};
    double near = run(m, value, reterr ? keep_first : NULL, &first);

    if (near == 1) {
        mismatch_release(&first);
        return true;
    }
    if (reterr) {
        first.score = near;
        *reterr = first;
    }
    return false;
}

/* The value of a slice as a tree; NULL for no value.  Scanned text cannot fail to parse again. */
static struct json_doc *tree_of(struct slice value)
{
    struct json_doc *doc = NULL;
    struct wire_fault fault;

    if (value.len == 0)
        return NULL;
    if (json_doc_parse(value, MATCHER_MAX_DEPTH, &doc, &fault) != WIRE_OK)
        return NULL;
    return doc;
}

bool matcher_match(const struct matcher *m, struct slice value, struct mismatch *reterr)
{
    struct json_doc *doc = tree_of(value);
    bool ok = matcher_match_node(m, doc ? json_doc_root(doc) : NULL, reterr);

    json_doc_free(doc);
    return ok;
}

void mismatch_release(struct mismatch *m)
{
    free(m->pointer);
    free(m->expected);
    free(m->actual);
    *m = (struct mismatch){0};
}

struct lines {
    struct buf *out;
    unsigned left;
    unsigned more;
};

static void append_line(void *user, struct slice pointer, struct slice expected,
                        struct slice actual)
{
    struct lines *lines = user;

    if (lines->left == 0) {
        lines->more++;
        return;
    }
    lines->left--;
    buf_append_str(lines->out, "  ");
    buf_append_slice(lines->out, pointer.len ? pointer : slice_str("(whole)"));
    buf_append_str(lines->out, ": expected ");
    buf_append_slice(lines->out, expected);
    buf_append_str(lines->out, ", got ");
    buf_append_slice(lines->out, actual);
    buf_append_ch(lines->out, '\n');
}

void matcher_diff(const struct matcher *m, struct slice value, unsigned max_lines, struct buf *out)
{
    struct lines lines = {out, max_lines, 0};
    struct json_doc *doc = tree_of(value);

    run(m, doc ? json_doc_root(doc) : NULL, append_line, &lines);
    if (lines.more > 0)
        buf_appendf(out, "  … and %u more\n", lines.more);
    json_doc_free(doc);
}

static int branch_of(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    if (p->op == OP_EXACT || p->op == OP_REVISION)
        return branch_of(w, p->children, v);
    if (p->op != OP_ONE_OF)
        return -1;
    for (size_t i = 0; i < p->n; i++) {
        if (matcher_walk_silently(w, &p->children[i], v) == 1)
            return (int)i;
    }
    return -1;
}

int matcher_branch(const struct matcher *m, struct slice value)
{
    struct matcher_walk w = {.m = m};
    struct json_doc *doc = tree_of(value);
    int branch;

    buf_init(&w.pointer, WIRE_MAX_QUEUE_BYTES);
    branch = branch_of(&w, &m->root, doc ? json_doc_root(doc) : NULL);
    buf_release(&w.pointer);
    json_doc_free(doc);
    return branch;
}
