/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/router.h"

#include <stdio.h>

#include "tests/refserver/fake_endpoint.h"
#include "tests/support/test_wire_check.h"

/* Conversations: who sends what, and everything that leaves the server because of it, in order. */

static struct fake_server f;
static struct sio_socket sockets[6];
static struct session *a, *b, *c, *d, *x; /* sids A, B, C, D, X */

static void set_up(void)
{
    fake_now_ms = 1000;
    fake_server_init(&f, 0);
    a = fake_connect(&f, &sockets[0], "A");
    b = fake_connect(&f, &sockets[1], "B");
    c = fake_connect(&f, &sockets[2], "C");
    d = fake_connect(&f, &sockets[3], "D");
    x = fake_connect(&f, &sockets[4], "X");
}

static void tear_down(void)
{
    fake_server_release(&f);
}

static void join(struct session *s, const char *role, const char *name, const char *office)
{
    char args[200];

    snprintf(args, sizeof(args), "{\"role\":\"%s\",\"name\":\"%s\",\"office_id\":\"%s\"}", role,
             name, office);
    fake_event(&f, s, "server:join_office", args, SIO_NO_ID);
}

/* Agent a and Computer c in R, Agent b and Computer d in Q, x nowhere. */
static void populate(void)
{
    join(a, "agent", "agent a", "R");
    join(c, "computer", "comp c", "R");
    join(b, "agent", "agent b", "Q");
    join(d, "computer", "comp d", "Q");
    buf_clear(&fake_output);
}

#define JOIN_C "{\"role\":\"computer\",\"name\":\"comp c\",\"office_id\":\"Q\"}"

START_TEST(test_effects_then_notices_then_ack)
{
    populate();
    fake_event(&f, c, "server:join_office", JOIN_C, 7);
    fake_expect("A<notify:leave_office {\"office_id\":\"R\",\"computer\":\"comp c\"}\n"
                "B<notify:enter_office {\"office_id\":\"Q\",\"computer\":\"comp c\"}\n"
                "D<notify:enter_office {\"office_id\":\"Q\",\"computer\":\"comp c\"}\n"
                "C<ack 7 [true,null]\n");
    fake_event(&f, c, "server:leave_office", "{\"office_id\":\"R\"}", 8);
    fake_expect("B<notify:leave_office {\"office_id\":\"Q\",\"computer\":\"comp c\"}\n"
                "D<notify:leave_office {\"office_id\":\"Q\",\"computer\":\"comp c\"}\n"
                "C<ack 8 [true,null]\n");
}
END_TEST

START_TEST(test_labels_travel_as_they_came)
{
    join(a, "agent", "\\u0041\\ud800", "\\u0000 \\/");
    join(c, "computer", "z", "\\u0000 /");
    fake_expect("A<notify:enter_office {\"office_id\":\"\\u0000 \\/\",\"computer\":\"z\"}\n");
    fake_event(&f, c, "server:list_room",
               "{\"agent\":\"\",\"req_id\":\"\\u0031\",\"office_id\":\"\\u0000\\u0020/\"}", 1);
    fake_expect(
        "C<ack 1 [{\"sessions\":["
        "{\"sid\":\"A\",\"name\":\"\\u0041\\ud800\",\"role\":\"agent\",\"office_id\":\"\\u0000 "
        "\\/\"},"
        "{\"sid\":\"C\",\"name\":\"z\",\"role\":\"computer\",\"office_id\":\"\\u0000 \\/\"}],"
        "\"req_id\":\"\\u0031\"}]\n");
}
END_TEST

START_TEST(test_call_and_result)
{
    populate();
    fake_event(&f, a, "client:tool_call", "{ \"computer\":\"comp c\",\"n\":1e400 }", 5);
    fake_expect("C<client:tool_call#1 { \"computer\":\"comp c\",\"n\":1e400 }\n");
    fake_ack(&f, d, 1, "\"stolen\"");
    fake_ack(&f, c, 2, "\"unknown\"");
    fake_expect("");
    fake_ack(&f, c, 1, "[1 ] ,2");
    fake_expect("A<ack 5 [[1 ] ,2]\n");
    fake_ack(&f, c, 1, "\"doubled\"");
    fake_expect("");
}
END_TEST

/* Unknown, foreign, room-less and not a Computer: one answer, and nobody else hears of it. */
static const struct {
    char from;
    const char *args;
    const char *answer;
} refusals[] = {
    {'a', "{\"computer\":\"nobody\"}",
     "A<ack 3 [{\"code\":404,\"message\":\"Computer not found\"}]\n"},
    {'a', "{\"computer\":\"comp d\"}",
     "A<ack 3 [{\"code\":404,\"message\":\"Computer not found\"}]\n"},
    {'a', "{\"computer\":\"agent a\"}",
     "A<ack 3 [{\"code\":404,\"message\":\"Computer not found\"}]\n"},
    {'a', "{\"computer\":\"C\"}", "A<ack 3 [{\"code\":404,\"message\":\"Computer not found\"}]\n"},
    {'x', "{\"computer\":\"comp c\"}",
     "X<ack 3 [{\"code\":404,\"message\":\"Computer not found\"}]\n"},
    {'c', "{\"computer\":\"comp c\"}",
     "C<ack 3 [{\"code\":403,\"message\":\"Only agents may issue client:* calls\"}]\n"},
    {'a', "", "A<ack 3 [{\"code\":400,\"message\":\"Invalid request payload\"}]\n"},
    {'a', "[]", "A<ack 3 [{\"code\":400,\"message\":\"Invalid request payload\"}]\n"},
    {'a', "{\"computer\":7}", "A<ack 3 [{\"code\":400,\"message\":\"Invalid request payload\"}]\n"},
    {'a', "{\"computer\":\"comp c\"},{}",
     "A<ack 3 [{\"code\":400,\"message\":\"Invalid request payload\"}]\n"},
    {'a', "{\"computer\":\"comp c\",\"\\u0063omputer\":\"comp c\"}",
     "A<ack 3 [{\"code\":400,\"message\":\"Invalid request payload\"}]\n"},
};

START_TEST(test_refusal)
{
    struct session *from = refusals[_i].from == 'a' ? a : refusals[_i].from == 'c' ? c : x;

    populate();
    fake_event(&f, from, "client:get_tools", refusals[_i].args, 3);
    fake_expect(refusals[_i].answer);
    fake_event(&f, from, "client:get_tools", refusals[_i].args, SIO_NO_ID);
    fake_expect("");
    ck_assert_uint_eq(f.srv.calls.count, 0);
}
END_TEST

/* ROUTE-23, ROUTE-24: `timeout` and 5 s more; others a minute; found within a turn of the wheel. */
static const struct {
    const char *event, *args;
    uint64_t wait_ms;
} waits[] = {
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":3}", 8000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":3.0}", 8000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":0}", 5000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":600}", 605000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":1e300}", 60000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":999999999}", 86405000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":-1}", 60000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":2.5}", 60000},
    {"client:tool_call", "{\"computer\":\"comp c\",\"timeout\":\"3\"}", 60000},
    {"client:tool_call", "{\"computer\":\"comp c\"}", 60000},
    {"client:get_tools", "{\"computer\":\"comp c\",\"timeout\":3}", 60000},
};

START_TEST(test_wait)
{
    populate();
    fake_event(&f, a, waits[_i].event, waits[_i].args, 5);
    buf_clear(&fake_output);
    fake_now_ms += waits[_i].wait_ms - 1;
    router_expire(&f.srv, fake_now_ms);
    ck_assert_uint_eq(f.srv.calls.count, 1);
    fake_now_ms += 1 + CALL_TURN_MS;
    router_expire(&f.srv, fake_now_ms);
    ck_assert_uint_eq(f.srv.calls.count, 0);
    ck_assert_uint_eq(a->asking, 0);
    fake_ack(&f, c, 1, "\"late\"");
    fake_expect("");
}
END_TEST

START_TEST(test_computer_vanishes)
{
    populate();
    fake_event(&f, a, "client:tool_call", "{\"computer\":\"comp c\"}", 5);
    fake_event(&f, a, "client:get_tools", "{\"computer\":\"comp c\"}", SIO_NO_ID);
    buf_clear(&fake_output);
    fake_disconnect(&f, c);
    fake_expect("A<ack 5 [{\"code\":404,\"message\":\"Computer not found\"}]\n"
                "A<notify:leave_office {\"office_id\":\"R\",\"computer\":\"comp c\"}\n");
    ck_assert_uint_eq(f.srv.calls.count, 0);
}
END_TEST

START_TEST(test_agent_vanishes)
{
    struct session *heir;

    populate();
    fake_event(&f, a, "client:tool_call", "{\"computer\":\"comp c\"}", 5);
    buf_clear(&fake_output);
    fake_disconnect(&f, a);
    fake_expect("C<notify:leave_office {\"office_id\":\"R\",\"agent\":\"agent a\"}\n");
    heir = fake_connect(&f, &sockets[5],
                        "H"); /* takes the slot of a: the reference must not be fooled */
    ck_assert_uint_eq(heir->ref.index, 0);
    join(heir, "agent", "agent a", "R");
    buf_clear(&fake_output);
    fake_ack(&f, c, 1, "\"whose?\"");
    fake_expect("");
    ck_assert_uint_eq(heir->asking, 0);
}
END_TEST

START_TEST(test_limits_of_calls)
{
    f.srv.config.limits.calls_per_session = 2;
    populate();
    for (int i = 0; i < 3; i++)
        fake_event(&f, a, "client:get_tools", "{\"computer\":\"comp c\"}", 5);
    fake_expect(
        "C<client:get_tools#1 {\"computer\":\"comp c\"}\n"
        "C<client:get_tools#2 {\"computer\":\"comp c\"}\n"
        "A<ack 5 [{\"code\":500,\"message\":\"Too many calls are waiting for an answer\"}]\n");
    fake_ack(&f, c, 2, "");
    fake_expect("A<ack 5 []\n");
    fake_event(&f, a, "client:get_tools", "{\"computer\":\"comp c\"}", 6);
    fake_expect("C<client:get_tools#3 {\"computer\":\"comp c\"}\n");
}
END_TEST

/* Fire and forget: with effect, without, and never an error. */
static const struct {
    char from;
    const char *event, *args, *output;
} broadcasts[] = {
    {'c', "server:update_config", "{\"computer\":\"\\u0043\",\"x\":1}",
     "A<notify:update_config {\"computer\":\"\\u0043\"}\nC<ack 9 []\n"},
    {'c', "server:update_tool_list", "{\"computer\":\"\"}",
     "A<notify:update_tool_list {\"computer\":\"\"}\nC<ack 9 []\n"},
    {'c', "server:update_desktop", "{\"computer\":\"comp d\"}",
     "A<notify:update_desktop {\"computer\":\"comp d\"}\nC<ack 9 []\n"},
    {'c', "server:update_finder", "{\"computer\":\"c\"}",
     "A<notify:update_finder {\"computer\":\"c\"}\nC<ack 9 []\n"},
    {'c', "server:update_config", "{\"computer\":1}", "C<ack 9 []\n"},
    {'c', "server:update_config", "", "C<ack 9 []\n"},
    {'c', "server:update_config", "{\"computer\":\"c\"},null", "C<ack 9 []\n"},
    {'c', "server:update_config", "{\"computer\":\"c\",\"computer\":\"c\"}", "C<ack 9 []\n"},
    {'a', "server:update_config", "{\"computer\":\"comp c\"}", "A<ack 9 []\n"},
    {'x', "server:update_config", "{\"computer\":\"comp c\"}", "X<ack 9 []\n"},
    {'a', "server:tool_call_cancel", "{\"req_id\":\"r\",\"agent\":\"\\u0061gent a\"}",
     "C<notify:tool_call_cancel {\"agent\":\"\\u0061gent a\",\"req_id\":\"r\"}\nA<ack 9 []\n"},
    {'a', "server:tool_call_cancel", "{\"req_id\":\"r\",\"agent\":\"agent b\"}", "A<ack 9 []\n"},
    {'a', "server:tool_call_cancel", "{\"agent\":\"agent a\"}", "A<ack 9 []\n"},
    {'c', "server:tool_call_cancel", "{\"req_id\":\"r\",\"agent\":\"comp c\"}", "C<ack 9 []\n"},
    {'x', "server:tool_call_cancel", "{\"req_id\":\"r\",\"agent\":\"\"}", "X<ack 9 []\n"},
    {'a', "notify:update_config", "{\"computer\":\"comp c\"}", ""},
    {'c', "server:update_skills", "{\"computer\":\"comp c\"}", ""},
    {'c', "server_update_config", "{\"computer\":\"comp c\"}", ""},
    {'c', "server:nope", "{}", ""},
};

START_TEST(test_broadcast)
{
    struct session *from = broadcasts[_i].from == 'a' ? a : broadcasts[_i].from == 'c' ? c : x;

    populate();
    fake_event(&f, from, broadcasts[_i].event, broadcasts[_i].args, 9);
    fake_expect(broadcasts[_i].output);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("router");
    TCase *tc = tcase_create("router");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_effects_then_notices_then_ack);
    tcase_add_test(tc, test_labels_travel_as_they_came);
    tcase_add_test(tc, test_call_and_result);
    tcase_add_loop_test(tc, test_refusal, 0, (int)ARRAY_LEN(refusals));
    tcase_add_loop_test(tc, test_wait, 0, (int)ARRAY_LEN(waits));
    tcase_add_test(tc, test_computer_vanishes);
    tcase_add_test(tc, test_agent_vanishes);
    tcase_add_test(tc, test_limits_of_calls);
    tcase_add_loop_test(tc, test_broadcast, 0, (int)ARRAY_LEN(broadcasts));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
