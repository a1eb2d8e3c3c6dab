/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/baseline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wire/json_text.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 8 << 20 };

static bool member_is(const struct json_node *entry, const char *name, const char *text)
{
    const struct json_node *node = json_get(entry, name);

    return node && json_string_is(node->text, slice_str(text));
}

static bool entry_matches(const struct json_node *entry, const struct run_result *r,
                          const struct scenario_result *s, const struct check_result *c)
{
    return member_is(entry, "scenario", s->scenario->id) && member_is(entry, "check", c->check) &&
           (!json_get(entry, "revision") ||
            member_is(entry, "revision", smcp_revision(r->revision)->name)) &&
           (!json_get(entry, "transport") || member_is(entry, "transport", s->transport));
}

/* Mark what the entry lists.  An entry that was judged, and never failed, is stale. */
static void apply_entry(struct run_result *r, const struct json_node *entry)
{
    bool judged = false, failed = false;

    for (size_t i = 0; i < r->n_scenarios; i++) {
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++) {
            struct check_result *c = &r->scenarios[i].checks[k];

            if (!entry_matches(entry, r, &r->scenarios[i], c))
                continue;
            c->expected_failure = true;
            if (!c->baseline_reason)
                c->baseline_reason = json_node_str(json_get(entry, "reason"), NULL);
            failed = failed || c->verdict == VERDICT_FAIL || c->verdict == VERDICT_INCONCLUSIVE;
            judged = judged || c->verdict != VERDICT_SKIP;
        }
    }
    if (!judged || failed)
        return;
    r->stale = xrealloc(r->stale, (r->n_stale + 1) * sizeof(char *));
    r->stale[r->n_stale++] = xasprintf("%.*s is listed as an expected failure and passes",
                                       (int)entry->text.len, entry->text.ptr);
}

static bool read_file(const char *path, struct buf *out, char **reterr)
{
    FILE *f = fopen(path, "rb");
    char part[4096];
    size_t n;

    if (!f) {
        *reterr = xasprintf("%s: %s", path, strerror(errno));
        return false;
    }
    while ((n = fread(part, 1, sizeof(part), f)) > 0)
        buf_append(out, part, n);
    fclose(f);
    return true;
}

static bool entries_are_sound(const struct json_doc *doc, const struct json_node *list,
                              const char *path, char **reterr)
{
    if (!list || list->type != JSON_ARRAY) {
        *reterr = xasprintf("%s: expected an object with a list `expected`", path);
        return false;
    }
    for (const struct json_node *m = list->first; m; m = m->next) {
        struct json_position p = json_position_of(doc, m);

        if (json_get(m, "scenario") && json_get(m, "check") && json_get(m, "reason"))
            continue;
        *reterr = xasprintf("%s:%u:%u: an entry needs scenario, check and reason", path, p.line,
                            p.column);
        return false;
    }
    return true;
}

bool baseline_apply(struct run_result *r, const char *path, char **reterr)
{
    struct wire_fault fault;
    const struct json_node *list;
    struct json_doc *doc = NULL;
    struct buf text;
    bool ok = false;

    buf_init(&text, MAX_BYTES);
    if (!read_file(path, &text, reterr))
        goto out;
    if (json_doc_parse(buf_slice(&text), 16, &doc, &fault) != WIRE_OK) {
        struct json_position p = json_position_at(buf_slice(&text), fault.offset);

        *reterr = xasprintf("%s:%u:%u: %s", path, p.line, p.column, wire_err_text(fault.code));
        goto out;
    }
    list = json_get(json_doc_root(doc), "expected");
    ok = entries_are_sound(doc, list, path, reterr);
    for (const struct json_node *m = ok ? list->first : NULL; m; m = m->next)
        apply_entry(r, m);
out:
    json_doc_free(doc);
    buf_release(&text);
    return ok;
}
