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

static int came(enum who p, enum sio_type type, const char *event, const char *args, uint64_t id)
{
    struct inbox_item *item = &inbox[p][peers[p].n_inbox];
    struct json_cursor c;
    struct slice key, value;

    *item = (struct inbox_item){.conn = 1, .type = type, .id = id, .claimed_by = -1};
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

    *s = (struct sent_event){.conn = 1, .id = SIO_NO_ID, .ack_at = -1};
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

static void setup(void)
{
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
    said(A, "server:join_office", "[{\"role\":\"agent\",\"name\":\"a\",\"office_id\":\"here\"}]",
         "[true,null]");
    said(C, "server:join_office", "[{\"role\":\"computer\",\"name\":\"c\",\"office_id\":\"here\"}]",
         "[true,null]");
    said(X, "server:join_office", "[{\"role\":\"agent\",\"name\":\"x\",\"office_id\":\"there\"}]",
         "[]");
    said(R, "server:join_office", "[{\"role\":\"agent\",\"name\":\"r\",\"office_id\":\"here\"}]",
         "[false,\"full\"]");
    said(C, "server:update_config", "[{\"computer\":\"x\"}]", NULL);
    said(A, "client:tool_call", "[{\"req_id\":\"1\",\"computer\":\"c\"}]", "[{}]");
    said(X, "client:tool_call", "[{\"req_id\":\"2\",\"computer\":\"c\"}]", "[{\"code\":404}]");
}

static void teardown(void)
{
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
    {C, "client:tool_call", "[{\"req_id\":\"1\",\"computer\":\"c\"}]", 5, NO_TROUBLE},
    {C, "client:tool_call", "[{\"req_id\":\"2\",\"computer\":\"c\"}]", 5, MONITOR_ISOLATION},
    {X, "client:tool_call", "[{\"req_id\":\"1\",\"computer\":\"c\"}]", 5, MONITOR_ISOLATION},
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
    struct vars vars;
    struct monitor m;
    struct monitor_view view = {.revision = SMCP_REV_0_1,
                                .schemas = schema_set_embedded(),
                                .vars = &vars,
                                .target = &target,
                                .canary = "canary0123456789",
                                .peers = peers,
                                .n_peers = PEOPLE};

    vars_init(&vars, 5, 17);
    monitor_init(&m);
    came(rows[_i].receiver, rows[_i].event ? SIO_EVENT : SIO_ACK, rows[_i].event, rows[_i].args,
         rows[_i].id);
    monitor_finish(&m, &view);
    for (int kind = 0; kind < MONITOR_COUNT; kind++)
        ck_assert_msg((m.reason[kind] != NULL) == (kind == rows[_i].kind), "%s %s: %s: %s",
                      names[rows[_i].receiver], rows[_i].args, monitor_rows[kind].check,
                      m.reason[kind] ? m.reason[kind] : "clean");
    monitor_release(&m);
    vars_release(&vars);
}
END_TEST

START_TEST(test_ack_twice)
{
    struct monitor m;
    struct vars vars;
    struct monitor_view view = {.revision = SMCP_REV_0_1,
                                .schemas = schema_set_embedded(),
                                .vars = &vars,
                                .target = &target,
                                .canary = "canary0123456789",
                                .peers = peers,
                                .n_peers = PEOPLE};

    vars_init(&vars, 5, 17);
    monitor_init(&m);
    sent[A][0].acks = 2;
    monitor_finish(&m, &view);
    ck_assert_ptr_nonnull(m.reason[MONITOR_ACKS]);
    ck_assert_ptr_nonnull(strstr(m.reason[MONITOR_ACKS], "2 acks for one server:join_office"));
    monitor_release(&m);
    vars_release(&vars);
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
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
