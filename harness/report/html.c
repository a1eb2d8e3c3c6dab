/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/evidence.h"
#include "harness/report/json.h"
#include "wire/embedded.h"

EMBEDDED_FILES(embedded_page);

/* One file with everything in it: page/report.html, where @@name@@ stands for another file of that folder, or for the data. */

static const struct embedded_file *page_file(struct slice name)
{
    for (size_t i = 0; i < embedded_page_count; i++)
        if (slice_is(name, embedded_page[i].path))
            return &embedded_page[i];
    return NULL;
}

/* JSON inside of a script element: nothing in it may look like markup.  Prints and frees. */
static void print_data(FILE *out, const char *before, cJSON *object)
{
    char *text = cJSON_PrintUnformatted(object);

    fputs(before, out);
    for (const char *at = text; *at;) {
        size_t len = strcspn(at, "<");

        fwrite(at, 1, len, out);
        at += len;
        if (*at == '<') {
            fputs("\\u003c", out);
            at++;
        }
    }
    free(text);
    cJSON_Delete(object);
}

/* The transcript has the frames already; where the finding is in it is enough. */
static cJSON *check_object(const struct run_result *r, const struct scenario_result *s,
                           const struct check_result *c)
{
    cJSON *check = report_check_object(r, s, c, false);

    cJSON_DeleteItemFromObject(check, "evidence");
    if (check_is_trouble(c) && c->journal_at >= 0 && (size_t)c->journal_at < s->n_journal)
        cJSON_AddNumberToObject(check, "at", c->journal_at);
    return check;
}

static cJSON *scenario_object(const struct run_result *r, const struct scenario_result *s)
{
    cJSON *scenario = report_scenario_object(s, true), *checks;

    cJSON_DeleteItemFromObject(scenario, "checks");
    checks = cJSON_AddArrayToObject(scenario, "checks");
    for (size_t k = 0; k < s->n_checks; k++)
        cJSON_AddItemToArray(checks, check_object(r, s, &s->checks[k]));
    return scenario;
}

static void print_report(FILE *out, const struct run_result *r)
{
    const char *before = ",\n\"scenarios\":[\n";

    print_data(out, "{\"run\":", report_head_object(r));
    print_data(out, ",\n\"summary\":", report_summary_object(r));
    print_data(out, ",\n\"requirements\":", report_requirements_array(r));
    if (r->n_scenarios == 0)
        fputs(before, out);
    for (size_t i = 0; i < r->n_scenarios; i++, before = ",\n")
        print_data(out, before, scenario_object(r, &r->scenarios[i]));
    fputs("\n]}", out);
}

static void print_part(FILE *out, const struct run_result *r, struct slice name)
{
    const struct embedded_file *file = page_file(name);

    if (file)
        fwrite(file->data, 1, file->len, out);
    else
        print_report(out, r);
}

bool report_html(FILE *out, const struct run_result *r, const struct report_options *options)
{
    const struct embedded_file *page = page_file(slice_str("report.html"));
    const char *at = (const char *)page->data, *mark;

    (void)options;
    while ((mark = strstr(at, "@@")) != NULL) {
        const char *name = mark + 2, *end = strstr(name, "@@");

        fwrite(at, 1, (size_t)(mark - at), out);
        print_part(out, r, slice_of(name, (size_t)(end - name)));
        at = end + 2;
    }
    fputs(at, out);
    return !ferror(out);
}
