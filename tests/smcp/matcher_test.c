/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/matcher.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"
#include "wire/limits.h"

/* Patterns against values: both written by hand, so nothing here comes from our own encoder. */

static const struct {
    const char *name, *json;
} variables[] = {
    {"here", "\"office-7\""},
    {"C.name", "\"c.1\""},
    {"n", "3"},
    {"sent", "{\"a\":[1,{\"b\":null}]}"},
    {"odd", "\"a\\u0000\\\"b\""},
    {"big", "12345678901234567890"},
};

static bool look_up(void *user, const char *name, struct buf *ret_json)
{
    (void)user;
    for (size_t i = 0; i < ARRAY_LEN(variables); i++) {
        if (strcmp(variables[i].name, name) == 0) {
            buf_append_str(ret_json, variables[i].json);
            return true;
        }
    }
    return false;
}

static const struct template_env env = {look_up, NULL, NULL};

static struct json_doc *parse(const char *text)
{
    struct json_doc *doc;
    struct wire_fault fault;

    ck_assert_msg(json_doc_parse(slice_str(text), WIRE_MAX_JSON_DEPTH, &doc, &fault) == WIRE_OK,
                  "test data is no JSON: %s", text);
    return doc;
}

static struct matcher *compile(const struct json_doc *doc)
{
    struct matcher_fault fault;
    struct matcher *m =
        matcher_compile(json_doc_root(doc), schema_set_embedded(), SMCP_REV_0_1, &env, &fault);

    ck_assert_msg(m != NULL, "%s", m ? "" : fault.text);
    return m;
}

/* clang-format off */
static const struct {
    const char *pattern, *value;
    const char *pointer; /* of the first difference; NULL: it matches */
    const char *expected, *actual;
} rows[] = {
    /* literals */
    {"1", "1.0", NULL, 0, 0},
    {"1", "10e-1", NULL, 0, 0},
    {"1", "2", "", "1", "2"},
    {"1", "\"1\"", "", "1", "\"1\""},
    {"true", "true", NULL, 0, 0},
    {"true", "1", "", "true", "1"},
    {"null", "null", NULL, 0, 0},
    {"null", "false", "", "null", "false"},
    {"\"a\"", "\"\\u0061\"", NULL, 0, 0},
    {"\"a\"", "\"A\"", "", "\"a\"", "\"A\""},
    {"\"\\u0000\"", "\"\\u0000\"", NULL, 0, 0},
    {"\"\\u0000\"", "\"\"", "", 0, 0},
    {"\"a\\u0000b\"", "\"a\\u0000c\"", "", 0, 0},
    {"\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"", NULL, 0, 0},
    /* objects and arrays */
    {"{\"a\":1}", "{\"b\":2,\"a\":1}", NULL, 0, 0},
    {"{\"a\":1}", "{\"b\":2}", "/a", "1", "nothing"},
    {"{}", "{\"b\":2}", NULL, 0, 0},
    {"{}", "[]", "", "{}", "[]"},
    {"{\"a\":null}", "{}", "/a", "null", "nothing"},
    {"{\"a\":{\"b\":[1,2]}}", "{\"a\":{\"b\":[1,3],\"c\":0}}", "/a/b/1", "2", "3"},
    {"{\"a/b~c\":1}", "{\"a/b~c\":2}", "/a~1b~0c", "1", "2"},
    {"{\"a\":1}", "{\"a\":2,\"a\":1}", NULL, 0, 0}, /* repeated: the last one counts */
    {"{\"a\":2}", "{\"a\":2,\"a\":1}", "/a", "2", "1"},
    {"[]", "[]", NULL, 0, 0},
    {"[]", "[null]", "", "[]", "[null]"},
    {"[null]", "[]", "", "[null]", "[]"},
    {"[true,null]", "[true,null]", NULL, 0, 0},
    {"[true,null]", "[[true,null]]", "", "[true,null]", "[[true,null]]"},
    {"[true,null]", "[true,null,1]", "", 0, 0},
    {"[true,null]", "[true,0]", "/1", "null", "0"},
    {"[[1,2],[3]]", "[[1,2],[4]]", "/1/0", "3", "4"},
    /* $any, $absent */
    {"{\"a\":{\"$any\":true}}", "{\"a\":null}", NULL, 0, 0},
    {"{\"a\":{\"$any\":true}}", "{}", "/a", "anything", "nothing"},
    {"{\"a\":{\"$absent\":true}}", "{}", NULL, 0, 0},
    {"{\"a\":{\"$absent\":true}}", "{\"a\":null}", "/a", "absent", "null"},
    {"{\"a\":{\"$absent\":\"or null\"}}", "{}", NULL, 0, 0},
    {"{\"a\":{\"$absent\":\"or null\"}}", "{\"a\":null}", NULL, 0, 0},
    {"{\"a\":{\"$absent\":\"or null\"}}", "{\"a\":0}", "/a", "absent or null", "0"},
    /* $type */
    {"{\"$type\":\"string\"}", "\"\"", NULL, 0, 0},
    {"{\"$type\":\"string\"}", "null", "", "string", "null"},
    {"{\"$type\":[\"string\",\"null\"]}", "null", NULL, 0, 0},
    {"{\"$type\":[\"string\",\"null\"]}", "1", "", "null or string", "1"},
    {"{\"$type\":\"integer\"}", "1e2", NULL, 0, 0},
    {"{\"$type\":\"integer\"}", "2.0", NULL, 0, 0},
    {"{\"$type\":\"integer\"}", "2.5", "", "integer", "2.5"},
    {"{\"$type\":\"integer\"}", "123456789012345678901234567890", NULL, 0, 0},
    {"{\"$type\":\"number\"}", "2.5", NULL, 0, 0},
    {"{\"$type\":\"boolean\"}", "false", NULL, 0, 0},
    {"{\"$type\":\"array\"}", "{}", "", "array", "{}"},
    {"{\"$type\":\"object\"}", "{}", NULL, 0, 0},
    /* $oneOf, $all, $not */
    {"{\"$oneOf\":[1,2]}", "2", NULL, 0, 0},
    {"{\"$oneOf\":[1,2]}", "3", "", "1 or 2", "3"},
    {"{\"$oneOf\":[{\"a\":1,\"b\":1},{\"c\":1}]}", "{\"a\":1,\"b\":2}", "/b", "1", "2"},
    {"{\"$oneOf\":[[],[true,null]]}", "[true,null]", NULL, 0, 0},
    {"{\"$all\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1,\"b\":2}", NULL, 0, 0},
    {"{\"$all\":[{\"a\":1},{\"b\":2}]}", "{\"a\":1,\"b\":3}", "/b", "2", "3"},
    {"{\"$not\":\"x\"}", "\"y\"", NULL, 0, 0},
    {"{\"$not\":\"x\"}", "\"x\"", "", "anything but \"x\"", "\"x\""},
    {"{\"a\":{\"$not\":1}}", "{}", "/a", "anything but 1", "nothing"},
    /* $regex */
    {"{\"$regex\":\"already exists\"}", "\"name already exists here\"", NULL, 0, 0},
    {"{\"$regex\":\"^a\\\\d{2}$\"}", "\"a12\"", NULL, 0, 0},
    {"{\"$regex\":\"^a\\\\d{2}$\"}", "\"a123\"", "", "text that matches /^a\\d{2}$/", "\"a123\""},
    {"{\"$regex\":\"a\"}", "1", "", 0, "1"},
    {"{\"$regex\":\"^.$\"}", "\"\xf0\x9f\x98\x80\"", NULL, 0, 0},
    {"{\"$regex\":\"^{C.name}!$\"}", "\"c.1!\"", NULL, 0, 0},
    {"{\"$regex\":\"^{C.name}!$\"}", "\"cx1!\"", "", "text that matches /^c\\.1!$/", "\"cx1!\""},
    {"{\"$regex\":\"^\\\\p{Lu}{n}$\"}", "\"X3\"", NULL, 0, 0},
    {"{\"$regex\":\"{odd}\"}", "\"-a\\u0000\\\"b-\"", NULL, 0, 0},
    {"{\"$regex\":\"{nobody}\"}", "\"x\"", "", "{nobody}, which has no value", "\"x\""},
    {"{\"$regex\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "", 0, 0},
    /* $range, $length */
    {"{\"$range\":[1,3]}", "1", NULL, 0, 0},
    {"{\"$range\":[1,3]}", "3.0", NULL, 0, 0},
    {"{\"$range\":[1,3]}", "3.01", "", "a number from 1 to 3", "3.01"},
    {"{\"$range\":[1,3]}", "\"2\"", "", "a number from 1 to 3", "\"2\""},
    {"{\"$range\":[null,3]}", "-1e9", NULL, 0, 0},
    {"{\"$range\":[1,null]}", "0.99", "", "a number from 1", "0.99"},
    {"{\"$length\":2}", "[1,2]", NULL, 0, 0},
    {"{\"$length\":2}", "[1]", "", "length 2", "[1]"},
    {"{\"$length\":1}", "\"\xf0\x9f\x98\x80\"", NULL, 0, 0},
    {"{\"$length\":1}", "{\"a\":0}", NULL, 0, 0},
    {"{\"$length\":{\"$range\":[1,null]}}", "\"\"", "", "length a number from 1", "\"\""},
    {"{\"$length\":1}", "1", "", "length 1", "1"},
    /* any order */
    {"{\"$anyOrder\":[1,2,3]}", "[3,1,2]", NULL, 0, 0},
    {"{\"$anyOrder\":[1,2]}", "[2,1,3]", "/2", "no further element", "3"},
    {"{\"$anyOrder\":[1,2]}", "[2]", "/1", "1", "nothing"},
    {"{\"$anyOrder\":[]}", "[]", NULL, 0, 0},
    {"{\"$anyOrder\":[]}", "[1]", "/0", "no further element", "1"},
    {"{\"$anyOrder\":[1]}", "{}", "", 0, "{}"},
    /* a greedy choice would give the 1 to $any and find nothing for 1 */
    {"{\"$anyOrder\":[{\"$any\":true},1]}", "[1,2]", NULL, 0, 0},
    {"{\"$anyOrder\":[{\"$type\":\"number\"},{\"$range\":[1,5]},{\"$range\":[1,2]}]}", "[1,4,9]", NULL, 0, 0},
    {"{\"$anyOrder\":[{\"$range\":[1,2]},{\"$range\":[1,2]},{\"$any\":true}]}", "[1,8,9]", "/3", 0, "nothing"},
    {"{\"$anyOrder\":[{\"n\":\"a\",\"r\":1},{\"n\":\"b\",\"r\":1}]}", "[{\"n\":\"b\",\"r\":2},{\"n\":\"a\",\"r\":1}]", "/0/r", "1", "2"},
    {"{\"$contains\":[1]}", "[3,1,2]", NULL, 0, 0},
    {"{\"$contains\":[1,1]}", "[3,1,2]", "/3", "1", "nothing"},
    {"{\"$contains\":[{\"a\":1}]}", "[{\"a\":1,\"b\":1}]", NULL, 0, 0},
    {"{\"$contains\":[4]}", "[]", "/0", "4", "nothing"},
    {"{\"$contains\":[{\"$any\":true},1]}", "[1,2]", NULL, 0, 0},
    /* $exact reaches down, also through other operators */
    {"{\"$exact\":{\"a\":1}}", "{\"a\":1}", NULL, 0, 0},
    {"{\"$exact\":{\"a\":1}}", "{\"a\":1,\"b\":2}", "/b", "no such member", "2"},
    {"{\"$exact\":{\"a\":{\"b\":1}}}", "{\"a\":{\"b\":1,\"c\":2}}", "/a/c", "no such member", "2"},
    {"{\"$exact\":[{\"$oneOf\":[{\"a\":1}]}]}", "[{\"a\":1,\"b\":2}]", "/0/b", "no such member", "2"},
    {"{\"$exact\":{\"a\":{\"$absent\":\"or null\"}}}", "{\"a\":null}", NULL, 0, 0},
    {"{\"$exact\":{\"a\":{\"$any\":true}}}", "{\"a\":{\"b\":1}}", NULL, 0, 0},
    /* $same, $identical */
    {"{\"$same\":{\"a\":1}}", "{\"a\":1.0}", NULL, 0, 0},
    {"{\"$same\":{\"a\":1}}", "{\"a\":1,\"b\":2}", "", "{\"a\":1}", "{\"a\":1,\"b\":2}"},
    {"{\"$same\":{\"$any\":true}}", "{\"$any\":true}", NULL, 0, 0},
    {"{\"$same\":{\"$any\":true}}", "1", "", 0, "1"},
    {"{\"$same\":\"{sent}\"}", "{\"a\":[1,{\"b\":null}]}", NULL, 0, 0},
    {"{\"$same\":\"{sent}\"}", "{\"a\":[1,{}]}", "", "{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{}]}"},
    {"{\"$same\":9007199254740993}", "9007199254740992", NULL, 0, 0},
    {"{\"$identical\":9007199254740993}", "9007199254740992", "", 0, 0},
    {"{\"$identical\":9007199254740993}", "9007199254740993.0", NULL, 0, 0},
    {"{\"$identical\":\"{big}\"}", "12345678901234567891", "", 0, 0},
    {"\"{big}\"", "12345678901234567891", NULL, 0, 0},
    /* $schema, $revision */
    {"{\"$schema\":\"join_office.request\"}", "{\"role\":\"agent\",\"name\":\"a\",\"office_id\":\"o\"}", NULL, 0, 0},
    {"{\"$schema\":\"0.1/join_office.request\"}", "{\"role\":\"agent\",\"name\":\"a\",\"office_id\":\"o\"}", NULL, 0, 0},
    {"{\"$schema\":\"join_office.request\"}", "{\"role\":\"boss\",\"name\":\"a\",\"office_id\":\"o\"}", "", "valid by schema \"join_office.request\": /role: expected one of [\"agent\",\"computer\"], got \"boss\"", 0},
    {"{\"$revision\":{\"0.1-0.4\":[true,null],\"0.5+\":[]}}", "[true,null]", NULL, 0, 0},
    {"{\"$revision\":{\"0.1-0.4\":[true,null],\"0.5+\":[]}}", "[]", "", "[true,null]", "[]"},
    {"{\"$revision\":{\"rfc+\":1}}", "1", NULL, 0, 0},
    {"{\"$exact\":{\"$revision\":{\"0.1\":{\"a\":1}}}}", "{\"a\":1,\"b\":1}", "/b", "no such member", "1"},
    /* references */
    {"\"{here}\"", "\"office-7\"", NULL, 0, 0},
    {"\"{here}\"", "\"office-8\"", "", "\"office-7\"", "\"office-8\""},
    {"\"{n}\"", "3", NULL, 0, 0},
    {"\"{n}\"", "\"3\"", "", "3", "\"3\""},
    {"\"n={n}\"", "\"n=3\"", NULL, 0, 0},
    {"\"{C.name} in {here}\"", "\"c.1 in office-7\"", NULL, 0, 0},
    {"\"{sent}!\"", "\"{\\\"a\\\":[1,{\\\"b\\\":null}]}!\"", NULL, 0, 0},
    {"\"<{odd}>\"", "\"<a\\u0000\\\"b>\"", NULL, 0, 0},
    {"\"{{here}\"", "\"{here}\"", NULL, 0, 0},
    {"\"{ here}\"", "\"{ here}\"", NULL, 0, 0},
    {"\"{}\"", "\"{}\"", NULL, 0, 0},
    {"\"{nobody}\"", "1", "", "{nobody}, which has no value", "1"},
    {"{\"{C.name}\":1}", "{\"c.1\":1}", NULL, 0, 0},
    {"{\"{C.name}\":1}", "{\"c.2\":1}", 0, 0, 0}, /* judged below: only that it does not match */
};
/* clang-format on */

enum { KEY_REFERENCE_ROW = ARRAY_LEN(rows) - 1 };

START_TEST(test_row)
{
    struct json_doc *doc = parse(rows[_i].pattern);
    struct matcher *m = compile(doc);
    struct mismatch why = {0};
    bool ok = matcher_match(m, slice_str(rows[_i].value), &why);
    struct buf diff;

    if (_i == KEY_REFERENCE_ROW) {
        ck_assert(!ok);
    } else {
        ck_assert_msg(ok == (rows[_i].pointer == NULL), "%s against %s: %s", rows[_i].pattern,
                      rows[_i].value, ok ? "matches" : why.expected);
    }
    buf_init(&diff, 1 << 16);
    matcher_diff(m, slice_str(rows[_i].value), 8, &diff);
    ck_assert_int_eq(diff.len == 0, ok);
    if (!ok) {
        ck_assert(why.score >= 0 && why.score < 1);
        if (rows[_i].pointer)
            ck_assert_str_eq(why.pointer, rows[_i].pointer);
        if (rows[_i].expected)
            ck_assert_str_eq(why.expected, rows[_i].expected);
        if (rows[_i].actual)
            ck_assert_str_eq(why.actual, rows[_i].actual);
        mismatch_release(&why);
    }
    ck_assert_int_eq(matcher_match(m, slice_str(rows[_i].value), NULL), ok);
    buf_release(&diff);
    matcher_free(m);
    json_doc_free(doc);
}
END_TEST

/* Mistakes in patterns: what is said, and where. */
/* clang-format off */
static const struct {
    const char *pattern, *text;
    unsigned column; /* of the value at fault */
} faults[] = {
    {"{\"$anny\":true}", "unknown operator `$anny` (did you mean `$any`?)", 10},
    {"{\"$regexp\":\"a\"}", "unknown operator `$regexp` (did you mean `$regex`?)", 12},
    {"{\"a\":1,\"$any\":true}", "`$any` must be the only key of its object", 15},
    {"{\"$any\":true,\"$not\":1}", "`$any` must be the only key of its object", 9},
    {"{\"$any\":false}", "`$any` takes true", 9},
    {"{\"$absent\":\"maybe\"}", "`$absent` takes true or \"or null\"", 12},
    {"{\"$type\":\"text\"}", "`$type` takes string, number, integer, boolean, null, array or object", 10},
    {"{\"$type\":[]}", "`$type` takes at least one type", 10},
    {"{\"$type\":[\"string\",1]}", "`$type` takes string, number, integer, boolean, null, array or object", 20},
    {"{\"$oneOf\":{}}", "`$oneOf` takes a list of patterns", 11},
    {"{\"$oneOf\":[]}", "`$oneOf` takes at least one pattern", 11},
    {"{\"$contains\":[]}", "`$contains` takes at least one pattern", 14},
    {"{\"$regex\":\"(\"}", "`$regex`: missing closing parenthesis (at byte 1)", 11},
    {"{\"$regex\":1}", "`$regex` takes a string", 11},
    {"{\"$range\":[1]}", "`$range` takes [min, max], numbers or null", 11},
    {"{\"$range\":[2,1]}", "`$range`: min is larger than max", 11},
    {"{\"$schema\":\"join_ofice\"}", "no schema `join_ofice` for revision 0.1", 12},
    {"{\"$revision\":{\"0.9\":1}}", "`0.9` is no range of revisions such as 0.1, 0.1-0.4 or 0.5+", 21},
    {"{\"$revision\":{\"0.4-0.1\":1}}", "`0.4-0.1` is no range of revisions such as 0.1, 0.1-0.4 or 0.5+", 25},
    {"{\"$revision\":{\"0.5\":1}}", "`$revision` has no branch for revision 0.1", 14},
    {"{\"$revision\":{\"0.1\":1,\"0.5\":{\"$x\":1}}}", "unknown operator `$x`", 35},
    {"[1,{\"a\":[{\"$Type\":\"null\"}]}]", "unknown operator `$Type` (did you mean `$type`?)", 19},
};
/* clang-format on */

START_TEST(test_fault)
{
    struct json_doc *doc = parse(faults[_i].pattern);
    struct matcher_fault fault = {0};
    struct matcher *m =
        matcher_compile(json_doc_root(doc), schema_set_embedded(), SMCP_REV_0_1, &env, &fault);

    ck_assert_ptr_null(m);
    ck_assert_str_eq(fault.text, faults[_i].text);
    ck_assert_uint_eq(json_position_of(doc, fault.at).column, faults[_i].column);
    free(fault.text);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_no_value)
{
    struct json_doc *doc = parse("{\"$any\":true}"), *absent = parse("{\"$absent\":true}");
    struct matcher *any = compile(doc), *none = compile(absent);

    ck_assert(!matcher_match(any, slice_of(NULL, 0), NULL));
    ck_assert(matcher_match(none, slice_of(NULL, 0), NULL));
    matcher_free(any);
    matcher_free(none);
    json_doc_free(doc);
    json_doc_free(absent);
}
END_TEST

/* The nearest miss must win: it is what a report shows. */
START_TEST(test_score_orders)
{
    static const char *const from_near_to_far[] = {
        "{\"office_id\":\"office-7\",\"computer\":\"c.2\"}",
        "{\"office_id\":\"office-9\",\"computer\":\"c.2\"}",
        "{\"office_id\":\"office-9\"}",
        "{\"x\":1}",
        "[]",
    };
    struct json_doc *doc = parse("{\"office_id\":\"{here}\",\"computer\":\"{C.name}\"}");
    struct matcher *m = compile(doc);
    double before = 1;

    for (size_t i = 0; i < ARRAY_LEN(from_near_to_far); i++) {
        struct mismatch why;

        ck_assert(!matcher_match(m, slice_str(from_near_to_far[i]), &why));
        ck_assert_msg(why.score < before, "row %zu: %f", i, why.score);
        before = why.score;
        mismatch_release(&why);
    }
    matcher_free(m);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_diff_lines)
{
    struct json_doc *doc = parse("{\"a\":1,\"b\":{\"c\":true},\"d\":{\"$absent\":true},\"e\":[1]}");
    struct matcher *m = compile(doc);
    struct buf out;

    buf_init(&out, 1 << 16);
    matcher_diff(m, slice_str("{\"a\":2,\"b\":{\"c\":null},\"d\":0,\"e\":[]}"), 3, &out);
    ck_slice(buf_slice(&out), S("  /a: expected 1, got 2\n"
                                "  /b/c: expected true, got null\n"
                                "  /d: expected absent, got 0\n"
                                "  … and 1 more\n"));
    buf_release(&out);
    matcher_free(m);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_branch)
{
    struct json_doc *doc = parse("{\"$oneOf\":[[],[null],{\"$any\":true}]}");
    struct matcher *m = compile(doc);

    ck_assert_int_eq(matcher_branch(m, S("[]")), 0);
    ck_assert_int_eq(matcher_branch(m, S("[null]")), 1);
    ck_assert_int_eq(matcher_branch(m, S("[1]")), 2);
    ck_assert_int_eq(matcher_branch(m, slice_of(NULL, 0)), -1);
    matcher_free(m);
    json_doc_free(doc);
}
END_TEST

START_TEST(test_print)
{
    struct json_doc *doc = parse("{ \"a\" : \"{here}\", \"b\": [ \"{later}\", 1.50 ] }");
    struct matcher *m = compile(doc);
    struct buf out;

    buf_init(&out, 1 << 16);
    matcher_print(m, &out);
    ck_slice(buf_slice(&out), S("{\"a\":\"office-7\",\"b\":[\"{later}\",1.50]}"));
    buf_release(&out);
    matcher_free(m);
    json_doc_free(doc);
}
END_TEST

static void count_name(void *user, const char *name, const struct json_node *at)
{
    struct buf *names = user;

    ck_assert_ptr_nonnull(at);
    buf_appendf(names, "%s ", name);
}

START_TEST(test_references)
{
    struct json_doc *doc = parse("{\"{k}\":{\"x\":1},\"a\":[\"{b.c} "
                                 "{d}\",{\"$regex\":\"\\\\p{Lu}{e}{2}\"}],\"f\":\"{{g}\"}");
    struct buf names;

    buf_init(&names, 1 << 16);
    matcher_references(json_doc_root(doc), count_name, &names);
    ck_slice(buf_slice(&names), S("k b.c d e "));
    buf_release(&names);
    json_doc_free(doc);
}
END_TEST

/* Every row of matchers.def has an example that compiles. */
START_TEST(test_examples)
{
    for (size_t i = 0; i < matcher_rows_count; i++) {
        struct json_doc *doc = parse(matcher_rows[i].example);
        struct matcher *m = compile(doc);

        matcher_free(m);
        json_doc_free(doc);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("matcher");
    TCase *tc = tcase_create("matcher");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, test_no_value);
    tcase_add_test(tc, test_score_orders);
    tcase_add_test(tc, test_diff_lines);
    tcase_add_test(tc, test_branch);
    tcase_add_test(tc, test_print);
    tcase_add_test(tc, test_references);
    tcase_add_test(tc, test_examples);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
