/* SPDX-License-Identifier: Apache-2.0 */

/* The host: requests of others, CORS, shutting down, being freed while things are open; and the lists of deadlines. */
#include <stdlib.h>

#include "endpoint/expiry.h"
#include "endpoint/sid.h"
#include "tests/endpoint/endpoint_fixture.h"
#include "wire/macros.h"

#define POLL "/socket.io/?EIO=4&transport=polling"

static const enum client_mode modes[] = {CLIENT_WEBSOCKET, CLIENT_POLLING, CLIENT_UPGRADE};

static void answer(struct app *app, const char *body)
{
    const struct http_response response = {.status = 200, .body = slice_str(body)};

    http_exchange_respond(app->other, &response);
}

START_TEST(test_other_requests)
{
    struct app app;
    struct asked a;

    app_start(&app, &app_config);
    ask(&a, &app, "POST", "/v1/wait?a=1&b=%20", "{\"n\":1}");
    RUN_UNTIL(&app, app.other);
    ck_assert(log_is(&app.log, "other POST /v1/wait a=1&b=%20 {\"n\":1};"));
    answer(&app, "later");
    RUN_UNTIL(&app, a.done);
    ck_assert_str_eq(a.body, "later");
    RUN_UNTIL(&app, log_has(&app.log, "other answered;"));
    ask(&a, &app, "GET", "/healthz", NULL);
    RUN_UNTIL(&app, app.other);
    ck_assert(log_has(&app.log, "other GET /healthz  ;"));
    answer(&app, "fine");
    RUN_UNTIL(&app, a.done);
    app_release(&app);
}
END_TEST

START_TEST(test_other_request_too_large)
{
    char body[200];
    struct app app;
    struct asked a;

    memset(body, 'x', sizeof(body));
    body[sizeof(body) - 1] = '\0';
    app_start(&app, &app_config);
    ask(&a, &app, "POST", "/v1/wait", body);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 413);
    ck_assert(log_is(&app.log, ""));
    app_release(&app);
}
END_TEST

START_TEST(test_other_request_lost)
{
    struct app app;
    struct asked a;

    app_start(&app, &app_config);
    ask(&a, &app, "GET", "/v1/wait", NULL);
    RUN_UNTIL(&app, app.other);
    http_call_cancel(a.call, _i);
    RUN_UNTIL(&app, log_has(&app.log, "other lost;"));
    ck_assert_ptr_null(app.other);
    app_release(&app);
}
END_TEST

START_TEST(test_cors)
{
    struct endpoint_config config = app_config;
    struct app app;
    struct asked a;

    config.cors_origin = _i ? "http://page.example" : "*";
    app_start(&app, &config);
    ask(&a, &app, "OPTIONS", POLL, NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 204);
    ck_assert_ptr_nonnull(strstr(a.headers, "access-control-allow-headers: x-api-key\n"));
    ask(&a, &app, "GET", POLL, NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_ptr_nonnull(
        strstr(a.headers, _i ? "access-control-allow-origin: http://page.example\n"
                             : "access-control-allow-origin: *\n"));
    ck_assert_int_eq(strstr(a.headers, "vary: Origin\n") != NULL, _i);
    ask(&a, &app, "GET", "/socket.io/?EIO=4&transport=nope", NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 400);
    ck_assert_ptr_nonnull(strstr(a.headers, "access-control-allow-origin: "));
    app_release(&app);
}
END_TEST

START_TEST(test_no_cors)
{
    struct app app;
    struct asked a;

    app_start(&app, &app_config);
    ask(&a, &app, "OPTIONS", POLL, NULL);
    RUN_UNTIL(&app, a.done);
    ck_assert_int_eq(a.status, 400);
    ck_assert_ptr_null(strstr(a.headers, "access-control"));
    app_release(&app);
}
END_TEST

/* ---- the end ---- */

START_TEST(test_shutdown)
{
    struct app app;
    struct peer p;
    struct peer late;
    uint64_t begin_ms;

    app_start(&app, &app_config);
    peer_start(&p, &app, modes[_i]);
    peer_say(&p, "0");
    RUN_UNTIL(&app, log_has(&p.log, "0/;"));
    RUN_UNTIL(&app, modes[_i] != CLIENT_UPGRADE || p.upgraded);
    begin_ms = net_loop_clock_us() / 1000;
    endpoint_host_shutdown(app.host, 5000, app_stopped, &app);
    ck_assert(log_has(&app.log, "gone /: server shutdown;"));
    ck_assert(!app.stopped);
    RUN_UNTIL(&app, app.stopped && p.closed);
    ck_assert(p.by_peer);
    ck_assert_uint_lt(net_loop_clock_us() / 1000 - begin_ms, 1000);
    peer_start(&late, &app, modes[_i]);
    RUN_UNTIL(&app, late.closed);
    ck_assert(!late.open);
    peer_release(&late);
    peer_release(&p);
    app_release(&app);
}
END_TEST

START_TEST(test_shutdown_of_nothing)
{
    struct app app;

    app_start(&app, &app_config);
    endpoint_host_shutdown(app.host, 5000, app_stopped, &app);
    RUN_UNTIL(&app, app.stopped);
    app_release(&app);
}
END_TEST

/* A client that does not answer must not hold the end up. */
START_TEST(test_shutdown_has_a_limit)
{
    struct app app;
    struct asked a;

    app_start(&app, &app_config);
    ask(&a, &app, "GET", "/v1/wait", NULL);
    RUN_UNTIL(&app, app.other);
    endpoint_host_shutdown(app.host, 50, app_stopped, &app);
    RUN_UNTIL(&app, app.stopped);
    ck_assert_ptr_nonnull(app.other);
    http_call_cancel(a.call, false);
    app_release(&app);
}
END_TEST

/* Freed with everything open: callbacks that are still to come find nobody, and nothing leaks. */
START_TEST(test_freed_while_open)
{
    struct app app;
    struct peer p[3];
    struct asked a[2];

    app_start(&app, &app_config);
    for (size_t i = 0; i < ARRAY_LEN(modes); i++) {
        peer_start(&p[i], &app, modes[i]);
        peer_say(&p[i], "0");
        RUN_UNTIL(&app, log_has(&p[i].log, "0/;"));
    }
    ask(&a[0], &app, "GET", "/v1/wait", NULL);
    RUN_UNTIL(&app, app.other);
    ask(&a[1], &app, "GET", POLL, NULL);
    app.other = NULL;
    endpoint_host_free(app.host);
    app.host = NULL;
    ck_assert(log_has(&app.log, "gone /: server shutdown;"));
    if (_i) {
        /* The loop may go on, too. */
        RUN_UNTIL(&app, p[0].closed && p[1].closed && p[2].closed);
    }
    for (size_t i = 0; i < ARRAY_LEN(a); i++) {
        if (a[i].call)
            http_call_cancel(a[i].call, false);
    }
    for (size_t i = 0; i < ARRAY_LEN(modes); i++)
        peer_release(&p[i]);
    app_release(&app);
}
END_TEST

/* ---- parts ---- */

static void note_due(void *user, struct expiry *d)
{
    struct expiry **order = user;

    while (*order)
        order++;
    *order = d;
}

START_TEST(test_expiry)
{
    struct expiry one = {0}, two = {0}, three = {0}, four = {0};
    struct expiry *order[6] = {NULL};
    struct expiry_list list;
    struct app app;
    uint64_t now_ms;

    app_start(&app, &app_config);
    now_ms = net_loop_now_ms(app.loop);
    expiry_list_init(&list, app.loop, note_due, order);
    expiry_add(&list, &two, now_ms + 20);
    expiry_add(&list, &three, now_ms + 30);
    expiry_add(&list, &one, now_ms + 10); /* out of order: put in its place */
    expiry_add(&list, &four, now_ms + 15);
    expiry_remove(&list, &four);
    expiry_remove(&list, &four);
    RUN_UNTIL(&app, order[2]);
    ck_assert_ptr_eq(order[0], &one);
    ck_assert_ptr_eq(order[1], &two);
    ck_assert_ptr_eq(order[2], &three);
    ck_assert_ptr_null(order[3]);
    ck_assert_ptr_null(list.head);
    expiry_add(&list, &one, now_ms + 100000);
    expiry_list_release(&list);
    ck_assert(!one.listed);
    app_release(&app);
}
END_TEST

START_TEST(test_sid)
{
    static char sids[500][SID_LEN + 1];

    for (size_t i = 0; i < ARRAY_LEN(sids); i++) {
        sid_generate(sids[i]);
        ck_assert_uint_eq(strlen(sids[i]), SID_LEN);
        for (size_t k = 0; k < i; k++)
            ck_assert_str_ne(sids[i], sids[k]);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint host");
    TCase *tcase = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_test(tcase, test_other_requests);
    tcase_add_test(tcase, test_other_request_too_large);
    tcase_add_loop_test(tcase, test_other_request_lost, 0, 2);
    tcase_add_loop_test(tcase, test_cors, 0, 2);
    tcase_add_test(tcase, test_no_cors);
    tcase_add_loop_test(tcase, test_shutdown, 0, 3);
    tcase_add_test(tcase, test_shutdown_of_nothing);
    tcase_add_test(tcase, test_shutdown_has_a_limit);
    tcase_add_loop_test(tcase, test_freed_while_open, 0, 2);
    tcase_add_test(tcase, test_expiry);
    tcase_add_test(tcase, test_sid);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
