/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each row is a conversation on a fake clock: at a time something happens, and the machine must answer with one step.  Packets are the
 * literal texts of the Engine.IO 4 protocol; times are those of the echo servers (interval 300, timeout 200).
 */
#include <check.h>
#include <stdlib.h>

#include "wire/eio_session.h"
#include "wire/macros.h"

enum { INTERVAL_MS = 300, TIMEOUT_MS = 200, MAX_ACTS = 20 };

#define OPEN_TEXT                                                                                  \
    "0{\"sid\":\"x\",\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200,"       \
    "\"maxPayload\":1000000}"

enum op {
    OP_END, /* of the row */
    PACKET, /* on the carrier; expect = enum eio_step */
    PROBE,  /* on the probing WebSocket */
    GARBAGE,
    PROBE_GARBAGE,
    TICK,
    GET, /* expect = enum eio_request */
    POST,
    GET_ANSWERED, /* expect = enum eio_step */
    GET_LOST,
    POST_ANSWERED,
    POST_LOST,
    POLL_DUE,  /* text "out": something is queued; expect = bool */
    SECOND_WS, /* expect = bool */
    SECOND_WS_GONE,
    ASKED,
    SWITCHED,
};

struct act {
    uint64_t at_ms;
    enum op op;
    const char *text;
    int expect;
};

struct row {
    const char *name;
    enum eio_role role;
    enum eio_carrier carrier;
    enum eio_state state; /* at the end */
    enum eio_end end;
    enum eio_carrier on;
    struct act acts[MAX_ACTS];
};

static const struct row rows[] = {
    /* ---- server: heartbeat ---- */
    {"server pings 300 after the handshake, then 300 after each pong (P3)",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{299, TICK, NULL, EIO_STEP_NONE},
      {300, TICK, NULL, EIO_STEP_PING},
      {300, TICK, NULL, EIO_STEP_NONE},
      {350, PACKET, "3", EIO_STEP_PONGED},
      {649, TICK, NULL, EIO_STEP_NONE},
      {650, TICK, NULL, EIO_STEP_PING},
      {849, PACKET, "3", EIO_STEP_PONGED}}},
    {"silence ends the session 500 after the handshake, not later (P2, P4)",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_POLLING,
     {{300, TICK, NULL, EIO_STEP_PING},
      {499, TICK, NULL, EIO_STEP_NONE},
      {500, TICK, NULL, EIO_STEP_CLOSE},
      {500, TICK, NULL, EIO_STEP_NONE}}},
    {"a late clock does not lengthen the wait: counted from due times",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_POLLING,
     {{320, TICK, NULL, EIO_STEP_PING},
      {499, TICK, NULL, EIO_STEP_NONE},
      {500, TICK, NULL, EIO_STEP_CLOSE}}},
    {"a very late clock pings and ends in one go",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_POLLING,
     {{900, TICK, NULL, EIO_STEP_PING}, {900, TICK, NULL, EIO_STEP_CLOSE}}},
    {"a pong that nobody waits for does not move the ping",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{100, PACKET, "3", EIO_STEP_NONE},
      {299, TICK, NULL, EIO_STEP_NONE},
      {300, TICK, NULL, EIO_STEP_PING}}},
    {"messages do not replace the pong",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_WEBSOCKET,
     {{300, TICK, NULL, EIO_STEP_PING},
      {400, PACKET, "4hello", EIO_STEP_MESSAGE},
      {500, TICK, NULL, EIO_STEP_CLOSE}}},
    {"the pong just in time",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{300, TICK, NULL, EIO_STEP_PING},
      {499, PACKET, "3", EIO_STEP_PONGED},
      {500, TICK, NULL, EIO_STEP_NONE},
      {799, TICK, NULL, EIO_STEP_PING}}},
    /* ---- server: packets ---- */
    {"a message goes up",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, PACKET, "4hello", EIO_STEP_MESSAGE}, {0, PACKET, "4", EIO_STEP_MESSAGE}}},
    {"a close packet ends it, and nothing counts afterwards (C1, C2)",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_PEER,
     EIO_ON_WEBSOCKET,
     {{5, PACKET, "1", EIO_STEP_CLOSE},
      {5, PACKET, "4hello", EIO_STEP_NONE},
      {5, GARBAGE, NULL, EIO_STEP_NONE},
      {900, TICK, NULL, EIO_STEP_NONE}}},
    {"a client must not ping",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_BAD_PACKET,
     EIO_ON_WEBSOCKET,
     {{5, PACKET, "2", EIO_STEP_CLOSE}}},
    {"2probe on the carrier is a ping of a client too",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_BAD_PACKET,
     EIO_ON_WEBSOCKET,
     {{5, PACKET, "2probe", EIO_STEP_CLOSE}}},
    {"open, upgrade and noop of a client have no effect",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{5, PACKET, "0", EIO_STEP_NONE},
      {5, PACKET, "5", EIO_STEP_NONE},
      {5, PACKET, "6", EIO_STEP_NONE}}},
    {"garbage ends it (M4, M9)",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_BAD_PACKET,
     EIO_ON_POLLING,
     {{5, GARBAGE, NULL, EIO_STEP_CLOSE}}},
    /* ---- server: polls ---- */
    {"a poll waits until there is output",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, POLL_DUE, "out", false},
      {0, GET, NULL, EIO_REQUEST_OK},
      {0, POLL_DUE, NULL, false},
      {0, POLL_DUE, "out", true},
      {0, GET_ANSWERED, NULL, EIO_STEP_NONE},
      {0, GET, NULL, EIO_REQUEST_OK}}},
    {"a second poll ends the session (M5)",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_OVERLAP,
     EIO_ON_POLLING,
     {{0, GET, NULL, EIO_REQUEST_OK},
      {9, GET, NULL, EIO_REQUEST_OVERLAP},
      {9, GET, NULL, EIO_REQUEST_MISMATCH}}},
    {"a second POST ends the session",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_OVERLAP,
     EIO_ON_POLLING,
     {{0, POST, NULL, EIO_REQUEST_OK}, {9, POST, NULL, EIO_REQUEST_OVERLAP}}},
    {"a POST beside a poll is what polling is about",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, GET, NULL, EIO_REQUEST_OK},
      {0, POST, NULL, EIO_REQUEST_OK},
      {0, POST_ANSWERED, NULL, EIO_STEP_NONE},
      {0, POST, NULL, EIO_REQUEST_OK}}},
    {"losing the poll ends the session (M6)",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_POLL_LOST,
     EIO_ON_POLLING,
     {{0, GET, NULL, EIO_REQUEST_OK},
      {9, GET_LOST, NULL, EIO_STEP_CLOSE},
      {9, GET, NULL, EIO_REQUEST_MISMATCH}}},
    {"losing a POST half-way ends the session",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_POLL_LOST,
     EIO_ON_POLLING,
     {{0, POST, NULL, EIO_REQUEST_OK}, {9, POST_LOST, NULL, EIO_STEP_CLOSE}}},
    {"no polls on a WebSocket session, and no harm by them (U2)",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, GET, NULL, EIO_REQUEST_MISMATCH}, {0, POST, NULL, EIO_REQUEST_MISMATCH}}},
    /* ---- server: upgrade ---- */
    {"probe, noop release of polls before and after, switch (U1)",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, GET, NULL, EIO_REQUEST_OK},
      {0, SECOND_WS, NULL, true},
      {0, POLL_DUE, NULL, false},
      {0, PROBE, "2probe", EIO_STEP_PROBE_PONG},
      {0, POLL_DUE, NULL, true},
      {0, GET_ANSWERED, NULL, EIO_STEP_NONE},
      {0, GET, NULL, EIO_REQUEST_OK},
      {0, POLL_DUE, NULL, true},
      {0, GET_ANSWERED, NULL, EIO_STEP_NONE},
      {0, PROBE, "5", EIO_STEP_UPGRADE},
      {0, GET, NULL, EIO_REQUEST_MISMATCH},
      {0, SECOND_WS, NULL, false},
      {0, PACKET, "4hello", EIO_STEP_MESSAGE}}},
    {"`5` without a probe is accepted, as by the official server",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, SECOND_WS, NULL, true}, {0, PROBE, "5", EIO_STEP_UPGRADE}}},
    {"anything else on the probe ends the probe, not the session",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, SECOND_WS, NULL, true},
      {0, PROBE, "4hello", EIO_STEP_DROP_PROBE},
      {0, SECOND_WS, NULL, true},
      {0, PROBE, "2", EIO_STEP_DROP_PROBE},
      {0, SECOND_WS, NULL, true},
      {0, PROBE_GARBAGE, NULL, EIO_STEP_DROP_PROBE},
      {0, SECOND_WS, NULL, true},
      {0, PROBE, "2probe", EIO_STEP_PROBE_PONG},
      {0, PROBE, "1", EIO_STEP_DROP_PROBE},
      {0, GET, NULL, EIO_REQUEST_OK},
      {0, POLL_DUE, NULL, false}}},
    {"one probe at a time; after its death the next may come",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, SECOND_WS, NULL, true},
      {0, SECOND_WS, NULL, false},
      {0, PROBE, "2probe", EIO_STEP_PROBE_PONG},
      {0, SECOND_WS_GONE, NULL, 0},
      {0, SECOND_WS, NULL, true}}},
    {"a WebSocket session has nothing to move to (U3)",
     EIO_SERVER,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, SECOND_WS, NULL, false}}},
    {"the ping that was out on polling is still awaited on the WebSocket",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_WEBSOCKET,
     {{0, SECOND_WS, NULL, true},
      {0, PROBE, "2probe", EIO_STEP_PROBE_PONG},
      {300, TICK, NULL, EIO_STEP_PING},
      {310, PROBE, "5", EIO_STEP_UPGRADE},
      {500, TICK, NULL, EIO_STEP_CLOSE}}},
    {"a request that dies after the upgrade does no harm",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, GET, NULL, EIO_REQUEST_OK},
      {0, SECOND_WS, NULL, true},
      {0, PROBE, "5", EIO_STEP_UPGRADE},
      {0, GET_LOST, NULL, EIO_STEP_NONE}}},
    {"no probe on a closed session",
     EIO_SERVER,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PEER,
     EIO_ON_POLLING,
     {{0, PACKET, "1", EIO_STEP_CLOSE}, {0, SECOND_WS, NULL, false}}},
    /* ---- client ---- */
    {"handshake, ping answered, message",
     EIO_CLIENT,
     EIO_ON_WEBSOCKET,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, TICK, NULL, EIO_STEP_NONE},
      {10, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {20, PACKET, "4hello", EIO_STEP_MESSAGE},
      {310, PACKET, "2", EIO_STEP_PONG},
      {320, PACKET, "6", EIO_STEP_NONE},
      {809, TICK, NULL, EIO_STEP_NONE}}},
    {"a server that stops pinging is dead after interval + timeout",
     EIO_CLIENT,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_PING_TIMEOUT,
     EIO_ON_WEBSOCKET,
     {{10, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {310, PACKET, "2", EIO_STEP_PONG},
      {809, TICK, NULL, EIO_STEP_NONE},
      {810, TICK, NULL, EIO_STEP_CLOSE}}},
    {"something else before the open packet",
     EIO_CLIENT,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_BAD_PACKET,
     EIO_ON_WEBSOCKET,
     {{0, PACKET, "4hello", EIO_STEP_CLOSE}}},
    {"an open packet that is none",
     EIO_CLIENT,
     EIO_ON_WEBSOCKET,
     EIO_CLOSED,
     EIO_END_BAD_PACKET,
     EIO_ON_WEBSOCKET,
     {{0, PACKET, "0{\"sid\":1}", EIO_STEP_CLOSE}}},
    {"what a server must not send is reported, and the session goes on",
     EIO_CLIENT,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {0, PACKET, OPEN_TEXT, EIO_STEP_IGNORED},
      {0, PACKET, "3", EIO_STEP_IGNORED},
      {0, PACKET, "5", EIO_STEP_IGNORED},
      {0, PACKET, "4a", EIO_STEP_MESSAGE}}},
    {"the server closes",
     EIO_CLIENT,
     EIO_ON_POLLING,
     EIO_CLOSED,
     EIO_END_PEER,
     EIO_ON_POLLING,
     {{0, PACKET, OPEN_TEXT, EIO_STEP_OPENED}, {0, PACKET, "1", EIO_STEP_CLOSE}}},
    {"upgrade of a client",
     EIO_CLIENT,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_WEBSOCKET,
     {{0, SECOND_WS, NULL, false},
      {0, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {0, SECOND_WS, NULL, true},
      {0, SWITCHED, NULL, 0},
      {0, ASKED, NULL, 0},
      {0, PROBE, "3probe", EIO_STEP_PAUSE},
      {0, PACKET, "6", EIO_STEP_NONE},
      {0, SWITCHED, NULL, 0},
      {0, PACKET, "4hello", EIO_STEP_MESSAGE}}},
    {"a wrong answer to the probe leaves the client on polling",
     EIO_CLIENT,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {0, SECOND_WS, NULL, true},
      {0, ASKED, NULL, 0},
      {0, PROBE, "3", EIO_STEP_DROP_PROBE},
      {0, SWITCHED, NULL, 0}}},
    {"3probe before 2probe is a wrong answer",
     EIO_CLIENT,
     EIO_ON_POLLING,
     EIO_IS_OPEN,
     EIO_END_NONE,
     EIO_ON_POLLING,
     {{0, PACKET, OPEN_TEXT, EIO_STEP_OPENED},
      {0, SECOND_WS, NULL, true},
      {0, PROBE, "3probe", EIO_STEP_DROP_PROBE}}},
};

static int feed(struct eio_session *s, enum eio_from from, const struct act *act)
{
    struct eio_packet packet;
    struct eio_open open;
    struct wire_fault fault = {0};
    enum eio_step step;

    ck_assert_int_eq(eio_packet_decode(slice_str(act->text), false, &packet, &fault), WIRE_OK);
    step = eio_session_feed(s, from, &packet, act->at_ms, &open, &fault);
    if (step == EIO_STEP_IGNORED || (step == EIO_STEP_CLOSE && s->end == EIO_END_BAD_PACKET))
        ck_assert_int_ne(fault.code, WIRE_OK);
    return (int)step;
}

static int perform(struct eio_session *s, const struct act *act)
{
    switch (act->op) {
    case PACKET:
        return feed(s, EIO_FROM_CARRIER, act);
    case PROBE:
        return feed(s, EIO_FROM_PROBE, act);
    case GARBAGE:
        return (int)eio_session_bad(s, EIO_FROM_CARRIER);
    case PROBE_GARBAGE:
        return (int)eio_session_bad(s, EIO_FROM_PROBE);
    case TICK:
        return (int)eio_session_tick(s, act->at_ms);
    case GET:
        return (int)eio_session_get_begin(s);
    case POST:
        return (int)eio_session_post_begin(s);
    case GET_ANSWERED:
        return (int)eio_session_get_end(s, false);
    case GET_LOST:
        return (int)eio_session_get_end(s, true);
    case POST_ANSWERED:
        return (int)eio_session_post_end(s, false);
    case POST_LOST:
        return (int)eio_session_post_end(s, true);
    case POLL_DUE:
        return eio_session_poll_due(s, act->text != NULL);
    case SECOND_WS:
        return eio_session_probe_begin(s);
    case SECOND_WS_GONE:
        eio_session_probe_end(s);
        return 0;
    case ASKED:
        eio_session_probe_asked(s);
        return 0;
    case SWITCHED:
        eio_session_switch(s);
        return 0;
    case OP_END:
        break;
    }
    ck_abort_msg("no such op");
    return -1;
}

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    struct eio_session s;

    if (row->role == EIO_SERVER)
        eio_session_init_server(&s, row->carrier, INTERVAL_MS, TIMEOUT_MS, 0);
    else
        eio_session_init_client(&s, row->carrier);
    for (int i = 0; row->acts[i].op != OP_END; i++) {
        int got = perform(&s, &row->acts[i]);

        ck_assert_msg(got == row->acts[i].expect, "%s: act %d: expected %d, got %d", row->name, i,
                      row->acts[i].expect, got);
    }
    ck_assert_msg(s.state == row->state, "%s: state %d", row->name, (int)s.state);
    ck_assert_msg(s.end == row->end, "%s: end %d", row->name, (int)s.end);
    ck_assert_msg(s.carrier == row->on, "%s: carrier %d", row->name, (int)s.carrier);
}
END_TEST

START_TEST(test_first_reason_is_kept)
{
    struct eio_session s;

    eio_session_init_server(&s, EIO_ON_POLLING, INTERVAL_MS, TIMEOUT_MS, 0);
    eio_session_close(&s, EIO_END_OVERLAP);
    eio_session_close(&s, EIO_END_LOCAL);
    ck_assert_int_eq(s.end, EIO_END_OVERLAP);
}
END_TEST

START_TEST(test_open_is_decoded)
{
    struct eio_packet packet = {.type = EIO_OPEN, .data = slice_str(&OPEN_TEXT[1])};
    struct eio_session s;
    struct eio_open open;
    struct wire_fault fault;

    eio_session_init_client(&s, EIO_ON_POLLING);
    ck_assert_int_eq(eio_session_feed(&s, EIO_FROM_CARRIER, &packet, 7, &open, &fault),
                     EIO_STEP_OPENED);
    ck_assert_str_eq(open.sid, "x");
    ck_assert(open.upgrade_websocket);
    ck_assert_uint_eq(open.max_payload, 1000000);
    ck_assert_uint_eq(s.due_ms, 507);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eio_session");
    TCase *tcase = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, test_row, 0, ARRAY_LEN(rows));
    tcase_add_test(tcase, test_first_reason_is_kept);
    tcase_add_test(tcase, test_open_is_decoded);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
