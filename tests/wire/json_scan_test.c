/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/json_text.h"

enum { DEPTH = 8 };

/* RFC 8259, chapter by chapter; the offset is the first byte that no valid text can have there. */
static const struct {
    struct slice text;
    enum wire_err err;
    size_t offset;
} rows[] = {
    /* values and blanks */
    {LIT("null"), WIRE_OK, 0},
    {LIT("true"), WIRE_OK, 0},
    {LIT("false"), WIRE_OK, 0},
    {LIT("0"), WIRE_OK, 0},
    {LIT("\"\""), WIRE_OK, 0},
    {LIT("[]"), WIRE_OK, 0},
    {LIT("{}"), WIRE_OK, 0},
    {LIT(" \t\r\n1 \t\r\n"), WIRE_OK, 0},
    {LIT(" [ 1 , [ ] , { } , { \"a\" : { \"b\" : [ ] } } ] "), WIRE_OK, 0},
    {LIT("{\"a\":1,\"a\":2}"), WIRE_OK, 0},
    {LIT("{\"\":0}"), WIRE_OK, 0},
    {LIT("[[[[[[[[]]]]]]]]"), WIRE_OK, 0},
    {LIT("[[],[[],[[]]],{\"a\":[{}]}]"), WIRE_OK, 0},
    {LIT(""), WIRE_E_JSON_SYNTAX, 0},
    {LIT(" "), WIRE_E_JSON_SYNTAX, 1},
    {LIT("\0"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("1\0"), WIRE_E_JSON_TRAILING, 1},
    {LIT("\f1"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("\v1"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("\xc2\xa0\x31"), WIRE_E_JSON_SYNTAX, 0},      /* no-break space is no blank */
    {LIT("\xe2\x81\xa0\x31"), WIRE_E_JSON_SYNTAX, 0},  /* nor is the word joiner */
    {LIT("\xef\xbb\xbf{}"), WIRE_E_JSON_SYNTAX, 0},    /* BOM */
    {LIT("[1]\xef\xbb\xbf"), WIRE_E_JSON_TRAILING, 3}, /* BOM */
    {LIT("tru"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("trueX"), WIRE_E_JSON_TRAILING, 4},
    {LIT("True"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("nul"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("nuLl"), WIRE_E_JSON_SYNTAX, 2},
    {LIT("fals\0"), WIRE_E_JSON_SYNTAX, 4},
    {LIT("undefined"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("'a'"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("a"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("1 2"), WIRE_E_JSON_TRAILING, 2},
    {LIT("{}{}"), WIRE_E_JSON_TRAILING, 2},
    {LIT("[]]"), WIRE_E_JSON_TRAILING, 2},
    {LIT("{},"), WIRE_E_JSON_TRAILING, 2},
    {LIT("\"a\"\"b\""), WIRE_E_JSON_TRAILING, 3},
    {LIT("/**/1"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("1//"), WIRE_E_JSON_TRAILING, 1},
    {LIT("1#"), WIRE_E_JSON_TRAILING, 1},
    /* arrays */
    {LIT("["), WIRE_E_JSON_SYNTAX, 1},
    {LIT("[1"), WIRE_E_JSON_SYNTAX, 2},
    {LIT("[1,"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("[1,]"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("[,1]"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("[,]"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("[1,,2]"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("[1 2]"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("[1:2]"), WIRE_E_JSON_SYNTAX, 2},
    {LIT("[1}"), WIRE_E_JSON_SYNTAX, 2},
    {LIT("[\"a\": 1]"), WIRE_E_JSON_SYNTAX, 4},
    {LIT("[}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("]"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("[[1]"), WIRE_E_JSON_SYNTAX, 4},
    {LIT("[\x80]"), WIRE_E_JSON_SYNTAX, 1},
    /* objects */
    {LIT("{"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("}"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("{]"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{1:2}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{a:2}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{'a':2}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{null:2}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{\"a\"}"), WIRE_E_JSON_SYNTAX, 4},
    {LIT("{\"a\" 1}"), WIRE_E_JSON_SYNTAX, 5},
    {LIT("{\"a\":"), WIRE_E_JSON_SYNTAX, 5},
    {LIT("{\"a\":}"), WIRE_E_JSON_SYNTAX, 5},
    {LIT("{\"a\"::1}"), WIRE_E_JSON_SYNTAX, 5},
    {LIT("{\"a\":1"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("{\"a\":1,"), WIRE_E_JSON_SYNTAX, 7},
    {LIT("{\"a\":1,}"), WIRE_E_JSON_SYNTAX, 7},
    {LIT("{\"a\":1,,}"), WIRE_E_JSON_SYNTAX, 7},
    {LIT("{,\"a\":1}"), WIRE_E_JSON_SYNTAX, 1},
    {LIT("{\"a\":1]"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("{\"a\":1 \"b\":2}"), WIRE_E_JSON_SYNTAX, 7},
    {LIT("{\"a\":1;"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("{\"a"), WIRE_E_JSON_STRING, 3},
    {LIT("{\"a\x1f\":1}"), WIRE_E_JSON_STRING, 3},
    {LIT("{\"\xff\":1}"), WIRE_E_UTF8, 2},
    /* depth */
    {LIT("[[[[[[[[[]]]]]]]]]"), WIRE_E_JSON_DEPTH, 8},
    {LIT("{\"a\":[{\"a\":[{\"a\":[{\"a\":[{}]}]}]}]}"), WIRE_E_JSON_DEPTH, 24},
    {LIT("[[[[[[[[\"[[[[\"]]]]]]]]"), WIRE_OK, 0},
    /* numbers */
    {LIT("-0"), WIRE_OK, 0},
    {LIT("10"), WIRE_OK, 0},
    {LIT("0.0"), WIRE_OK, 0},
    {LIT("-1.5e+10"), WIRE_OK, 0},
    {LIT("1E5"), WIRE_OK, 0},
    {LIT("1e-005"), WIRE_OK, 0},
    {LIT("0e0"), WIRE_OK, 0},
    {LIT("1e400"), WIRE_OK, 0},
    {LIT("123456789012345678901234567890"), WIRE_OK, 0},
    {LIT("01"), WIRE_E_JSON_NUMBER, 1},
    {LIT("00"), WIRE_E_JSON_NUMBER, 1},
    {LIT("-01"), WIRE_E_JSON_NUMBER, 2},
    {LIT("-"), WIRE_E_JSON_NUMBER, 1},
    {LIT("--1"), WIRE_E_JSON_NUMBER, 1},
    {LIT("- 1"), WIRE_E_JSON_NUMBER, 1},
    {LIT("-a"), WIRE_E_JSON_NUMBER, 1},
    {LIT("+1"), WIRE_E_JSON_NUMBER, 0},
    {LIT(".5"), WIRE_E_JSON_NUMBER, 0},
    {LIT("-.5"), WIRE_E_JSON_NUMBER, 1},
    {LIT("1."), WIRE_E_JSON_NUMBER, 2},
    {LIT("1.e5"), WIRE_E_JSON_NUMBER, 2},
    {LIT("[1.]"), WIRE_E_JSON_NUMBER, 3},
    {LIT("1e"), WIRE_E_JSON_NUMBER, 2},
    {LIT("1e+"), WIRE_E_JSON_NUMBER, 3},
    {LIT("1e1.5"), WIRE_E_JSON_TRAILING, 3},
    {LIT("1.2.3"), WIRE_E_JSON_TRAILING, 3},
    {LIT("0x10"), WIRE_E_JSON_TRAILING, 1},
    {LIT("1_000"), WIRE_E_JSON_TRAILING, 1},
    {LIT("[1a]"), WIRE_E_JSON_SYNTAX, 2},
    {LIT("NaN"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("Infinity"), WIRE_E_JSON_SYNTAX, 0},
    {LIT("-Infinity"), WIRE_E_JSON_NUMBER, 1},
    {LIT("\xef\xbc\x91"), WIRE_E_JSON_SYNTAX, 0}, /* full-width digit one */
    /* strings */
    {LIT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u0000\""), WIRE_OK, 0},
    {LIT("\"\\u00e9\\uD83D\\uDE00\""), WIRE_OK, 0},
    {LIT("\"\\ud800\""), WIRE_OK, 0}, /* lone surrogates are legal as escapes */
    {LIT("\"\\uDFAA\\ud800x\""), WIRE_OK, 0},
    {LIT("\"\x7f\""), WIRE_OK, 0},
    {LIT("\"\xe2\x80\xa8\xe2\x80\xa9\""), WIRE_OK, 0}, /* U+2028, U+2029 */
    {LIT("\"plain text longer than two machine words\""), WIRE_OK, 0},
    {LIT("\""), WIRE_E_JSON_STRING, 1},
    {LIT("\"abc"), WIRE_E_JSON_STRING, 4},
    {LIT("\"plain text longer than two machine words"), WIRE_E_JSON_STRING, 41},
    {LIT("\"12345678\n\""), WIRE_E_JSON_STRING, 9},
    {LIT("\"\n\""), WIRE_E_JSON_STRING, 1},
    {LIT("\"\t\""), WIRE_E_JSON_STRING, 1},
    {LIT("\"\0\""), WIRE_E_JSON_STRING, 1},
    {LIT("\"1234567\x1f\""), WIRE_E_JSON_STRING, 8},
    {LIT("\"\\"), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\\""), WIRE_E_JSON_STRING, 3},
    {LIT("\"\\a\""), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\'\""), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\x41\""), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\\0\""), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\U0041\""), WIRE_E_JSON_STRING, 2},
    {LIT("\"\\u"), WIRE_E_JSON_STRING, 3},
    {LIT("\"\\u\""), WIRE_E_JSON_STRING, 3},
    {LIT("\"\\u004\""), WIRE_E_JSON_STRING, 6},
    {LIT("\"\\u00g0\""), WIRE_E_JSON_STRING, 5},
    {LIT("\"\\ud83d\\u12\""), WIRE_E_JSON_STRING, 11},
    {LIT("\"\\\xc3\xa9\""), WIRE_E_JSON_STRING, 2},
    /* UTF-8: Unicode, table 3-7 */
    {LIT("\"\xc2\x80\xdf\xbf\""), WIRE_OK, 0},
    {LIT("\"\xe0\xa0\x80\xed\x9f\xbf\xee\x80\x80\xef\xbf\xbf\""), WIRE_OK, 0},
    {LIT("\"\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\""), WIRE_OK, 0},
    {LIT("\"\x80\""), WIRE_E_UTF8, 1},
    {LIT("\"a\xbf\""), WIRE_E_UTF8, 2},
    {LIT("\"\xc0\xaf\""), WIRE_E_UTF8, 1},     /* overlong slash */
    {LIT("\"\xc1\xbf\""), WIRE_E_UTF8, 1},     /* overlong */
    {LIT("\"\xe0\x9f\xbf\""), WIRE_E_UTF8, 1}, /* overlong */
    {LIT("\"\xf0\x8f\xbf\xbf\""), WIRE_E_UTF8, 1},
    {LIT("\"\xc0\x80\""), WIRE_E_UTF8, 1},     /* modified UTF-8's NUL */
    {LIT("\"\xed\xa0\x80\""), WIRE_E_UTF8, 1}, /* surrogate */
    {LIT("\"\xed\xbf\xbf\""), WIRE_E_UTF8, 1}, /* surrogate */
    {LIT("\"\xf4\x90\x80\x80\""), WIRE_E_UTF8, 1},
    {LIT("\"\xf5\x80\x80\x80\""), WIRE_E_UTF8, 1},
    {LIT("\"\xff\""), WIRE_E_UTF8, 1},
    {LIT("\"\xc3\""), WIRE_E_UTF8, 1},
    {LIT("\"\xe2\x82\""), WIRE_E_UTF8, 1},
    {LIT("\"\xe2\x28\xa1\""), WIRE_E_UTF8, 1},
    {LIT("\"\xe2\x82\x28\""), WIRE_E_UTF8, 1},
    {LIT("\"\xf0\x9f\x98\""), WIRE_E_UTF8, 1},
    {LIT("\"\xf0\x9f\x98"), WIRE_E_UTF8, 1},
    {LIT("\"\xf0\x9f\x28\x80\""), WIRE_E_UTF8, 1},
    {LIT("\"\xf0\x9f\x98\x28\""), WIRE_E_UTF8, 1},
    {LIT("\"ok \xc3\xa9 \xe2\x82\xac then \xe9 latin-1\""), WIRE_E_UTF8, 16},
};

START_TEST(test_row)
{
    struct slice text = rows[_i].text;
    char *copy = exact_copy(text);
    struct wire_fault fault = {0};
    enum wire_err err = json_scan(slice_of(copy, text.len), DEPTH, &fault);

    ck_fault(text.ptr, err, fault, rows[_i].err, rows[_i].offset);
    ck_assert_int_eq((int)json_scan(slice_of(copy, text.len), DEPTH, NULL), (int)err);
    free(copy);
}
END_TEST

/* Every proper prefix of a text that ends with a bracket is refused, and at its very end. */
START_TEST(test_prefixes)
{
    const struct slice text = S("{\"a\":[1,-2.5e1,true,null,\"x\\n\\u00e9\",{\"b\":[]}],\"c\":{}}");
    struct wire_fault fault = {0};

    for (size_t len = 0; len < text.len; len++) {
        char *copy = exact_copy(slice_of(text.ptr, len));

        ck_assert_int_ne((int)json_scan(slice_of(copy, len), DEPTH, &fault), WIRE_OK);
        ck_assert_uint_eq(fault.offset, len);
        free(copy);
    }
    ck_assert_int_eq((int)json_scan(text, DEPTH, &fault), WIRE_OK);
}
END_TEST

/* A special byte is found wherever it stands relative to the eight bytes that are looked at
 * together. */
START_TEST(test_alignment)
{
    static const struct {
        char byte;
        enum wire_err err;
    } specials[] = {{'\x1f', WIRE_E_JSON_STRING},
                    {'\0', WIRE_E_JSON_STRING},
                    {'\x80', WIRE_E_UTF8},
                    {'\xff', WIRE_E_UTF8}};
    char text[64];
    struct wire_fault fault = {0};

    for (size_t len = 3; len <= sizeof(text); len++) {
        for (size_t at = 1; at < len - 1; at++) {
            memset(text, ' ' + (int)(at % 2), len);
            text[0] = text[len - 1] = '"';
            ck_assert_int_eq((int)json_scan(slice_of(text, len), 0, NULL), WIRE_OK);
            for (size_t i = 0; i < ARRAY_LEN(specials); i++) {
                text[at] = specials[i].byte;
                ck_assert_int_eq((int)json_scan(slice_of(text, len), 0, &fault),
                                 (int)specials[i].err);
                ck_assert_uint_eq(fault.offset, at);
            }
        }
    }
}
END_TEST

START_TEST(test_depth_bounds)
{
    struct wire_fault fault = {0};
    char deep[2 * JSON_DEPTH_LIMIT + 2];

    ck_assert_int_eq((int)json_scan(S("1"), 0, &fault), WIRE_OK);
    ck_assert_int_eq((int)json_scan(S("[]"), 0, &fault), WIRE_E_JSON_DEPTH);
    ck_assert_int_eq((int)json_scan(S("[1]"), 1, &fault), WIRE_OK);
    ck_assert_int_eq((int)json_scan(S("[{}]"), 1, &fault), WIRE_E_JSON_DEPTH);
    ck_assert_uint_eq(fault.offset, 1);
    memset(deep, '[', JSON_DEPTH_LIMIT + 1);
    memset(deep + JSON_DEPTH_LIMIT + 1, ']', JSON_DEPTH_LIMIT + 1);
    ck_assert_int_eq((int)json_scan(slice_of(deep + 1, 2 * JSON_DEPTH_LIMIT), 1U << 30, &fault),
                     WIRE_OK);
    ck_assert_int_eq((int)json_scan(slice_of(deep, sizeof(deep)), 1U << 30, &fault),
                     WIRE_E_JSON_DEPTH);
    ck_assert_uint_eq(fault.offset, JSON_DEPTH_LIMIT);
}
END_TEST

START_TEST(test_value)
{
    struct wire_fault fault = {0};
    size_t end = 0;

    ck_assert_int_eq((int)json_scan_value(S("xx [1,2] ,"), 2, 1, &end, &fault), WIRE_OK);
    ck_assert_uint_eq(end, 8);
    ck_assert_int_eq((int)json_scan_value(S("xx [1,?] ,"), 2, 1, &end, &fault), WIRE_E_JSON_SYNTAX);
    ck_assert_uint_eq(fault.offset, 6);
    ck_assert_int_eq((int)json_scan_value(S("xx"), 2, 1, &end, &fault), WIRE_E_JSON_SYNTAX);
    ck_assert_uint_eq(fault.offset, 2);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("json_scan");
    TCase *tc = tcase_create("scan");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_prefixes);
    tcase_add_test(tc, test_alignment);
    tcase_add_test(tc, test_depth_bounds);
    tcase_add_test(tc, test_value);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
