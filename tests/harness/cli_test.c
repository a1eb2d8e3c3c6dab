/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/cli.h"

#include <stdlib.h>

#include "harness/target.h"
#include "tests/support/test_wire_check.h"

static const struct {
    const char *glob, *text;
    bool match;
} globs[] = {
    {"room.join", "room.join", true}, {"room.join", "room.joins", false},
    {"room.*", "room.join", true},    {"*", "", true},
    {"*.join", "room.join", true},    {"r*m.*n", "room.join", true},
    {"room.*.x", "room.join", false}, {"room.?oin", "room.join", true},
    {"room.?", "room.", false},       {"*a*a*", "banana", true},
    {"*a*a*a*a*", "banana", false},   {"", "x", false},
};

START_TEST(test_glob)
{
    ck_assert_int_eq(glob_match(globs[_i].glob, globs[_i].text), globs[_i].match);
}
END_TEST

static const struct {
    const char *url, *host, *path;
    int port; /* 0: refused */
    bool tls;
} urls[] = {
    {"http://127.0.0.1:8000", "127.0.0.1", "/socket.io", 8000, false},
    {"http://127.0.0.1:8000/", "127.0.0.1", "/socket.io", 8000, false},
    {"http://host/smcp/io/", "host", "/smcp/io", 80, false},
    {"https://example.org", "example.org", "/socket.io", 443, true},
    {"http://[::1]:81/x", "::1", "/x", 81, false},
    {"http://[::1]", "::1", "/socket.io", 80, false},
    {"127.0.0.1:8000", NULL, NULL, 0, false},
    {"ftp://x", NULL, NULL, 0, false},
    {"http://x:port", NULL, NULL, 0, false},
    {"http://x:70000", NULL, NULL, 0, false},
    {"http://:80", NULL, NULL, 0, false},
};

START_TEST(test_url)
{
    struct target t;
    char *error = NULL;

    target_init(&t);
    ck_assert_int_eq(target_set_url(&t, urls[_i].url, &error), urls[_i].port != 0);
    if (urls[_i].port) {
        ck_assert_str_eq(t.to.host, urls[_i].host);
        ck_assert_int_eq(t.to.port, urls[_i].port);
        ck_assert_str_eq(t.path, urls[_i].path);
        ck_assert_int_eq(t.to.tls, urls[_i].tls);
    } else {
        ck_assert_ptr_nonnull(error);
    }
    free(error);
    target_release(&t);
}
END_TEST

START_TEST(test_credential)
{
    struct credential c = {0};

    ck_assert(!credential_parse(&c, "token=x"));
    ck_assert(!credential_parse(&c, "header:x-api-key"));
    ck_assert(!credential_parse(&c, "header:=x"));
    ck_assert(credential_parse(&c, "auth:token=a=b"));
    ck_assert(c.given && !c.in_header);
    ck_assert_str_eq(c.value, "a=b");
    ck_assert(credential_parse(&c, "header:x-api-key=k"));
    ck_assert(c.in_header);
    ck_assert_str_eq(c.name, "x-api-key");
    free(c.name);
    free(c.value);
}
END_TEST

static const struct cli_option options[] = {
    {"--only", 0, "ID", "x"}, {"--quiet", 'q', NULL, "x"}, {"--verbose", 'v', NULL, "x"}};

START_TEST(test_options)
{
    char *argv[] = {(char[]){"run"}, (char[]){"-qv"}, (char[]){"--only=a"}, (char[]){"--only"},
                    (char[]){"b"},   (char[]){"url"}, (char[]){"--"},       (char[]){"--only"}};
    struct cli cli;
    const char *value;

    cli_init(&cli, "test", options, ARRAY_LEN(options), (int)ARRAY_LEN(argv), argv);
    ck_assert_int_eq(cli_next(&cli, &value), 1);
    ck_assert_int_eq(cli_next(&cli, &value), 2);
    ck_assert_int_eq(cli_next(&cli, &value), 0);
    ck_assert_str_eq(value, "a");
    ck_assert_int_eq(cli_next(&cli, &value), 0);
    ck_assert_str_eq(value, "b");
    ck_assert_int_eq(cli_next(&cli, &value), CLI_OPERAND);
    ck_assert_str_eq(value, "url");
    ck_assert_int_eq(cli_next(&cli, &value), CLI_OPERAND);
    ck_assert_str_eq(value, "--only");
    ck_assert_int_eq(cli_next(&cli, &value), CLI_END);
}
END_TEST

int main(void)
{
    TCase *t = tcase_create("command line");
    Suite *s = suite_create("command line");
    SRunner *r = srunner_create(s);
    int failed;

    tcase_add_loop_test(t, test_glob, 0, (int)ARRAY_LEN(globs));
    tcase_add_loop_test(t, test_url, 0, (int)ARRAY_LEN(urls));
    tcase_add_test(t, test_credential);
    tcase_add_test(t, test_options);
    suite_add_tcase(s, t);
    srunner_run_all(r, CK_NORMAL);
    failed = srunner_ntests_failed(r);
    srunner_free(r);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
