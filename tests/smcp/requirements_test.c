/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/requirements.h"

#include "tests/support/test_wire_check.h"

START_TEST(test_rule)
{
    const struct requirement *r = requirement_find("ROOM-12");

    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(r->kind, REQUIREMENT_RULE);
    ck_assert_int_eq(r->level, LEVEL_MUST);
    ck_assert_str_eq(r->actor, "server");
    ck_assert_str_eq(r->group, "ROOM");
    ck_assert_str_eq(r->statement, "At most one Agent per room: a second Agent is refused.");
    ck_assert(!requirement_applies(r, SMCP_REV_RFC));
    ck_assert(requirement_applies(r, SMCP_REV_0_1));
    ck_assert(requirement_applies(r, SMCP_REV_0_5));
    ck_assert_ptr_null(r->scope);
}
END_TEST

static const struct {
    const char *id;
    enum requirement_level level;
    enum smcp_revision_id since, until;
} rows[] = {
    {"ROOM-01", LEVEL_MUST, SMCP_REV_0_1, SMCP_REV_0_4},
    {"ROOM-02", LEVEL_MUST, SMCP_REV_0_5, SMCP_REV_0_5},
    {"ROOM-22", LEVEL_MUST, SMCP_REV_0_1, SMCP_REV_0_4}, /* MUST (test) */
    {"ROOM-13", LEVEL_SHOULD, SMCP_REV_0_1, SMCP_REV_0_4},
    {"NOTIFY-09", LEVEL_MUST, SMCP_REV_RFC, SMCP_REV_0_5},
    {"SIO-02", LEVEL_OBS, SMCP_REV_RFC, SMCP_REV_0_5},
    {"ROOM-45", LEVEL_MUST, SMCP_REV_RFC, SMCP_REV_RFC},
};

START_TEST(test_row)
{
    const struct requirement *r = requirement_find(rows[_i].id);

    ck_assert_ptr_nonnull(r);
    ck_assert_int_eq(r->level, rows[_i].level);
    ck_assert_int_eq(r->since, rows[_i].since);
    ck_assert_int_eq(r->until, rows[_i].until);
}
END_TEST

START_TEST(test_others)
{
    ck_assert_int_eq(requirement_find("T3-A01")->kind, REQUIREMENT_TRACE);
    ck_assert_int_eq(requirement_find("D-17")->kind, REQUIREMENT_CONTRADICTION);
    ck_assert_ptr_null(requirement_find("ROOM-00"));
    ck_assert_ptr_null(requirement_find(""));
    ck_assert_str_eq(requirement_group_title("ROOM"), "server:join_office");
    ck_assert_ptr_null(requirement_group_title("NONE"));
    ck_assert_uint_eq(requirement_count(), 474 + 26 + 58);
    ck_assert_ptr_null(requirement_at(requirement_count()));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("requirements");
    TCase *tc = tcase_create("requirements");

    tcase_add_test(tc, test_rule);
    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_others);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
