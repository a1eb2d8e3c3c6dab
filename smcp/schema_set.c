/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/schema_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/embedded.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_schemas);

struct id {
    char *uri; /* owned */
    const struct schema *schema;
};

struct schema_set {
    struct schema_doc
        *docs; /* owned; newest first, so that a later one hides an earlier one of its name */
    struct schema **notes; /* every schema; borrowed */
    size_t n_notes, cap_notes;
    struct id *ids; /* owned; searched from the end */
    size_t n_ids, cap_ids;
    struct schema **extra; /* owned: compiled because a pointer leads there */
    size_t n_extra;
};

struct schema_set *schema_set_new(void)
{
    return xcalloc(1, sizeof(struct schema_set));
}

static void doc_free(struct schema_doc *doc)
{
    schema_free(doc->root);
    json_doc_free(doc->json);
    free(doc->name);
    free(doc);
}

static void forget_ids(struct schema_set *set, size_t from)
{
    while (set->n_ids > from)
        free(set->ids[--set->n_ids].uri);
}

void schema_set_free(struct schema_set *set)
{
    if (!set)
        return;
    forget_ids(set, 0);
    for (size_t i = 0; i < set->n_extra; i++)
        schema_free(set->extra[i]);
    while (set->docs) {
        struct schema_doc *next = set->docs->next;

        doc_free(set->docs);
        set->docs = next;
    }
    free(set->extra);
    free(set->ids);
    free(set->notes);
    free(set);
}

void schema_set_note(struct schema_set *set, struct schema *s)
{
    if (set->n_notes == set->cap_notes) {
        set->cap_notes = set->cap_notes ? 2 * set->cap_notes : 64;
        set->notes = xrealloc(set->notes, set->cap_notes * sizeof(*set->notes));
    }
    set->notes[set->n_notes++] = s;
}

void schema_set_note_id(struct schema_set *set, const char *uri, const struct schema *s)
{
    if (set->n_ids == set->cap_ids) {
        set->cap_ids = set->cap_ids ? 2 * set->cap_ids : 64;
        set->ids = xrealloc(set->ids, set->cap_ids * sizeof(*set->ids));
    }
    set->ids[set->n_ids++] = (struct id){xstrdup(uri), s};
}

/* ---- adding ---- */

static struct json_doc *parse(struct slice text, struct schema_fault *reterr)
{
    struct json_doc *json = NULL;
    struct wire_fault fault;

    if (json_doc_parse(text, WIRE_MAX_JSON_DEPTH, &json, &fault) == WIRE_OK)
        return json;
    reterr->at = json_position_at(text, fault.offset);
    reterr->text =
        xasprintf("%s%s%s", wire_err_text(fault.code), fault.expected ? ": expected " : "",
                  fault.expected ? fault.expected : "");
    return NULL;
}

bool schema_set_add(struct schema_set *set, const char *name, struct slice text,
                    struct schema_fault *reterr)
{
    struct schema_compiler c = {.set = set, .reterr = reterr};
    size_t notes = set->n_notes, ids = set->n_ids;
    struct json_doc *json = parse(text, reterr);
    struct schema_doc *doc;
    struct schema *root;
    char *base;

    if (!json)
        return false;
    base = xasprintf("%s.json", name);
    c.json = json;
    c.base = base;
    root = schema_compile(&c, json_doc_root(json));
    if (!root) {
        set->n_notes = notes;
        forget_ids(set, ids);
        json_doc_free(json);
        free(base);
        return false;
    }
    schema_set_note_id(set, base, root);
    doc = xcalloc(1, sizeof(*doc));
    *doc = (struct schema_doc){xstrdup(name), json, root, set->docs};
    set->docs = doc;
    free(base);
    return true;
}

/* ---- references ---- */

static const struct schema *find_id(const struct schema_set *set, const char *uri)
{
    for (size_t i = set->n_ids; i > 0; i--) {
        if (strcmp(set->ids[i - 1].uri, uri) == 0)
            return set->ids[i - 1].schema;
    }
    return NULL;
}

static struct schema_doc *doc_of(const struct schema_set *set, const struct schema *s)
{
    struct schema_doc *doc;

    for (doc = set->docs; doc; doc = doc->next) {
        struct slice text = json_doc_text(doc->json);

        if (s->node->text.ptr >= text.ptr && s->node->text.ptr < text.ptr + text.len)
            return doc;
    }
    return NULL;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

static void percent_decode(char *text)
{
    char *out = text;

    for (; *text; text++) {
        if (text[0] == '%' && hex_digit(text[1]) >= 0 && hex_digit(text[2]) >= 0) {
            *out++ = (char)(hex_digit(text[1]) * 16 + hex_digit(text[2]));
            text += 2;
        } else {
            *out++ = *text;
        }
    }
    *out = '\0';
}

/* The schema at a JSON pointer below `from`; compiled now when no keyword leads there. */
static const struct schema *at_pointer(struct schema_set *set, const struct schema *from,
                                       const char *pointer, struct schema_fault *reterr)
{
    const struct json_node *node = json_pointer(from->node, pointer);
    struct schema_doc *doc = doc_of(set, from);
    struct schema_compiler c = {set, doc ? doc->json : NULL, from->base, reterr};
    struct schema *s;

    if (!node || !doc)
        return NULL;
    for (size_t i = 0; i < set->n_notes; i++) {
        if (set->notes[i]->node == node)
            return set->notes[i];
    }
    s = schema_compile(&c, node);
    if (s) {
        set->extra = xrealloc(set->extra, (set->n_extra + 1) * sizeof(*set->extra));
        set->extra[set->n_extra++] = s;
    }
    return s;
}

static const struct schema *find_target(struct schema_set *set, const char *uri,
                                        struct schema_fault *reterr)
{
    char *address = xstrdup(uri), *fragment = strchr(address, '#');
    const struct schema *s;

    if (fragment)
        *fragment++ = '\0';
    if (fragment)
        percent_decode(fragment);
    if (fragment && *fragment && *fragment != '/') {
        s = find_id(set, uri);
    } else {
        s = find_id(set, address);
        if (s && fragment && *fragment)
            s = at_pointer(set, s, fragment, reterr);
    }
    free(address);
    return s;
}

static bool resolve(struct schema_set *set, struct schema *s, const char **ret_name,
                    struct schema_fault *reterr)
{
    struct schema_doc *doc = doc_of(set, s);
    char *uri = schema_uri_resolve(s->base, s->ref_text);

    *reterr = (struct schema_fault){0};
    s->ref = find_target(set, uri, reterr);
    free(uri);
    if (s->ref)
        return true;
    *ret_name = doc ? doc->name : "?";
    if (!reterr->text) {
        reterr->at = doc ? json_position_of(doc->json, s->node) : (struct json_position){1, 1};
        reterr->text = xasprintf("$ref leads nowhere: %s", s->ref_text);
    }
    return false;
}

bool schema_set_resolve(struct schema_set *set, const char **ret_name, struct schema_fault *reterr)
{
    /* The list may grow while it is walked. */
    for (size_t i = 0; i < set->n_notes; i++) {
        struct schema *s = set->notes[i];

        if (s->ref_text && !s->ref && !resolve(set, s, ret_name, reterr))
            return false;
    }
    return true;
}

/* ---- looking up ---- */

const struct schema *schema_find(const struct schema_set *set, enum smcp_revision_id rev,
                                 const char *name)
{
    char *full =
        strchr(name, '/') ? xstrdup(name) : xasprintf("%s/%s", smcp_revision(rev)->name, name);
    const struct schema_doc *doc;

    for (doc = set->docs; doc && strcmp(doc->name, full) != 0; doc = doc->next)
        ;
    free(full);
    return doc ? doc->root : NULL;
}

const struct schema *schema_of_event(const struct schema_set *set, enum smcp_revision_id rev,
                                     const char *event, const char *what)
{
    const char *colon = strchr(event, ':');
    const struct schema *schema;
    char *name;

    if (!set || !colon)
        return NULL;
    name = strncmp(event, "notify:", 7) == 0 ? xasprintf("notify.%s", colon + 1)
                                             : xasprintf("%s.%s", colon + 1, what);
    schema = schema_find(set, rev, name);
    free(name);
    return schema;
}

size_t schema_set_each(const struct schema_set *set, void (*each)(void *user, const char *name),
                       void *user)
{
    const struct schema_doc *doc;
    size_t n = 0;

    for (doc = set->docs; doc; doc = doc->next, n++)
        each(user, doc->name);
    return n;
}

/* A built-in file that cannot be loaded is our own mistake: the tests load them all. */
static void embedded_broken(const char *name, const struct schema_fault *fault)
{
    fprintf(stderr, "built-in schema %s:%u:%u: %s\n", name, fault->at.line, fault->at.column,
            fault->text);
    abort();
}

const struct schema_set *schema_set_embedded(void)
{
    static struct schema_set *set;
    struct schema_fault fault;
    const char *at_fault;

    if (set)
        return set;
    set = schema_set_new();
    for (size_t i = 0; i < embedded_schemas_count; i++) {
        const struct embedded_file *file = &embedded_schemas[i];
        char *name = xstrdup(file->path);

        name[strlen(name) - strlen(".json")] = '\0';
        if (!schema_set_add(set, name, slice_of((const char *)file->data, file->len), &fault))
            embedded_broken(name, &fault);
        free(name);
    }
    if (!schema_set_resolve(set, &at_fault, &fault))
        embedded_broken(at_fault, &fault);
    return set;
}

void schema_fault_release(struct schema_fault *f)
{
    free(f->text);
    f->text = NULL;
}
