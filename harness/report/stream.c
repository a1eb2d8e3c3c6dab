/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/report/stream.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/report/json.h"
#include "wire/xmalloc.h"

enum { NOT_WRITTEN = VERDICT_COUNT, EXPECTED = 0x80, NEW = 0x40, VERDICT_MASK = 0x3f };

/* What the lines say so far of one scenario. */
struct written {
    unsigned char *checks; /* owned; verdict, with EXPECTED and NEW */
    size_t n;
    unsigned char verdict;
};

struct stream_output {
    FILE *file;
    bool is_stdout;
};

struct report_stream {
    struct stream_output *outputs; /* owned */
    size_t n_outputs;
    struct written *scenarios; /* owned */
    size_t n_scenarios;
    const char *command; /* borrowed */
    bool verbose, broken;
};

/* ---- outputs ---- */

static void add_output(struct report_stream *stream, const char *path)
{
    bool is_stdout = strcmp(path, "-") == 0;
    FILE *file = is_stdout ? stdout : fopen(path, "w");

    if (!file) {
        fprintf(stderr, "%s: %s: %s\n", stream->command, path, strerror(errno));
        stream->broken = true;
        return;
    }
    stream->outputs = xrealloc(stream->outputs, (stream->n_outputs + 1) * sizeof(*stream->outputs));
    stream->outputs[stream->n_outputs++] = (struct stream_output){file, is_stdout};
}

static void open_outputs(struct report_stream *stream, const struct report_requests *requests,
                         const char *results)
{
    for (size_t i = 0; i < requests->n; i++)
        if (requests->items[i].format->write == report_jsonl)
            add_output(stream, requests->items[i].path);
    if (results && (mkdir(results, 0777) == 0 || errno == EEXIST)) {
        char *path = xasprintf("%s/report.jsonl", results);

        add_output(stream, path);
        free(path);
    }
}

/* Prints and frees.  One write per line: whatever ends us leaves whole lines. */
static void print_line(struct report_stream *stream, const char *type, cJSON *object)
{
    char *text, *line;

    cJSON_AddStringToObject(object, "type", type);
    text = cJSON_PrintUnformatted(object);
    line = xasprintf("%s\n", text);
    for (size_t i = 0; i < stream->n_outputs; i++)
        if (fputs(line, stream->outputs[i].file) == EOF || fflush(stream->outputs[i].file) != 0)
            stream->broken = true;
    free(line);
    free(text);
    cJSON_Delete(object);
}

/* ---- lines ---- */

static void add_former(cJSON *object, unsigned char former)
{
    if (former != NOT_WRITTEN)
        cJSON_AddStringToObject(object, "corrects",
                                verdict_name((enum verdict)(former & VERDICT_MASK)));
}

static void write_check(struct report_stream *stream, const struct run_result *r,
                        const struct scenario_result *s, size_t k, unsigned char *written)
{
    const struct check_result *c = &s->checks[k];
    unsigned char now =
        (unsigned char)(c->verdict | (c->expected_failure ? EXPECTED : 0) | (c->is_new ? NEW : 0));
    cJSON *object;

    if (*written == now)
        return;
    object = report_check_object(r, s, c, stream->verbose);
    add_former(object, *written);
    print_line(stream, "check", object);
    *written = now;
}

static struct written *written_of(struct report_stream *stream, const struct run_result *r,
                                  size_t at)
{
    struct written *w;

    if (stream->n_scenarios < r->n_scenarios) {
        stream->scenarios =
            xrealloc(stream->scenarios, r->n_scenarios * sizeof(*stream->scenarios));
        for (; stream->n_scenarios < r->n_scenarios; stream->n_scenarios++)
            stream->scenarios[stream->n_scenarios] = (struct written){NULL, 0, NOT_WRITTEN};
    }
    w = &stream->scenarios[at];
    if (w->n < r->scenarios[at].n_checks) {
        w->checks = xrealloc(w->checks, r->scenarios[at].n_checks);
        memset(w->checks + w->n, NOT_WRITTEN, r->scenarios[at].n_checks - w->n);
        w->n = r->scenarios[at].n_checks;
    }
    return w;
}

void report_stream_scenario(struct report_stream *stream, const struct run_result *r, size_t at,
                            bool ended)
{
    const struct scenario_result *s = &r->scenarios[at];
    struct written *w;
    cJSON *object;

    if (!stream)
        return;
    w = written_of(stream, r, at);
    for (size_t k = 0; k < s->n_checks; k++)
        if (ended || s->checks[k].verdict != VERDICT_SKIP) /* armed ones are open until the end */
            write_check(stream, r, s, k, &w->checks[k]);
    if (!ended || w->verdict == (unsigned char)s->verdict)
        return;
    object = report_scenario_object(s, stream->verbose);
    add_former(object, w->verdict);
    print_line(stream, "scenario", object);
    w->verdict = (unsigned char)s->verdict;
}

/* ---- the whole ---- */

struct report_stream *report_stream_open(const struct report_requests *requests,
                                         const char *results, const char *command,
                                         const struct run_result *r, int verbosity)
{
    struct report_stream *stream = xcalloc(1, sizeof(*stream));

    stream->command = command;
    stream->verbose = verbosity >= 1;
    open_outputs(stream, requests, results);
    if (stream->n_outputs == 0 && !stream->broken) {
        free(stream);
        return NULL;
    }
    print_line(stream, "run", report_head_object(r));
    return stream;
}

bool report_stream_close(struct report_stream *stream, const struct run_result *r)
{
    bool ok;

    if (!stream)
        return true;
    for (size_t i = 0; i < r->n_scenarios; i++)
        report_stream_scenario(stream, r, i, true);
    print_line(stream, "run", report_head_object(r));
    print_line(stream, "summary", report_summary_object(r));
    ok = !stream->broken;
    for (size_t i = 0; i < stream->n_outputs; i++)
        if (!stream->outputs[i].is_stdout && fclose(stream->outputs[i].file) != 0)
            ok = false;
    if (!ok)
        fprintf(stderr, "%s: the JSON Lines report could not be written\n", stream->command);
    for (size_t i = 0; i < stream->n_scenarios; i++)
        free(stream->scenarios[i].checks);
    free(stream->scenarios);
    free(stream->outputs);
    free(stream);
    return ok;
}
