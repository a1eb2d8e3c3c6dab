/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/generic.h"

#include <ctype.h>
#include <string.h>

const char *scenario_tag(const struct scenario_result *s)
{
    for (size_t i = 0; s->actor_names && i < s->scenario->n_actors; i++) {
        const char *stem = s->scenario->actors[i].name, *name = s->actor_names[i];
        size_t len = strlen(stem);

        if (name && strncmp(name, stem, len) == 0 && name[len] == '-' && name[len + 1])
            return name + len + 1;
    }
    return NULL;
}

/* Length of a tag at `at`, with the dash before it; 0 when there is none. */
static size_t tag_length(const char *at, const char *tag)
{
    size_t dash = *at == '-', len = strlen(tag);

    if (strncmp(at + dash, tag, len) != 0 || isdigit((unsigned char)at[dash + len]))
        return 0;
    return dash + len;
}

/* After `"sid":"` or `\"sid\":\"`: length of the value up to the end of its text; 0 when `at` is elsewhere. */
static size_t sid_length(const char *start, const char *at)
{
    static const char *const heads[] = {"\"sid\":\"", "\"sid\": \"", "\\\"sid\\\":\\\""};

    for (size_t i = 0; i < ARRAY_LEN(heads); i++) {
        size_t len = strlen(heads[i]);

        if ((size_t)(at - start) >= len && strncmp(at - len, heads[i], len) == 0)
            return strcspn(at, "\"\\");
    }
    return 0;
}

char *text_generic(const struct scenario_result *s, const char *text)
{
    const char *tag = scenario_tag(s), *at = text;
    struct buf out;

    if (!text)
        return NULL;
    buf_init(&out, SIZE_MAX);
    while (*at) {
        size_t n = tag ? tag_length(at, tag) : 0;

        if (n > 0) {
            if (*at != '-') /* a value that is nothing but the tag must not vanish */
                buf_append_str(&out, "*");
            at += n;
            continue;
        }
        n = sid_length(text, at);
        if (n > 0) {
            buf_append_str(&out, "…");
            at += n;
            continue;
        }
        buf_append_ch(&out, *at++);
    }
    return buf_take_str(&out);
}
