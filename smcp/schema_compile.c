/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/schema_internal.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/matcher_internal.h"
#include "smcp/suggest.h"
#include "smcp/value.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

typedef bool keyword_fn(struct schema_compiler *c, struct schema *s, const struct json_node *v);

/* `text` is taken. */
static bool refuse(struct schema_compiler *c, const struct json_node *at, char *text)
{
    c->reterr->at = json_position_of(c->json, at);
    c->reterr->text = text;
    return false;
}

/* ---- operands ---- */

static bool take_schema(struct schema_compiler *c, const struct json_node *v, struct schema **ret)
{
    *ret = schema_compile(c, v);
    return *ret != NULL;
}

static bool take_list(struct schema_compiler *c, const struct json_node *v, struct schema_list *ret)
{
    const struct json_node *child;

    if (v->type != JSON_ARRAY || v->count == 0)
        return refuse(c, v, xstrdup("expected a list of schemas"));
    ret->items = xcalloc(v->count, sizeof(*ret->items));
    for (child = v->first; child; child = child->next) {
        ret->items[ret->n] = schema_compile(c, child);
        if (!ret->items[ret->n])
            return false;
        ret->n++;
    }
    return true;
}

static bool take_members(struct schema_compiler *c, const struct json_node *v,
                         struct schema_members *ret)
{
    const struct json_node *child;

    if (v->type != JSON_OBJECT)
        return refuse(c, v, xstrdup("expected an object of schemas"));
    ret->items = xcalloc(v->count + 1, sizeof(*ret->items));
    for (child = v->first; child; child = child->next) {
        struct schema_member *m = &ret->items[ret->n++];

        m->key_of = child;
        m->schema = schema_compile(c, child);
        if (!m->schema)
            return false;
    }
    return true;
}

static bool take_size(struct schema_compiler *c, const struct json_node *v, size_t *ret)
{
    int64_t n;

    if (v->type != JSON_NUMBER || !json_number_i64(v->text, &n) || n < 0)
        return refuse(c, v, xstrdup("expected a whole number of at least 0"));
    *ret = (size_t)n;
    return true;
}

static bool take_number(struct schema_compiler *c, const struct json_node *v,
                        const struct json_node **ret)
{
    if (v->type != JSON_NUMBER)
        return refuse(c, v, xstrdup("expected a number"));
    *ret = v;
    return true;
}

static bool is_list_of_strings(const struct json_node *v)
{
    const struct json_node *child;

    for (child = v->first; child; child = child->next) {
        if (child->type != JSON_STRING)
            return false;
    }
    return v->type == JSON_ARRAY;
}

static bool take_regex(struct schema_compiler *c, struct slice raw, const struct json_node *at,
                       pcre2_code **ret)
{
    struct buf text;
    char *why = NULL, *message;

    buf_init(&text, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(raw, &text);
    *ret = matcher_regex(buf_slice(&text), &why);
    buf_release(&text);
    if (*ret)
        return true;
    message = xasprintf("not a regular expression: %s", why);
    free(why);
    return refuse(c, at, message);
}

/* ---- one function per keyword that needs more than its operand ---- */

static bool kw_annotation(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    (void)c;
    (void)s;
    (void)v;
    return true;
}

static bool kw_type(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    const struct json_node *name;

    if (v->type == JSON_STRING) {
        s->types = value_type_bit(v->text);
        return s->types || refuse(c, v, xstrdup("unknown type"));
    }
    if (v->type != JSON_ARRAY || v->count == 0)
        return refuse(c, v, xstrdup("expected the name of a type or a list of names"));
    for (name = v->first; name; name = name->next) {
        unsigned bit = value_type_bit(name->text);

        if (!bit)
            return refuse(c, name, xstrdup("unknown type"));
        s->types |= bit;
    }
    return true;
}

static bool kw_enum(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    if (v->type != JSON_ARRAY)
        return refuse(c, v, xstrdup("expected a list of values"));
    s->enum_of = v;
    return true;
}

static bool kw_const(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    (void)c;
    s->const_of = v;
    return true;
}

static bool kw_unique_items(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    if (v->type != JSON_TRUE && v->type != JSON_FALSE)
        return refuse(c, v, xstrdup("expected true or false"));
    s->unique_items = v->type == JSON_TRUE;
    return true;
}

static bool kw_pattern(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    if (v->type != JSON_STRING)
        return refuse(c, v, xstrdup("expected a regular expression"));
    return take_regex(c, v->text, v, &s->pattern);
}

static bool kw_pattern_properties(struct schema_compiler *c, struct schema *s,
                                  const struct json_node *v)
{
    struct schema_members *m = &s->pattern_properties;

    if (!take_members(c, v, m))
        return false;
    for (size_t i = 0; i < m->n; i++) {
        if (!take_regex(c, m->items[i].key_of->key, m->items[i].key_of, &m->items[i].regex))
            return false;
    }
    return true;
}

static bool kw_required(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    if (!is_list_of_strings(v))
        return refuse(c, v, xstrdup("expected a list of member names"));
    s->required = v;
    return true;
}

static bool kw_dependent_required(struct schema_compiler *c, struct schema *s,
                                  const struct json_node *v)
{
    const struct json_node *child;

    if (v->type != JSON_OBJECT)
        return refuse(c, v, xstrdup("expected an object of lists"));
    for (child = v->first; child; child = child->next) {
        if (!is_list_of_strings(child))
            return refuse(c, child, xstrdup("expected a list of member names"));
    }
    s->dependent_required = v;
    return true;
}

static bool kw_ref(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    s->ref_text = json_node_str(v, NULL);
    return s->ref_text || refuse(c, v, xstrdup("expected a reference"));
}

/* Another dialect would give the keywords other meanings. */
static bool kw_dialect(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    (void)s;
    return json_string_is(v->text, slice_str("https://json-schema.org/draft/2020-12/schema")) ||
           refuse(c, v, xstrdup("not a schema of JSON Schema 2020-12"));
}

/* $id is read before the other keywords, by schema_compile. */
static bool kw_id(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    (void)s;
    return v->type == JSON_STRING || refuse(c, v, xstrdup("expected a URI"));
}

static bool kw_anchor(struct schema_compiler *c, struct schema *s, const struct json_node *v)
{
    char *name = json_node_str(v, NULL), *uri;

    if (!name)
        return refuse(c, v, xstrdup("expected a name"));
    uri = xasprintf("%s#%s", c->base, name);
    schema_set_note_id(c->set, uri, s);
    free(uri);
    free(name);
    return true;
}

/* Keywords whose operand lands in one member of struct schema. */
#define SIMPLE(function, take, member)                                                             \
    static bool function(struct schema_compiler *c, struct schema *s, const struct json_node *v)   \
    {                                                                                              \
        return take(c, v, &s->member);                                                             \
    }
SIMPLE(kw_minimum, take_number, minimum)
SIMPLE(kw_maximum, take_number, maximum)
SIMPLE(kw_exclusive_minimum, take_number, exclusive_minimum)
SIMPLE(kw_exclusive_maximum, take_number, exclusive_maximum)
SIMPLE(kw_multiple_of, take_number, multiple_of)
SIMPLE(kw_min_length, take_size, min_length)
SIMPLE(kw_max_length, take_size, max_length)
SIMPLE(kw_min_items, take_size, min_items)
SIMPLE(kw_max_items, take_size, max_items)
SIMPLE(kw_min_members, take_size, min_members)
SIMPLE(kw_max_members, take_size, max_members)
SIMPLE(kw_min_contains, take_size, min_contains)
SIMPLE(kw_max_contains, take_size, max_contains)
SIMPLE(kw_additional, take_schema, additional)
SIMPLE(kw_property_names, take_schema, property_names)
SIMPLE(kw_items, take_schema, items)
SIMPLE(kw_contains, take_schema, contains)
SIMPLE(kw_not, take_schema, not_of)
SIMPLE(kw_if, take_schema, if_of)
SIMPLE(kw_then, take_schema, then_of)
SIMPLE(kw_else, take_schema, else_of)
SIMPLE(kw_prefix_items, take_list, prefix_items)
SIMPLE(kw_all_of, take_list, all_of)
SIMPLE(kw_any_of, take_list, any_of)
SIMPLE(kw_one_of, take_list, one_of)
SIMPLE(kw_properties, take_members, properties)
SIMPLE(kw_dependent_schemas, take_members, dependent_schemas)
SIMPLE(kw_defs, take_members, defs)
#undef SIMPLE

static const struct {
    const char *name;
    keyword_fn *compile;
} keywords[] = {
    {"$anchor", kw_anchor},
    {"$comment", kw_annotation},
    {"$defs", kw_defs},
    {"$id", kw_id},
    {"$ref", kw_ref},
    {"$schema", kw_dialect},
    {"additionalProperties", kw_additional},
    {"allOf", kw_all_of},
    {"anyOf", kw_any_of},
    {"const", kw_const},
    {"contains", kw_contains},
    {"default", kw_annotation},
    {"dependentRequired", kw_dependent_required},
    {"dependentSchemas", kw_dependent_schemas},
    {"deprecated", kw_annotation},
    {"description", kw_annotation},
    {"else", kw_else},
    {"enum", kw_enum},
    {"examples", kw_annotation},
    {"exclusiveMaximum", kw_exclusive_maximum},
    {"exclusiveMinimum", kw_exclusive_minimum},
    {"format", kw_annotation}, /* an annotation by default in 2020-12 */
    {"if", kw_if},
    {"items", kw_items},
    {"maxContains", kw_max_contains},
    {"maxItems", kw_max_items},
    {"maxLength", kw_max_length},
    {"maxProperties", kw_max_members},
    {"maximum", kw_maximum},
    {"minContains", kw_min_contains},
    {"minItems", kw_min_items},
    {"minLength", kw_min_length},
    {"minProperties", kw_min_members},
    {"minimum", kw_minimum},
    {"multipleOf", kw_multiple_of},
    {"not", kw_not},
    {"oneOf", kw_one_of},
    {"pattern", kw_pattern},
    {"patternProperties", kw_pattern_properties},
    {"prefixItems", kw_prefix_items},
    {"properties", kw_properties},
    {"propertyNames", kw_property_names},
    {"readOnly", kw_annotation},
    {"required", kw_required},
    {"then", kw_then},
    {"title", kw_annotation},
    {"type", kw_type},
    {"uniqueItems", kw_unique_items},
    {"writeOnly", kw_annotation},
};

static bool unknown_keyword(struct schema_compiler *c, const struct json_node *at, const char *key)
{
    struct suggest s;
    char *phrase, *text;

    suggest_init(&s, key);
    for (size_t i = 0; i < ARRAY_LEN(keywords); i++)
        suggest_offer(&s, keywords[i].name);
    phrase = suggest_phrase(s.best);
    text = xasprintf("unknown keyword `%s`%s", key, phrase);
    free(phrase);
    return refuse(c, at, text);
}

static bool compile_keyword(struct schema_compiler *c, struct schema *s,
                            const struct json_node *member)
{
    char *key = json_node_key(member);
    bool ok;

    for (size_t i = 0; i < ARRAY_LEN(keywords); i++) {
        if (strcmp(key, keywords[i].name) == 0) {
            free(key);
            return keywords[i].compile(c, s, member);
        }
    }
    ok = unknown_keyword(c, member, key);
    free(key);
    return ok;
}

static bool compile_object(struct schema_compiler *c, struct schema *s)
{
    char *id = json_node_str(json_get(s->node, "$id"), NULL), *base = NULL;
    const char *outer = c->base;
    const struct json_node *member;
    bool ok = true;

    if (id) {
        base = schema_uri_resolve(c->base, id);
        base[strcspn(base, "#")] = '\0';
        schema_set_note_id(c->set, base, s);
        c->base = base;
        free(id);
    }
    s->base = xstrdup(c->base);
    for (member = s->node->first; ok && member; member = member->next)
        ok = compile_keyword(c, s, member);
    c->base = outer;
    free(base);
    return ok;
}

struct schema *schema_compile(struct schema_compiler *c, const struct json_node *node)
{
    struct schema *s;

    if (node->type != JSON_OBJECT && node->type != JSON_TRUE && node->type != JSON_FALSE) {
        refuse(c, node, xstrdup("a schema is an object, true or false"));
        return NULL;
    }
    s = xcalloc(1, sizeof(*s));
    s->node = node;
    s->never = node->type == JSON_FALSE;
    s->max_length = s->max_items = s->max_members = s->max_contains = SIZE_MAX;
    s->min_contains = 1;
    if (node->type == JSON_OBJECT && !compile_object(c, s)) {
        schema_free(s);
        return NULL;
    }
    schema_set_note(c->set, s);
    return s;
}

/* ---- release ---- */

static void list_release(struct schema_list *l)
{
    for (size_t i = 0; i < l->n; i++)
        schema_free(l->items[i]);
    free(l->items);
}

static void members_release(struct schema_members *m)
{
    for (size_t i = 0; i < m->n; i++) {
        schema_free(m->items[i].schema);
        if (m->items[i].regex)
            pcre2_code_free(m->items[i].regex);
    }
    free(m->items);
}

static void release(struct schema *s)
{
    if (s->pattern)
        pcre2_code_free(s->pattern);
    members_release(&s->properties);
    members_release(&s->pattern_properties);
    members_release(&s->dependent_schemas);
    members_release(&s->defs);
    schema_free(s->additional);
    schema_free(s->property_names);
    schema_free(s->items);
    schema_free(s->contains);
    schema_free(s->not_of);
    schema_free(s->if_of);
    schema_free(s->then_of);
    schema_free(s->else_of);
    list_release(&s->prefix_items);
    list_release(&s->all_of);
    list_release(&s->any_of);
    list_release(&s->one_of);
    free(s->base);
    free(s->ref_text);
}

void schema_free(struct schema *s)
{
    if (!s)
        return;
    release(s);
    free(s);
}
