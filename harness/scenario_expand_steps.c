/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/scenario_expand_internal.h"
#include "harness/scenario_internal.h"
#include "wire/xmalloc.h"

enum { MAX_ROUNDS = 1000 };

bool expand_refuse(struct expander *ex, const struct json_node *at, char *text)
{
    const struct source *s = &ex->sources->items[ex->source];

    ex->reterr->path = xstrdup(s->path);
    ex->reterr->at = json_position_of(s->doc, at);
    ex->reterr->text = text;
    return false;
}

/* A row of the table stands in the file that has the table, wherever its value is used. */
static void mark(struct expander *ex, size_t source, struct slice at, bool verbatim)
{
    const char *start = json_doc_text(ex->sources->items[source].doc).ptr;

    if (!ex->out.overflow)
        source_map_add(ex->map,
                       (struct segment){ex->out.len, source, (size_t)(at.ptr - start), verbatim});
}

void expand_mark(struct expander *ex, const struct json_node *at, bool verbatim)
{
    mark(ex, ex->source, at->text, verbatim);
}

void expand_separate(struct expander *ex)
{
    char last = ex->out.len > 0 ? ex->out.data[ex->out.len - 1] : '[';

    if (last != '[' && last != '{')
        buf_append_ch(&ex->out, ',');
}

const struct group *expand_group(const struct expander *ex, struct slice name)
{
    for (size_t i = 0; i < ex->n_groups; i++) {
        if (slice_is(name, ex->groups[i].name))
            return &ex->groups[i];
    }
    return NULL;
}

void expand_bind(struct expander *ex, const struct group *g, unsigned member)
{
    ex->bound = g;
    ex->member = member;
}

/* ---- references that are known here ---- */

/* What stands for a reference: a parameter's JSON, a number of our own, or the name of a member. */
struct meaning {
    struct variable *variable;
    unsigned number;
    bool member;
    size_t len; /* of the text that is replaced */
};

static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* `at` is a brace. */
static bool meaning_of(struct expander *ex, const char *at, const char *end, struct meaning *ret)
{
    const char *name = at + 1, *stop = name;
    struct slice word;

    *ret = (struct meaning){0};
    while (stop < end && name_char(*stop))
        stop++;
    word = slice_of(name, (size_t)(stop - name));
    if (stop == end || stop == name)
        return false;
    ret->len = (size_t)(stop + 1 - at);
    if (*stop == '.' && ex->bound && slice_is(word, ex->bound->name)) {
        ret->member = true;
        return true;
    }
    if (*stop != '}')
        return false;
    if (ex->bound && slice_is(word, "index"))
        ret->number = ex->member;
    else if (ex->round && slice_is(word, "round"))
        ret->number = ex->round;
    for (size_t i = 0; i < ex->n_vars && !ret->number; i++) {
        if (slice_is(word, ex->vars[i].name))
            ret->variable = &ex->vars[i];
    }
    return ret->number || ret->variable;
}

/* The next brace that means something here; NULL: none.  `{{` is a literal brace. */
static const char *next_meaning(struct expander *ex, const char *at, const char *end,
                                struct meaning *ret)
{
    while (at < end && (at = memchr(at, '{', (size_t)(end - at)))) {
        if (meaning_of(ex, at, end, ret))
            return at;
        at += at + 1 < end && at[1] == '{' ? 2 : 1;
    }
    return NULL;
}

/* Inside of a longer string. */
static bool splice(struct expander *ex, const struct meaning *m, const struct json_node *at)
{
    const struct json_node *v;

    if (m->member) {
        buf_appendf(&ex->out, "{%s%u.", ex->bound->name, ex->member);
        return true;
    }
    if (m->number) {
        buf_append_u64(&ex->out, m->number);
        return true;
    }
    m->variable->used = true;
    v = m->variable->value;
    if (v->type == JSON_ARRAY || v->type == JSON_OBJECT)
        return expand_refuse(ex, at,
                             xasprintf("the parameter `%s` is no text: it must be the whole value",
                                       m->variable->name));
    if (v->type == JSON_STRING)
        buf_append(&ex->out, v->text.ptr + 1, v->text.len - 2);
    else
        buf_append_slice(&ex->out, v->text);
    return true;
}

/* `raw` with its quotes.  A string that is one parameter becomes its value. */
static bool append_string(struct expander *ex, struct slice raw, const struct json_node *at,
                          bool is_key)
{
    const char *from = raw.ptr, *end = raw.ptr + raw.len, *brace;
    struct meaning m;

    if (!is_key && raw.len > 3 && raw.ptr[1] == '{' && meaning_of(ex, raw.ptr + 1, end - 1, &m) &&
        m.variable && m.len == raw.len - 2) {
        m.variable->used = true;
        mark(ex, ex->table_source, m.variable->value->text, true);
        buf_append_slice(&ex->out, m.variable->value->text);
        return true;
    }
    while ((brace = next_meaning(ex, from, end, &m))) {
        buf_append(&ex->out, from, (size_t)(brace - from));
        if (!splice(ex, &m, at))
            return false;
        from = brace + m.len;
    }
    buf_append(&ex->out, from, (size_t)(end - from));
    return true;
}

bool expand_key(struct expander *ex, const struct json_node *member)
{
    if (!append_string(ex, member->key, member, true))
        return false;
    buf_append_ch(&ex->out, ':');
    return true;
}

bool expand_value(struct expander *ex, const struct json_node *v)
{
    const struct json_node *m;
    struct meaning meaning;

    if (!next_meaning(ex, v->text.ptr, v->text.ptr + v->text.len, &meaning)) {
        expand_mark(ex, v, true);
        buf_append_slice(&ex->out, v->text);
        return true;
    }
    expand_mark(ex, v, false);
    if (v->type == JSON_STRING)
        return append_string(ex, v->text, v, false);
    buf_append_ch(&ex->out, v->type == JSON_ARRAY ? '[' : '{');
    for (m = v->first; m; m = m->next) {
        expand_separate(ex);
        if ((v->type == JSON_OBJECT && !expand_key(ex, m)) || !expand_value(ex, m))
            return false;
    }
    buf_append_ch(&ex->out, v->type == JSON_ARRAY ? ']' : '}');
    return true;
}

bool expand_number(struct expander *ex, const struct json_node *v, unsigned max, unsigned *ret)
{
    const struct json_node *value = v;
    struct meaning m;
    int64_t n = 0;

    if (v->type == JSON_STRING && v->text.len > 3 && v->text.ptr[1] == '{' &&
        meaning_of(ex, v->text.ptr + 1, v->text.ptr + v->text.len - 1, &m) && m.variable &&
        m.len == v->text.len - 2) {
        m.variable->used = true;
        value = m.variable->value;
    }
    if (value->type != JSON_NUMBER || !json_number_i64(value->text, &n) || n < 1 || n > max)
        return expand_refuse(ex, v, xasprintf("expected a whole number from 1 to %u", max));
    *ret = (unsigned)n;
    return true;
}

/* ---- steps ---- */

/* "C*" -> the group; NULL when it is none. */
static const struct group *starred(const struct expander *ex, struct slice raw)
{
    if (raw.len < 4 || raw.ptr[raw.len - 2] != '*')
        return NULL;
    return expand_group(ex, slice_of(raw.ptr + 1, raw.len - 3));
}

enum suffixed { SUFFIX_CALL, SUFFIX_OF, SUFFIX_CHECK };

/*
 * Labels of calls and names of checks are made different by themselves; a check in `rounds` is one check, so its name does not tell
 * the round.
 */
static bool emit_suffixed(struct expander *ex, const struct json_node *v, enum suffixed what)
{
    if (!expand_value(ex, v))
        return false;
    if (v->type != JSON_STRING || ex->out.overflow || ex->out.data[ex->out.len - 1] != '"')
        return true;
    ex->out.len--;
    if (ex->bound && what == SUFFIX_CALL)
        buf_appendf(&ex->out, "-%s%u", ex->bound->name, ex->member);
    if (ex->bound && what == SUFFIX_CHECK)
        buf_appendf(&ex->out, " (%s%u)", ex->bound->name, ex->member);
    if (ex->round && what != SUFFIX_CHECK)
        buf_appendf(&ex->out, "@%u", ex->round);
    buf_append_ch(&ex->out, '"');
    return true;
}

static bool emit_sessions(struct expander *ex, const struct json_node *v)
{
    const struct json_node *item;

    if (v->type == JSON_OBJECT && v->first && v->first->type == JSON_ARRAY) {
        expand_mark(ex, v, false);
        buf_append_ch(&ex->out, '{');
        if (!expand_key(ex, v->first) || !emit_sessions(ex, v->first))
            return false;
        buf_append_ch(&ex->out, '}');
        return true;
    }
    if (v->type != JSON_ARRAY)
        return expand_value(ex, v);
    expand_mark(ex, v, false);
    buf_append_ch(&ex->out, '[');
    for (item = v->first; item; item = item->next) {
        const struct group *g = item->type == JSON_STRING ? starred(ex, item->text) : NULL;

        expand_mark(ex, item, false);
        for (unsigned i = 1; g && i <= g->count; i++) {
            expand_separate(ex);
            buf_appendf(&ex->out, "\"%s%u\"", g->name, i);
        }
        if (!g) {
            expand_separate(ex);
            if (!expand_value(ex, item))
                return false;
        }
    }
    buf_append_ch(&ex->out, ']');
    return true;
}

static bool emit_attribute(struct expander *ex, const struct json_node *m)
{
    if (ex->source > 0 && json_string_is(m->key, slice_str("checks")))
        return expand_refuse(ex, m, xstrdup("a set-up judges nothing: no `checks` here"));
    if (json_string_is(m->key, slice_str("together")) && m->type == JSON_ARRAY) {
        expand_mark(ex, m, false);
        buf_append_ch(&ex->out, '[');
        if (!expand_steps(ex, m, true))
            return false;
        buf_append_ch(&ex->out, ']');
        return true;
    }
    if (json_string_is(m->key, slice_str("call")) || json_string_is(m->key, slice_str("as")))
        return emit_suffixed(ex, m, SUFFIX_CALL);
    if (json_string_is(m->key, slice_str("of")))
        return emit_suffixed(ex, m, SUFFIX_OF);
    if (json_string_is(m->key, slice_str("check")))
        return emit_suffixed(ex, m, SUFFIX_CHECK);
    if (json_string_is(m->key, slice_str("sessions")))
        return emit_sessions(ex, m);
    return expand_value(ex, m);
}

/* The loader knows the same step of other rounds by its ordinal. */
static void emit_round(struct expander *ex)
{
    if (!ex->round)
        return;
    expand_separate(ex);
    buf_appendf(&ex->out, "\"$round\":[%u,\"%u-%u\"]", ex->round, ex->block, ex->ordinal++);
}

/* One step; `subject` (may be NULL) is the member "C*" of a group. */
static bool emit_object(struct expander *ex, const struct json_node *step,
                        const struct json_node *subject)
{
    const struct json_node *m;

    expand_separate(ex);
    expand_mark(ex, step, false);
    buf_append_ch(&ex->out, '{');
    emit_round(ex);
    for (m = step->first; m; m = m->next) {
        if (json_string_is(m->key, slice_str("each")))
            continue;
        if (m->key.len > 2 && m->key.ptr[1] == '$')
            return expand_refuse(ex, m, xasprintf("unknown key %.*s", (int)m->key.len, m->key.ptr));
        expand_separate(ex);
        if (m == subject)
            buf_appendf(&ex->out, "\"%s%u\":", ex->bound->name, ex->member);
        else if (!expand_key(ex, m))
            return false;
        if (!emit_attribute(ex, m))
            return false;
    }
    buf_append_ch(&ex->out, '}');
    return true;
}

/* All members start at once, in one turn of the loop. */
static bool emit_for_members(struct expander *ex, const struct json_node *step,
                             const struct json_node *subject, const struct group *g, bool inside)
{
    bool wrap = !inside && g->count > 1, ok = true;

    if (json_get(step, "together"))
        return expand_refuse(ex, step, xstrdup("`each` stands on a step of one actor"));
    if (wrap) {
        expand_separate(ex);
        expand_mark(ex, step, false);
        buf_append_ch(&ex->out, '{');
        emit_round(ex);
        expand_separate(ex);
        buf_append_str(&ex->out, "\"together\":");
        expand_mark(ex, step, false);
        buf_append_ch(&ex->out, '[');
    }
    for (unsigned i = 1; ok && i <= g->count; i++) {
        expand_bind(ex, g, i);
        ok = emit_object(ex, step, subject);
    }
    expand_bind(ex, NULL, 0);
    if (wrap)
        buf_append_str(&ex->out, "]}");
    return ok;
}

static bool emit_each(struct expander *ex, const struct json_node *step, const struct json_node *v,
                      bool inside)
{
    const struct group *g = v->type == JSON_STRING ? starred(ex, v->text) : NULL;

    if (!g)
        return expand_refuse(
            ex, v, xstrdup("expected a group such as \"C*\": an actor C that has a `count`"));
    return emit_for_members(ex, step, NULL, g, inside);
}

static bool emit_rounds(struct expander *ex, const struct json_node *step,
                        const struct json_node *rounds, bool inside)
{
    const struct json_node *steps = json_get(step, "steps"), *m;
    unsigned n;

    if (inside || ex->round)
        return expand_refuse(ex, rounds,
                             xstrdup("`rounds` cannot stand inside of `together` or `rounds`"));
    for (m = step->first; m; m = m->next) {
        if (m != rounds && m != steps && !json_string_is(m->key, slice_str("note")))
            return expand_refuse(
                ex, m,
                xasprintf("unknown key %.*s: a step with `rounds` has `steps` and `note`",
                          (int)m->key.len, m->key.ptr));
    }
    if (!steps || steps->type != JSON_ARRAY || steps->count == 0)
        return expand_refuse(ex, steps ? steps : step,
                             xstrdup("`rounds` needs `steps`, the list that is repeated"));
    if (!expand_number(ex, rounds, MAX_ROUNDS, &n))
        return false;
    ex->block++;
    for (ex->round = 1; ex->round <= n && !ex->out.overflow; ex->round++) {
        ex->ordinal = 1;
        if (!expand_steps(ex, steps, false))
            return false;
    }
    ex->round = 0;
    return true;
}

/* The member whose key names a group; *ret_bare: the group without its star. */
static const struct json_node *group_subject(const struct expander *ex,
                                             const struct json_node *step, bool *ret_bare)
{
    const struct json_node *m;

    for (m = step->first; m; m = m->next) {
        *ret_bare = m->key.len > 2 && expand_group(ex, slice_of(m->key.ptr + 1, m->key.len - 2));
        if (*ret_bare || starred(ex, m->key))
            return m;
    }
    return NULL;
}

static bool emit_step(struct expander *ex, const struct json_node *step, bool inside)
{
    const struct json_node *subject, *each, *rounds;
    bool bare = false;

    if (step->type != JSON_OBJECT) {
        expand_separate(ex);
        return expand_value(ex, step);
    }
    rounds = json_get(step, "rounds");
    each = json_get(step, "each");
    subject = group_subject(ex, step, &bare);
    if (rounds)
        return emit_rounds(ex, step, rounds, inside);
    if (bare)
        return expand_refuse(
            ex, subject,
            xasprintf("%.*s is a group: say \"%.*s*\" for all of it, \"%.*s1\" for one",
                      (int)subject->key.len, subject->key.ptr, (int)subject->key.len - 2,
                      subject->key.ptr + 1, (int)subject->key.len - 2, subject->key.ptr + 1));
    if (each && subject)
        return expand_refuse(ex, each, xstrdup("`each` needs a step of one actor, not of a group"));
    if (each)
        return emit_each(ex, step, each, inside);
    if (subject)
        return emit_for_members(ex, step, subject, starred(ex, subject->key), inside);
    return emit_object(ex, step, NULL);
}

bool expand_steps(struct expander *ex, const struct json_node *list, bool inside)
{
    const struct json_node *step;

    for (step = list->first; step; step = step->next) {
        if (!emit_step(ex, step, inside))
            return false;
    }
    return true;
}
