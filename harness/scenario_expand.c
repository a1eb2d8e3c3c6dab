/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario_expand.h"

#include <stdlib.h>
#include <string.h>

#include "harness/scenario_expand_internal.h"
#include "harness/scenario_internal.h"
#include "wire/xmalloc.h"

/* The file as a whole: rows of the table, set-ups, actors. */

enum { MAX_CASES = 200, MAX_TOTAL_BYTES = 4 * SCENARIO_MAX_BYTES };

static const struct json_node *source_root(const struct expander *ex, size_t source)
{
    return json_doc_root(ex->sources->items[source].doc);
}

/* ---- the table ---- */

static bool is_case_name(const char *name)
{
    size_t len = name ? strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-.") : 0;

    return len > 0 && name[len] == '\0';
}

static bool case_name(struct expander *ex, const struct json_node *table,
                      const struct json_node *row)
{
    const struct json_node *node = json_get(row, "case"), *other;
    char *name = json_node_str(node, NULL);
    bool ok = is_case_name(name);

    free(name);
    if (!ok)
        return expand_refuse(ex, node ? node : row,
                             xstrdup("a row needs a `case`: a word of lower-case letters, digits "
                                     "and -, part of the scenario's id"));
    for (other = table->first; other != row; other = other->next) {
        if (json_equal(json_get(other, "case")->text, node->text, JSON_BY_VALUE, NULL))
            return expand_refuse(ex, node, xstrdup("this case stands twice"));
    }
    return true;
}

static bool is_parameter_name(const char *name)
{
    static const char *const taken[] = {"index", "round", "unique", "revision", "version"};
    char *probe = xasprintf("{%s}", name);
    bool ok = template_reference_length(slice_str(probe)) == strlen(probe) && !strchr(name, '.');

    free(probe);
    for (size_t i = 0; i < ARRAY_LEN(taken); i++)
        ok &= strcmp(name, taken[i]) != 0;
    return ok;
}

/* Every row has the parameters of the first one: a forgotten one would silently stand for itself. */
static bool same_parameters(struct expander *ex, const struct json_node *first,
                            const struct json_node *row)
{
    const struct json_node *m;

    for (m = row->first; m; m = m->next) {
        char *name = json_node_key(m);
        bool named = is_parameter_name(name), known = json_get(first, name) != NULL;

        if (!named)
            expand_refuse(ex, m, xasprintf("`%s` cannot be the name of a parameter", name));
        else if (!known)
            expand_refuse(ex, m, xasprintf("the first row has no `%s`", name));
        free(name);
        if (!named || !known)
            return false;
    }
    for (m = first->first; m; m = m->next) {
        char *name = json_node_key(m);
        bool has = json_get(row, name) != NULL;

        if (!has)
            expand_refuse(ex, row, xasprintf("this row has no `%s`", name));
        free(name);
        if (!has)
            return false;
    }
    return true;
}

static bool check_table(struct expander *ex, const struct json_node *table)
{
    const struct json_node *row;

    if (table->type != JSON_ARRAY || table->count == 0)
        return expand_refuse(
            ex, table, xstrdup("expected a list of rows: [{\"case\": \"rst\", \"how\": \"rst\"}]"));
    if (table->count > MAX_CASES)
        return expand_refuse(ex, table, xasprintf("more than %d rows", MAX_CASES));
    for (row = table->first; row; row = row->next) {
        if (row->type != JSON_OBJECT)
            return expand_refuse(ex, row, xstrdup("a row is an object"));
        if (!case_name(ex, table, row) || !same_parameters(ex, table->first, row))
            return false;
    }
    return true;
}

static void take_parameters(struct expander *ex, const struct json_node *table)
{
    const struct json_node *m;

    for (m = table ? table->first->first : NULL; m; m = m->next) {
        ex->vars = xrealloc(ex->vars, (ex->n_vars + 1) * sizeof(*ex->vars));
        ex->vars[ex->n_vars++] = (struct variable){.name = json_node_key(m), .at = m};
    }
}

static void set_row(struct expander *ex, const struct json_node *row)
{
    for (size_t i = 0; i < ex->n_vars; i++)
        ex->vars[i].value = json_get(row, ex->vars[i].name);
}

/* The rows of a set-up serve many files: none uses all of them. */
static bool all_used(struct expander *ex)
{
    for (size_t i = 0; i < ex->n_vars && ex->table_source == 0; i++) {
        if (!ex->vars[i].used && strcmp(ex->vars[i].name, "case") != 0)
            return expand_refuse(ex, ex->vars[i].at,
                                 xasprintf("the parameter `%s` is never used", ex->vars[i].name));
    }
    return true;
}

/* ---- set-ups ---- */

static bool add_setup(struct expander *ex, const struct json_node *v)
{
    char *name = json_node_str(v, NULL);
    struct diag d = {0};
    const struct json_node *root, *m;
    int index;

    if (!is_case_name(name)) {
        free(name);
        return expand_refuse(ex, v, xstrdup("expected the name of a set-up, or a list of names"));
    }
    index = sources_add_setup(ex->sources, name, ex->sources->items[0].path, &d);
    free(name);
    if (index < 0 && d.path) {
        *ex->reterr = d;
        return false;
    }
    if (index < 0)
        return expand_refuse(ex, v, d.text);
    root = source_root(ex, (size_t)index);
    ex->source = (size_t)index;
    if (root->type != JSON_OBJECT)
        return expand_refuse(ex, root, xstrdup("a set-up is a JSON object"));
    for (m = root->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool ok = strcmp(key, "title") == 0 || strcmp(key, "why") == 0 ||
                  strcmp(key, "table") == 0 ||
                  (strcmp(key, "actors") == 0 && m->type == JSON_OBJECT) ||
                  (strcmp(key, "steps") == 0 && m->type == JSON_ARRAY);

        if (!ok)
            expand_refuse(ex, m,
                          xasprintf("a set-up has title, why, table, actors (an object) and steps "
                                    "(a list), no such `%s`",
                                    key));
        free(key);
        if (!ok)
            return false;
    }
    ex->source = 0;
    return true;
}

static bool add_setups(struct expander *ex, const struct json_node *v)
{
    const struct json_node *item;

    if (!v)
        return true;
    if (v->type != JSON_ARRAY)
        return add_setup(ex, v);
    for (item = v->first; item; item = item->next) {
        if (!add_setup(ex, item))
            return false;
    }
    return true;
}

/* ---- actors ---- */

static bool take_groups(struct expander *ex, const struct json_node *actors)
{
    const struct json_node *m;

    for (m = actors ? actors->first : NULL; m; m = m->next) {
        const struct json_node *count = m->type == JSON_OBJECT ? json_get(m, "count") : NULL;
        struct group *g;

        if (!count)
            continue;
        ex->groups = xrealloc(ex->groups, (ex->n_groups + 1) * sizeof(*ex->groups));
        g = &ex->groups[ex->n_groups++];
        *g = (struct group){.name = json_node_key(m)};
        if (!expand_number(ex, count, SCENARIO_MAX_ACTORS, &g->count))
            return false;
    }
    return true;
}

static bool emit_group_actors(struct expander *ex, const struct json_node *actor,
                              const struct group *g)
{
    const struct json_node *m;

    for (unsigned i = 1; i <= g->count; i++) {
        expand_bind(ex, g, i);
        expand_separate(ex);
        expand_mark(ex, actor, false);
        buf_appendf(&ex->out, "\"%s%u\":", g->name, i);
        expand_mark(ex, actor, false);
        buf_append_ch(&ex->out, '{');
        for (m = actor->first; m; m = m->next) {
            if (json_string_is(m->key, slice_str("count")))
                continue;
            expand_separate(ex);
            if (!expand_key(ex, m) || !expand_value(ex, m))
                return false;
        }
        buf_append_ch(&ex->out, '}');
    }
    expand_bind(ex, NULL, 0);
    return true;
}

static bool emit_actors_of(struct expander *ex, size_t source)
{
    const struct json_node *actors = json_get(source_root(ex, source), "actors"), *m;

    ex->source = source;
    for (m = actors ? actors->first : NULL; m; m = m->next) {
        char *name = json_node_key(m);
        const struct group *g = expand_group(ex, slice_str(name));
        bool ok;

        free(name);
        if (g && m->type == JSON_OBJECT) {
            ok = emit_group_actors(ex, m, g);
        } else {
            expand_separate(ex);
            ok = expand_key(ex, m) && expand_value(ex, m);
        }
        if (!ok)
            return false;
    }
    ex->source = 0;
    return true;
}

static bool check_actors(struct expander *ex)
{
    for (size_t a = 0; a < ex->sources->n; a++) {
        const struct json_node *m = json_get(source_root(ex, a), "actors");

        for (m = m ? m->first : NULL; m; m = m->next) {
            for (size_t b = a + 1; b < ex->sources->n; b++) {
                char *name = json_node_key(m);
                bool twice = json_get(json_get(source_root(ex, b), "actors"), name) != NULL;

                if (twice)
                    expand_refuse(ex, m,
                                  xasprintf("actor `%s` is that of %s too", name,
                                            ex->sources->items[b].path));
                free(name);
                if (twice)
                    return false;
            }
        }
    }
    return true;
}

/* ---- the top level of one case ---- */

static bool emit_actors(struct expander *ex, const struct json_node *own)
{
    if (own && own->type != JSON_OBJECT)
        return expand_value(ex, own);
    expand_mark(ex, own ? own : source_root(ex, 0), false);
    buf_append_ch(&ex->out, '{');
    for (size_t i = 1; i < ex->sources->n; i++) {
        if (!emit_actors_of(ex, i))
            return false;
    }
    if (!emit_actors_of(ex, 0))
        return false;
    buf_append_ch(&ex->out, '}');
    return true;
}

static bool emit_all_steps(struct expander *ex, const struct json_node *own)
{
    if (own && own->type != JSON_ARRAY)
        return expand_value(ex, own);
    expand_mark(ex, own ? own : source_root(ex, 0), false);
    buf_append_ch(&ex->out, '[');
    for (size_t i = 1; i < ex->sources->n; i++) {
        const struct json_node *steps = json_get(source_root(ex, i), "steps");

        ex->source = i;
        if (steps && !expand_steps(ex, steps, false))
            return false;
    }
    ex->source = 0;
    if (own && !expand_steps(ex, own, false))
        return false;
    buf_append_ch(&ex->out, ']');
    return true;
}

/* The case stands in the id, and in the title where that does not tell the cases apart by itself. */
static bool emit_named(struct expander *ex, const struct json_node *v, const char *open,
                       const char *close, const struct json_node *row)
{
    size_t before = ex->out.len;
    char *name = json_node_str(json_get(row, "case"), NULL);
    bool ok = expand_value(ex, v);

    if (ok && name && v->type == JSON_STRING && ex->out.len > before &&
        slice_eq(v->text, slice_of(ex->out.data + before, ex->out.len - before))) {
        ex->out.len--;
        buf_appendf(&ex->out, "%s%s%s\"", open, name, close);
    }
    free(name);
    return ok;
}

static bool emit_member(struct expander *ex, const struct json_node *m, const struct json_node *row)
{
    if (json_string_is(m->key, slice_str("table")) || json_string_is(m->key, slice_str("setup")))
        return true;
    expand_separate(ex);
    if (!expand_key(ex, m))
        return false;
    if (json_string_is(m->key, slice_str("id")))
        return emit_named(ex, m, "[", "]", row);
    if (json_string_is(m->key, slice_str("title")))
        return emit_named(ex, m, " (", ")", row);
    if (json_string_is(m->key, slice_str("actors")))
        return emit_actors(ex, m);
    if (json_string_is(m->key, slice_str("steps")))
        return emit_all_steps(ex, m);
    return expand_value(ex, m);
}

static bool emit_case(struct expander *ex, const struct json_node *row)
{
    const struct json_node *root = source_root(ex, 0), *m;
    bool setup = ex->sources->n > 1;

    ex->n_groups = 0;
    for (size_t i = 0; i < ex->sources->n; i++) {
        ex->source = i;
        if (!take_groups(ex, json_get(source_root(ex, i), "actors")))
            return false;
    }
    ex->source = 0;
    expand_mark(ex, root, false);
    buf_append_ch(&ex->out, '{');
    for (m = root->first; m; m = m->next) {
        if (!emit_member(ex, m, row))
            return false;
    }
    if (setup && !json_get(root, "actors")) {
        expand_separate(ex);
        buf_append_str(&ex->out, "\"actors\":");
        if (!emit_actors(ex, NULL))
            return false;
    }
    if (setup && !json_get(root, "steps")) {
        expand_separate(ex);
        buf_append_str(&ex->out, "\"steps\":");
        if (!emit_all_steps(ex, NULL))
            return false;
    }
    buf_append_ch(&ex->out, '}');
    return !ex->out.overflow ||
           expand_refuse(ex, root, xstrdup("the file is too large once it is written out"));
}

static void forget_groups(struct expander *ex)
{
    for (size_t i = 0; i < ex->n_groups; i++)
        free(ex->groups[i].name);
    ex->n_groups = 0;
}

static bool add_case(struct expander *ex, const struct json_node *row, struct expanded_list *ret)
{
    const struct json_node *root = source_root(ex, 0), *setup = json_get(root, "setup");
    struct expanded *e;
    bool ok;

    if (row)
        set_row(ex, row);
    ex->block = 0;
    ex->map = source_map_new(ex->sources);
    if (setup)
        ex->map->setup_at =
            (size_t)(setup->text.ptr - json_doc_text(ex->sources->items[0].doc).ptr);
    buf_init(&ex->out, SCENARIO_MAX_BYTES);
    ok = emit_case(ex, row);
    forget_groups(ex);
    ex->total += ex->out.len;
    if (ok && ex->total > MAX_TOTAL_BYTES)
        ok = expand_refuse(ex, root, xstrdup("the file is too large once it is written out"));
    if (!ok) {
        source_map_free(ex->map);
        buf_release(&ex->out);
        return false;
    }
    ret->items = xrealloc(ret->items, (ret->n + 1) * sizeof(*ret->items));
    e = &ret->items[ret->n++];
    *e = (struct expanded){.len = ex->out.len, .map = ex->map};
    e->text = buf_take_str(&ex->out);
    return true;
}

static bool no_second(struct expander *ex, const struct json_node *root)
{
    const struct json_node *m;

    for (m = root->first; m; m = m->next) {
        char *key = json_node_key(m);
        bool second = json_get(root, key) != m;

        if (second)
            expand_refuse(ex, m, xasprintf("key \"%s\" stands twice", key));
        free(key);
        if (second)
            return false;
    }
    return true;
}

/* The table of the file or of one of its set-ups.  *ret_table stays NULL when there is none. */
static bool find_table(struct expander *ex, const struct json_node **ret_table)
{
    bool ok = true;

    for (size_t i = ex->sources->n; ok && i-- > 0;) {
        const struct json_node *table = json_get(source_root(ex, i), "table");

        if (!table)
            continue;
        ex->source = i;
        if (*ret_table)
            return expand_refuse(ex, table, xstrdup("there is a second table"));
        *ret_table = table;
        ex->table_source = i;
        ok = check_table(ex, table);
        ex->source = 0;
    }
    return ok;
}

static bool expand_file(struct expander *ex, struct expanded_list *ret)
{
    const struct json_node *root = source_root(ex, 0), *table = NULL, *row;

    if (root->type != JSON_OBJECT)
        return expand_refuse(ex, root, xstrdup("a scenario is a JSON object"));
    if (!no_second(ex, root) || !add_setups(ex, json_get(root, "setup")) ||
        !find_table(ex, &table) || !check_actors(ex))
        return false;
    if (!table)
        return add_case(ex, NULL, ret);
    take_parameters(ex, table);
    for (row = table->first; row; row = row->next) {
        if (!add_case(ex, row, ret))
            return false;
    }
    return all_used(ex);
}

/* Most files have nothing of this: they are loaded as they stand, and parsed only once. */
static bool has_shorthand(struct slice text)
{
    static const char *const words[] = {"\"table\"", "\"setup\"", "\"count\"", "\"rounds\"",
                                        "\"each\""};
    bool found = false;

    for (size_t i = 0; text.len > 0 && i < ARRAY_LEN(words); i++)
        found |= memmem(text.ptr, text.len, words[i], strlen(words[i])) != NULL;
    return found;
}

bool scenario_expand(struct slice text, const char *path, struct expanded_list *ret,
                     struct diag *reterr)
{
    struct expander ex = {.reterr = reterr};
    bool ok;

    *ret = (struct expanded_list){0};
    if (!has_shorthand(text)) {
        ret->items = xcalloc(1, sizeof(*ret->items));
        ret->items[0] = (struct expanded){.text = xstrndup_slice(text), .len = text.len};
        ret->n = 1;
        return true;
    }
    ex.sources = sources_new();
    ok = sources_add(ex.sources, text, path, reterr) >= 0 && expand_file(&ex, ret);
    for (size_t i = 0; i < ex.n_vars; i++)
        free(ex.vars[i].name);
    free(ex.vars);
    free(ex.groups);
    sources_release(ex.sources);
    if (!ok)
        expanded_list_release(ret);
    return ok;
}

void expanded_list_release(struct expanded_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->items[i].text);
        source_map_free(list->items[i].map);
    }
    free(list->items);
    *list = (struct expanded_list){0};
}
