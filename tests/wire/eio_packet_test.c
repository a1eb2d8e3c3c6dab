/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/eio_packet.h"
#include "wire/limits.h"

/* WebSocket messages; the literals are those of the Engine.IO 4 protocol text. */
static const struct {
    struct slice text;
    enum wire_err err;
    size_t offset;
    enum eio_type type;
    struct slice data;
} messages[] = {
    {LIT("0{\"sid\":\"x\"}"), WIRE_OK, 0, EIO_OPEN, LIT("{\"sid\":\"x\"}")},
    {LIT("1"), WIRE_OK, 0, EIO_CLOSE, LIT("")},
    {LIT("2"), WIRE_OK, 0, EIO_PING, LIT("")},
    {LIT("2probe"), WIRE_OK, 0, EIO_PING, LIT("probe")},
    {LIT("3"), WIRE_OK, 0, EIO_PONG, LIT("")},
    {LIT("3probe"), WIRE_OK, 0, EIO_PONG, LIT("probe")},
    {LIT("4"), WIRE_OK, 0, EIO_MESSAGE, LIT("")},
    {LIT("4hello"), WIRE_OK, 0, EIO_MESSAGE, LIT("hello")},
    {LIT("4\xe2\x82\xac\xf0\x9f\x98\x80"), WIRE_OK, 0, EIO_MESSAGE,
     LIT("\xe2\x82\xac\xf0\x9f\x98\x80")},
    {LIT("4a\0b"), WIRE_OK, 0, EIO_MESSAGE, LIT("a\0b")},
    {LIT("4a\x1e"
         "4b"),
     WIRE_OK, 0, EIO_MESSAGE,
     LIT("a\x1e"
         "4b")},
    {LIT("5"), WIRE_OK, 0, EIO_UPGRADE, LIT("")},
    {LIT("6"), WIRE_OK, 0, EIO_NOOP, LIT("")},
    {LIT(""), WIRE_E_EMPTY, 0, 0, LIT("")},
    {LIT("7"), WIRE_E_EIO_TYPE, 0, 0, LIT("")},
    {LIT("abc"), WIRE_E_EIO_TYPE, 0, 0, LIT("")},
    {LIT("bAQID"), WIRE_E_EIO_TYPE, 0, 0, LIT("")}, /* base64 is for polling only */
    {LIT("-1"), WIRE_E_EIO_TYPE, 0, 0, LIT("")},
    {LIT("\xff"), WIRE_E_EIO_TYPE, 0, 0, LIT("")},
    {LIT("4\xff"), WIRE_E_UTF8, 1, 0, LIT("")},
    {LIT("4long enough for words \xc3"), WIRE_E_UTF8, 23, 0, LIT("")},
    {LIT("4\xed\xa0\x80"), WIRE_E_UTF8, 1, 0, LIT("")},
    {LIT("4\xc0\x80"), WIRE_E_UTF8, 1, 0, LIT("")},
};

START_TEST(test_message)
{
    char *copy = exact_copy(messages[_i].text);
    struct eio_packet packet;
    struct wire_fault fault = {0};
    enum wire_err err =
        eio_packet_decode(slice_of(copy, messages[_i].text.len), false, &packet, &fault);

    ck_fault(messages[_i].text.ptr, err, fault, messages[_i].err, messages[_i].offset);
    if (!err) {
        ck_assert_int_eq((int)packet.type, (int)messages[_i].type);
        ck_slice(packet.data, messages[_i].data);
        ck_assert(!packet.binary);
    }
    free(copy);
}
END_TEST

START_TEST(test_binary_message)
{
    struct eio_packet packet;

    ck_assert_int_eq((int)eio_packet_decode(S("\x01\xff\x03"), true, &packet, NULL), WIRE_OK);
    ck_assert_int_eq((int)packet.type, EIO_MESSAGE);
    ck_assert(packet.binary);
    ck_slice(packet.data, S("\x01\xff\x03"));
    ck_assert_int_eq((int)eio_packet_decode((struct slice){0}, true, &packet, NULL), WIRE_OK);
    ck_assert_uint_eq(packet.data.len, 0);
}
END_TEST

/* Polling payloads, as the packets that are delivered before the end or the fault: type digit or
 * `b`, and the data. */
static const struct {
    struct slice body;
    enum wire_err err;
    size_t offset;
    const char *packets[4];
} payloads[] = {
    {LIT("4hello"), WIRE_OK, 0, {"4hello"}},
    {LIT("4hello\x1e"
         "2\x1e"
         "4world"),
     WIRE_OK,
     0,
     {"4hello", "2", "4world"}},
    {LIT("4hello\x1e"
         "bAQIDBA=="),
     WIRE_OK,
     0,
     {"4hello", "b\x01\x02\x03\x04"}},
    {LIT("bAQIDBA==\x1e"
         "bBQ==\x1e"
         "1"),
     WIRE_OK,
     0,
     {"b\x01\x02\x03\x04", "b\x05", "1"}},
    {LIT("b"), WIRE_OK, 0, {"b"}},
    {LIT("bAQIDBA"), WIRE_OK, 0, {"b\x01\x02\x03\x04"}}, /* unpadded, as npm takes it */
    {LIT("bAQI"), WIRE_OK, 0, {"b\x01\x02"}},
    {LIT("b+/+/"), WIRE_OK, 0, {"b\xfb\xff\xbf"}},
    {LIT("bZm9vYmFy"), WIRE_OK, 0, {"bfoobar"}}, /* RFC 4648, section 10 */
    {LIT("bZm9vYmE="), WIRE_OK, 0, {"bfooba"}},
    {LIT("bZm9vYg=="), WIRE_OK, 0, {"bfoob"}},
    {LIT(""), WIRE_E_EMPTY, 0, {0}},
    {LIT("\x1e"), WIRE_E_EMPTY, 0, {0}},
    {LIT("4a\x1e"), WIRE_E_EMPTY, 3, {"4a"}},
    {LIT("\x1e"
         "4a"),
     WIRE_E_EMPTY,
     0,
     {0}},
    {LIT("4a\x1e\x1e"
         "4b"),
     WIRE_E_EMPTY,
     3,
     {"4a"}},
    {LIT("abc"), WIRE_E_EIO_TYPE, 0, {0}},
    {LIT("4a\x1e"
         "9"),
     WIRE_E_EIO_TYPE,
     3,
     {"4a"}},
    {LIT("4a\x1e"
         "4b\xff"),
     WIRE_E_UTF8,
     5,
     {"4a"}},
    {LIT("bA"), WIRE_E_EIO_BASE64, 2, {0}},
    {LIT("bAQ="), WIRE_E_EIO_BASE64, 4, {0}},
    {LIT("bAQ==="), WIRE_E_EIO_BASE64, 5, {0}},
    {LIT("bAQID="), WIRE_E_EIO_BASE64, 5, {0}},
    {LIT("b="), WIRE_E_EIO_BASE64, 1, {0}},
    {LIT("bA==="), WIRE_E_EIO_BASE64, 2, {0}},
    {LIT("bAQ-_"), WIRE_E_EIO_BASE64, 3, {0}}, /* not the URL-safe alphabet */
    {LIT("bAQ\nID"), WIRE_E_EIO_BASE64, 3, {0}},
    {LIT("bAQIDB\xc3\xa9=="), WIRE_E_EIO_BASE64, 6, {0}},
    {LIT("4a\x1e"
         "bAQ?="),
     WIRE_E_EIO_BASE64,
     6,
     {"4a"}},
    {LIT("1\x1e"
         "1\x1e"
         "1\x1e"
         "1\x1e"
         "1"),
     WIRE_E_EIO_PACKETS,
     8,
     {"1", "1", "1", "1"}},                                       /* max_packets is 4 */
    {LIT("bAAAAAAAAAAAAAAAAAAAAAAAA"), WIRE_E_TOO_LARGE, 0, {0}}, /* 18 bytes, 16 are allowed */
};

START_TEST(test_payload)
{
    char *copy = exact_copy(payloads[_i].body);
    struct eio_payload p;
    struct eio_packet packet;
    struct wire_fault fault = {0};
    struct buf scratch;
    enum wire_err err;
    unsigned seen = 0;
    bool more = true;

    buf_init(&scratch, 16);
    eio_payload_start(&p, slice_of(copy, payloads[_i].body.len), 4, &scratch);
    while ((err = eio_payload_next(&p, &packet, &more, &fault)) == WIRE_OK && more) {
        const char *wanted = payloads[_i].packets[seen++];

        ck_assert_ptr_nonnull(wanted);
        ck_assert_int_eq(packet.binary, *wanted == 'b');
        if (!packet.binary)
            ck_assert_int_eq((int)packet.type, *wanted - '0');
        ck_slice(packet.data, slice_str(wanted + 1));
    }
    ck_fault(payloads[_i].body.ptr, err, fault, payloads[_i].err, payloads[_i].offset);
    ck_assert(seen == 4 || !payloads[_i].packets[seen]);
    buf_release(&scratch);
    free(copy);
}
END_TEST

START_TEST(test_payload_ends)
{
    struct eio_payload p;
    struct eio_packet packet;
    struct buf scratch;
    bool more = true;

    buf_init(&scratch, 16);
    eio_payload_start(&p, (struct slice){0}, 1, &scratch);
    ck_assert_int_eq((int)eio_payload_next(&p, &packet, &more, NULL), WIRE_E_EMPTY);
    eio_payload_start(&p, S("2"), 1, &scratch);
    ck_assert_int_eq((int)eio_payload_next(&p, &packet, &more, NULL), WIRE_OK);
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq((int)eio_payload_next(&p, &packet, &more, NULL), WIRE_OK);
        ck_assert(!more);
    }
    eio_payload_start(&p, S("2"), 0, &scratch);
    ck_assert_int_eq((int)eio_payload_next(&p, &packet, &more, NULL), WIRE_E_EIO_PACKETS);
    buf_release(&scratch);
}
END_TEST

START_TEST(test_encode)
{
    const struct slice parts[] = {S("hel"), {0}, S("lo")},
                       bytes[] = {S("\x01"), S("\x02\x03"), S("\x04")};
    struct buf out;

    buf_init(&out, 1000);
    eio_packet_encode(&out, EIO_MESSAGE, false, parts, 3);
    ck_slice(buf_slice(&out), S("4hello"));
    buf_clear(&out);
    eio_packet_encode(&out, EIO_PING, false, NULL, 0);
    ck_slice(buf_slice(&out), S("2"));
    buf_clear(&out);
    eio_packet_encode(&out, EIO_MESSAGE, true, bytes, 3);
    ck_slice(buf_slice(&out), S("\x01\x02\x03\x04"));
    buf_clear(&out);
    eio_payload_append(&out, EIO_MESSAGE, false, parts, 3);
    eio_payload_append(&out, EIO_MESSAGE, true, bytes, 3);
    eio_payload_append(&out, EIO_MESSAGE, true, bytes, 2);
    eio_payload_append(&out, EIO_MESSAGE, true, bytes, 1);
    eio_payload_append(&out, EIO_MESSAGE, true, NULL, 0);
    eio_payload_append(&out, EIO_NOOP, false, NULL, 0);
    ck_slice(buf_slice(&out), S("4hello\x1e"
                                "bAQIDBA==\x1e"
                                "bAQID\x1e"
                                "bAQ==\x1e"
                                "b\x1e"
                                "6"));
    buf_release(&out);
}
END_TEST

START_TEST(test_encode_ceiling)
{
    struct buf out;
    const struct slice bytes = S("\x01\x02\x03\x04");

    buf_init(&out, 8);
    eio_payload_append(&out, EIO_MESSAGE, true, &bytes, 1);
    ck_assert(out.overflow);
    buf_release(&out);
}
END_TEST

/* The order and form of npm engine.io. */
START_TEST(test_open_encode)
{
    struct buf out;
    struct eio_open open = {.sid = "lv_VI97HAXpY6yYWAAAC",
                            .upgrade_websocket = true,
                            .ping_interval_ms = 25000,
                            .ping_timeout_ms = 20000,
                            .max_payload = 1000000};

    buf_init(&out, 1000);
    eio_open_encode(&out, &open);
    ck_slice(
        buf_slice(&out),
        S("{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
          "\"pingTimeout\":20000,\"maxPayload\":1000000}"));
    open.upgrade_websocket = false;
    buf_clear(&out);
    eio_open_encode(&out, &open);
    ck_slice(buf_slice(&out),
             S("{\"sid\":\"lv_VI97HAXpY6yYWAAAC\",\"upgrades\":[],\"pingInterval\":25000,"
               "\"pingTimeout\":20000,\"maxPayload\":1000000}"));
    buf_release(&out);
}
END_TEST

#define REST                                                                                       \
    "\"upgrades\":[\"websocket\"],\"pingInterval\":300,\"pingTimeout\":200,\"maxPayload\":"        \
    "1000000}"

static const struct {
    struct slice json;
    enum wire_err err;
    size_t offset;
    bool upgrade;
    uint32_t max_payload;
} opens[] = {
    {LIT("{\"sid\":\"abc\"," REST), WIRE_OK, 0, true, 1000000},
    {LIT(" {\"x\":{\"sid\":1},\"sid\":\"a\\u0062c\"," REST " "), WIRE_OK, 0, true, 1000000},
    {LIT("{\"sid\":\"abc\",\"upgrades\":[],\"pingInterval\":300,\"pingTimeout\":200}"), WIRE_OK, 0,
     false, 0},
    {LIT("{\"sid\":\"abc\",\"upgrades\":[\"x\",\"websocket\"],\"pingInterval\":3e2,\"pingTimeout\":"
         "200.0}"),
     WIRE_OK, 0, true, 0},
    {LIT("{\"sid\":1,\"sid\":\"abc\"," REST), WIRE_OK, 0, true,
     1000000}, /* the last member counts */
    {LIT(""), WIRE_E_JSON_SYNTAX, 0, false, 0},
    {LIT("{"), WIRE_E_JSON_SYNTAX, 1, false, 0},
    {LIT("[]"), WIRE_E_EIO_OPEN, 0, false, 0},
    {LIT("{}"), WIRE_E_EIO_OPEN, 2, false, 0},
    {LIT("{" REST), WIRE_E_EIO_OPEN, 84, false, 0},
    {LIT("{\"sid\":1," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"\"," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"a b\"," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"a\\r\\n\"," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"a\\u0000\"," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"\xc3\xa9\"," REST), WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"0123456789012345678901234567890123456789012345678901234567890123\"," REST),
     WIRE_E_EIO_OPEN, 7, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":\"websocket\"}"), WIRE_E_EIO_OPEN, 22, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[1]}"), WIRE_E_EIO_OPEN, 22, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":-1}"), WIRE_E_EIO_OPEN, 40, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":0.5}"), WIRE_E_EIO_OPEN, 40, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":4294967296}"), WIRE_E_EIO_OPEN, 40, false,
     0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":\"1\"}"), WIRE_E_EIO_OPEN, 40, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1}"), WIRE_E_EIO_OPEN, 42, false, 0},
    {LIT("{\"sid\":\"a\",\"upgrades\":[],\"pingInterval\":1,\"pingTimeout\":null}"),
     WIRE_E_EIO_OPEN, 56, false, 0},
};

START_TEST(test_open_decode)
{
    struct eio_open open;
    struct wire_fault fault = {0};
    enum wire_err err = eio_open_decode(opens[_i].json, &open, &fault);

    ck_fault(opens[_i].json.ptr, err, fault, opens[_i].err, opens[_i].offset);
    if (err)
        return;
    ck_assert_str_eq(open.sid, "abc");
    ck_assert(open.upgrade_websocket == opens[_i].upgrade);
    ck_assert_uint_eq(open.ping_interval_ms, 300);
    ck_assert_uint_eq(open.ping_timeout_ms, 200);
    ck_assert_uint_eq(open.max_payload, opens[_i].max_payload);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("eio_packet");
    TCase *tc = tcase_create("packet");

    tcase_add_loop_test(tc, test_message, 0, (int)ARRAY_LEN(messages));
    tcase_add_test(tc, test_binary_message);
    tcase_add_loop_test(tc, test_payload, 0, (int)ARRAY_LEN(payloads));
    tcase_add_test(tc, test_payload_ends);
    tcase_add_test(tc, test_encode);
    tcase_add_test(tc, test_encode_ceiling);
    tcase_add_test(tc, test_open_encode);
    tcase_add_loop_test(tc, test_open_decode, 0, (int)ARRAY_LEN(opens));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
