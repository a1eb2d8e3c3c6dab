/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/http_head.h"
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
    buf_release(&seen.body);
}

/* ---- one call ---- */

struct call {
    struct http_call *call;
    bool over;
    int status;
    char error[64];
    char header[64]; /* x-extra */
    struct buf body;
};

static void over(void *user, const struct http_result *result)
{
    struct call *c = user;

    c->over = true;
    c->call = NULL;
    c->status = result->status;
    snprintf(c->error, sizeof c->error, "%s", result->error ? result->error : "");
    buf_append_slice(&c->body, result->body);
    for (unsigned i = 0; i < result->n_headers; i++) {
        if (strcmp(result->headers[i].name, "x-extra") == 0)
            snprintf(c->header, sizeof c->header, "%s", result->headers[i].value);
    }
}

static uint64_t owner; /* of the calls that start() begins */

static void start(struct call *c, const char *method, const char *path, const char *body,
                  uint16_t port)
{
    static const struct net_header headers[] = {{"X-Api-Key", "k"}, {"Host", "other"}};
    struct http_call_config config = {.method = method,
                                      .path = path,
                                      .headers = headers,
                                      .n_headers = 2,
                                      .max_body_bytes = 2000000,
                                      .timeout_ms = 5000,
                                      .owner = owner};

    *c = (struct call){0};
    buf_init(&c->body, 2000000);
    config.to = local_target(port);
    config.has_body = body != NULL;
    config.body = slice_str(body ? body : "");
    c->call = http_call_start(loop, &config, over, c);
    ck_assert(!c->over);
}

static void ask(struct call *c, const char *method, const char *path, const char *body)
{
    start(c, method, path, body, net_server_port(server));
    run_until(loop, &c->over);
}

START_TEST(get_post_and_others)
{
    static const char *const methods[] = {"GET", "POST", "PUT", "DELETE", "OPTIONS", "BREW"};

    for (unsigned i = 0; i < ARRAY_LEN(methods); i++) {
        bool has_body = i == 1 || i == 2;
        struct call c;

        want_header = "Host";
        ask(&c, methods[i], "/a?b=c", has_body ? "payload" : NULL);
        ck_assert_int_eq(c.status, 200);
        ck_assert_str_eq(c.error, "");
        ck_assert_str_eq(c.header, "yes");
        ck_assert(slice_is(buf_slice(&c.body), has_body ? "payload" : ""));
        ck_assert_str_eq(seen.method, methods[i]);
        ck_assert_str_eq(seen.query, "b=c");
        ck_assert_str_eq(seen.header, "other");
        buf_release(&c.body);
    }
}
END_TEST

START_TEST(head_has_no_body)
{
    struct call c;

    ask(&c, "HEAD", "/early", NULL);
    ck_assert_int_eq(c.status, 200);
    ck_assert_uint_eq(c.body.len, 0);
    buf_release(&c.body);
}
END_TEST

START_TEST(big_answer)
{
    struct call c;

    ask(&c, "GET", "/big", NULL);
    ck_assert_uint_eq(c.body.len, 1000000);
    buf_release(&c.body);
}
END_TEST

START_TEST(answer_above_the_bound)
{
    struct call c = {0};
    struct http_call_config config = {.method = "GET", .path = "/big", .max_body_bytes = 1000};

    config.to = local_target(net_server_port(server));
    buf_init(&c.body, 2000);
    c.call = http_call_start(loop, &config, over, &c);
    run_until(loop, &c.over);
    ck_assert_str_eq(c.error, "answer too large");
    ck_assert_int_eq(c.status, 0);
    buf_release(&c.body);
}
END_TEST

START_TEST(refused_connection)
{
    struct call c;
    uint16_t port = net_server_port(server);

    net_server_free(server);
    server = NULL;
    start(&c, "GET", "/a", NULL, port);
    run_until(loop, &c.over);
    ck_assert_str_eq(c.error, "connection refused");
}
END_TEST

START_TEST(name_that_is_none)
{
    struct call c = {0};
    struct http_call_config config = {
        .to = {.host = "no-such-host.invalid", .port = 1}, .method = "GET", .path = "/a"};

    c.call = http_call_start(loop, &config, over, &c);
    run_until(loop, &c.over);
    ck_assert_str_eq(c.error, "unknown host");
}
END_TEST

START_TEST(name_that_must_be_looked_up)
{
    struct call c = {0};
    struct http_call_config config = {.method = "GET", .path = "/a", .max_body_bytes = 100};

    config.to = (struct net_target){.host = "localhost", .port = net_server_port(server)};
    c.call = http_call_start(loop, &config, over, &c);
    run_until(loop, &c.over);
    ck_assert_int_eq(c.status, 200);
}
END_TEST

START_TEST(parked_call_waits_without_bound)
{
    struct call c = {0};
    struct http_call_config config = {.method = "GET", .path = "/park", .max_body_bytes = 100};

    config.to = local_target(net_server_port(server));
    buf_init(&c.body, 100);
    c.call = http_call_start(loop, &config, over, &c);
    run_until_count(loop, &seen.bodies, 1);
    run_turns(loop, 5);
    ck_assert(!c.over);
    http_exchange_respond(seen.parked,
                          &(struct http_response){.status = 200, .body = slice_str("late")});
    run_until(loop, &c.over);
    ck_assert(slice_is(buf_slice(&c.body), "late"));
    buf_release(&c.body);
}
END_TEST

START_TEST(call_times_out)
{
    struct call c = {0};
    struct http_call_config config = {.method = "GET", .path = "/park", .timeout_ms = 20};

    config.to = local_target(net_server_port(server));
    c.call = http_call_start(loop, &config, over, &c);
    run_until(loop, &c.over);
    ck_assert_str_eq(c.error, "timeout");
}
END_TEST

START_TEST(cancelled_call_is_lost_to_the_server)
{
    struct call c;

    start(&c, "GET", "/park", NULL, net_server_port(server));
    run_until_count(loop, &seen.bodies, 1);
    http_call_cancel(c.call, _i == 1);
    run_until_count(loop, &seen.done_lost, 1);
    ck_assert(!c.over);
}
END_TEST

START_TEST(cancelled_before_it_left)
{
    struct call c;

    start(&c, "GET", "/a", NULL, net_server_port(server));
    http_call_cancel(c.call, false);
    run_turns(loop, 5);
    ck_assert(!c.over);
    ck_assert_uint_eq(seen.requests, 0);
}
END_TEST

START_TEST(answer_of_respond_close_is_read)
{
    static char text[2000001];
    struct call c;

    memset(text, 'x', sizeof text - 1);
    ask(&c, "POST", "/close", text);
    ck_assert_int_eq(c.status, 413);
    ck_assert(slice_is(buf_slice(&c.body), "too large"));
    buf_release(&c.body);
}
END_TEST

START_TEST(aborted_by_the_server)
{
    struct call c;

    ask(&c, "GET", "/abort", NULL);
    ck_assert_str_eq(c.error, "connection reset");
}
END_TEST

START_TEST(loop_is_freed_under_a_call)
{
    struct call c;

    start(&c, "GET", "/park", NULL, net_server_port(server));
    run_until_count(loop, &seen.bodies, 1);
    net_loop_free(loop);
    ck_assert(c.over);
    ck_assert_str_eq(c.error, "connection closed");
    loop = NULL;
    server = NULL;
}
END_TEST

/* ---- against answers written by hand ---- */

struct scripted {
    int listener;
    uint16_t port;
    unsigned accepted;
    int fds[8];
    struct net_watch *watch;
    struct net_watch *watches[8];
    const char *answer;
    bool then_close;
    unsigned requests;
};

static struct scripted scripted;

static void scripted_readable(void *user)
{
    unsigned i = *(unsigned *)user;
    char bytes[4096];
    ssize_t n = read(scripted.fds[i], bytes, sizeof bytes);

    if (n <= 0) {
        net_watch_free(scripted.watches[i]);
        scripted.watches[i] = NULL;
        close(scripted.fds[i]);
        return;
    }
    scripted.requests++;
    ck_assert_int_eq(write(scripted.fds[i], scripted.answer, strlen(scripted.answer)),
                     (ssize_t)strlen(scripted.answer));
    if (scripted.then_close)
        shutdown(scripted.fds[i], SHUT_WR);
}

static void scripted_accept(void *user)
{
    static unsigned numbers[8] = {0, 1, 2, 3, 4, 5, 6, 7};
    unsigned i = scripted.accepted++;

    (void)user;
    scripted.fds[i] = accept(scripted.listener, NULL, NULL);
    scripted.watches[i] = net_watch_new(loop, scripted.fds[i], scripted_readable, &numbers[i]);
}

static void scripted_start(const char *answer, bool then_close)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t len = sizeof at;

    scripted = (struct scripted){.answer = answer, .then_close = then_close};
    scripted.listener = socket(AF_INET, SOCK_STREAM, 0);
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    ck_assert_int_eq(bind(scripted.listener, (struct sockaddr *)&at, len), 0);
    ck_assert_int_eq(listen(scripted.listener, 8), 0);
    getsockname(scripted.listener, (struct sockaddr *)&at, &len);
    scripted.port = ntohs(at.sin_port);
    scripted.watch = net_watch_new(loop, scripted.listener, scripted_accept, NULL);
}

static void scripted_stop(void)
{
    close(scripted.listener);
}

static const struct {
    const char *name;
    const char *answer;
    bool then_close;
    int status;
    const char *body_or_error;
} answers[] = {
    {"length", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-EXTRA: yes \r\n\r\nok", false, 200, "ok"},
    {"chunked",
     "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nX-Extra: "
     "yes\r\n\r\n1\r\no\r\n1\r\nk\r\n0\r\n\r\n",
     false, 200, "ok"},
    {"until close", "HTTP/1.0 200 OK\r\nX-Extra:yes\r\n\r\nok", true, 200, "ok"},
    {"no reason", "HTTP/1.1 404 \r\nX-Extra: yes\r\nContent-Length: 0\r\n\r\n", false, 404, ""},
    {"no reason nor blank", "HTTP/1.1 404\r\nX-Extra: yes\r\nContent-Length: 0\r\n\r\n", false, 404,
     ""},
    {"204", "HTTP/1.1 204 No Content\r\nX-Extra: yes\r\n\r\n", false, 204, ""},
    {"continue first",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nX-Extra: yes\r\nContent-Length: 1\r\n\r\na",
     false, 200, "a"},
    {"cut short", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nok", true, 0, "connection closed"},
    {"cut in a chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nok", true, 0,
     "connection closed"},
    {"cut in the head", "HTTP/1.1 200 OK\r\nCont", true, 0, "connection closed"},
    {"nothing", "", true, 0, "connection closed"},
    {"no HTTP", "SSH-2.0-OpenSSH\r\n\r\n", false, 0, "malformed response"},
    {"bad chunk", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", false, 0,
     "malformed response"},
    {"bad status", "HTTP/1.1 2x0 OK\r\n\r\n", false, 0, "malformed response"},
};

START_TEST(answers_by_hand)
{
    struct call c;

    scripted_start(answers[_i].answer, answers[_i].then_close);
    start(&c, "POST", "/a", "x", scripted.port);
    run_until(loop, &c.over);
    ck_assert_int_eq(c.status, answers[_i].status);
    if (c.status) {
        ck_assert_str_eq(c.error, "");
        ck_assert_msg(slice_is(buf_slice(&c.body), answers[_i].body_or_error), "%s",
                      answers[_i].name);
        ck_assert_str_eq(c.header, "yes");
    } else {
        ck_assert_msg(strcmp(c.error, answers[_i].body_or_error) == 0, "%s: %s", answers[_i].name,
                      c.error);
    }
    ck_assert_uint_eq(scripted.requests, 1); /* a POST is never repeated */
    buf_release(&c.body);
    scripted_stop();
}
END_TEST

START_TEST(connections_are_reused)
{
    struct call c;

    owner = http_owner_new(loop);
    scripted_start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
    for (unsigned i = 0; i < 5; i++) {
        start(&c, i % 2 ? "POST" : "GET", "/a", i % 2 ? "x" : NULL, scripted.port);
        run_until(loop, &c.over);
        ck_assert_int_eq(c.status, 200);
        buf_release(&c.body);
    }
    ck_assert_uint_eq(scripted.accepted, 1);
    ck_assert_uint_eq(scripted.requests, 5);
    scripted_stop();
}
END_TEST

/* What one client does to its connection does not reach another one; and one that nobody owns is not kept. */
START_TEST(connections_are_not_shared)
{
    const uint64_t mine = http_owner_new(loop), theirs = http_owner_new(loop);
    const uint64_t owners[] = {mine, theirs, mine, theirs, 0, 0};
    struct call c;

    ck_assert_uint_ne(mine, theirs);
    scripted_start("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", false);
    for (size_t i = 0; i < ARRAY_LEN(owners); i++) {
        owner = owners[i];
        start(&c, "GET", "/a", NULL, scripted.port);
        run_until(loop, &c.over);
        ck_assert_int_eq(c.status, 200);
        buf_release(&c.body);
    }
    ck_assert_uint_eq(scripted.accepted, 4);
    http_owner_end(loop, mine);
    owner = mine;
    start(&c, "GET", "/a", NULL, scripted.port);
    run_until(loop, &c.over);
    buf_release(&c.body);
    ck_assert_uint_eq(scripted.accepted, 5);
    scripted_stop();
}
END_TEST

START_TEST(connections_are_not_reused_where_the_server_objects)
{
    static const char *const answers_that_end[] = {
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok and more",
    };
    struct call c;

    owner = http_owner_new(loop);
    scripted_start(answers_that_end[_i], false);
    for (unsigned i = 0; i < 3; i++) {
        start(&c, "GET", "/a", NULL, scripted.port);
        run_until(loop, &c.over);
        ck_assert_int_eq(c.status, 200);
        buf_release(&c.body);
    }
    ck_assert_uint_eq(scripted.accepted, 3);
    scripted_stop();
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_call");
    TCase *tcase = tcase_create("call");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, get_post_and_others);
    tcase_add_test(tcase, head_has_no_body);
    tcase_add_test(tcase, big_answer);
    tcase_add_test(tcase, answer_above_the_bound);
    tcase_add_test(tcase, refused_connection);
    tcase_add_test(tcase, name_that_is_none);
    tcase_add_test(tcase, name_that_must_be_looked_up);
    tcase_add_test(tcase, parked_call_waits_without_bound);
    tcase_add_test(tcase, call_times_out);
    tcase_add_loop_test(tcase, cancelled_call_is_lost_to_the_server, 0, 2);
    tcase_add_test(tcase, cancelled_before_it_left);
    tcase_add_test(tcase, answer_of_respond_close_is_read);
    tcase_add_test(tcase, aborted_by_the_server);
    tcase_add_test(tcase, loop_is_freed_under_a_call);
    tcase_add_loop_test(tcase, answers_by_hand, 0, ARRAY_LEN(answers));
    tcase_add_test(tcase, connections_are_reused);
    tcase_add_test(tcase, connections_are_not_shared);
    tcase_add_loop_test(tcase, connections_are_not_reused_where_the_server_objects, 0, 3);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
