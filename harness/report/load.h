/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_LOAD_H
#define HARNESS_REPORT_LOAD_H

#include "harness/result.h"
#include "wire/macros.h"

/*
 * Read a JSON report or JSON Lines back, so that every format can be made from it, and reports can be compared.  What a report does not hold stays
 * empty: transcripts of scenarios that had nothing new to explain (their frames but for the evidence), patterns, tags.
 *
 * NULL on failure, with a heap text "path:line:column: …" in *reterr.  Caller frees with report_unload (NULL is fine).
 */
struct loaded_report {
    struct run_result result;
    struct json_doc *doc;       /* owned */
    struct scenario *scenarios; /* owned; what the results point to */
    size_t n_scenarios;
    char **texts; /* owned; borrowed by checks and results */
    size_t n_texts;
    const char ***lists; /* owned; requirement lists */
    size_t n_lists;
};

MUST_USE struct loaded_report *report_load(const char *path, char **reterr);
void report_unload(struct loaded_report *l);

#endif
