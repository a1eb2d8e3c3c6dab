/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "tests/support/test_wire_check.h"
#include "wire/xmalloc.h"

/*
 * A little world written by hand: A and C are in `here`, X in `there`, U nowhere; R was refused in `here`.
 * What each row adds to it must be called trouble of that kind, or none.
 */
enum who { A, C, X, U, R, PEOPLE };
enum { MAX_ITEMS = 16, NO_TROUBLE = MONITOR_COUNT };

static const char *const names[PEOPLE] = {"A", "C", "X", "U", "R"};
static struct actor_spec specs[PEOPLE];
static char sids[PEOPLE][16] = {"sid-of-a", "sid-of-c", "sid-of-x", "sid-of-u", "sid-of-r"};
static char key_name[] = "x-api-key", key_value[] = "the key of the run";
static struct target target = {
    .key = {.given = true, .in_header = true, .name = key_name, .value = key_value}};
static struct peer peers[PEOPLE];
static struct vars played;
static const struct peer_host host = {.vars = &played};
static struct peer_conn conns[PEOPLE];
static struct peer_conn *conn_lists[PEOPLE];
static struct sent_event sent[PEOPLE][MAX_ITEMS];
static struct inbox_item inbox[PEOPLE][MAX_ITEMS];
static uint64_t clock_us; /* everything takes a microsecond */
static struct monitor m;

static int came(enum who p, enum sio_type type, const char *event, const char *args, uint64_t id)
{
    struct inbox_item *item = &inbox[p][peers[p].n_inbox];
    struct json_cursor c;
    struct slice key, value;

    *item = (struct inbox_item){
        .conn = 1, .t_us = ++clock_us, .type = type, .id = id, .claimed_by = -1};
    item->nsp = xstrdup("/smcp");
    item->event = event ? xstrdup(event) : NULL;
    item->args = xstrdup(args);
    item->args_len = strlen(args);
    item->payload = xstrdup(args);
    item->payload_len = strlen(args);
    ck_assert(json_cursor_array(&c, slice_str(args)));
    while (json_next(&c, &key, &value))
        item->n_args++;
    return peers[p].n_inbox++;
}

/* `ack` NULL: none was asked for. */
static void said(enum who p, const char *event, const char *args, const char *ack)
{
    struct sent_event *s = &sent[p][peers[p].n_sent++];

    *s = (struct sent_event){.conn = 1, .t_us = ++clock_us, .id = SIO_NO_ID, .ack_at = -1};
    s->nsp = xstrdup("/smcp");
    s->event = xstrdup(event);
    s->args = xstrdup(args);
    s->args_len = strlen(args);
    if (!ack)
        return;
    s->id = peers[p].next_id++;
    s->acks = 1;
    s->ack_at = came(p, SIO_ACK, NULL, ack, s->id);
}

#define JOIN(role, name, office)                                                                   \
    "[{\"role\":\"" role "\",\"name\":\"" name "\",\"office_id\":\"" office "\"}]"
#define OFFICE(office) "[{\"office_id\":\"" office "\"}]"
#define CALL(req_id)                                                                               \
    "[{\"agent\":\"a\",\"req_id\":\"" req_id                                                       \
    "\",\"computer\":\"c\",\"tool_name\":\"t\",\"params\":{},\"timeout\":5}]"

static void judge(void)
{
    struct vars vars;
    struct monitor_view view = {.revision = SMCP_REV_0_1,
                                .schemas = schema_set_embedded(),
                                .vars = &vars,
                                .target = &target,
                                .canary = "canary0123456789",
                                .peers = peers,
                                .n_peers = PEOPLE};

    vars_init(&vars, 5, 17);
    monitor_finish(&m, &view);
    vars_release(&vars);
}

/* Nothing but trouble of that kind has been found, or none at all. */
static void expect_only(int kind, const char *what)
{
    for (int k = 0; k < MONITOR_COUNT; k++)
        ck_assert_msg((m.reason[k] != NULL) == (k == kind), "%s: %s: %s", what,
                      monitor_rows[k].check, m.reason[k] ? m.reason[k] : "clean");
}

static void setup(void)
{
    monitor_init(&m);
    played.revision = smcp_revision(SMCP_REV_0_1);
    memset(peers, 0, sizeof(peers));
    memset(conns, 0, sizeof(conns));
    for (int i = 0; i < PEOPLE; i++) {
        specs[i].name = (char *)(uintptr_t)names[i];
        conn_lists[i] = &conns[i];
        conns[i].sid = sids[i];
        peers[i] = (struct peer){.host = &host,
                                 .spec = &specs[i],
                                 .index = i,
                                 .conns = &conn_lists[i],
                                 .n_conns = 1,
                                 .inbox = inbox[i],
                                 .sent = sent[i],
                                 .next_id = 1};
    }
    said(A, "server:join_office", JOIN("agent", "a", "here"), "[true,null]");
    said(C, "server:join_office", JOIN("computer", "c", "here"), "[true,null]");
    said(X, "server:join_office", JOIN("agent", "x", "there"), "[]");
    said(R, "server:join_office", JOIN("agent", "r", "here"), "[false,\"full\"]");
    said(C, "server:update_config", "[{\"computer\":\"x\"}]", NULL);
    said(A, "client:tool_call", CALL("1"), "[{}]");
    said(X, "client:tool_call", CALL("2"), "[{\"code\":404}]");
}

static void teardown(void)
{
    monitor_release(&m);
    for (int i = 0; i < PEOPLE; i++) {
        for (int k = 0; k < peers[i].n_inbox; k++) {
            free(inbox[i][k].nsp);
            free(inbox[i][k].event);
            free(inbox[i][k].args);
            free(inbox[i][k].payload);
        }
        for (int k = 0; k < peers[i].n_sent; k++) {
            free(sent[i][k].nsp);
            free(sent[i][k].event);
            free(sent[i][k].args);
        }
    }
}

static const struct {
    enum who receiver;
    const char *event, *args; /* event NULL: an ack */
    uint64_t id;
    int kind;
} rows[] = {
    /* isolation: SEC-01, NOTIFY-05 */
    {A, "notify:enter_office", "[{\"office_id\":\"here\",\"computer\":\"c\"}]", SIO_NO_ID,
     NO_TROUBLE},
    {A, "notify:enter_office", "[{\"office_id\":\"there\",\"agent\":\"x\"}]", SIO_NO_ID,
     MONITOR_ISOLATION},
    {A, "notify:leave_office", "[{\"office_id\":\"here\",\"agent\":\"x\"}]", SIO_NO_ID,
     MONITOR_ISOLATION},
    {C, "notify:leave_office", "[{\"office_id\":\"here\",\"computer\":\"c\"}]", SIO_NO_ID,
     NO_TROUBLE}, /* D-17 */
    {U, "notify:update_config", "[{\"computer\":\"x\"}]", SIO_NO_ID, MONITOR_ISOLATION},
    {R, "notify:enter_office", "[{\"office_id\":\"here\",\"computer\":\"c\"}]", SIO_NO_ID,
     MONITOR_ISOLATION},
    {A, "notify:update_config", "[{\"computer\":\"x\"}]", SIO_NO_ID,
     NO_TROUBLE}, /* UPD-08: the payload's name */
    {X, "notify:update_config", "[{\"computer\":\"x\"}]", SIO_NO_ID, MONITOR_ISOLATION},
    {C, "client:tool_call", CALL("1"), 5, NO_TROUBLE},
    {C, "client:tool_call", CALL("2"), 5, MONITOR_ISOLATION},
    {X, "client:tool_call", CALL("1"), 5, MONITOR_ISOLATION},
    {U, "custom:event", "[1]", SIO_NO_ID, NO_TROUBLE},
    /* acks: SIO-07, SIO-14 */
    {A, NULL, "[true,null]", 99, MONITOR_ACKS},
    {U, NULL, "[]", 1, MONITOR_ACKS},
    /* form: SIO-05, NOTIFY-03 */
    {A, "notify:enter_office", "[{\"office_id\":\"here\",\"computer\":\"c\"},{}]", SIO_NO_ID,
     MONITOR_WIRE},
    {A, "notify:enter_office", "[]", SIO_NO_ID, MONITOR_WIRE},
    {A, "notify:enter_office", "[{\"office_id\":\"here\",\"computer\":\"c\",\"agent\":null}]",
     SIO_NO_ID, NO_TROUBLE},
    {A, "notify:enter_office", "[{\"office_id\":\"here\",\"computer\":7}]", SIO_NO_ID,
     MONITOR_WIRE},
    {C, "client:tool_call", "[7]", 5, MONITOR_WIRE},
    /* what nobody may be told: ERR-05, SEC-05 */
    {A, "custom:event", "[\"denied: the key of the run is wanted\"]", SIO_NO_ID, MONITOR_SECRETS},
    {A, "custom:event", "[\"the key of the door\"]", SIO_NO_ID, NO_TROUBLE},
    {A, "custom:event", "[{\"headers\":[\"canary0123456789\"]}]", SIO_NO_ID, MONITOR_SECRETS},
    {A, "custom:event", "[\"taken by sid-of-x\"]", SIO_NO_ID, MONITOR_SIDS},
    {A, "custom:event", "[\"you are sid-of-a\"]", SIO_NO_ID, NO_TROUBLE},
};

START_TEST(test_row)
{
    came(rows[_i].receiver, rows[_i].event ? SIO_EVENT : SIO_ACK, rows[_i].event, rows[_i].args,
         rows[_i].id);
    judge();
    expect_only(rows[_i].kind, rows[_i].args);
}
END_TEST

START_TEST(test_ack_twice)
{
    sent[A][0].acks = 2;
    judge();
    ck_assert_ptr_nonnull(m.reason[MONITOR_ACKS]);
    ck_assert_ptr_nonnull(strstr(m.reason[MONITOR_ACKS], "2 acks for one server:join_office"));
}
END_TEST

/* LEAVE-05: what is said after C's leaving was acked is not for C any more; what was said before may be. */
START_TEST(test_after_leaving)
{
    static const char *const acks[] = {"[true,null]", "[false,\"no\"]", NULL};

    for (size_t i = 0; i < ARRAY_LEN(acks); i++) {
        said(C, "server:leave_office", OFFICE("here"), acks[i]);
        said(A, "client:tool_call", CALL("3"), NULL);
        came(C, SIO_EVENT, "client:tool_call", CALL("3"), 5);
        judge();
        expect_only(i == 0 ? MONITOR_ISOLATION : NO_TROUBLE, acks[i] ? acks[i] : "no ack");
        teardown();
        setup();
    }
}
END_TEST

START_TEST(test_said_before_leaving)
{
    said(A, "client:tool_call", CALL("3"), NULL);
    said(C, "server:leave_office", OFFICE("here"), "[true,null]");
    came(C, SIO_EVENT, "client:tool_call", CALL("3"), 5);
    judge();
    expect_only(NO_TROUBLE, "it was under way");
}
END_TEST

START_TEST(test_left_another_office)
{
    said(C, "server:leave_office", OFFICE("there"), "[true,null]");
    said(A, "client:tool_call", CALL("3"), NULL);
    came(C, SIO_EVENT, "client:tool_call", CALL("3"), 5);
    judge();
    expect_only(NO_TROUBLE, "what a leave of another office does is open");
}
END_TEST

/* ROOM-27: whoever has moved hears nothing of where it was, and is heard there no more. */
START_TEST(test_after_moving)
{
    said(C, "server:join_office", JOIN("computer", "c", "there"), "[true,null]");
    said(A, "server:tool_call_cancel", "[{\"agent\":\"a\",\"req_id\":\"1\"}]", NULL);
    came(C, SIO_EVENT, "notify:tool_call_cancel", "[{\"agent\":\"a\",\"req_id\":\"1\"}]",
         SIO_NO_ID);
    judge();
    expect_only(MONITOR_ISOLATION, "to the mover");
}
END_TEST

START_TEST(test_mover_is_heard)
{
    static const struct {
        enum who receiver;
        int kind;
    } hearers[] = {{A, MONITOR_ISOLATION}, {X, NO_TROUBLE}};

    for (size_t i = 0; i < ARRAY_LEN(hearers); i++) {
        said(C, "server:join_office", JOIN("computer", "c", "there"), "[true,null]");
        said(C, "server:update_desktop", "[{\"computer\":\"c\"}]", NULL);
        came(hearers[i].receiver, SIO_EVENT, "notify:update_desktop", "[{\"computer\":\"c\"}]",
             SIO_NO_ID);
        judge();
        expect_only(hearers[i].kind, names[hearers[i].receiver]);
        teardown();
        setup();
    }
}
END_TEST

/* DISC-11: a new connection is in no office. */
START_TEST(test_another_connection)
{
    inbox[C][came(C, SIO_EVENT, "client:tool_call", CALL("1"), 5)].conn = 2;
    judge();
    expect_only(MONITOR_ISOLATION, "on a connection that has not joined");
}
END_TEST

START_TEST(test_notice_after_leaving)
{
    static const struct {
        bool before;
        int kind;
    } orders[] = {{true, NO_TROUBLE}, {false, MONITOR_ISOLATION}};

    for (size_t i = 0; i < ARRAY_LEN(orders); i++) {
        if (orders[i].before)
            said(C, "server:leave_office", OFFICE("here"), "[true,null]");
        said(A, "server:leave_office", OFFICE("here"), "[true,null]");
        if (!orders[i].before)
            said(C, "server:leave_office", OFFICE("here"), "[true,null]");
        came(A, SIO_EVENT, "notify:leave_office", "[{\"office_id\":\"here\",\"computer\":\"c\"}]",
             SIO_NO_ID);
        judge();
        expect_only(orders[i].kind, orders[i].before ? "C went first" : "A went first");
        teardown();
        setup();
    }
}
END_TEST

/* Its end may have come by itself, at any time. */
START_TEST(test_notice_of_a_loss)
{
    conns[C].lost = true;
    said(A, "server:leave_office", OFFICE("here"), "[true,null]");
    came(A, SIO_EVENT, "notify:leave_office", "[{\"office_id\":\"here\",\"computer\":\"c\"}]",
         SIO_NO_ID);
    judge();
    expect_only(NO_TROUBLE, "nobody knows when C was lost");
}
END_TEST

/* The schema of every message: but what was sent in an odd form may come in an odd form. */
START_TEST(test_schemas)
{
    static const struct {
        const char *sent, *came;
        int kind;
    } forms[] = {{"[{\"computer\":\"c\"}]", "[{\"computer\":7}]", MONITOR_WIRE},
                 {"[{\"computer\":\"c\"}]", "[{}]", MONITOR_WIRE},
                 {"[{\"computer\":7}]", "[{\"computer\":7}]", NO_TROUBLE},
                 {"[]", "[]", NO_TROUBLE}};

    for (size_t i = 0; i < ARRAY_LEN(forms); i++) {
        said(C, "server:update_tool_list", forms[i].sent, NULL);
        came(A, SIO_EVENT, "notify:update_tool_list", forms[i].came, SIO_NO_ID);
        judge();
        expect_only(forms[i].kind, forms[i].came);
        teardown();
        setup();
    }
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("monitor");
    Suite *s = suite_create("monitor");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_checked_fixture(t, setup, teardown);
    tcase_add_loop_test(t, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(t, test_ack_twice);
    tcase_add_test(t, test_after_leaving);
    tcase_add_test(t, test_said_before_leaving);
    tcase_add_test(t, test_left_another_office);
    tcase_add_test(t, test_after_moving);
    tcase_add_test(t, test_mover_is_heard);
    tcase_add_test(t, test_another_connection);
    tcase_add_test(t, test_notice_after_leaving);
    tcase_add_test(t, test_notice_of_a_loss);
    tcase_add_test(t, test_schemas);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
