/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/forms.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"

/* Every form of a refusal seen in a document or an implementation (requirements D, G), and what is none. */
static const struct {
    const char *event, *args;
    bool refusal;
} refusals[] = {
    {"client:get_tools", "[]", true},                                 /* python get_config, D-08 */
    {"client:get_tools", "[null]", true},                             /* D-14 */
    {"client:get_tools", "[{\"code\":404,\"message\":\"x\"}]", true}, /* flat */
    {"client:get_tools", "[{\"error\":{\"code\":404,\"message\":\"x\"}}]",
     true},                                          /* nested, ERR-03 */
    {"client:get_tools", "[{\"Err\":\"x\"}]", true}, /* D-15 */
    {"client:get_tools", "[false,\"x\"]", true},
    {"client:get_tools", "[\"not found\"]", true},
    {"client:tool_call", "[{\"isError\":true,\"content\":[]}]", true},
    {"client:tool_call", "[{\"ok\":false}]", true},
    {"client:tool_call", "[{\"success\":false}]", true},
    {"client:tool_call", "[{\"isError\":false,\"content\":[]}]", false},
    {"client:tool_call", "[{\"content\":[],\"code\":404}]", false}, /* ROUTE-22 */
    {"client:tool_call", "[{\"error\":null,\"content\":[]}]", false},
    {"client:tool_call", "[{\"ok\":true,\"echo\":{}}]", false},
    {"client:tool_call", "[{\"Ok\":{\"content\":[]}}]", false},
    {"client:get_tools", "[{\"tools\":[],\"req_id\":\"r\"}]", false},
    {"client:get_tools", "[true]", false},
    {"server:list_room", "[{\"sessions\":[],\"req_id\":\"r\"}]", true}, /* D-12 */
    {"server:list_room", "[{\"sessions\":[{}],\"req_id\":\"r\"}]", false},
    {"client:get_tools", "[{\"sessions\":[]}]", false},
    {"server:join_office", "[true,null]", false},
    {"server:join_office", "[false,\"Role mismatch\"]", true},
    {"server:join_office", "[]", true},
    {"server:leave_office", "[{\"code\":400,\"message\":\"x\"}]", true},
};

START_TEST(test_refusal)
{
    ck_assert_msg(form_is_refusal(refusals[_i].event, slice_str(refusals[_i].args), SMCP_REV_0_1) ==
                      refusals[_i].refusal,
                  "%s %s", refusals[_i].event, refusals[_i].args);
}
END_TEST

START_TEST(test_refusal_by_revision)
{
    ck_assert(!form_is_refusal("server:join_office", S("[]"), SMCP_REV_0_5));
    ck_assert(!form_is_refusal("server:leave_office", S("[]"), SMCP_REV_0_5));
    ck_assert(form_is_refusal("client:get_tools", S("[]"), SMCP_REV_0_5));
}
END_TEST

START_TEST(test_ack_words)
{
    ck_assert_str_eq(form_ack_pattern("success", SMCP_REV_0_1), "[true,null]");
    ck_assert_str_eq(form_ack_pattern("success", SMCP_REV_0_4), "[true,null]");
    ck_assert_str_eq(form_ack_pattern("success", SMCP_REV_0_5), "[]");
    ck_assert_str_eq(form_ack_pattern("refused", SMCP_REV_0_1), "[false,{\"$regex\":\"(?s).\"}]");
    ck_assert_str_eq(form_ack_pattern("refused", SMCP_REV_0_5),
                     "[{\"code\":{\"$type\":\"integer\"},\"message\":{\"$type\":\"string\"}}]");
    ck_assert_str_eq(form_ack_pattern("any", SMCP_REV_0_1), "{\"$any\":true}");
    ck_assert_ptr_null(form_ack_pattern("maybe", SMCP_REV_0_1));
}
END_TEST

static const struct {
    const char *sessions, *pattern;
} sessions[] = {
    {"[\"A\",\"C\"]", "[{\"sessions\":{\"$anyOrder\":[{\"name\":\"{A.name}\"},{\"name\":\"{C.name}"
                      "\"}]},\"req_id\":\"r\\\"1\"}]"},
    {"[]", "[{\"sessions\":{\"$anyOrder\":[]},\"req_id\":\"r\\\"1\"}]"},
    {"[{\"role\":\"agent\"},\"C\"]", "[{\"sessions\":{\"$anyOrder\":[{\"role\":\"agent\"},{"
                                     "\"name\":\"{C.name}\"}]},\"req_id\":\"r\\\"1\"}]"},
    {"{\"$contains\":[\"C\"]}",
     "[{\"sessions\":{\"$contains\":[{\"name\":\"{C.name}\"}]},\"req_id\":\"r\\\"1\"}]"},
    {"{\"$length\":3}", "[{\"sessions\":{\"$length\":3},\"req_id\":\"r\\\"1\"}]"},
};

START_TEST(test_sessions)
{
    static char a[] = "A", c[] = "C";
    struct actor_spec actors[] = {{.name = a}, {.name = c}};
    struct scenario sc = {.actors = actors, .n_actors = 2};
    struct json_doc *doc;
    struct wire_fault fault;
    char *pattern;

    ck_assert(json_doc_parse(slice_str(sessions[_i].sessions), 9, &doc, &fault) == WIRE_OK);
    pattern = form_sessions_pattern(&sc, json_doc_root(doc), "r\"1");
    ck_assert_str_eq(pattern, sessions[_i].pattern);
    free(pattern);
    json_doc_free(doc);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("forms");
    TCase *tc = tcase_create("forms");

    tcase_add_loop_test(tc, test_refusal, 0, (int)ARRAY_LEN(refusals));
    tcase_add_test(tc, test_refusal_by_revision);
    tcase_add_test(tc, test_ack_words);
    tcase_add_loop_test(tc, test_sessions, 0, (int)ARRAY_LEN(sessions));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
