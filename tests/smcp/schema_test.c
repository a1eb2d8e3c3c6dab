/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/schema.h"

#include <stdio.h>
#include <stdlib.h>

#include "smcp/event.h"
#include "tests/support/test_wire_check.h"

/* What the official suite (stage 35) does not look at: messages, positions, refusal of what we do not know. */

static const struct {
    const char *schema, *value;
    const char *pointer, *text; /* NULL: valid */
} rows[] = {
    {"{\"required\":[\"a\"]}", "{\"b\":1}", "", "member \"a\" is missing"},
    {"{\"properties\":{\"a\":{\"type\":\"string\"}}}", "{\"a\":1}", "/a", "expected string, got 1"},
    {"{\"properties\":{\"a\":{\"items\":{\"type\":[\"string\",\"null\"]}}}}",
     "{\"a\":[\"x\",null,{}]}", "/a/2", "expected null or string, got {}"},
    {"{\"properties\":{\"a/b\":{\"const\":null}}}", "{\"a/b\":0}", "/a~1b", "expected null, got 0"},
    {"{\"enum\":[1,\"a\"]}", "2", "", "expected one of [1,\"a\"], got 2"},
    {"{\"additionalProperties\":false}", "{\"x\":1}", "", "member \"x\" is not allowed"},
    {"{\"oneOf\":[{\"type\":\"integer\"},{\"minimum\":1}]}", "2", "",
     "fits 2 of the alternatives (oneOf), must fit one, got 2"},
    {"{\"minLength\":2}", "\"\xf0\x9f\x98\x80\"", "", "shorter than 2, got \"\xf0\x9f\x98\x80\""},
    {"{\"maxLength\":1}", "\"\xf0\x9f\x98\x80\"", NULL, NULL},
    {"{\"const\":9007199254740993}", "9007199254740992", "",
     "expected 9007199254740993, got 9007199254740992"},
    {"{\"const\":\"\\u0000\"}", "\"\\u0000\"", NULL, NULL},
    {"{\"properties\":{\"a\":false}}", "{\"a\":1,\"a\":2}", "/a", "not allowed, got 1"},
    {"{\"$defs\":{\"x\":{\"type\":\"null\"}},\"items\":{\"$ref\":\"#/$defs/x\"}}", "[null,1]", "/1",
     "expected null, got 1"},
    {"{\"$ref\":\"#\"}", "1", "", "$ref # goes round in circles"},
    {"{\"pattern\":\"^(a+)+$\"}", "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\"", "",
     "does not match the pattern, got \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab\""},
};

START_TEST(test_row)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = {0};
    struct schema_miss why = {0};
    const char *name;
    bool valid;

    ck_assert_msg(schema_set_add(set, "t/s", slice_str(rows[_i].schema), &fault), "%s", fault.text);
    ck_assert(schema_set_resolve(set, &name, &fault));
    valid = schema_valid(schema_find(set, SMCP_REV_0_1, "t/s"), slice_str(rows[_i].value), &why);
    ck_assert_int_eq(valid, rows[_i].text == NULL);
    if (!valid) {
        ck_assert_str_eq(why.text, rows[_i].text);
        ck_assert_str_eq(why.pointer, rows[_i].pointer);
        schema_miss_release(&why);
    }
    schema_set_free(set);
}
END_TEST

static const struct {
    const char *schema, *text;
    unsigned line, column;
} faults[] = {
    {"{\"requierd\":[]}", "unknown keyword `requierd` (did you mean `required`?)", 1, 13},
    {"{\n \"properties\": {\n  \"a\": { \"tipe\": 1 } } }",
     "unknown keyword `tipe` (did you mean `type`?)", 3, 18},
    {"{\"type\":\"text\"}", "unknown type", 1, 9},
    {"{\"minItems\":-1}", "expected a whole number of at least 0", 1, 13},
    {"{\"required\":\"a\"}", "expected a list of member names", 1, 13},
    {"{\"oneOf\":[]}", "expected a list of schemas", 1, 10},
    {"{\"items\":1}", "a schema is an object, true or false", 1, 10},
    {"{\"pattern\":\"(\"}", "not a regular expression: missing closing parenthesis (at byte 1)", 1,
     12},
    {"{\"unevaluatedProperties\":false}", "unknown keyword `unevaluatedProperties`", 1, 26},
    {"[", NULL, 1, 2},
};

START_TEST(test_fault)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = {0};

    ck_assert(!schema_set_add(set, "t/s", slice_str(faults[_i].schema), &fault));
    if (faults[_i].text)
        ck_assert_str_eq(fault.text, faults[_i].text);
    ck_assert_uint_eq(fault.at.line, faults[_i].line);
    ck_assert_uint_eq(fault.at.column, faults[_i].column);
    schema_fault_release(&fault);
    ck_assert_ptr_null(schema_find(set, SMCP_REV_0_1, "t/s"));
    schema_set_free(set);
}
END_TEST

START_TEST(test_references_between_files)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = {0};
    const char *name = NULL;

    ck_assert(schema_set_add(set, "0.1/a", S("{\"$ref\":\"b.json#/$defs/x\"}"), &fault));
    ck_assert(!schema_set_resolve(set, &name, &fault));
    ck_assert_str_eq(name, "0.1/a");
    ck_assert_str_eq(fault.text, "$ref leads nowhere: b.json#/$defs/x");
    schema_fault_release(&fault);
    ck_assert(schema_set_add(set, "0.1/b", S("{\"$defs\":{\"x\":{\"const\":1}}}"), &fault));
    ck_assert(schema_set_resolve(set, &name, &fault));
    ck_assert(schema_valid(schema_find(set, SMCP_REV_0_1, "a"), S("1"), NULL));
    ck_assert(!schema_valid(schema_find(set, SMCP_REV_0_1, "a"), S("2"), NULL));
    ck_assert_ptr_null(schema_find(set, SMCP_REV_0_2, "a"));
    schema_set_free(set);
}
END_TEST

/* The built-in files lie in folders that are named after revisions. */
static void count_one(void *user, const char *name)
{
    const char *slash = strchr(name, '/');

    ck_assert_msg(slash && smcp_revision_find(slice_of(name, (size_t)(slash - name))), "%s", name);
    ++*(size_t *)user;
}

START_TEST(test_embedded)
{
    const struct schema_set *set = schema_set_embedded();
    size_t n = 0;

    ck_assert_uint_ge(schema_set_each(set, count_one, &n), 30);
    ck_assert_uint_ge(n, 30);
    ck_assert_ptr_nonnull(schema_find(set, SMCP_REV_0_1, "list_room.ack"));
}
END_TEST

/* "client:get_tools" has get_tools.request and get_tools.ack, "notify:enter_office" has notify.enter_office. */
enum part { PART_MESSAGE, PART_ACK, PART_COUNT };
enum { MAX_NAME = 64 };

static void name_schema(const struct smcp_event *event, enum part part, char *ret_name)
{
    const char *subject = (const char *)memchr(event->name.ptr, ':', event->name.len) + 1;

    if (event->kind == KIND_NOTICE)
        snprintf(ret_name, MAX_NAME, part == PART_ACK ? "notify.%s.ack" : "notify.%s", subject);
    else
        snprintf(ret_name, MAX_NAME, "%s.%s", subject, part == PART_ACK ? "ack" : "request");
}

static bool has_part(const struct smcp_event *event, enum part part)
{
    return part == PART_MESSAGE || event->ack == ACK_RESULT || event->ack == ACK_MEMBER ||
           event->ack == ACK_SESSIONS;
}

/* A judge asks for schemas by name, and one that is missing judges nothing: so none may be missing where it is needed. */
START_TEST(test_one_per_message)
{
    const enum smcp_revision_id rev = (enum smcp_revision_id)_i;
    const struct schema_set *set = schema_set_embedded();
    bool needed = smcp_revision(rev)->served || schema_find(set, rev, "tool_call.request");

    for (unsigned i = 0; i < SMCP_EVENT_COUNT * PART_COUNT; i++) {
        const struct smcp_event *event = smcp_event((enum smcp_event_id)(i / PART_COUNT));
        enum part part = (enum part)(i % PART_COUNT);
        char name[MAX_NAME];
        bool wanted = needed && smcp_event_in(event, rev) && has_part(event, part);

        name_schema(event, part, name);
        ck_assert_msg((schema_find(set, rev, name) != NULL) == wanted, "%s/%s is %s",
                      smcp_revision(rev)->name, name, wanted ? "missing" : "too many");
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("schema");
    TCase *tc = tcase_create("schema");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_loop_test(tc, test_fault, 0, (int)ARRAY_LEN(faults));
    tcase_add_test(tc, test_references_between_files);
    tcase_add_test(tc, test_embedded);
    tcase_add_loop_test(tc, test_one_per_message, 0, SMCP_REV_COUNT);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
