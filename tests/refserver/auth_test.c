/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/auth.h"

#include "tests/support/test_wire_check.h"

static bool one_header(const void *user, const char *name, struct slice *ret_value)
{
    if (!user || strcmp(name, "x-api-key") != 0)
        return false;
    *ret_value = slice_str(user);
    return true;
}

static const struct {
    const char *spec, *auth, *header;
    bool admitted;
} rows[] = {
    {"none", "", NULL, true},
    {"header=k", "", "k", true},
    {"header:x-api-key=k", "", "k", true},
    {"header:x-other=k", "", "k", false},
    {"header=k", "", "kk", false},
    {"header=kk", "", "k", false},
    {"header=k", "", "", false},
    {"header=k", "{\"x-api-key\":\"k\"}", NULL, false},
    {"header=a=b", "", "a=b", true},
    {"auth=k", "{\"token\":\"k\"}", NULL, true},
    {"auth=k", "{\"token\":\"\\u006b\"}", NULL, true},
    {"auth=k", "{\"token\":\"k\\u0000\"}", NULL, false},
    {"auth=k", "{\"token\":\"k\",\"token\":\"k\"}", NULL, false},
    {"auth=k", "{\"token\":[\"k\"]}", NULL, false},
    {"auth=k", "{\"token\":null}", NULL, false},
    {"auth=k", "{}", NULL, false},
    {"auth=k", "", "k", false},
    {"auth:key=k", "{\"key\":\"k\"}", NULL, true},
    {"auth:key=k", "{\"token\":\"k\"}", NULL, false},
    {"auth=@@k", "{\"token\":\"@k\"}", NULL, true},
};

START_TEST(test_row)
{
    char *why = NULL;
    struct auth_provider *p = auth_provider_new(rows[_i].spec, &why);
    struct auth_request request = {slice_str(rows[_i].auth), one_header, rows[_i].header};

    ck_assert_msg(p != NULL, "%s: %s", rows[_i].spec, why);
    ck_assert_msg(auth_provider_check(p, &request) == rows[_i].admitted, "%s", rows[_i].spec);
    ck_assert_int_eq(auth_provider_is_open(p), strcmp(rows[_i].spec, "none") == 0);
    ck_assert_int_eq(auth_provider_header(p) != NULL, strncmp(rows[_i].spec, "header", 6) == 0);
    auth_provider_free(p);
}
END_TEST

START_TEST(test_wrong_spec)
{
    static const char *const specs[] = {"",        "x",        "none=k",  "none:x",
                                        "header",  "header:x", "header=", "header:=k",
                                        "auth",    "auth=",    "auth=@",  "auth=@/nonexistent",
                                        "Header=k"};

    for (size_t i = 0; i < ARRAY_LEN(specs); i++) {
        char *why = NULL;

        ck_assert_msg(auth_provider_new(specs[i], &why) == NULL, "%s", specs[i]);
        ck_assert_ptr_nonnull(why);
        free(why);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("auth");
    TCase *tc = tcase_create("auth");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_wrong_spec);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
