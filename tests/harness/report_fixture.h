/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TESTS_HARNESS_REPORT_FIXTURE_H
#define TESTS_HARNESS_REPORT_FIXTURE_H

#include "harness/result.h"

/*
 * A run of two scenarios made by hand: "room.join" on websocket and polling with checks "one" and "two", "tool.call" on websocket with
 * check "relayed".  Everything passes until a test says otherwise.
 */
struct run_result *fixture_run(void);

/* The check `name` of the `nth` result. */
struct check_result *fixture_check(struct run_result *r, size_t nth, const char *name);

/* One more check, which passes. */
struct check_result *fixture_add(struct run_result *r, size_t nth, const char *name);

/* Give a check a verdict and a reason. */
void fixture_verdict(struct run_result *r, size_t nth, const char *name, enum verdict v,
                     const char *reason);

void fixture_free(struct run_result *r);

#endif
