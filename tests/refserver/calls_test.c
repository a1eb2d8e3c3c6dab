/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/calls.h"

#include "tests/refserver/fake_endpoint.h"
#include "tests/support/test_wire_check.h"

static struct fake_server f;
static struct sio_socket sockets[2];
static struct session *one, *two;
static struct call_table *calls;

static void set_up(void)
{
    fake_server_init(&f, 0);
    one = fake_connect(&f, &sockets[0], "1");
    two = fake_connect(&f, &sockets[1], "2");
    calls = &f.srv.calls;
}

static void tear_down(void)
{
    fake_server_release(&f);
}

static uint64_t open_call(struct session *target, uint64_t caller_id, uint64_t deadline_ms)
{
    struct call_end end = {.caller = {77, 7}, .caller_id = caller_id};

    return call_open(calls, &end, target, deadline_ms);
}

START_TEST(test_out_of_order)
{
    enum { CALLS = 1000 };
    uint64_t ids[CALLS];
    struct call_end end;

    for (uint64_t i = 0; i < CALLS; i++)
        ids[i] = open_call(i % 2 ? one : two, i, 5000);
    for (uint64_t i = 0; i < CALLS; i++) {
        uint64_t n = i * 7 % CALLS;

        ck_assert(!call_take(calls, n % 2 ? two : one, ids[n], &end)); /* not theirs */
        ck_assert(call_take(calls, n % 2 ? one : two, ids[n], &end));
        ck_assert_uint_eq(end.caller_id, n);
        ck_assert(!call_take(calls, n % 2 ? one : two, ids[n], &end)); /* doubled */
    }
    ck_assert_uint_eq(calls->count, 0);
    ck_assert(!call_take_any(calls, one, &end));
}
END_TEST

START_TEST(test_an_id_comes_back_late)
{
    uint64_t first = open_call(one, 1, 5000);
    struct call_end end;

    ck_assert_uint_eq(first, 1); /* 0 is no id to some client libraries */
    ck_assert(call_take(calls, one, first, &end));
    for (int i = 0; i < 100000; i++) {
        uint64_t id = open_call(one, 1, 5000);

        ck_assert_uint_ne(id, first);
        ck_assert_uint_lt(id, (uint64_t)1 << 31);
        ck_assert(call_take(calls, one, id, &end));
    }
}
END_TEST

START_TEST(test_ids_from_outside)
{
    static const uint64_t wrong[] = {
        0, 2, 255, 256, 1U << 20, (1U << 20) + 1, UINT64_MAX - 1, UINT64_MAX};
    struct call_end end;

    ck_assert(!call_take(calls, one, 1, &end)); /* an empty table */
    ck_assert_uint_eq(open_call(one, 1, 5000), 1);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        ck_assert(!call_take(calls, one, wrong[i], &end));
    ck_assert(call_take(calls, one, 1, &end));
}
END_TEST

START_TEST(test_full)
{
    struct call_end end;

    call_table_release(calls);
    call_table_init(calls, 300);
    for (int i = 0; i < 300; i++)
        ck_assert_uint_ne(open_call(one, 1, 5000), SIO_NO_ID);
    ck_assert_uint_eq(open_call(one, 1, 5000), SIO_NO_ID);
    ck_assert(call_take_any(calls, one, &end));
    ck_assert_uint_ne(open_call(one, 1, 5000), SIO_NO_ID);
    while (call_take_any(calls, one, &end))
        ck_assert_uint_eq(end.caller_id, 1);
}
END_TEST

/* Deadlines on both sides of every border: turns, rounds of the wheel, and a clock that jumps. */
START_TEST(test_expiry)
{
    static const uint64_t deadlines[] = {1000,   1001,   1255,   1256,   60000,
                                         131071, 131072, 131073, 262144, 500000};
    uint64_t now = 1000;
    size_t left = ARRAY_LEN(deadlines);
    struct call_end end;

    for (size_t i = 0; i < ARRAY_LEN(deadlines); i++)
        ck_assert_uint_ne(open_call(one, deadlines[i], deadlines[i]), SIO_NO_ID);
    for (uint64_t step = _i ? 400000 : 97; left > 0; now += step) {
        while (call_take_expired(calls, &f.srv.sessions, now, &end)) {
            ck_assert_uint_le(end.caller_id, now);
            left--;
        }
        for (size_t i = 0, n = 0; i < ARRAY_LEN(deadlines); i++) {
            n += deadlines[i] + CALL_TURN_MS < now;
            ck_assert_uint_le(n,
                              ARRAY_LEN(deadlines) - left); /* none is late by more than a turn */
        }
        ck_assert_uint_lt(now, 2000000);
    }
    ck_assert_uint_eq(calls->count, 0);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("calls");
    TCase *tc = tcase_create("calls");

    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, test_out_of_order);
    tcase_add_test(tc, test_an_id_comes_back_late);
    tcase_add_test(tc, test_ids_from_outside);
    tcase_add_test(tc, test_full);
    tcase_add_loop_test(tc, test_expiry, 0, 2);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
