/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/frozen.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "harness/instance.h"
#include "harness/monitor.h"
#include "wire/embedded.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_sets);

enum { MAX_BYTES = 16 << 20, MAX_DEPTH = 8, SCHEMA_VERSION = 1 };

struct frozen_scenario {
    char *id;                       /* owned */
    const struct json_node *checks; /* borrowed: {"check": ["ID", …], …} */
};

struct frozen_set {
    struct json_doc *doc; /* owned */
    enum smcp_revision_id revision;
    unsigned number;
    struct frozen_scenario *scenarios; /* owned; sorted by id */
    size_t n_scenarios;
    const struct json_node *monitors; /* borrowed; the same form: checks of every scenario */
};

/* ---- reading ---- */

static int by_id(const void *a, const void *b)
{
    const struct frozen_scenario *one = a, *other = b;

    return strcmp(one->id, other->id);
}

static bool is_check_list(const struct json_node *node)
{
    if (!node || node->type != JSON_OBJECT)
        return false;
    for (const struct json_node *check = node->first; check; check = check->next) {
        if (check->type != JSON_ARRAY)
            return false;
        for (const struct json_node *id = check->first; id; id = id->next)
            if (id->type != JSON_STRING)
                return false;
    }
    return true;
}

static bool read_head(struct frozen_set *set, const struct json_node *root, const char **ret_wrong)
{
    const struct json_node *version = json_get(root, "schema_version");
    const struct json_node *number = json_get(root, "set"), *name = json_get(root, "revision");
    const struct smcp_revision *revision = NULL;
    int64_t n = 0;

    *ret_wrong = "no frozen set: `schema_version` must be 1";
    if (!version || version->type != JSON_NUMBER || !json_number_i64(version->text, &n) ||
        n != SCHEMA_VERSION)
        return false;
    *ret_wrong = "`set` must be a number from 1 on";
    if (!number || number->type != JSON_NUMBER || !json_number_i64(number->text, &n) || n < 1 ||
        n > 1000000)
        return false;
    set->number = (unsigned)n;
    *ret_wrong = "`revision` must be that of a protocol revision";
    for (int r = 0; name && r < SMCP_REV_COUNT; r++)
        if (json_string_is(name->text, slice_str(smcp_revision((enum smcp_revision_id)r)->name)))
            revision = smcp_revision((enum smcp_revision_id)r);
    if (!revision)
        return false;
    set->revision = revision->id;
    return true;
}

static bool read_lists(struct frozen_set *set, const struct json_node *root, const char **ret_wrong)
{
    const struct json_node *scenarios = json_get(root, "scenarios");

    set->monitors = json_get(root, "monitors");
    *ret_wrong = "`monitors` must be an object of checks, each with a list of requirement ids";
    if (!is_check_list(set->monitors))
        return false;
    *ret_wrong = "`scenarios` must be an object of scenarios, each an object like `monitors`";
    if (!scenarios || scenarios->type != JSON_OBJECT)
        return false;
    set->scenarios = xcalloc(scenarios->count + 1, sizeof(*set->scenarios));
    for (const struct json_node *m = scenarios->first; m; m = m->next) {
        if (!is_check_list(m))
            return false;
        set->scenarios[set->n_scenarios++] = (struct frozen_scenario){json_node_key(m), m};
    }
    qsort(set->scenarios, set->n_scenarios, sizeof(*set->scenarios), by_id);
    return true;
}

static struct frozen_set *parse(struct slice text, const char *path, char **reterr)
{
    struct frozen_set *set = xcalloc(1, sizeof(*set));
    struct wire_fault fault;
    const char *wrong;

    if (json_doc_parse(text, MAX_DEPTH, &set->doc, &fault) != WIRE_OK) {
        struct json_position p = json_position_at(text, fault.offset);

        *reterr = xasprintf("%s:%u:%u: %s", path, p.line, p.column, wire_err_text(fault.code));
    } else if (!read_head(set, json_doc_root(set->doc), &wrong) ||
               !read_lists(set, json_doc_root(set->doc), &wrong)) {
        *reterr = xasprintf("%s:1:1: %s", path, wrong);
    } else {
        return set;
    }
    frozen_free(set);
    return NULL;
}

struct frozen_set *frozen_load(const char *path, char **reterr)
{
    struct frozen_set *set = NULL;
    FILE *f = fopen(path, "rb");
    char part[1 << 14];
    struct buf text;
    size_t n;

    if (!f) {
        *reterr = xasprintf("%s: %s", path, strerror(errno));
        return NULL;
    }
    buf_init(&text, MAX_BYTES);
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_append(&text, part, n);
    if (ferror(f) || text.overflow)
        *reterr = xasprintf("%s: %s", path, ferror(f) ? strerror(errno) : "larger than 16 MiB");
    else
        set = parse(buf_slice(&text), path, reterr);
    fclose(f);
    buf_release(&text);
    return set;
}

struct frozen_set *frozen_built_in(enum smcp_revision_id revision)
{
    char *path = xasprintf("%s.json", smcp_revision(revision)->name), *error = NULL;
    struct frozen_set *set = NULL;

    for (size_t i = 0; i < embedded_sets_count; i++)
        if (strcmp(embedded_sets[i].path, path) == 0)
            set = parse(slice_of((const char *)embedded_sets[i].data, embedded_sets[i].len), path,
                        &error);
    free(error); /* a test reads every built-in set */
    free(path);
    return set;
}

void frozen_free(struct frozen_set *set)
{
    if (!set)
        return;
    for (size_t i = 0; i < set->n_scenarios; i++)
        free(set->scenarios[i].id);
    free(set->scenarios);
    json_doc_free(set->doc);
    free(set);
}

enum smcp_revision_id frozen_revision(const struct frozen_set *set)
{
    return set->revision;
}

unsigned frozen_number(const struct frozen_set *set)
{
    return set->number;
}

/* ---- looking up ---- */

static const struct frozen_scenario *find_scenario(const struct frozen_set *set, const char *id)
{
    struct frozen_scenario key = {.id = (char *)(uintptr_t)id};

    return set && set->n_scenarios
               ? bsearch(&key, set->scenarios, set->n_scenarios, sizeof(*set->scenarios), by_id)
               : NULL;
}

static const struct json_node *find_check(const struct frozen_set *set,
                                          const struct frozen_scenario *s, const char *check)
{
    const struct json_node *node = s ? json_get(s->checks, check) : NULL;

    return node || !s ? node : json_get(set->monitors, check);
}

/* What is only recorded is in no set. */
static bool is_judged(const struct check_result *c)
{
    return !c->observe;
}

void frozen_mark(const struct frozen_set *set, struct scenario_result *s)
{
    const struct frozen_scenario *known = find_scenario(set, s->scenario->id);

    for (size_t k = 0; k < s->n_checks; k++)
        s->checks[k].is_new =
            is_judged(&s->checks[k]) && !find_check(set, known, s->checks[k].check);
}

/* ---- holding it against the scenarios ---- */

struct texts {
    char **items;
    size_t n;
};

static void add_text(struct texts *list, char *text)
{
    list->items = xrealloc(list->items, (list->n + 1) * sizeof(char *));
    list->items[list->n++] = text;
}

static const struct check_result *check_named(const struct scenario_result *s,
                                              const struct json_node *node)
{
    for (size_t k = 0; k < s->n_checks; k++)
        if (json_string_is(node->key, slice_str(s->checks[k].check)))
            return &s->checks[k];
    return NULL;
}

static bool proves(const struct check_result *c, const struct json_node *id)
{
    for (size_t i = 0; c->requirements[i]; i++)
        if (json_string_is(id->text, slice_str(c->requirements[i])))
            return true;
    return false;
}

static void lose_requirements(struct texts *list, const struct check_result *c, const char *id,
                              const struct json_node *node)
{
    for (const struct json_node *m = node->first; m; m = m->next) {
        char *requirement = proves(c, m) ? NULL : json_node_str(m, NULL);

        if (requirement)
            add_text(list, xasprintf("%s: %s: proves %s no longer", id, c->check, requirement));
        free(requirement);
    }
}

static void lose_checks(struct texts *list, const struct scenario_result *s, const char *id,
                        const struct json_node *checks)
{
    for (const struct json_node *m = checks->first; m; m = m->next) {
        const struct check_result *c = check_named(s, m);
        char *name = json_node_key(m);

        if (!c)
            add_text(list, xasprintf("%s: %s: there is no such check any longer", id, name));
        else if (!is_judged(c))
            add_text(list, xasprintf("%s: %s: is only observed now", id, name));
        else
            lose_requirements(list, c, id, m);
        free(name);
    }
}

static bool applies(const struct scenario *sc, enum smcp_revision_id revision)
{
    return !sc->must_fail && sc->since <= revision && revision <= sc->until;
}

static const struct scenario *scenario_of(const struct scenario_set *all, const char *id,
                                          enum smcp_revision_id revision)
{
    for (size_t i = 0; i < all->n; i++)
        if (strcmp(all->items[i]->id, id) == 0 && applies(all->items[i], revision))
            return all->items[i];
    return NULL;
}

char **frozen_vanished(const struct frozen_set *set, const struct scenario_set *all, size_t *ret_n)
{
    struct texts list = {NULL, 0};

    for (size_t i = 0; i < set->n_scenarios; i++) {
        const struct frozen_scenario *known = &set->scenarios[i];
        const struct scenario *sc = scenario_of(all, known->id, set->revision);
        struct scenario_result s = {0};

        if (!sc) {
            add_text(&list, xasprintf("%s: there is no such scenario any longer (%zu checks)",
                                      known->id, known->checks->count + set->monitors->count));
            continue;
        }
        instance_prepare_result(&s, sc, set->revision);
        lose_checks(&list, &s, known->id, known->checks);
        lose_checks(&list, &s, known->id, set->monitors);
        scenario_result_release(&s);
    }
    *ret_n = list.n;
    return list.items;
}

static void gain_requirements(struct texts *list, const struct check_result *c, const char *id,
                              const struct json_node *node)
{
    for (size_t i = 0; c->requirements[i]; i++) {
        const struct json_node *m = node->first;

        while (m && !json_string_is(m->text, slice_str(c->requirements[i])))
            m = m->next;
        if (!m)
            add_text(list, xasprintf("%s: %s: proves %s too", id, c->check, c->requirements[i]));
    }
}

char **frozen_added(const struct frozen_set *set, enum smcp_revision_id revision,
                    const struct scenario_set *all, size_t *ret_n)
{
    struct texts list = {NULL, 0};

    for (size_t i = 0; i < all->n; i++) {
        const struct frozen_scenario *known = find_scenario(set, all->items[i]->id);
        struct scenario_result s = {0};

        if (!applies(all->items[i], revision))
            continue;
        instance_prepare_result(&s, all->items[i], revision);
        for (size_t k = 0; k < s.n_checks; k++) {
            const struct json_node *node = find_check(set, known, s.checks[k].check);

            if (is_judged(&s.checks[k]) && !node)
                add_text(&list, xasprintf("%s: %s", s.scenario->id, s.checks[k].check));
            else if (node)
                gain_requirements(&list, &s.checks[k], s.scenario->id, node);
        }
        scenario_result_release(&s);
    }
    *ret_n = list.n;
    return list.items;
}
