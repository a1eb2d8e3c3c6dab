/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/net/net_fixture.h"

static struct net_loop *loop;
static struct net_server *server;

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
    buf_release(&seen.body);
}

struct dialled {
    struct link *link;
    bool opened, closed;
    unsigned messages;
    struct link_close_info info;
    struct buf in;
    bool binary;
};

static void dialled_opened(void *user, struct link *link)
{
    (void)link;
    ((struct dialled *)user)->opened = true;
}

static void dialled_message(void *user, struct link *link, bool binary, struct slice message)
{
    struct dialled *d = user;

    (void)link;
    d->messages++;
    d->binary = binary;
    buf_append_slice(&d->in, message);
}

static void dialled_closed(void *user, struct link *link, const struct link_close_info *info)
{
    struct dialled *d = user;

    (void)link;
    d->closed = true;
    d->info = *info;
    d->link = NULL;
}

static void dial(struct dialled *d, const char *path, uint16_t port)
{
    static const struct link_ops ops = {dialled_opened, dialled_message, dialled_closed};
    static const struct net_header headers[] = {{"x-api-key", "secret"}, {"Origin", "http://o"}};
    struct link_dial config = {.path = path,
                               .headers = headers,
                               .n_headers = 2,
                               .max_message_bytes = 1000000,
                               .max_queue_bytes = 5000000,
                               .timeout_ms = 5000};

    config.to = local_target(port);
    *d = (struct dialled){0};
    buf_init(&d->in, 10000000);
    d->link = link_dial(loop, &config, &ops, d);
}

START_TEST(dialled_link_speaks_both_ways)
{
    static char big[300000];
    struct dialled d;

    dial(&d, "/ws?x=y", net_server_port(server));
    link_send(d.link, false, &(struct slice){"early", 5}, 1); /* before 101 */
    run_until_count(loop, &d.messages, 1);
    ck_assert(slice_is(buf_slice(&d.in), "early"));
    ck_assert(!d.binary);
    link_send(d.link, true, (struct slice[]){{"a", 1}, {"", 0}, {"bc", 2}}, 3);
    run_until_count(loop, &d.messages, 2);
    ck_assert(d.binary);
    ck_assert(slice_is(buf_slice(&d.in), "earlyabc"));
    buf_clear(&d.in);
    memset(big, 'x', sizeof big);
    for (unsigned i = 0; i < 10; i++)
        link_send(d.link, true, &(struct slice){big, sizeof big}, 1);
    run_until_count(loop, &d.messages, 12);
    ck_assert_uint_eq(d.in.len, 3000000);
    for (size_t at = 0; at < d.in.len; at += sizeof big)
        ck_assert_int_eq(memcmp(d.in.data + at, big, sizeof big), 0);
    link_close(d.link, 4001, "done");
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_LOCAL);
    ck_assert_uint_eq(d.info.close_code, 4001);
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_uint_eq(seen.close_code, 4001);
    ck_assert_str_eq(seen.close_reason, "done");
    buf_release(&d.in);
}
END_TEST

START_TEST(dialled_and_refused)
{
    struct dialled d;

    dial(&d, "/refuse", net_server_port(server));
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_REFUSED);
    ck_assert_int_eq(d.info.http_status, 400);
    ck_assert(!d.opened);
    buf_release(&d.in);
}
END_TEST

START_TEST(dialled_in_vain)
{
    struct dialled d;
    uint16_t port = net_server_port(server);

    net_server_free(server);
    server = NULL;
    dial(&d, "/ws", port);
    ck_assert(!d.closed);
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_UNREACHABLE);
    ck_assert_str_eq(d.info.text, "connection refused");
    buf_release(&d.in);
}
END_TEST

/* Bound and listening, but nobody accepts. */
static int silent_listener(uint16_t *ret_port)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM, 0);

    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(fd, 1), 0);
    getsockname(fd, (struct sockaddr *)&at, &len);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

START_TEST(dialled_and_not_answered)
{
    static const struct link_ops ops = {dialled_opened, dialled_message, dialled_closed};
    struct link_dial config = {
        .path = "/ws", .max_message_bytes = 1000, .max_queue_bytes = 1000, .timeout_ms = 20};
    struct dialled d = {0};
    uint16_t port;
    int fd = silent_listener(&port);

    config.to = local_target(port);
    d.link = link_dial(loop, &config, &ops, &d);
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_UNREACHABLE);
    ck_assert_str_eq(d.info.text, "timeout");
    close(fd);
}
END_TEST

START_TEST(server_without_upgrade_refuses)
{
    struct net_server_ops ops = test_ops;
    struct net_server *other;
    struct dialled d;
    const char *err;

    ops.upgrade = NULL;
    other = net_server_new(loop, &default_config, &ops, NULL, &err);
    dial(&d, "/ws", net_server_port(other));
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_REFUSED);
    ck_assert_int_eq(d.info.http_status, 400);
    net_server_free(other);
    buf_release(&d.in);
}
END_TEST

START_TEST(peer_aborts_dialled_link)
{
    struct dialled d;

    dial(&d, "/mute", net_server_port(server));
    run_until(loop, &d.opened);
    link_abort(seen.link);
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_REMOTE);
    ck_assert_str_eq(d.info.text, "connection reset");
    buf_release(&d.in);
}
END_TEST

START_TEST(raw_bytes_go_out_unframed)
{
    struct dialled d;

    dial(&d, "/ws", net_server_port(server));
    run_until(loop, &d.opened);
    link_send_raw(d.link, slice_of("\x81\x02hi", 4)); /* not masked: the server must refuse it */
    run_until(loop, &d.closed);
    ck_assert_int_eq(d.info.how, LINK_END_REMOTE);
    ck_assert_uint_eq(d.info.close_code, 1002);
    run_until_count(loop, &seen.links_closed, 1);
    ck_assert_int_eq(seen.how, LINK_END_PROTOCOL);
    buf_release(&d.in);
}
END_TEST

/* ---- order ---- */

static char order[16];

static void order_message(void *user, struct link *link, bool binary, struct slice message)
{
    (void)link;
    (void)binary;
    (void)message;
    strncat(order, user, 1);
}

START_TEST(links_are_flushed_in_order_of_their_last_message)
{
    struct dialled d[3];
    struct link *accepted[3];
    struct link_ops ops = {.message = order_message, .closed = dialled_closed};
    char names[] = "ABC";

    for (unsigned i = 0; i < 3; i++) {
        dial(&d[i], "/mute", net_server_port(server));
        run_until(loop, &d[i].opened);
        accepted[i] = seen.link;
    }
    order[0] = '\0';
    for (unsigned i = 0; i < 3; i++)
        link_set_owner(d[i].link, &ops, names + i);
    link_send(accepted[0], false, NULL, 0);
    link_send(accepted[2], false, NULL, 0);
    link_send(accepted[1], false, NULL, 0);
    link_send(accepted[0], false, NULL, 0); /* A has two, and goes last */
    while (strlen(order) < 4)
        run_turns(loop, 1);
    /* epoll reports sockets in the order in which they became ready. */
    ck_assert_str_eq(order, "CBAA");
    for (unsigned i = 0; i < 3; i++) {
        link_set_owner(d[i].link, NULL, NULL);
        link_abort(d[i].link);
        buf_release(&d[i].in);
    }
}
END_TEST

enum { CROWD = 300 };

START_TEST(crowd_leaves_at_once)
{
    static struct dialled crowd[CROWD];

    for (unsigned i = 0; i < CROWD; i++)
        dial(&crowd[i], "/ws", net_server_port(server));
    run_until_count(loop, &seen.links_opened, CROWD);
    for (unsigned i = 0; i < CROWD; i++)
        run_until(loop, &crowd[i].opened);
    for (unsigned i = 0; i < CROWD; i++) {
        link_send(crowd[i].link, false, &(struct slice){"x", 1}, 1);
        if (i % 3 == 0)
            link_abort(crowd[i].link);
        else if (i % 3 == 1)
            link_finish(crowd[i].link);
        else
            link_close(crowd[i].link, 1000, "");
    }
    run_until_count(loop, &seen.links_closed, CROWD);
    for (unsigned i = 0; i < CROWD; i++) {
        run_until(loop, &crowd[i].closed);
        buf_release(&crowd[i].in);
    }
}
END_TEST

START_TEST(loop_is_freed_under_open_links)
{
    struct dialled d;

    dial(&d, "/ws", net_server_port(server));
    run_until(loop, &d.opened);
    link_send(d.link, false, &(struct slice){"never", 5}, 1);
    dial(&d, "/ws", net_server_port(server)); /* still dialling */
    net_loop_free(loop);
    ck_assert(d.closed);
    ck_assert_uint_eq(seen.links_closed, 1);
    server = NULL;
    loop = NULL;
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_dial");
    TCase *tcase = tcase_create("dial");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, dialled_link_speaks_both_ways);
    tcase_add_test(tcase, dialled_and_refused);
    tcase_add_test(tcase, dialled_in_vain);
    tcase_add_test(tcase, dialled_and_not_answered);
    tcase_add_test(tcase, server_without_upgrade_refuses);
    tcase_add_test(tcase, peer_aborts_dialled_link);
    tcase_add_test(tcase, raw_bytes_go_out_unframed);
    tcase_add_test(tcase, links_are_flushed_in_order_of_their_last_message);
    tcase_add_test(tcase, crowd_leaves_at_once);
    tcase_add_test(tcase, loop_is_freed_under_open_links);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
