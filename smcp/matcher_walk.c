/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher_internal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/value.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

enum { SHORT_BYTES = 200 };

static const double SAME_TYPE = 0.3; /* nearness of two scalars of one type */
static const double NEARLY = 0.99;   /* the most that a miss can have */

double matcher_walk_silently(struct matcher_walk *w, const struct pattern *p,
                             const struct json_node *v)
{
    matcher_report_fn *report = w->report;
    double near;

    w->report = NULL;
    near = matcher_walk(w, p, v);
    w->report = report;
    return near;
}

/* ---- telling differences ---- */

static void tell(struct matcher_walk *w, struct slice expected, const struct json_node *actual)
{
    struct buf text;

    if (!w->report)
        return;
    buf_init(&text, WIRE_MAX_QUEUE_BYTES);
    if (actual)
        matcher_shorten(actual->text, SHORT_BYTES, &text);
    else
        buf_append_str(&text, "nothing");
    w->report(w->user, buf_slice(&w->pointer), expected, buf_slice(&text));
    buf_release(&text);
}

/* A difference with the pattern as a whole.  Gives `near` back, never a match. */
static double miss(struct matcher_walk *w, const struct pattern *p, const struct json_node *v,
                   double near)
{
    struct buf expected;

    if (w->report) {
        buf_init(&expected, WIRE_MAX_QUEUE_BYTES);
        matcher_describe(w->m, p, &expected);
        tell(w, buf_slice(&expected), v);
        buf_release(&expected);
    }
    return near < NEARLY ? near : NEARLY;
}

static double miss_text(struct matcher_walk *w, const struct json_node *v, double near, char *text)
{
    tell(w, slice_str(text), v);
    free(text);
    return near < NEARLY ? near : NEARLY;
}

/* ---- scalars ---- */

static double walk_equal(struct matcher_walk *w, const struct pattern *p, const struct json_node *v,
                         struct slice want, enum json_compare how)
{
    if (!v)
        return miss(w, p, v, 0);
    if (json_equal(want, v->text, how, NULL))
        return 1;
    return miss(w, p, v, json_type_of(want) == v->type ? SAME_TYPE : 0);
}

/* A value with references: resolved now, when all captures are known. */
static double walk_resolved(struct matcher_walk *w, const struct pattern *p,
                            const struct json_node *v, enum json_compare how)
{
    struct buf want;
    char *name = NULL;
    double near;

    buf_init(&want, WIRE_MAX_QUEUE_BYTES);
    if (template_expand(p->node, &w->m->env, &want, &name)) {
        near = walk_equal(w, p, v, buf_slice(&want), how);
    } else {
        near = miss_text(w, v, 0, xasprintf("{%s}, which has no value", name ? name : "?"));
        free(name);
    }
    buf_release(&want);
    return near;
}

static bool search(const struct matcher_walk *w, const pcre2_code *code, const struct json_node *v)
{
    struct buf subject;
    bool found;

    buf_init(&subject, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(v->text, &subject);
    found = matcher_regex_search(code, w->m->limits, buf_slice(&subject));
    buf_release(&subject);
    return found;
}

static double walk_regex(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    pcre2_code *code = p->regex;
    struct buf expression;
    char *why = NULL;
    bool found, unknown = false;
    double near;

    if (!v || v->type != JSON_STRING)
        return miss(w, p, v, 0);
    if (code)
        return search(w, code, v) ? 1 : miss(w, p, v, SAME_TYPE);
    buf_init(&expression, WIRE_MAX_QUEUE_BYTES);
    if (matcher_regex_expand(p->node, &w->m->env, &expression, &why))
        code = matcher_regex(buf_slice(&expression), &why);
    else
        unknown = true;
    buf_release(&expression);
    if (!code) {
        near = miss_text(w, v, 0,
                         unknown ? xasprintf("{%s}, which has no value", why)
                                 : xasprintf("a usable expression: %s", why));
        free(why);
        return near;
    }
    found = search(w, code, v);
    pcre2_code_free(code);
    return found ? 1 : miss(w, p, v, SAME_TYPE);
}

static double walk_range(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    double d;

    if (!v || v->type != JSON_NUMBER)
        return miss(w, p, v, 0);
    d = json_number_double(v->text);
    if ((p->min && d < json_number_double(p->min->text)) ||
        (p->max && d > json_number_double(p->max->text)))
        return miss(w, p, v, SAME_TYPE);
    return 1;
}

static double walk_length(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *v)
{
    struct json_node count = {.type = JSON_NUMBER};
    char digits[24];
    struct buf text;
    size_t n;

    if (!v || (v->type != JSON_ARRAY && v->type != JSON_OBJECT && v->type != JSON_STRING))
        return miss(w, p, v, 0);
    n = v->type == JSON_STRING ? json_string_length(v->text) : v->count;
    buf_init(&text, sizeof(digits));
    buf_append_u64(&text, n);
    memcpy(digits, text.data, text.len);
    count.text = slice_of(digits, text.len);
    buf_release(&text);
    return matcher_walk_silently(w, p->children, &count) == 1 ? 1 : miss(w, p, v, SAME_TYPE);
}

static double walk_schema(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *v)
{
    struct schema_miss why;
    double near;

    if (!v || !p->schema)
        return miss(w, p, v, 0);
    if (schema_valid_node(p->schema, v, &why))
        return 1;
    near = miss_text(w, v, SAME_TYPE,
                     xasprintf("valid by schema %.*s: %s%s%s", (int)p->node->text.len,
                               p->node->text.ptr, why.pointer, *why.pointer ? ": " : "", why.text));
    schema_miss_release(&why);
    return near;
}

/* ---- containers ---- */

/* Decoded key of a member pattern, references resolved. */
static bool member_key(const struct matcher_walk *w, const struct pattern *p, struct buf *key,
                       char **ret_name)
{
    struct json_node name = {.type = JSON_STRING, .text = p->key};

    return template_expand_text(&name, &w->m->env, key, ret_name);
}

static double walk_member(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *object)
{
    size_t mark = w->pointer.len;
    char *name = NULL;
    struct buf key;
    double near;

    buf_init(&key, WIRE_MAX_QUEUE_BYTES);
    value_pointer_key(&w->pointer, p->key);
    if (member_key(w, p, &key, &name)) {
        near = matcher_walk(w, p, value_member(object, buf_slice(&key)));
    } else {
        near = miss_text(w, object, 0, xasprintf("{%s}, which has no value", name ? name : "?"));
        free(name);
    }
    w->pointer.len = mark;
    buf_release(&key);
    return near;
}

static bool is_wanted(const struct matcher_walk *w, const struct pattern *p,
                      const struct json_node *member)
{
    bool wanted = false;

    for (size_t i = 0; i < p->n && !wanted; i++) {
        struct buf key;

        buf_init(&key, WIRE_MAX_QUEUE_BYTES);
        wanted = member_key(w, &p->children[i], &key, NULL) &&
                 json_string_is(member->key, buf_slice(&key));
        buf_release(&key);
    }
    return wanted;
}

/* Members that an exact pattern does not know. */
static size_t walk_extra(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    const struct json_node *member;
    size_t mark = w->pointer.len, extra = 0;

    for (member = v->first; member; member = member->next) {
        if (is_wanted(w, p, member))
            continue;
        extra++;
        value_pointer_key(&w->pointer, member->key);
        tell(w, slice_str("no such member"), member);
        w->pointer.len = mark;
    }
    return extra;
}

/* Nearness of a whole from that of its parts: exactly 1.0 when every part has 1.0. */
static double blend(double sum, size_t good, size_t n)
{
    double near;

    if (good == n)
        return 1;
    near = 0.2 + 0.8 * sum / (double)n;
    return near < NEARLY ? near : NEARLY;
}

static double walk_object(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *v)
{
    size_t good = 0, extra;
    double sum = 0, near;

    if (!v || v->type != JSON_OBJECT)
        return miss(w, p, v, 0);
    for (size_t i = 0; i < p->n; i++) {
        near = walk_member(w, &p->children[i], v);
        good += near == 1;
        sum += near;
    }
    extra = p->exact ? walk_extra(w, p, v) : 0;
    return blend(sum, good, p->n + extra);
}

static void push_index(struct matcher_walk *w, size_t index)
{
    buf_append_ch(&w->pointer, '/');
    buf_append_u64(&w->pointer, index);
}

static double walk_array(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    const struct json_node *element;
    size_t mark = w->pointer.len, good = 0, i = 0, longest;
    double sum = 0, near;

    if (!v || v->type != JSON_ARRAY)
        return miss(w, p, v, 0);
    if (v->count != p->n) {
        /* A list of another length is told as a whole: which element is the odd one is anybody's guess. */
        miss(w, p, v, 0);
        longest = v->count > p->n ? v->count : p->n;
        for (element = v->first; element && i < p->n; element = element->next, i++)
            sum += matcher_walk_silently(w, &p->children[i], element);
        near = blend(sum, 0, longest);
        return near;
    }
    for (element = v->first; element; element = element->next, i++) {
        push_index(w, i);
        near = matcher_walk(w, &p->children[i], element);
        w->pointer.len = mark;
        good += near == 1;
        sum += near;
    }
    return blend(sum, good, p->n);
}

/* ---- any order: bipartite matching, so that a greedy choice cannot spoil a possible one ---- */

struct pairing {
    size_t patterns, values;
    double *near;       /* patterns x values */
    size_t *pattern_of; /* per value: pattern + 1, 0 = free */
    bool *tried;        /* per value */
};

static bool pair_up(struct pairing *g, size_t pattern)
{
    for (size_t v = 0; v < g->values; v++) {
        if (g->near[pattern * g->values + v] != 1 || g->tried[v])
            continue;
        g->tried[v] = true;
        if (g->pattern_of[v] == 0 || pair_up(g, g->pattern_of[v] - 1)) {
            g->pattern_of[v] = pattern + 1;
            return true;
        }
    }
    return false;
}

static const struct json_node *nearest_free(const struct pairing *g, size_t pattern,
                                            const struct json_node *list, size_t *ret_index,
                                            double *ret_near)
{
    const struct json_node *best = NULL, *element = list->first;

    *ret_near = 0;
    for (size_t v = 0; v < g->values; v++, element = element->next) {
        double near = g->near[pattern * g->values + v];

        if (g->pattern_of[v] == 0 && near > *ret_near) {
            *ret_near = near;
            *ret_index = v;
            best = element;
        }
    }
    return best;
}

/* No element for that pattern: tell it with the nearest element that is still free. */
static double tell_unpaired(struct matcher_walk *w, const struct pairing *g,
                            const struct pattern *p, size_t pattern, const struct json_node *list)
{
    size_t mark = w->pointer.len, index = 0;
    const struct json_node *best;
    double near;

    best = nearest_free(g, pattern, list, &index, &near);
    if (best && near > SAME_TYPE) {
        push_index(w, index);
        matcher_walk(w, &p->children[pattern], best);
        w->pointer.len = mark;
    } else {
        push_index(w, list->count);
        miss(w, &p->children[pattern], NULL, 0);
        w->pointer.len = mark;
    }
    return near;
}

static void tell_surplus(struct matcher_walk *w, const struct pairing *g,
                         const struct json_node *list)
{
    const struct json_node *element = list->first;
    size_t mark = w->pointer.len;

    for (size_t v = 0; v < g->values; v++, element = element->next) {
        if (g->pattern_of[v] != 0)
            continue;
        push_index(w, v);
        tell(w, slice_str("no further element"), element);
        w->pointer.len = mark;
    }
}

static double judge_pairs(struct matcher_walk *w, struct pairing *g, const struct pattern *p,
                          const struct json_node *list)
{
    size_t good = 0,
           total = p->op == OP_ANY_ORDER && g->values > g->patterns ? g->values : g->patterns;
    bool *paired = xcalloc(g->patterns + 1, sizeof(*paired));
    double sum = 0;

    for (size_t i = 0; i < g->patterns; i++) {
        memset(g->tried, 0, g->values * sizeof(*g->tried));
        paired[i] = pair_up(g, i);
        good += paired[i];
    }
    sum = (double)good;
    for (size_t i = 0; i < g->patterns; i++) {
        if (!paired[i])
            sum += tell_unpaired(w, g, p, i, list);
    }
    free(paired);
    if (good == total)
        return 1;
    if (good == g->patterns)
        tell_surplus(w, g, list);
    return blend(sum, good, total);
}

static double walk_unordered(struct matcher_walk *w, const struct pattern *p,
                             const struct json_node *v)
{
    const struct json_node *element;
    struct pairing g = {.patterns = p->n};
    double near;
    size_t i = 0;

    if (!v || v->type != JSON_ARRAY)
        return miss(w, p, v, 0);
    g.values = v->count;
    g.near = xcalloc(g.patterns * g.values + 1, sizeof(*g.near));
    g.pattern_of = xcalloc(g.values + 1, sizeof(*g.pattern_of));
    g.tried = xcalloc(g.values + 1, sizeof(*g.tried));
    for (element = v->first; element; element = element->next, i++) {
        for (size_t k = 0; k < g.patterns; k++)
            g.near[k * g.values + i] = matcher_walk_silently(w, &p->children[k], element);
    }
    near = judge_pairs(w, &g, p, v);
    free(g.near);
    free(g.pattern_of);
    free(g.tried);
    return near;
}

/* ---- combinations ---- */

static double walk_one_of(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *v)
{
    const struct pattern *best = p->children;
    double best_near = -1, near;

    for (size_t i = 0; i < p->n; i++) {
        near = matcher_walk_silently(w, &p->children[i], v);
        if (near == 1)
            return 1;
        if (near > best_near) {
            best_near = near;
            best = &p->children[i];
        }
    }
    if (best_near > SAME_TYPE)
        return matcher_walk(w, best, v);
    return miss(w, p, v, best_near);
}

static double walk_all(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    double worst = 1;

    for (size_t i = 0; i < p->n; i++) {
        double near = matcher_walk(w, &p->children[i], v);

        worst = near < worst ? near : worst;
    }
    return worst;
}

static double walk_not(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    if (!v || matcher_walk_silently(w, p->children, v) == 1)
        return miss(w, p, v, 0);
    return 1;
}

static double walk_absent(struct matcher_walk *w, const struct pattern *p,
                          const struct json_node *v)
{
    if (!v || (p->or_null && v->type == JSON_NULL))
        return 1;
    return miss(w, p, v, 0);
}

/* style: flat switch */
double matcher_walk(struct matcher_walk *w, const struct pattern *p, const struct json_node *v)
{
    switch (p->op) {
    case OP_SCALAR:
        return walk_equal(w, p, v, p->node->text, JSON_BY_VALUE);
    case OP_TEXT:
    case OP_SAME:
        return walk_resolved(w, p, v, JSON_BY_VALUE);
    case OP_IDENTICAL:
        return walk_resolved(w, p, v, JSON_BY_NUMBER_TEXT);
    case OP_OBJECT:
        return walk_object(w, p, v);
    case OP_ARRAY:
        return walk_array(w, p, v);
    case OP_ANY:
        return v ? 1 : miss(w, p, v, 0);
    case OP_ABSENT:
        return walk_absent(w, p, v);
    case OP_TYPE:
        return v && value_has_type(v, p->types) ? 1 : miss(w, p, v, 0);
    case OP_ONE_OF:
        return walk_one_of(w, p, v);
    case OP_ALL:
        return walk_all(w, p, v);
    case OP_NOT:
        return walk_not(w, p, v);
    case OP_REGEX:
        return walk_regex(w, p, v);
    case OP_RANGE:
        return walk_range(w, p, v);
    case OP_ANY_ORDER:
    case OP_CONTAINS:
        return walk_unordered(w, p, v);
    case OP_LENGTH:
        return walk_length(w, p, v);
    case OP_EXACT:
    case OP_REVISION:
        return matcher_walk(w, p->children, v);
    case OP_SCHEMA:
        return walk_schema(w, p, v);
    }
    assert(false && "an operator without a function");
    return 0;
}
