/* SPDX-License-Identifier: Apache-2.0 */
#include <locale.h>
#include <math.h>

#include "tests/support/test_wire_check.h"
#include "wire/json_text.h"

static const struct {
    struct slice raw, value;
    size_t length; /* code points */
} strings[] = {
    {LIT("\"\""), LIT(""), 0},
    {LIT("\"abc\""), LIT("abc"), 3},
    {LIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), LIT("\"\\/\b\f\n\r\t"), 8},
    {LIT("\"\\u0041\\u00e9\\u20AC\""), LIT("A\xc3\xa9\xe2\x82\xac"), 3},
    {LIT("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\""), LIT("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80"),
     3},
    {LIT("\"a\\u0000b\""), LIT("a\0b"), 3},
    {LIT("\"\\ud83d\\ude00\""), LIT("\xf0\x9f\x98\x80"), 1},
    {LIT("\"\\uDBFF\\uDFFF\""), LIT("\xf4\x8f\xbf\xbf"), 1},
    {LIT("\"\\ud800\""), LIT("\xed\xa0\x80"), 1},
    {LIT("\"\\ude00\\ud83d\""), LIT("\xed\xb8\x80\xed\xa0\xbd"), 2},
    {LIT("\"\\ud83d\\ud83d\\ude00\""), LIT("\xed\xa0\xbd\xf0\x9f\x98\x80"), 2},
    {LIT("\"\\ud83dx\\ude00\""), LIT("\xed\xa0\xbdx\xed\xb8\x80"), 3},
    {LIT("\"\\ud83d\\n\""), LIT("\xed\xa0\xbd\n"), 2},
    {LIT("\"\\\\u0041\""), LIT("\\u0041"), 6},
};

START_TEST(test_string)
{
    struct buf out;

    buf_init(&out, 100);
    json_string_decode(strings[_i].raw, &out);
    ck_slice(buf_slice(&out), strings[_i].value);
    ck_assert(json_string_is(strings[_i].raw, strings[_i].value));
    ck_assert(!json_string_is(strings[_i].raw, S("something else")));
    ck_assert_uint_eq(json_string_length(strings[_i].raw), strings[_i].length);
    buf_append_ch(&out, 'x');
    ck_assert(!json_string_is(strings[_i].raw, buf_slice(&out)));
    buf_release(&out);
}
END_TEST

START_TEST(test_string_other)
{
    struct buf out;

    buf_init(&out, 3);
    json_string_decode(S("[1]"), &out);
    ck_assert_uint_eq(out.len, 0);
    ck_assert(!json_string_is(S("1"), S("1")));
    ck_assert(!json_string_is(S("null"), S("ul")));
    ck_assert_uint_eq(json_string_length(S("true")), 0);
    json_string_decode(S("\"abcd\""), &out);
    ck_assert(out.overflow);
    buf_release(&out);
}
END_TEST

static const struct {
    struct slice raw;
    double value;
    bool integer;
    int64_t i64;
} numbers[] = {
    {LIT("0"), 0.0, true, 0},
    {LIT("-0"), -0.0, true, 0},
    {LIT("0.000"), 0.0, true, 0},
    {LIT("0e999999999999999999999"), 0.0, true, 0},
    {LIT("7"), 7, true, 7},
    {LIT("-120"), -120, true, -120},
    {LIT("1.0"), 1, true, 1},
    {LIT("1e2"), 100, true, 100},
    {LIT("1.5e1"), 15, true, 15},
    {LIT("1200e-2"), 12, true, 12},
    {LIT("0.05E+2"), 5, true, 5},
    {LIT("0.5"), 0.5, false, 0},
    {LIT("1e-1"), 0.1, false, 0},
    {LIT("123.456"), 123.456, false, 0},
    {LIT("-1.25e-7"), -1.25e-7, false, 0},
    {LIT("9007199254740993"), 9007199254740992.0, true, 9007199254740993},
    {LIT("9223372036854775807"), 9223372036854775808.0, true, INT64_MAX},
    {LIT("9223372036854775808"), 9223372036854775808.0, false, 0},
    {LIT("-9223372036854775808"), -9223372036854775808.0, true, INT64_MIN},
    {LIT("-9223372036854775809"), -9223372036854775808.0, false, 0},
    {LIT("1e18"), 1e18, true, 1000000000000000000},
    {LIT("1e19"), 1e19, false, 0},
    {LIT("99999999999999999999"), 1e20, false, 0},
    {LIT("1e400"), HUGE_VAL, false, 0},
    {LIT("-1e400"), -HUGE_VAL, false, 0},
    {LIT("1e-400"), 0, false, 0},
    {LIT("1e99999999999999999999"), HUGE_VAL, false, 0},
    {LIT("1e-99999999999999999999"), 0, false, 0},
    {LIT("5e-324"), 5e-324, false, 0},
    {LIT("1.7976931348623157e308"), 1.7976931348623157e308, false, 0},
    {LIT("2.2250738585072011e-308"), 2.2250738585072011e-308, false, 0},
    {LIT("0.1000000000000000055511151231257827021181583404541015625"), 0.1, false, 0},
    {LIT("0.1000000000000000055511151231257827021181583404541015625000000000000000000000000001"),
     0.1, false, 0},
    {LIT("100000000000000000000000000000000000000000000000000000000000000000000000e-71"), 1, true,
     1},
    {LIT("0.00000000000000000000000000000000000000000000000000000000000000000000001e71"), 1, true,
     1},
};

START_TEST(test_number)
{
    double value = json_number_double(numbers[_i].raw);
    int64_t i64 = 0;

    ck_assert_msg(value == numbers[_i].value, "%s: %a", numbers[_i].raw.ptr, value);
    ck_assert_int_eq(signbit(value) != 0, signbit(numbers[_i].value) != 0);
    ck_assert_int_eq(json_number_i64(numbers[_i].raw, &i64), numbers[_i].integer);
    ck_assert_int_eq(i64, numbers[_i].i64);
}
END_TEST

/* A locale with a decimal comma changes nothing; where none is installed this is the same as above.
 */
START_TEST(test_number_locale)
{
    if (!setlocale(LC_ALL, "de_DE.UTF-8"))
        setlocale(LC_ALL, "fr_FR.UTF-8");
    ck_assert(json_number_double(S("0.1000000000000000055511151231257827")) == 0.1);
}
END_TEST

START_TEST(test_cursor)
{
    const struct slice text =
        S(" { \"a\" : [ 1 , \"]\" , { \"x\" : [ ] } , [ [ ] , null ] ] , \"\\u0062\" : -1.5e2\n} ");
    static const char *const elements[] = {"1", "\"]\"", "{ \"x\" : [ ] }", "[ [ ] , null ]"};
    struct json_cursor c, inner;
    struct slice key, value;

    ck_assert_int_eq((int)json_scan(text, 9, NULL), WIRE_OK);
    ck_assert(!json_cursor_array(&c, text));
    ck_assert(json_cursor_object(&c, text));
    ck_assert(json_next(&c, &key, &value));
    ck_slice(key, S("\"a\""));
    ck_assert(json_cursor_array(&inner, value));
    for (size_t i = 0; i < ARRAY_LEN(elements); i++) {
        ck_assert(json_next(&inner, NULL, &value));
        ck_slice(value, slice_str(elements[i]));
    }
    ck_assert(!json_next(&inner, NULL, &value));
    ck_assert(!json_next(&inner, NULL, &value));
    ck_assert(json_next(&c, &key, &value));
    ck_slice(key, S("\"\\u0062\""));
    ck_slice(value, S("-1.5e2"));
    ck_assert(!json_next(&c, &key, &value));
}
END_TEST

START_TEST(test_cursor_empty)
{
    struct json_cursor c;
    struct slice value;

    ck_assert(json_cursor_array(&c, S(" [ ] ")));
    ck_assert(!json_next(&c, NULL, &value));
    ck_assert(json_cursor_object(&c, S("{}")));
    ck_assert(!json_next(&c, NULL, &value));
    ck_assert(!json_cursor_object(&c, S("1")));
    ck_assert(!json_cursor_object(&c, (struct slice){0}));
    ck_assert(!json_cursor_array(&c, S("\"[1]\"")));
}
END_TEST

START_TEST(test_member)
{
    const struct slice text =
        S("{\"x\":{\"computer\":0},\"\\u0063omputer\":1,\"computer\":2,\"computers\":3,\"\":4}");
    struct slice value = {0};
    unsigned count = 99;

    ck_assert(json_member(text, "computer", &value, &count));
    ck_slice(value, S("1"));
    ck_assert_uint_eq(count, 2);
    ck_assert(json_member(text, "computers", &value, NULL));
    ck_slice(value, S("3"));
    ck_assert(json_member(text, "", &value, NULL));
    ck_slice(value, S("4"));
    ck_assert(!json_member(text, "comp", &value, &count));
    ck_assert_uint_eq(count, 0);
    count = 99;
    ck_assert(!json_member(S("[\"computer\",1]"), "computer", &value, &count));
    ck_assert_uint_eq(count, 0);
}
END_TEST

static const struct {
    struct slice text;
    enum json_type type;
} types[] = {
    {LIT(" null"), JSON_NULL},  {LIT("\tfalse"), JSON_FALSE}, {LIT("\ntrue"), JSON_TRUE},
    {LIT("\r-1"), JSON_NUMBER}, {LIT("0"), JSON_NUMBER},      {LIT("9e1"), JSON_NUMBER},
    {LIT("\"\""), JSON_STRING}, {LIT("[1]"), JSON_ARRAY},     {LIT(" {}"), JSON_OBJECT},
};

START_TEST(test_type)
{
    ck_assert_int_eq((int)json_type_of(types[_i].text), (int)types[_i].type);
}
END_TEST

START_TEST(test_position)
{
    const struct slice text = S("ab\n\ncde");
    static const struct {
        size_t offset;
        unsigned line, column;
    } rows[] = {{0, 1, 1}, {2, 1, 3}, {3, 2, 1}, {4, 3, 1}, {6, 3, 3}, {7, 3, 4}, {100, 3, 4}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct json_position pos = json_position_at(text, rows[i].offset);

        ck_assert_uint_eq(pos.line, rows[i].line);
        ck_assert_uint_eq(pos.column, rows[i].column);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_text");
    TCase *tc = tcase_create("text");

    tcase_add_loop_test(tc, test_string, 0, (int)ARRAY_LEN(strings));
    tcase_add_test(tc, test_string_other);
    tcase_add_loop_test(tc, test_number, 0, (int)ARRAY_LEN(numbers));
    tcase_add_test(tc, test_number_locale);
    tcase_add_test(tc, test_cursor);
    tcase_add_test(tc, test_cursor_empty);
    tcase_add_test(tc, test_member);
    tcase_add_loop_test(tc, test_type, 0, (int)ARRAY_LEN(types));
    tcase_add_test(tc, test_position);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
