/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/story.h"

#include <stdlib.h>
#include <string.h>

#include "harness/language.h"
#include "wire/xmalloc.h"

/* JSON without the blanks of the file. */
static void append_compact(struct slice json, struct buf *out)
{
    bool in_string = false;

    for (size_t i = 0; i < json.len; i++) {
        char c = json.ptr[i];

        if (in_string && c == '\\') {
            buf_append_ch(out, c);
            c = json.ptr[++i];
        } else if (c == '"') {
            in_string = !in_string;
        } else if (!in_string && (c == ' ' || c == '\n' || c == '\r' || c == '\t')) {
            continue;
        }
        buf_append_ch(out, c);
        if (!in_string && (c == ',' || c == ':'))
            buf_append_ch(out, ' ');
    }
}

/* Said without its name: "joins here", "receives notify:enter_office". */
static bool is_object(const char *key)
{
    return strcmp(key, "event") == 0 || strcmp(key, "office") == 0 || strcmp(key, "text") == 0;
}

static bool is_margin(const char *key)
{
    static const char *const margin[] = {"checks", "check", "note", "since",   "until",
                                         "level",  "twin",  "as",   "no_twin", "$round"};

    for (size_t i = 0; i < ARRAY_LEN(margin); i++) {
        if (strcmp(key, margin[i]) == 0)
            return true;
    }
    return false;
}

static void append_value(const struct json_node *v, struct buf *out)
{
    char *text = v->type == JSON_STRING && memchr(v->text.ptr, ' ', v->text.len) == NULL
                     ? json_node_str(v, NULL)
                     : NULL;

    if (text)
        buf_append_str(out, text);
    else
        append_compact(v->text, out);
    free(text);
}

void story_step(const struct scenario *sc, const struct step *s, struct buf *out)
{
    const struct json_node *m;

    if (s->verb == VERB_TOGETHER) {
        buf_append_str(out, "together:");
        return;
    }
    if (s->actor >= 0)
        buf_appendf(out, "%s %s", sc->actors[s->actor].name, verb_rows[s->verb].text);
    else
        buf_append_str(out, "of all acks");
    for (m = s->node->first; m; m = m->next) {
        char *key = json_node_key(m);

        if ((s->actor < 0 || strcmp(key, sc->actors[s->actor].name) != 0) && !is_margin(key)) {
            buf_append_ch(out, ' ');
            if (!is_object(key))
                buf_appendf(out, "%s ", key);
            append_value(m, out);
        }
        free(key);
    }
}

static void append_margin(const struct step *s, struct buf *out)
{
    char *note = json_node_str(json_get(s->node, "note"), NULL);

    if (s->requirements) {
        buf_append_str(out, s->observe ? "   [observes" : s->should ? "   [should" : "   [checks");
        for (const char **id = s->requirements; *id; id++)
            buf_appendf(out, " %s", *id);
        buf_append_ch(out, ']');
    }
    if (note)
        buf_appendf(out, "   (%s)", note);
    free(note);
    buf_append_ch(out, '\n');
}

static void append_steps(const struct scenario *sc, const struct step *steps, size_t n,
                         enum smcp_revision_id rev, bool inside, struct buf *out)
{
    unsigned number = 0;

    for (size_t i = 0; i < n; i++) {
        const struct step *s = &steps[i];

        if (rev < s->since || rev > s->until || s->round > 1)
            continue;
        if (inside)
            buf_append_str(out, "        - ");
        else
            buf_appendf(out, "  %3u. ", ++number);
        if (s->round && !inside)
            buf_append_str(out, "every round: ");
        story_step(sc, s, out);
        append_margin(s, out);
        append_steps(sc, s->children, s->n_children, rev, true, out);
    }
}

void story_steps(const struct scenario *sc, enum smcp_revision_id rev, struct buf *out)
{
    append_steps(sc, sc->steps, sc->n_steps, rev, false, out);
}
