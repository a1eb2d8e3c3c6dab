/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/schema_internal.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/matcher_internal.h"
#include "smcp/value.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

enum { MAX_REF_DEPTH = 500 };

struct check {
    struct buf pointer;
    struct schema_miss *miss; /* NULL: silent */
    pcre2_match_context *limits;
    unsigned depth;
};

static bool valid(struct check *k, const struct schema *s, const struct json_node *v);

static bool valid_silently(struct check *k, const struct schema *s, const struct json_node *v)
{
    struct schema_miss *miss = k->miss;
    size_t mark = k->pointer.len;
    bool ok;

    k->miss = NULL;
    ok = valid(k, s, v);
    k->miss = miss;
    k->pointer.len = mark;
    return ok;
}

/* `text` is taken. */
static bool fail(struct check *k, char *text)
{
    if (!k->miss) {
        free(text);
        return false;
    }
    k->miss->pointer = xstrndup_slice(buf_slice(&k->pointer));
    k->miss->text = text;
    return false;
}

static char *shown(struct slice json)
{
    struct buf text;

    buf_init(&text, WIRE_MAX_QUEUE_BYTES);
    matcher_shorten(json, 60, &text);
    return buf_take_str(&text);
}

/* "TEXT, got VALUE".  `text` is taken. */
static bool fail_value(struct check *k, char *text, const struct json_node *v)
{
    char *got;

    if (k->miss) {
        got = shown(v->text);
        fail(k, xasprintf("%s, got %s", text, got));
        free(got);
    }
    free(text);
    return false;
}

/* A member or element: the pointer is longer while it is looked at, and stays so on failure, which ends everything. */
static bool valid_member(struct check *k, const struct schema *s, const struct json_node *member)
{
    size_t mark = k->pointer.len;

    value_pointer_key(&k->pointer, member->key);
    if (!valid(k, s, member))
        return false;
    k->pointer.len = mark;
    return true;
}

static bool valid_element(struct check *k, const struct schema *s, const struct json_node *element,
                          size_t index)
{
    size_t mark = k->pointer.len;

    buf_append_ch(&k->pointer, '/');
    buf_append_u64(&k->pointer, index);
    if (!valid(k, s, element))
        return false;
    k->pointer.len = mark;
    return true;
}

/* Equality of the specification: numbers by their mathematical value. */
static bool same(const struct json_node *a, const struct json_node *b)
{
    return json_equal(a->text, b->text, JSON_BY_NUMBER_TEXT, NULL);
}

/* ---- any type ---- */

static bool check_type(struct check *k, const struct schema *s, const struct json_node *v)
{
    struct buf want;

    if (s->types == 0 || value_has_type(v, s->types))
        return true;
    buf_init(&want, 256);
    buf_append_str(&want, "expected ");
    value_type_phrase(s->types, &want);
    return fail_value(k, buf_take_str(&want), v);
}

static bool check_values(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *allowed;
    char *want;

    if (s->const_of && !same(s->const_of, v)) {
        want = shown(s->const_of->text);
        fail_value(k, xasprintf("expected %s", want), v);
        free(want);
        return false;
    }
    for (allowed = s->enum_of ? s->enum_of->first : NULL; allowed; allowed = allowed->next) {
        if (same(allowed, v))
            return true;
    }
    if (!s->enum_of)
        return true;
    want = shown(s->enum_of->text);
    fail_value(k, xasprintf("expected one of %s", want), v);
    free(want);
    return false;
}

/* ---- numbers and strings ---- */

static bool is_multiple(double value, double of)
{
    double q = value / of;

    if (!isfinite(q))
        return false;
    /* 0.0075 is a multiple of 0.0001, whatever binary fractions say. */
    return fabs(q - round(q)) < 1e-9;
}

static bool check_number(struct check *k, const struct schema *s, const struct json_node *v)
{
    double d;

    if (v->type != JSON_NUMBER)
        return true;
    d = json_number_double(v->text);
    if (s->minimum && d < json_number_double(s->minimum->text))
        return fail_value(
            k, xasprintf("below minimum %.*s", (int)s->minimum->text.len, s->minimum->text.ptr), v);
    if (s->maximum && d > json_number_double(s->maximum->text))
        return fail_value(
            k, xasprintf("above maximum %.*s", (int)s->maximum->text.len, s->maximum->text.ptr), v);
    if (s->exclusive_minimum && d <= json_number_double(s->exclusive_minimum->text))
        return fail_value(k, xstrdup("not above exclusiveMinimum"), v);
    if (s->exclusive_maximum && d >= json_number_double(s->exclusive_maximum->text))
        return fail_value(k, xstrdup("not below exclusiveMaximum"), v);
    if (s->multiple_of && !is_multiple(d, json_number_double(s->multiple_of->text)))
        return fail_value(k, xstrdup("not a multipleOf"), v);
    return true;
}

static bool matches(struct check *k, const pcre2_code *regex, struct slice raw)
{
    struct buf text;
    bool found;

    buf_init(&text, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(raw, &text);
    found = matcher_regex_search(regex, k->limits, buf_slice(&text));
    buf_release(&text);
    return found;
}

static bool check_string(struct check *k, const struct schema *s, const struct json_node *v)
{
    size_t length;

    if (v->type != JSON_STRING)
        return true;
    length = json_string_length(v->text);
    if (length < s->min_length)
        return fail_value(k, xasprintf("shorter than %zu", s->min_length), v);
    if (length > s->max_length)
        return fail_value(k, xasprintf("longer than %zu", s->max_length), v);
    if (s->pattern && !matches(k, s->pattern, v->text))
        return fail_value(k, xstrdup("does not match the pattern"), v);
    return true;
}

/* ---- arrays ---- */

static bool check_elements(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *element = v->first;
    size_t i = 0;

    for (; element && i < s->prefix_items.n; element = element->next, i++) {
        if (!valid_element(k, s->prefix_items.items[i], element, i))
            return false;
    }
    for (; element && s->items; element = element->next, i++) {
        if (!valid_element(k, s->items, element, i))
            return false;
    }
    return true;
}

static bool check_contains(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *element;
    size_t found = 0;

    if (!s->contains)
        return true;
    for (element = v->first; element; element = element->next)
        found += valid_silently(k, s->contains, element);
    if (found < s->min_contains)
        return fail(k,
                    xasprintf("contains %zu fitting elements, needs %zu", found, s->min_contains));
    if (found > s->max_contains)
        return fail(k, xasprintf("contains %zu fitting elements, at most %zu allowed", found,
                                 s->max_contains));
    return true;
}

static bool check_unique(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *a, *b;

    for (a = s->unique_items ? v->first : NULL; a; a = a->next) {
        for (b = a->next; b; b = b->next) {
            if (same(a, b))
                return fail_value(k, xstrdup("elements are not unique"), a);
        }
    }
    return true;
}

static bool check_array(struct check *k, const struct schema *s, const struct json_node *v)
{
    if (v->type != JSON_ARRAY)
        return true;
    if (v->count < s->min_items)
        return fail(k, xasprintf("%zu elements, at least %zu needed", v->count, s->min_items));
    if (v->count > s->max_items)
        return fail(k, xasprintf("%zu elements, at most %zu allowed", v->count, s->max_items));
    return check_elements(k, s, v) && check_contains(k, s, v) && check_unique(k, s, v);
}

/* ---- objects ---- */

static bool has_member(const struct json_node *object, struct slice raw_key)
{
    struct buf key;
    bool found;

    buf_init(&key, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(raw_key, &key);
    found = value_member(object, buf_slice(&key)) != NULL;
    buf_release(&key);
    return found;
}

static bool check_required(struct check *k, const struct json_node *names,
                           const struct json_node *v)
{
    const struct json_node *name;

    for (name = names ? names->first : NULL; name; name = name->next) {
        if (!has_member(v, name->text))
            return fail(k,
                        xasprintf("member %.*s is missing", (int)name->text.len, name->text.ptr));
    }
    return true;
}

static bool same_key(const struct json_node *a, const struct json_node *b)
{
    return json_equal(a->key, b->key, JSON_BY_VALUE, NULL);
}

static bool check_dependents(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *names = s->dependent_required ? s->dependent_required->first : NULL;

    for (; names; names = names->next) {
        if (has_member(v, names->key) && !check_required(k, names, v))
            return false;
    }
    for (size_t i = 0; i < s->dependent_schemas.n; i++) {
        const struct schema_member *m = &s->dependent_schemas.items[i];

        if (has_member(v, m->key_of->key) && !valid(k, m->schema, v))
            return false;
    }
    return true;
}

/* One member against properties and patternProperties; what neither knows falls to additionalProperties. */
static bool check_member(struct check *k, const struct schema *s, const struct json_node *member)
{
    struct json_node name = {.type = JSON_STRING, .text = member->key};
    bool known = false;

    for (size_t i = 0; i < s->properties.n; i++) {
        if (!same_key(s->properties.items[i].key_of, member))
            continue;
        known = true;
        if (!valid_member(k, s->properties.items[i].schema, member))
            return false;
    }
    for (size_t i = 0; i < s->pattern_properties.n; i++) {
        if (!matches(k, s->pattern_properties.items[i].regex, member->key))
            continue;
        known = true;
        if (!valid_member(k, s->pattern_properties.items[i].schema, member))
            return false;
    }
    if (s->property_names && !valid_silently(k, s->property_names, &name))
        return fail(
            k, xasprintf("member name %.*s is not allowed", (int)name.text.len, name.text.ptr));
    if (known || !s->additional)
        return true;
    if (s->additional->never)
        return fail(k, xasprintf("member %.*s is not allowed", (int)name.text.len, name.text.ptr));
    return valid_member(k, s->additional, member);
}

static bool check_object(struct check *k, const struct schema *s, const struct json_node *v)
{
    const struct json_node *member;

    if (v->type != JSON_OBJECT)
        return true;
    if (v->count < s->min_members)
        return fail(k, xasprintf("%zu members, at least %zu needed", v->count, s->min_members));
    if (v->count > s->max_members)
        return fail(k, xasprintf("%zu members, at most %zu allowed", v->count, s->max_members));
    if (!check_required(k, s->required, v) || !check_dependents(k, s, v))
        return false;
    for (member = v->first; member; member = member->next) {
        if (!check_member(k, s, member))
            return false;
    }
    return true;
}

/* ---- combinations ---- */

static bool check_one_of(struct check *k, const struct schema *s, const struct json_node *v)
{
    size_t good = 0;

    for (size_t i = 0; i < s->one_of.n; i++)
        good += valid_silently(k, s->one_of.items[i], v);
    if (s->one_of.n == 0 || good == 1)
        return true;
    return fail_value(k, xasprintf("fits %zu of the alternatives (oneOf), must fit one", good), v);
}

static bool check_any_of(struct check *k, const struct schema *s, const struct json_node *v)
{
    for (size_t i = 0; i < s->any_of.n; i++) {
        if (valid_silently(k, s->any_of.items[i], v))
            return true;
    }
    return s->any_of.n == 0 || fail_value(k, xstrdup("fits none of the alternatives (anyOf)"), v);
}

static bool check_combined(struct check *k, const struct schema *s, const struct json_node *v)
{
    for (size_t i = 0; i < s->all_of.n; i++) {
        if (!valid(k, s->all_of.items[i], v))
            return false;
    }
    if (!check_any_of(k, s, v) || !check_one_of(k, s, v))
        return false;
    if (s->not_of && valid_silently(k, s->not_of, v))
        return fail_value(k, xstrdup("fits what it must not (not)"), v);
    if (!s->if_of)
        return true;
    if (valid_silently(k, s->if_of, v))
        return !s->then_of || valid(k, s->then_of, v);
    return !s->else_of || valid(k, s->else_of, v);
}

static bool check_ref(struct check *k, const struct schema *s, const struct json_node *v)
{
    bool ok;

    if (!s->ref_text)
        return true;
    if (!s->ref)
        return fail(k, xasprintf("$ref %s is not resolved", s->ref_text));
    if (k->depth >= MAX_REF_DEPTH)
        return fail(k, xasprintf("$ref %s goes round in circles", s->ref_text));
    k->depth++;
    ok = valid(k, s->ref, v);
    k->depth--;
    return ok;
}

static bool valid(struct check *k, const struct schema *s, const struct json_node *v)
{
    if (s->never)
        return fail_value(k, xstrdup("not allowed"), v);
    return check_ref(k, s, v) && check_type(k, s, v) && check_values(k, s, v) &&
           check_number(k, s, v) && check_string(k, s, v) && check_array(k, s, v) &&
           check_object(k, s, v) && check_combined(k, s, v);
}

bool schema_valid_node(const struct schema *schema, const struct json_node *value,
                       struct schema_miss *reterr)
{
    struct check k = {.miss = reterr, .limits = matcher_regex_limits()};
    bool ok;

    buf_init(&k.pointer, WIRE_MAX_QUEUE_BYTES);
    ok = valid(&k, schema, value);
    buf_release(&k.pointer);
    pcre2_match_context_free(k.limits);
    return ok;
}

bool schema_valid(const struct schema *schema, struct slice value, struct schema_miss *reterr)
{
    struct json_doc *doc = NULL;
    struct wire_fault fault;
    bool ok;

    if (json_doc_parse(value, MATCHER_MAX_DEPTH, &doc, &fault) != WIRE_OK) {
        if (reterr)
            *reterr = (struct schema_miss){xstrdup(""), xstrdup("not JSON")};
        return false;
    }
    ok = schema_valid_node(schema, json_doc_root(doc), reterr);
    json_doc_free(doc);
    return ok;
}

void schema_miss_release(struct schema_miss *m)
{
    free(m->pointer);
    free(m->text);
    *m = (struct schema_miss){0};
}
