/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/json_text.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/json_walk.h"
#include "wire/xmalloc.h"

/* Recursion is bounded: scanned text nests at most JSON_DEPTH_LIMIT deep. */
struct compare {
    enum json_compare how;
    struct buf *pointer; /* borrowed; may be NULL */
};

struct member {
    struct slice key;
    struct slice value;
    size_t index; /* place in the text */
    bool paired;  /* the other object has the key too */
};

struct members {
    struct member *list; /* owned; sorted by key, each key once */
    size_t count;
    size_t total; /* members in the text */
};

static bool equal(const struct compare *cmp, struct slice a, struct slice b);

static void push_index(const struct compare *cmp, size_t index)
{
    if (!cmp->pointer)
        return;
    buf_append_ch(cmp->pointer, '/');
    buf_append_u64(cmp->pointer, index);
}

static void push_key(const struct compare *cmp, struct slice key)
{
    struct buf name;

    if (!cmp->pointer)
        return;
    buf_init(&name, key.len * 4);
    json_string_decode(key, &name);
    buf_append_ch(cmp->pointer, '/');
    for (size_t i = 0; i < name.len; i++) {
        if (name.data[i] == '~' || name.data[i] == '/')
            buf_append_str(cmp->pointer, name.data[i] == '~' ? "~0" : "~1");
        else
            buf_append_ch(cmp->pointer, name.data[i]);
    }
    buf_release(&name);
}

/* Compare below one key or index; on equality the pointer is as before. */
static bool equal_at(const struct compare *cmp, size_t mark, struct slice a, struct slice b)
{
    if (!equal(cmp, a, b))
        return false;
    if (cmp->pointer)
        cmp->pointer->len = mark;
    return true;
}

static size_t mark_of(const struct compare *cmp)
{
    return cmp->pointer ? cmp->pointer->len : 0;
}

static bool equal_arrays(const struct compare *cmp, struct slice a, struct slice b)
{
    struct json_cursor x, y;
    struct slice left, right;
    bool more_x, more_y;
    size_t mark = mark_of(cmp);

    if (!json_cursor_array(&x, a) || !json_cursor_array(&y, b))
        return false;
    for (size_t i = 0;; i++) {
        more_x = json_next(&x, NULL, &left);
        more_y = json_next(&y, NULL, &right);
        if (!more_x && !more_y)
            return true;
        push_index(cmp, i);
        if (!more_x || !more_y || !equal_at(cmp, mark, left, right))
            return false;
    }
}

static int by_key(const void *a, const void *b)
{
    const struct member *x = a, *y = b;
    int order = json_string_compare(x->key, y->key);

    return order ? order : (x->index > y->index) - (x->index < y->index);
}

static int by_index(const void *a, const void *b)
{
    const struct member *x = a, *y = b;

    return (x->index > y->index) - (x->index < y->index);
}

/* Of repeated members the last one counts, as in every parser that builds a map. */
static struct members members_of(struct slice object)
{
    struct members m = {0};
    struct json_cursor c;
    size_t cap = 0, kept = 0;
    struct slice key, value;

    if (!json_cursor_object(&c, object))
        return m;
    while (json_next(&c, &key, &value)) {
        if (m.total == cap) {
            cap = cap ? cap * 2 : 8;
            m.list = xrealloc(m.list, cap * sizeof(*m.list));
        }
        m.list[m.total] = (struct member){.key = key, .value = value, .index = m.total};
        m.total++;
    }
    if (m.total)
        qsort(m.list, m.total, sizeof(*m.list), by_key);
    for (size_t i = 0; i < m.total; i++) {
        if (kept && json_string_compare(m.list[kept - 1].key, m.list[i].key) == 0)
            kept--;
        m.list[kept++] = m.list[i];
    }
    m.count = kept;
    return m;
}

/* Mark in both lists what has a partner; gives, by place in a's text, the partner's value. */
static struct slice *pair(struct members *a, struct members *b)
{
    struct slice *partner = xcalloc(a->total, sizeof(*partner));
    size_t i = 0, j = 0;
    int order;

    while (i < a->count && j < b->count) {
        order = json_string_compare(a->list[i].key, b->list[j].key);
        if (order == 0) {
            a->list[i].paired = b->list[j].paired = true;
            partner[a->list[i++].index] = b->list[j++].value;
        } else if (order < 0) {
            i++;
        } else {
            j++;
        }
    }
    return partner;
}

static bool all_paired(const struct compare *cmp, const struct members *m)
{
    for (size_t i = 0; i < m->count; i++) {
        if (!m->list[i].paired) {
            push_key(cmp, m->list[i].key);
            return false;
        }
    }
    return true;
}

/* The first difference in the order of a's text; members that only b has come last. */
static bool equal_members(const struct compare *cmp, struct members *a, struct members *b)
{
    struct slice *partner = pair(a, b);
    size_t mark = mark_of(cmp);
    bool same = true;

    if (a->count)
        qsort(a->list, a->count, sizeof(*a->list), by_index);
    for (size_t i = 0; same && i < a->count; i++) {
        push_key(cmp, a->list[i].key);
        same =
            a->list[i].paired && equal_at(cmp, mark, a->list[i].value, partner[a->list[i].index]);
    }
    free(partner);
    return same && all_paired(cmp, b);
}

static bool equal_objects(const struct compare *cmp, struct slice a, struct slice b)
{
    struct members x = members_of(a), y = members_of(b);
    bool same = equal_members(cmp, &x, &y);

    free(x.list);
    free(y.list);
    return same;
}

/* Only to find where: the bytes of a and b are known to differ. */
static bool descend_bytes(const struct compare *cmp, struct slice a, struct slice b)
{
    struct json_cursor x, y;
    struct slice key_x, key_y, left, right;
    bool object = json_type_of(a) == JSON_OBJECT;

    if (!(object ? json_cursor_object(&x, a) && json_cursor_object(&y, b)
                 : json_cursor_array(&x, a) && json_cursor_array(&y, b)))
        return false;
    for (size_t i = 0; json_next(&x, &key_x, &left) && json_next(&y, &key_y, &right); i++) {
        if (object && !slice_eq(key_x, key_y))
            return false;
        if (slice_eq(left, right))
            continue;
        if (object)
            push_key(cmp, key_x);
        else
            push_index(cmp, i);
        return equal(cmp, left, right);
    }
    return false;
}

static bool equal(const struct compare *cmp, struct slice a, struct slice b)
{
    enum json_type type = json_type_of(a);

    if (cmp->how == JSON_BY_BYTES)
        return slice_eq(a, b) || descend_bytes(cmp, a, b);
    if (type != json_type_of(b))
        return false;
    switch (type) {
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
        return true;
    case JSON_NUMBER:
        return cmp->how == JSON_BY_VALUE ? json_number_double(a) == json_number_double(b)
                                         : json_number_same(a, b);
    case JSON_STRING:
        return json_string_compare(a, b) == 0;
    case JSON_ARRAY:
        return equal_arrays(cmp, a, b);
    case JSON_OBJECT:
        return equal_objects(cmp, a, b);
    }
    return false;
}

static struct slice trimmed(struct slice value)
{
    const char *at = value.ptr, *end = value.ptr + value.len;

    if (!value.len)
        return value;
    at = json_skip_blanks(at, end);
    return slice_of(at, (size_t)(json_skip_value(at, end) - at));
}

bool json_equal(struct slice a, struct slice b, enum json_compare how, struct buf *ret_pointer)
{
    struct compare cmp = {.how = how, .pointer = ret_pointer};

    if (ret_pointer)
        buf_clear(ret_pointer);
    if (how != JSON_BY_BYTES) {
        a = trimmed(a);
        b = trimmed(b);
    }
    return equal(&cmp, a, b);
}
