/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/compare.h"
#include "harness/report/json.h"

static void add_clean(cJSON *object, const char *name, const char *text)
{
    char *clean = text_clean(text, SIZE_MAX);

    if (clean)
        cJSON_AddStringToObject(object, name, clean);
    else
        cJSON_AddNullToObject(object, name);
    free(clean);
}

static cJSON *column_object(const struct comparison *c, size_t i)
{
    const struct run_result *r = &c->reports[i]->result;
    cJSON *column = cJSON_CreateObject(), *red;
    size_t judged, met = compare_met(c, i, &judged);

    add_clean(column, "name", c->names[i]);
    cJSON_AddItemToObject(column, "run", report_head_object(r));
    cJSON_AddItemToObject(column, "summary", report_summary_object(r));
    cJSON_AddNumberToObject(column, "requirements_met", (double)met);
    cJSON_AddNumberToObject(column, "requirements_judged", (double)judged);
    red = cJSON_AddArrayToObject(column, "red");
    for (size_t k = 0; k < c->n_reds; k++)
        if (compare_is_red(c->reds[k].row, i))
            cJSON_AddItemToArray(red, cJSON_CreateString(c->reds[k].row->id));
    return column;
}

static cJSON *row_object(const struct comparison *c, const struct compare_row *row)
{
    cJSON *object = cJSON_CreateObject(), *cells, *applies;

    cJSON_AddStringToObject(object, "id", row->id);
    if (row->row) {
        cJSON_AddStringToObject(object, "level", row->row->level_text);
        cJSON_AddStringToObject(object, "sentence", row->row->statement);
    }
    cells = cJSON_AddArrayToObject(object, "verdicts");
    applies = cJSON_AddArrayToObject(object, "applies");
    for (size_t i = 0; i < c->n; i++) {
        cJSON_AddItemToArray(cells, row->cells[i].id
                                        ? cJSON_CreateString(verdict_name(row->cells[i].worst))
                                        : cJSON_CreateNull());
        cJSON_AddItemToArray(applies, cJSON_CreateBool(compare_applies(c, row, i)));
    }
    return object;
}

static cJSON *finding_object(const struct comparison *c, const struct compare_finding *f)
{
    char *rerun = evidence_rerun(f->run, f->scenario, f->check);
    cJSON *object = cJSON_CreateObject(), *list = cJSON_AddArrayToObject(object, "implementations");

    for (size_t i = 0; i < c->n; i++)
        if (f->columns[i])
            cJSON_AddItemToArray(list, cJSON_CreateString(c->names[i]));
    add_clean(object, "scenario", f->scenario->scenario->id);
    add_clean(object, "check", f->check->check);
    add_clean(object, "reason", f->reason);
    add_clean(object, "baseline_reason", f->check->baseline_reason);
    add_clean(object, "rerun", rerun);
    free(rerun);
    return object;
}

static cJSON *red_object(const struct comparison *c, const struct compare_red *red)
{
    cJSON *object = cJSON_CreateObject(), *list;

    cJSON_AddStringToObject(object, "id", red->row->id);
    if (red->row->row) {
        cJSON_AddStringToObject(object, "level", red->row->row->level_text);
        cJSON_AddStringToObject(object, "sentence", red->row->row->statement);
    }
    list = cJSON_AddArrayToObject(object, "findings");
    for (size_t i = 0; i < red->n_findings; i++)
        cJSON_AddItemToArray(list, finding_object(c, &red->findings[i]));
    return object;
}

static cJSON *difference_object(const struct comparison *c, const struct compare_difference *d)
{
    cJSON *object = cJSON_CreateObject(), *list;

    add_clean(object, "scenario", d->scenario);
    add_clean(object, "check", d->check);
    list = cJSON_AddArrayToObject(object, "requirements");
    for (size_t i = 0; d->requirements[i]; i++)
        cJSON_AddItemToArray(list, cJSON_CreateString(d->requirements[i]));
    list = cJSON_AddArrayToObject(object, "observed");
    for (size_t i = 0; i < c->n; i++) {
        char *clean = text_clean(d->values[i], SIZE_MAX);

        cJSON_AddItemToArray(list, clean ? cJSON_CreateString(clean) : cJSON_CreateNull());
        free(clean);
    }
    return object;
}

bool compare_json(FILE *out, const struct comparison *c)
{
    cJSON *root = cJSON_CreateObject(), *list;
    char *text;

    cJSON_AddNumberToObject(root, "schema_version", REPORT_SCHEMA_VERSION);
    list = cJSON_AddArrayToObject(root, "implementations");
    for (size_t i = 0; i < c->n; i++)
        cJSON_AddItemToArray(list, column_object(c, i));
    list = cJSON_AddArrayToObject(root, "red");
    for (size_t i = 0; i < c->n_reds; i++)
        cJSON_AddItemToArray(list, red_object(c, &c->reds[i]));
    list = cJSON_AddArrayToObject(root, "requirements");
    for (size_t i = 0; i < c->n_rows; i++)
        cJSON_AddItemToArray(list, row_object(c, &c->rows[i]));
    list = cJSON_AddArrayToObject(root, "divergences");
    for (size_t i = 0; i < c->n_differences; i++)
        cJSON_AddItemToArray(list, difference_object(c, &c->differences[i]));
    cJSON_AddNumberToObject(root, "observed", (double)c->n_observed);
    text = cJSON_Print(root);
    fprintf(out, "%s\n", text);
    free(text);
    cJSON_Delete(root);
    return !ferror(out);
}
