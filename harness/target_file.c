/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/target.h"
#include "smcp/suggest.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { FILE_MAX_BYTES = 1 << 20, FILE_MAX_DEPTH = 16 };

/* The reader's place: where complaints point to. */
struct reader {
    struct target *t;
    const char *path;
    const struct json_doc *doc;
    char *folder;
    char *error;
};

static bool complain(struct reader *r, const struct json_node *at, const char *what)
{
    struct json_position p = json_position_of(r->doc, at);

    if (!r->error)
        r->error = xasprintf("%s:%u:%u: %s", r->path, p.line, p.column, what);
    return false;
}

typedef bool member_fn(struct reader *r, const struct json_node *value);

static bool read_text(struct reader *r, const struct json_node *value, char **ret)
{
    char *text = json_node_str(value, NULL);

    if (!text)
        return complain(r, value, "expected a string");
    free(*ret);
    *ret = text;
    return true;
}

static bool read_list(struct reader *r, const struct json_node *value, char ***ret)
{
    size_t n = 0;

    if (value->type != JSON_ARRAY)
        return complain(r, value, "expected a list of strings");
    *ret = xcalloc(value->count + 1, sizeof(char *));
    for (const struct json_node *m = value->first; m; m = m->next) {
        (*ret)[n] = json_node_str(m, NULL);
        if (!(*ret)[n++])
            return complain(r, m, "expected a string");
    }
    return true;
}

static bool read_number(struct reader *r, const struct json_node *value, uint32_t *ret)
{
    int64_t n;

    if (value->type != JSON_NUMBER || !json_number_i64(value->text, &n) || n < 0 || n > 3600000)
        return complain(r, value, "expected a number of milliseconds");
    *ret = (uint32_t)n;
    return true;
}

static bool read_name(struct reader *r, const struct json_node *value)
{
    return read_text(r, value, &r->t->name);
}

static bool read_nothing(struct reader *r, const struct json_node *value)
{
    char *text = NULL;
    bool ok = read_text(r, value, &text);

    free(text);
    return ok;
}

static bool read_start(struct reader *r, const struct json_node *value)
{
    if (!read_list(r, value, &r->t->argv))
        return false;
    if (value->count == 0)
        return complain(r, value, "start names no program");
    free(r->t->cwd);
    r->t->cwd = xstrdup(r->folder);
    return true;
}

static bool read_env(struct reader *r, const struct json_node *value)
{
    size_t n = 0;

    if (value->type != JSON_OBJECT)
        return complain(r, value, "expected an object of strings");
    r->t->env = xcalloc(value->count + 1, sizeof(char *));
    for (const struct json_node *m = value->first; m; m = m->next) {
        char *name = json_node_key(m);
        char *text = json_node_str(m, NULL);

        if (text)
            r->t->env[n++] = xasprintf("%s=%s", name, text);
        free(name);
        free(text);
        if (!text)
            return complain(r, m, "expected a string");
    }
    return true;
}

static bool read_ready(struct reader *r, const struct json_node *value)
{
    const struct json_node *timeout = json_get(value, "timeout_ms");

    if (value->type != JSON_OBJECT)
        return complain(r, value, "expected an object");
    for (const struct json_node *m = value->first; m; m = m->next)
        if (!json_string_is(m->key, slice_str("timeout_ms")) &&
            !json_string_is(m->key, slice_str("stdout_json")))
            return complain(r, m, "unknown key: expected stdout_json or timeout_ms");
    return !timeout || read_number(r, timeout, &r->t->ready_timeout_ms);
}

static bool read_url(struct reader *r, const struct json_node *value)
{
    char *text = NULL, *error = NULL;
    bool ok = read_text(r, value, &text);

    if (ok && !target_set_url(r->t, text, &error))
        ok = complain(r, value, error);
    free(text);
    free(error);
    return ok;
}

static bool read_path(struct reader *r, const struct json_node *value)
{
    return read_text(r, value, &r->t->path);
}

static bool read_revision(struct reader *r, const struct json_node *value)
{
    char *text = NULL;
    const struct smcp_revision *revision;

    if (!read_text(r, value, &text))
        return false;
    revision = smcp_revision_find(slice_str(text));
    free(text);
    if (!revision)
        return complain(r, value, "unknown revision");
    r->t->revision = revision->id;
    r->t->revision_given = true;
    return true;
}

static bool read_key(struct reader *r, const struct json_node *value)
{
    char *text = NULL;
    bool ok = read_text(r, value, &text) && credential_parse(&r->t->key, text);

    free(text);
    return ok || complain(r, value, "expected header:NAME=VALUE or auth:NAME=VALUE");
}

static bool read_version(struct reader *r, const struct json_node *value)
{
    char *text = NULL;
    bool ok = read_text(r, value, &text) && target_set_version(r->t, text);

    free(text);
    return ok || complain(r, value, "expected MAJOR.MINOR.PATCH or none");
}

static bool read_features(struct reader *r, const struct json_node *value)
{
    return read_list(r, value, &r->t->features);
}

static bool read_lacks(struct reader *r, const struct json_node *value)
{
    return read_list(r, value, &r->t->lacks);
}

static bool read_warmup(struct reader *r, const struct json_node *value)
{
    return read_number(r, value, &r->t->warmup_ms);
}

static bool read_baseline(struct reader *r, const struct json_node *value)
{
    char *text = NULL;

    if (!read_text(r, value, &text))
        return false;
    free(r->t->baseline);
    r->t->baseline = text[0] == '/' ? xstrdup(text) : xasprintf("%s/%s", r->folder, text);
    free(text);
    return true;
}

static bool read_sdk(struct reader *r, const struct json_node *value)
{
    if (value->type != JSON_OBJECT)
        return complain(r, value, "expected an object");
    free(r->t->info);
    r->t->info = xstrndup_slice(value->text);
    return true;
}

static const struct {
    const char *name;
    member_fn *read;
} members[] = {
    {"$schema", read_nothing},
    {"name", read_name},
    {"description", read_nothing},
    {"start", read_start},
    {"env", read_env},
    {"ready", read_ready},
    {"url", read_url},
    {"path", read_path},
    {"revision", read_revision},
    {"key", read_key},
    {"features", read_features},
    {"lacks", read_lacks},
    {"a2c_version", read_version},
    {"warmup_ms", read_warmup},
    {"baseline", read_baseline},
    {"sdk", read_sdk},
};

static bool read_member(struct reader *r, const struct json_node *m)
{
    for (size_t i = 0; i < ARRAY_LEN(members); i++)
        if (json_string_is(m->key, slice_str(members[i].name)))
            return members[i].read(r, m);
    return complain(r, m,
                    "unknown key; known: name, description, start, env, ready, url, path, "
                    "revision, key, features, "
                    "lacks, a2c_version, warmup_ms, baseline, sdk");
}

static bool read_members(struct reader *r)
{
    const struct json_node *root = json_doc_root(r->doc);

    if (root->type != JSON_OBJECT)
        return complain(r, root, "expected an object");
    for (const struct json_node *m = root->first; m; m = m->next)
        if (!read_member(r, m))
            return false;
    if (!r->t->name || (!r->t->argv && !r->t->url))
        return complain(r, root, "a target needs `name`, and `start` or `url`");
    return true;
}

static bool file_read(const char *path, struct buf *out, char **reterr)
{
    FILE *f = fopen(path, "rb");
    char part[4096];
    size_t n;

    if (!f) {
        *reterr = xasprintf("%s: %s", path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_append(out, part, n);
    if (ferror(f) || out->overflow)
        *reterr = xasprintf("%s: cannot be read, or is too large", path);
    fclose(f);
    return !*reterr;
}

bool target_load(struct target *t, const char *path, char **reterr)
{
    struct reader r = {.t = t, .path = path};
    const char *slash = strrchr(path, '/');
    struct wire_fault fault;
    struct json_doc *doc = NULL;
    struct buf text;
    bool ok = false;

    *reterr = NULL;
    buf_init(&text, FILE_MAX_BYTES);
    r.folder = slash ? xstrndup_slice(slice_of(path, (size_t)(slash - path))) : xstrdup(".");
    if (!file_read(path, &text, reterr))
        goto out;
    if (json_doc_parse(buf_slice(&text), FILE_MAX_DEPTH, &doc, &fault) != WIRE_OK) {
        struct json_position p = json_position_at(buf_slice(&text), fault.offset);

        *reterr = xasprintf("%s:%u:%u: %s", path, p.line, p.column, wire_err_text(fault.code));
        goto out;
    }
    r.doc = doc;
    ok = read_members(&r);
    *reterr = r.error;
out:
    json_doc_free(doc);
    buf_release(&text);
    free(r.folder);
    return ok;
}
