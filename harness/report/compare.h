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

/* One cause of a red requirement: checks with the same explanation in a baseline, or the same check. */
struct compare_finding {
    const struct run_result
        *run; /* of the first implementation that has it; borrowed, as the next two */
    const struct scenario_result *scenario;
    const struct check_result *check;
    char *reason;  /* owned; without the names of the run; may be NULL */
    bool *columns; /* owned; which implementations have it */
};

struct compare_red {
    const struct compare_row *row; /* borrowed */
    struct compare_finding *findings;
    size_t n_findings;
};

/* What a baseline gives as the reason of red checks. */
struct compare_cause {
    const char *text;          /* borrowed */
    const char **requirements; /* owned; red because of it, among others */
    size_t n_requirements;
    bool *columns; /* owned; which implementations have it */
};

struct comparison {
    struct loaded_report *const *reports; /* borrowed */
    size_t n;
    char **names; /* owned; of the columns, each another */
    struct compare_row *rows;
    size_t n_rows;
    struct compare_red *reds; /* rules that are red somewhere, in the order of the rows */
    size_t n_reds;
    struct compare_cause *causes; /* the most far-reaching first */
    size_t n_causes;
    struct compare_difference *differences;
    size_t n_differences;
    size_t n_observed; /* behaviours that were looked at */
};

/* Cannot fail.  The reports must outlive it. */
void comparison_init(struct comparison *c, struct loaded_report *const *reports, size_t n);
void comparison_release(struct comparison *c);

/* Parts of the two above. */
void compare_collect_reds(struct comparison *c);
void compare_release_reds(struct comparison *c);
void compare_collect_causes(struct comparison *c);
void compare_release_causes(struct comparison *c);

bool compare_is_red(const struct compare_row *row, size_t column);
/* Not a row of the trace, and no contradiction. */
bool compare_is_rule(const struct compare_row *row);
/* Does the requirement exist in the revision of the column? */
bool compare_applies(const struct comparison *c, const struct compare_row *row, size_t column);

/* Requirements met, of those that were judged. */
size_t compare_met(const struct comparison *c, size_t column, size_t *ret_judged);

/* "❌ 3/12": how many of the checks are red; the bare mark when none is; "n/a" where the revision has no such rule.  Caller frees. */
MUST_USE char *compare_cell_text(const struct comparison *c, const struct compare_row *row,
                                 size_t column, const char *mark);
/* The first dozen of red requirements of a column.  Caller frees. */
MUST_USE char *compare_red_ids(const struct comparison *c, size_t column);
/* "all", "all but …", or the names of the columns.  Caller frees. */
MUST_USE char *compare_columns_text(const struct comparison *c, const bool *columns);

typedef bool compare_fn(FILE *out, const struct comparison *c);
compare_fn compare_json, compare_markdown, compare_html;

#endif
