/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "harness/report/evidence.h"
#include "harness/report/json.h"

/* The objects of the JSON report, one per line, each with its `type`: run, then scenario and its checks, at last summary. */

/* Prints and frees. */
static void print_line(FILE *out, const char *type, cJSON *object)
{
    char *text;

    cJSON_AddStringToObject(object, "type", type);
    text = cJSON_PrintUnformatted(object);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(object);
}

bool report_jsonl(FILE *out, const struct run_result *r, const struct report_options *options)
{
    bool verbose = options->verbosity >= 1;

    print_line(out, "run", report_head_object(r));
    for (size_t i = 0; i < r->n_scenarios; i++) {
        const struct scenario_result *s = &r->scenarios[i];

        print_line(out, "scenario", report_scenario_object(s, verbose));
        for (size_t k = 0; k < s->n_checks; k++)
            print_line(out, "check", report_check_object(r, s, &s->checks[k], verbose));
    }
    print_line(out, "summary", report_summary_object(r));
    return !ferror(out);
}
