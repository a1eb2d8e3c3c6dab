/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_LOAD_LINES_H
#define HARNESS_REPORT_LOAD_LINES_H

#include "wire/buf.h"
#include "wire/macros.h"

/*
 * JSON Lines of a run (reports/jsonl.schema.json) as the JSON report that they would have become: of several lines about the same thing the last
 * one counts, a scenario that never ended is made of its checks, and a run without a summary was interrupted.  What a killed run leaves is read
 * too: a last line that is not complete is passed over.
 */

/* Does the text begin with a line that is a whole object of the type `run`? */
MUST_USE bool report_is_lines(struct slice text);

/* False when another line is no object that such a file has: its number (from 1) is in *ret_line. */
MUST_USE bool report_from_lines(struct slice text, struct buf *out, unsigned *ret_line);

#endif
