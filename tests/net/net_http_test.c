/* SPDX-License-Identifier: Apache-2.0 */
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/net/net_fixture.h"

/* Bytes in, bytes out: one request (or several) on a connection of its own. */
struct exchange_row {
    const char *name;
    const char *request;
    const char *answer; /* must be in what comes back */
    const char *method; /* as the handler saw it; NULL: it must not be called */
    const char *path;
    bool closes; /* the server closes afterwards */
};

static const struct exchange_row rows[] = {
    {"get", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK\r\n", "GET", "/a", false},
    {"extra header", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n",
     "X-Extra: yes\r\nContent-Length: 0\r\n\r\n", "GET", "/a", false},
    {"query stays apart", "GET /a?b=c%20d&e HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "GET",
     "/a", false},
    {"absolute target", "GET http://h:1/a/b?c HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 ", "GET",
     "/a/b", false},
    {"post", "POST /p HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "\r\n\r\nhello", "POST", "/p",
     false},
    {"post without length", "POST /p HTTP/1.1\r\n\r\n", "Content-Length: 0\r\n", "POST", "/p",
     false},
    {"post of length 0", "POST /p HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 200 ", "POST",
     "/p", false},
    {"put", "PUT /p HTTP/1.1\r\nContent-Length: 2\r\n\r\nab", "\r\n\r\nab", "PUT", "/p", false},
    {"delete", "DELETE /p HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", "DELETE", "/p", false},
    {"options", "OPTIONS * HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", "OPTIONS", "*", false},
    {"patch", "PATCH /p HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", "PATCH", "/p", false},
    {"unknown method", "BREW /pot HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", "BREW", "/pot", false},
    {"chunked",
     "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n1;x=y\r\nd\r\n0\r\nT: "
     "u\r\n\r\n",
     "\r\n\r\nabcd", "POST", "/p", false},
    {"chunked, upper case",
     "POST /p HTTP/1.1\r\ntransfer-encoding: Chunked\r\n\r\nA\r\n0123456789\r\n0\r\n\r\n",
     "\r\n\r\n0123456789", "POST", "/p", false},
    {"expect", "POST /p HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\nok",
     "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK", "POST", "/p", false},
    {"answered before the body", "POST /early HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc",
     "\r\n\r\nearly", "POST", "/early", false},
    {"connection close", "GET /a HTTP/1.1\r\nConnection: close\r\n\r\n", "Connection: close\r\n",
     "GET", "/a", true},
    {"1.0", "GET /a HTTP/1.0\r\n\r\n", "Connection: close\r\n", "GET", "/a", true},
    {"1.0 keep-alive", "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n",
     "Connection: keep-alive\r\n", "GET", "/a", false},
    {"respond_close", "POST /close HTTP/1.1\r\nContent-Length: 1000000\r\n\r\nabc",
     "\r\n\r\ntoo large", "POST", "/close", true},
    {"leading empty line", "\r\nGET /a HTTP/1.1\r\n\r\n", "HTTP/1.1 200 ", "GET", "/a", false},
    {"no version", "GET /a\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "HTTP/1.1 505 ", NULL, NULL, true},
    {"no request at all", "\x16\x03\x01 hello\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"blank in a name", "GET /a HTTP/1.1\r\nA b: c\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"folded line", "GET /a HTTP/1.1\r\nA: b\r\n c\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"lone LF", "GET /a HTTP/1.1\nA: b\r\n\r\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"LF only", "GET /a HTTP/1.1\nA: b\n\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"LF before the empty line", "GET /a HTTP/1.1\r\nA: b\n\r\n", "HTTP/1.1 400 ", NULL, NULL,
     true},
    {"LF as the empty line", "GET /a HTTP/1.1\r\nA: b\r\n\n", "HTTP/1.1 400 ", NULL, NULL, true},
    {"two lengths", "POST /p HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
     "HTTP/1.1 400 ", NULL, NULL, true},
    {"length and chunked",
     "POST /p HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 400 ",
     NULL, NULL, true},
    {"negative length", "POST /p HTTP/1.1\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 400 ", NULL,
     NULL, true},
    {"gzip coding", "POST /p HTTP/1.1\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", "HTTP/1.1 501 ",
     NULL, NULL, true},
    {"bad chunk", "POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "HTTP/1.1 400 ",
     "POST", "/p", true},
    {"upgrade refused",
     "GET /refuse?x HTTP/1.1\r\nUpgrade: websocket\r\nConnection: "
     "Upgrade\r\nSec-WebSocket-Version: 13\r\n"
     "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: a, b\r\n"
     "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n\r\n",
     "HTTP/1.1 400 Bad Request\r\nContent-Type: application/json\r\nX-Why: "
     "because\r\nContent-Length: 34\r\n"
     "Connection: close\r\n\r\n{\"code\":3,\"message\":\"Bad request\"}",
     NULL, "/refuse", true},
    /* Key and accept value of RFC 6455, 1.3. */
    {"upgrade",
     "GET /ws HTTP/1.1\r\nupgrade: WebSocket\r\nConnection: keep-alive, Upgrade\r\n"
     "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
     "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n", NULL, "/ws", false},
    {"old WebSocket version",
     "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Version: 8\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
     "Sec-WebSocket-Version: 13\r\n", NULL, NULL, true},
    {"no WebSocket key",
     "GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
     "Sec-WebSocket-Version: 13\r\n\r\n",
     "HTTP/1.1 400 ", NULL, NULL, true},
    {"another upgrade", "GET /a HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
     "HTTP/1.1 200 ", "GET", "/a", false},
};

static void check_row(const struct exchange_row *row, bool byte_by_byte)
{
    struct net_loop *loop = loop_new_or_fail();
    struct net_server *server = server_start(loop);
    struct rude client;

    rude_dial(&client, loop, net_server_port(server));
    if (byte_by_byte) {
        run_until(loop, &client.opened);
        for (const char *at = row->request; *at && !client.closed; at++) {
            raw_send(client.conn, slice_of(at, 1));
            run_turns(loop, 2);
        }
    } else {
        rude_say(&client, row->request);
    }
    rude_expect(&client, loop, row->answer);
    if (row->closes)
        run_until(loop, &client.closed);
    ck_assert_str_eq(seen.method, row->method ? row->method : "");
    ck_assert_str_eq(seen.path, row->path ? row->path : "");
    ck_assert_msg(client.closed == row->closes, "%s: closed: %d", row->name, client.closed);
    if (row->closes)
        ck_assert_str_eq(client.why,
                         "connection closed"); /* never a reset, which could eat the answer */
    net_server_free(server);
    net_loop_free(loop);
    ck_assert_uint_eq(seen.done, seen.requests);
    rude_release(&client);
    buf_release(&seen.body);
}

START_TEST(bytes_in_bytes_out)
{
    check_row(&rows[_i], false);
}
END_TEST

START_TEST(bytes_in_one_by_one)
{
    check_row(&rows[_i], true);
}
END_TEST

static struct net_loop *loop;
static struct net_server *server;
static struct rude client;

static void set_up(void)
{
    loop = loop_new_or_fail();
    server = server_start(loop);
    rude_dial(&client, loop, net_server_port(server));
}

static void tear_down(void)
{
    net_server_free(server);
    net_loop_free(loop);
    ck_assert_uint_eq(seen.done, seen.requests);
    rude_release(&client);
    buf_release(&seen.body);
}

START_TEST(query_and_cookies_of_8_kilobytes_pass)
{
    static char text[8193];
    struct buf request;

    memset(text, 'q', 8192);
    buf_init(&request, 100000);
    buf_appendf(&request,
                "GET /a?%s HTTP/1.1\r\nCookie: %s\r\nX-Api-Key: k\r\naccess_token: t\r\n\r\n", text,
                text);
    want_header = "COOKIE";
    raw_send(client.conn, buf_slice(&request));
    rude_expect(&client, loop, "200 OK");
    ck_assert_str_eq(seen.query, text);
    ck_assert_str_eq(seen.header, text);
    buf_release(&request);
}
END_TEST

START_TEST(headers_are_found_whatever_their_case)
{
    static const char *const names[] = {"x-api-key",       "Access_Token", "AUTHORIZATION",
                                        "origin",          "User-Agent",   "host",
                                        "x-forwarded-for", "Content-Type"};

    for (unsigned i = 0; i < ARRAY_LEN(names); i++) {
        want_header = names[i];
        seen.header[0] = '\0';
        buf_clear(&client.in);
        rude_say(&client,
                 "POST /a HTTP/1.1\r\nX-API-Key:  value \r\naccess_token: value\r\nAuthorization: "
                 "value\r\n"
                 "Origin: value\r\nuser-agent: value\r\nHost: value\r\nX-Forwarded-For: value\r\n"
                 "content-type: value\r\nX-API-KEY: second\r\n\r\n");
        rude_expect(&client, loop, "200 OK");
        ck_assert_msg(strcmp(seen.header, "value") == 0, "%s: %s", names[i], seen.header);
    }
}
END_TEST

START_TEST(head_that_is_too_long_is_answered)
{
    struct buf request;

    buf_init(&request, 100000);
    buf_append_str(&request, "GET /a HTTP/1.1\r\nX: ");
    while (request.len < 60000)
        buf_append_str(&request, "xxxxxxxxxx");
    raw_send(client.conn, buf_slice(&request));
    rude_expect(&client, loop, "HTTP/1.1 431 ");
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection closed");
    ck_assert_uint_eq(seen.requests, 0);
    buf_release(&request);
}
END_TEST

START_TEST(pipelined_requests_are_answered_in_order)
{
    static const char answers[] =
        "Content-Length: 1\r\n\r\n1HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nX-Extra: yes\r\n"
        "Content-Length: 5\r\n\r\nearlyHTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n"
        "X-Extra: yes\r\nContent-Length: 1\r\n\r\n3";

    rude_say(&client, "POST /1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n1"
                      "POST /early HTTP/1.1\r\nContent-Length: 2\r\n\r\n22"
                      "POST /3 HTTP/1.1\r\nContent-Length: 1\r\n\r\n3");
    rude_expect(&client, loop, answers);
    ck_assert_uint_eq(seen.requests, 3);
    ck_assert_uint_eq(seen.done_lost, 0);
}
END_TEST

START_TEST(request_behind_a_parked_one_waits)
{
    rude_say(&client, "GET /park HTTP/1.1\r\n\r\nGET /next HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 1);
    run_turns(loop, 3);
    ck_assert_uint_eq(seen.requests, 1);
    http_exchange_respond(seen.parked,
                          &(struct http_response){.status = 200, .body = slice_str("late")});
    rude_expect(&client, loop, "late");
    run_until_count(loop, &seen.bodies, 2);
    ck_assert_str_eq(seen.path, "/next");
}
END_TEST

START_TEST(lost_client_of_a_parked_request_is_noticed)
{
    rude_say(&client, "GET /park HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 1);
    if (_i == 0)
        raw_finish(client.conn);
    else
        raw_abort(client.conn);
    run_until_count(loop, &seen.done_lost, 1);
    ck_assert_ptr_null(seen.parked);
}
END_TEST

static long cpu_us(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec +
           usage.ru_stime.tv_usec;
}

static unsigned turns;

static void count_turn(void *user)
{
    (void)user;
    turns++;
}

static void set_flag(void *user)
{
    *(bool *)user = true;
}

/* lws-notes 29: lws 4.1.6 spun here, and would have ended the request after 5 s. */
START_TEST(parked_request_costs_no_turns)
{
    struct net_timer *timer;
    bool over = false;
    long before_us;

    rude_say(&client, "GET /park HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 1);
    timer = net_timer_new(loop, set_flag, &over);
    net_timer_start(timer, net_loop_now_ms(loop) + 6000);
    net_loop_on_turn_end(loop, count_turn, NULL);
    turns = 0;
    before_us = cpu_us();
    run_until(loop, &over);
    ck_assert_uint_le(turns, 20);
    printf("parked for 6 s: %u turns, %ld us CPU\n", turns, cpu_us() - before_us);
    ck_assert_uint_eq(seen.done, 0);
    http_exchange_respond(seen.parked,
                          &(struct http_response){.status = 200, .body = slice_str("late")});
    rude_expect(&client, loop, "late");
    rude_say(&client, "GET /again HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 2);
}
END_TEST

START_TEST(aborted_exchange_is_a_reset)
{
    rude_say(&client, "GET /abort HTTP/1.1\r\n\r\n");
    run_until(loop, &client.closed);
    ck_assert_str_eq(client.why, "connection reset");
    ck_assert_uint_eq(client.in.len, 0);
    ck_assert_uint_eq(seen.done_lost, 1);
}
END_TEST

START_TEST(megabyte_both_ways)
{
    struct buf request;

    buf_init(&request, 2000000);
    buf_append_str(&request, "POST /p HTTP/1.1\r\nContent-Length: 1000000\r\n\r\n");
    memset(buf_reserve(&request, 1000000), 'z', 1000000);
    request.len += 1000000;
    raw_send(client.conn, buf_slice(&request));
    run_until_count(loop, &seen.done, 1);
    while (client.in.len < 1000000)
        run_turns(loop, 1);
    ck_assert_uint_eq(seen.body.len, 1000000);
    ck_assert(rude_has(&client, "Content-Length: 1000000\r\n"));
    buf_clear(&client.in);
    rude_say(&client, "GET /big HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.done, 2);
    buf_release(&request);
}
END_TEST

START_TEST(head_request_has_no_body)
{
    rude_say(&client, "HEAD /early HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n");
    rude_expect(&client, loop, "Content-Length: 5\r\n\r\nHTTP/1.1 200 OK");
}
END_TEST

static const struct {
    const char *bytes;
    const char *answer; /* "": closed without one */
} slow_rows[] = {{"GET /a HT", "HTTP/1.1 408 "},
                 {"POST /a HTTP/1.1\r\nContent-Length: 5\r\n\r\nabc", "HTTP/1.1 408 "},
                 {"", ""}};

START_TEST(slow_clients_are_cut)
{
    struct net_server_config config = default_config;
    struct net_server *strict;
    struct rude slow;

    config.header_timeout_ms = 30;
    strict = server_start_with(loop, &config);
    rude_dial(&slow, loop, net_server_port(strict));
    rude_say(&slow, slow_rows[_i].bytes);
    run_until(loop, &slow.closed);
    ck_assert_msg(slow_rows[_i].answer[0] ? rude_has(&slow, slow_rows[_i].answer)
                                          : slow.in.len == 0,
                  "%.*s", (int)slow.in.len, slow.in.data);
    ck_assert_uint_eq(seen.done_lost, seen.requests);
    net_server_free(strict);
    rude_release(&slow);
}
END_TEST

START_TEST(who_does_not_read_its_answer_is_cut)
{
    struct net_server_config config = default_config;
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM, 0), small = 4096;
    struct net_server *strict;

    config.header_timeout_ms = 30;
    strict = server_start_with(loop, &config);
    to.sin_port = htons(net_server_port(strict));
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    ck_assert_int_eq(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    /* several: the kernel takes the first megabytes */
    for (unsigned i = 0; i < 16; i++)
        ck_assert_int_eq(send(fd, "GET /big HTTP/1.1\r\n\r\n", 21, 0), 21);
    run_until_count(loop, &seen.done_lost, 1);
    close(fd);
    net_server_free(strict);
}
END_TEST

START_TEST(connections_are_bounded)
{
    struct net_server_config config = default_config;
    struct net_server *small;
    struct rude first;
    struct rude second;

    if (_i == 0)
        config.max_connections = 1;
    else
        config.max_connections_per_address = 1;
    small = server_start_with(loop, &config);
    rude_dial(&first, loop, net_server_port(small));
    rude_say(&first, "GET /a HTTP/1.1\r\n\r\n");
    rude_expect(&first, loop, "200 OK");
    rude_dial(&second, loop, net_server_port(small));
    rude_say(&second, "GET /a HTTP/1.1\r\n\r\n");
    run_until(loop, &second.closed);
    ck_assert_uint_eq(second.in.len, 0);
    raw_abort(first.conn);
    run_until(loop, &first.closed);
    run_turns(loop, 5);
    rude_release(&second);
    rude_dial(&second, loop, net_server_port(small));
    rude_say(&second, "GET /a HTTP/1.1\r\n\r\n");
    rude_expect(&second, loop, "200 OK");
    net_server_free(small);
    run_until(loop, &second.closed);
    rude_release(&first);
    rude_release(&second);
}
END_TEST

START_TEST(address_errors_are_named)
{
    static const struct {
        const char *address;
        const char *error;
    } bad[] = {{"not-an-address", "not an IP address"},
               {"192.0.2.1", "address not available on this machine"}};
    struct net_server_config config = default_config;
    const char *err = NULL;

    config.port = net_server_port(server);
    ck_assert_ptr_null(net_server_new(loop, &config, &test_ops, NULL, &err));
    ck_assert_str_eq(err, "address in use");
    config.port = 0;
    for (unsigned i = 0; i < ARRAY_LEN(bad); i++) {
        config.address = bad[i].address;
        ck_assert_ptr_null(net_server_new(loop, &config, &test_ops, NULL, &err));
        ck_assert_str_eq(err, bad[i].error);
    }
}
END_TEST

START_TEST(stopped_server_finishes_what_is_parked)
{
    struct rude idle;

    rude_say(&client, "GET /park HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 1);
    rude_dial(&idle, loop, net_server_port(server));
    rude_say(&idle, "GET /a HTTP/1.1\r\n\r\n");
    rude_expect(&idle, loop, "200 OK");
    net_server_free(server);
    run_until(loop, &idle.closed);
    http_exchange_respond(seen.parked,
                          &(struct http_response){.status = 200, .body = slice_str("bye")});
    rude_expect(&client, loop, "Connection: close\r\n\r\nbye");
    run_until(loop, &client.closed);
    rude_release(&idle);
    server = NULL;
}
END_TEST

START_TEST(loop_is_freed_under_a_parked_request)
{
    rude_say(&client, "GET /park HTTP/1.1\r\n\r\n");
    run_until_count(loop, &seen.bodies, 1);
    /* tear_down frees; `done` must have run then */
}
END_TEST

static const struct {
    const char *query;
    const char *name;
    const char *value; /* NULL: absent */
} query_rows[] = {
    {"EIO=4&transport=polling", "EIO", "4"},
    {"EIO=4&transport=polling", "transport", "polling"},
    {"EIO=4&transport=polling", "sid", NULL},
    {"a=%41%2b+%zz%4", "a", "A+ %zz%4"},
    {"a=1&a=2", "a", "1"},
    {"a", "a", ""},
    {"a=", "a", ""},
    {"%61=b=c", "a", "b=c"},
    {"&&a=b", "a", "b"},
    {"", "a", NULL},
};

START_TEST(query_parameters)
{
    struct buf out;

    buf_init(&out, 1000);
    ck_assert(http_query_get(slice_str(query_rows[_i].query), query_rows[_i].name, &out) ==
              (query_rows[_i].value != NULL));
    ck_assert(slice_is(buf_slice(&out), query_rows[_i].value ? query_rows[_i].value : ""));
    buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_http");
    TCase *table = tcase_create("bytes");
    TCase *tcase = tcase_create("server");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(table, bytes_in_bytes_out, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(table, bytes_in_one_by_one, 0, ARRAY_LEN(rows));
    tcase_add_loop_test(table, query_parameters, 0, ARRAY_LEN(query_rows));
    tcase_add_checked_fixture(tcase, set_up, tear_down);
    tcase_set_timeout(tcase, 30);
    tcase_add_test(tcase, query_and_cookies_of_8_kilobytes_pass);
    tcase_add_test(tcase, headers_are_found_whatever_their_case);
    tcase_add_test(tcase, head_that_is_too_long_is_answered);
    tcase_add_test(tcase, pipelined_requests_are_answered_in_order);
    tcase_add_test(tcase, request_behind_a_parked_one_waits);
    tcase_add_loop_test(tcase, lost_client_of_a_parked_request_is_noticed, 0, 2);
    tcase_add_test(tcase, parked_request_costs_no_turns);
    tcase_add_test(tcase, aborted_exchange_is_a_reset);
    tcase_add_test(tcase, megabyte_both_ways);
    tcase_add_test(tcase, head_request_has_no_body);
    tcase_add_loop_test(tcase, slow_clients_are_cut, 0, ARRAY_LEN(slow_rows));
    tcase_add_test(tcase, who_does_not_read_its_answer_is_cut);
    tcase_add_loop_test(tcase, connections_are_bounded, 0, 2);
    tcase_add_test(tcase, address_errors_are_named);
    tcase_add_test(tcase, stopped_server_finishes_what_is_parked);
    tcase_add_test(tcase, loop_is_freed_under_a_parked_request);
    suite_add_tcase(suite, table);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
