/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_SUPPORT_TEST_WIRE_CHECK_H
#define TESTS_SUPPORT_TEST_WIRE_CHECK_H

#include <check.h>
#include <stdlib.h>

#include "wire/buf.h"
#include "wire/wire_err.h"

/* A slice of a literal, NUL bytes included; for initialisers and for calls. */
#define LIT(text)                                                                                  \
    {                                                                                              \
        (text), sizeof(text) - 1                                                                   \
    }
#define S(text) slice_of((text), sizeof(text) - 1)

/* Heap copy of exactly the bytes, so that the address sanitizer sees a read beyond them.  Caller
 * frees copy.ptr's memory. */
static inline char *exact_copy(struct slice s)
{
    char *copy = malloc(s.len ? s.len : 1);

    ck_assert_ptr_nonnull(copy);
    if (s.len)
        memcpy(copy, s.ptr, s.len);
    return copy;
}

#define ck_slice(actual, wanted)                                                                   \
    do {                                                                                           \
        struct slice a_ = (actual), w_ = (wanted);                                                 \
        ck_assert_msg(slice_eq(a_, w_), "%s: expected \"%.*s\", got \"%.*s\"", #actual,            \
                      (int)w_.len, w_.len ? w_.ptr : "", (int)a_.len, a_.len ? a_.ptr : "");       \
    } while (0)

#define ck_fault(what, err, fault, wanted, wanted_offset)                                          \
    do {                                                                                           \
        ck_assert_msg((err) == (wanted), "%s: expected %s, got %s at %zu", (what),                 \
                      wire_err_name(wanted), wire_err_name(err), (fault).offset);                  \
        if (wanted) {                                                                              \
            ck_assert_msg((fault).code == (wanted), "%s: fault has another code", (what));         \
            ck_assert_msg((fault).offset == (wanted_offset), "%s: expected offset %zu, got %zu",   \
                          (what), (size_t)(wanted_offset), (fault).offset);                        \
            ck_assert_msg((fault).expected != NULL, "%s: says not what it expected", (what));      \
        }                                                                                          \
    } while (0)

/* The whole main() of a test program. */
static inline int run_suite(Suite *suite)
{
    SRunner *runner = srunner_create(suite);
    int failed;

    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

#endif
