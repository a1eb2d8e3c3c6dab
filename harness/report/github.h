/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_GITHUB_H
#define HARNESS_REPORT_GITHUB_H

#include "harness/report/report.h"

/*
 * On GitHub Actions: at most ten annotations on `log` (the workflow's log), and the Markdown report added to the step summary.  Elsewhere
 * nothing.  A summary that cannot be written is no reason to fail.
 */
void report_to_github(FILE *log, const struct run_result *r);

#endif
