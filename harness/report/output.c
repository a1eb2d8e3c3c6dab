/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/output.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "smcp/suggest.h"
#include "wire/xmalloc.h"

static bool complain(const char *command, const char *text, const char *name)
{
    struct suggest suggest;
    char *phrase;

    suggest_init(&suggest, name);
    for (size_t i = 0; i < report_formats_count; i++)
        suggest_offer(&suggest, report_formats[i].name);
    phrase = suggest_phrase(report_format_find(name) ? NULL : suggest.best);
    fprintf(stderr, "%s: --report: `%s`: expected FORMAT:PATH with a format of:", command, text);
    for (size_t i = 0; i < report_formats_count; i++)
        fprintf(stderr, " %s", report_formats[i].name);
    fprintf(stderr, "%s\n", phrase);
    free(phrase);
    return false;
}

bool report_requests_add(struct report_requests *list, const char *command, const char *text)
{
    const char *colon = strchr(text, ':');
    char name[32];
    const struct report_format *format;

    snprintf(name, sizeof(name), "%.*s", (int)strcspn(text, ":"), text);
    format = report_format_find(name);
    if (!format || (colon && !colon[1]))
        return complain(command, text, name);
    list->items = xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
    list->items[list->n++] = (struct report_request){format, colon ? colon + 1 : "-"};
    return true;
}

void report_requests_release(struct report_requests *list)
{
    free(list->items);
    *list = (struct report_requests){NULL, 0, false};
}

bool report_requests_take_stdout(const struct report_requests *list)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->items[i].path, "-") == 0)
            return true;
    return false;
}

static bool write_one(const struct report_format *format, const char *path, const char *command,
                      const struct run_result *r, int verbosity)
{
    struct report_options options = {.verbosity = verbosity};
    bool to_stdout = strcmp(path, "-") == 0;
    FILE *out = to_stdout ? stdout : fopen(path, "w");
    bool ok;

    if (!out) {
        fprintf(stderr, "%s: %s: %s\n", command, path, strerror(errno));
        return false;
    }
    ok = format->write(out, r, &options);
    if (to_stdout)
        ok = fflush(out) == 0 && ok;
    else
        ok = fclose(out) == 0 && ok;
    if (!ok)
        fprintf(stderr, "%s: %s: cannot be written: %s\n", command, path, strerror(errno));
    return ok;
}

static bool is_written(const struct report_requests *list, const struct report_format *format)
{
    return list->streamed && format->write == report_jsonl;
}

static bool write_folder(const struct report_requests *list, const char *dir, const char *command,
                         const struct run_result *r, int verbosity)
{
    bool ok = true;

    if (mkdir(dir, 0777) < 0 && errno != EEXIST) {
        fprintf(stderr, "%s: %s: %s\n", command, dir, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < report_formats_count; i++) {
        char *path = xasprintf("%s/%s", dir, report_formats[i].file_name);

        if (!is_written(list, &report_formats[i]))
            ok = write_one(&report_formats[i], path, command, r, verbosity) && ok;
        free(path);
    }
    return ok;
}

bool report_requests_write(const struct report_requests *list, const char *results,
                           const char *command, const struct run_result *r, int verbosity)
{
    bool ok = true;

    for (size_t i = 0; i < list->n; i++)
        if (!is_written(list, list->items[i].format))
            ok = write_one(list->items[i].format, list->items[i].path, command, r, verbosity) && ok;
    return (!results || write_folder(list, results, command, r, verbosity)) && ok;
}
