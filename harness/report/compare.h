/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_COMPARE_H
#define HARNESS_REPORT_COMPARE_H

#include <stdio.h>

#include "harness/report/evidence.h"
#include "harness/report/load.h"

/* Several implementations side by side: what became of each requirement, and where behaviour that nobody judges differs. */

struct compare_row {
    const char *id;
    const struct requirement *row;  /* NULL when unknown */
    struct requirement_roll *cells; /* owned; one per report, `id` NULL where no check names it */
};

struct compare_difference {
    const char *scenario, *check;
    const char *const *requirements;
    char **
        values; /* owned; one per report: what was observed, "a / b" when transports differ; NULL: not observed */
};

struct comparison {
    struct loaded_report *const *reports; /* borrowed */
    size_t n;
    char **names; /* owned; of the columns, each another */
    struct compare_row *rows;
    size_t n_rows;
    struct compare_difference *differences;
    size_t n_differences;
    size_t n_observed; /* behaviours that were looked at */
};

/* Cannot fail.  The reports must outlive it. */
void comparison_init(struct comparison *c, struct loaded_report *const *reports, size_t n);
void comparison_release(struct comparison *c);

typedef bool compare_fn(FILE *out, const struct comparison *c);
compare_fn compare_json, compare_markdown, compare_html;

#endif
