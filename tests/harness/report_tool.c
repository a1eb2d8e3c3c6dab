/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "endpoint/client.h"
#include "harness/report/report.h"
#include "tests/harness/report_fixture.h"
#include "wire/xmalloc.h"

/*
 * report_tool FOLDER [strict] [all]: a run with every verdict and with all that a hostile peer can put into texts, in every format.  The readers of
 * tests/harness/report_agreement.py then see whether each file still is what it claims to be.
 */

#define HOSTILE                                                                                    \
    "\x1b[31mred\x1e\x07 \xff\xfe\xed\xa0\x80 <script>alert(1)</script> ]]> &amp; | ` ``` # ; "    \
    "\\ \"q\" 'a' %s \xef\xbf\xbe \xc2\x85 {{x}} \xe2\x82\xac \xf0\x9f\x98\x80 --> end\r\nsecond " \
    "line"

static void add_frames(struct scenario_result *s)
{
    static const struct {
        enum tap_kind kind;
        bool outgoing;
        const char *text;
    } rows[] = {{TAP_LINK, false, "connected"},
                {TAP_HTTP_REQUEST, true, "POST /socket.io/?EIO=4 40/smcp,\x1e" HOSTILE},
                {TAP_HTTP_RESPONSE, false, "200 " HOSTILE},
                {TAP_WS_TEXT, false, "2"},
                {TAP_WS_BINARY, true, "b64:AAEC"},
                {TAP_WS_TEXT, false, HOSTILE}};

    s->journal = xcalloc(ARRAY_LEN(rows), sizeof(*s->journal));
    s->n_journal = ARRAY_LEN(rows);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        s->journal[i] = (struct journal_entry){.t_us = 1000 * i + 1,
                                               .actor = (int)(i % 2),
                                               .outgoing = rows[i].outgoing,
                                               .kind = (unsigned char)rows[i].kind,
                                               .text = xstrdup(rows[i].text),
                                               .full_len = strlen(rows[i].text)};
}

/* Every verdict, new and known: names are static, for checks borrow them. */
static void add_every_verdict(struct run_result *r)
{
    static const char *const known[VERDICT_COUNT] = {
        "known skip",  "known pass",         "known info", "known warn",
        "known flaky", "known inconclusive", "known fail", "known error"};
    static const char *const fresh[VERDICT_COUNT] = {"new skip", "new pass",  "new info",
                                                     "new warn", "new flaky", "new inconclusive",
                                                     "new fail", "new error"};

    for (int v = 0; v < VERDICT_COUNT; v++) {
        fixture_add(r, 2, known[v]);
        fixture_verdict(r, 2, known[v], (enum verdict)v, "why");
        fixture_add(r, 2, fresh[v])->is_new = true;
        fixture_verdict(r, 2, fresh[v], (enum verdict)v, "why # new");
    }
    fixture_add(r, 2, "new and expected")->is_new = true;
    fixture_verdict(r, 2, "new and expected", VERDICT_FAIL, "why");
    fixture_check(r, 2, "new and expected")->expected_failure = true;
    fixture_check(r, 2, "new and expected")->baseline_reason = xstrdup("listed");
    r->set_number = 7;
    r->vanished = xcalloc(2, sizeof(char *));
    r->vanished[r->n_vanished++] = xstrdup("room.old: gone " HOSTILE);
    r->vanished[r->n_vanished++] = xstrdup("room.older: gone");
}

static void fill(struct run_result *r)
{
    struct check_result *c = fixture_check(r, 0, "one");

    r->target_name = xstrdup("target " HOSTILE);
    r->target_info = xstrdup("{\"sdk\":\"a\\u0000b\",\"big\":12345678901234567890}");
    r->seed = 18446744073709551615U;
    fixture_verdict(r, 0, "one", VERDICT_FAIL, HOSTILE);
    c->expected = xstrdup(HOSTILE);
    c->actual = xstrdup(HOSTILE);
    c->diff = xstrdup("```\n" HOSTILE "\n```");
    c->journal_at = 5;
    add_frames(&r->scenarios[0]);
    fixture_verdict(r, 0, "two", VERDICT_INCONCLUSIVE, "blocked: " HOSTILE);
    fixture_check(r, 0, "two")->blocked_by = 0;
    fixture_verdict(r, 1, "one", VERDICT_FAIL, "known");
    fixture_check(r, 1, "one")->expected_failure = true;
    fixture_check(r, 1, "one")->baseline_reason = xstrdup("expected " HOSTILE);
    fixture_verdict(r, 1, "two", VERDICT_INFO, NULL);
    fixture_check(r, 1, "two")->observed = xstrdup("A-r12ab-1 says " HOSTILE);
    fixture_verdict(r, 2, "relayed", VERDICT_ERROR, "fault");
    add_every_verdict(r);
    r->stale = xcalloc(1, sizeof(char *));
    r->stale[r->n_stale++] = xstrdup("stale " HOSTILE);
}

int main(int argc, char **argv)
{
    struct report_options options = {.verbosity = 1};
    struct run_result *r = fixture_run();
    bool ok = argc >= 2;

    fill(r);
    for (int i = 2; i < argc; i++) {
        r->strict = r->strict || strcmp(argv[i], "strict") == 0;
        r->score_all = r->score_all || strcmp(argv[i], "all") == 0;
    }
    for (size_t i = 0; ok && i < report_formats_count; i++) {
        char *path = xasprintf("%s/%s", argv[1], report_formats[i].file_name);
        FILE *out = fopen(path, "w");

        ok = out && report_formats[i].write(out, r, &options);
        ok = out && fclose(out) == 0 && ok;
        free(path);
    }
    fixture_free(r);
    return ok ? 0 : 1;
}
