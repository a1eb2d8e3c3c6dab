/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher_internal.h"

#include <stdlib.h>

#include "smcp/value.h"
#include "wire/limits.h"

/* References that have no value yet are shown as they are written. */
struct lenient {
    const struct template_env *env;
};

static bool look_up_or_show(void *user, const char *name, struct buf *ret_json)
{
    const struct lenient *l = user;

    if (l->env->lookup && l->env->lookup(l->env->user, name, ret_json))
        return true;
    buf_clear(ret_json);
    buf_appendf(ret_json, "\"{%s}\"", name);
    return true;
}

/* `node` as written, references resolved where they can be. */
static void print_node(const struct matcher *m, const struct json_node *node, struct buf *out)
{
    struct lenient lenient = {&m->env};
    struct template_env env = {look_up_or_show, &lenient, NULL};
    char *name = NULL;

    if (!template_expand(node, &env, out, &name))
        free(name);
}

void matcher_print(const struct matcher *m, struct buf *out)
{
    print_node(m, m->source, out);
}

static void print_list(const struct matcher *m, const struct pattern *p, const char *before,
                       struct buf *out)
{
    buf_append_str(out, before);
    for (size_t i = 0; i < p->n; i++) {
        if (i > 0)
            buf_append_str(out, p->op == OP_ONE_OF ? " or " : ", ");
        matcher_describe(m, &p->children[i], out);
    }
}

static void describe_range(const struct pattern *p, struct buf *out)
{
    buf_append_str(out, "a number");
    if (p->min)
        buf_appendf(out, " from %.*s", (int)p->min->text.len, p->min->text.ptr);
    if (p->max)
        buf_appendf(out, " to %.*s", (int)p->max->text.len, p->max->text.ptr);
}

static void describe_regex(const struct matcher *m, const struct pattern *p, struct buf *out)
{
    struct buf expression;
    char *name = NULL;

    buf_init(&expression, WIRE_MAX_QUEUE_BYTES);
    if (!matcher_regex_expand(p->node, &m->env, &expression, &name)) {
        free(name);
        buf_clear(&expression);
        json_string_decode(p->node->text, &expression);
    }
    buf_append_str(out, "text that matches /");
    buf_append_slice(out, buf_slice(&expression));
    buf_append_ch(out, '/');
    buf_release(&expression);
}

/* style: flat switch */
void matcher_describe(const struct matcher *m, const struct pattern *p, struct buf *out)
{
    switch (p->op) {
    case OP_ANY:
        buf_append_str(out, "anything");
        return;
    case OP_ABSENT:
        buf_append_str(out, p->or_null ? "absent or null" : "absent");
        return;
    case OP_TYPE:
        value_type_phrase(p->types, out);
        return;
    case OP_ONE_OF:
        print_list(m, p, "", out);
        return;
    case OP_ALL:
        print_list(m, p, "all of: ", out);
        return;
    case OP_NOT:
        print_list(m, p, "anything but ", out);
        return;
    case OP_REGEX:
        describe_regex(m, p, out);
        return;
    case OP_RANGE:
        describe_range(p, out);
        return;
    case OP_ANY_ORDER:
        print_list(m, p, "in any order: ", out);
        return;
    case OP_CONTAINS:
        print_list(m, p, "an array with ", out);
        return;
    case OP_LENGTH:
        print_list(m, p, "length ", out);
        return;
    case OP_EXACT:
    case OP_REVISION:
        matcher_describe(m, p->children, out);
        return;
    case OP_SCHEMA:
        buf_append_str(out, "valid by schema ");
        buf_append_slice(out, p->node->text);
        return;
    case OP_SCALAR:
    case OP_TEXT:
    case OP_OBJECT:
    case OP_ARRAY:
    case OP_SAME:
    case OP_IDENTICAL:
        break;
    }
    print_node(m, p->node, out);
}

/* Blanks between tokens are dropped; a text that is too long ends with an ellipsis, never inside a UTF-8 character. */
void matcher_shorten(struct slice json, size_t max, struct buf *out)
{
    size_t start = out->len;
    bool in_string = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];

        if (out->len - start >= max && ((unsigned char)c & 0xC0) != 0x80) {
            buf_append_str(out, "…");
            return;
        }
        if (in_string && c == '\\' && i + 1 < json.len) {
            buf_append_ch(out, c);
            c = json.ptr[++i];
        } else if (c == '"') {
            in_string = !in_string;
        }
        if (in_string || (c != ' ' && c != '\n' && c != '\r' && c != '\t'))
            buf_append_ch(out, c);
    }
}
