/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/report/json.h"

/* The endpoint form of shields.io, which others read too. */
bool report_badge(FILE *out, const struct run_result *r, const struct report_options *options)
{
    struct run_counts n = run_result_count(r);
    cJSON *badge = cJSON_CreateObject();
    char text[120], *printed;
    bool bad = n.failed > 0 || n.stale > 0 || n.passed == 0 || r->error;
    bool open = n.by_verdict[VERDICT_INCONCLUSIVE] > 0 || n.expected_failures > 0 || r->interrupted;

    (void)options;
    if (n.failed)
        snprintf(text, sizeof(text), "%zu of %zu failed", n.failed,
                 r->declared_checks - n.skipped - (r->score_all ? 0 : n.new_checks));
    else if (n.expected_failures)
        snprintf(text, sizeof(text), "%zu passed, %zu known failures", n.passed,
                 n.expected_failures);
    else
        snprintf(text, sizeof(text), "%zu passed", n.passed);
    if (r->interrupted)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), ", interrupted");
    cJSON_AddNumberToObject(badge, "schemaVersion", 1);
    cJSON_AddStringToObject(badge, "message", text);
    cJSON_AddStringToObject(badge, "color", bad ? "red" : open ? "yellow" : "brightgreen");
    snprintf(text, sizeof(text), "SMCP %s", smcp_revision(r->revision)->name);
    cJSON_AddStringToObject(badge, "label", text);
    printed = cJSON_PrintUnformatted(badge);
    fprintf(out, "%s\n", printed);
    free(printed);
    cJSON_Delete(badge);
    return !ferror(out);
}
