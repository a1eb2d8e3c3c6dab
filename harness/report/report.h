/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_REPORT_H
#define HARNESS_REPORT_REPORT_H

#include <stdio.h>

#include "harness/result.h"
#include "wire/macros.h"

struct report_options {
    int verbosity; /* text: -1 only the summary, 0 what is wrong, 1 also what passed, 2 with transcripts */
    bool color; /* text on a terminal, unless NO_COLOR */
};

/* Writes the whole report; false when writing failed. */
typedef bool report_fn(FILE *out, const struct run_result *r, const struct report_options *options);

/* One output format.  */
struct report_format {
    const char *name;      /* "text", "json" … as in --report FMT:PATH */
    const char *file_name; /* in the folder of --results */
    report_fn *write;
};

extern const struct report_format report_formats[];
extern const size_t report_formats_count;

/* NULL when unknown. */
const struct report_format *report_format_find(const char *name);

report_fn report_text, report_json, report_jsonl, report_junit, report_tap, report_badge,
    report_html, report_markdown;

#endif
