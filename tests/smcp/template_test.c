/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/template.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"
#include "wire/limits.h"

static bool look_up(void *user, const char *name, struct buf *ret_json)
{
    (void)user;
    if (strcmp(name, "s") == 0)
        buf_append_str(ret_json, "\"a\\u00e9\\\"\\ud800\"");
    else if (strcmp(name, "n") == 0)
        buf_append_str(ret_json, "1.50e3");
    else if (strcmp(name, "o.x_1") == 0)
        buf_append_str(ret_json, "{\"k\":[null]}");
    else
        return false;
    return true;
}

static const struct template_env env = {look_up, NULL, NULL};

/* What is sent keeps the bytes of the file; only blanks between tokens go. */
static const struct {
    const char *text, *json; /* json NULL: has no value */
    const char *missing;
} rows[] = {
    {"{ \"a\" : 1.0, \"b\": [ -0, 1E+2, 12345678901234567890 ] }",
     "{\"a\":1.0,\"b\":[-0,1E+2,12345678901234567890]}", NULL},
    {"{\"z\":1,\"a\":2,\"z\":3}", "{\"z\":1,\"a\":2,\"z\":3}", NULL},
    {"\"\\u0061\\/\\u0000\"", "\"\\u0061\\/\\u0000\"", NULL},
    {"\"{n}\"", "1.50e3", NULL},
    {"\"{s}\"", "\"a\\u00e9\\\"\\ud800\"", NULL},
    {"\"<{s}>\"", "\"<a\\u00e9\\\"\\ud800>\"", NULL},
    {"\"<{n}{n}>\"", "\"<1.50e31.50e3>\"", NULL},
    {"\"{o.x_1}\"", "{\"k\":[null]}", NULL},
    {"\" {o.x_1}\"", "\" {\\\"k\\\":[null]}\"", NULL},
    {"{\"{s}\":0,\"{n}\":0}", "{\"a\\u00e9\\\"\\ud800\":0,\"1.50e3\":0}", NULL},
    {"[\"{{n}\",\"{{{n}}\",\"{\",\"}\",\"{}\",\"{1}\",\"{ n}\",\"{n\"]",
     "[\"{n}\",\"{1.50e3}\",\"{\",\"}\",\"{}\",\"{1}\",\"{ n}\",\"{n\"]", NULL},
    {"\"\\u007bn}\"", "\"\\u007bn}\"", NULL},
    {"\"2/smcp,7[\\\"x\\\",{\\\"a\\\":{\\\"b\\\":1}}]\"",
     "\"2/smcp,7[\\\"x\\\",{\\\"a\\\":{\\\"b\\\":1}}]\"", NULL},
    {"[1,\"{gone}\"]", NULL, "gone"},
    {"{\"a{gone.x}\":1}", NULL, "gone.x"},
};

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc;
    struct wire_fault fault;

    ck_assert(json_doc_parse(slice_str(text), WIRE_MAX_JSON_DEPTH, &doc, &fault) == WIRE_OK);
    return doc;
}

START_TEST(test_row)
{
    struct json_doc *doc = parse(rows[_i].text);
    char *missing = NULL;
    struct buf out;
    bool ok;

    buf_init(&out, 1 << 16);
    ok = template_expand(json_doc_root(doc), &env, &out, &missing);
    ck_assert_int_eq(ok, rows[_i].json != NULL);
    if (ok)
        ck_slice(buf_slice(&out), slice_str(rows[_i].json));
    else
        ck_assert_str_eq(missing, rows[_i].missing);
    free(missing);
    buf_release(&out);
    json_doc_free(doc);
}
END_TEST

/* {"$revision":…} by itself is a choice; beside other members, or without a revision, it is a key like any other. */
static const struct {
    const char *text, *json;
} choices[] = {
    {"{\"$revision\":{\"0.1-0.2\":{\"a\":1.0},\"0.3+\":[\"{n}\"]}}", "[1.50e3]"},
    {"[{\"x\":{\"$revision\":{\"0.3\":{\"$revision\":{\"rfc+\":\"{s}\"}}}}}]",
     "[{\"x\":\"a\\u00e9\\\"\\ud800\"}]"},
    {"{\"$revision\":{\"0.3+\":1,\"0.1+\":2}}", "1"},
    {"{\"$revision\":{\"0.1-0.2\":1}}", NULL},
    {"{\"$revision\":{\"0.9\":1}}", NULL},
    {"{\"$revision\":7}", NULL},
    {"{\"$revision\":{\"0.3+\":1},\"b\":2}", "{\"$revision\":{\"0.3+\":1},\"b\":2}"},
};

START_TEST(test_choice)
{
    struct template_env by_revision = {look_up, NULL, smcp_revision(SMCP_REV_0_3)};
    struct json_doc *doc = parse(choices[_i].text);
    char *missing = NULL;
    struct buf out;
    bool ok;

    buf_init(&out, 1 << 16);
    ok = template_expand(json_doc_root(doc), &by_revision, &out, &missing);
    ck_assert_int_eq(ok, choices[_i].json != NULL);
    if (ok)
        ck_slice(buf_slice(&out), slice_str(choices[_i].json));
    else
        ck_assert_str_eq(missing, "$revision");
    free(missing);
    buf_clear(&out);
    ck_assert(template_expand(json_doc_root(doc), &env, &out, NULL));
    ck_assert(memmem(out.data, out.len, "$revision", 9) != NULL);
    buf_release(&out);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_text)
{
    struct json_doc *doc = parse("\"/p\\u0061th/{n}?x={{y}\"");
    struct buf out;

    buf_init(&out, 1 << 16);
    ck_assert(template_expand_text(json_doc_root(doc), &env, &out, NULL));
    ck_slice(buf_slice(&out), S("/path/1.50e3?x={y}"));
    buf_release(&out);
    json_doc_free(doc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("template");
    TCase *tc = tcase_create("template");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(tc, test_choice, 0, (int)ARRAY_LEN(choices));
    tcase_add_test(tc, test_text);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
