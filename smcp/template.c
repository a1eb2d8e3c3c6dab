/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/template.h"

#include <stdlib.h>
#include <string.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

/* A string is a row of these. */
enum part_kind { PART_TEXT, PART_BRACE, PART_REFERENCE };

struct part {
    enum part_kind kind;
    struct slice text; /* raw text, or the name */
};

static bool is_name_start(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_name_char(char c)
{
    return is_name_start(c) || (c >= '0' && c <= '9') || c == '.';
}

size_t template_reference_length(struct slice s)
{
    size_t i = 2;

    if (s.len < 3 || s.ptr[0] != '{' || !is_name_start(s.ptr[1]))
        return 0;
    while (i < s.len && is_name_char(s.ptr[i]))
        i++;
    return i < s.len && s.ptr[i] == '}' ? i + 1 : 0;
}

static void skip(struct slice *s, size_t len)
{
    s->ptr += len;
    s->len -= len;
}

/*
 * Raw text may be searched for braces although it holds escapes: an escape never contains one, so \u007b is a brace that is never
 * a reference.
 */
static bool next_part(struct slice *rest, struct part *ret_part)
{
    size_t len;

    if (rest->len == 0)
        return false;
    len = template_reference_length(*rest);
    if (len > 0) {
        *ret_part = (struct part){PART_REFERENCE, slice_of(rest->ptr + 1, len - 2)};
    } else if (rest->len >= 2 && rest->ptr[0] == '{' && rest->ptr[1] == '{') {
        len = 2;
        *ret_part = (struct part){PART_BRACE, slice_of(rest->ptr, 1)};
    } else {
        const char *brace = memchr(rest->ptr + 1, '{', rest->len - 1);

        len = brace ? (size_t)(brace - rest->ptr) : rest->len;
        *ret_part = (struct part){PART_TEXT, slice_of(rest->ptr, len)};
    }
    skip(rest, len);
    return true;
}

static struct slice unquoted(struct slice raw)
{
    return slice_of(raw.ptr + 1, raw.len - 2);
}

bool template_has_reference(struct slice raw_string)
{
    struct slice rest = unquoted(raw_string);
    struct part part;

    while (next_part(&rest, &part)) {
        if (part.kind != PART_TEXT)
            return true;
    }
    return false;
}

/* Value of `name` as JSON text in `value`. */
static bool look_up(const struct template_env *env, struct slice name, struct buf *value,
                    char **ret_name)
{
    char *text = xstrndup_slice(name);
    bool found;

    found = env && env->lookup && env->lookup(env->user, text, value) && value->len > 0;
    if (!found && ret_name)
        *ret_name = text;
    else
        free(text);
    return found;
}

/* Append a value inside of a string: strings keep their escapes, other values stand there as JSON text. */
static void splice(struct buf *out, struct slice value)
{
    struct buf quoted;

    if (json_type_of(value) == JSON_STRING) {
        buf_append_slice(out, unquoted(value));
        return;
    }
    buf_init(&quoted, value.len * 6 + 2);
    buf_append_json_string(&quoted, value);
    buf_append_slice(out, unquoted(buf_slice(&quoted)));
    buf_release(&quoted);
}

/* The whole raw string is one reference: its name, else an empty slice. */
static struct slice sole_reference(struct slice raw)
{
    struct slice inside = unquoted(raw);

    if (inside.len == 0 || template_reference_length(inside) != inside.len)
        return slice_of(NULL, 0);
    return slice_of(inside.ptr + 1, inside.len - 2);
}

static bool expand_string(struct slice raw, const struct template_env *env, struct buf *out,
                          char **ret_name)
{
    struct slice rest = unquoted(raw);
    struct part part;
    struct buf value;
    bool ok = true;

    buf_init(&value, WIRE_MAX_QUEUE_BYTES);
    buf_append_ch(out, '"');
    while (ok && next_part(&rest, &part)) {
        if (part.kind != PART_REFERENCE) {
            buf_append_slice(out, part.text);
            continue;
        }
        buf_clear(&value);
        ok = look_up(env, part.text, &value, ret_name);
        if (ok)
            splice(out, buf_slice(&value));
    }
    buf_append_ch(out, '"');
    buf_release(&value);
    return ok;
}

static bool expand_value(const struct json_node *node, const struct template_env *env,
                         struct buf *out, char **ret_name)
{
    struct slice name = sole_reference(node->text);
    struct buf value;
    bool ok;

    if (name.len == 0)
        return expand_string(node->text, env, out, ret_name);
    buf_init(&value, WIRE_MAX_QUEUE_BYTES);
    ok = look_up(env, name, &value, ret_name);
    if (ok)
        buf_append_slice(out, buf_slice(&value));
    buf_release(&value);
    return ok;
}

static bool expand_children(const struct json_node *node, const struct template_env *env,
                            struct buf *out, char **ret_name)
{
    const struct json_node *child;

    for (child = node->first; child; child = child->next) {
        if (child != node->first)
            buf_append_ch(out, ',');
        if (child->key.len > 0) {
            if (!expand_string(child->key, env, out, ret_name))
                return false;
            buf_append_ch(out, ':');
        }
        if (!template_expand(child, env, out, ret_name))
            return false;
    }
    return true;
}

bool template_choice(const struct json_node *node, const struct json_node **ret_branches)
{
    if (node->type != JSON_OBJECT || node->count != 1 ||
        !json_string_is(node->first->key, slice_str("$revision")))
        return false;
    *ret_branches = node->first;
    return true;
}

const struct json_node *template_branch(const struct json_node *branches, enum smcp_revision_id rev)
{
    const struct json_node *branch, *found = NULL;
    enum smcp_revision_id since, until;

    if (branches->type != JSON_OBJECT)
        return NULL;
    for (branch = branches->first; branch; branch = branch->next) {
        char *key = json_node_key(branch);
        bool ok = smcp_revision_range(key, &since, &until);

        free(key);
        if (!ok)
            return NULL;
        if (!found && rev >= since && rev <= until)
            found = branch;
    }
    return found;
}

static bool expand_branch(const struct json_node *branches, const struct template_env *env,
                          struct buf *out, char **ret_name)
{
    const struct json_node *branch = template_branch(branches, env->revision->id);

    if (branch)
        return template_expand(branch, env, out, ret_name);
    if (ret_name)
        *ret_name = xstrdup("$revision");
    return false;
}

bool template_expand(const struct json_node *node, const struct template_env *env, struct buf *out,
                     char **ret_name)
{
    const struct json_node *branches;
    bool ok;

    if (env && env->revision && template_choice(node, &branches))
        return expand_branch(branches, env, out, ret_name);
    switch (node->type) {
    case JSON_STRING:
        return expand_value(node, env, out, ret_name);
    case JSON_ARRAY:
        buf_append_ch(out, '[');
        ok = expand_children(node, env, out, ret_name);
        buf_append_ch(out, ']');
        return ok;
    case JSON_OBJECT:
        buf_append_ch(out, '{');
        ok = expand_children(node, env, out, ret_name);
        buf_append_ch(out, '}');
        return ok;
    case JSON_NULL:
    case JSON_FALSE:
    case JSON_TRUE:
    case JSON_NUMBER:
        break;
    }
    buf_append_slice(out, node->text);
    return true;
}

bool template_expand_text(const struct json_node *string, const struct template_env *env,
                          struct buf *out, char **ret_name)
{
    struct buf raw;
    bool ok;

    buf_init(&raw, WIRE_MAX_QUEUE_BYTES);
    ok = expand_string(string->text, env, &raw, ret_name);
    if (ok)
        json_string_decode(buf_slice(&raw), out);
    buf_release(&raw);
    return ok;
}

static void references_in(struct slice raw, template_found_fn *found, void *user,
                          const struct json_node *at)
{
    struct slice rest = unquoted(raw);
    struct part part;

    while (next_part(&rest, &part)) {
        if (part.kind == PART_REFERENCE) {
            char *name = xstrndup_slice(part.text);

            found(user, name, at);
            free(name);
        }
    }
}

void template_key_references(const struct json_node *member, template_found_fn *found, void *user)
{
    if (member->key.len > 0)
        references_in(member->key, found, user, member);
}

void template_references(const struct json_node *node, template_found_fn *found, void *user)
{
    const struct json_node *child;

    template_key_references(node, found, user);
    if (node->type == JSON_STRING)
        references_in(node->text, found, user, node);
    for (child = node->first; child; child = child->next)
        template_references(child, found, user);
}
