/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/mermaid.h"

#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"

enum { FRAMES = 12, LABEL = 70, NOTE = 120 };

/* Characters that mean something to Mermaid or to the Markdown around it are written as its entities. */
static void append_label(struct buf *out, const char *text, size_t width)
{
    struct buf clean;

    buf_init(&clean, SIZE_MAX);
    text_append_visible(&clean, text, width);
    for (size_t i = 0; i < clean.len; i++) {
        char c = clean.data[i];

        if (c == '\n' || c == '\t')
            buf_append_ch(out, ' ');
        else if (strchr("#;<>`%\\&", c))
            buf_appendf(out, "#%d;", c);
        else
            buf_append_ch(out, c);
    }
    buf_release(&clean);
}

static void append_frame(struct buf *out, const struct journal_entry *e)
{
    const char *direction = frame_direction(e);

    if (direction[0] == 'n')
        buf_appendf(out, "    Note over p%d: ", e->actor);
    else if (e->outgoing)
        buf_appendf(out, "    p%d->>S: ", e->actor);
    else
        buf_appendf(out, "    S->>p%d: ", e->actor);
    append_label(out, e->text[0] ? e->text : " ", LABEL);
    buf_append_ch(out, '\n');
}

static int actor_index(const struct scenario *sc, const char *name)
{
    for (size_t i = 0; name && i < sc->n_actors; i++)
        if (strcmp(sc->actors[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void append_finding(struct buf *out, const struct scenario_result *s,
                           const struct check_result *c)
{
    int actor = actor_index(s->scenario, c->actor);

    if (actor >= 0)
        buf_appendf(out, "    Note over p%d: ✗ ", actor);
    else
        buf_append_str(out, "    Note over S: ✗ ");
    append_label(out, c->reason ? c->reason : c->check, NOTE);
    buf_append_ch(out, '\n');
}

static void append_participants(struct buf *out, const struct scenario *sc)
{
    static const char *const roles[] = {"agent", "computer", "raw"};

    for (size_t i = 0; i < sc->n_actors; i++) {
        buf_appendf(out, "    participant p%zu as ", i);
        append_label(out, sc->actors[i].name, LABEL);
        buf_appendf(out, " (%s)\n", roles[sc->actors[i].role]);
    }
    buf_append_str(out, "    participant S as Server\n");
}

void mermaid_append(struct buf *out, const struct scenario_result *s, const struct check_result *c)
{
    size_t n;
    size_t *frames = evidence_frames(s, c, FRAMES, &n);

    buf_append_str(out, "```mermaid\nsequenceDiagram\n");
    append_participants(out, s->scenario);
    for (size_t i = 0; i < n; i++) {
        const struct journal_entry *e = &s->journal[frames[i]];
        bool marked = c->journal_at >= 0 && frames[i] == (size_t)c->journal_at;

        if (e->actor < 0 || (size_t)e->actor >= s->scenario->n_actors)
            continue;
        if (marked)
            buf_append_str(out, "    rect rgba(255, 0, 0, 0.2)\n");
        append_frame(out, e);
        if (marked)
            buf_append_str(out, "    end\n");
    }
    append_finding(out, s, c);
    buf_append_str(out, "```\n");
    free(frames);
}
