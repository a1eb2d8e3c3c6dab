/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/json_text.h"

enum {
    V = 1 << JSON_BY_VALUE,
    N = 1 << JSON_BY_NUMBER_TEXT,
    B = 1 << JSON_BY_BYTES,
    ALL = V | N | B
};

/* In which comparisons the two are equal, and where they first differ in the others. */
static const struct {
    const char *a, *b;
    int equal;
    const char *pointer; /* by value; where only the number text differs, by that */
} rows[] = {
    {"null", "null", ALL, ""},
    {"null", "false", 0, ""},
    {"true", "true", ALL, ""},
    {"1", "\"1\"", 0, ""},
    {"[]", "{}", 0, ""},
    {" [1, 2] ", "[1,2]", V | N, ""},
    {"1", "1.0", V | N, ""},
    {"1e2", "100", V | N, ""},
    {"0.1e1", "1", V | N, ""},
    {"-0", "0", V | N, ""},
    {"0.0e5", "0", V | N, ""},
    {"120", "12e1", V | N, ""},
    {"1.20", "1.2", V | N, ""},
    {"102", "12", 0, ""},
    {"1", "-1", 0, ""},
    {"12", "1.2", 0, ""},
    {"9007199254740993", "9007199254740992", V, ""},
    {"0.1", "0.1000000000000000055511151231257827", V, ""},
    {"1e400", "1e401", V, ""},
    {"1e99999999999999999999", "1e99999999999999999998", V, ""},
    {"1e99999999999999999999", "1e99999999999999999999", ALL, ""},
    {"\"a\"", "\"\\u0061\"", V | N, ""},
    {"\"\\u00e9\"", "\"\xc3\xa9\"", V | N, ""},
    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", V | N, ""},
    {"\"\\/\"", "\"/\"", V | N, ""},
    {"\"a\\u0000b\"", "\"a\\u0000c\"", 0, ""},
    {"\"a\\u0000b\"", "\"a\"", 0, ""},
    {"\"\\ud800\"", "\"\\ud801\"", 0, ""},
    {"\"\\ud800\"", "\"\\ufffd\"", 0, ""},
    {"\"e\\u0301\"", "\"\\u00e9\"", 0, ""},
    {"[1,[2,{\"a\":3}]]", "[1,[2,{\"a\":4}]]", 0, "/1/1/a"},
    {"[1,2]", "[1,2,3]", 0, "/2"},
    {"[1,2,3]", "[1,2]", 0, "/2"},
    {"[1,2]", "[2,1]", 0, "/0"},
    {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", V | N, ""},
    {"{\"a\":1,\"b\":2}", "{\"b\":3,\"a\":1}", 0, "/b"},
    {"{\"a\":1}", "{\"a\":1,\"b\":null}", 0, "/b"},
    {"{\"a\":1,\"b\":null}", "{\"a\":1}", 0, "/b"},
    {"{\"a\":1}", "{\"b\":1}", 0, "/a"},
    {"{\"a\":1,\"a\":2}", "{\"a\":2}", V | N, ""},
    {"{\"a\":1,\"a\":2}", "{\"a\":1}", 0, "/a"},
    {"{\"a\":2,\"\\u0061\":1}", "{\"a\":2,\"a\":0,\"a\":1}", V | N, ""},
    {"{\"a\":{\"b\":[0,{\"c\":1e0}]}}", "{\"a\":{\"b\":[0,{\"c\":1}]}}", V | N, ""},
    {"{\"a/b\":{\"c~d\":1}}", "{\"a/b\":{\"c~d\":2}}", 0, "/a~1b/c~0d"},
    {"{\"\":[1]}", "{\"\":[2]}", 0, "//0"},
    {"{\"\\n\":1}", "{\"\\n\":2}", 0, "/\n"},
    {"{\"z\":1,\"y\":2,\"x\":3}", "{\"x\":0,\"y\":0,\"z\":0}", 0, "/z"},
    {"{}", "{}", ALL, ""},
    {"[[],{}]", "[[],{}]", ALL, ""},
};

START_TEST(test_row)
{
    struct slice a = slice_str(rows[_i].a), b = slice_str(rows[_i].b);
    struct buf pointer;

    buf_init(&pointer, 100);
    ck_assert_int_eq((int)json_scan(a, 9, NULL), WIRE_OK);
    ck_assert_int_eq((int)json_scan(b, 9, NULL), WIRE_OK);
    for (int how = JSON_BY_VALUE; how <= JSON_BY_BYTES; how++) {
        bool wanted = rows[_i].equal & 1 << how;

        buf_append_str(&pointer, "old");
        ck_assert_msg(json_equal(a, b, (enum json_compare)how, &pointer) == wanted,
                      "%s and %s (%d)", a.ptr, b.ptr, how);
        if (wanted || how != JSON_BY_BYTES)
            ck_slice(buf_slice(&pointer), wanted ? S("") : slice_str(rows[_i].pointer));
        ck_assert(json_equal(b, a, (enum json_compare)how, NULL) == wanted);
    }
    buf_release(&pointer);
}
END_TEST

START_TEST(test_bytes_pointer)
{
    static const struct {
        const char *a, *b, *pointer;
    } cases[] = {
        {"[1,{\"a\":[true,1.0]}]", "[1,{\"a\":[true,1]}]", "/1/a/1"},
        {"[1, 2]", "[1,2]", ""},
        {"{\"a\":1,\"b\":2}", "{\"b\":2,\"a\":1}", ""},
        {"{\"a\":\"\\u0062\"}", "{\"a\":\"b\"}", "/a"},
    };
    struct buf pointer;

    buf_init(&pointer, 100);
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        ck_assert(
            !json_equal(slice_str(cases[i].a), slice_str(cases[i].b), JSON_BY_BYTES, &pointer));
        ck_slice(buf_slice(&pointer), slice_str(cases[i].pointer));
    }
    buf_release(&pointer);
}
END_TEST

/* Large objects in opposite order: not quadratic, or this test would not end in time. */
START_TEST(test_large)
{
    struct buf a, b;

    buf_init(&a, 10000000);
    buf_init(&b, 10000000);
    for (unsigned i = 0; i < 100000; i++) {
        buf_appendf(&a, "%c\"k%u\":%u", i ? ',' : '{', i, i);
        buf_appendf(&b, "%c\"k%u\":%u", i ? ',' : '{', 99999 - i, 99999 - i);
    }
    buf_append_ch(&a, '}');
    buf_append_ch(&b, '}');
    ck_assert(json_equal(buf_slice(&a), buf_slice(&b), JSON_BY_VALUE, NULL));
    buf_release(&a);
    buf_release(&b);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_equal");
    TCase *tc = tcase_create("equal");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_bytes_pointer);
    tcase_add_test(tc, test_large);
    tcase_set_timeout(tc, 30);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
