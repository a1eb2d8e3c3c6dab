/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/explain.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "wire/xmalloc.h"

enum { FRAMES_SHOWN = 12, FRAME_WIDTH = 150, VALUE_WIDTH = 2000 };

static void append_place(struct buf *out, const struct scenario_result *s,
                         const struct check_result *c)
{
    if (!s->scenario->path || !c->at.line)
        return;
    buf_appendf(out, "at %s:%u:%u", s->scenario->path, c->at.line, c->at.column);
    if (c->actor)
        buf_appendf(out, ", actor %s", c->actor);
    buf_append_ch(out, '\n');
}

static void append_value(struct buf *out, const char *label, const char *text)
{
    if (!text)
        return;
    buf_append_str(out, label);
    text_append_visible(out, text, VALUE_WIDTH);
    if (out->len == 0 || out->data[out->len - 1] != '\n')
        buf_append_ch(out, '\n');
}

static void append_requirements(struct buf *out, const struct check_result *c)
{
    for (size_t i = 0; c->requirements && c->requirements[i]; i++) {
        const struct requirement *q = requirement_find(c->requirements[i]);

        if (q)
            buf_appendf(out, "  %s (%s): %s\n", q->id, q->level_text, q->statement);
        else
            buf_appendf(out, "  %s\n", c->requirements[i]);
        if (q && q->kind == REQUIREMENT_RULE && q->wire && *q->wire)
            append_value(out, "      on the wire: ", q->wire);
    }
}

void explain_frame(struct buf *out, const struct scenario_result *s, const struct journal_entry *e,
                   bool marked, size_t width)
{
    const char *direction = frame_direction(e);
    const char *arrow = direction[0] == 'n' ? " --" : e->outgoing ? "-> " : "<- ";
    const char *actor = e->actor >= 0 && (size_t)e->actor < s->scenario->n_actors
                            ? s->scenario->actors[e->actor].name
                            : "?";
    char *line = text_clean(e->text, width);

    for (char *p = line; *p; p++)
        if (*p == '\n' || *p == '\r' || *p == '\t')
            *p = ' ';
    buf_appendf(out, "%c %9.3f ms  %-4s %s ", marked ? '*' : ' ', (double)e->t_us / 1000.0, actor,
                arrow);
    text_append_visible(out, line, SIZE_MAX);
    if (e->full_len > strlen(e->text) && strlen(e->text) <= width)
        buf_append_str(out, "…");
    if (e->full_len > width)
        buf_appendf(out, " (%zu bytes)", e->full_len);
    free(line);
}

static void append_frames(struct buf *out, const struct scenario_result *s,
                          const struct check_result *c)
{
    size_t n;
    size_t *frames = evidence_frames(s, c, FRAMES_SHOWN, &n);

    if (n > 0)
        buf_append_str(out, "frames:\n");
    for (size_t i = 0; i < n; i++) {
        buf_append_str(out, "  ");
        explain_frame(out, s, &s->journal[frames[i]],
                      c->journal_at >= 0 && frames[i] == (size_t)c->journal_at, FRAME_WIDTH);
        buf_append_ch(out, '\n');
    }
    free(frames);
}

/* Who is who, in the words of the frames. */
static void append_actors(struct buf *out, const struct scenario_result *s)
{
    static const char *const roles[] = {"agent", "computer", "raw client"};

    for (size_t i = 0; i < s->scenario->n_actors; i++) {
        const struct actor_spec *spec = &s->scenario->actors[i];
        const char *name = s->actor_names ? s->actor_names[i] : NULL;

        buf_appendf(out, "%s%s: %s", i ? "; " : "actors: ", spec->name, roles[spec->role]);
        if (name && strcmp(name, spec->name) != 0) {
            buf_append_str(out, " `");
            text_append_visible(out, name, 60);
            buf_append_ch(out, '`');
        }
    }
    if (s->scenario->n_actors)
        buf_append_ch(out, '\n');
}

/* A difference of one line is in the reason already. */
static void append_diff(struct buf *out, const char *diff)
{
    const char *end = diff ? strchr(diff, '\n') : NULL;

    if (end && end[1])
        append_value(out, "", diff);
}

static void append_blocked(struct buf *out, const struct scenario_result *s,
                           const struct check_result *c)
{
    if (c->blocked_by >= 0 && (size_t)c->blocked_by < s->n_checks)
        append_value(out, "blocked by: ", s->checks[c->blocked_by].check);
}

void explain_check(struct buf *out, const struct run_result *r, const struct scenario_result *s,
                   const struct check_result *c)
{
    char *rerun = evidence_rerun(r, s, c);

    if (s->scenario->title && *s->scenario->title)
        append_value(out, "scenario: ", s->scenario->title);
    append_place(out, s, c);
    append_actors(out, s);
    append_requirements(out, c);
    append_value(out, "", c->reason);
    append_blocked(out, s, c);
    append_value(out, "expected failure: ", c->baseline_reason);
    append_value(out, "expected: ", c->expected);
    append_value(out, "actual:   ", c->actual);
    append_diff(out, c->diff);
    append_frames(out, s, c);
    append_value(out, "rerun: ", rerun);
    free(rerun);
}
