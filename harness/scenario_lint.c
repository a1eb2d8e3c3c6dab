/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario.h"

#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/scenario_internal.h"
#include "harness/twin.h"
#include "smcp/event.h"
#include "smcp/requirements.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

/* What is legal but cannot be meant.  One function per rule; each is called for every step. */

struct lint {
    const struct scenario *sc;
    void (*report)(void *user, const struct diag *d);
    void *user;
    size_t found;
};

typedef void rule_fn(struct lint *l, const struct step *s);

/* `text` is taken. */
static void find(struct lint *l, const struct json_node *at, char *text)
{
    const char *path;
    struct json_position place = scenario_place(l->sc, at, &path);
    struct diag d = {(char *)(uintptr_t)path, place, text};

    l->found++;
    l->report(l->user, &d);
    free(text);
}

static void each_step(struct lint *l, rule_fn *rule, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (steps[i].verb != VERB_TOGETHER)
            rule(l, &steps[i]);
        each_step(l, rule, steps[i].children, steps[i].n_children);
    }
}

/* ---- requirement ids ---- */

static void unknown_id(struct lint *l, const struct step *s, const char *id)
{
    const struct requirement *r;
    struct suggest near;
    char *phrase;

    suggest_init(&near, id);
    for (size_t i = 0; (r = requirement_at(i)); i++)
        suggest_offer(&near, r->id);
    phrase = suggest_phrase(near.best);
    find(l, json_get(s->node, "checks"), xasprintf("unknown requirement `%s`%s", id, phrase));
    free(phrase);
}

static void lint_ids(struct lint *l, const struct step *s)
{
    for (const char **id = s->requirements; id && *id; id++) {
        const struct requirement *r = requirement_find(*id);

        if (!r)
            unknown_id(l, s, *id);
        else if (r->since > s->until || r->until < s->since)
            find(l, json_get(s->node, "checks"),
                 xasprintf("%s is for revisions %s to %s, this step is not", *id,
                           smcp_revision(r->since)->name, smcp_revision(r->until)->name));
    }
}

/* In a revision for which every rule named is an observation, nothing may be judged. */
static bool only_observations(const struct step *s, enum smcp_revision_id rev)
{
    bool any = false;

    for (const char **id = s->requirements; *id; id++) {
        const struct requirement *r = requirement_find(*id);

        if (!r || !requirement_applies(r, rev) || r->kind == REQUIREMENT_TRACE)
            continue;
        if (r->level != LEVEL_OBS)
            return false;
        any = true;
    }
    return any;
}

static void lint_levels(struct lint *l, const struct step *s)
{
    bool rule = false;

    if (!s->requirements)
        return;
    for (const char **id = s->requirements; *id; id++) {
        const struct requirement *r = requirement_find(*id);

        rule |= !r || r->kind != REQUIREMENT_TRACE;
    }
    if (!rule)
        find(l, json_get(s->node, "checks"),
             xstrdup("a trace row says nothing by itself: name the requirement too"));
    for (int rev = (int)s->since; !s->observe && rev <= (int)s->until; rev++) {
        if (!only_observations(s, (enum smcp_revision_id)rev))
            continue;
        find(l, json_get(s->node, "checks"),
             xasprintf("in revision %s these are observations only: the step needs `observe`, or "
                       "since/until",
                       smcp_revision((enum smcp_revision_id)rev)->name));
        return;
    }
}

static void lint_armed(struct lint *l, const struct step *s)
{
    if (verb_rows[s->verb].waits == STEP_WAITS_A && !s->requirements)
        find(l, s->node,
             xasprintf("`%s` without `checks` judges nothing", verb_rows[s->verb].text));
}

/* ---- names that nobody uses ---- */

struct search {
    const char *name;
    bool found;
};

static void on_reference(void *user, const char *name, const struct json_node *at)
{
    struct search *search = user;
    size_t len = strcspn(name, ".");

    (void)at;
    if (strlen(search->name) == len && strncmp(search->name, name, len) == 0)
        search->found = true;
}

static bool is_referenced(const struct lint *l, const char *name)
{
    struct search search = {name, false};

    template_references(json_get(json_doc_root(l->sc->doc), "steps"), on_reference, &search);
    return search.found;
}

static void lint_captures(struct lint *l, const struct step *s)
{
    const struct json_node *capture = json_get(s->node, "capture"), *m;

    for (m = capture ? capture->first : NULL; m; m = m->next) {
        char *name = json_node_key(m);

        if (!is_referenced(l, name))
            find(l, m, xasprintf("capture `%s` is never used", name));
        free(name);
    }
}

static bool counts_label(const struct step *s, const struct json_node *label)
{
    char *glob = json_node_str(json_get(s->node, "of"), NULL), *name = json_node_str(label, NULL);
    bool ok = glob && name && glob_match(glob, name);

    free(glob);
    free(name);
    return ok;
}

static bool label_used(const struct step *steps, size_t n, const char *attribute,
                       const struct json_node *label, const struct step *by)
{
    for (size_t i = 0; i < n; i++) {
        const struct json_node *v = json_get(steps[i].node, attribute);

        if (&steps[i] != by && v && json_equal(v->text, label->text, JSON_BY_VALUE, NULL))
            return true;
        if (steps[i].verb == VERB_EXACTLY && strcmp(attribute, "call") == 0 &&
            counts_label(&steps[i], label))
            return true;
        if (label_used(steps[i].children, steps[i].n_children, attribute, label, by))
            return true;
    }
    return false;
}

static void lint_labels(struct lint *l, const struct step *s)
{
    const struct json_node *call = json_get(s->node, "call"),
                           *request = json_get(s->node, "request");
    char *name;

    if (call && !label_used(l->sc->steps, l->sc->n_steps, "call", call, s))
        find(
            l, call,
            xstrdup(
                "nobody looks at this call: `gets ack`, `gets no ack` or `is refused` is missing"));
    if (!request || s->verb != VERB_RECEIVE)
        return;
    name = json_node_str(request, NULL);
    if (!is_referenced(l, name) && !label_used(l->sc->steps, l->sc->n_steps, "request", request, s))
        find(l, request, xstrdup("nobody uses this request: `acks` is missing"));
    free(name);
}

/* ---- events that cannot come ---- */

static bool event_known(const struct step *s, struct slice name)
{
    bool glob = name.len > 0 && name.ptr[name.len - 1] == '*';

    for (int e = 0; e < SMCP_EVENT_COUNT; e++) {
        const struct smcp_event *event = smcp_event((enum smcp_event_id)e);
        bool fits = glob ? event->name.len >= name.len - 1 &&
                               memcmp(event->name.ptr, name.ptr, name.len - 1) == 0
                         : slice_eq(event->name, name);

        if (fits && event->since <= s->until && event->until >= s->since)
            return true;
    }
    return false;
}

static void lint_event(struct lint *l, const struct step *s)
{
    const struct json_node *v = json_get(s->node, "event");
    char *name = json_node_str(v, NULL), *phrase;
    struct suggest near;

    if (name && s->verb != VERB_EMIT && !event_known(s, slice_str(name)) &&
        !template_has_reference(v->text)) {
        suggest_init(&near, name);
        for (int e = 0; e < SMCP_EVENT_COUNT; e++)
            suggest_offer(&near, smcp_event((enum smcp_event_id)e)->name.ptr);
        phrase = suggest_phrase(near.best);
        find(l, v, xasprintf("no revision of this step has an event `%s`%s", name, phrase));
        free(phrase);
    }
    free(name);
}

/* ---- schemas ---- */

static void lint_schemas(struct lint *l, const struct step *s)
{
    const struct json_node *m;
    struct attribute_use use;

    for (m = s->node->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool pattern = verb_attribute(s->verb, key, &use) &&
                       (use.kind == ATTR_PATTERN || use.kind == ATTR_PATTERNS ||
                        (use.kind == ATTR_FORM && m->type != JSON_STRING));

        free(key);
        for (int rev = (int)s->since; pattern && rev <= (int)s->until; rev++) {
            struct matcher_fault fault;
            struct matcher *matcher;

            if (!smcp_revision((enum smcp_revision_id)rev)->served)
                continue;
            matcher =
                matcher_compile(m, schema_set_embedded(), (enum smcp_revision_id)rev, NULL, &fault);
            if (!matcher)
                find(l, fault.at, fault.text);
            matcher_free(matcher);
        }
    }
}

/* ---- actors that are not there ---- */

static bool ends_connection(const struct step *s)
{
    if (s->verb == VERB_DISCONNECT)
        return !json_string_is(json_get(s->node, "how")->text, slice_str("namespace"));
    if (s->verb == VERB_IS_DISCONNECTED)
        return !json_get(s->node, "layer") ||
               json_string_is(json_get(s->node, "layer")->text, slice_str("engine"));
    return false;
}

static bool needs_connection(const struct step *s)
{
    return verb_rows[s->verb].waits != STEP_WAITS_A && s->verb != VERB_CONNECT &&
           s->verb != VERB_REQUEST && s->verb != VERB_ANSWER && s->verb != VERB_IS_DISCONNECTED;
}

static void lint_presence(struct lint *l, const struct step *steps, size_t n, bool *connected)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];

        if (s->verb == VERB_TOGETHER) {
            lint_presence(l, s->children, s->n_children, connected);
            continue;
        }
        if (s->verb == VERB_EXACTLY)
            continue;
        if (needs_connection(s) && !connected[s->actor])
            find(l, s->node,
                 xasprintf("never played: %s is not connected here", l->sc->actors[s->actor].name));
        /* Steps of some revisions only say nothing about the others. */
        if (s->verb == VERB_CONNECT)
            connected[s->actor] = true;
        else if (ends_connection(s) && s->since <= l->sc->since && s->until >= l->sc->until)
            connected[s->actor] = false;
    }
}

static void lint_raw_role(struct lint *l, const struct step *s)
{
    if (s->verb == VERB_JOIN && l->sc->actors[s->actor].role == ACTOR_RAW &&
        !json_get(s->node, "role"))
        find(l, s->node, xstrdup("a raw actor joins with an explicit `role`"));
}

/* ---- twins ---- */

static bool is_twin_of_any(const struct step *steps, size_t n, const struct step *named)
{
    for (size_t i = 0; i < n; i++) {
        char *twin = json_node_str(json_get(steps[i].node, "twin"), NULL);
        bool found = twin && twin_is_named(named, twin);

        free(twin);
        if (found || is_twin_of_any(steps[i].children, steps[i].n_children, named))
            return true;
    }
    return false;
}

/* Steps of that name are played in every revision in which the check is. */
static void twin_range(const struct step *steps, size_t n, const char *twin, unsigned *played)
{
    for (size_t i = 0; i < n; i++) {
        twin_range(steps[i].children, steps[i].n_children, twin, played);
        for (int rev = (int)steps[i].since; rev <= (int)steps[i].until; rev++)
            if (twin_is_named(&steps[i], twin))
                *played |= 1u << rev;
    }
}

static void lint_twin(struct lint *l, const struct step *s)
{
    const struct json_node *at = json_get(s->node, "twin");
    char *twin = json_node_str(at, NULL);
    unsigned played = 0;

    if (json_get(s->node, "as") && !is_twin_of_any(l->sc->steps, l->sc->n_steps, s))
        find(l, json_get(s->node, "as"), xstrdup("no `twin` means this step"));
    if (twin && json_get(s->node, "no_twin"))
        find(l, at, xstrdup("`twin` or `no_twin`, not both"));
    if (!twin && !json_get(s->node, "no_twin") && twin_is_refusal(s) && !l->sc->must_fail)
        find(l, s->node,
             xstrdup("a refusal without `twin`: name the step that differs in one thing and is "
                     "accepted, or say in `no_twin` why there is none"));
    if (twin)
        twin_range(l->sc->steps, l->sc->n_steps, twin, &played);
    for (int rev = (int)s->since; twin && rev <= (int)s->until; rev++) {
        if (played & (1u << rev))
            continue;
        find(l, at,
             xasprintf("the twin is not played in revision %s, in which this check is",
                       smcp_revision((enum smcp_revision_id)rev)->name));
        break;
    }
    free(twin);
}

/* ---- the scenario as a whole ---- */

struct tally {
    bool acts, absent, judges;
    const struct json_node *absence;
};

static bool acts(const struct step *s)
{
    switch (s->verb) {
    case VERB_CONNECT:
    case VERB_DISCONNECT:
    case VERB_GO_SILENT:
    case VERB_JOIN:
    case VERB_LEAVE:
    case VERB_EMIT:
    case VERB_ACK:
    case VERB_SEND_PACKET:
    case VERB_SEND_ENGINE:
    case VERB_SEND_BYTES:
    case VERB_REQUEST:
        return true;
    case VERB_IS_DISCONNECTED:
    case VERB_GET_ACK:
    case VERB_GET_NO_ACK:
    case VERB_IS_REFUSED:
    case VERB_RECEIVE:
    case VERB_NEVER_RECEIVE:
    case VERB_ANSWER:
    case VERB_LIST:
    case VERB_RECEIVE_PACKET:
    case VERB_NEVER_PACKET:
    case VERB_FENCE:
    case VERB_TOGETHER:
    case VERB_EXACTLY:
    case VERB_COUNT:
        break;
    }
    return false;
}

static void tally(struct tally *t, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];

        t->acts |= acts(s);
        t->judges |= s->requirements != NULL;
        if ((s->verb == VERB_NEVER_RECEIVE || s->verb == VERB_NEVER_PACKET) && !t->absence)
            t->absence = s->node;
        tally(t, s->children, s->n_children);
    }
}

static void lint_whole(struct lint *l)
{
    struct tally t = {0};

    tally(&t, l->sc->steps, l->sc->n_steps);
    if (!t.judges)
        find(l, json_doc_root(l->sc->doc),
             xstrdup("no step has `checks`: the scenario judges nothing"));
    if (t.absence && !t.acts)
        find(l, t.absence,
             xstrdup("absence without a cause: nobody does anything that could be heard"));
}

/* An office that is only asked about, and is nearly one that is joined: probably a typing mistake. */
static bool is_joined(const struct step *steps, size_t n, const char *office, struct suggest *near,
                      char **kept)
{
    for (size_t i = 0; i < n; i++) {
        char *name = steps[i].verb == VERB_JOIN
                         ? json_node_str(json_get(steps[i].node, "office"), NULL)
                         : NULL;
        bool same = name && strcmp(name, office) == 0;

        if (name && !same) {
            suggest_offer(near, name);
            if (near->best == name) {
                free(*kept);
                *kept = name;
                name = NULL;
            }
        }
        free(name);
        if (same || is_joined(steps[i].children, steps[i].n_children, office, near, kept))
            return true;
    }
    return false;
}

static void lint_office(struct lint *l, const struct step *s)
{
    const struct json_node *v = s->verb == VERB_JOIN ? NULL : json_get(s->node, "office");
    char *office = json_node_str(v, NULL), *kept = NULL;
    struct suggest near;

    if (!office || json_get(json_doc_root(l->sc->doc), "offices")) {
        free(office);
        return;
    }
    suggest_init(&near, office);
    if (!is_joined(l->sc->steps, l->sc->n_steps, office, &near, &kept) && near.best)
        find(l, v,
             xasprintf("nobody joins office `%s` (did you mean `%s`? else name it in `offices`)",
                       office, near.best));
    free(kept);
    free(office);
}

size_t scenario_lint(const struct scenario *sc, void (*report)(void *user, const struct diag *d),
                     void *user)
{
    static rule_fn *const rules[] = {lint_ids,    lint_levels, lint_armed,   lint_captures,
                                     lint_labels, lint_event,  lint_schemas, lint_raw_role,
                                     lint_office, lint_twin};
    struct lint l = {sc, report, user, 0};
    bool *connected = xcalloc(sc->n_actors + 1, sizeof(*connected));

    for (size_t i = 0; i < ARRAY_LEN(rules); i++)
        each_step(&l, rules[i], sc->steps, sc->n_steps);
    for (size_t i = 0; i < sc->n_actors; i++)
        connected[i] = sc->actors[i].connects_first;
    lint_presence(&l, sc->steps, sc->n_steps, connected);
    lint_whole(&l);
    free(connected);
    return l.found;
}
