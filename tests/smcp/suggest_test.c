/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/suggest.h"

#include <stdlib.h>

#include "tests/support/test_wire_check.h"

static const struct {
    const char *word, *words;
    const char *best; /* NULL: nothing is near */
} rows[] = {
    {"evnt", "event args with", "event"},
    {"recieves", "receives acks", "receives"}, /* swapped neighbours are one mistake */
    {"--jbos", "--jobs --only", "--jobs"},
    {"ack", "ack* acks", "ack"},
    {"args", "arg=template", "arg"},
    {"x", "joins leaves", NULL},
    {"banana", "joins leaves", NULL},
    {"a", "b", NULL}, /* another letter is another word */
    {"", "a", NULL},
    {"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "a", NULL},
};

START_TEST(test_row)
{
    char *best = suggest_from_words(rows[_i].word, rows[_i].words);

    if (rows[_i].best)
        ck_assert_str_eq(best ? best : "(nothing)", rows[_i].best);
    else
        ck_assert_msg(best == NULL, "%s: got %s", rows[_i].word, best);
    free(best);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("suggest");
    TCase *tc = tcase_create("suggest");

    tcase_add_loop_test(tc, test_row, 0, (int)ARRAY_LEN(rows));
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
