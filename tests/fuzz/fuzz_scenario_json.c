/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Any text: refused with a position inside of it, or a scenario that lint and story can walk over.  Text that is a pair
 * [pattern, value] also goes through the matcher, which must answer the same however it is asked.
 */
#include "harness/scenario.h"
#include "harness/story.h"
#include "smcp/matcher.h"
#include "tests/fuzz/fuzz.h"

enum { DEPTH = 40, CEILING = 1 << 24 };

static void on_finding(void *user, const struct diag *d)
{
    (void)user;
    HOLDS(d->text && d->at.line > 0 && d->at.column > 0);
}

static void walk(const struct scenario *sc)
{
    struct buf story;

    scenario_lint(sc, on_finding, NULL);
    buf_init(&story, CEILING);
    for (int rev = (int)sc->since; rev <= (int)sc->until; rev++)
        story_steps(sc, (enum smcp_revision_id)rev, &story);
    buf_release(&story);
}

static void fuzz_scenario(struct slice text)
{
    struct scenario_set set = {0};
    struct diag d = {0};

    if (!scenario_set_parse(&set, text, "fuzz.json", &d)) {
        HOLDS(d.text && d.path && d.at.line > 0 && d.at.column > 0);
        diag_release(&d);
        return;
    }
    for (size_t i = 0; i < set.n; i++)
        walk(set.items[i]);
    scenario_set_release(&set);
}

static void fuzz_pair(const struct json_node *pattern, const struct json_node *value)
{
    struct matcher_fault fault = {0};
    struct matcher *m = matcher_compile(pattern, schema_set_embedded(), SMCP_REV_0_1, NULL, &fault);
    struct mismatch why = {0};
    struct buf diff;
    bool ok;

    if (!m) {
        HOLDS(fault.at && fault.text);
        free(fault.text);
        return;
    }
    ok = matcher_match_node(m, value, &why);
    HOLDS(ok == matcher_match(m, value->text, NULL));
    HOLDS(ok || (why.pointer && why.expected && why.actual && why.score >= 0 && why.score < 1));
    buf_init(&diff, CEILING);
    matcher_diff(m, value->text, 20, &diff);
    HOLDS(ok == (diff.len == 0));
    buf_clear(&diff);
    matcher_print(m, &diff);
    buf_release(&diff);
    mismatch_release(&why);
    matcher_free(m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct slice text = slice_of((const char *)data, size);
    struct json_doc *doc;
    struct wire_fault fault;

    fuzz_scenario(text);
    if (size > 20000 || json_doc_parse(text, DEPTH, &doc, &fault) != WIRE_OK)
        return 0;
    if (json_doc_root(doc)->type == JSON_ARRAY && json_doc_root(doc)->count == 2)
        fuzz_pair(json_at(json_doc_root(doc), 0), json_at(json_doc_root(doc), 1));
    json_doc_free(doc);
    return 0;
}
