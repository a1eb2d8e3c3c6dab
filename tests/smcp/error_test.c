/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/error.h"

#include "tests/support/test_wire_check.h"

static const struct {
    enum smcp_form form;
    enum smcp_error error;
    const char *args;
} rows[] = {
    {FORM_TUPLE, SMCP_OK, "true,null"},
    {FORM_TUPLE, SMCP_E_AGENT_SEAT, "false,\"Room already has an agent\""},
    {FORM_FLAT, SMCP_E_NO_COMPUTER, "{\"code\":404,\"message\":\"Computer not found\"}"},
    {FORM_FLAT, SMCP_E_BAD_REQUEST, "{\"code\":400,\"message\":\"Invalid request payload\"}"},
    {FORM_NESTED, SMCP_E_NO_COMPUTER,
     "{\"error\":{\"code\":404,\"message\":\"Computer not found\"}}"},
    {FORM_EMPTY, SMCP_OK, ""},
    {FORM_EMPTY, SMCP_E_NO_COMPUTER, ""},
    {FORM_NONE, SMCP_E_NO_COMPUTER, ""},
};

START_TEST(test_row)
{
    struct buf out;

    buf_init(&out, 1000);
    smcp_error_encode(&out, smcp_revision(SMCP_REV_0_1), rows[_i].form, rows[_i].error);
    ck_assert_msg(slice_is(buf_slice(&out), rows[_i].args), "%.*s", (int)out.len, out.data);
    buf_release(&out);
}
END_TEST

/* ROOM-45: the one text that the early draft gives. */
START_TEST(test_own_text)
{
    struct buf out;

    buf_init(&out, 1000);
    smcp_error_encode(&out, smcp_revision(SMCP_REV_RFC), FORM_TUPLE, SMCP_E_AGENT_SEAT);
    ck_assert(slice_is(buf_slice(&out), "false,\"Agent sid should be equal to office_id\""));
    buf_release(&out);
}
END_TEST

/* What scenarios and reference tests look for in the texts (ROOM-13, ROOM-22), and no text may be a format or empty. */
START_TEST(test_texts)
{
    ck_assert_ptr_nonnull(strstr(smcp_error_text(SMCP_E_DUPLICATE_NAME), "already exists"));
    ck_assert_ptr_nonnull(strstr(smcp_error_text(SMCP_E_AGENT_SEAT), "agent"));
    ck_assert_ptr_nonnull(strstr(smcp_error_text(SMCP_E_ROLE_MISMATCH), "Role mismatch"));
    for (unsigned i = 1; i < SMCP_ERROR_COUNT; i++) {
        ck_assert(smcp_error_text((enum smcp_error)i)[0] != '\0');
        ck_assert_ptr_null(strpbrk(smcp_error_text((enum smcp_error)i), "%\"\\"));
        ck_assert_int_ge(smcp_error_code((enum smcp_error)i), 400);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("error");
    TCase *tc = tcase_create("error");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_own_text);
    tcase_add_test(tc, test_texts);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
