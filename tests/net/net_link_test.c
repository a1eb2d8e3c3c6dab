/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "tests/net/net_fixture.h"

#define UPGRADE(path)                                                                              \
    "GET " path " HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"            \
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

static struct net_loop *loop;
static struct net_server *server;
static struct rude client;

static void set_up(void)
{
    loop = loop_new_or_fail();
    server = server_start(loop);
}

static void tear_down(void)
{
    net_server_free(server);
    net_loop_free(loop);
    ck_assert_uint_eq(seen.links_opened, seen.links_closed);
    rude_release(&client);
    buf_release(&seen.body);
}

static void rude_upgrade(const char *request)
{
    rude_dial(&client, loop, net_server_port(server));
    rude_say(&client, request);
    rude_expect(&client, loop, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n");
    buf_clear(&client.in);
}

/* ---- frames, by hand: what a client sends (mask 00 00 00 00 leaves the text readable), what comes back ---- */

struct frame_row {
    const char *name;
    const char *bytes;
    size_t len;
    const char *answer;
    size_t answer_len;
    enum link_end how; /* when `closes` */
    bool closes;
    bool resets;
};

#define BYTES(text) (text), sizeof(text) - 1
#define M           "\0\0\0\0"

static const struct frame_row frames[] = {
    {"text", BYTES("\x81\x82" M "hi"), BYTES("\x81\x02hi"), 0, false, false},
    /* RFC 6455, 5.7 */
    {"masked text of the RFC", BYTES("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58"),
     BYTES("\x81\x05Hello"), 0, false, false},
    {"binary", BYTES("\x82\x83" M "\1\2\3"), BYTES("\x82\x03\1\2\3"), 0, false, false},
    {"empty text", BYTES("\x81\x80" M), BYTES("\x81\x00"), 0, false, false},
    {"two frames at once", BYTES("\x81\x81" M "a\x81\x81" M "b"),
     BYTES("\x81\x01"
           "a\x81\x01"
           "b"),
     0, false, false},
    {"fragments", BYTES("\x01\x83" M "Hel\x80\x82" M "lo"), BYTES("\x81\x05Hello"), 0, false,
     false},
    {"fragments with a ping between",
     BYTES("\x01\x83" M "Hel\x89\x81" M "p\x00\x80" M "\x80\x82" M "lo"),
     BYTES("\x8a\x01p\x81\x05Hello"), 0, false, false},
    {"ping", BYTES("\x89\x85" M "Hello"), BYTES("\x8a\x05Hello"), 0, false, false},
    {"pong is ignored", BYTES("\x8a\x81" M "x\x81\x81" M "a"),
     BYTES("\x81\x01"
           "a"),
     0, false, false},
    {"length in 16 bits",
     BYTES("\x81\xfe\x00\x7e" M "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
           "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"),
     BYTES("\x81\x7e\x00\x7e"
           "aaaaaa"),
     0, false, false},
    {"close",
     BYTES("\x88\x85" M "\x03\xe8"
           "bye"),
     BYTES("\x88\x02\x03\xe8"), LINK_END_REMOTE, true, false},
    {"empty close", BYTES("\x88\x80" M), BYTES("\x88\x00"), LINK_END_REMOTE, true, false},
    {"close with one byte", BYTES("\x88\x81" M "\x03"), BYTES("\x88"), LINK_END_PROTOCOL, true,
     false},
    {"close with an illegal code", BYTES("\x88\x82" M "\x03\xed"), BYTES("\x03\xea"),
     LINK_END_PROTOCOL, true, false},
    {"close with a reason that is no UTF-8", BYTES("\x88\x84" M "\x03\xe8\xff\xfe"),
     BYTES("\x03\xef"), LINK_END_PROTOCOL, true, false},
    {"unmasked", BYTES("\x81\x02hi"), BYTES("\x03\xea"), LINK_END_PROTOCOL, true, false},
    {"reserved bit", BYTES("\xc1\x82" M "hi"), BYTES("\x03\xea"), LINK_END_PROTOCOL, true, false},
    {"unknown opcode", BYTES("\x83\x82" M "hi"), BYTES("\x03\xea"), LINK_END_PROTOCOL, true, false},
    {"unknown control opcode", BYTES("\x8b\x80" M), BYTES("\x03\xea"), LINK_END_PROTOCOL, true,
     false},
    {"fragmented ping", BYTES("\x09\x80" M), BYTES("\x03\xea"), LINK_END_PROTOCOL, true, false},
    {"long ping", BYTES("\x89\xfe\x00\x7e" M), BYTES("\x03\xea"), LINK_END_PROTOCOL, true, false},
    {"continuation of nothing", BYTES("\x80\x80" M), BYTES("\x03\xea"), LINK_END_PROTOCOL, true,
     false},
    {"text inside a message", BYTES("\x01\x81" M "a\x81\x81" M "b"), BYTES("\x03\xea"),
     LINK_END_PROTOCOL, true, false},
    {"too large", BYTES("\x82\xff\x00\x00\x00\x00\x00\x1e\x84\x81" M), BYTES("\x03\xf1"),
     LINK_END_TOO_LARGE, true, false},
    {"too large to count", BYTES("\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff" M), BYTES("\x88"),
     LINK_END_PROTOCOL, true, false},
};

static void check_frames(const struct frame_row *row, bool byte_by_byte)
{
    rude_upgrade(UPGRADE("/ws"));
    for (size_t i = 0; byte_by_byte && i < row->len && !client.closed; i++) {
        raw_send(client.conn, slice_of(row->bytes + i, 1));
        run_turns(loop, 2);
    }
    if (!byte_by_byte)
        raw_send(client.conn, slice_of(row->bytes, row->len));
    while (!client.closed && (client.in.len < row->answer_len || row->closes))
        run_turns(loop, 1);
    ck_assert_msg(memmem(client.in.data, client.in.len, row->answer, row->answer_len) != NULL, "%s",
                  row->name);
    ck_assert_msg(client.closed == row->closes, "%s", row->name);
    if (!row->closes)
        return;
    ck_assert_str_eq(client.why, "connection closed");
    ck_assert_msg(seen.how == row->how, "%s: ended by %d", row->name, (int)seen.how);
}

START_TEST(frames_in_frames_out)
{
    check_frames(&frames[_i], false);
}
END_TEST

START_TEST(frames_in_one_by_one)
{
    check_frames(&frames[_i], true);
}
END_TEST

START_TEST(frames_behind_the_head_are_not_lost)
{
    static const char frame[] = "\x81\x82" M "hi";
    struct buf bytes;

    buf_init(&bytes, 10000);
    buf_append_str(&bytes, UPGRADE("/ws"));
    buf_append(&bytes, frame, sizeof frame - 1);
    rude_dial(&client, loop, net_server_port(server));
    raw_send(client.conn, buf_slice(&bytes));
    rude_expect(&client, loop, "\r\n\r\n\x81\x02hi");
    buf_release(&bytes);
}
END_TEST

START_TEST(upgrade_after_a_request_on_the_same_connection)
{
    rude_dial(&client, loop, net_server_port(server));
    rude_say(&client, "GET /a HTTP/1.1\r\n\r\n");
    rude_expect(&client, loop, "200 OK");
    rude_say(&client, UPGRADE("/ws"));
    rude_expect(&client, loop, "101 Switching Protocols");
    ck_assert_uint_eq(seen.links_opened, 1);
}
END_TEST

START_TEST(close_reason_reaches_the_owner)
{
    rude_upgrade(UPGRADE("/ws"));
    raw_send(client.conn, slice_of("\x88\x87" M "\x13\x24"
                                   "gone.",
                                   13));
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_uint_eq(seen.close_code, 4900);
    ck_assert_str_eq(seen.close_reason, "gone.");
    run_until(loop, &client.closed);
}
END_TEST

START_TEST(lost_peer)
{
    rude_upgrade(UPGRADE("/ws"));
    if (_i == 0)
        raw_finish(client.conn);
    else
        raw_abort(client.conn);
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_int_eq(seen.how, LINK_END_REMOTE);
    ck_assert_uint_eq(seen.close_code, 0);
}
END_TEST

/* ---- our endings, as the peer sees them ---- */

START_TEST(abort_is_a_reset)
{
    rude_upgrade(UPGRADE("/ws"));
    link_send(seen.link, false, &(struct slice){"never", 5}, 1);
    link_abort(seen.link);
    ck_assert_uint_eq(seen.links_closed, 0); /* never from within */
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection reset");
    ck_assert_uint_eq(client.in.len, 0);
    ck_assert_int_eq(seen.how, LINK_END_LOCAL);
}
END_TEST

START_TEST(finish_is_a_fin_after_the_queue)
{
    rude_upgrade(UPGRADE("/ws"));
    link_send(seen.link, false, &(struct slice){"last", 4}, 1);
    link_finish(seen.link);
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection closed");
    ck_assert_uint_eq(client.in.len, 6);
    ck_assert_int_eq(memcmp(client.in.data, "\x81\x04last", 6), 0);
}
END_TEST

START_TEST(close_waits_for_the_answer)
{
    rude_upgrade(UPGRADE("/ws"));
    link_close(seen.link, 4008, "version");
    link_send(seen.link, false, &(struct slice){"never", 5}, 1);
    rude_expect(&client, loop, "\x88\x09\x0f\xa8version");
    ck_assert_uint_eq(client.in.len, 11);
    ck_assert_uint_eq(seen.links_closed, 0);
    raw_send(client.conn, slice_of("\x81\x81" M "x\x88\x82" M "\x0f\xa8", 15));
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_int_eq(seen.how, LINK_END_LOCAL);
    ck_assert_uint_eq(seen.close_code, 4008);
    ck_assert_uint_eq(seen.messages, 0);
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection closed");
}
END_TEST

START_TEST(unanswered_close_is_cut_after_a_second)
{
    uint64_t began_ms;

    rude_upgrade(UPGRADE("/ws"));
    began_ms = net_loop_now_ms(loop);
    link_close(seen.link, 1000, NULL);
    run_until(loop, &client.closed);
    ck_assert_uint_ge(net_loop_now_ms(loop), began_ms + 990);
    ck_assert_uint_eq(seen.links_closed, 1);
}
END_TEST

START_TEST(slow_reader_is_cut_at_its_ceiling)
{
    static char text[100000];
    struct net_server_config config = default_config;
    struct slice part = {text, sizeof text};
    unsigned sent = 0;

    config.max_queue_bytes = 1000000;
    net_server_free(server);
    server = server_start_with(loop, &config);
    memset(text, 'x', sizeof text);
    rude_dial(&client, loop, net_server_port(server));
    rude_say(&client, UPGRADE("/mute"));
    run_until_count(loop, &seen.links_opened, 1);
    /* Nobody turns the loop, so nobody reads: the socket fills, then the queue. */
    for (; seen.link && link_queued(seen.link) + sizeof text < 1000000; sent++)
        link_send(seen.link, false, &part, 1);
    for (unsigned i = 0; i < 1000; i++)
        link_send(seen.link, false, &part, 1); /* harmless after the end */
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_int_eq(seen.how, LINK_END_OVERFLOW);
    run_until(loop, &client.closed);
}
END_TEST

/* The same, but it is others who fill the memory: now a sixteenth is the ceiling. */
START_TEST(slow_reader_is_cut_sooner_when_memory_is_scarce)
{
    static char text[100000];
    struct net_server_config config = default_config;
    struct slice part = {text, sizeof text};
    size_t counted = 0, most = 0;

    config.max_queue_bytes = 16 * 2 * sizeof text;
    config.max_backlog_bytes = 1000;
    net_server_free(server);
    server = server_start_with(loop, &config);
    memset(text, 'x', sizeof text);
    rude_dial(&client, loop, net_server_port(server));
    rude_say(&client, UPGRADE("/mute"));
    run_until_count(loop, &seen.links_opened, 1);
    net_loop_count_backlog(loop, &counted, 1001);
    for (unsigned i = 0; i < 1000; i++) {
        link_send(seen.link, false, &part, 1);
        most = link_queued(seen.link) > most ? link_queued(seen.link) : most;
    }
    ck_assert_uint_ge(most, sizeof text);
    ck_assert_uint_le(most, 2 * sizeof text);
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_int_eq(seen.how, LINK_END_OVERFLOW);
    net_loop_count_backlog(loop, &counted, 0);
    ck_assert_uint_eq(net_loop_backlog(loop), 0);
}
END_TEST

START_TEST(paused_link_keeps_what_came)
{
    struct link *link;

    rude_upgrade(UPGRADE("/ws"));
    link = seen.link;
    link_pause(link, true);
    raw_send(client.conn, slice_of("\x81\x81" M "a\x81\x81" M "b", 14));
    run_turns(loop, 5);
    ck_assert_uint_eq(seen.messages, 0);
    link_pause(link, false);
    run_until_count(loop, &seen.messages, 2);
}
END_TEST

static void pause_after_first(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    (void)binary;
    (void)message;
    seen.messages++;
    link_pause(link, true);
}

START_TEST(pause_within_a_message_holds_the_rest_of_the_read)
{
    static const struct link_ops ops = {.message = pause_after_first};

    rude_upgrade(UPGRADE("/ws"));
    link_set_owner(seen.link, &ops, NULL);
    raw_send(client.conn, slice_of("\x81\x81" M "a\x81\x81" M "b", 14));
    run_until_count(loop, &seen.messages, 1);
    run_turns(loop, 5);
    ck_assert_uint_eq(seen.messages, 1);
    link_pause(seen.link, false);
    run_until_count(loop, &seen.messages, 2);
    seen.links_closed = seen.links_opened; /* its owner is another now */
}
END_TEST

static void abort_at_once(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    (void)binary;
    (void)message;
    seen.messages++;
    link_abort(link);
    link_abort(link);
    link_send(link, false, NULL, 0);
}

static void count_closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    (void)info;
    seen.links_closed++;
}

START_TEST(abort_within_a_message)
{
    static const struct link_ops ops = {.message = abort_at_once, .closed = count_closed};

    rude_upgrade(UPGRADE("/ws"));
    link_set_owner(seen.link, &ops, NULL);
    raw_send(client.conn, slice_of("\x81\x81" M "a\x81\x81" M "b", 14));
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection reset");
    ck_assert_uint_eq(seen.messages, 1);
    ck_assert_uint_eq(seen.links_closed, 1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_link");
    TCase *tcase = tcase_create("link");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_loop_test(tcase, frames_in_frames_out, 0, ARRAY_LEN(frames));
    tcase_add_loop_test(tcase, frames_in_one_by_one, 0, ARRAY_LEN(frames));
    tcase_add_test(tcase, frames_behind_the_head_are_not_lost);
    tcase_add_test(tcase, upgrade_after_a_request_on_the_same_connection);
    tcase_add_test(tcase, close_reason_reaches_the_owner);
    tcase_add_loop_test(tcase, lost_peer, 0, 2);
    tcase_add_test(tcase, abort_is_a_reset);
    tcase_add_test(tcase, finish_is_a_fin_after_the_queue);
    tcase_add_test(tcase, close_waits_for_the_answer);
    tcase_add_test(tcase, unanswered_close_is_cut_after_a_second);
    tcase_add_test(tcase, slow_reader_is_cut_at_its_ceiling);
    tcase_add_test(tcase, slow_reader_is_cut_sooner_when_memory_is_scarce);
    tcase_add_test(tcase, paused_link_keeps_what_came);
    tcase_add_test(tcase, pause_within_a_message_holds_the_rest_of_the_read);
    tcase_add_test(tcase, abort_within_a_message);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
