/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/baseline.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/report_fixture.h"
#include "tests/support/test_wire_check.h"
#include "wire/xmalloc.h"

static char path[] = "/tmp/baseline-test-XXXXXX";

static void setup(void)
{
    int fd;

    strcpy(path + sizeof(path) - 7, "XXXXXX");
    fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

static void teardown(void)
{
    unlink(path);
}

static void write_text(const char *text)
{
    FILE *f = fopen(path, "w");

    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
}

/* ---- mistakes, each with its place ---- */

#define ENTRY "{\"scenario\":\"room.join\",\"check\":\"one\",\"reason\":\"known\"}"

static const struct {
    const char *text;
    const char *message; /* after the path */
} mistakes[] = {
    {"{", ":1:2: "},
    {"", ":1:1: "},
    {"[]", ":1:1: expected an object with a list"},
    {"{\"expected\":{}}", ":1:13: expected an object with a list"},
    {"{\"expected\":[1]}", ":1:14: an entry must be an object"},
    {"{\"expected\":[\n  {\"check\":\"one\",\"reason\":\"r\"}]}", ":2:3: `scenario` is missing"},
    {"{\"expected\":[{\"scenario\":\"s\",\"reason\":\"r\"}]}", ":1:14: `check` is missing"},
    {"{\"expected\":[{\"scenario\":\"s\",\"check\":\"one\"}]}", ":1:14: `reason` is missing"},
    {"{\"expected\":[{\"scenario\":\"s\",\"check\":\"c\",\"reason\":\"\"}]}",
     "`reason` must be a text that is not empty"},
    {"{\"expected\":[{\"scenario\":7,\"check\":\"c\",\"reason\":\"r\"}]}",
     ":1:26: `scenario` must be a text"},
    {"{\"expected\":[{\"scenario\":\"s\",\"check\":\"c\",\"reason\":\"r\",\"transprot\":"
     "\"polling\"}]}",
     "unknown member `transprot` (did you mean `transport`?)"},
    {"{\"expected\":[{\"scenario\":\"s\",\"check\":\"c\",\"reason\":\"r\",\"transport\":\"tcp\"}]}",
     "`transport` must be websocket, polling or upgrade"},
    {"{\"expected\":[{\"scenario\":\"s\",\"check\":\"c\",\"reason\":\"r\",\"revision\":\"9.9\"}]}",
     "there is no revision `9.9`"},
    {"{\"expected\":[{\"scenario\":\"s\",\"scenario\":\"s\",\"check\":\"c\",\"reason\":\"r\"}]}",
     "`scenario` stands twice"},
    {"{\"expected\":[" ENTRY ",\n" ENTRY "]}", ":2:1: the same check is listed in line 1 already"},
    {"{\"expected\":[],\"more\":1}", "unknown member"},
};

START_TEST(test_mistake)
{
    char *error = NULL;

    write_text(mistakes[_i].text);
    ck_assert_ptr_null(baseline_load(path, &error));
    ck_assert_ptr_nonnull(error);
    ck_assert_int_eq(strncmp(error, path, strlen(path)), 0);
    ck_assert_msg(strstr(error, mistakes[_i].message) != NULL, "%s: got %s", mistakes[_i].message,
                  error);
    free(error);
}
END_TEST

START_TEST(test_missing_file)
{
    char *error = NULL;

    ck_assert_ptr_null(baseline_load("/nonexistent/baseline.json", &error));
    ck_assert_ptr_nonnull(strstr(error, "No such file"));
    free(error);
}
END_TEST

/* ---- rules ---- */

/* `entry` against check "one" of room.join, whose verdicts on websocket and polling are given. */
static const struct {
    const char *name;
    const char *entry; /* more members of it */
    enum verdict websocket, polling;
    size_t failed, expected, stale; /* afterwards */
} rules[] = {
    {"listed, fails everywhere", "", VERDICT_FAIL, VERDICT_FAIL, 0, 2, 0},
    {"listed, fails on one", "", VERDICT_FAIL, VERDICT_PASS, 0, 1, 0},
    {"listed as flaky, passes", ",\"flaky\":\"2 of 5 runs\"", VERDICT_PASS, VERDICT_PASS, 0, 0, 0},
    {"listed as flaky, fails", ",\"flaky\":\"2 of 5 runs\"", VERDICT_FAIL, VERDICT_PASS, 0, 1, 0},
    {"listed, passes", "", VERDICT_PASS, VERDICT_PASS, 0, 0, 1},
    {"listed, only observed", "", VERDICT_INFO, VERDICT_INFO, 0, 0, 1},
    {"listed, blocked", "", VERDICT_INCONCLUSIVE, VERDICT_PASS, 0, 0, 0},
    {"listed, skipped", "", VERDICT_SKIP, VERDICT_SKIP, 0, 0, 0},
    {"listed, flaky", "", VERDICT_FLAKY, VERDICT_PASS, 0, 0, 0},
    {"listed, but the harness failed", "", VERDICT_ERROR, VERDICT_PASS, 1, 0, 0},
    {"for this transport", ",\"transport\":\"websocket\"", VERDICT_FAIL, VERDICT_PASS, 0, 1, 0},
    {"for the other transport", ",\"transport\":\"polling\"", VERDICT_FAIL, VERDICT_FAIL, 1, 1, 0},
    {"for the other, which passes", ",\"transport\":\"polling\"", VERDICT_FAIL, VERDICT_PASS, 1, 0,
     1},
    {"for one not played", ",\"transport\":\"upgrade\"", VERDICT_PASS, VERDICT_PASS, 0, 0, 0},
    {"for this revision", ",\"revision\":\"0.1\"", VERDICT_FAIL, VERDICT_FAIL, 0, 2, 0},
    {"for another revision", ",\"revision\":\"0.2\"", VERDICT_FAIL, VERDICT_FAIL, 2, 0, 0},
    {"for another revision, passes", ",\"revision\":\"0.2\"", VERDICT_PASS, VERDICT_PASS, 0, 0, 0},
};

START_TEST(test_rule)
{
    char *error = NULL, *text = xasprintf("{\"expected\":[{\"scenario\":\"room.join\",\"check\":"
                                          "\"one\",\"reason\":\"known\"%s}]}",
                                          rules[_i].entry);
    struct run_result *r = fixture_run();
    struct baseline *b;
    struct run_counts n;

    fixture_verdict(r, 0, "one", rules[_i].websocket, "broken");
    fixture_verdict(r, 1, "one", rules[_i].polling, "broken");
    write_text(text);
    b = baseline_load(path, &error);
    ck_assert_msg(b != NULL, "%s", error);
    baseline_apply(b, r, NULL);
    n = run_result_count(r);
    ck_assert_msg(n.failed == rules[_i].failed && n.expected_failures == rules[_i].expected &&
                      n.stale == rules[_i].stale,
                  "%s: %zu failed, %zu expected, %zu stale", rules[_i].name, n.failed,
                  n.expected_failures, n.stale);
    ck_assert(!fixture_check(r, 0, "two")->expected_failure);
    baseline_free(b);
    fixture_free(r);
    free(text);
}
END_TEST

START_TEST(test_expected_failure_keeps_verdict_and_gets_reason)
{
    struct run_result *r = fixture_run();
    char *error = NULL;
    struct baseline *b;

    fixture_verdict(r, 0, "one", VERDICT_FAIL, "broken");
    write_text("{\"expected\":[" ENTRY "]}");
    b = baseline_load(path, &error);
    ck_assert_ptr_nonnull(b);
    baseline_apply(b, r, NULL);
    ck_assert_int_eq(fixture_check(r, 0, "one")->verdict, VERDICT_FAIL);
    ck_assert(fixture_check(r, 0, "one")->expected_failure);
    ck_assert_str_eq(fixture_check(r, 0, "one")->baseline_reason, "known");
    baseline_free(b);
    fixture_free(r);
}
END_TEST

START_TEST(test_names_that_lead_nowhere_are_stale)
{
    struct run_result *r = fixture_run();
    struct scenario_set none = {NULL, 0};
    char *error = NULL;
    struct baseline *b;

    write_text("{\"expected\":[{\"scenario\":\"room.join\",\"check\":\"gone\",\"reason\":\"r\"},"
               "{\"scenario\":\"room.gone\",\"check\":\"one\",\"reason\":\"r\"}]}");
    b = baseline_load(path, &error);
    ck_assert_ptr_nonnull(b);
    baseline_apply(b, r, &none);
    ck_assert_uint_eq(r->n_stale, 2);
    ck_assert_ptr_nonnull(strstr(r->stale[0], "the scenario has no such check"));
    ck_assert_ptr_nonnull(strstr(r->stale[1], "there is no such scenario"));
    ck_assert_ptr_nonnull(strstr(r->stale[1], ":1:67: "));
    baseline_free(b);
    fixture_free(r);
}
END_TEST

/* ---- writing ---- */

static char *read_back(void)
{
    static char text[4096];
    FILE *f = fopen(path, "r");
    size_t n;

    ck_assert_ptr_nonnull(f);
    n = fread(text, 1, sizeof(text) - 1, f);
    text[n] = '\0';
    fclose(f);
    return text;
}

START_TEST(test_written_entries)
{
    struct run_result *r = fixture_run();
    char *error = NULL;

    fixture_verdict(r, 0, "one", VERDICT_FAIL, "A-r12ab-1 was told \"twice\"");
    fixture_verdict(r, 1, "one", VERDICT_FAIL, "other words");
    fixture_verdict(r, 1, "two", VERDICT_FAIL, "only here");
    fixture_verdict(r, 2, "relayed", VERDICT_ERROR, "not the fault of the target");
    ck_assert(baseline_write(NULL, r, path, &error));
    ck_assert_str_eq(
        read_back(),
        "{\n  \"expected\": [\n"
        "    { \"scenario\": \"room.join\", \"check\": \"one\", \"revision\": \"0.1\",\n"
        "      \"reason\": \"fails: A was told \\\"twice\\\"\" },\n"
        "    { \"scenario\": \"room.join\", \"check\": \"two\", \"revision\": \"0.1\", "
        "\"transport\": \"polling\",\n"
        "      \"reason\": \"fails: only here\" }\n  ]\n}\n");
    fixture_free(r);
}
END_TEST

START_TEST(test_written_blocked)
{
    struct run_result *r = fixture_run();
    char *error = NULL;

    fixture_verdict(r, 0, "one", VERDICT_FAIL, "broken");
    fixture_verdict(r, 0, "two", VERDICT_INCONCLUSIVE, "blocked by one");
    fixture_check(r, 0, "two")->blocked_by = 0;
    fixture_verdict(r, 2, "relayed", VERDICT_INCONCLUSIVE, "blocked: a step failed");
    ck_assert(baseline_write(NULL, r, path, &error));
    ck_assert_ptr_null(strstr(read_back(), "\"two\""));
    ck_assert_ptr_nonnull(strstr(read_back(), "cannot be judged: blocked: a step failed"));
    fixture_free(r);
}
END_TEST

START_TEST(test_written_keeps_reasons_and_what_was_not_played)
{
    struct run_result *r = fixture_run();
    char *error = NULL;
    struct baseline *b;

    fixture_verdict(r, 0, "one", VERDICT_FAIL, "broken");
    fixture_verdict(r, 1, "one", VERDICT_FAIL, "broken");
    write_text("{\"expected\":[" ENTRY ",{\"scenario\":\"room.other\",\"check\":\"c\",\"reason\":"
               "\"not played\"},{\"scenario\":\"room.join\",\"check\":\"two\",\"reason\":\"passes "
               "now\"},{\"scenario\":\"room.join\",\"check\":\"two\",\"revision\":\"0.2\","
               "\"reason\":\"next revision\"},{\"scenario\":\"room.join\",\"check\":\"two\","
               "\"transport\":\"polling\",\"flaky\":\"2 of 5 runs\",\"reason\":\"a race\"}]}");
    b = baseline_load(path, &error);
    ck_assert_ptr_nonnull(b);
    baseline_apply(b, r, NULL);
    ck_assert_uint_eq(r->n_stale, 1);
    ck_assert(baseline_write(b, r, path, &error));
    ck_assert_ptr_nonnull(strstr(read_back(), "\"reason\": \"known\""));
    ck_assert_ptr_nonnull(strstr(read_back(), "\"reason\": \"not played\""));
    ck_assert_ptr_nonnull(strstr(read_back(), "\"reason\": \"next revision\""));
    ck_assert_ptr_nonnull(strstr(read_back(), "\"flaky\": \"2 of 5 runs\""));
    ck_assert_ptr_null(strstr(read_back(), "passes now"));
    baseline_free(b);
    fixture_free(r);
}
END_TEST

/* What was written makes the same run fine, and a clean one stale. */
START_TEST(test_written_is_read)
{
    struct run_result *r = fixture_run(), *clean = fixture_run();
    char *error = NULL;
    struct baseline *b;

    fixture_verdict(r, 0, "one", VERDICT_FAIL, "broken \x01 \xff");
    fixture_verdict(r, 2, "relayed", VERDICT_INCONCLUSIVE, "blocked: a step failed");
    ck_assert(baseline_write(NULL, r, path, &error));
    b = baseline_load(path, &error);
    ck_assert_msg(b != NULL, "%s", error);
    baseline_apply(b, r, NULL);
    baseline_apply(b, clean, NULL);
    ck_assert_uint_eq(run_result_count(r).failed, 0);
    ck_assert_uint_eq(r->n_stale, 0);
    ck_assert(fixture_check(r, 2, "relayed")->expected_failure);
    ck_assert_uint_eq(clean->n_stale, 2);
    baseline_free(b);
    fixture_free(r);
    fixture_free(clean);
}
END_TEST

START_TEST(test_unwritable)
{
    struct run_result *r = fixture_run();
    char *error = NULL;

    ck_assert(!baseline_write(NULL, r, "/nonexistent/b.json", &error));
    ck_assert_ptr_nonnull(strstr(error, "/nonexistent/b.json: "));
    free(error);
    fixture_free(r);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("baseline");
    TCase *tc = tcase_create("baseline");

    tcase_add_checked_fixture(tc, setup, teardown);
    tcase_add_loop_test(tc, test_mistake, 0, (int)ARRAY_LEN(mistakes));
    tcase_add_test(tc, test_missing_file);
    tcase_add_loop_test(tc, test_rule, 0, (int)ARRAY_LEN(rules));
    tcase_add_test(tc, test_expected_failure_keeps_verdict_and_gets_reason);
    tcase_add_test(tc, test_names_that_lead_nowhere_are_stale);
    tcase_add_test(tc, test_written_entries);
    tcase_add_test(tc, test_written_blocked);
    tcase_add_test(tc, test_written_keeps_reasons_and_what_was_not_played);
    tcase_add_test(tc, test_written_is_read);
    tcase_add_test(tc, test_unwritable);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
