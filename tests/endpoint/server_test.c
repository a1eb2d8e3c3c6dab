/* SPDX-License-Identifier: Apache-2.0 */

/* What an owner can do with endpoint/server.h and smcp-echo does not: gates, late decisions, disconnects by us, ceilings, other requests. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/endpoint/endpoint_fixture.h"
#include "wire/macros.h"

static const enum client_mode modes[] = {CLIENT_WEBSOCKET, CLIENT_POLLING, CLIENT_UPGRADE};

static void connect_in(struct peer *p, struct app *app, enum client_mode mode)
{
    peer_start(p, app, mode);
    peer_say(p, "0");
    RUN_UNTIL(app, log_has(&p->log, "0/;"));
    RUN_UNTIL(app, mode != CLIENT_UPGRADE || p->upgraded);
}

static void emit(struct sio_socket *s, const char *name_raw, const char *args)
{
    sio_socket_emit(s, slice_str(name_raw), slice_str(args), SIO_NO_ID, NULL, 0);
}

/* ---- the gate ---- */

static bool gate(void *user, const struct http_request *r, struct endpoint_refusal *refusal,
                 struct buf *scratch)
{
    struct slice value;
    struct buf version;
    bool passed;

    (void)user;
    buf_init(&version, 100);
    passed = http_query_get(http_request_query(r), "v", &version);
    if (http_request_header(r, "x-version", &value))
        passed = true;
    buf_release(&version);
    if (passed)
        return true;
    buf_append_str(scratch, "{\"code\":4008}");
    refusal->http = (struct http_response){
        .status = 401, .content_type = "application/json", .body = buf_slice(scratch)};
    return false;
}

static bool closing_gate(void *user, const struct http_request *r, struct endpoint_refusal *refusal,
                         struct buf *scratch)
{
    refusal->close_code = 4900;
    refusal->close_reason = "go away";
    return gate(user, r, refusal, scratch);
}

START_TEST(test_gate_refuses)
{
    struct app app;
    struct peer p;

    app_start_gated(&app, &app_config, gate);
    peer_start(&p, &app, modes[_i]);
    RUN_UNTIL(&app, p.closed);
    ck_assert_int_eq(p.status, 401);
    if (modes[_i] != CLIENT_WEBSOCKET)
        ck_assert_str_eq(p.body, "{\"code\":4008}");
    ck_assert_uint_eq(endpoint_sessions(app.e), 0);
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* A WebSocket is upgraded and closed with the code of the gate, without an open packet; polling is answered over HTTP all the same. */
START_TEST(test_gate_closes)
{
    struct app app;
    struct peer p;

    app_start_gated(&app, &app_config, closing_gate);
    peer_start(&p, &app, modes[_i]);
    RUN_UNTIL(&app, p.closed);
    ck_assert_int_eq(p.status, modes[_i] == CLIENT_WEBSOCKET ? 0 : 401);
    if (modes[_i] == CLIENT_WEBSOCKET)
        ck_assert_str_eq(p.text, "close frame");
    ck_assert(!p.open);
    ck_assert_uint_eq(endpoint_sessions(app.e), 0);
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_gate_comes_before_engine_io)
{
    struct app app;
    struct asked a;

    app_start_gated(&app, &app_config, gate);
    ask(&a, &app, "GET", "/socket.io/?EIO=3&transport=nope", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 401);
    ask(&a, &app, "GET", "/socket.io/?EIO=3&transport=polling&v=1", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_str_eq(a.body, "{\"code\":5,\"message\":\"Unsupported protocol version\"}");
    app_release(&app);
}
END_TEST

/* A made-up sid is no way around the gate. */
START_TEST(test_gate_before_unknown_sids)
{
    struct app app;
    struct asked a;

    app_start_gated(&app, &app_config, gate);
    ask(&a, &app, "GET", "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 401);
    ask(&a, &app, "GET", "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA&v=1", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_str_eq(a.body, "{\"code\":1,\"message\":\"Session ID unknown\"}");
    app_release(&app);
}
END_TEST

START_TEST(test_gate_passes_once)
{
    const struct net_header header = {"X-Version", "1"};
    struct app app;
    struct peer p;

    app_start_gated(&app, &app_config, gate);
    peer_start_with(&p, &app, modes[_i], &header, 1);
    peer_say(&p, "0");
    RUN_UNTIL(&app, log_has(&p.log, "0/;"));
    ck_assert_uint_eq(endpoint_sessions(app.e), 1);
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_handshake_is_remembered)
{
    const struct net_header headers[] = {{"X-API-Key", "secret"}, {"x-unkept", "1"}};
    struct app app;
    struct peer p;
    struct slice value;

    app_start(&app, &app_config);
    peer_start_with(&p, &app, modes[_i], headers, ARRAY_LEN(headers));
    peer_say(&p, "0");
    RUN_UNTIL(&app, log_has(&p.log, "0/;"));
    ck_assert(eio_conn_header(app.conn, "x-api-key", &value));
    ck_assert(slice_is(value, "secret"));
    ck_assert(!eio_conn_header(app.conn, "x-other", &value));
    ck_assert(!eio_conn_header(app.conn, "x-unkept", &value));
    ck_assert(slice_is(eio_conn_remote(app.conn), "127.0.0.1"));
    ck_assert(slice_is(eio_conn_query(app.conn), modes[_i] == CLIENT_WEBSOCKET
                                                     ? "EIO=4&transport=websocket&who=peer"
                                                     : "EIO=4&transport=polling&who=peer"));
    RUN_UNTIL(&app, eio_conn_transport(app.conn) ==
                        (modes[_i] == CLIENT_POLLING ? TRANSPORT_POLLING : TRANSPORT_WEBSOCKET));
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* ---- decisions ---- */

START_TEST(test_late_acceptance)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.hold = true;
    peer_start(&p, &app, modes[_i]);
    peer_say(&p, "0/a,{\"k\":1}");
    peer_say(&p, "2/a,1[\"early\"]");
    peer_say(&p, "0/b,");
    RUN_UNTIL(&app, log_has(&app.log, "connect /b ;"));
    ck_assert(log_is(&app.log, "connect /a {\"k\":1};connect /b ;"));
    sio_socket_accept(app.last);
    peer_say(&p, "2/a,2[\"early\"]");
    peer_say(&p, "2/b,[\"in time\"]");
    RUN_UNTIL(&app, log_has(&app.log, "event"));
    ck_assert(log_is(&app.log, "connect /a {\"k\":1};connect /b ;event \"in time\" ;"));
    RUN_UNTIL(&app, log_is(&p.log, "0/b;"));
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_refused_has_no_effect)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.refuse = true;
    peer_start(&p, &app, modes[_i]);
    peer_say(&p, "0/a,");
    peer_say(&p, "2/a,1[\"x\"]");
    peer_say(&p, "3/a,1[]");
    peer_say(&p, "1/a,");
    peer_say(&p, "0/b,");
    RUN_UNTIL(&app, log_has(&p.log, "4/b"));
    ck_assert(log_is(&p.log, "4/a{\"message\":\"no\"};4/b{\"message\":\"no\"};"));
    ck_assert(log_is(&app.log, "connect /a ;gone /a: disconnected by the server;"
                               "connect /b ;gone /b: disconnected by the server;"));
    peer_release(&p);
    app_release(&app);
}
END_TEST

static void disconnect_and_go_on(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    (void)app;
    (void)ev;
    emit(s, "\"before\"", "");
    sio_socket_disconnect(s);
    /* Still ours until the turn ends, without effect. */
    emit(s, "\"after\"", "");
    sio_socket_ack(s, 1, slice_str(""), NULL, 0);
    sio_socket_disconnect(s);
}

START_TEST(test_disconnect_by_us)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_event = disconnect_and_go_on;
    connect_in(&p, &app, modes[_i]);
    peer_say(&p, "21[\"out\"]");
    peer_say(&p, "22[\"too late\"]");
    RUN_UNTIL(&app, log_has(&p.log, "1/;"));
    ck_assert(log_is(&p.log, "0/;2/[\"before\"];1/;"));
    peer_say(&p, "0");
    RUN_UNTIL(&app, log_is(&p.log, "0/;2/[\"before\"];1/;0/;"));
    ck_assert(log_is(&app.log, "connect / ;event \"out\" ;gone /: disconnected by the server;"
                               "connect / ;"));
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* ---- the end by us ---- */

static void close_now(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    (void)app;
    (void)ev;
    emit(s, "\"last words\"", "1");
    eio_conn_close(sio_socket_conn(s));
    emit(s, "\"after\"", "2");
}

START_TEST(test_close_by_us)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_event = close_now;
    connect_in(&p, &app, modes[_i]);
    peer_say(&p, "2[\"close\"]");
    RUN_UNTIL(&app, p.closed);
    ck_assert(p.by_peer);
    ck_assert_int_eq(p.status, 0);
    ck_assert(log_is(&p.log, "0/;2/[\"last words\",1];"));
    ck_assert(log_has(&app.log, "gone /: disconnected by the server;"));
    ck_assert_uint_eq(endpoint_sessions(app.e), 0);
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* The session that we close between two polls waits with its last words for the next one. */
START_TEST(test_close_between_polls)
{
    struct app app;
    struct asked a;
    char target[128];
    char sid[32];

    app_start(&app, &app_config);
    ask(&a, &app, "GET", "/socket.io/?EIO=4&transport=polling", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(sscanf(a.body, "0{\"sid\":\"%20s", sid), 1);
    snprintf(target, sizeof(target), "/socket.io/?EIO=4&transport=polling&sid=%s", sid);
    app.on_event = close_now;
    ask(&a, &app, "POST", target,
        "40\x1e"
        "42[\"close\"]");
    RUN_UNTIL(&app, a.done);
    ck_assert_str_eq(a.body, "ok");
    ask(&a, &app, "POST", target, "42[\"ignored\"]");
    RUN_UNTIL(&app, a.done);
    ck_assert_str_eq(a.body, "ok");
    ask(&a, &app, "GET", target, NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_ptr_nonnull(strstr(a.body, "\x1e"
                                         "42[\"last words\",1]\x1e"
                                         "1"));
    ask(&a, &app, "GET", target, NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 400);
    ck_assert(!log_has(&app.log, "ignored"));
    app_release(&app);
}
END_TEST

static void abort_now(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    (void)app;
    (void)ev;
    emit(s, "\"never sent\"", "");
    eio_conn_abort(sio_socket_conn(s));
    eio_conn_abort(sio_socket_conn(s));
    eio_conn_close(sio_socket_conn(s));
}

START_TEST(test_abort_by_us)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_event = abort_now;
    connect_in(&p, &app, modes[_i]);
    peer_say(&p, "2[\"abort\"]");
    RUN_UNTIL(&app, p.closed);
    ck_assert(p.by_peer);
    ck_assert(log_is(&p.log, "0/;"));
    ck_assert_uint_eq(endpoint_sessions(app.e), 0);
    peer_release(&p);
    app_release(&app);
}
END_TEST

static void emit_while_gone(struct app *app, struct sio_socket *s)
{
    emit(s, "\"x\"", "");
    if (app->conn)
        eio_conn_close(app->conn);
}

#define GONE(why) "connect / ;connect /a ;gone /a: " why ";gone /: " why ";"

START_TEST(test_every_end_is_told_once)
{
    /* by loss; on a WebSocket, on polling */
    static const char *const ends[][2] = {
        {GONE("the connection was lost"), GONE("the connection of a poll was lost")},
        {GONE("the connection was lost"), GONE("the connection of a poll was lost")},
        {GONE("the client closed the WebSocket"), GONE("the client closed the connection")},
        {GONE("the client closed the connection"), GONE("the client closed the connection")},
    };
    static const enum client_loss losses[] = {LOSS_RST, LOSS_FIN, LOSS_WS_CLOSE, LOSS_EIO_CLOSE};
    enum client_mode mode = modes[_i % 3];
    enum client_loss loss = losses[_i / 3];
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_gone = emit_while_gone;
    connect_in(&p, &app, mode);
    peer_say(&p, "0/a,");
    RUN_UNTIL(&app, log_has(&p.log, "0/a;"));
    eio_client_lose(p.client, loss);
    RUN_UNTIL(&app, p.closed && endpoint_sessions(app.e) == 0);
    ck_assert(!p.by_peer);
    ck_assert_msg(log_is(&app.log, ends[_i / 3][mode == CLIENT_POLLING]), "%.*s", (int)app.log.len,
                  app.log.data);
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* ---- ceilings ---- */

static void flood(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    static char text[10002];

    (void)app;
    (void)ev;
    memset(text, 'x', sizeof(text));
    text[0] = text[sizeof(text) - 1] = '"';
    /* More than the kernel takes from a peer that does not read, and than the queue may hold. */
    for (int i = 0; i < 5000 && !log_has(&app->log, "gone"); i++)
        sio_socket_emit(s, slice_str("\"flood\""), slice_of(text, sizeof(text)), SIO_NO_ID, NULL,
                        0);
}

START_TEST(test_slow_reader_is_cut)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_event = flood;
    connect_in(&p, &app, modes[_i]);
    peer_say(&p, "2[\"flood\"]");
    RUN_UNTIL(&app, log_has(&app.log, "gone /: the client reads too slowly;"));
    RUN_UNTIL(&app, p.closed);
    ck_assert_uint_eq(endpoint_sessions(app.e), 0);
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_too_many_sessions)
{
    struct endpoint_config config = app_config;
    struct app app;
    struct peer p, second;

    config.max_sessions = 1;
    app_start(&app, &config);
    connect_in(&p, &app, modes[_i]);
    peer_start(&second, &app, modes[_i]);
    RUN_UNTIL(&app, second.closed);
    ck_assert_int_eq(second.status, 503);
    peer_release(&second);
    peer_say(&p, "2[\"still here\"]");
    RUN_UNTIL(&app, log_has(&app.log, "event \"still here\""));
    eio_client_lose(p.client, LOSS_EIO_CLOSE);
    RUN_UNTIL(&app, p.closed && endpoint_sessions(app.e) == 0);
    peer_release(&p);
    connect_in(&p, &app, modes[_i]);
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_transports)
{
    struct endpoint_config config = app_config;
    struct app app;
    struct peer p;

    config.transports = _i ? TRANSPORT_POLLING : TRANSPORT_WEBSOCKET;
    app_start(&app, &config);
    peer_start(&p, &app, _i ? CLIENT_WEBSOCKET : CLIENT_POLLING);
    RUN_UNTIL(&app, p.closed);
    ck_assert_int_eq(p.status, 400);
    if (!_i)
        ck_assert_str_eq(p.body, "{\"code\":0,\"message\":\"Transport unknown\"}");
    peer_release(&p);
    peer_start(&p, &app, CLIENT_UPGRADE);
    RUN_UNTIL(&app, p.closed);
    ck_assert_int_eq(p.status, _i ? 0 : 400);
    peer_release(&p);
    connect_in(&p, &app, _i ? CLIENT_POLLING : CLIENT_WEBSOCKET);
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* ---- bad packets ---- */

START_TEST(test_fault_is_told)
{
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    connect_in(&p, &app, modes[_i]);
    peer_say(&p, "2{}");
    RUN_UNTIL(&app, p.closed);
    ck_assert(log_is(&app.log, "connect / ;fault WIRE_E_SIO_PAYLOAD;gone /: malformed packet;"));
    peer_release(&p);
    app_release(&app);
}
END_TEST

/* ---- acks in both directions, attachments ---- */

static void ask_back(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    (void)app;
    if (ev->id != SIO_NO_ID)
        sio_socket_ack(s, ev->id, slice_str("true,null"), NULL, 0);
    sio_socket_emit(s, slice_str("\"question\""), ev->args, 0, ev->attachments, ev->n_attachments);
}

START_TEST(test_acks_both_ways)
{
    struct slice text = slice_str("51-9[\"ask\",{\"_placeholder\":true,\"num\":0}]");
    struct slice attachment = slice_of("\0\1\2", 3);
    struct app app;
    struct peer p;

    app_start(&app, &app_config);
    app.on_event = ask_back;
    connect_in(&p, &app, modes[_i]);
    eio_client_send(p.client, &text, 1, &attachment, 1);
    RUN_UNTIL(&app, log_has(&p.log, "+1;"));
    ck_assert(log_is(&p.log, "0/;3/#9[true,null];"
                             "5/#0[\"question\",{\"_placeholder\":true,\"num\":0}]+1;"));
    peer_say(&p, "30[1]");
    peer_say(&p, "37[]");
    RUN_UNTIL(&app, log_has(&app.log, "ack 7 ;"));
    ck_assert(log_has(&app.log, "ack 0 1;ack 7 ;"));
    peer_release(&p);
    app_release(&app);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint server");
    TCase *tcase = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_gate_refuses, 0, 3);
    tcase_add_loop_test(tcase, test_gate_closes, 0, 3);
    tcase_add_test(tcase, test_gate_comes_before_engine_io);
    tcase_add_test(tcase, test_gate_before_unknown_sids);
    tcase_add_loop_test(tcase, test_gate_passes_once, 0, 2);
    tcase_add_loop_test(tcase, test_handshake_is_remembered, 0, 3);
    tcase_add_loop_test(tcase, test_late_acceptance, 0, 3);
    tcase_add_loop_test(tcase, test_refused_has_no_effect, 0, 3);
    tcase_add_loop_test(tcase, test_disconnect_by_us, 0, 3);
    tcase_add_loop_test(tcase, test_close_by_us, 0, 3);
    tcase_add_test(tcase, test_close_between_polls);
    tcase_add_loop_test(tcase, test_abort_by_us, 0, 3);
    tcase_add_loop_test(tcase, test_every_end_is_told_once, 0, 12);
    tcase_add_loop_test(tcase, test_slow_reader_is_cut, 0, 3);
    tcase_add_loop_test(tcase, test_too_many_sessions, 0, 3);
    tcase_add_loop_test(tcase, test_transports, 0, 2);
    tcase_add_loop_test(tcase, test_fault_is_told, 0, 3);
    tcase_add_loop_test(tcase, test_acks_both_ways, 0, 3);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
