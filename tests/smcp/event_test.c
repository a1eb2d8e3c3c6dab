/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/event.h"

#include <stdio.h>

#include "tests/support/test_wire_check.h"

/* The catalogue of requirements B, written by hand: which names each revision has. */
static const struct {
    enum smcp_revision_id revision;
    const char *names;
} catalogue[] = {
    {SMCP_REV_RFC,
     " client:tool_call client:get_mcp_config client:get_tools client:get_desktop "
     "server:join_office"
     " server:leave_office server:update_mcp_config server:tool_call_cancel server:desktop_refresh"
     " notify:enter_office notify:leave_office notify:update_mcp_config notify:tool_call_cancel"
     " notify:desktop_refresh "},
    {SMCP_REV_0_1,
     " client:tool_call client:get_config client:get_tools client:get_desktop client:get_finder"
     " server:join_office server:leave_office server:update_config server:update_tool_list"
     " server:update_desktop server:update_finder server:tool_call_cancel server:list_room"
     " notify:enter_office notify:leave_office notify:update_config notify:update_tool_list"
     " notify:update_desktop notify:update_finder notify:tool_call_cancel "},
    {SMCP_REV_0_3,
     " client:tool_call client:get_config client:get_tools client:get_desktop client:get_resources"
     " client:get_skills client:get_skill client:get_blob server:join_office server:leave_office"
     " server:update_config server:update_tool_list server:update_desktop server:update_skills"
     " server:tool_call_cancel server:list_room notify:enter_office notify:leave_office"
     " notify:update_config notify:update_tool_list notify:update_desktop notify:update_skills"
     " notify:tool_call_cancel "},
};

START_TEST(test_catalogue)
{
    char padded[80];
    const char *names = catalogue[_i].names;

    for (unsigned i = 0; i < SMCP_EVENT_COUNT; i++) {
        const struct smcp_event *event = smcp_event((enum smcp_event_id)i);
        bool listed;

        ck_assert_uint_eq(event->id, i);
        snprintf(padded, sizeof(padded), " %.*s ", (int)event->name.len, event->name.ptr);
        listed = strstr(names, padded) != NULL;
        ck_assert_msg(smcp_event_in(event, catalogue[_i].revision) == listed, "%s", padded);
        ck_assert_msg((smcp_event_find(catalogue[_i].revision, event->name) == event) == listed,
                      "%s", padded);
    }
}
END_TEST

START_TEST(test_counts)
{
    /* requirements A.1, "Event set size": client/server/notify */
    static const unsigned sizes[][3] = {
        [SMCP_REV_RFC] = {4, 5, 5}, [SMCP_REV_0_1] = {5, 8, 7}, [SMCP_REV_0_2] = {8, 8, 7},
        [SMCP_REV_0_3] = {8, 8, 7}, [SMCP_REV_0_4] = {9, 8, 7}, [SMCP_REV_0_5] = {9, 8, 7}};
    unsigned n[3] = {0};

    for (unsigned i = 0; i < SMCP_EVENT_COUNT; i++) {
        const struct smcp_event *event = smcp_event((enum smcp_event_id)i);

        if (smcp_event_in(event, (enum smcp_revision_id)_i))
            n[event->name.ptr[0] == 'c' ? 0 : event->name.ptr[0] == 's' ? 1 : 2]++;
    }
    for (int kind = 0; kind < 3; kind++)
        ck_assert_uint_eq(n[kind], sizes[_i][kind]);
}
END_TEST

START_TEST(test_senders)
{
    const struct smcp_event *call = smcp_event(SMCP_TOOL_CALL);
    const struct smcp_event *update = smcp_event(SMCP_UPDATE_CONFIG);
    const struct smcp_event *join = smcp_event(SMCP_JOIN_OFFICE);
    const struct smcp_event *notice = smcp_event(SMCP_ENTERED);

    ck_assert(smcp_event_allows(call, ROLE_AGENT) && !smcp_event_allows(call, ROLE_COMPUTER));
    ck_assert(!smcp_event_allows(call, ROLE_NONE));
    ck_assert(smcp_event_allows(update, ROLE_COMPUTER) && !smcp_event_allows(update, ROLE_AGENT));
    ck_assert(smcp_event_allows(join, ROLE_NONE));
    ck_assert(!smcp_event_allows(notice, ROLE_AGENT) && !smcp_event_allows(notice, ROLE_COMPUTER));
    ck_assert_ptr_eq(smcp_event(update->notice), smcp_event(SMCP_CONFIG_UPDATED));
    ck_assert(slice_is(update->name_json, "\"server:update_config\""));
}
END_TEST

START_TEST(test_names_are_exact)
{
    static const char *const wrong[] = {
        "server_join_office", "Server:join_office", "server:join_office ", "server:join", "",
        "join_office"};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert_ptr_null(smcp_event_find(SMCP_REV_0_1, slice_str(wrong[i])));
    ck_assert_ptr_null(smcp_event_find(SMCP_REV_0_1, slice_of("server:join_office\0", 19)));
}
END_TEST

START_TEST(test_roles)
{
    ck_assert_int_eq(smcp_role_find(slice_str("agent")), ROLE_AGENT);
    ck_assert_int_eq(smcp_role_find(slice_str("computer")), ROLE_COMPUTER);
    ck_assert_int_eq(smcp_role_find(slice_str("Agent")), ROLE_NONE);
    ck_assert_int_eq(smcp_role_find(slice_str("")), ROLE_NONE);
    ck_assert_str_eq(smcp_role_text(ROLE_COMPUTER), "computer");
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("event");
    TCase *tc = tcase_create("event");

    tcase_add_loop_test(tc, test_catalogue, 0, (int)ARRAY_LEN(catalogue));
    tcase_add_loop_test(tc, test_counts, 0, SMCP_REV_COUNT);
    tcase_add_test(tc, test_senders);
    tcase_add_test(tc, test_names_are_exact);
    tcase_add_test(tc, test_roles);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
