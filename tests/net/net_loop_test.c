/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/net/net_fixture.h"

static char order[32];
static bool flag;

static void note(void *user)
{
    strcat(order, user);
}

static void note_and_flag(void *user)
{
    note(user);
    flag = true;
}

START_TEST(timers_fire_in_order_of_deadline)
{
    struct net_loop *loop = loop_new_or_fail();
    uint64_t now_ms = net_loop_now_ms(loop);
    struct net_timer *c = net_timer_new(loop, note_and_flag, (char[]){"c"});
    struct net_timer *a = net_timer_new(loop, note, (char[]){"a"});
    struct net_timer *b = net_timer_new(loop, note, (char[]){"b"});
    struct net_timer *never = net_timer_new(loop, note, (char[]){"x"});

    order[0] = '\0';
    flag = false;
    net_timer_start(c, now_ms + 12);
    net_timer_start(a, now_ms + 30);
    net_timer_start(a, now_ms + 3); /* moves it */
    net_timer_start(b, now_ms + 7);
    net_timer_start(never, now_ms + 1);
    net_timer_stop(never);
    run_until(loop, &flag);
    ck_assert_str_eq(order, "abc");
    ck_assert_uint_ge(net_loop_now_ms(loop), now_ms + 12);
    net_timer_free(a);
    net_timer_free(NULL);
    net_loop_free(loop); /* frees the others */
}
END_TEST

static unsigned hooks_run;

static void count_hook(void *user)
{
    (void)user;
    hooks_run++;
}

START_TEST(hook_runs_in_the_turn_of_a_timer)
{
    struct net_loop *loop = loop_new_or_fail();
    struct net_timer *timer = net_timer_new(loop, note_and_flag, (char[]){"t"});

    hooks_run = 0;
    flag = false;
    order[0] = '\0';
    net_loop_on_turn_end(loop, count_hook, NULL);
    net_timer_start(timer, net_loop_now_ms(loop));
    run_until(loop, &flag);
    ck_assert_uint_ge(hooks_run, 1);
    net_loop_free(loop);
}
END_TEST

static int signal_seen;

static void on_signal(void *user, int signum)
{
    signal_seen = signum;
    *(bool *)user = true;
}

START_TEST(signal_wakes_the_loop)
{
    struct net_loop *loop = loop_new_or_fail();

    flag = false;
    net_loop_on_signal(loop, on_signal, &flag);
    kill(getpid(), SIGTERM);
    run_until(loop, &flag);
    ck_assert_int_eq(signal_seen, SIGTERM);
    net_loop_free(loop);
}
END_TEST

START_TEST(watch_sees_bytes_and_hang_up)
{
    struct net_loop *loop = loop_new_or_fail();
    struct net_watch *watch;
    int fds[2];

    ck_assert_int_eq(pipe(fds), 0);
    flag = false;
    order[0] = '\0';
    watch = net_watch_new(loop, fds[0], note_and_flag, (char[]){"w"});
    ck_assert_ptr_nonnull(watch);
    close(fds[1]);
    run_until(loop, &flag);
    net_watch_free(watch);
    close(fds[0]);
    net_loop_free(loop);
}
END_TEST

struct child {
    char out[256];
    char err[256];
    bool exited;
    int64_t status;
    int signum;
};

static void child_output(void *user, bool is_stderr, const char *bytes, uint64_t len)
{
    struct child *child = user;

    strncat(is_stderr ? child->err : child->out, bytes, len);
}

static void child_exited(void *user, int64_t exit_status, int term_signal)
{
    struct child *child = user;

    child->exited = true;
    child->status = exit_status;
    child->signum = term_signal;
}

START_TEST(child_output_and_status_come_back)
{
    static const char *const argv[] = {"sh", "-c", "echo out $GREETING; echo err >&2; exit 7",
                                       NULL};
    static const char *const env[] = {"GREETING=hello", NULL};
    struct net_loop *loop = loop_new_or_fail();
    struct child child = {0};
    struct net_process_config config = {
        .argv = argv, .env = env, .output = child_output, .exited = child_exited, .user = &child};
    char *err = NULL;
    struct net_process *process = net_process_start(loop, &config, &err);

    ck_assert_msg(process != NULL, "%s", err);
    ck_assert_int_gt(net_process_pid(process), 0);
    run_until(loop, &child.exited);
    ck_assert_str_eq(child.out, "out hello\n");
    ck_assert_str_eq(child.err, "err\n");
    ck_assert_int_eq(child.status, 7);
    net_process_free(process);
    net_loop_free(loop);
}
END_TEST

START_TEST(child_group_is_killed_with_its_children)
{
    /* The grandchild holds stdout: only killing the whole group ends both. */
    static const char *const argv[] = {"sh", "-c", "exec 3<&0; cat <&3 & echo ready; wait", NULL};
    struct net_loop *loop = loop_new_or_fail();
    struct child child = {0};
    struct net_process_config config = {
        .argv = argv, .output = child_output, .exited = child_exited, .user = &child};
    char *err = NULL;
    struct net_process *process = net_process_start(loop, &config, &err);

    ck_assert_ptr_nonnull(process);
    while (!child.out[0])
        run_turns(loop, 1);
    net_process_kill_group(process, SIGTERM);
    run_until(loop, &child.exited);
    ck_assert_int_eq(child.signum, SIGTERM);
    net_process_free(process);
    net_loop_free(loop);
}
END_TEST

START_TEST(child_that_is_no_program)
{
    static const char *const argv[] = {"/nonexistent/program", NULL};
    struct net_loop *loop = loop_new_or_fail();
    struct net_process_config config = {.argv = argv};
    char *err = NULL;

    ck_assert_ptr_null(net_process_start(loop, &config, &err));
    ck_assert_ptr_nonnull(strstr(err, "/nonexistent/program"));
    free(err);
    net_loop_free(loop);
}
END_TEST

START_TEST(child_left_running_is_killed_and_reaped)
{
    static const char *const argv[] = {"sh", "-c", "cat", NULL};
    struct net_loop *loop = loop_new_or_fail();
    struct net_process_config config = {.argv = argv};
    char *err = NULL;
    struct net_process *process = net_process_start(loop, &config, &err);
    int pid;

    ck_assert_ptr_nonnull(process);
    pid = net_process_pid(process);
    net_process_free(process);
    net_loop_free(loop);
    ck_assert_int_eq(kill(pid, 0), -1);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("net_loop");
    TCase *tcase = tcase_create("loop");
    SRunner *runner = srunner_create(suite);
    int failed;

    tcase_add_test(tcase, timers_fire_in_order_of_deadline);
    tcase_add_test(tcase, hook_runs_in_the_turn_of_a_timer);
    tcase_add_test(tcase, signal_wakes_the_loop);
    tcase_add_test(tcase, watch_sees_bytes_and_hang_up);
    tcase_add_test(tcase, child_output_and_status_come_back);
    tcase_add_test(tcase, child_group_is_killed_with_its_children);
    tcase_add_test(tcase, child_that_is_no_program);
    tcase_add_test(tcase, child_left_running_is_killed_and_reaped);
    suite_add_tcase(suite, tcase);
    srunner_run_all(runner, CK_NORMAL);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
