/* SPDX-License-Identifier: Apache-2.0 */

/*
 * Each row is a conversation of a client with a server that knows "/" and "/smcp": messages as they stand in the Socket.IO 5
 * protocol, and the step that each must cause.
 */
#include <check.h>
#include <stdlib.h>

#include "wire/macros.h"
#include "wire/sio_conn.h"

enum { MAX_ACTS = 10, MAX_LINKS = 8, MAX_NAMESPACES = 3, MAX_BINARY = 8 };

enum how {
    HOW_END, /* of the row */
    TEXT,
    BINARY,
    ACCEPT, /* the namespace `data` */
    REMOVE, /* refuse it, or the server disconnects it */
};

struct act {
    enum how how;
    const char *data;
    enum sio_step expect;
    enum wire_err fault;
};

struct row {
    const char *name;
    bool ignore_unconnected;
    struct act acts[MAX_ACTS];
};

static const struct row rows[] = {
    {"connect, event, ack, leave",
     false,
     {{TEXT, "0/smcp,", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/smcp", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2/smcp,7[\"a\",{}]", SIO_STEP_EVENT, WIRE_OK},
      {TEXT, "3/smcp,0[]", SIO_STEP_ACK, WIRE_OK},
      {TEXT, "1/smcp,", SIO_STEP_DISCONNECT, WIRE_OK}}},
    {"two namespaces side by side (S9)",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0/custom", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/custom", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "1/custom", SIO_STEP_DISCONNECT, WIRE_OK},
      {REMOVE, "/custom", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2[\"message\",\"x\"]", SIO_STEP_EVENT, WIRE_OK}}},
    {"after leaving a namespace it may be connected again",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "1", SIO_STEP_DISCONNECT, WIRE_OK},
      {REMOVE, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0", SIO_STEP_CONNECT, WIRE_OK}}},
    {"events before the acceptance have no effect (SIO-18)",
     false,
     {{TEXT, "0/smcp,", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "2/smcp,1[\"a\"]", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "3/smcp,1[]", SIO_STEP_NONE, WIRE_OK},
      {ACCEPT, "/smcp", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2/smcp,2[\"a\"]", SIO_STEP_EVENT, WIRE_OK}}},
    {"who leaves before the acceptance is gone",
     false,
     {{TEXT, "0/smcp,", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "1/smcp,", SIO_STEP_DISCONNECT, WIRE_OK}}},
    {"strict: an event without CONNECT closes",
     false,
     {{TEXT, "2[\"a\"]", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"strict: an event after a refusal closes",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {REMOVE, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2[\"a\"]", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"strict: leaving what was never connected closes",
     false,
     {{TEXT, "1", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"lenient: events and acks without CONNECT and after a refusal have no effect (AUTH-03)",
     true,
     {{TEXT, "2[\"a\"]", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {REMOVE, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2[\"a\"]", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "31[]", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "1", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "51-[\"a\",{\"_placeholder\":true,\"num\":0}]", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "x", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0", SIO_STEP_CONNECT, WIRE_OK}}},
    {"CONNECT twice closes",
     true,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"CONNECT twice before the decision closes",
     true,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK}, {TEXT, "0", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"a client must not refuse",
     true,
     {{TEXT, "4{\"message\":\"x\"}", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"the ceiling of namespaces",
     false,
     {{TEXT, "0/a", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "0/b", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "0/c", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "0/d", SIO_STEP_CLOSE, WIRE_E_TOO_LARGE}}},
    {"refused namespaces do not count",
     false,
     {{TEXT, "0/a", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "0/b", SIO_STEP_CONNECT, WIRE_OK},
      {TEXT, "0/c", SIO_STEP_CONNECT, WIRE_OK},
      {REMOVE, "/b", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "0/d", SIO_STEP_CONNECT, WIRE_OK}}},
    {"attachments are waited for (E2, E4)",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "52-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
       SIO_STEP_NONE, WIRE_OK},
      {BINARY, "abc", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "", SIO_STEP_EVENT, WIRE_OK},
      {TEXT, "61-3[{\"_placeholder\":true,\"num\":0}]", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "xyz", SIO_STEP_ACK, WIRE_OK},
      {TEXT, "2[\"a\"]", SIO_STEP_EVENT, WIRE_OK}}},
    {"a binary event without attachments is complete at once",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "50-[\"m\"]", SIO_STEP_EVENT, WIRE_OK}}},
    {"binary that nothing announced", false, {{BINARY, "abc", SIO_STEP_CLOSE, WIRE_E_SIO_BINARY}}},
    {"one attachment too many",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "51-[\"m\",{\"_placeholder\":true,\"num\":0}]", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "a", SIO_STEP_EVENT, WIRE_OK},
      {BINARY, "b", SIO_STEP_CLOSE, WIRE_E_SIO_BINARY}}},
    {"text in the middle of attachments",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "51-[\"m\",{\"_placeholder\":true,\"num\":0}]", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "2[\"a\"]", SIO_STEP_CLOSE, WIRE_E_SIO_UNEXPECTED}}},
    {"attachments at the ceiling",
     false,
     {{TEXT, "0", SIO_STEP_CONNECT, WIRE_OK},
      {ACCEPT, "/", SIO_STEP_NONE, WIRE_OK},
      {TEXT, "52-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
       SIO_STEP_NONE, WIRE_OK},
      {BINARY, "12345", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "678", SIO_STEP_EVENT, WIRE_OK}}},
    {"attachments above the ceiling",
     false,
     {{TEXT, "52-[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]",
       SIO_STEP_NONE, WIRE_OK},
      {BINARY, "12345", SIO_STEP_NONE, WIRE_OK},
      {BINARY, "6789", SIO_STEP_CLOSE, WIRE_E_TOO_LARGE}}},
    {"no packet type (S6, E5)", true, {{TEXT, "abc", SIO_STEP_CLOSE, WIRE_E_SIO_TYPE}}},
    {"an event that is no array (E6)", true, {{TEXT, "2{}", SIO_STEP_CLOSE, WIRE_E_SIO_PAYLOAD}}},
};

/* The rows connect at most MAX_LINKS namespaces; their links live here. */
struct links {
    struct sio_nsp of[MAX_LINKS];
    char names[MAX_LINKS][16];
    unsigned n;
};

static void add(struct sio_conn *c, struct links *links, struct slice name)
{
    struct sio_nsp *nsp = &links->of[links->n];

    ck_assert_uint_lt(links->n, MAX_LINKS);
    ck_assert_uint_lt(name.len, sizeof(links->names[0]));
    memcpy(links->names[links->n], name.ptr, name.len);
    nsp->name = links->names[links->n++];
    nsp->name_len = name.len;
    sio_conn_add(c, nsp);
}

static void feed(struct sio_conn *c, struct links *links, const struct row *row, int i)
{
    const struct act *act = &row->acts[i];
    struct sio_input in;
    struct wire_fault fault = {0};
    enum sio_step step = sio_conn_feed(c, act->how == BINARY, slice_str(act->data), &in, &fault);

    ck_assert_msg(step == act->expect, "%s: act %d: expected step %d, got %d", row->name, i,
                  (int)act->expect, (int)step);
    if (step == SIO_STEP_CLOSE)
        ck_assert_msg(fault.code == act->fault, "%s: act %d: fault %s", row->name, i,
                      wire_err_name(fault.code));
    if (step == SIO_STEP_CONNECT)
        add(c, links, in.packet.nsp);
}

static void init(struct sio_conn *c, bool ignore_unconnected)
{
    const struct sio_conn_limits limits = {
        .assembly = {.packet = {.max_depth = 8, .max_attachments = 4},
                     .max_binary_bytes = MAX_BINARY},
        .max_namespaces = MAX_NAMESPACES,
    };

    sio_conn_init(c, &limits, ignore_unconnected);
}

static void release(struct sio_conn *c)
{
    while (c->first)
        sio_conn_remove(c, c->first);
    ck_assert_uint_eq(c->n_nsps, 0);
    sio_conn_release(c);
}

START_TEST(test_row)
{
    const struct row *row = &rows[_i];
    struct links links = {.n = 0};
    struct sio_conn c;

    init(&c, row->ignore_unconnected);
    for (int i = 0; row->acts[i].how != HOW_END; i++) {
        struct sio_nsp *nsp = sio_conn_find(&c, slice_str(row->acts[i].data));

        if (row->acts[i].how == ACCEPT)
            nsp->state = SIO_NSP_CONNECTED;
        else if (row->acts[i].how == REMOVE)
            sio_conn_remove(&c, nsp);
        else
            feed(&c, &links, row, i);
    }
    release(&c);
}
END_TEST

START_TEST(test_binary_event_is_whole)
{
    static const char text[] =
        "52-/smcp,9[\"m\",{\"_placeholder\":true,\"num\":0},{\"_placeholder\":true,\"num\":1}]";
    char volatile_text[sizeof(text)];
    struct sio_assembly a;
    const struct sio_assembly_limits limits = {
        .packet = {.max_depth = 8, .max_attachments = 2},
        .max_binary_bytes = MAX_BINARY,
    };
    const struct slice *attachments;
    struct sio_packet packet;
    struct wire_fault fault;
    bool complete;

    sio_assembly_init(&a, &limits);
    memcpy(volatile_text, text, sizeof(text));
    ck_assert_int_eq(sio_assembly_feed(&a, false, slice_of(volatile_text, sizeof(text) - 1),
                                       &complete, &packet, &attachments, &fault),
                     WIRE_OK);
    ck_assert(!complete);
    ck_assert_uint_eq(sio_assembly_missing(&a), 2);
    /* The message that announced is gone by the time its attachments come. */
    memset(volatile_text, '#', sizeof(volatile_text));
    ck_assert_int_eq(sio_assembly_feed(&a, true, slice_of("\1\2\3", 3), &complete, &packet,
                                       &attachments, &fault),
                     WIRE_OK);
    ck_assert_int_eq(sio_assembly_feed(&a, true, slice_of("\4\0\6", 3), &complete, &packet,
                                       &attachments, &fault),
                     WIRE_OK);
    ck_assert(complete);
    ck_assert_int_eq(packet.type, SIO_BINARY_EVENT);
    ck_assert(slice_is(packet.nsp, "/smcp"));
    ck_assert(slice_is(packet.name, "\"m\""));
    ck_assert_uint_eq(packet.id, 9);
    ck_assert(slice_eq(attachments[0], slice_of("\1\2\3", 3)));
    ck_assert(slice_eq(attachments[1], slice_of("\4\0\6", 3)));
    ck_assert_uint_eq(sio_assembly_missing(&a), 0);
    sio_assembly_release(&a);
}
END_TEST

START_TEST(test_input_names_its_namespace)
{
    struct links links = {.n = 0};
    struct sio_conn c;
    struct sio_input in;
    struct wire_fault fault;

    init(&c, false);
    ck_assert_int_eq(sio_conn_feed(&c, false, slice_str("0/smcp,{\"token\":\"123\"}"), &in, &fault),
                     SIO_STEP_CONNECT);
    ck_assert_ptr_null(in.nsp);
    ck_assert(slice_is(in.packet.payload, "{\"token\":\"123\"}"));
    add(&c, &links, in.packet.nsp);
    links.of[0].state = SIO_NSP_CONNECTED;
    ck_assert_int_eq(sio_conn_feed(&c, false, slice_str("2/smcp,[\"a\",1,\"b\"]"), &in, &fault),
                     SIO_STEP_EVENT);
    ck_assert_ptr_eq(in.nsp, &links.of[0]);
    ck_assert(slice_is(in.packet.args, "1,\"b\""));
    ck_assert_uint_eq(in.packet.n_args, 2);
    release(&c);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("sio_conn");
    TCase *tcase = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_loop_test(tcase, test_row, 0, ARRAY_LEN(rows));
    tcase_add_test(tcase, test_binary_event_is_whole);
    tcase_add_test(tcase, test_input_names_its_namespace);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
