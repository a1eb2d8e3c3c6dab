/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher_internal.h"

#include <stdlib.h>
#include <string.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

enum {
    MATCH_LIMIT = 100000, /* steps; a human's expression on a message needs hundreds */
    DEPTH_LIMIT = 2000,
    HEAP_LIMIT_KIB = 4096,
};

pcre2_code *matcher_regex(struct slice expression, char **ret_text)
{
    PCRE2_UCHAR message[256];
    PCRE2_SIZE offset;
    pcre2_code *code;
    int err;

    code = pcre2_compile((PCRE2_SPTR)(expression.len ? expression.ptr : ""), expression.len,
                         PCRE2_UTF | PCRE2_MATCH_INVALID_UTF, &err, &offset, NULL);
    if (!code) {
        pcre2_get_error_message(err, message, sizeof(message));
        *ret_text = xasprintf("%s (at byte %zu)", (char *)message, (size_t)offset);
    }
    return code;
}

pcre2_match_context *matcher_regex_limits(void)
{
    pcre2_match_context *limits = pcre2_match_context_create(NULL);

    if (!limits)
        abort();
    pcre2_set_match_limit(limits, MATCH_LIMIT);
    pcre2_set_depth_limit(limits, DEPTH_LIMIT);
    pcre2_set_heap_limit(limits, HEAP_LIMIT_KIB);
    return limits;
}

bool matcher_regex_search(const pcre2_code *code, pcre2_match_context *limits, struct slice subject)
{
    pcre2_match_data *data = pcre2_match_data_create_from_pattern(code, NULL);
    int found;

    if (!data)
        abort();
    found = pcre2_match(code, (PCRE2_SPTR)(subject.len ? subject.ptr : ""), subject.len, 0, 0, data,
                        limits);
    pcre2_match_data_free(data);
    return found >= 0;
}

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* Length of the reference at `at`; \p{Lu}, \x{263a}, \k{name} are none. */
static size_t reference_at(struct slice text, size_t at)
{
    if (at >= 2 && is_letter(text.ptr[at - 1]) && text.ptr[at - 2] == '\\')
        return 0;
    return template_reference_length(slice_of(text.ptr + at, text.len - at));
}

static void append_literal(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (c == 0) {
            buf_append_str(out, "\\x00");
            continue;
        }
        if (c < 0x80 && !is_letter((char)c) && !(c >= '0' && c <= '9'))
            buf_append_ch(out, '\\');
        buf_append_ch(out, (char)c);
    }
}

static bool append_reference(struct slice name, const struct template_env *env, struct buf *out,
                             char **ret_name)
{
    char *text = xstrndup_slice(name);
    struct buf json, value;
    bool found;

    buf_init(&json, WIRE_MAX_QUEUE_BYTES);
    buf_init(&value, WIRE_MAX_QUEUE_BYTES);
    found = env && env->lookup && env->lookup(env->user, text, &json);
    if (found && json_type_of(buf_slice(&json)) == JSON_STRING) {
        json_string_decode(buf_slice(&json), &value);
        append_literal(out, buf_slice(&value));
    } else if (found) {
        append_literal(out, buf_slice(&json));
    }
    buf_release(&json);
    buf_release(&value);
    if (found || !ret_name)
        free(text);
    else
        *ret_name = text;
    return found;
}

bool matcher_regex_expand(const struct json_node *string, const struct template_env *env,
                          struct buf *out, char **ret_name)
{
    struct buf decoded;
    struct slice text;
    bool ok = true;

    buf_init(&decoded, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(string->text, &decoded);
    text = buf_slice(&decoded);
    for (size_t i = 0; ok && i < text.len;) {
        size_t len = reference_at(text, i);

        if (len == 0) {
            buf_append_ch(out, text.ptr[i++]);
            continue;
        }
        ok = append_reference(slice_of(text.ptr + i + 1, len - 2), env, out, ret_name);
        i += len;
    }
    buf_release(&decoded);
    return ok;
}

static void regex_references(const struct json_node *string, template_found_fn *found, void *user)
{
    struct buf decoded;
    struct slice text;

    buf_init(&decoded, WIRE_MAX_QUEUE_BYTES);
    json_string_decode(string->text, &decoded);
    text = buf_slice(&decoded);
    for (size_t i = 0; i < text.len; i++) {
        size_t len = reference_at(text, i);
        char *name;

        if (len == 0)
            continue;
        name = xstrndup_slice(slice_of(text.ptr + i + 1, len - 2));
        found(user, name, string);
        free(name);
    }
    buf_release(&decoded);
}

static void note_found(void *user, const char *name, const struct json_node *at)
{
    (void)name;
    (void)at;
    *(bool *)user = true;
}

bool matcher_regex_has_reference(const struct json_node *string)
{
    bool any = false;

    regex_references(string, note_found, &any);
    return any;
}

void matcher_references(const struct json_node *pattern, template_found_fn *found, void *user)
{
    const struct json_node *child;

    if (pattern->type == JSON_STRING && json_string_is(pattern->key, slice_str("$regex"))) {
        regex_references(pattern, found, user);
        return;
    }
    if (pattern->type != JSON_ARRAY && pattern->type != JSON_OBJECT) {
        template_references(pattern, found, user);
        return;
    }
    template_key_references(pattern, found, user);
    for (child = pattern->first; child; child = child->next)
        matcher_references(child, found, user);
}
