/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/test_wire_check.h"
#include "wire/limits.h"
#include "wire/sio_packet.h"

enum { DEPTH = 8, ATTACHMENTS = 3 };

#define P0 "{\"_placeholder\":true,\"num\":0}"
#define P1 "{\"_placeholder\":true,\"num\":1}"
#define P2 "{\"_placeholder\":true,\"num\":2}"

/* Literals of the Socket.IO 5 protocol text, of its official suite, and the forms that
 * socket.io-parser takes. */
static const struct {
    struct slice text;
    enum sio_type type;
    struct slice nsp;
    uint64_t id;
    unsigned attachments;
    struct slice payload, name, args;
    unsigned n_args;
} valid[] = {
    {LIT("0"), SIO_CONNECT, LIT("/"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("0{\"token\":\"123\"}"), SIO_CONNECT, LIT("/"), SIO_NO_ID, 0, LIT("{\"token\":\"123\"}"),
     LIT(""), LIT(""), 0},
    {LIT("0/custom"), SIO_CONNECT, LIT("/custom"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("0/custom,"), SIO_CONNECT, LIT("/custom"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("0/custom,{\"a\":1}"), SIO_CONNECT, LIT("/custom"), SIO_NO_ID, 0, LIT("{\"a\":1}"),
     LIT(""), LIT(""), 0},
    {LIT("0/admin?token=1234&uid=abcd,{}"), SIO_CONNECT, LIT("/admin?token=1234&uid=abcd"),
     SIO_NO_ID, 0, LIT("{}"), LIT(""), LIT(""), 0},
    {LIT("0/\xc3\xa9\xf0\x9f\x98\x80,{}"), SIO_CONNECT, LIT("/\xc3\xa9\xf0\x9f\x98\x80"), SIO_NO_ID,
     0, LIT("{}"), LIT(""), LIT(""), 0},
    {LIT("0/,{}"), SIO_CONNECT, LIT("/"), SIO_NO_ID, 0, LIT("{}"), LIT(""), LIT(""), 0},
    {LIT("05{}"), SIO_CONNECT, LIT("/"), 5, 0, LIT("{}"), LIT(""), LIT(""), 0},
    {LIT("1"), SIO_DISCONNECT, LIT("/"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("1/custom"), SIO_DISCONNECT, LIT("/custom"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("1/admin,"), SIO_DISCONNECT, LIT("/admin"), SIO_NO_ID, 0, LIT(""), LIT(""), LIT(""), 0},
    {LIT("1{\"x\":[1]}"), SIO_DISCONNECT, LIT("/"), SIO_NO_ID, 0, LIT("{\"x\":[1]}"), LIT(""),
     LIT(""), 0},
    {LIT("2[\"hello\",1]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"hello\",1]"),
     LIT("\"hello\""), LIT("1"), 1},
    {LIT("2[\"hello\"]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"hello\"]"), LIT("\"hello\""),
     LIT(""), 0},
    {LIT("2[\"\"]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"\"]"), LIT("\"\""), LIT(""), 0},
    {LIT("2/admin,456[\"project:delete\",123]"), SIO_EVENT, LIT("/admin"), 456, 0,
     LIT("[\"project:delete\",123]"), LIT("\"project:delete\""), LIT("123"), 1},
    {LIT("2[\"a\",1,\"2\",{\"3\":[true]}]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0,
     LIT("[\"a\",1,\"2\",{\"3\":[true]}]"), LIT("\"a\""), LIT("1,\"2\",{\"3\":[true]}"), 3},
    {LIT("20[\"a\"]"), SIO_EVENT, LIT("/"), 0, 0, LIT("[\"a\"]"), LIT("\"a\""), LIT(""), 0},
    {LIT("2007[\"a\"]"), SIO_EVENT, LIT("/"), 7, 0, LIT("[\"a\"]"), LIT("\"a\""), LIT(""), 0},
    {LIT("22147483648[\"a\"]"), SIO_EVENT, LIT("/"), 2147483648, 0, LIT("[\"a\"]"), LIT("\"a\""),
     LIT(""), 0},
    {LIT("29007199254740992[\"a\"]"), SIO_EVENT, LIT("/"), 9007199254740992, 0, LIT("[\"a\"]"),
     LIT("\"a\""), LIT(""), 0},
    {LIT("218446744073709551614[\"a\"]"), SIO_EVENT, LIT("/"), UINT64_MAX - 1, 0, LIT("[\"a\"]"),
     LIT("\"a\""), LIT(""), 0},
    {LIT("2[ \"a\" , 1 , [ ] ] "), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[ \"a\" , 1 , [ ] ]"),
     LIT("\"a\""), LIT("1 , [ ]"), 2},
    {LIT("2[\"],[\",\"]\"]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"],[\",\"]\"]"),
     LIT("\"],[\""), LIT("\"]\""), 1},
    {LIT("2[\"connected\"]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"connected\"]"),
     LIT("\"connected\""), LIT(""), 0},
    {LIT("2[\"Connect\"]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"Connect\"]"),
     LIT("\"Connect\""), LIT(""), 0},
    {LIT("2[\"a\"," P0 "]"), SIO_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"a\"," P0 "]"), LIT("\"a\""),
     LIT(P0), 1},
    {LIT("3456[]"), SIO_ACK, LIT("/"), 456, 0, LIT("[]"), LIT(""), LIT(""), 0},
    {LIT("3456[ ]"), SIO_ACK, LIT("/"), 456, 0, LIT("[ ]"), LIT(""), LIT(""), 0},
    {LIT("31[null]"), SIO_ACK, LIT("/"), 1, 0, LIT("[null]"), LIT(""), LIT("null"), 1},
    {LIT("31[true,null]"), SIO_ACK, LIT("/"), 1, 0, LIT("[true,null]"), LIT(""), LIT("true,null"),
     2},
    {LIT("3/admin,456[\"x\"]"), SIO_ACK, LIT("/admin"), 456, 0, LIT("[\"x\"]"), LIT(""),
     LIT("\"x\""), 1},
    {LIT("30[\"connect\"]"), SIO_ACK, LIT("/"), 0, 0, LIT("[\"connect\"]"), LIT(""),
     LIT("\"connect\""), 1},
    {LIT("4{\"message\":\"Not authorized\"}"), SIO_CONNECT_ERROR, LIT("/"), SIO_NO_ID, 0,
     LIT("{\"message\":\"Not authorized\"}"), LIT(""), LIT(""), 0},
    {LIT("4/admin,\"no\""), SIO_CONNECT_ERROR, LIT("/admin"), SIO_NO_ID, 0, LIT("\"no\""), LIT(""),
     LIT(""), 0},
    {LIT("51-[\"hello\"," P0 "]"), SIO_BINARY_EVENT, LIT("/"), SIO_NO_ID, 1,
     LIT("[\"hello\"," P0 "]"), LIT("\"hello\""), LIT(P0), 1},
    {LIT("51-/admin,456[\"project:delete\"," P0 "]"), SIO_BINARY_EVENT, LIT("/admin"), 456, 1,
     LIT("[\"project:delete\"," P0 "]"), LIT("\"project:delete\""), LIT(P0), 1},
    {LIT("52-[\"a\"," P1 "," P0 "]"), SIO_BINARY_EVENT, LIT("/"), SIO_NO_ID, 2,
     LIT("[\"a\"," P1 "," P0 "]"), LIT("\"a\""), LIT(P1 "," P0), 2},
    {LIT("501-[\"a\",{\"x\":[[" P0 "]]}]"), SIO_BINARY_EVENT, LIT("/"), SIO_NO_ID, 1,
     LIT("[\"a\",{\"x\":[[" P0 "]]}]"), LIT("\"a\""), LIT("{\"x\":[[" P0 "]]}"), 1},
    {LIT("50-[\"a\"]"), SIO_BINARY_EVENT, LIT("/"), SIO_NO_ID, 0, LIT("[\"a\"]"), LIT("\"a\""),
     LIT(""), 0},
    {LIT("51-[\"a\",{\"num\":0.0,\"x\":1,\"\\u005fplaceholder\":true}]"), SIO_BINARY_EVENT,
     LIT("/"), SIO_NO_ID, 1, LIT("[\"a\",{\"num\":0.0,\"x\":1,\"\\u005fplaceholder\":true}]"),
     LIT("\"a\""), LIT("{\"num\":0.0,\"x\":1,\"\\u005fplaceholder\":true}"), 1},
    {LIT("51-[\"a\"," P0 ",{\"_placeholder\":false,\"num\":9}]"), SIO_BINARY_EVENT, LIT("/"),
     SIO_NO_ID, 1, LIT("[\"a\"," P0 ",{\"_placeholder\":false,\"num\":9}]"), LIT("\"a\""),
     LIT(P0 ",{\"_placeholder\":false,\"num\":9}"), 2},
    {LIT("61-/admin,456[" P0 "]"), SIO_BINARY_ACK, LIT("/admin"), 456, 1, LIT("[" P0 "]"), LIT(""),
     LIT(P0), 1},
    {LIT("63-9[" P2 "," P0 "," P1 "]"), SIO_BINARY_ACK, LIT("/"), 9, 3,
     LIT("[" P2 "," P0 "," P1 "]"), LIT(""), LIT(P2 "," P0 "," P1), 3},
    {LIT("60-9[]"), SIO_BINARY_ACK, LIT("/"), 9, 0, LIT("[]"), LIT(""), LIT(""), 0},
};

static enum wire_err decode(struct slice text, struct sio_packet *packet, struct wire_fault *fault)
{
    const struct sio_limits limits = {.max_depth = DEPTH, .max_attachments = ATTACHMENTS};

    return sio_packet_decode(text, &limits, packet, fault);
}

START_TEST(test_valid)
{
    char *copy = exact_copy(valid[_i].text);
    struct sio_packet packet;
    struct wire_fault fault = {0};
    enum wire_err err = decode(slice_of(copy, valid[_i].text.len), &packet, &fault);

    ck_fault(valid[_i].text.ptr, err, fault, WIRE_OK, 0);
    ck_assert_int_eq((int)packet.type, (int)valid[_i].type);
    ck_slice(packet.nsp, valid[_i].nsp);
    ck_assert_uint_eq(packet.id, valid[_i].id);
    ck_assert_uint_eq(packet.attachments, valid[_i].attachments);
    ck_slice(packet.payload, valid[_i].payload);
    ck_slice(packet.name, valid[_i].name);
    ck_slice(packet.args, valid[_i].args);
    ck_assert_uint_eq(packet.n_args, valid[_i].n_args);
    free(copy);
}
END_TEST

static const struct {
    struct slice text;
    enum wire_err err;
    size_t offset;
} invalid[] = {
    {LIT(""), WIRE_E_EMPTY, 0},
    {LIT("7"), WIRE_E_SIO_TYPE, 0},
    {LIT("abc"), WIRE_E_SIO_TYPE, 0},
    {LIT(" 2[\"a\"]"), WIRE_E_SIO_TYPE, 0},
    {LIT("\0"), WIRE_E_SIO_TYPE, 0},
    /* attachments */
    {LIT("5"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("5[\"a\"]"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("5-[\"a\"]"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("51"), WIRE_E_SIO_ATTACHMENTS, 2},
    {LIT("51[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 2},
    {LIT("51/admin,[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 2},
    {LIT("5+1-[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("5-1-[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("51.0-[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 2},
    {LIT("5/admin,1-[\"a\"," P0 "]"), WIRE_E_SIO_ATTACHMENTS, 1},
    {LIT("54-[\"a\"]"), WIRE_E_TOO_LARGE, 1},
    {LIT("518446744073709551617-[\"a\"]"), WIRE_E_TOO_LARGE, 1},
    {LIT("21-[\"a\"," P0 "]"), WIRE_E_SIO_PAYLOAD, 2},
    /* namespace */
    {LIT("2/admin[\"a\"]"), WIRE_E_SIO_NAMESPACE, 12},
    {LIT("2/admin"), WIRE_E_SIO_NAMESPACE, 7},
    {LIT("3/admin"), WIRE_E_SIO_NAMESPACE, 7},
    {LIT("0/a\xff,{}"), WIRE_E_UTF8, 3},
    {LIT("0/\xed\xa0\x80"), WIRE_E_UTF8, 2},
    {LIT("0admin"), WIRE_E_SIO_PAYLOAD, 1},
    /* id */
    {LIT("3[]"), WIRE_E_SIO_ID, 1},
    {LIT("3"), WIRE_E_SIO_ID, 1},
    {LIT("3/admin,[]"), WIRE_E_SIO_ID, 8},
    {LIT("3-1[]"), WIRE_E_SIO_ID, 1},
    {LIT("3abc[]"), WIRE_E_SIO_ID, 1},
    {LIT("61-[" P0 "]"), WIRE_E_SIO_ID, 3},
    {LIT("218446744073709551615[\"a\"]"), WIRE_E_SIO_ID, 1},
    {LIT("299999999999999999999999[\"a\"]"), WIRE_E_SIO_ID, 1},
    {LIT("2-1[\"a\"]"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("2abc[\"message-with-ack\",1]"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("21.5[\"a\"]"), WIRE_E_SIO_PAYLOAD, 2},
    {LIT("2\xd9\xa1[\"a\"]"), WIRE_E_SIO_PAYLOAD, 1}, /* Arabic digit one */
    /* the form of the payload */
    {LIT("2"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("212"), WIRE_E_SIO_PAYLOAD, 3},
    {LIT("2{}"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("2\"a\""), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("2null"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("2 [\"a\"]"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("31{}"), WIRE_E_SIO_PAYLOAD, 2},
    {LIT("31"), WIRE_E_SIO_PAYLOAD, 2},
    {LIT("0[]"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("0\"a\""), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("0null"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("0\0"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("4"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("4/admin"), WIRE_E_SIO_PAYLOAD, 7},
    {LIT("4[]"), WIRE_E_SIO_PAYLOAD, 1},
    {LIT("4true"), WIRE_E_SIO_PAYLOAD, 1},
    /* event names */
    {LIT("2[]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[ ]"), WIRE_E_SIO_EVENT_NAME, 3},
    {LIT("2["), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[1,\"a\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[null]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[[\"a\"]]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("51-[" P0 "]"), WIRE_E_SIO_EVENT_NAME, 4},
    {LIT("2[\"connect\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[\"connect_error\",1]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[\"disconnect\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[\"disconnecting\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2[\"newListener\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("2/admin,12[ \"removeListener\"]"), WIRE_E_SIO_EVENT_NAME, 12},
    {LIT("2[\"conn\\u0065ct\"]"), WIRE_E_SIO_EVENT_NAME, 2},
    {LIT("50-[\"connect\"]"), WIRE_E_SIO_EVENT_NAME, 4},
    /* JSON */
    {LIT("2[\"a\""), WIRE_E_JSON_SYNTAX, 5},
    {LIT("2[\"a\",]"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("2[\"a\" 1]"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("2[\"a\"}"), WIRE_E_JSON_SYNTAX, 5},
    {LIT("2[\"a\",{\"x\":tru}]"), WIRE_E_JSON_SYNTAX, 14},
    {LIT("31["), WIRE_E_JSON_SYNTAX, 3},
    {LIT("31[,]"), WIRE_E_JSON_SYNTAX, 3},
    {LIT("0{\"a\":}"), WIRE_E_JSON_SYNTAX, 6},
    {LIT("1nul"), WIRE_E_JSON_SYNTAX, 4},
    {LIT("2[\"a]"), WIRE_E_JSON_STRING, 5},
    {LIT("2[\"a\",\"\n\"]"), WIRE_E_JSON_STRING, 7},
    {LIT("4\"a"), WIRE_E_JSON_STRING, 3},
    {LIT("2[\"a\",01]"), WIRE_E_JSON_NUMBER, 7},
    {LIT("2[\"a\",\"\xff\"]"), WIRE_E_UTF8, 7},
    {LIT("2[\"\xc3\"]"), WIRE_E_UTF8, 3},
    {LIT("2[\"a\"]]"), WIRE_E_JSON_TRAILING, 6},
    {LIT("2[\"a\"]x"), WIRE_E_JSON_TRAILING, 6},
    {LIT("31[] []"), WIRE_E_JSON_TRAILING, 5},
    {LIT("0{}1"), WIRE_E_JSON_TRAILING, 3},
    {LIT("2[\"a\",[[[[[[[[]]]]]]]]]"), WIRE_E_JSON_DEPTH, 13},
    {LIT("31[[[[[[[[[]]]]]]]]]"), WIRE_E_JSON_DEPTH, 10},
    {LIT("0{\"a\":[[[[[[[[]]]]]]]]}"), WIRE_E_JSON_DEPTH, 13},
    /* placeholders */
    {LIT("51-[\"a\"]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",1] "), WIRE_E_SIO_PLACEHOLDER, 10},
    {LIT("52-[\"a\"," P0 "]"), WIRE_E_SIO_PLACEHOLDER, 38},
    {LIT("52-[\"a\"," P0 "," P0 "]"), WIRE_E_SIO_PLACEHOLDER, 38},
    {LIT("51-[\"a\"," P0 "," P1 "]"), WIRE_E_SIO_PLACEHOLDER, 38},
    {LIT("51-[\"a\"," P1 "]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"x\":" P1 "}]"), WIRE_E_SIO_PLACEHOLDER, 13},
    {LIT("50-[\"a\"," P0 "]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":true}]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":true,\"num\":-1}]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":true,\"num\":0.5}]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":true,\"num\":1e99}]"), WIRE_E_SIO_PLACEHOLDER, 8},
    {LIT("51-[\"a\",{\"_placeholder\":1,\"num\":0}]"), WIRE_E_SIO_PLACEHOLDER, 35},
    {LIT("61-5[]"), WIRE_E_SIO_PLACEHOLDER, 6},
};

START_TEST(test_invalid)
{
    char *copy = exact_copy(invalid[_i].text);
    struct sio_packet packet;
    struct wire_fault fault = {0};
    enum wire_err err = decode(slice_of(copy, invalid[_i].text.len), &packet, &fault);

    ck_fault(invalid[_i].text.ptr, err, fault, invalid[_i].err, invalid[_i].offset);
    ck_assert_int_eq((int)decode(slice_of(copy, invalid[_i].text.len), &packet, NULL), (int)err);
    free(copy);
}
END_TEST

START_TEST(test_namespace_ceiling)
{
    struct buf text;
    struct sio_packet packet;
    struct wire_fault fault = {0};

    buf_init(&text, 10000);
    buf_append_str(&text, "0/");
    for (int i = 1; i < WIRE_MAX_NAMESPACE_BYTES; i++)
        buf_append_ch(&text, 'n');
    ck_assert_int_eq((int)decode(buf_slice(&text), &packet, &fault), WIRE_OK);
    ck_assert_uint_eq(packet.nsp.len, WIRE_MAX_NAMESPACE_BYTES);
    buf_append_ch(&text, 'n');
    ck_assert_int_eq((int)decode(buf_slice(&text), &packet, &fault), WIRE_E_TOO_LARGE);
    ck_assert_uint_eq(fault.offset, 1);
    buf_release(&text);
}
END_TEST

START_TEST(test_no_depth)
{
    const struct sio_limits limits = {.max_depth = 0, .max_attachments = 0};
    struct sio_packet packet;
    struct wire_fault fault = {0};

    ck_assert_int_eq((int)sio_packet_decode(S("2[\"a\"]"), &limits, &packet, &fault),
                     WIRE_E_JSON_DEPTH);
    ck_assert_uint_eq(fault.offset, 1);
    ck_assert_int_eq((int)sio_packet_decode(S("0"), &limits, &packet, &fault), WIRE_OK);
}
END_TEST

/* More attachments than the walk keeps on the stack. */
START_TEST(test_many_attachments)
{
    const struct sio_limits limits = {.max_depth = 9, .max_attachments = 3000};
    struct sio_packet packet;
    struct wire_fault fault = {0};
    struct buf text;

    buf_init(&text, 1000000);
    buf_append_str(&text, "53000-[\"a\"");
    for (int i = 2999; i >= 0; i--)
        buf_appendf(&text, ",{\"_placeholder\":true,\"num\":%d}", i);
    buf_append_ch(&text, ']');
    ck_assert_int_eq((int)sio_packet_decode(buf_slice(&text), &limits, &packet, &fault), WIRE_OK);
    ck_assert_uint_eq(packet.n_args, 3000);
    text.data[text.len - 3] = '1'; /* the last number 0 becomes a second 1 */
    ck_assert_int_eq((int)sio_packet_decode(buf_slice(&text), &limits, &packet, &fault),
                     WIRE_E_SIO_PLACEHOLDER);
    buf_release(&text);
}
END_TEST

/* What socket.io-parser's Encoder prints. */
START_TEST(test_encode)
{
    struct buf out;
    const struct slice root = S("/"), nsp = S("/admin");

    buf_init(&out, 1000);
#define ck_bytes(call, wanted)                                                                     \
    do {                                                                                           \
        buf_clear(&out);                                                                           \
        call;                                                                                      \
        ck_slice(buf_slice(&out), S(wanted));                                                      \
    } while (0)
    ck_bytes(sio_event_head(&out, root, SIO_NO_ID, 0, S("\"hello\""), true), "2[\"hello\",");
    ck_bytes(sio_event_head(&out, root, SIO_NO_ID, 0, S("\"hello\""), false), "2[\"hello\"");
    ck_bytes(sio_event_head(&out, nsp, 456, 0, S("\"a\""), true), "2/admin,456[\"a\",");
    ck_bytes(sio_event_head(&out, root, 0, 0, S("\"a\""), false), "20[\"a\"");
    ck_bytes(sio_event_head(&out, root, 2147483648, 0, S("\"a\""), false), "22147483648[\"a\"");
    ck_bytes(sio_event_head(&out, nsp, 456, 2, S("\"a\""), true), "52-/admin,456[\"a\",");
    ck_bytes(sio_ack_head(&out, nsp, 456, 0), "3/admin,456[");
    ck_bytes(sio_ack_head(&out, root, 0, 0), "30[");
    ck_bytes(sio_ack_head(&out, nsp, 456, 1), "61-/admin,456[");
    ck_bytes(sio_connect_encode(&out, root, S("")), "0");
    ck_bytes(sio_connect_encode(&out, nsp, S("")), "0/admin,");
    ck_bytes(sio_connect_encode(&out, nsp, S("{\"sid\":\"x\"}")), "0/admin,{\"sid\":\"x\"}");
    ck_bytes(sio_connect_error_encode(&out, nsp, S("{\"message\":\"no\"}")),
             "4/admin,{\"message\":\"no\"}");
    ck_bytes(sio_disconnect_encode(&out, root), "1");
    ck_bytes(sio_disconnect_encode(&out, nsp), "1/admin,");
    buf_release(&out);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sio_packet");
    TCase *tc = tcase_create("packet");

    tcase_add_loop_test(tc, test_valid, 0, (int)ARRAY_LEN(valid));
    tcase_add_loop_test(tc, test_invalid, 0, (int)ARRAY_LEN(invalid));
    tcase_add_test(tc, test_namespace_ceiling);
    tcase_add_test(tc, test_no_depth);
    tcase_add_test(tc, test_many_attachments);
    tcase_add_test(tc, test_encode);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
