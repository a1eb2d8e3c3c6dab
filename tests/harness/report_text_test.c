/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "endpoint/client.h"
#include "harness/report/evidence.h"
#include "harness/report/generic.h"
#include "harness/report/markdown.h"
#include "harness/report/markup.h"
#include "tests/harness/report_fixture.h"
#include "tests/support/test_wire_check.h"
#include "wire/xmalloc.h"

/* ---- texts of a peer ---- */

static const struct {
    const char *text;
    size_t max;
    const char *clean, *visible;
} texts[] = {
    {"", 10, "", ""},
    {"plain €😀", 100, "plain €😀", "plain €😀"},
    {"a\x1b[31m\x1e\x7f", 100, "a\x1b[31m\x1e\x7f", "a␛[31m␞␡"},
    {"two\nlines\tand\r", 100, "two\nlines\tand\r", "two\nlines\tand␍"},
    {"\xff|\xc3", 100, "\xef\xbf\xbd|\xef\xbf\xbd", "\xef\xbf\xbd|\xef\xbf\xbd"},
    {"\xed\xa0\x80", 100, "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd", /* a surrogate */
     "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
    {"\xc2\x9b\xef\xbf\xbf", 100, "\xc2\x9b\xef\xbf\xbf", "\xef\xbf\xbd\xef\xbf\xbd"},
    {"abcdef", 3, "abc…", "abc…"},
    {"a€€", 5, "a€…", "a€…"}, /* never within a character */
    {"abc", 3, "abc", "abc"},
};

START_TEST(test_text)
{
    struct buf clean, visible;

    buf_init(&clean, SIZE_MAX);
    buf_init(&visible, SIZE_MAX);
    text_append_clean(&clean, texts[_i].text, texts[_i].max);
    text_append_visible(&visible, texts[_i].text, texts[_i].max);
    ck_slice(buf_slice(&clean), slice_str(texts[_i].clean));
    ck_slice(buf_slice(&visible), slice_str(texts[_i].visible));
    buf_release(&clean);
    buf_release(&visible);
}
END_TEST

/* In a process of its own, as Check runs it: what is hidden stays so. */
START_TEST(test_hidden)
{
    char *text;

    text_hide("topsecret");
    text_hide("abc"); /* too short */
    text = text_clean("{\"token\":\"topsecret\"} topsecre abc topsecrettopsecret", 100);
    ck_assert_str_eq(text, "{\"token\":\"***\"} topsecre abc ******");
    free(text);
}
END_TEST

/* ---- what differs from run to run ---- */

static const struct {
    const char *text, *generic;
} generics[] = {
    {"A-r12ab-1 and C-r12ab-1 in here-r12ab-1", "A and C in here"},
    {"A-r12ab-17 is of another scenario", "A-r12ab-17 is of another scenario"},
    {"{\"req_id\":\"r12ab-1\"}", "{\"req_id\":\"*\"}"},
    {"{\"req_id\":\"r12ab-1-x\"}", "{\"req_id\":\"*-x\"}"},
    {"[{\"sid\":\"abc_-9\",\"name\":\"A-r12ab-1\"},{\"sid\":\"z\"}]",
     "[{\"sid\":\"…\",\"name\":\"A\"},{\"sid\":\"…\"}]"},
    {"{\"body\":\"0{\\\"sid\\\":\\\"abc\\\",\\\"upgrades\\\":[]}\"}",
     "{\"body\":\"0{\\\"sid\\\":\\\"…\\\",\\\"upgrades\\\":[]}\"}"},
    {"\"sid\": 7, big 12345678901234567890", "\"sid\": 7, big 12345678901234567890"},
    {"", ""},
};

START_TEST(test_generic)
{
    struct run_result *r = fixture_run();
    char *text = text_generic(&r->scenarios[0], generics[_i].text);

    ck_assert_str_eq(text, generics[_i].generic);
    ck_assert_ptr_null(text_generic(&r->scenarios[0], NULL));
    free(text);
    fixture_free(r);
}
END_TEST

/* ---- frames ---- */

static void add_frames(struct scenario_result *s, const char *actors)
{
    s->n_journal = strlen(actors);
    s->journal = xcalloc(s->n_journal, sizeof(*s->journal));
    for (size_t i = 0; i < s->n_journal; i++) {
        bool ping = actors[i] >= 'a'; /* small letter: a heartbeat of that actor */
        bool foreign = actors[i] == 'F';

        s->journal[i] =
            (struct journal_entry){.actor = (actors[i] & 0xdf) == 'A' ? 0 : 1,
                                   .kind = TAP_WS_TEXT,
                                   .text = xstrdup(ping      ? "2"
                                                   : foreign ? "42/smcp,[\"r12ab-12\"]"
                                                             : "42/smcp,[\"r12ab-1\"]")};
    }
}

static const struct {
    const char *actors;
    int at;
    size_t max;
    const char *shown; /* places in `actors` */
} selections[] =
    {
        {"AAAA", -1, 2, "23"}, {"AAAA", 1, 2, "01"},   {"CAAA", -1, 2, "023"},
        {"CCAAA", 3, 1, "13"}, {"AaAaA", -1, 2, "24"}, {"CAAA", 9, 3, "0123"},
        {"cAAA", -1, 2, "23"}, /* nothing but heartbeats is nothing */
        {"", -1, 2, ""},       {"CAFF", -1, 3, "01"}, /* without a deciding frame, what leaked from another scenario explains nothing */
        {"CAFF", 3, 2, "123"},
};

START_TEST(test_selection)
{
    struct run_result *r = fixture_run();
    struct check_result *c = fixture_check(r, 0, "one");
    size_t n;
    size_t *frames;

    add_frames(&r->scenarios[0], selections[_i].actors);
    c->journal_at = selections[_i].at;
    frames = evidence_frames(&r->scenarios[0], c, selections[_i].max, &n);
    ck_assert_uint_eq(n, strlen(selections[_i].shown));
    for (size_t i = 0; i < n; i++)
        ck_assert_uint_eq(frames[i], (size_t)(selections[_i].shown[i] - '0'));
    free(frames);
    fixture_free(r);
}
END_TEST

/* ---- markup ---- */

static const struct {
    const char *text, *prose, *code;
} cells[] = {
    {"plain", "plain", "`plain`"},
    {"a|b", "a\\|b", "`a\\|b`"},
    {"see `notify:x_y`*", "see `notify:x_y`\\*", "`` see `notify:x_y`* ``"},
    {"one ` tick_", "one \\` tick\\_", "`` one ` tick_ ``"},
    {"<b>&amp;[l](u)", "&lt;b>&amp;amp;\\[l\\](u)", "`<b>&amp;[l](u)`"},
    {"two\nlines", "two lines", "`two lines`"},
    {"``", "``", "``` `` ```"},
};

START_TEST(test_markdown)
{
    struct buf prose, code;

    buf_init(&prose, SIZE_MAX);
    buf_init(&code, SIZE_MAX);
    markdown_append_prose(&prose, cells[_i].text);
    markdown_append_code(&code, cells[_i].text);
    ck_slice(buf_slice(&prose), slice_str(cells[_i].prose));
    ck_slice(buf_slice(&code), slice_str(cells[_i].code));
    buf_release(&prose);
    buf_release(&code);
}
END_TEST

START_TEST(test_markup)
{
    char *text = NULL;
    size_t len = 0;
    FILE *out = open_memstream(&text, &len);

    ck_assert_ptr_nonnull(out);
    markup_print(out, "<a href=\"x\">&'\n\t\x01]]>\xff", SIZE_MAX);
    fclose(out);
    ck_assert_str_eq(text, "&lt;a href=&quot;x&quot;&gt;&amp;'&#10;&#9;␁]]&gt;\xef\xbf\xbd");
    free(text);
}
END_TEST

/* ---- roll-up ---- */

START_TEST(test_rollup)
{
    struct run_result *r = fixture_run();
    struct requirement_roll *rolls;
    size_t n;

    fixture_verdict(r, 0, "two", VERDICT_FAIL, "broken");
    fixture_check(r, 0, "two")->expected_failure = true;
    fixture_verdict(r, 1, "one", VERDICT_SKIP, "left out");
    rolls = rollup_requirements(r, &n);
    ck_assert_uint_eq(n, 2);
    ck_assert_str_eq(rolls[0].id, "ROOM-01");
    ck_assert_int_eq(rolls[0].worst, VERDICT_FAIL);
    ck_assert_uint_eq(rolls[0].by_verdict[VERDICT_PASS], 2);
    ck_assert_uint_eq(rolls[0].by_verdict[VERDICT_FAIL], 1);
    ck_assert_uint_eq(rolls[0].by_verdict[VERDICT_SKIP], 1);
    ck_assert_uint_eq(rolls[0].expected_failures, 1);
    ck_assert_str_eq(rolls[1].id, "TOOL-01");
    ck_assert_int_eq(rolls[1].worst, VERDICT_PASS);
    free(rolls);
    fixture_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("reports");
    TCase *tc = tcase_create("reports");

    tcase_add_loop_test(tc, test_text, 0, (int)ARRAY_LEN(texts));
    tcase_add_test(tc, test_hidden);
    tcase_add_loop_test(tc, test_generic, 0, (int)ARRAY_LEN(generics));
    tcase_add_loop_test(tc, test_selection, 0, (int)ARRAY_LEN(selections));
    tcase_add_loop_test(tc, test_markdown, 0, (int)ARRAY_LEN(cells));
    tcase_add_test(tc, test_markup);
    tcase_add_test(tc, test_rollup);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
