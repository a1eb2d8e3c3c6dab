/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/baseline_internal.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 8 << 20, MAX_DEPTH = 16 };

static const char *const members[BASELINE_MEMBERS] = {"scenario", "check",     "reason",
                                                      "revision", "transport", "flaky"};

enum { REQUIRED = 3 }; /* the first ones of `members` */

/* ---- reading ---- */

static bool read_file(const char *path, struct buf *out, char **reterr)
{
    FILE *f = fopen(path, "rb");
    char part[4096];
    size_t n;
    bool ok;

    if (!f) {
        *reterr = xasprintf("%s: %s", path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_append(out, part, n);
    ok = !ferror(f) && !out->overflow;
    if (!ok)
        *reterr = xasprintf("%s: %s", path, ferror(f) ? strerror(errno) : "larger than 8 MiB");
    fclose(f);
    return ok;
}

/* "path:line:column: " and what is wrong with the node.  Takes `text`; always false. */
static bool wrong(const struct baseline *b, const struct json_node *at, char *text, char **reterr)
{
    struct json_position p = json_position_of(b->doc, at);

    *reterr = xasprintf("%s:%u:%u: %s", b->path, p.line, p.column, text);
    free(text);
    return false;
}

static size_t member_index(const char *key)
{
    size_t i = 0;

    while (i < BASELINE_MEMBERS && strcmp(members[i], key) != 0)
        i++;
    return i;
}

static bool unknown_member(const struct baseline *b, const struct json_node *m, char *key,
                           char **reterr)
{
    struct suggest suggest;
    char *phrase, *text;

    suggest_init(&suggest, key);
    for (size_t i = 0; i < BASELINE_MEMBERS; i++)
        suggest_offer(&suggest, members[i]);
    phrase = suggest_phrase(suggest.best);
    text = xasprintf("unknown member `%s`%s", key, phrase);
    free(phrase);
    free(key);
    return wrong(b, m, text, reterr);
}

static bool known_transport(const char *text)
{
    return strcmp(text, "websocket") == 0 || strcmp(text, "polling") == 0 ||
           strcmp(text, "upgrade") == 0;
}

static bool read_member(const struct baseline *b, const struct json_node *m,
                        struct baseline_entry *e, char **reterr)
{
    char *key = json_node_key(m);
    size_t i = member_index(key), len;

    if (i == BASELINE_MEMBERS)
        return unknown_member(b, m, key, reterr);
    free(key);
    if (e->texts[i])
        return wrong(b, m, xasprintf("`%s` stands twice", members[i]), reterr);
    e->texts[i] = json_node_str(m, &len);
    if (!e->texts[i] || len == 0 || strlen(e->texts[i]) != len)
        return wrong(b, m, xasprintf("`%s` must be a text that is not empty", members[i]), reterr);
    if (i == BASELINE_REVISION && !smcp_revision_find(slice_str(e->texts[i])))
        return wrong(b, m, xasprintf("there is no revision `%s`", e->texts[i]), reterr);
    if (i == BASELINE_TRANSPORT && !known_transport(e->texts[i]))
        return wrong(b, m, xstrdup("`transport` must be websocket, polling or upgrade"), reterr);
    return true;
}

static bool same_text(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

static bool same_subject(const struct baseline_entry *a, const struct baseline_entry *b)
{
    for (size_t i = 0; i < BASELINE_MEMBERS; i++)
        if (i != BASELINE_REASON && i != BASELINE_FLAKY && !same_text(a->texts[i], b->texts[i]))
            return false;
    return true;
}

static bool read_entry(struct baseline *b, const struct json_node *node, char **reterr)
{
    struct baseline_entry *e = &b->entries[b->n++];

    e->at = json_position_of(b->doc, node);
    if (node->type != JSON_OBJECT)
        return wrong(b, node, xstrdup("an entry must be an object"), reterr);
    for (const struct json_node *m = node->first; m; m = m->next)
        if (!read_member(b, m, e, reterr))
            return false;
    for (size_t i = 0; i < REQUIRED; i++)
        if (!e->texts[i])
            return wrong(b, node, xasprintf("`%s` is missing", members[i]), reterr);
    for (size_t i = 0; i + 1 < b->n; i++)
        if (same_subject(&b->entries[i], e))
            return wrong(
                b, node,
                xasprintf("the same check is listed in line %u already", b->entries[i].at.line),
                reterr);
    return true;
}

static bool read_entries(struct baseline *b, char **reterr)
{
    const struct json_node *root = json_doc_root(b->doc), *list = json_get(root, "expected");

    if (!list || list->type != JSON_ARRAY)
        return wrong(b, list ? list : root,
                     xstrdup("expected an object with a list, {\"expected\": [ … ]}"), reterr);
    for (const struct json_node *m = root->first; m; m = m->next)
        if (!json_string_is(m->key, slice_str("expected")) &&
            !json_string_is(m->key, slice_str("$schema")) &&
            !json_string_is(m->key, slice_str("comment")))
            return wrong(b, m, xstrdup("unknown member; a baseline has only `expected`"), reterr);
    b->entries = xcalloc(list->count + 1, sizeof(*b->entries));
    for (const struct json_node *m = list->first; m; m = m->next)
        if (!read_entry(b, m, reterr))
            return false;
    return true;
}

struct baseline *baseline_load(const char *path, char **reterr)
{
    struct baseline *b = xcalloc(1, sizeof(*b));
    struct wire_fault fault;
    struct buf text;
    bool ok;

    b->path = xstrdup(path);
    buf_init(&text, MAX_BYTES);
    ok = read_file(path, &text, reterr);
    if (ok && json_doc_parse(buf_slice(&text), MAX_DEPTH, &b->doc, &fault) != WIRE_OK) {
        struct json_position p = json_position_at(buf_slice(&text), fault.offset);

        *reterr = xasprintf("%s:%u:%u: %s", path, p.line, p.column, wire_err_text(fault.code));
        ok = false;
    }
    ok = ok && read_entries(b, reterr);
    buf_release(&text);
    if (ok)
        return b;
    baseline_free(b);
    return NULL;
}

void baseline_free(struct baseline *b)
{
    if (!b)
        return;
    for (size_t i = 0; i < b->n; i++)
        for (size_t k = 0; k < BASELINE_MEMBERS; k++)
            free(b->entries[i].texts[k]);
    free(b->entries);
    json_doc_free(b->doc);
    free(b->path);
    free(b);
}

/* ---- holding a run against it ---- */

bool baseline_names(const struct baseline_entry *e, const struct run_result *r,
                    const struct scenario_result *s)
{
    const char *revision = e->texts[BASELINE_REVISION], *transport = e->texts[BASELINE_TRANSPORT];

    return strcmp(e->texts[BASELINE_SCENARIO], s->scenario->id) == 0 &&
           (!revision || strcmp(revision, smcp_revision(r->revision)->name) == 0) &&
           (!transport || strcmp(transport, s->transport) == 0);
}

bool baseline_knows_flaky(const struct baseline_entry *e, const struct run_result *r,
                          const struct scenario_result *s, const struct check_result *c)
{
    return e->texts[BASELINE_FLAKY] && strcmp(c->check, e->texts[BASELINE_CHECK]) == 0 &&
           baseline_names(e, r, s);
}

/* What the entry meets in this run. */
struct meeting {
    bool played;    /* its scenario */
    bool found;     /* its check */
    bool passed;    /* at least once */
    bool tolerable; /* at least once it failed, or nobody knows */
};

static void meet_check(const struct baseline_entry *e, struct check_result *c, struct meeting *m)
{
    m->found = true;
    switch (c->verdict) {
    case VERDICT_PASS:
    case VERDICT_INFO:
        m->passed = true;
        return;
    case VERDICT_SKIP:
        m->tolerable = true;
        break;
    case VERDICT_WARN:
    case VERDICT_FLAKY:
    case VERDICT_INCONCLUSIVE:
    case VERDICT_FAIL:
        m->tolerable = true;
        c->expected_failure = true;
        break;
    case VERDICT_ERROR: /* says nothing about the target */
        m->tolerable = true;
        return;
    }
    if (!c->baseline_reason)
        c->baseline_reason = xstrdup(e->texts[BASELINE_REASON]);
}

static struct meeting meet_run(const struct baseline_entry *e, struct run_result *r)
{
    struct meeting m = {0};

    for (size_t i = 0; i < r->n_scenarios; i++) {
        struct scenario_result *s = &r->scenarios[i];

        if (!baseline_names(e, r, s))
            continue;
        m.played = true;
        for (size_t k = 0; k < s->n_checks; k++)
            if (strcmp(s->checks[k].check, e->texts[BASELINE_CHECK]) == 0)
                meet_check(e, &s->checks[k], &m);
    }
    return m;
}

static bool has_scenario(const struct scenario_set *known, const char *id)
{
    for (size_t i = 0; i < known->n; i++)
        if (strcmp(known->items[i]->id, id) == 0)
            return true;
    return false;
}

static void add_stale(const struct baseline *b, const struct baseline_entry *e,
                      struct run_result *r, const char *why)
{
    const char *transport = e->texts[BASELINE_TRANSPORT];

    r->stale = xrealloc(r->stale, (r->n_stale + 1) * sizeof(char *));
    r->stale[r->n_stale++] =
        xasprintf("%s:%u:%u: %s%s%s%s: %s: %s", b->path, e->at.line, e->at.column,
                  e->texts[BASELINE_SCENARIO], transport ? " [" : "", transport ? transport : "",
                  transport ? "]" : "", e->texts[BASELINE_CHECK], why);
}

void baseline_apply(const struct baseline *b, struct run_result *r,
                    const struct scenario_set *known)
{
    for (size_t i = 0; i < b->n; i++) {
        const struct baseline_entry *e = &b->entries[i];
        struct meeting m = meet_run(e, r);

        if (m.passed && !m.tolerable && !e->texts[BASELINE_FLAKY])
            add_stale(b, e, r, "is listed as an expected failure, and passes");
        else if (m.played && !m.found && !r->interrupted)
            add_stale(b, e, r, "the scenario has no such check");
        else if (!m.played && known && !has_scenario(known, e->texts[BASELINE_SCENARIO]))
            add_stale(b, e, r, "there is no such scenario");
    }
}
