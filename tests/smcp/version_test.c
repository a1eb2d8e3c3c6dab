/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/version.h"

#include "tests/support/test_wire_check.h"

/* HS-20, and what SemVer forbids. */
static const struct {
    const char *text;
    bool ok;
} spellings[] = {
    {"0.4.0", true},
    {"1.2.3", true},
    {"0.0.0", true},
    {"10.20.30", true},
    {"0.4.99999999999999999999999999999999", true},
    {"", false},
    {"0.4", false},
    {"0.4.0.0", false},
    {"0.4.", false},
    {".4.0", false},
    {"0..0", false},
    {"0.4.x", false},
    {"0.4.0-dev", false},
    {"0.4.0+1", false},
    {"v0.4.0", false},
    {" 0.4.0", false},
    {"0.4.0 ", false},
    {"0.4.0\n", false},
    {"+0.4.0", false},
    {"-0.4.0", false},
    {"0.-4.0", false},
    {"00.4.0", false},
    {"0.04.0", false},
    {"0.4.00", false},
    {"0x0.4.0", false},
    {"0.4.1_0", false},
    {"0.4.1e1", false},
    {"0,4,0", false},
    {"0.4.\xd9\xa3", false}, /* a digit, but none of ours */
    {"abc", false},
    {"1111111111.1111111111.11111111111111111111111111111111111111111111", false}, /* 66 bytes */
};

START_TEST(test_spelling)
{
    struct smcp_version v;

    ck_assert_msg(smcp_version_parse(slice_str(spellings[_i].text), &v) == spellings[_i].ok, "%s",
                  spellings[_i].text);
}
END_TEST

/* HS-02 to HS-08. */
static const struct {
    const char *server, *client;
    bool ok;
} pairs[] = {
    {"0.4.0", "0.4.0", true},   {"0.4.0", "0.4.1", true},    {"0.4.7", "0.4.0", true},
    {"0.4.0", "0.4.999", true}, {"0.4.0", "0.4.1000", true}, {"0.3.0", "0.2.0", false},
    {"0.2.0", "0.3.0", false},  {"0.2.0", "0.20.0", false},  {"0.2.0", "1.0.0", false},
    {"1.2.0", "0.2.0", false},  {"1.2.0", "1.0.0", true},    {"1.2.0", "1.2.9", true},
    {"1.0.0", "1.2.0", false},  {"1.9.0", "1.10.0", false},  {"1.10.0", "1.9.0", true},
    {"2.0.0", "1.0.0", false},  {"1.0.0", "2.0.0", false},   {"10.0.0", "1.0.0", false},
};

START_TEST(test_pair)
{
    struct smcp_version server, client;

    ck_assert(smcp_version_parse(slice_str(pairs[_i].server), &server));
    ck_assert(smcp_version_parse(slice_str(pairs[_i].client), &client));
    ck_assert_msg(smcp_version_admits(&server, &client) == pairs[_i].ok, "%s %s", pairs[_i].server,
                  pairs[_i].client);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("version");
    TCase *tc = tcase_create("version");

    tcase_add_loop_test(tc, test_spelling, 0, (int)ARRAY_LEN(spellings));
    tcase_add_loop_test(tc, test_pair, 0, (int)ARRAY_LEN(pairs));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
