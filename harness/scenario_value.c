/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario_internal.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

/* Attribute values against their kinds. */

static bool want(struct loader *l, bool ok, const struct json_node *v, const char *what)
{
    return ok || loader_refuse(l, v, xasprintf("expected %s", what));
}

/* Once per revision only where the pattern tells revisions apart. */
bool loader_pattern(struct loader *l, const struct step *s, const struct json_node *v)
{
    enum smcp_revision_id rev = s ? s->since : l->sc->since, until = s ? s->until : l->sc->until;
    bool each = memmem(v->text.ptr, v->text.len, "$revision", strlen("$revision")) != NULL;

    do {
        struct matcher_fault fault;
        struct matcher *m = matcher_compile(v, NULL, rev, NULL, &fault);

        if (!m)
            return loader_refuse(l, fault.at, fault.text);
        matcher_free(m);
        rev++;
    } while (each && rev <= until);
    return true;
}

static bool is_operator(const struct json_node *v)
{
    return v->type == JSON_OBJECT && v->first && v->first->key.len > 2 &&
           v->first->key.ptr[1] == '$';
}

static bool patterns(struct loader *l, const struct step *s, const struct json_node *v)
{
    return want(l, v->type == JSON_ARRAY || is_operator(v), v,
                "a list of patterns (the argument list), or one operator for all of it") &&
           loader_pattern(l, s, v);
}

static bool word(struct loader *l, const struct json_node *v, const char *what, const char *words)
{
    char *text = json_node_str(v, NULL), *copy, *save = NULL;
    bool known = false;

    if (!text)
        return loader_refuse(l, v, xasprintf("expected one of: %s", words));
    copy = xstrdup(words);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
        known |= strcmp(w, text) == 0;
    if (!known)
        loader_unknown(l, v, what, text, words);
    free(copy);
    free(text);
    return known;
}

/* joins and leaves know what success and a refusal look like; other acks only "any". */
static bool form(struct loader *l, const struct step *s, const struct json_node *v)
{
    bool member = s && (s->verb == VERB_JOIN || s->verb == VERB_LEAVE || s->verb == VERB_EXACTLY);

    if (v->type == JSON_STRING)
        return word(l, v, "form of an ack", member ? "success refused any" : "any");
    return patterns(l, s, v);
}

/* {"name of the branch": pattern, …}, at least two: one alone is no choice. */
static bool branches(struct loader *l, const struct step *s, const struct json_node *v)
{
    bool ack = s && s->verb != VERB_RECEIVE && s->verb != VERB_REQUEST;
    const struct json_node *m;

    if (v->type != JSON_OBJECT || v->count < 2)
        return loader_refuse(
            l, v, xstrdup("expected two or more named branches: {\"silent\": …, \"refused\": …}"));
    if (!loader_no_repeats(l, v))
        return false;
    for (m = v->first; m; m = m->next) {
        if (!(ack ? patterns(l, s, m) : loader_pattern(l, s, m)))
            return false;
    }
    return true;
}

static bool member_items(struct loader *l, const struct step *s, const struct json_node *list)
{
    const struct json_node *item;

    for (item = list->first; item; item = item->next) {
        char *name = json_node_str(item, NULL), *words;
        bool ok = name ? loader_actor_index(l->sc, name) >= 0 : loader_pattern(l, s, item);

        if (name && !ok) {
            words = loader_actor_words(l->sc);
            loader_unknown(l, item, "actor", name, words);
            free(words);
        }
        free(name);
        if (!ok)
            return false;
    }
    return true;
}

static bool members(struct loader *l, const struct step *s, const struct json_node *v)
{
    if (v->type == JSON_ARRAY)
        return member_items(l, s, v);
    if (is_operator(v) && v->count == 1 && v->first->type == JSON_ARRAY &&
        (json_string_is(v->first->key, slice_str("$contains")) ||
         json_string_is(v->first->key, slice_str("$anyOrder"))))
        return member_items(l, s, v->first);
    return want(l, is_operator(v), v, "a list of actors and patterns") && loader_pattern(l, s, v);
}

/* null leaves out of the query what the run would say there. */
static bool texts(struct loader *l, const struct json_node *v, bool or_null)
{
    const struct json_node *m;

    if (v->type != JSON_OBJECT)
        return loader_refuse(l, v, xstrdup("expected an object of texts"));
    for (m = v->first; m; m = m->next) {
        if (m->type != JSON_STRING && !(or_null && m->type == JSON_NULL))
            return loader_refuse(l, m, xstrdup("expected a text"));
    }
    return true;
}

static bool is_pointer(const char *text)
{
    if (*text != '\0' && *text != '/')
        return false;
    for (; *text; text++) {
        if (*text == '~' && text[1] != '0' && text[1] != '1')
            return false;
    }
    return true;
}

static bool capture(struct loader *l, const struct json_node *v)
{
    const struct json_node *m;

    if (v->type != JSON_OBJECT || v->count == 0)
        return loader_refuse(l, v, xstrdup("expected {\"variable\": \"/json/pointer\"}"));
    for (m = v->first; m; m = m->next) {
        char *pointer = json_node_str(m, NULL), *name = json_node_key(m),
             *probe = xasprintf("{%s}", name);
        bool is_name =
            template_reference_length(slice_str(probe)) == strlen(probe) && !strchr(name, '.');
        bool ok =
            want(l, is_name, m, "a variable name of letters, digits and _") &&
            want(l, pointer && is_pointer(pointer), m, "a JSON pointer such as \"/0/req_id\"");

        free(pointer);
        free(name);
        free(probe);
        if (!ok)
            return false;
    }
    return true;
}

static bool number(struct loader *l, const struct json_node *v, int64_t min, const char *what)
{
    int64_t n;

    return want(l,
                v->type == JSON_NUMBER && json_number_i64(v->text, &n) && n >= min && n <= 3600000,
                v, what);
}

static bool is_id(const struct json_node *v)
{
    return v->type == JSON_STRING && v->text.len > 2;
}

static bool checks(struct loader *l, const struct json_node *v)
{
    const struct json_node *id;

    if (v->type != JSON_ARRAY)
        return want(l, is_id(v), v, "a requirement id or a list of them");
    for (id = v->first; id; id = id->next) {
        if (!is_id(id))
            return loader_refuse(l, id, xstrdup("expected a requirement id"));
    }
    return want(l, v->count > 0, v, "at least one requirement id");
}

static bool is_base64(const struct json_node *v)
{
    char *text = json_node_str(v, NULL);
    size_t len = text ? strlen(text) : 0;
    size_t body =
        text ? strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") : 0;
    bool ok = text && len % 4 == 0 && len - body <= 2 && strspn(text + body, "=") == len - body;

    free(text);
    return ok;
}

static bool base64_list(struct loader *l, const struct json_node *v)
{
    const struct json_node *item;

    if (v->type != JSON_ARRAY)
        return loader_refuse(l, v, xstrdup("expected a list of base64 texts"));
    for (item = v->first; item; item = item->next) {
        if (!is_base64(item))
            return loader_refuse(l, item, xstrdup("expected base64"));
    }
    return true;
}

static bool office(struct loader *l, const struct json_node *v)
{
    char *name = json_node_str(v, NULL), *probe;
    bool ok;

    probe = xasprintf("{%s}", name ? name : "");
    ok = name && template_reference_length(slice_str(probe)) == strlen(probe) && !strchr(name, '.');
    free(probe);
    if (ok)
        loader_note_office(l, name);
    free(name);
    return want(l, ok, v, "a symbolic office name such as \"here\" (without braces)");
}

/* What is sent has a branch for every revision in which the step is played. */
static bool choice(struct loader *l, const struct step *s, const struct json_node *branches)
{
    enum smcp_revision_id rev = s ? s->since : l->sc->since, until = s ? s->until : l->sc->until;
    enum smcp_revision_id first, last;

    if (branches->type != JSON_OBJECT)
        return loader_refuse(l, branches, xstrdup("`$revision` takes an object of values"));
    for (const struct json_node *m = branches->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool ok = smcp_revision_range(key, &first, &last);

        if (!ok)
            loader_refuse(
                l, m, xasprintf("`%s` is no range of revisions such as 0.1, 0.1-0.4 or 0.5+", key));
        free(key);
        if (!ok)
            return false;
    }
    for (; rev <= until; rev++) {
        if (!template_branch(branches, rev))
            return loader_refuse(
                l, branches,
                xasprintf("`$revision` has no branch for revision %s", smcp_revision(rev)->name));
    }
    return true;
}

static bool template(struct loader *l, const struct step *s, const struct json_node *v)
{
    const struct json_node *branches;

    if (template_choice(v, &branches) && !choice(l, s, branches))
        return false;
    for (const struct json_node *m = v->first; m; m = m->next) {
        if (!template(l, s, m))
            return false;
    }
    return true;
}

/* style: flat switch */
bool loader_value(struct loader *l, const struct step *s, const struct attribute_use *use,
                  const struct json_node *v)
{
    switch (use->kind) {
    case ATTR_TEXT:
        return want(l, v->type == JSON_STRING, v, "a text");
    case ATTR_LABEL:
    case ATTR_EVENT:
        return want(l, v->type == JSON_STRING && v->text.len > 2, v, "a name");
    case ATTR_WORD:
        return word(l, v, use->row->name, use->row->words);
    case ATTR_OFFICE:
        return office(l, v);
    case ATTR_PATTERN:
        return loader_pattern(l, s, v);
    case ATTR_PATTERNS:
        return patterns(l, s, v);
    case ATTR_TEMPLATE:
        return template(l, s, v);
    case ATTR_TEMPLATES:
        return want(l, v->type == JSON_ARRAY, v, "a list (the argument list)") && template(l, s, v);
    case ATTR_TEXTS:
        return texts(l, v, strcmp(use->row->name, "query") == 0);
    case ATTR_FORM:
        return form(l, s, v);
    case ATTR_MEMBERS:
        return members(l, s, v);
    case ATTR_BRANCHES:
        return branches(l, s, v);
    case ATTR_CAPTURE:
        return capture(l, v);
    case ATTR_BOOL:
        return want(l, v->type == JSON_TRUE || v->type == JSON_FALSE, v, "true or false");
    case ATTR_COUNT:
        return number(l, v, 0, "a whole number");
    case ATTR_MS:
        return number(l, v, 1, "milliseconds, at least 1 and at most 3600000");
    case ATTR_CHECKS:
        return checks(l, v);
    case ATTR_REVISION:
        return true; /* loader_range */
    case ATTR_BASE64:
        return base64_list(l, v);
    case ATTR_BASE64_1:
        return want(l, is_base64(v), v, "base64");
    }
    return false;
}
