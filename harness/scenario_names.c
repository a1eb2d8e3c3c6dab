/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario_internal.h"

#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/twin.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

/*
 * The names of a scenario in the order of its steps: every reference, label and office must mean something at the place where it
 * stands.  Armed steps are judged at the end, so they may use whatever the file defines.
 */

enum name_kind { NAME_CAPTURE, NAME_CALL, NAME_REQUEST };

struct name {
    char *text; /* owned */
    enum name_kind kind;
    int actor;
};

struct names {
    struct loader *l;
    struct name *items; /* owned */
    size_t n;
    const struct step *step; /* whose references are looked at; NULL: an actor */
    bool request;            /* {request.…} stands for the event that is answered */
    bool failed;
};

void loader_note_office(struct loader *l, const char *name)
{
    for (size_t i = 0; i < l->n_offices; i++) {
        if (strcmp(l->offices[i], name) == 0)
            return;
    }
    l->offices = xrealloc(l->offices, (l->n_offices + 1) * sizeof(*l->offices));
    l->offices[l->n_offices++] = xstrdup(name);
}

static const struct name *find(const struct names *ns, const char *text)
{
    for (size_t i = 0; i < ns->n; i++) {
        if (strcmp(ns->items[i].text, text) == 0)
            return &ns->items[i];
    }
    return NULL;
}

/* What stands for something in every scenario. */
static const char *const reserved_names[] = {"unique", "revision", "version", "mount"};
static const char *const version_members[] = {"minor", "patch", "first", "older", "newer", "major"};

static bool is_one_of(const char *text, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(text, words[i]) == 0)
            return true;
    }
    return false;
}

static bool is_reserved(const char *text)
{
    return is_one_of(text, reserved_names, ARRAY_LEN(reserved_names));
}

static bool is_version_member(const char *first, const char *rest)
{
    return strcmp(first, "version") == 0 &&
           is_one_of(rest, version_members, ARRAY_LEN(version_members));
}

static bool is_office(const struct loader *l, const char *text)
{
    for (size_t i = 0; i < l->n_offices; i++) {
        if (strcmp(l->offices[i], text) == 0)
            return true;
    }
    return false;
}

/* Everything that could have been meant. */
static char *all_words(const struct names *ns)
{
    struct buf words;

    buf_init(&words, WIRE_MAX_PAYLOAD_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(reserved_names); i++)
        buf_appendf(&words, "%s ", reserved_names[i]);
    for (size_t i = 0; i < ARRAY_LEN(version_members); i++)
        buf_appendf(&words, "version.%s ", version_members[i]);
    for (size_t i = 0; i < ns->l->n_offices; i++)
        buf_appendf(&words, "%s ", ns->l->offices[i]);
    for (size_t i = 0; i < ns->n; i++)
        buf_appendf(&words, "%s ", ns->items[i].text);
    for (size_t i = 0; i < ns->l->sc->n_actors; i++)
        buf_appendf(&words, "%s.name %s.sid ", ns->l->sc->actors[i].name,
                    ns->l->sc->actors[i].name);
    return buf_take_str(&words);
}

/* "C.name" of an actor that is there; *ret_other is set when the actor is there but not the member. */
static bool is_of_actor(const struct names *ns, const char *first, const char *rest)
{
    return loader_actor_index(ns->l->sc, first) >= 0 && rest &&
           (strcmp(rest, "name") == 0 || strcmp(rest, "sid") == 0);
}

static bool is_known(const struct names *ns, const char *name)
{
    size_t len = strcspn(name, ".");
    char *first = xstrndup_slice(slice_of(name, len));
    const char *rest = name[len] ? name + len + 1 : NULL;
    const struct name *item = find(ns, first);
    bool known;

    if (item)
        known = item->kind != NAME_CALL;
    else if (rest)
        known = is_of_actor(ns, first, rest) || is_version_member(first, rest) ||
                (ns->request && strcmp(first, "request") == 0);
    else
        known = is_reserved(first) || is_office(ns->l, first) ||
                (ns->request && strcmp(first, "request") == 0);
    free(first);
    return known;
}

static void on_reference(void *user, const char *name, const struct json_node *at)
{
    struct names *ns = user;
    char *words;

    if (ns->failed || is_known(ns, name))
        return;
    ns->failed = true;
    words = all_words(ns);
    loader_unknown(ns->l, at, "reference", name, words);
    free(words);
}

static bool references_of(struct names *ns, const struct attribute_use *use,
                          const struct json_node *v)
{
    switch (use->kind) {
    case ATTR_PATTERN:
    case ATTR_PATTERNS:
    case ATTR_FORM:
    case ATTR_MEMBERS:
    case ATTR_BRANCHES:
        if (v->type == JSON_ARRAY || v->type == JSON_OBJECT || v->type == JSON_STRING) {
            struct json_node keyless = *v;

            keyless.key = slice_of(NULL, 0);
            matcher_references(&keyless, on_reference, ns);
        }
        break;
    case ATTR_TEXT:
    case ATTR_EVENT:
    case ATTR_TEMPLATE:
    case ATTR_TEMPLATES:
    case ATTR_TEXTS:
        template_references(v, on_reference, ns);
        break;
    case ATTR_WORD:
    case ATTR_LABEL:
    case ATTR_OFFICE:
    case ATTR_CAPTURE:
    case ATTR_BOOL:
    case ATTR_COUNT:
    case ATTR_MS:
    case ATTR_CHECKS:
    case ATTR_REVISION:
    case ATTR_BASE64:
    case ATTR_BASE64_1:
        break;
    }
    return !ns->failed;
}

static bool references_in_step(struct names *ns, const struct step *s)
{
    const struct json_node *m;

    ns->step = s;
    for (m = s->node->first; m; m = m->next) {
        struct attribute_use use;
        char *key = json_node_key(m);
        bool prose = strcmp(key, "note") == 0 || strcmp(key, "check") == 0;
        bool known = loader_actor_index(ns->l->sc, key) < 0 && verb_attribute(s->verb, key, &use);

        free(key);
        ns->request = s->verb == VERB_ANSWER || s->verb == VERB_ACK;
        if (known && !prose && !references_of(ns, &use, m))
            return false;
    }
    return true;
}

/* ---- what a step defines and uses ---- */

static bool define(struct names *ns, const struct json_node *at, char *text, enum name_kind kind,
                   int actor)
{
    bool reserved = is_office(ns->l, text) || loader_actor_index(ns->l->sc, text) >= 0 ||
                    is_reserved(text) || strcmp(text, "request") == 0;
    /* The label of a call is never a reference, so it cannot be mistaken for an office or an actor. */
    bool taken = find(ns, text) || (kind != NAME_CALL && reserved);

    if (taken) {
        loader_refuse(ns->l, at, xasprintf("the name `%s` is taken", text));
        free(text);
        return false;
    }
    ns->items = xrealloc(ns->items, (ns->n + 1) * sizeof(*ns->items));
    ns->items[ns->n++] = (struct name){text, kind, actor};
    return true;
}

static bool uses_call(const struct step *s)
{
    return s->verb == VERB_GET_ACK || s->verb == VERB_GET_NO_ACK || s->verb == VERB_IS_REFUSED;
}

static bool use(struct names *ns, const struct step *s, const char *attribute, enum name_kind kind)
{
    const struct json_node *at = json_get(s->node, attribute);
    char *text = json_node_str(at, NULL), *words;
    const struct name *item = text ? find(ns, text) : NULL;
    bool ok = item && item->kind == kind && item->actor == s->actor;

    if (!item || item->kind != kind) {
        words = all_words(ns);
        loader_unknown(ns->l, at, attribute, text, words);
        free(words);
    } else if (!ok) {
        loader_refuse(ns->l, at,
                      xasprintf("%s `%s` belongs to %s", attribute, text,
                                ns->l->sc->actors[item->actor].name));
    }
    free(text);
    return ok;
}

static bool define_captures(struct names *ns, const struct step *s)
{
    const struct json_node *capture = json_get(s->node, "capture"), *m;

    for (m = capture ? capture->first : NULL; m; m = m->next) {
        if (!define(ns, m, json_node_key(m), NAME_CAPTURE, s->actor))
            return false;
    }
    return true;
}

static bool define_names(struct names *ns, const struct step *s)
{
    const struct json_node *call = json_get(s->node, "call"),
                           *request = json_get(s->node, "request");

    if (call && !uses_call(s) && !define(ns, call, json_node_str(call, NULL), NAME_CALL, s->actor))
        return false;
    if (request && s->verb == VERB_RECEIVE &&
        !define(ns, request, json_node_str(request, NULL), NAME_REQUEST, s->actor))
        return false;
    return define_captures(ns, s);
}

/* `of` is a glob over calls that were made before. */
static bool use_calls(struct names *ns, const struct step *s)
{
    const struct json_node *of = json_get(s->node, "of");
    char *glob = json_node_str(of, NULL), *words;
    bool found = false;

    for (size_t i = 0; i < ns->n && !found; i++)
        found = ns->items[i].kind == NAME_CALL && glob_match(glob, ns->items[i].text);
    if (!found) {
        words = all_words(ns);
        loader_unknown(ns->l, of, "call", glob, words);
        free(words);
    }
    free(glob);
    return found;
}

static bool use_labels(struct names *ns, const struct step *s)
{
    if (s->verb == VERB_EXACTLY && !use_calls(ns, s))
        return false;
    if (uses_call(s) && !use(ns, s, "call", NAME_CALL))
        return false;
    return s->verb != VERB_ACK || use(ns, s, "request", NAME_REQUEST);
}

static bool is_armed(const struct step *s)
{
    return verb_rows[s->verb].waits == STEP_WAITS_A;
}

/* Steps of one `together` see what was defined before it, not each other's names. */
static bool in_order(struct names *ns, const struct step *steps, size_t n, bool inside)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];

        if (s->children) {
            if (!in_order(ns, s->children, s->n_children, true))
                return false;
            for (size_t k = 0; k < s->n_children; k++) {
                if (!define_names(ns, &s->children[k]))
                    return false;
            }
            continue;
        }
        if (!use_labels(ns, s) || (!is_armed(s) && !references_in_step(ns, s)) ||
            (!inside && !define_names(ns, s)))
            return false;
    }
    return true;
}

static bool armed_steps(struct names *ns, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!armed_steps(ns, steps[i].children, steps[i].n_children))
            return false;
        if (steps[i].verb != VERB_TOGETHER && is_armed(&steps[i]) &&
            !references_in_step(ns, &steps[i]))
            return false;
    }
    return true;
}

static bool actors(struct names *ns)
{
    for (size_t i = 0; i < ns->l->sc->n_actors; i++) {
        const struct json_node *node = ns->l->sc->actors[i].node, *m;

        for (m = node ? node->first : NULL; m; m = m->next) {
            if (!json_string_is(m->key, slice_str("note")))
                template_references(m, on_reference, ns);
        }
    }
    return !ns->failed;
}

/* ---- twins ---- */

static bool offer_twin(const struct step *steps, size_t n, const char *twin, struct buf *words)
{
    for (size_t i = 0; i < n; i++) {
        char *name;

        if (offer_twin(steps[i].children, steps[i].n_children, twin, words) ||
            twin_is_named(&steps[i], twin))
            return true;
        name = json_node_str(json_get(steps[i].node, "as"), NULL);
        if (name)
            buf_appendf(words, "%s ", name);
        free(name);
    }
    return false;
}

/* Every `twin` is the `as` of some step, before it or after it. */
static bool twins(struct loader *l, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct json_node *at = json_get(steps[i].node, "twin");
        char *twin = json_node_str(at, NULL);
        struct buf words;
        bool ok;

        buf_init(&words, WIRE_MAX_PAYLOAD_BYTES);
        buf_append_str(&words, "");
        ok = !twin || offer_twin(l->sc->steps, l->sc->n_steps, twin, &words);
        if (!ok) {
            char *list = buf_take_str(&words);

            loader_unknown(l, at, "twin", twin, list);
            free(list);
        }
        buf_release(&words);
        free(twin);
        if (!ok || !twins(l, steps[i].children, steps[i].n_children))
            return false;
    }
    return true;
}

/* ---- names of checks ---- */

static char *default_check(const struct scenario *sc, const struct step *s)
{
    static const char *const objects[] = {"event", "office", "call", "method", "path"};
    char *object = NULL, *name;

    if (s->verb == VERB_EXACTLY) {
        object = json_node_str(json_get(s->node, "of"), NULL);
        object[strcspn(object, "@")] = '\0';
        name = xasprintf("exactly %.*s of %s", (int)json_get(s->node, "exactly")->text.len,
                         json_get(s->node, "exactly")->text.ptr, object);
        free(object);
        return name;
    }

    for (size_t i = 0; i < ARRAY_LEN(objects) && !object; i++)
        object = json_node_str(json_get(s->node, objects[i]), NULL);
    name = xasprintf("%s %s%s%s", sc->actors[s->actor].name, verb_rows[s->verb].text,
                     object ? " " : "", object ? object : "");
    free(object);
    return name;
}

struct check_names {
    char **names; /* borrowed */
    size_t n;
};

static bool check_taken(const struct check_names *c, const char *name)
{
    for (size_t i = 0; i < c->n; i++) {
        if (strcmp(c->names[i], name) == 0)
            return true;
    }
    return false;
}

static bool name_check_anew(struct loader *l, struct check_names *c, struct step *s)
{
    char *own = json_node_str(json_get(s->node, "check"), NULL),
         *stem = own ? own : default_check(l->sc, s);

    s->check = xstrdup(stem);
    if (own && check_taken(c, own)) {
        loader_refuse(l, json_get(s->node, "check"),
                      xasprintf("the check name `%s` is taken", own));
        free(stem);
        return false;
    }
    for (unsigned i = 2; check_taken(c, s->check); i++) {
        free(s->check);
        s->check = xasprintf("%s #%u", stem, i);
    }
    free(stem);
    c->names = xrealloc(c->names, (c->n + 1) * sizeof(*c->names));
    c->names[c->n++] = s->check;
    return true;
}

/* The same step of the first round. */
static const struct step *first_round(const struct step *steps, size_t n, const struct step *s)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *in = first_round(steps[i].children, steps[i].n_children, s);

        if (in)
            return in;
        if (steps[i].round == 1 && strcmp(steps[i].ordinal, s->ordinal) == 0)
            return &steps[i];
    }
    return NULL;
}

static bool name_check(struct loader *l, struct check_names *c, struct step *s)
{
    const struct step *first = s->round > 1 ? first_round(l->sc->steps, l->sc->n_steps, s) : NULL;

    if (first && first->check) {
        s->check = xstrdup(first->check);
        s->repeats = true;
        return true;
    }
    return name_check_anew(l, c, s);
}

static bool name_checks(struct loader *l, struct check_names *c, struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!name_checks(l, c, steps[i].children, steps[i].n_children))
            return false;
        if (steps[i].requirements && !name_check(l, c, &steps[i]))
            return false;
    }
    return true;
}

bool loader_names(struct loader *l)
{
    const struct scenario *sc = l->sc;
    struct names ns = {.l = l};
    struct check_names checks = {0};
    bool ok;

    ok = actors(&ns) && in_order(&ns, sc->steps, sc->n_steps, false) &&
         armed_steps(&ns, sc->steps, sc->n_steps) && twins(l, sc->steps, sc->n_steps) &&
         name_checks(l, &checks, l->sc->steps, sc->n_steps);
    for (size_t i = 0; i < ns.n; i++)
        free(ns.items[i].text);
    free(ns.items);
    free(checks.names);
    return ok;
}
