/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/report.h"

#include <string.h>

const struct report_format report_formats[] = {
    {"text", "report.txt", report_text},     {"json", "report.json", report_json},
    {"jsonl", "report.jsonl", report_jsonl}, {"junit", "report.xml", report_junit},
    {"tap", "report.tap", report_tap},       {"html", "report.html", report_html},
    {"badge", "badge.json", report_badge},   {"md", "report.md", report_markdown},
};
const size_t report_formats_count = ARRAY_LEN(report_formats);

const struct report_format *report_format_find(const char *name)
{
    for (size_t i = 0; i < report_formats_count; i++)
        if (strcmp(report_formats[i].name, name) == 0)
            return &report_formats[i];
    return NULL;
}
