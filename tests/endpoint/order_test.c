/* SPDX-License-Identifier: Apache-2.0 */

/* An acknowledgement never leaves before the notices it confirms, whatever carries either of them. */
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "tests/endpoint/endpoint_fixture.h"
#include "wire/macros.h"

/* What left this process, in order: "notice", "notice", "ack".  The test's own send() takes the place of the library's. */
static char sent[256];

static void note_sent(const void *bytes, size_t len)
{
    static const char *const marks[] = {"\"notice\"", "[\"done\"]"};
    static const char *const names[] = {"notice ", "ack "};

    for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
        if (memmem(bytes, len, marks[i], strlen(marks[i])))
            strncat(sent, names[i], sizeof(sent) - strlen(sent) - 1);
    }
}

ssize_t send(int fd, const void *bytes, size_t len, int flags)
{
    note_sent(bytes, len);
    return syscall(SYS_sendto, fd, bytes, len, flags, NULL, 0);
}

enum { MEMBERS = 3 };

static struct sio_socket *members[MEMBERS];

static void join(struct app *app, struct sio_socket *s, const struct sio_event *ev)
{
    (void)app;
    if (ev->id == SIO_NO_ID)
        return;
    /* First the effect: a notice for everybody else, then the ack. */
    for (size_t i = 0; i < MEMBERS; i++) {
        if (members[i] != s)
            sio_socket_emit(members[i], slice_str("\"notice\""), slice_str(""), SIO_NO_ID, NULL, 0);
    }
    sio_socket_ack(s, ev->id, slice_str("\"done\""), NULL, 0);
}

/* Bit i of the loop index: member i is on a WebSocket.  The last member asks. */
START_TEST(test_notices_leave_first)
{
    struct app app;
    struct peer peers[MEMBERS];

    app_start(&app, &app_config);
    app.on_event = join;
    for (size_t i = 0; i < MEMBERS; i++) {
        peer_start(&peers[i], &app, _i >> i & 1 ? CLIENT_WEBSOCKET : CLIENT_POLLING);
        peer_say(&peers[i], "0");
        RUN_UNTIL(&app, log_has(&peers[i].log, "0/;"));
        members[i] = app.last;
    }
    /* A packet back and forth: by then the next poll of each is open again. */
    for (size_t i = 0; i < MEMBERS; i++) {
        peer_say(&peers[i], "2[\"ready\"]");
        RUN_UNTIL(&app, log_has(&app.log, "event \"ready\" ;"));
        buf_clear(&app.log);
    }
    peer_say(&peers[MEMBERS - 1], "21[\"join\"]");
    RUN_UNTIL(&app, log_has(&peers[0].log, "notice") && log_has(&peers[1].log, "notice") &&
                        log_has(&peers[2].log, "done"));
    ck_assert_str_eq(sent, "notice notice ack ");
    for (size_t i = 0; i < MEMBERS; i++)
        peer_release(&peers[i]);
    app_release(&app);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("endpoint order");
    TCase *tcase = tcase_create("all");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_set_timeout(tcase, 60);
    tcase_add_loop_test(tcase, test_notices_leave_first, 0, 1 << MEMBERS);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
