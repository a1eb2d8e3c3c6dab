/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "harness/scenario_expand.h"
#include "harness/scenario_internal.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

/* The top level of a scenario file: who, when, and the list of steps. */

/* ---- complaints ---- */

struct json_position scenario_place(const struct scenario *sc, const struct json_node *at,
                                    const char **ret_path)
{
    *ret_path = sc->path;
    if (!sc->map)
        return json_position_of(sc->doc, at);
    return source_map_place(sc->map, (size_t)(at->text.ptr - json_doc_text(sc->doc).ptr), ret_path);
}

bool loader_refuse(struct loader *l, const struct json_node *at, char *text)
{
    const char *path = l->sc->path;

    l->reterr->at = at ? scenario_place(l->sc, at, &path) : (struct json_position){1, 1};
    l->reterr->path = xstrdup(path);
    l->reterr->text = text;
    return false;
}

bool loader_unknown(struct loader *l, const struct json_node *at, const char *what,
                    const char *word, const char *words)
{
    char *best = suggest_from_words(word, words);
    char *phrase = suggest_phrase(best);

    loader_refuse(l, at, xasprintf("unknown %s `%s`%s", what, word, phrase));
    free(phrase);
    free(best);
    return false;
}

bool loader_no_repeats(struct loader *l, const struct json_node *object)
{
    const struct json_node *a, *b;

    for (a = object->first; a; a = a->next) {
        for (b = a->next; b; b = b->next) {
            if (json_equal(a->key, b->key, JSON_BY_VALUE, NULL))
                return loader_refuse(
                    l, b, xasprintf("key %.*s stands twice", (int)b->key.len, b->key.ptr));
        }
    }
    return true;
}

/* ---- small values ---- */

static bool take_text(struct loader *l, const struct json_node *v, char **ret)
{
    *ret = json_node_str(v, NULL);
    if (*ret && **ret)
        return true;
    return loader_refuse(l, v, xstrdup("expected a text that is not empty"));
}

/* NULL-terminated list of words from a list of strings. */
static bool take_words(struct loader *l, const struct json_node *v, char ***ret)
{
    const struct json_node *child;
    size_t n = 0;

    if (v->type != JSON_ARRAY)
        return loader_refuse(l, v, xstrdup("expected a list of words"));
    *ret = xcalloc(v->count + 1, sizeof(**ret));
    for (child = v->first; child; child = child->next) {
        if (!take_text(l, child, &(*ret)[n]))
            return false;
        n++;
    }
    return true;
}

static char *revision_words(void)
{
    struct buf words;

    buf_init(&words, 256);
    for (int r = 0; r < SMCP_REV_COUNT; r++)
        buf_appendf(&words, "%s ", smcp_revision((enum smcp_revision_id)r)->name);
    return buf_take_str(&words);
}

static bool take_revision(struct loader *l, const struct json_node *v, enum smcp_revision_id *ret)
{
    char *name = json_node_str(v, NULL), *words;
    const struct smcp_revision *rev = name ? smcp_revision_find(slice_str(name)) : NULL;
    bool ok = rev != NULL;

    if (rev) {
        *ret = rev->id;
    } else {
        words = revision_words();
        ok = name ? loader_unknown(l, v, "revision", name, words)
                  : loader_refuse(l, v, xstrdup("expected a revision such as \"0.1\""));
        free(words);
    }
    free(name);
    return ok;
}

bool loader_range(struct loader *l, const struct json_node *object, enum smcp_revision_id *since,
                  enum smcp_revision_id *until)
{
    const struct json_node *s = json_get(object, "since"), *u = json_get(object, "until");

    if ((s && !take_revision(l, s, since)) || (u && !take_revision(l, u, until)))
        return false;
    if (*since > *until)
        return loader_refuse(l, s ? s : u,
                             xstrdup("no revision is left: `since` is later than `until`"));
    return true;
}

/* ---- actors ---- */

char *loader_actor_words(const struct scenario *sc)
{
    struct buf words;

    buf_init(&words, 1 << 16);
    for (size_t i = 0; i < sc->n_actors; i++)
        buf_appendf(&words, "%s ", sc->actors[i].name);
    return buf_take_str(&words);
}

int loader_actor_index(const struct scenario *sc, const char *name)
{
    for (size_t i = 0; i < sc->n_actors; i++) {
        if (strcmp(sc->actors[i].name, name) == 0)
            return (int)i;
    }
    return -1;
}

static bool is_identifier(const char *name)
{
    size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");

    return len > 0 && name[len] == '\0' && !(name[0] >= '0' && name[0] <= '9');
}

static bool is_flow_word(const char *name)
{
    static const char *const words[] = {"together", "rounds", "steps", "each"};

    for (size_t i = 0; i < ARRAY_LEN(words); i++) {
        if (strcmp(name, words[i]) == 0)
            return true;
    }
    return false;
}

static bool take_role(struct loader *l, const struct json_node *v, struct actor_spec *a)
{
    static const char *const roles[] = {
        [ACTOR_AGENT] = "agent", [ACTOR_COMPUTER] = "computer", [ACTOR_RAW] = "raw"};
    char *role = json_node_str(v, NULL);
    bool ok;

    for (size_t i = 0; role && i < ARRAY_LEN(roles); i++) {
        if (strcmp(role, roles[i]) == 0) {
            a->role = (enum actor_role)i;
            a->connects_first = a->role != ACTOR_RAW;
            free(role);
            return true;
        }
    }
    ok = role ? loader_unknown(l, v, "role", role, "agent computer raw")
              : loader_refuse(l, v, xstrdup("expected a role: agent, computer or raw"));
    free(role);
    return ok;
}

static unsigned transport_bit(const struct json_node *v)
{
    if (json_string_is(v->text, slice_str("websocket")))
        return ON_WEBSOCKET;
    if (json_string_is(v->text, slice_str("polling")))
        return ON_POLLING;
    return json_string_is(v->text, slice_str("upgrade")) ? ON_UPGRADE : 0;
}

static bool actor_member(struct loader *l, struct actor_spec *a, const struct json_node *m,
                         const char *key)
{
    static const char words[] =
        "role count name connects_first transport namespace auth query headers path key note";
    struct attribute_use use;

    if (strcmp(key, "role") == 0)
        return take_role(l, m, a);
    if (strcmp(key, "connects_first") == 0)
        return m->type == JSON_TRUE || m->type == JSON_FALSE ||
               loader_refuse(l, m, xstrdup("expected true or false"));
    if (strcmp(key, "transport") == 0) {
        a->transport = transport_bit(m);
        return a->transport ||
               loader_refuse(l, m, xstrdup("expected websocket, polling or upgrade"));
    }
    if (strcmp(key, "name") == 0 || strcmp(key, "note") == 0)
        return m->type == JSON_STRING || loader_refuse(l, m, xstrdup("expected a text"));
    for (const char *at = "namespace auth query headers path key";
         verb_next_attribute(&at, &use);) {
        if (strcmp(use.row->name, key) == 0)
            return loader_value(l, NULL, &use, m);
    }
    return loader_unknown(l, m, "key", key, words);
}

static bool actor_object(struct loader *l, const struct json_node *v, struct actor_spec *a)
{
    const struct json_node *m, *role = json_get(v, "role"),
                               *connect = json_get(v, "connects_first");

    a->node = v;
    if (!role)
        return loader_refuse(l, v, xstrdup("an actor needs a `role`"));
    if (!loader_no_repeats(l, v))
        return false;
    for (m = v->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool ok = actor_member(l, a, m, key);

        free(key);
        if (!ok)
            return false;
    }
    if (connect)
        a->connects_first = connect->type == JSON_TRUE;
    return true;
}

static bool take_actors(struct loader *l, const struct json_node *v)
{
    const struct json_node *m;

    if (v->type != JSON_OBJECT || v->count == 0)
        return loader_refuse(l, v, xstrdup("expected an object of actors: {\"A\": \"agent\"}"));
    if (v->count > SCENARIO_MAX_ACTORS)
        return loader_refuse(l, v, xasprintf("more than %d actors", SCENARIO_MAX_ACTORS));
    if (!loader_no_repeats(l, v))
        return false;
    l->sc->actors = xcalloc(v->count, sizeof(*l->sc->actors));
    for (m = v->first; m; m = m->next) {
        struct actor_spec *a = &l->sc->actors[l->sc->n_actors++];

        a->name = json_node_key(m);
        if (!is_identifier(a->name) || attribute_find(a->name) || is_flow_word(a->name))
            return loader_refuse(
                l, m,
                xasprintf("`%s` cannot be the name of an actor: letters, digits and _, no "
                          "attribute of a step",
                          a->name));
        if (m->type == JSON_OBJECT ? !actor_object(l, m, a) : !take_role(l, m, a))
            return false;
    }
    return true;
}

/* ---- the members of the top level, in the order in which they are needed ---- */

typedef bool member_fn(struct loader *l, const struct json_node *v);

/* A row of a table has its case behind the id: room.loss[rst]. */
static size_t stem_length(const struct scenario *sc)
{
    const char *bracket = sc->map ? strchr(sc->id, '[') : NULL;

    return bracket ? (size_t)(bracket - sc->id) : strlen(sc->id);
}

static bool take_id(struct loader *l, const struct json_node *v)
{
    const char *id;
    size_t len;

    if (!take_text(l, v, &l->sc->id))
        return false;
    id = l->sc->id;
    len = stem_length(l->sc);
    if (len == 0 || strspn(id, "abcdefghijklmnopqrstuvwxyz0123456789-.") < len ||
        !memchr(id, '.', len) || id[0] == '.' || id[len - 1] == '.')
        return loader_refuse(
            l, v, xstrdup("an id is lower-case words with dots between the levels: room.join.ack"));
    return true;
}

static bool take_title(struct loader *l, const struct json_node *v)
{
    return take_text(l, v, &l->sc->title);
}

static bool take_why(struct loader *l, const struct json_node *v)
{
    char *why;
    bool ok = take_text(l, v, &why);

    free(why);
    return ok;
}

static bool take_since(struct loader *l, const struct json_node *v)
{
    (void)v;
    return loader_range(l, json_doc_root(l->sc->doc), &l->sc->since, &l->sc->until);
}

static bool take_tags(struct loader *l, const struct json_node *v)
{
    return take_words(l, v, &l->sc->tags);
}

static bool take_needs(struct loader *l, const struct json_node *v)
{
    static const char *const known[] = {"key", "key:header", "key:auth", "ping", "major"};
    const struct json_node *child;

    if (!take_words(l, v, &l->sc->needs))
        return false;
    child = v->first;
    for (char **need = l->sc->needs; *need; need++, child = child->next) {
        size_t i = 0;

        while (i < ARRAY_LEN(known) && strcmp(*need, known[i]) != 0)
            i++;
        if (i == ARRAY_LEN(known))
            return loader_unknown(l, child, "need", *need, "key key:header key:auth ping major");
    }
    return true;
}

static bool take_transports(struct loader *l, const struct json_node *v)
{
    const struct json_node *child;

    if (v->type != JSON_ARRAY || v->count == 0)
        return loader_refuse(l, v, xstrdup("expected a list of transports"));
    l->sc->transports = 0;
    l->sc->transports_fixed = true;
    for (child = v->first; child; child = child->next) {
        unsigned bit = transport_bit(child);

        if (!bit)
            return loader_refuse(l, child, xstrdup("expected websocket, polling or upgrade"));
        l->sc->transports |= bit;
    }
    return true;
}

static bool take_offices(struct loader *l, const struct json_node *v)
{
    char **names = NULL;
    bool ok = take_words(l, v, &names);

    for (char **name = names; name && *name; name++) {
        if (ok)
            loader_note_office(l, *name);
        free(*name);
    }
    free(names);
    return ok;
}

static bool take_must_fail(struct loader *l, const struct json_node *v)
{
    l->sc->must_fail = true;
    return take_text(l, v, &l->sc->must_fail_text);
}

/* What the scenario of `must_fail` must end with, when it is no failure. */
static bool take_must_end(struct loader *l, const struct json_node *v)
{
    static const enum verdict ends[] = {VERDICT_FAIL, VERDICT_INCONCLUSIVE, VERDICT_ERROR};

    for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
        if (v->type != JSON_STRING || !json_string_is(v->text, slice_str(verdict_name(ends[i]))))
            continue;
        l->sc->must_end = ends[i];
        return true;
    }
    return loader_refuse(l, v, xstrdup("expected fail, inconclusive or error"));
}

static bool take_steps(struct loader *l, const struct json_node *v)
{
    return loader_steps(l, v, false, &l->sc->steps, &l->sc->n_steps) && loader_names(l);
}

static const struct {
    const char *name;
    bool required;
    member_fn *take;
} members[] = {
    {"$schema", false, take_why},  {"id", true, take_id},
    {"title", true, take_title},   {"why", false, take_why},
    {"since", true, take_since},   {"until", false, take_since},
    {"tags", false, take_tags},    {"transports", false, take_transports},
    {"needs", false, take_needs},  {"offices", false, take_offices},
    {"actors", true, take_actors}, {"must_fail", false, take_must_fail},
    {"steps", true, take_steps},   {"must_end", false, take_must_end},
};

static bool known_members_only(struct loader *l, const struct json_node *root)
{
    static const char words[] = "id title why since until tags transports needs offices actors "
                                "must_fail must_end steps table setup";
    const struct json_node *m;

    for (m = root->first; m; m = m->next) {
        bool known = false, ok = true;

        for (size_t i = 0; i < ARRAY_LEN(members); i++)
            known |= json_string_is(m->key, slice_str(members[i].name));
        if (!known) {
            char *key = json_node_key(m);

            ok = loader_unknown(l, m, "key", key, words);
            free(key);
        }
        if (!ok)
            return false;
    }
    return true;
}

static bool load(struct loader *l)
{
    const struct json_node *root = json_doc_root(l->sc->doc), *v;

    if (root->type != JSON_OBJECT)
        return loader_refuse(l, root, xstrdup("a scenario is a JSON object"));
    if (!loader_no_repeats(l, root) || !known_members_only(l, root))
        return false;
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        v = json_get(root, members[i].name);
        if (!v && members[i].required)
            return loader_refuse(l, root, xasprintf("`%s` is missing", members[i].name));
        if (v && !members[i].take(l, v))
            return false;
    }
    return true;
}

struct json_doc *loader_read_json(struct slice text, const char *path, struct diag *reterr)
{
    struct wire_fault fault;
    struct json_doc *doc;

    if (text.len > SCENARIO_MAX_BYTES) {
        *reterr = (struct diag){xstrdup(path), {1, 1}, xstrdup("the file is too large")};
        return NULL;
    }
    if (json_doc_parse(text, SCENARIO_MAX_DEPTH, &doc, &fault) == WIRE_OK)
        return doc;
    *reterr = (struct diag){
        xstrdup(path),
        json_position_at(text, fault.offset),
        xasprintf("%s%s%s", wire_err_text(fault.code), fault.expected ? ", expected " : "",
                  fault.expected ? fault.expected : ""),
    };
    return NULL;
}

/* Takes the map of `e`. */
static struct scenario *parse_one(struct expanded *e, const char *path, struct diag *reterr)
{
    struct scenario *sc = xcalloc(1, sizeof(*sc));
    struct loader l = {.sc = sc, .reterr = reterr};
    bool ok;

    sc->path = xstrdup(path);
    sc->since = SMCP_REV_RFC;
    sc->until = SMCP_REV_COUNT - 1;
    sc->transports = ON_ALL;
    sc->must_end = VERDICT_FAIL;
    sc->map = e->map;
    e->map = NULL;
    sc->doc = loader_read_json(slice_of(e->text, e->len), path, reterr);
    ok = sc->doc && load(&l);
    for (size_t i = 0; i < l.n_offices; i++)
        free(l.offices[i]);
    free(l.offices);
    if (ok)
        return sc;
    scenario_free(sc);
    return NULL;
}

bool scenario_set_parse(struct scenario_set *set, struct slice text, const char *path,
                        struct diag *reterr)
{
    struct expanded_list list;
    size_t before = set->n;
    bool ok = scenario_expand(text, path, &list, reterr);

    for (size_t i = 0; ok && i < list.n; i++) {
        struct scenario *sc = parse_one(&list.items[i], path, reterr);

        ok = sc != NULL;
        if (!ok)
            break;
        set->items = xrealloc(set->items, (set->n + 1) * sizeof(struct scenario *));
        set->items[set->n++] = sc;
    }
    while (!ok && set->n > before)
        scenario_free(set->items[--set->n]);
    if (set->n == 0) { /* the caller of a failed call has nothing to release */
        free(set->items);
        set->items = NULL;
    }
    expanded_list_release(&list);
    return ok;
}

struct scenario *scenario_parse(struct slice text, const char *path, struct diag *reterr)
{
    struct scenario_set set = {0};
    struct scenario *sc = NULL;

    if (!scenario_set_parse(&set, text, path, reterr))
        return NULL;
    if (set.n == 1) {
        sc = set.items[0];
        set.n = 0;
    } else {
        *reterr = (struct diag){xstrdup(path), {1, 1}, xstrdup("the file holds several scenarios")};
    }
    scenario_set_release(&set);
    return sc;
}
