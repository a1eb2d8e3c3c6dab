/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_GENERIC_H
#define HARNESS_REPORT_GENERIC_H

#include "harness/result.h"
#include "wire/macros.h"

/*
 * `text` without what differs from run to run, so that two runs, or two servers, can be compared: the names that were made for this
 * scenario lose their tag ("A-r4f2a-17" is "A"), and the values of `sid` members become "…".  NULL for NULL.  Caller frees.
 */
MUST_USE char *text_generic(const struct scenario_result *s, const char *text);

/* "r4f2a-17" out of the name of any actor ("A-r4f2a-17"): what the names of this play have and no others.  Borrowed; NULL: none. */
const char *scenario_tag(const struct scenario_result *s);

#endif
