/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/hash.h"

#include "tests/support/test_wire_check.h"

struct item {
    unsigned value;
    struct hash_node node;
};

START_TEST(test_table)
{
    enum { ITEMS = 5000, SAME = 7 };
    static struct item items[ITEMS];
    struct hash_table t = {0};

    ck_assert_ptr_null(hash_table_find(&t, 0));
    for (unsigned i = 0; i < ITEMS; i++) {
        items[i].value = i;
        hash_table_add(&t, &items[i].node, (uint64_t)(i / SAME) * 0x9e3779b97f4a7c15U);
    }
    for (unsigned i = 0; i < ITEMS; i += 2)
        hash_table_remove(&t, &items[i].node);
    ck_assert_uint_eq(t.count, ITEMS / 2);
    for (unsigned group = 0; group <= (ITEMS - 1) / SAME; group++) {
        struct hash_node *node = hash_table_find(&t, (uint64_t)group * 0x9e3779b97f4a7c15U);
        unsigned found = 0, wanted = 0;

        for (; node; node = hash_node_again(node)) {
            ck_assert_uint_eq(HASH_OWNER(node, struct item, node)->value / SAME, group);
            found++;
        }
        for (unsigned i = group * SAME; i < (group + 1) * SAME && i < ITEMS; i++)
            wanted += i % 2;
        ck_assert_uint_eq(found, wanted);
    }
    hash_table_release(&t);
}
END_TEST

START_TEST(test_hash)
{
    const struct hash_key key = {{1, 2}}, other = {{1, 3}};
    static const char text[] = "0123456789abcdefghij";

    for (size_t len = 0; len < sizeof(text); len++) {
        uint64_t h = hash_bytes(&key, 5, slice_of(text, len));

        ck_assert_uint_eq(h, hash_bytes(&key, 5, slice_of(text, len)));
        ck_assert_uint_ne(h, hash_bytes(&other, 5, slice_of(text, len)));
        ck_assert_uint_ne(h, hash_bytes(&key, 6, slice_of(text, len)));
        for (size_t shorter = 0; shorter < len; shorter++)
            ck_assert_uint_ne(h, hash_bytes(&key, 5, slice_of(text, shorter)));
    }
    ck_assert_uint_ne(hash_bytes(&key, 0, S("\0")), hash_bytes(&key, 0, S("\0\0")));
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("hash");
    TCase *tc = tcase_create("hash");

    tcase_add_test(tc, test_table);
    tcase_add_test(tc, test_hash);
    suite_add_tcase(suite, tc);
    return run_suite(suite);
}
