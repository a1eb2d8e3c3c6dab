/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/vars.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

struct vars_item {
    char *name; /* owned */
    char *json; /* owned */
    size_t len;
};

enum { VALUE_MAX_BYTES = 4 << 20 };

void vars_init(struct vars *v, uint64_t seed, unsigned serial)
{
    memset(v, 0, sizeof(*v));
    snprintf(v->run, sizeof(v->run), "r%04x",
             (unsigned)((seed ^ (seed >> 16) ^ (seed >> 32)) & 0xffff));
    snprintf(v->tag, sizeof(v->tag), "%s-%u", v->run, serial);
    snprintf(v->canary, sizeof(v->canary), "canary%016llx",
             (unsigned long long)((seed + serial) * 0x9e3779b97f4a7c15u));
    vars_set_text(v, "unique", slice_str(v->tag));
}

void vars_again(struct vars *v, unsigned attempt)
{
    size_t len = strlen(v->tag);

    if (attempt == 0)
        return;
    snprintf(v->tag + len, sizeof(v->tag) - len, "%c", 'a' + (int)((attempt - 1) % 26));
    vars_set_text(v, "unique", slice_str(v->tag));
}

void vars_release(struct vars *v)
{
    for (size_t i = 0; i < v->n_items; i++) {
        free(v->items[i].name);
        free(v->items[i].json);
    }
    free(v->items);
    v->items = NULL;
    v->n_items = 0;
}

char *vars_unique(const struct vars *v, const char *stem)
{
    return xasprintf("%s-%s", stem, v->tag);
}

static struct vars_item *item_find(const struct vars *v, const char *name, size_t len)
{
    for (size_t i = 0; i < v->n_items; i++)
        if (strlen(v->items[i].name) == len && memcmp(v->items[i].name, name, len) == 0)
            return &v->items[i];
    return NULL;
}

void vars_set(struct vars *v, const char *name, struct slice json)
{
    struct vars_item *item = item_find(v, name, strlen(name));
    char *copy = xstrndup_slice(json);

    if (!item) {
        v->items = xrealloc(v->items, (v->n_items + 1) * sizeof(*v->items));
        item = &v->items[v->n_items++];
        item->name = xstrdup(name);
    } else {
        free(item->json);
    }
    item->json = copy;
    item->len = json.len;
}

void vars_set_text(struct vars *v, const char *name, struct slice text)
{
    struct buf json;

    buf_init(&json, VALUE_MAX_BYTES);
    buf_append_json_string(&json, text);
    vars_set(v, name, buf_slice(&json));
    buf_release(&json);
}

/* Follow the members `path` ("params.x") into `value`. */
static bool member_path(struct slice value, const char *path, struct slice *ret)
{
    while (*path) {
        const char *dot = strchr(path, '.');
        size_t len = dot ? (size_t)(dot - path) : strlen(path);
        char *key = xstrndup_slice(slice_of(path, len));
        bool found = json_member(value, key, &value, NULL);

        free(key);
        if (!found)
            return false;
        path += len + (dot ? 1 : 0);
    }
    *ret = value;
    return true;
}

bool vars_lookup(void *vars, const char *name, struct buf *ret_json)
{
    const struct vars *v = vars;
    size_t len = strlen(name);

    for (;;) {
        const struct vars_item *item = item_find(v, name, len);
        struct slice value;

        if (item &&
            member_path(slice_of(item->json, item->len), name + len + (name[len] == '.'), &value)) {
            buf_append_slice(ret_json, value);
            return true;
        }
        while (len > 0 && name[len - 1] != '.')
            len--;
        if (len == 0)
            return false;
        len--;
    }
}

long vars_foreign(const struct vars *v, struct slice text)
{
    size_t run_len = strlen(v->run);
    long own = strtol(v->tag + run_len + 1, NULL, 10);
    const char *at = text.ptr;
    const char *end = text.ptr + text.len;

    while ((at = memmem(at, (size_t)(end - at), v->run, run_len))) {
        long serial = 0;
        const char *digit = at + run_len + 1;

        if (at > text.ptr && at[-1] == '-' && digit < end && digit[-1] == '-' && *digit >= '0' &&
            *digit <= '9') {
            for (; digit < end && *digit >= '0' && *digit <= '9' && serial < 1000000000L; digit++)
                serial = serial * 10 + (*digit - '0');
            if (serial != own)
                return serial;
        }
        at += run_len;
    }
    return -1;
}
