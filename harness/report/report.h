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

/* One output format.  `write` returns false when writing failed. */
struct report_format {
    const char *name;      /* "text", "json" … as in --report FMT:PATH */
    const char *file_name; /* in the folder of --results */
    bool (*write)(FILE *out, const struct run_result *r, const struct report_options *options);
};

extern const struct report_format report_formats[];
extern const size_t report_formats_count;

/* NULL when unknown. */
const struct report_format *report_format_find(const char *name);

bool report_text(FILE *out, const struct run_result *r, const struct report_options *options);

#endif
