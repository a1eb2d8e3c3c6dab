/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/vars.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"

static struct vars vars;

static void setup(void)
{
    vars_init(&vars, 5, 17); /* run r0005, tag r0005-17 */
    vars_set(&vars, "r1", slice_str("{\"req_id\":\"x\",\"params\":{\"a.b\":1,\"n\":1.0}}"));
    vars_set_text(&vars, "A.name", slice_str("quote\"d"));
    vars_set(&vars, "A.name.first", slice_str("7"));
}

static void teardown(void)
{
    vars_release(&vars);
}

static const struct {
    const char *name, *json; /* NULL: no value */
} lookups[] = {
    {"unique", "\"r0005-17\""},
    {"A.name", "\"quote\\\"d\""},
    {"A.name.first", "7"}, /* the longer name is a variable of its own */
    {"A.name.last", NULL}, /* no member of a string */
    {"r1.req_id", "\"x\""},
    {"r1.params.n", "1.0"}, /* numbers keep their spelling */
    {"r1.params.m", NULL},
    {"r1", "{\"req_id\":\"x\",\"params\":{\"a.b\":1,\"n\":1.0}}"},
    {"r", NULL},
    {"nobody", NULL},
    {"nobody.name", NULL},
};

START_TEST(test_lookup)
{
    struct buf json;

    buf_init(&json, 1000);
    ck_assert_int_eq(vars_lookup(&vars, lookups[_i].name, &json), lookups[_i].json != NULL);
    if (lookups[_i].json)
        ck_assert(slice_is(buf_slice(&json), lookups[_i].json));
    buf_release(&json);
}
END_TEST

START_TEST(test_replace)
{
    struct buf json;

    buf_init(&json, 1000);
    vars_set(&vars, "r1", slice_str("null"));
    ck_assert(vars_lookup(&vars, "r1", &json));
    ck_assert(slice_is(buf_slice(&json), "null"));
    buf_release(&json);
}
END_TEST

START_TEST(test_unique)
{
    char *text = vars_unique(&vars, "here");

    ck_assert_str_eq(text, "here-r0005-17");
    free(text);
}
END_TEST

/* Played again, a scenario has names of its own, and they are still of this scenario. */
START_TEST(test_again)
{
    char *text;

    vars_again(&vars, 0);
    ck_assert_str_eq(vars.tag, "r0005-17");
    vars_again(&vars, 1);
    text = vars_unique(&vars, "here");
    ck_assert_str_eq(text, "here-r0005-17a");
    ck_assert_int_eq(vars_foreign(&vars, slice_str("{\"a\":\"C-r0005-17a\",\"b\":\"C-r0005-17\"}")),
                     -1);
    free(text);
}
END_TEST

/* Names of this scenario are no strangers, nor is a text that only looks a little like one. */
static const struct {
    const char *text;
    long serial;
} foreigners[] = {
    {"{\"computer\":\"C-r0005-17\"}", -1},
    {"{\"computer\":\"C-r0005-170\"}", 170},
    {"{\"computer\":\"C-r0005-1\"}", 1},
    {"{\"a\":\"C-r0005-17\",\"b\":\"C-r0005-2\"}", 2},
    {"{\"a\":\"r0005-2\"}", -1},   /* not behind a dash: {unique} of nobody's name */
    {"{\"a\":\"C-r0006-2\"}", -1}, /* another run */
    {"{\"a\":\"C-r0005-\"}", -1},
    {"{\"a\":\"C-r0005", -1},
    {"", -1},
};

START_TEST(test_foreign)
{
    ck_assert_int_eq(vars_foreign(&vars, slice_str(foreigners[_i].text)), foreigners[_i].serial);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("vars");
    Suite *s = suite_create("vars");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, test_lookup, 0, (int)ARRAY_LEN(lookups));
    tcase_add_test(t, test_replace);
    tcase_add_test(t, test_unique);
    tcase_add_test(t, test_again);
    tcase_add_loop_test(t, test_foreign, 0, (int)ARRAY_LEN(foreigners));
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
