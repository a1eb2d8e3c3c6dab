/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/office.h"

#include "tests/refserver/fake_endpoint.h"
#include "tests/support/test_wire_check.h"

enum { SESSIONS = 6 };

static struct fake_server f;
static struct sio_socket sockets[SESSIONS];
static struct session *s[SESSIONS]; /* sids 0 to 5 */

static void set_up(void)
{
    char sid[2] = "0";

    fake_server_init(&f, 0);
    for (int i = 0; i < SESSIONS; i++) {
        sid[0] = (char)('0' + i);
        s[i] = fake_connect(&f, &sockets[i], sid);
    }
}

static void tear_down(void)
{
    fake_server_release(&f);
}

static struct label label(const char *json, struct buf *scratch)
{
    return label_borrow(slice_str(json), scratch);
}

/* `name` and `office` are JSON strings with quotes. */
static enum smcp_error join(int who, enum smcp_role role, const char *name, const char *office)
{
    struct buf scratch[2];
    struct join_request request = {.role = role};
    enum smcp_error error;

    buf_init(&scratch[0], 4096);
    buf_init(&scratch[1], 4096);
    request.name = label(name, &scratch[0]);
    request.office = label(office, &scratch[1]);
    error = office_join(&f.srv.offices, s[who], &request);
    buf_release(&scratch[0]);
    buf_release(&scratch[1]);
    return error;
}

static size_t n_sessions(const char *office)
{
    return sessions_in_office(&f.srv.offices, slice_str(office), NULL, 0);
}

/* UTIL-01, UTIL-02: 1 Agent and 2 Computers. */
START_TEST(test_helpers)
{
    const struct session *list[SESSIONS];

    ck_assert_int_eq(join(0, ROLE_AGENT, "\"A\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(1, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(2, ROLE_COMPUTER, "\"D\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(3, ROLE_COMPUTER, "\"E\"", "\"Q\""), SMCP_OK);
    ck_assert_uint_eq(sessions_in_office(&f.srv.offices, S("R"), list, SESSIONS), 3);
    ck_assert_ptr_eq(list[0], s[0]);
    ck_assert_ptr_eq(list[2], s[2]);
    ck_assert_uint_eq(computers_in_office(&f.srv.offices, S("R"), list, SESSIONS), 2);
    ck_assert_ptr_eq(list[0], s[1]);
    ck_assert_ptr_eq(list[1], s[2]);
    list[1] = NULL;
    ck_assert_uint_eq(computers_in_office(&f.srv.offices, S("R"), list, 1), 2);
    ck_assert_ptr_null(list[1]);
    ck_assert_uint_eq(n_sessions("nowhere"), 0);
}
END_TEST

START_TEST(test_an_office_ends_with_its_last_member)
{
    ck_assert_int_eq(join(0, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    ck_assert_ptr_nonnull(office_find(&f.srv.offices, S("R")));
    ck_assert_int_eq(join(0, ROLE_COMPUTER, "\"C\"", "\"Q\""), SMCP_OK);
    ck_assert_ptr_null(office_find(&f.srv.offices, S("R")));
    ck_assert_uint_eq(f.srv.offices.offices.count, 1);
    office_leave(&f.srv.offices, s[0]);
    office_leave(&f.srv.offices, s[0]);
    ck_assert_uint_eq(f.srv.offices.offices.count, 0);
    ck_assert_uint_eq(f.srv.offices.names.count, 0);
    fake_expect("");
}
END_TEST

/* Every refusal leaves members, names, identities and offices as they were, and nobody hears of it (ROOM-30, NOTIFY-06). */
static const struct {
    int who;
    enum smcp_role role;
    const char *name, *office;
    enum smcp_error error;
} refusals[] = {
    {2, ROLE_AGENT, "\"A2\"", "\"R\"", SMCP_E_AGENT_SEAT},
    {2, ROLE_AGENT, "\"A\"", "\"R\"", SMCP_E_AGENT_SEAT},
    {2, ROLE_COMPUTER, "\"C\"", "\"R\"", SMCP_E_DUPLICATE_NAME},
    {2, ROLE_COMPUTER, "\"\\u0043\"", "\"\\u0052\"", SMCP_E_DUPLICATE_NAME},
    {3, ROLE_COMPUTER, "\"C\"", "\"R\"", SMCP_E_DUPLICATE_NAME}, /* a switch */
    {0, ROLE_AGENT, "\"A\"", "\"Q\"", SMCP_E_AGENT_ELSEWHERE},
    {0, ROLE_AGENT, "\"A\"", "\"new\"", SMCP_E_AGENT_ELSEWHERE},
    {0, ROLE_COMPUTER, "\"A\"", "\"R\"", SMCP_E_ROLE_MISMATCH},
    {1, ROLE_AGENT, "\"C\"", "\"Q\"", SMCP_E_ROLE_MISMATCH},
    {1, ROLE_COMPUTER, "\"c\"", "\"R\"", SMCP_E_NAME_MISMATCH},
    {1, ROLE_COMPUTER, "\"D\"", "\"Q\"", SMCP_E_NAME_MISMATCH},
    {2, ROLE_COMPUTER, "\"\"", "\"R\"", SMCP_E_EMPTY_NAME},
    {2, ROLE_COMPUTER, "\"X\"", "\"\"", SMCP_E_EMPTY_OFFICE},
    {2, ROLE_COMPUTER, "\"seventeen bytes!!\"", "\"R\"", SMCP_E_NAME_TOO_LONG},
    {2, ROLE_COMPUTER, "\"X\"", "\"seventeen bytes!!\"", SMCP_E_OFFICE_TOO_LONG},
    {2, ROLE_COMPUTER, "\"X\"", "\"third\"", SMCP_E_TOO_MANY_OFFICES},
    {3, ROLE_COMPUTER, "\"C\"", "\"third\"", SMCP_E_TOO_MANY_OFFICES},
    {2, ROLE_COMPUTER, "\"X\"", "\"R\"", SMCP_E_OFFICE_FULL},
};

START_TEST(test_refusal_changes_nothing)
{
    f.srv.offices.limits.name_bytes = 16;
    f.srv.offices.limits.office_bytes = 16;
    f.srv.offices.limits.offices = 2;
    f.srv.offices.limits.members = 2;
    ck_assert_int_eq(join(0, ROLE_AGENT, "\"A\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(1, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(3, ROLE_COMPUTER, "\"C\"", "\"Q\""), SMCP_OK);
    buf_clear(&fake_output);
    ck_assert_int_eq(
        join(refusals[_i].who, refusals[_i].role, refusals[_i].name, refusals[_i].office),
        refusals[_i].error);
    fake_expect("");
    ck_assert_uint_eq(n_sessions("R"), 2);
    ck_assert_uint_eq(n_sessions("Q"), 1);
    ck_assert_uint_eq(f.srv.offices.names.count, 3);
    ck_assert_int_eq(s[2]->role, ROLE_NONE);
    ck_assert_uint_eq(s[2]->name.json.len, 0);
    ck_assert_ptr_eq(s[3]->office, office_find(&f.srv.offices, S("Q")));
    ck_assert_ptr_eq(s[0]->office, s[1]->office);
}
END_TEST

START_TEST(test_joining_again)
{
    ck_assert_int_eq(join(0, ROLE_AGENT, "\"A\"", "\"R\""), SMCP_OK);
    ck_assert_int_eq(join(1, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    buf_clear(&fake_output);
    ck_assert_int_eq(join(0, ROLE_AGENT, "\"\\u0041\"", "\"\\u0052\""), SMCP_OK);
    ck_assert_int_eq(join(1, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    fake_expect("");
    ck_assert_uint_eq(n_sessions("R"), 2);
}
END_TEST

START_TEST(test_identity_outlives_leaving)
{
    ck_assert_int_eq(join(0, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
    office_leave(&f.srv.offices, s[0]);
    ck_assert_int_eq(join(0, ROLE_AGENT, "\"C\"", "\"R\""), SMCP_E_ROLE_MISMATCH);
    ck_assert_int_eq(join(0, ROLE_COMPUTER, "\"D\"", "\"R\""), SMCP_E_NAME_MISMATCH);
    ck_assert_int_eq(join(0, ROLE_COMPUTER, "\"C\"", "\"R\""), SMCP_OK);
}
END_TEST

/* Names and ids are compared with their length: NUL and prefixes count (ROOM-11). */
START_TEST(test_odd_names)
{
    static const char *const names[] = {"\"C\"", "\"C\\u0000\"", "\"c\"", "\"C \"", "\"\\ud800\""};

    for (int i = 0; i < (int)ARRAY_LEN(names); i++)
        ck_assert_int_eq(join(i, ROLE_COMPUTER, names[i], "\"R\\u0000\""), SMCP_OK);
    ck_assert_uint_eq(n_sessions("R"), 0);
    ck_assert_uint_eq(sessions_in_office(&f.srv.offices, S("R\0"), NULL, 0), ARRAY_LEN(names));
    ck_assert_ptr_eq(office_member(&f.srv.offices, s[0]->office, ROLE_COMPUTER, S("C\0")), s[1]);
    ck_assert_ptr_null(office_member(&f.srv.offices, s[0]->office, ROLE_AGENT, S("C")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("office");
    TCase *tc = tcase_create("office");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_helpers);
    tcase_add_test(tc, test_an_office_ends_with_its_last_member);
    tcase_add_loop_test(tc, test_refusal_changes_nothing, 0, (int)ARRAY_LEN(refusals));
    tcase_add_test(tc, test_joining_again);
    tcase_add_test(tc, test_identity_outlives_leaving);
    tcase_add_test(tc, test_odd_names);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
