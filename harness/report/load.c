/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/load.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "endpoint/client.h"
#include "harness/absence.h"
#include "harness/report/evidence.h"
#include "harness/report/json.h"
#include "harness/report/load_lines.h"
#include "harness/shard.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 512 << 20, MAX_DEPTH = 64, MAX_FRAMES = 1 << 20 };

struct reading {
    struct loaded_report *l;
    const char *path;
    char **reterr;
};

static bool wrong(const struct reading *r, const struct json_node *at, const char *text)
{
    struct json_position p = at ? json_position_of(r->l->doc, at) : (struct json_position){1, 1};

    if (!*r->reterr)
        *r->reterr = xasprintf("%s:%u:%u: %s", r->path, p.line, p.column, text);
    return false;
}

/* ---- members ---- */

/* Kept by the report for as long as it lives. */
static const char *keep(struct loaded_report *l, char *text)
{
    if ((l->n_texts & (l->n_texts - 1)) == 0)
        l->texts = xrealloc(l->texts, (l->n_texts ? 2 * l->n_texts : 1) * sizeof(char *));
    l->texts[l->n_texts++] = text;
    return text;
}

static char *text_of(const struct json_node *object, const char *name)
{
    return json_node_str(json_get(object, name), NULL);
}

static const char *kept_text(struct loaded_report *l, const struct json_node *object,
                             const char *name)
{
    char *text = text_of(object, name);

    return keep(l, text ? text : xstrdup(""));
}

static uint64_t number_of(const struct json_node *object, const char *name)
{
    const struct json_node *node = json_get(object, name);
    char digits[32];

    if (!node || node->type != JSON_NUMBER || node->text.len >= sizeof(digits))
        return 0;
    memcpy(digits, node->text.ptr, node->text.len);
    digits[node->text.len] = '\0';
    return strtoull(digits, NULL, 10);
}

static uint64_t us_of(const struct json_node *object, const char *name)
{
    const struct json_node *node = json_get(object, name);

    if (!node || node->type != JSON_NUMBER)
        return 0;
    return (uint64_t)(json_number_double(node->text) * 1000.0 + 0.5);
}

static bool is_true(const struct json_node *object, const char *name)
{
    const struct json_node *node = json_get(object, name);

    return node && node->type == JSON_TRUE;
}

/* Place of a word in a list; `n` when it is not there. */
static int word_of(const struct json_node *object, const char *name, const char *const *words,
                   int n)
{
    const struct json_node *node = json_get(object, name);

    for (int i = 0; node && i < n; i++)
        if (words[i] && json_string_is(node->text, slice_str(words[i])))
            return i;
    return n;
}

static int verdict_of(const struct json_node *object)
{
    const struct json_node *node = json_get(object, "verdict");

    return node ? verdict_find(node->text) : VERDICT_COUNT;
}

/* ---- scenarios ---- */

static void load_actors(struct loaded_report *l, struct scenario *sc, const struct json_node *list)
{
    static const char *const roles[] = {"agent", "computer", "raw"};

    sc->actors = xcalloc((list ? list->count : 0) + 1, sizeof(*sc->actors));
    for (const struct json_node *m = list ? list->first : NULL; m; m = m->next) {
        struct actor_spec *spec = &sc->actors[sc->n_actors++];
        int role = word_of(m, "role", roles, 3);

        spec->name = json_node_key(m);
        keep(l, spec->name);
        spec->role = role < 3 ? (enum actor_role)role : ACTOR_RAW;
    }
}

/* Results of one scenario lie side by side and share it. */
static const struct scenario *scenario_of(struct loaded_report *l, const struct json_node *node)
{
    struct scenario *sc = l->n_scenarios ? &l->scenarios[l->n_scenarios - 1] : NULL;

    if (sc && json_string_is(json_get(node, "scenario")->text, slice_str(sc->id)))
        return sc;
    sc = &l->scenarios[l->n_scenarios++];
    sc->id = text_of(node, "scenario");
    keep(l, sc->id);
    sc->title = text_of(node, "title");
    sc->path = text_of(node, "file");
    keep(l, sc->title ? sc->title : (sc->title = xstrdup("")));
    keep(l, sc->path);
    load_actors(l, sc, json_get(node, "actors"));
    return sc;
}

static int actor_index(const struct scenario *sc, const struct json_node *frame)
{
    const struct json_node *actor = json_get(frame, "actor");

    for (size_t i = 0; actor && actor->type == JSON_STRING && i < sc->n_actors; i++)
        if (json_string_is(actor->text, slice_str(sc->actors[i].name)))
            return (int)i;
    return -1;
}

static void load_frame(const struct scenario_result *s, struct journal_entry *e,
                       const struct json_node *frame)
{
    static const char *const kinds[] = {[TAP_WS_TEXT] = "text",
                                        [TAP_WS_BINARY] = "binary",
                                        [TAP_HTTP_REQUEST] = "request",
                                        [TAP_HTTP_RESPONSE] = "response",
                                        [TAP_LINK] = "link"};
    static const char *const ways[] = {"in", "out"};
    int kind = word_of(frame, "kind", kinds, (int)ARRAY_LEN(kinds));

    e->t_us = us_of(frame, "ms");
    e->actor = actor_index(s->scenario, frame);
    e->outgoing = word_of(frame, "direction", ways, 2) == 1;
    e->kind = (unsigned char)(kind < (int)ARRAY_LEN(kinds) ? kind : TAP_LINK);
    e->text = text_of(frame, "text");
    if (!e->text)
        e->text = xstrdup("");
    e->full_len = json_get(frame, "length") ? (size_t)number_of(frame, "length") : strlen(e->text);
}

static void load_frames(struct scenario_result *s, const struct json_node *list)
{
    if (!list)
        return;
    s->journal = xcalloc(list->count + 1, sizeof(*s->journal));
    for (const struct json_node *m = list->first; m; m = m->next)
        load_frame(s, &s->journal[s->n_journal++], m);
}

static void load_actor_names(struct scenario_result *s, const struct json_node *list)
{
    size_t n = 0;

    s->actor_names = xcalloc(s->scenario->n_actors + 1, sizeof(char *));
    for (const struct json_node *m = list ? list->first : NULL; m && n < s->scenario->n_actors;
         m = m->next)
        s->actor_names[n++] = text_of(m, "name");
}

static const char *transport_of(const struct json_node *node)
{
    static const char *const words[] = {"websocket", "polling", "upgrade"};
    int i = word_of(node, "transport", words, 3);

    return i < 3 ? words[i] : NULL;
}

static bool load_scenario(const struct reading *r, const struct json_node *node)
{
    struct run_result *run = &r->l->result;
    struct scenario_result *s = &run->scenarios[run->n_scenarios];
    const struct json_node *id = json_get(node, "scenario");
    int verdict = verdict_of(node);

    s->transport = transport_of(node);
    if (!id || id->type != JSON_STRING || !s->transport || verdict == VERDICT_COUNT)
        return wrong(r, node, "a scenario needs scenario, transport and verdict");
    run->n_scenarios++;
    s->scenario = scenario_of(r->l, node);
    s->verdict = (enum verdict)verdict;
    s->repetition = (unsigned)number_of(node, "repetition");
    s->trouble = text_of(node, "trouble");
    s->skip_reason = text_of(node, "skip_reason");
    s->started_us = us_of(node, "started_ms");
    s->ended_us = s->started_us + us_of(node, "duration_ms");
    load_actor_names(s, json_get(node, "actors"));
    load_frames(s, json_get(node, "transcript"));
    return true;
}

/* ---- checks ---- */

static const char *const *requirements_of(struct loaded_report *l, const struct json_node *check)
{
    const struct json_node *node = json_get(check, "requirements");
    const char **list = xcalloc((node ? node->count : 0) + 1, sizeof(*list));
    size_t n = 0;

    for (const struct json_node *m = node ? node->first : NULL; m; m = m->next)
        if (m->type == JSON_STRING)
            list[n++] = keep(l, json_node_str(m, NULL));
    l->lists = xrealloc(l->lists, (l->n_lists + 1) * sizeof(*l->lists));
    l->lists[l->n_lists++] = list;
    return list;
}

/* Frames lie at the places that they had in the whole transcript; what is missing between them is blank. */
static void make_room(struct scenario_result *s, size_t n)
{
    if (n <= s->n_journal)
        return;
    s->journal = xrealloc(s->journal, n * sizeof(*s->journal));
    for (; s->n_journal < n; s->n_journal++)
        s->journal[s->n_journal] =
            (struct journal_entry){.actor = -1, .kind = TAP_LINK, .text = xstrdup("")};
}

/* Where the transcript is left out, the evidence of its checks takes its place. */
static bool load_evidence(const struct reading *r, struct scenario_result *s,
                          struct check_result *c, const struct json_node *list)
{
    for (const struct json_node *m = list ? list->first : NULL; m; m = m->next) {
        size_t n = (size_t)number_of(m, "n");

        if (n >= MAX_FRAMES)
            return wrong(r, m, "no such frame");
        make_room(s, n + 1);
        if (frame_is_blank(&s->journal[n])) {
            free(s->journal[n].text);
            load_frame(s, &s->journal[n], m);
        }
        if (is_true(m, "marked"))
            c->journal_at = (int)n;
    }
    return true;
}

static void load_absence(struct check_result *c, const struct json_node *node)
{
    static const enum absence_grade grades[] = {ABSENCE_FENCED, ABSENCE_WITNESSED, ABSENCE_SETTLED,
                                                ABSENCE_UNPROVEN};

    for (size_t i = 0; node && i < ARRAY_LEN(grades); i++)
        if (json_string_is(json_get(node, "grade") ? json_get(node, "grade")->text : slice_str(""),
                           slice_str(absence_name(grades[i]))))
            c->absence = grades[i];
    c->settled_ms = (uint32_t)number_of(node, "settled_ms");
}

static int blocker_of(const struct scenario_result *s, const struct json_node *node)
{
    const struct json_node *name = json_get(node, "blocked_by");

    for (size_t k = 0; name && k < s->n_checks; k++)
        if (json_string_is(name->text, slice_str(s->checks[k].check)))
            return (int)k;
    return -1;
}

static struct scenario_result *result_of(struct run_result *run, size_t *at,
                                         const struct json_node *node, const char *transport)
{
    const struct json_node *id = json_get(node, "scenario");
    unsigned repetition = (unsigned)number_of(node, "repetition");

    /* Checks stand in the order of the scenarios, so the search goes on where it was. */
    for (; id && *at < run->n_scenarios; ++*at) {
        struct scenario_result *s = &run->scenarios[*at];

        if (strcmp(s->transport, transport) == 0 && s->repetition == repetition &&
            json_string_is(id->text, slice_str(s->scenario->id)))
            return s;
    }
    return NULL;
}

static void load_texts(struct loaded_report *l, struct check_result *c,
                       const struct json_node *node)
{
    c->check = kept_text(l, node, "check");
    c->requirements = requirements_of(l, node);
    c->actor = json_get(node, "actor") ? kept_text(l, node, "actor") : NULL;
    c->reason = text_of(node, "reason");
    c->expected = text_of(node, "expectation");
    c->actual = text_of(node, "actual");
    c->diff = text_of(node, "diff");
    c->observed = text_of(node, "observed");
    c->baseline_reason = text_of(node, "baseline_reason");
}

static bool load_check(const struct reading *r, const struct json_node *node, size_t *at)
{
    const char *transport = transport_of(node);
    struct scenario_result *s;
    struct check_result *c;
    int verdict = verdict_of(node);

    if (!transport || verdict == VERDICT_COUNT || !json_get(node, "check"))
        return wrong(r, node, "a check needs check, transport and verdict");
    s = result_of(&r->l->result, at, node, transport);
    if (!s)
        return wrong(r, node, "the check belongs to no scenario, or is out of order");
    s->checks = xrealloc(s->checks, (s->n_checks + 1) * sizeof(*s->checks));
    c = &s->checks[s->n_checks];
    memset(c, 0, sizeof(*c));
    c->verdict = (enum verdict)verdict;
    load_texts(r->l, c, node);
    c->expected_failure = is_true(node, "expected");
    c->is_new = is_true(node, "new");
    c->should = json_get(node, "level") &&
                json_string_is(json_get(node, "level")->text, slice_str("SHOULD"));
    c->at = (struct json_position){(unsigned)number_of(node, "line"),
                                   (unsigned)number_of(node, "column")};
    c->duration_ms = (uint32_t)number_of(node, "duration_ms");
    c->journal_from = c->journal_at = -1;
    c->blocked_by = blocker_of(s, node);
    load_absence(c, json_get(node, "absence"));
    s->n_checks++;
    return load_evidence(r, s, c, json_get(node, "evidence"));
}

/* ---- the whole ---- */

static void load_shard(struct run_result *run, const struct json_node *root)
{
    struct shard shard = {0, 0};
    char *text = text_of(root, "shard");

    if (text && shard_parse(&shard, text)) {
        run->shard_part = shard.part;
        run->shard_parts = shard.parts;
    }
    free(text);
}

static char **load_list(const struct json_node *list, size_t *ret_n)
{
    char **texts = xcalloc((list ? list->count : 0) + 1, sizeof(char *));

    for (const struct json_node *m = list ? list->first : NULL; m; m = m->next)
        texts[(*ret_n)++] = m->type == JSON_STRING ? json_node_str(m, NULL) : xstrdup("");
    return texts;
}

static bool load_head(const struct reading *r, const struct json_node *root)
{
    struct run_result *run = &r->l->result;
    const struct json_node *target = json_get(root, "target"), *info = json_get(target, "info");
    const struct json_node *revision = json_get(root, "revision");
    static const char *const all = "all";
    char *name;

    if (number_of(root, "schema_version") != REPORT_SCHEMA_VERSION)
        return wrong(r, json_get(root, "schema_version"),
                     "no report of smcp-harness, or of another schema_version");
    name = revision ? json_node_str(revision, NULL) : NULL;
    if (!name || !smcp_revision_find(slice_str(name))) {
        free(name);
        return wrong(r, revision, "unknown revision");
    }
    run->revision = smcp_revision_find(slice_str(name))->id;
    free(name);
    run->target_name = text_of(target, "name");
    run->target_url = text_of(target, "url");
    run->target_info = info ? xstrndup_slice(info->text) : NULL;
    run->rtt_us = (uint32_t)us_of(target, "rtt_ms");
    run->pace_percent = (unsigned)(us_of(target, "time_scale") / 10);
    run->started_at = text_of(root, "started_at");
    run->rerun = text_of(root, "rerun");
    run->error = text_of(root, "error");
    run->fence = text_of(root, "fence");
    run->duration_ms = (uint32_t)number_of(root, "duration_ms");
    run->settle_ms = (uint32_t)number_of(root, "settle_ms");
    run->seed = number_of(root, "seed");
    run->strict = is_true(root, "strict");
    run->interrupted = is_true(root, "interrupted");
    load_shard(run, root);
    run->stale = load_list(json_get(root, "stale"), &run->n_stale);
    run->vanished = load_list(json_get(root, "vanished"), &run->n_vanished);
    run->set_number = (unsigned)number_of(root, "set");
    run->score_all = word_of(root, "score", &all, 1) == 0;
    return true;
}

static bool load_lists(const struct reading *r, const struct json_node *root)
{
    const struct json_node *scenarios = json_get(root, "scenarios"),
                           *checks = json_get(root, "checks");
    size_t at = 0;

    if (!scenarios || scenarios->type != JSON_ARRAY || !checks || checks->type != JSON_ARRAY)
        return wrong(r, root, "a report needs the lists scenarios and checks");
    r->l->result.scenarios = xcalloc(scenarios->count + 1, sizeof(struct scenario_result));
    r->l->scenarios = xcalloc(scenarios->count + 1, sizeof(struct scenario));
    for (const struct json_node *m = scenarios->first; m; m = m->next)
        if (!load_scenario(r, m))
            return false;
    for (const struct json_node *m = checks->first; m; m = m->next)
        if (!load_check(r, m, &at))
            return false;
    return true;
}

static bool read_file(const struct reading *r, struct buf *out)
{
    FILE *f = fopen(r->path, "rb");
    char part[1 << 16];
    size_t n;

    if (!f) {
        *r->reterr = xasprintf("%s: %s", r->path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_append(out, part, n);
    fclose(f);
    return true;
}

/* JSON Lines become the document that they stand for. */
static bool join_lines(const struct reading *r, struct buf *text)
{
    struct buf document;
    unsigned line;

    if (!report_is_lines(buf_slice(text)))
        return true;
    buf_init(&document, MAX_BYTES);
    if (!report_from_lines(buf_slice(text), &document, &line)) {
        *r->reterr = xasprintf("%s:%u:1: no line of a report", r->path, line);
        buf_release(&document);
        return false;
    }
    buf_release(text);
    *text = document;
    return true;
}

struct loaded_report *report_load(const char *path, char **reterr)
{
    struct loaded_report *l = xcalloc(1, sizeof(*l));
    struct reading r = {l, path, reterr};
    struct wire_fault fault;
    struct buf text;
    bool ok;

    *reterr = NULL;
    buf_init(&text, MAX_BYTES);
    ok = read_file(&r, &text) && join_lines(&r, &text);
    if (ok && json_doc_parse(buf_slice(&text), MAX_DEPTH, &l->doc, &fault) != WIRE_OK) {
        struct json_position p = json_position_at(buf_slice(&text), fault.offset);

        *reterr = xasprintf("%s:%u:%u: %s", path, p.line, p.column, wire_err_text(fault.code));
        ok = false;
    }
    ok = ok && load_head(&r, json_doc_root(l->doc)) && load_lists(&r, json_doc_root(l->doc));
    buf_release(&text);
    if (!ok) {
        report_unload(l);
        return NULL;
    }
    run_result_summarize(&l->result);
    return l;
}

void report_unload(struct loaded_report *l)
{
    if (!l)
        return;
    run_result_release(&l->result);
    for (size_t i = 0; i < l->n_scenarios; i++)
        free(l->scenarios[i].actors);
    free(l->scenarios);
    for (size_t i = 0; i < l->n_texts; i++)
        free(l->texts[i]);
    free(l->texts);
    for (size_t i = 0; i < l->n_lists; i++)
        free(l->lists[i]);
    free(l->lists);
    json_doc_free(l->doc);
    free(l);
}
