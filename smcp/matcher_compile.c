/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher_internal.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/suggest.h"
#include "smcp/value.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

const struct matcher_row matcher_rows[] = {
#define XX(symbol, key, operand, help, example) {key, operand, help, example},
#include "smcp/matchers.def"
#undef XX
};
const size_t matcher_rows_count = ARRAY_LEN(matcher_rows);

struct compiler {
    const struct schema_set *schemas; /* borrowed; may be NULL */
    enum smcp_revision_id rev;
    struct matcher_fault *reterr;
};

static bool compile(struct compiler *c, const struct json_node *node, bool exact,
                    struct pattern *ret);

/* `text` is taken. */
static bool refuse(struct compiler *c, const struct json_node *at, char *text)
{
    c->reterr->at = at;
    c->reterr->text = text;
    return false;
}

static bool compile_children(struct compiler *c, const struct json_node *list, bool exact,
                             struct pattern *ret)
{
    const struct json_node *child;

    ret->children = xcalloc(list->count ? list->count : 1, sizeof(*ret->children));
    for (child = list->first; child; child = child->next) {
        struct pattern *p = &ret->children[ret->n++];

        p->key = child->key;
        if (!compile(c, child, exact, p))
            return false;
    }
    return true;
}

/* An operand that is one pattern. */
static bool compile_single(struct compiler *c, const struct json_node *node, bool exact,
                           struct pattern *ret)
{
    ret->children = xcalloc(1, sizeof(*ret->children));
    ret->n = 1;
    return compile(c, node, exact, ret->children);
}

static bool compile_list(struct compiler *c, const char *key, bool exact, struct pattern *ret)
{
    if (ret->node->type != JSON_ARRAY)
        return refuse(c, ret->node, xasprintf("`%s` takes a list of patterns", key));
    if (ret->node->count == 0 && ret->op != OP_ANY_ORDER)
        return refuse(c, ret->node, xasprintf("`%s` takes at least one pattern", key));
    return compile_children(c, ret->node, exact, ret);
}

static bool compile_absent(struct compiler *c, struct pattern *ret)
{
    ret->or_null = json_string_is(ret->node->text, slice_str("or null"));
    if (!ret->or_null && ret->node->type != JSON_TRUE)
        return refuse(c, ret->node, xstrdup("`$absent` takes true or \"or null\""));
    return true;
}

static bool compile_type(struct compiler *c, struct pattern *ret)
{
    const struct json_node *name = ret->node;
    bool list = ret->node->type == JSON_ARRAY;

    for (name = list ? ret->node->first : ret->node; name; name = list ? name->next : NULL) {
        unsigned bit = value_type_bit(name->text);

        if (!bit)
            return refuse(
                c, name,
                xstrdup("`$type` takes string, number, integer, boolean, null, array or object"));
        ret->types |= bit;
    }
    if (!ret->types)
        return refuse(c, ret->node, xstrdup("`$type` takes at least one type"));
    return true;
}

static bool is_bound(const struct json_node *node)
{
    return node && (node->type == JSON_NUMBER || node->type == JSON_NULL);
}

static bool compile_range(struct compiler *c, struct pattern *ret)
{
    const struct json_node *min = json_at(ret->node, 0), *max = json_at(ret->node, 1);

    if (ret->node->type != JSON_ARRAY || ret->node->count != 2 || !is_bound(min) || !is_bound(max))
        return refuse(c, ret->node, xstrdup("`$range` takes [min, max], numbers or null"));
    ret->min = min->type == JSON_NUMBER ? min : NULL;
    ret->max = max->type == JSON_NUMBER ? max : NULL;
    if (ret->min && ret->max && json_number_double(min->text) > json_number_double(max->text))
        return refuse(c, ret->node, xstrdup("`$range`: min is larger than max"));
    return true;
}

static bool compile_regex(struct compiler *c, struct pattern *ret)
{
    struct buf text;
    char *why = NULL;
    bool known;

    if (ret->node->type != JSON_STRING)
        return refuse(c, ret->node, xstrdup("`$regex` takes a string"));
    if (matcher_regex_has_reference(ret->node))
        return true;
    buf_init(&text, WIRE_MAX_QUEUE_BYTES);
    known = matcher_regex_expand(ret->node, NULL, &text, NULL);
    ret->regex = known ? matcher_regex(buf_slice(&text), &why) : NULL;
    buf_release(&text);
    if (ret->regex)
        return true;
    refuse(c, ret->node, xasprintf("`$regex`: %s", why ? why : "not an expression"));
    free(why);
    return false;
}

static bool compile_schema(struct compiler *c, struct pattern *ret)
{
    char *name = json_node_str(ret->node, NULL);

    if (!name)
        return refuse(c, ret->node, xstrdup("`$schema` takes the name of a schema"));
    if (c->schemas) {
        ret->schema = schema_find(c->schemas, c->rev, name);
        if (!ret->schema) {
            char *text =
                xasprintf("no schema `%s` for revision %s", name, smcp_revision(c->rev)->name);

            free(name);
            return refuse(c, ret->node, text);
        }
    }
    free(name);
    return true;
}

/* All branches are compiled, so that a mistake in one shows in every revision; one is kept. */
static bool compile_revision(struct compiler *c, bool exact, struct pattern *ret)
{
    const struct json_node *branch, *chosen = NULL;
    enum smcp_revision_id since = 0, until = 0;

    if (ret->node->type != JSON_OBJECT)
        return refuse(c, ret->node, xstrdup("`$revision` takes an object of patterns"));
    for (branch = ret->node->first; branch; branch = branch->next) {
        char *key = json_node_key(branch);
        bool ok = smcp_revision_range(key, &since, &until);
        struct pattern trial = {0};
        char *text;

        if (!ok) {
            text = xasprintf("`%s` is no range of revisions such as 0.1, 0.1-0.4 or 0.5+", key);
            free(key);
            return refuse(c, branch, text);
        }
        free(key);
        ok = compile_single(c, branch, exact, &trial);
        if (ok && !chosen && c->rev >= since && c->rev <= until) {
            chosen = branch;
            ret->children = trial.children;
            ret->n = trial.n;
            continue;
        }
        for (size_t i = 0; i < trial.n; i++)
            matcher_pattern_release(&trial.children[i]);
        free(trial.children);
        if (!ok)
            return false;
    }
    if (!chosen)
        return refuse(
            c, ret->node,
            xasprintf("`$revision` has no branch for revision %s", smcp_revision(c->rev)->name));
    return true;
}

static bool compile_operator(struct compiler *c, const struct json_node *node, bool exact,
                             struct pattern *ret)
{
    const char *key = matcher_rows[ret->op - OP_ANY].key;

    ret->node = node;
    switch (ret->op) {
    case OP_ANY:
        return node->type == JSON_TRUE || refuse(c, node, xstrdup("`$any` takes true"));
    case OP_ABSENT:
        return compile_absent(c, ret);
    case OP_TYPE:
        return compile_type(c, ret);
    case OP_ONE_OF:
    case OP_ALL:
    case OP_ANY_ORDER:
    case OP_CONTAINS:
        return compile_list(c, key, exact, ret);
    case OP_NOT:
    case OP_LENGTH:
        return compile_single(c, node, exact, ret);
    case OP_EXACT:
        return compile_single(c, node, true, ret);
    case OP_REGEX:
        return compile_regex(c, ret);
    case OP_RANGE:
        return compile_range(c, ret);
    case OP_SCHEMA:
        return compile_schema(c, ret);
    case OP_REVISION:
        return compile_revision(c, exact, ret);
    case OP_SAME:
    case OP_IDENTICAL:
    case OP_SCALAR:
    case OP_TEXT:
    case OP_OBJECT:
    case OP_ARRAY:
        break;
    }
    return true;
}

static bool unknown_operator(struct compiler *c, const struct json_node *at, const char *key)
{
    struct suggest s;
    char *phrase, *text;

    suggest_init(&s, key);
    for (size_t i = 0; i < matcher_rows_count; i++)
        suggest_offer(&s, matcher_rows[i].key);
    phrase = suggest_phrase(s.best);
    text = xasprintf("unknown operator `%s`%s", key, phrase);
    free(phrase);
    return refuse(c, at, text);
}

/* An object is an operator as soon as one key begins with `$`. */
static const struct json_node *operator_member(const struct json_node *object)
{
    const struct json_node *m;

    for (m = object->first; m; m = m->next) {
        if (m->key.len > 2 && m->key.ptr[1] == '$')
            return m;
    }
    return NULL;
}

static bool compile_object(struct compiler *c, const struct json_node *node, bool exact,
                           struct pattern *ret)
{
    const struct json_node *m = operator_member(node);
    char *key;
    size_t i;

    if (!m) {
        ret->op = OP_OBJECT;
        ret->exact = exact;
        return compile_children(c, node, exact, ret);
    }
    key = json_node_key(m);
    for (i = 0; i < matcher_rows_count && strcmp(key, matcher_rows[i].key) != 0; i++)
        ;
    if (i == matcher_rows_count) {
        unknown_operator(c, m, key);
        free(key);
        return false;
    }
    free(key);
    if (node->count != 1)
        return refuse(c, m,
                      xasprintf("`%s` must be the only key of its object", matcher_rows[i].key));
    ret->op = (enum matcher_op)(OP_ANY + i);
    return compile_operator(c, m, exact, ret);
}

static bool compile(struct compiler *c, const struct json_node *node, bool exact,
                    struct pattern *ret)
{
    ret->node = node;
    switch (node->type) {
    case JSON_OBJECT:
        return compile_object(c, node, exact, ret);
    case JSON_ARRAY:
        ret->op = OP_ARRAY;
        return compile_children(c, node, exact, ret);
    case JSON_STRING:
        ret->op = template_has_reference(node->text) ? OP_TEXT : OP_SCALAR;
        return true;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER:
        break;
    }
    ret->op = OP_SCALAR;
    return true;
}

void matcher_pattern_release(struct pattern *p)
{
    for (size_t i = 0; i < p->n; i++)
        matcher_pattern_release(&p->children[i]);
    free(p->children);
    if (p->regex)
        pcre2_code_free(p->regex);
}

struct matcher *matcher_compile(const struct json_node *pattern, const struct schema_set *schemas,
                                enum smcp_revision_id rev, const struct template_env *env,
                                struct matcher_fault *reterr)
{
    struct compiler c = {schemas, rev, reterr};
    struct matcher *m = xcalloc(1, sizeof(*m));

    m->source = pattern;
    if (env)
        m->env = *env;
    if (!compile(&c, pattern, false, &m->root)) {
        matcher_free(m);
        return NULL;
    }
    m->limits = matcher_regex_limits();
    return m;
}

void matcher_free(struct matcher *m)
{
    if (!m)
        return;
    matcher_pattern_release(&m->root);
    if (m->limits)
        pcre2_match_context_free(m->limits);
    free(m);
}
