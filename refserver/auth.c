/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/auth.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { KEY_FILE_MAX_BYTES = 1 << 20, KEY_MAX_BYTES = 64 * 1024 };

typedef bool auth_check_fn(const struct auth_provider *, const struct auth_request *);
static auth_check_fn check_none, check_header, check_auth;

/* A new provider is a row here. */
static const struct auth_kind {
    const char *name;
    const char *default_member; /* header or member that holds the key */
    auth_check_fn *check;
} kinds[] = {
    {"none", NULL, check_none},
    {"header", "x-api-key", check_header},
    {"auth", "token", check_auth},
};

struct auth_provider {
    const struct auth_kind *kind;
    char *member;      /* owned */
    char *keys;        /* owned: all keys, one after the other */
    struct slice *key; /* owned: views of `keys` */
    size_t n_keys;
};

/* ---- checking ---- */

/* Takes as long for a wrong key as for the right one of the same length. */
static bool same_secret(struct slice a, struct slice b)
{
    volatile unsigned char difference = a.len != b.len;

    for (size_t i = 0; i < a.len; i++)
        difference =
            (unsigned char)(difference | (a.ptr[i] ^ (b.len ? b.ptr[i < b.len ? i : 0] : 0)));
    return difference == 0;
}

static bool is_a_key(const struct auth_provider *p, struct slice given)
{
    bool found = false;

    for (size_t i = 0; i < p->n_keys; i++)
        found |= same_secret(given, p->key[i]); /* no early end: which key it was stays unknown */
    return found;
}

static bool check_none(const struct auth_provider *p, const struct auth_request *request)
{
    (void)p;
    (void)request;
    return true;
}

static bool check_header(const struct auth_provider *p, const struct auth_request *request)
{
    struct slice given;

    return request->header(request->user, p->member, &given) && is_a_key(p, given);
}

static bool check_auth(const struct auth_provider *p, const struct auth_request *request)
{
    struct slice value;
    unsigned count;
    struct buf given;
    bool ok;

    if (request->auth.len == 0 || !json_member(request->auth, p->member, &value, &count) ||
        count != 1 || json_type_of(value) != JSON_STRING)
        return false;
    buf_init(&given, KEY_MAX_BYTES);
    json_string_decode(value, &given);
    ok = !given.overflow && is_a_key(p, buf_slice(&given));
    buf_release(&given);
    return ok;
}

bool auth_provider_check(const struct auth_provider *provider, const struct auth_request *request)
{
    return provider->kind->check(provider, request);
}

const char *auth_provider_header(const struct auth_provider *provider)
{
    return provider->kind->check == check_header ? provider->member : NULL;
}

bool auth_provider_is_open(const struct auth_provider *provider)
{
    return provider->kind->check == check_none;
}

/* ---- reading --auth ---- */

static void key_add(struct auth_provider *p, char *text, size_t len)
{
    if (len == 0)
        return;
    p->key = xrealloc(p->key, (p->n_keys + 1) * sizeof(*p->key));
    p->key[p->n_keys++] = slice_of(text, len);
}

static void keys_split(struct auth_provider *p, size_t len)
{
    char *at = p->keys, *end = p->keys + len;

    while (at < end) {
        char *newline = memchr(at, '\n', (size_t)(end - at));
        char *stop = newline ? newline : end;

        key_add(p, at, (size_t)(stop - at) - (stop > at && stop[-1] == '\r'));
        at = stop + 1;
    }
}

static bool keys_load(struct auth_provider *p, const char *path, char **reterr)
{
    FILE *file = fopen(path, "rb");
    size_t len;

    if (!file) {
        *reterr = xasprintf("key file %s: %s", path, strerror(errno));
        return false;
    }
    p->keys = xmalloc(KEY_FILE_MAX_BYTES + 1);
    len = fread(p->keys, 1, KEY_FILE_MAX_BYTES + 1, file);
    if (ferror(file))
        *reterr = xasprintf("key file %s: cannot be read", path);
    else if (len > KEY_FILE_MAX_BYTES)
        *reterr = xasprintf("key file %s: larger than %d bytes", path, KEY_FILE_MAX_BYTES);
    fclose(file);
    if (*reterr)
        return false;
    keys_split(p, len);
    if (p->n_keys == 0)
        *reterr = xasprintf("key file %s: holds no key", path);
    return p->n_keys > 0;
}

static bool keys_read(struct auth_provider *p, const char *text, char **reterr)
{
    if (text[0] == '@' && text[1] != '@')
        return keys_load(p, text + 1, reterr);
    p->keys = xstrdup(text[0] == '@' ? text + 1 : text);
    key_add(p, p->keys, strlen(p->keys));
    if (p->n_keys == 0)
        *reterr = xstrdup("the key is empty");
    return p->n_keys > 0;
}

static const struct auth_kind *kind_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (slice_is(slice_of(name, len), kinds[i].name))
            return &kinds[i];
    }
    return NULL;
}

static bool provider_read(struct auth_provider *p, const char *spec, char **reterr)
{
    size_t kind_len = strcspn(spec, ":=");
    const char *key = strchr(spec, '=');
    const char *member = spec + kind_len;

    p->kind = kind_find(spec, kind_len);
    if (!p->kind || (p->kind->default_member == NULL) != (spec[kind_len] == '\0') ||
        (p->kind->default_member && !key)) {
        *reterr = xstrdup("expected none, header[:NAME]=KEY, auth[:NAME]=KEY, or …=@FILE");
        return false;
    }
    if (!p->kind->default_member)
        return true;
    if (*member == ':' && key == member + 1) {
        *reterr = xstrdup("the name before the = is empty");
        return false;
    }
    p->member = *member == ':' ? xstrndup_slice(slice_of(member + 1, (size_t)(key - member) - 1))
                               : xstrdup(p->kind->default_member);
    return keys_read(p, key + 1, reterr);
}

struct auth_provider *auth_provider_new(const char *spec, char **reterr)
{
    struct auth_provider *p = xcalloc(1, sizeof(*p));

    *reterr = NULL;
    if (provider_read(p, spec, reterr))
        return p;
    auth_provider_free(p);
    return NULL;
}

void auth_provider_free(struct auth_provider *provider)
{
    if (!provider)
        return;
    free(provider->member);
    free(provider->keys);
    free(provider->key);
    free(provider);
}
