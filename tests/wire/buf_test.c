/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/macros.h"
#include "wire/wire_err.h"
#include "wire/xmalloc.h"

START_TEST(test_appends)
{
    struct buf b;

    buf_init(&b, 1000);
    ck_assert_ptr_null(b.data);
    buf_append(&b, "ab", 2);
    buf_append_slice(&b, S("c\0d"));
    buf_append_slice(&b, (struct slice){0});
    buf_append_str(&b, "");
    buf_append_str(&b, "ef");
    buf_append_ch(&b, '-');
    buf_append_u64(&b, 0);
    buf_append_ch(&b, '-');
    buf_append_u64(&b, UINT64_MAX);
    buf_appendf(&b, " %s=%d", "x", -7);
    ck_slice(buf_slice(&b), S("abc\0def-0-18446744073709551615 x=-7"));
    ck_assert(!b.overflow);
    buf_consume(&b, 8);
    ck_slice(buf_slice(&b), S("0-18446744073709551615 x=-7"));
    buf_consume(&b, b.len);
    ck_assert_uint_eq(b.len, 0);
    buf_release(&b);
    ck_assert_ptr_null(b.data);
    ck_assert_uint_eq(b.max, 1000);
}
END_TEST

/* Beyond the ceiling nothing is appended, not even in part, and nothing later either. */
START_TEST(test_ceiling)
{
    struct buf b;
    char big[200];

    memset(big, 'x', sizeof(big));
    buf_init(&b, 100);
    buf_append(&b, big, 99);
    buf_append(&b, big, 2);
    ck_assert(b.overflow);
    buf_append_ch(&b, 'y');
    ck_assert_ptr_null(buf_reserve(&b, 1));
    ck_assert_uint_eq(b.len, 99);
    buf_clear(&b);
    buf_append(&b, big, 100);
    ck_assert(!b.overflow);
    ck_assert_uint_eq(b.len, 100);
    ck_assert_ptr_null(buf_reserve(&b, SIZE_MAX));
    ck_assert(b.overflow);
    buf_release(&b);
    buf_init(&b, 0);
    buf_append_ch(&b, 'x');
    ck_assert(b.overflow);
    ck_assert_ptr_null(b.data);
    buf_release(&b);
}
END_TEST

START_TEST(test_growth)
{
    struct buf b;

    buf_init(&b, 100000);
    for (unsigned i = 0; i < 100000; i++)
        buf_append_ch(&b, (char)('a' + i % 26));
    ck_assert(!b.overflow);
    ck_assert_uint_eq(b.cap, 100000);
    for (unsigned i = 0; i < 100000; i++)
        ck_assert(b.data[i] == (char)('a' + i % 26));
    buf_append_ch(&b, 'x');
    ck_assert(b.overflow);
    buf_release(&b);
}
END_TEST

START_TEST(test_reserve)
{
    struct buf b;
    char *to;

    buf_init(&b, 10);
    to = buf_reserve(&b, 10);
    ck_assert_ptr_nonnull(to);
    memcpy(to, "0123456789", 10);
    b.len += 3;
    ck_slice(buf_slice(&b), S("012"));
    ck_assert_ptr_nonnull(buf_reserve(&b, 7));
    ck_assert_ptr_null(buf_reserve(&b, 8));
    buf_release(&b);
}
END_TEST

START_TEST(test_take)
{
    struct buf b;
    char *text;

    buf_init(&b, 10);
    text = buf_take_str(&b);
    ck_assert_str_eq(text, "");
    free(text);
    buf_append_str(&b, "0123456789");
    text = buf_take_str(&b);
    ck_assert_str_eq(text, "0123456789");
    free(text);
    ck_assert_uint_eq(b.len, 0);
    buf_append_str(&b, "again");
    ck_slice(buf_slice(&b), S("again"));
    buf_release(&b);
}
END_TEST

/* What JSON.stringify() of Node 18 prints. */
static const struct {
    struct slice text, json;
} strings[] = {
    {LIT(""), LIT("\"\"")},
    {LIT("plain / text"), LIT("\"plain / text\"")},
    {LIT("\"\\"), LIT("\"\\\"\\\\\"")},
    {LIT("\b\t\n\f\r"), LIT("\"\\b\\t\\n\\f\\r\"")},
    {LIT("\0\x01\x0b\x1f\x7f"), LIT("\"\\u0000\\u0001\\u000b\\u001f\x7f\"")},
    {LIT("a\nb"), LIT("\"a\\nb\"")},
    {LIT("\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8\xed\x9f\xbf"),
     LIT("\"\xc3\xa9\xf0\x9f\x98\x80\xe2\x80\xa8\xed\x9f\xbf\"")},
    {LIT("x\xed\xa0\xbd\xed\xbf\xbfy"),
     LIT("\"x\\ud83d\\udfffy\"")}, /* lone surrogates, as json_string_decode() gives them */
};

START_TEST(test_json_string)
{
    struct buf b;

    buf_init(&b, 1000);
    buf_append_json_string(&b, strings[_i].text);
    ck_slice(buf_slice(&b), strings[_i].json);
    buf_release(&b);
}
END_TEST

START_TEST(test_xmalloc)
{
    char *text = xstrdup("abc"), *copy = xstrndup_slice(S("a\0b")),
         *line = xasprintf("%d-%s", 5, "x");
    char *zero = xcalloc(3, 2);

    ck_assert_str_eq(text, "abc");
    ck_assert_mem_eq(copy, "a\0b", 4);
    ck_assert_str_eq(line, "5-x");
    ck_assert_mem_eq(zero, "\0\0\0\0\0\0", 6);
    text = xrealloc(text, 100);
    ck_assert_str_eq(text, "abc");
    free(text);
    free(copy);
    free(line);
    free(zero);
    free(xmalloc(0));
}
END_TEST

START_TEST(test_error_names)
{
    ck_assert_str_eq(wire_err_name(WIRE_OK), "WIRE_OK");
    ck_assert_str_eq(wire_err_name(WIRE_E_UTF8), "WIRE_E_UTF8");
    ck_assert_str_eq(wire_err_text(WIRE_E_UTF8), "not valid UTF-8");
    ck_assert_str_eq(wire_err_name(WIRE_E_JSON_TRAILING), "WIRE_E_JSON_TRAILING");
    ck_assert_str_eq(wire_err_text((enum wire_err)1000), "unknown error");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("buf");
    TCase *tc = tcase_create("buf");

    tcase_add_test(tc, test_appends);
    tcase_add_test(tc, test_ceiling);
    tcase_add_test(tc, test_growth);
    tcase_add_test(tc, test_reserve);
    tcase_add_test(tc, test_take);
    tcase_add_loop_test(tc, test_json_string, 0, (int)ARRAY_LEN(strings));
    tcase_add_test(tc, test_xmalloc);
    tcase_add_test(tc, test_error_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
