/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/revision.h"

#include "tests/support/test_wire_check.h"

/* Requirements A.1, by hand. */
static const struct {
    const char *name;
    bool gate;
    enum smcp_form ack, refusal;
    unsigned agents, computers;
} rows[] = {
    {"rfc", false, FORM_TUPLE, FORM_TUPLE, 1, 0}, {"0.1", false, FORM_TUPLE, FORM_TUPLE, 1, 0},
    {"0.2", true, FORM_TUPLE, FORM_TUPLE, 1, 0},  {"0.3", true, FORM_TUPLE, FORM_TUPLE, 1, 0},
    {"0.4", true, FORM_TUPLE, FORM_TUPLE, 1, 0},  {"0.5", true, FORM_EMPTY, FORM_FLAT, 1, 1},
};

START_TEST(test_row)
{
    const struct smcp_revision *r = smcp_revision_find(slice_str(rows[_i].name));

    ck_assert_ptr_nonnull(r);
    ck_assert_uint_eq(r->id, (unsigned)_i); /* in order: they are compared with < */
    ck_assert_ptr_eq(r, smcp_revision(r->id));
    ck_assert_uint_eq(r->version_gate, rows[_i].gate);
    ck_assert_uint_eq(r->member_ack, rows[_i].ack);
    ck_assert_uint_eq(r->member_refusal, rows[_i].refusal);
    ck_assert_uint_eq(r->agents_per_office, rows[_i].agents);
    ck_assert_uint_eq(r->computers_per_office, rows[_i].computers);
}
END_TEST

_Static_assert(ARRAY_LEN(rows) == SMCP_REV_COUNT, "every revision");

START_TEST(test_unknown)
{
    ck_assert_ptr_null(smcp_revision_find(slice_str("0.6")));
    ck_assert_ptr_null(smcp_revision_find(slice_str("0.1.2")));
    ck_assert_ptr_null(smcp_revision_find(slice_str("")));
    ck_assert(smcp_revision(SMCP_REV_0_1)->served);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("revision");
    TCase *tc = tcase_create("revision");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    tcase_add_test(tc, test_unknown);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
