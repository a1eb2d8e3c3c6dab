/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario_internal.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/requirements.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

/* One step: who does what, with which attributes. */

static bool is_attribute_of_any_verb(const char *key)
{
    return attribute_find(key) != NULL;
}

/* The one key that is no attribute: actor or flow. */
static const struct json_node *find_subject(struct loader *l, const struct json_node *node)
{
    const struct json_node *m, *subject = NULL;

    for (m = node->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool is_subject = strcmp(key, "together") == 0 || strcmp(key, "exactly") == 0 ||
                          loader_actor_index(l->sc, key) >= 0;

        free(key);
        if (is_subject && subject) {
            loader_refuse(l, m, xstrdup("a step has one actor"));
            return NULL;
        }
        if (is_subject)
            subject = m;
    }
    return subject;
}

/* No actor: the first key that is nothing known must be a mistyped one. */
static bool no_subject(struct loader *l, const struct json_node *node)
{
    const struct json_node *m;
    char *words = loader_actor_words(l->sc);
    bool ok = true;

    for (m = node->first; m && ok; m = m->next) {
        char *key = json_node_key(m);

        if (!is_attribute_of_any_verb(key))
            ok = loader_unknown(l, m, "actor", key, words);
        free(key);
    }
    free(words);
    return ok ? loader_refuse(l, node, xstrdup("a step needs an actor: {\"A\": \"joins\", …}"))
              : false;
}

static bool take_verb(struct loader *l, const struct json_node *subject, struct step *s)
{
    char *text = json_node_str(subject, NULL), *phrase;
    struct suggest near;

    if (!text)
        return loader_refuse(l, subject, xstrdup("expected a verb such as \"joins\""));
    s->verb = verb_find(text);
    if (s->verb != VERB_COUNT) {
        free(text);
        return true;
    }
    suggest_init(&near, text);
    for (int v = 0; v < VERB_TOGETHER; v++)
        suggest_offer(&near, verb_rows[v].text);
    phrase = suggest_phrase(near.best);
    loader_refuse(l, subject, xasprintf("unknown verb `%s`%s", text, phrase));
    free(phrase);
    free(text);
    return false;
}

/* Written by the loader itself: which round of `rounds` this is. */
static bool is_round(const struct loader *l, const struct json_node *m)
{
    return l->sc->map && json_string_is(m->key, slice_str("$round"));
}

static void take_round(const struct loader *l, struct step *s)
{
    const struct json_node *round = l->sc->map ? json_get(s->node, "$round") : NULL;
    int64_t number;

    if (!round || !json_number_i64(json_at(round, 0)->text, &number))
        return;
    s->round = (unsigned)number;
    s->ordinal = json_node_str(json_at(round, 1), NULL);
}

static bool take_attribute(struct loader *l, const struct step *s, const struct json_node *m)
{
    char *key = json_node_key(m), *words;
    struct attribute_use use;
    bool ok;

    if (verb_attribute(s->verb, key, &use)) {
        free(key);
        return loader_value(l, s, &use, m);
    }
    if (attribute_find(key)) {
        ok = loader_refuse(
            l, m,
            xasprintf("`%s` has no attribute `%s`%s", verb_rows[s->verb].text, key,
                      strncmp(key, "check", 5) == 0 ? ": there is nothing to judge" : ""));
    } else {
        words = verb_attribute_words(s->verb);
        ok = loader_unknown(l, m, "key", key, words);
        free(words);
    }
    free(key);
    return ok;
}

static bool required_attributes(struct loader *l, const struct step *s)
{
    const char *at = verb_rows[s->verb].attributes;
    struct attribute_use use;

    while (verb_next_attribute(&at, &use)) {
        if (use.required && !json_get(s->node, use.row->name))
            return loader_refuse(
                l, s->node, xasprintf("`%s` needs `%s`", verb_rows[s->verb].text, use.row->name));
    }
    return true;
}

/* ---- what attributes mean together ---- */

static bool both(const struct json_node *node, const char *a, const char *b)
{
    return json_get(node, a) && json_get(node, b);
}

static bool consistent(struct loader *l, const struct step *s)
{
    const struct json_node *n = s->node;
    bool waits = s->verb != VERB_EMIT || json_get(n, "ack") || json_get(n, "one_of") ||
                 json_get(n, "observe");

    if (both(n, "with", "args"))
        return loader_refuse(l, json_get(n, "args"),
                             xstrdup("`with` is `args` for one argument: give one of them"));
    if (both(n, "data", "args"))
        return loader_refuse(l, json_get(n, "args"),
                             xstrdup("`data` is `args` for one argument: give one of them"));
    if (both(n, "call", "ack") && s->verb != VERB_GET_ACK)
        return loader_refuse(
            l, json_get(n, "ack"),
            xstrdup("with `call` the ack is not waited for: `gets ack` looks at it later"));
    if (both(n, "one_of", "ack") || both(n, "one_of", "with") || both(n, "one_of", "args") ||
        both(n, "one_of", "sessions") || (s->verb != VERB_GET_ACK && both(n, "one_of", "call")))
        return loader_refuse(l, json_get(n, "one_of"),
                             xstrdup("`one_of` stands instead of `ack`, `with`, `args` or "
                                     "`sessions`, where the answer is looked at"));
    if (json_get(n, "one_of") && !json_get(n, "checks"))
        return loader_refuse(
            l, json_get(n, "one_of"),
            xstrdup("`one_of` records the branch taken in a check: `checks` is missing"));
    if (both(n, "sessions", "ack"))
        return loader_refuse(l, json_get(n, "ack"), xstrdup("`sessions` or `ack`, not both"));
    if (both(n, "never", "args") || both(n, "never", "delay_ms"))
        return loader_refuse(l, json_get(n, "never"), xstrdup("`never` stands alone"));
    if (json_get(n, "checks") && s->verb != VERB_GET_ACK && s->verb != VERB_GET_NO_ACK &&
        s->verb != VERB_IS_REFUSED && json_get(n, "call"))
        return loader_refuse(l, json_get(n, "checks"),
                             xstrdup("nothing to judge here: put `checks` on the step that "
                                     "looks at the call"));
    if (json_get(n, "checks") && !waits)
        return loader_refuse(l, json_get(n, "checks"),
                             xstrdup("nothing to judge: `emits` without `ack`"));
    if (json_get(n, "check") && !json_get(n, "checks"))
        return loader_refuse(l, json_get(n, "check"),
                             xstrdup("`check` names what `checks` judges: that is missing"));
    if (json_get(n, "observe") && !json_get(n, "checks"))
        return loader_refuse(
            l, json_get(n, "observe"),
            xstrdup("`observe` needs `checks`: the ids that it is about (D-17, ROOM-26 …)"));
    if (s->verb == VERB_SEND_BYTES && !json_get(n, "base64") == !json_get(n, "text"))
        return loader_refuse(l, n, xstrdup("`sends bytes` takes either `base64` or `text`"));
    return true;
}

/* ---- checks ---- */

static bool all_below_must(const struct step *s)
{
    bool below = false;

    for (const char **id = s->requirements; *id; id++) {
        const struct requirement *r = requirement_find(*id);

        if (!r || (r->kind == REQUIREMENT_RULE && r->level == LEVEL_MUST))
            return false;
        below |= r->kind == REQUIREMENT_RULE && (r->level == LEVEL_SHOULD || r->level == LEVEL_MAY);
    }
    return below;
}

static void take_checks(struct step *s)
{
    const struct json_node *checks = json_get(s->node, "checks"), *id;
    bool list = checks && checks->type == JSON_ARRAY;
    size_t n = 0;

    if (!checks)
        return;
    s->requirements = xcalloc((list ? checks->count : 1) + 1, sizeof(*s->requirements));
    for (id = list ? checks->first : checks; id; id = list ? id->next : NULL)
        s->requirements[n++] = json_node_str(id, NULL);
    s->should = json_get(s->node, "level") || all_below_must(s);
}

static bool is_true(const struct json_node *node)
{
    return node && node->type == JSON_TRUE;
}

static void take_common(struct step *s)
{
    const struct json_node *within = json_get(s->node, "within_ms");
    int64_t ms;

    s->observe = is_true(json_get(s->node, "observe"));
    if (within && json_number_i64(within->text, &ms))
        s->within_ms = (uint32_t)ms;
    take_checks(s);
}

static bool take_actor_step(struct loader *l, const struct json_node *subject, struct step *s)
{
    const struct json_node *m;
    char *name = json_node_key(subject);

    s->actor = loader_actor_index(l->sc, name);
    free(name);
    if (!take_verb(l, subject, s))
        return false;
    for (m = s->node->first; m; m = m->next) {
        if (m != subject && !is_round(l, m) && !take_attribute(l, s, m))
            return false;
    }
    if (!required_attributes(l, s) || !consistent(l, s))
        return false;
    take_common(s);
    return true;
}

/* {"exactly": 1, "of": "join*", "matches": "success"}: no actor, but a check like any other. */
static bool take_exactly(struct loader *l, const struct json_node *subject, struct step *s)
{
    const struct json_node *m;
    int64_t n;

    s->verb = VERB_EXACTLY;
    s->actor = -1;
    if (subject->type != JSON_NUMBER || !json_number_i64(subject->text, &n) || n < 0 ||
        n > SCENARIO_MAX_ACTORS)
        return loader_refuse(l, subject, xstrdup("expected how many: a whole number"));
    for (m = s->node->first; m; m = m->next) {
        if (m != subject && !is_round(l, m) && !take_attribute(l, s, m))
            return false;
    }
    if (!required_attributes(l, s) || !consistent(l, s))
        return false;
    take_common(s);
    return true;
}

static bool take_together(struct loader *l, const struct json_node *subject, struct step *s,
                          bool inside)
{
    const struct json_node *m;
    struct attribute_use use;

    s->verb = VERB_TOGETHER;
    s->actor = -1;
    if (inside)
        return loader_refuse(l, subject, xstrdup("`together` cannot stand inside of `together`"));
    for (m = s->node->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool ok = m == subject || is_round(l, m) || verb_attribute(VERB_TOGETHER, key, &use);

        if (!ok)
            loader_unknown(l, m, "key", key, "note since until within_ms together");
        free(key);
        if (!ok || (m != subject && !is_round(l, m) && !loader_value(l, s, &use, m)))
            return false;
    }
    take_common(s);
    if (subject->type != JSON_ARRAY || subject->count < 2)
        return loader_refuse(l, subject, xstrdup("`together` takes a list of at least two steps"));
    return loader_steps(l, subject, true, &s->children, &s->n_children);
}

/* In the scenario file, be it only where it asks for the set-up that holds the step. */
static struct json_position own_place(const struct scenario *sc, const struct json_node *node)
{
    if (!sc->map)
        return json_position_of(sc->doc, node);
    return source_map_own_place(sc->map, (size_t)(node->text.ptr - json_doc_text(sc->doc).ptr));
}

static bool take_step(struct loader *l, const struct json_node *node, bool inside, struct step *s)
{
    const struct json_node *subject;

    s->node = node;
    s->actor = -1;
    s->at = own_place(l->sc, node);
    s->since = l->sc->since;
    s->until = l->sc->until;
    if (node->type != JSON_OBJECT)
        return loader_refuse(
            l, node, xstrdup("a step is an object: {\"A\": \"joins\", \"office\": \"here\"}"));
    if (!loader_no_repeats(l, node))
        return false;
    subject = find_subject(l, node);
    if (!subject)
        return l->reterr->text ? false : no_subject(l, node);
    if (!loader_range(l, node, &s->since, &s->until))
        return false;
    if (s->since > l->sc->until || s->until < l->sc->since)
        return loader_refuse(
            l, node, xstrdup("never played: the scenario has other revisions than this step"));
    take_round(l, s);
    if (json_string_is(subject->key, slice_str("exactly")))
        return take_exactly(l, subject, s);
    if (json_string_is(subject->key, slice_str("together")))
        return take_together(l, subject, s, inside);
    return take_actor_step(l, subject, s);
}

bool loader_steps(struct loader *l, const struct json_node *list, bool inside,
                  struct step **ret_steps, size_t *ret_n)
{
    const struct json_node *node;

    if (list->type != JSON_ARRAY || list->count == 0)
        return loader_refuse(l, list, xstrdup("expected a list of steps"));
    if (list->count > SCENARIO_MAX_STEPS)
        return loader_refuse(l, list, xasprintf("more than %d steps", SCENARIO_MAX_STEPS));
    *ret_steps = xcalloc(list->count, sizeof(**ret_steps));
    for (node = list->first; node; node = node->next) {
        if (!take_step(l, node, inside, &(*ret_steps)[(*ret_n)++]))
            return false;
    }
    return true;
}
