/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/commands.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/monitor.h"
#include "harness/select.h"
#include "smcp/requirements.h"
#include "smcp/suggest.h"
#include "wire/embedded.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_uncovered);

static const char usage[] =
    "Usage: smcp-harness coverage [OPTIONS]\n"
    "Each requirement of a revision with the checks that prove it, or the reason why none can.\n"
    "Exit code 1 when a MUST is neither checked nor excused.\n"
    "\n"
    "  smcp-harness coverage --revision 0.1 --actor server\n";

enum { OPT_REVISION, OPT_ACTOR, OPT_SCENARIOS, OPT_JSON, OPT_MARKDOWN, OPT_MISSING, OPT_HELP };

static const struct cli_option specs[] = {
    [OPT_REVISION] = {"--revision", 0, "R", "default 0.1"},
    [OPT_ACTOR] = {"--actor", 0, "A", "server (default), agent, computer"},
    [OPT_SCENARIOS] = {"--scenarios", 0, "DIR", "a folder instead of the built-in ones"},
    [OPT_JSON] = {"--json", 0, NULL, "as JSON"},
    [OPT_MARKDOWN] = {"--markdown", 0, NULL, "as the Markdown page of docs/"},
    [OPT_MISSING] = {"--missing", 0, NULL, "only what is neither checked nor excused"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

static void print_help(void)
{
    fputs(usage, stdout);
    puts("\nOptions:");
    cli_print_options(specs, ARRAY_LEN(specs));
}

enum coverage { COVERED, OBSERVED, EXCUSED, MISSING, COVERAGE_COUNT };

static const char *const coverage_names[] = {
    [COVERED] = "checked", [OBSERVED] = "observed", [EXCUSED] = "excused", [MISSING] = "MISSING"};

struct options {
    enum smcp_revision_id rev;
    const char *actor;
    const char *dir;
    bool json, markdown, missing_only, help;
};

/* Who checks one requirement. */
struct proof {
    const struct requirement *r;
    struct buf checks; /* "scenario / check", one per line */
    size_t judged, observed;
    char *reason; /* owned; harness/uncovered.json */
};

/* ---- collecting ---- */

static void add_step(struct proof *p, const struct scenario *sc, const struct step *s)
{
    for (const char **id = s->requirements; id && *id; id++) {
        if (strcmp(*id, p->r->id) != 0)
            continue;
        buf_appendf(&p->checks, "%s%s / %s%s", p->checks.len ? "\n" : "", sc->id, s->check,
                    s->observe ? " (observes)" : "");
        p->judged += !s->observe;
        p->observed += s->observe;
    }
}

static void add_steps(struct proof *p, const struct scenario *sc, const struct step *steps,
                      size_t n, enum smcp_revision_id rev)
{
    for (size_t i = 0; i < n; i++) {
        if (rev >= steps[i].since && rev <= steps[i].until)
            add_step(p, sc, &steps[i]);
        add_steps(p, sc, steps[i].children, steps[i].n_children, rev);
    }
}

/* What watches every scenario. */
static void add_monitors(struct proof *p)
{
    for (size_t i = 0; i < MONITOR_COUNT; i++) {
        for (const char *const *id = monitor_rows[i].requirements; *id; id++) {
            if (strcmp(*id, p->r->id) != 0)
                continue;
            buf_appendf(&p->checks, "%severy scenario / %s", p->checks.len ? "\n" : "",
                        monitor_rows[i].check);
            p->judged++;
        }
    }
}

static bool within(const struct json_node *row, enum smcp_revision_id rev)
{
    char *since = json_node_str(json_get(row, "since"), NULL),
         *until = json_node_str(json_get(row, "until"), NULL);
    const struct smcp_revision *s = since ? smcp_revision_find(slice_str(since)) : NULL;
    const struct smcp_revision *u = until ? smcp_revision_find(slice_str(until)) : NULL;

    free(since);
    free(until);
    return (!s || rev >= s->id) && (!u || rev <= u->id);
}

static char *find_reason(const struct json_node *reasons, const char *id, enum smcp_revision_id rev)
{
    const struct json_node *row;

    for (row = reasons ? reasons->first : NULL; row; row = row->next) {
        const struct json_node *row_id = json_get(row, "id");

        if (row_id && json_string_is(row_id->text, slice_str(id)) && within(row, rev))
            return json_node_str(json_get(row, "reason"), NULL);
    }
    return NULL;
}

static enum coverage judge(const struct proof *p)
{
    if (p->judged > 0)
        return COVERED;
    if (p->observed > 0 &&
        (p->r->level != LEVEL_MUST || p->r->kind == REQUIREMENT_TRACE || p->reason))
        return OBSERVED;
    return p->reason ? EXCUSED : MISSING;
}

static bool concerns(const struct requirement *r, const struct options *o)
{
    bool client = strcmp(o->actor, "server") != 0;

    if (!requirement_applies(r, o->rev) || r->kind == REQUIREMENT_CONTRADICTION)
        return false;
    return strcmp(r->actor, o->actor) == 0 || strcmp(r->actor, "all") == 0 ||
           (client && strcmp(r->actor, "client") == 0);
}

/* ---- printing ---- */

static void print_text(const struct proof *p, enum coverage c)
{
    printf("%-10s %-11s %-8s %s\n", p->r->id, p->r->level_text, coverage_names[c], p->r->statement);
    for (const char *at = p->checks.data, *end = at ? at + p->checks.len : at; at < end;) {
        const char *line = memchr(at, '\n', (size_t)(end - at));

        line = line ? line : end;
        printf("           - %.*s\n", (int)(line - at), at);
        at = line + 1;
    }
    if (p->reason)
        printf("           reason: %s\n", p->reason);
}

static void append_cell(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] == '|')
            buf_append_ch(out, '\\');
        if (text.ptr[i] == '\n')
            buf_append_str(out, "<br>");
        else
            buf_append_ch(out, text.ptr[i]);
    }
}

static void print_markdown(const struct proof *p, enum coverage c)
{
    struct buf line;

    buf_init(&line, 1 << 20);
    buf_appendf(&line, "| %s | %s | %s | ", p->r->id, p->r->level_text, coverage_names[c]);
    append_cell(&line, slice_str(p->r->statement));
    buf_append_str(&line, " | ");
    append_cell(&line, buf_slice(&p->checks));
    if (p->reason) {
        buf_append_str(&line, p->checks.len ? "<br>" : "");
        append_cell(&line, slice_str(p->reason));
    }
    buf_append_str(&line, " |\n");
    fwrite(line.data, 1, line.len, stdout);
    buf_release(&line);
}

static void append_checks_json(struct buf *out, struct slice checks)
{
    const char *at = checks.ptr, *end = at ? at + checks.len : at, *line;

    while (at < end) {
        line = memchr(at, '\n', (size_t)(end - at));
        line = line ? line : end;
        if (at != checks.ptr)
            buf_append_ch(out, ',');
        buf_append_json_string(out, slice_of(at, (size_t)(line - at)));
        at = line + 1;
    }
}

static void print_json(const struct proof *p, enum coverage c, bool first)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    buf_appendf(&out, "%s{\"id\":\"%s\",\"level\":\"%s\",\"coverage\":\"%s\",\"checks\":[",
                first ? "" : ",\n", p->r->id, p->r->level_text, coverage_names[c]);
    append_checks_json(&out, buf_slice(&p->checks));
    buf_append_ch(&out, ']');
    if (p->reason) {
        buf_append_str(&out, ",\"reason\":");
        buf_append_json_string(&out, slice_str(p->reason));
    }
    buf_append_ch(&out, '}');
    fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
}

struct totals {
    size_t rows[COVERAGE_COUNT];
    size_t missing_must, printed;
};

static void one_row(const struct options *o, const struct scenario_set *set,
                    const struct json_node *reasons, const struct requirement *r, struct totals *t)
{
    struct proof p = {.r = r};
    enum coverage c;

    buf_init(&p.checks, 1 << 20);
    for (size_t i = 0; i < set->n; i++)
        add_steps(&p, set->items[i], set->items[i]->steps, set->items[i]->n_steps, o->rev);
    add_monitors(&p);
    p.reason = find_reason(reasons, r->id, o->rev);
    c = judge(&p);
    t->rows[c]++;
    t->missing_must += c == MISSING && r->level == LEVEL_MUST;
    if (!o->missing_only || c == MISSING) {
        if (o->json)
            print_json(&p, c, t->printed == 0);
        else if (o->markdown)
            print_markdown(&p, c);
        else
            print_text(&p, c);
        t->printed++;
    }
    buf_release(&p.checks);
    free(p.reason);
}

static void print_head(const struct options *o)
{
    if (o->json)
        printf("[");
    if (o->markdown)
        printf("# Which check proves which requirement\n\nGenerated by `smcp-harness coverage "
               "--revision %s --actor %s "
               "--markdown`; do not edit.\n\n| Requirement | Level | Coverage | Statement | "
               "Checks, or why there are none |\n"
               "|---|---|---|---|---|\n",
               smcp_revision(o->rev)->name, o->actor);
}

static void print_foot(const struct options *o, const struct totals *t)
{
    if (o->json) {
        puts("]");
        return;
    }
    printf("%s%zu requirements of revision %s for %s: %zu checked, %zu observed, %zu excused, %zu "
           "missing (%zu of them "
           "MUST)\n",
           o->markdown ? "\n" : "", t->rows[0] + t->rows[1] + t->rows[2] + t->rows[3],
           smcp_revision(o->rev)->name, o->actor, t->rows[COVERED], t->rows[OBSERVED],
           t->rows[EXCUSED], t->rows[MISSING], t->missing_must);
}

static int print_all(const struct options *o, const struct scenario_set *set,
                     const struct json_node *reasons)
{
    const struct requirement *r;
    struct totals t = {0};

    print_head(o);
    for (size_t i = 0; (r = requirement_at(i)); i++) {
        if (concerns(r, o))
            one_row(o, set, reasons, r, &t);
    }
    print_foot(o, &t);
    return t.missing_must > 0 ? 1 : 0;
}

/* ---- options ---- */

static bool take_actor(struct options *o, const char *value)
{
    static const char words[] = "server agent computer";
    char *best, *phrase;

    if (strcmp(value, "server") == 0 || strcmp(value, "agent") == 0 ||
        strcmp(value, "computer") == 0) {
        o->actor = value;
        return true;
    }
    best = suggest_from_words(value, words);
    phrase = suggest_phrase(best);
    fprintf(stderr, "smcp-harness coverage: unknown actor `%s`%s\n", value, phrase);
    free(phrase);
    free(best);
    return false;
}

static bool take_option(struct options *o, int arg, const char *value)
{
    switch (arg) {
    case OPT_REVISION:
        return revision_from_option("smcp-harness coverage", value, &o->rev);
    case OPT_ACTOR:
        return take_actor(o, value);
    case OPT_SCENARIOS:
        o->dir = value;
        return true;
    case OPT_JSON:
        o->json = true;
        return true;
    case OPT_MARKDOWN:
        o->markdown = true;
        return true;
    case OPT_MISSING:
        o->missing_only = true;
        return true;
    case OPT_HELP:
        o->help = true;
        return true;
    default:
        if (arg == CLI_OPERAND)
            fprintf(stderr, "smcp-harness coverage: unexpected argument `%s`\n", value);
        return false;
    }
}

/* harness/uncovered.json; our own file, so a mistake in it is a mistake of the build. */
static struct json_doc *load_reasons(void)
{
    const struct embedded_file *file = &embedded_uncovered[0];
    struct json_doc *doc = NULL;
    struct wire_fault fault;
    enum wire_err err =
        json_doc_parse(slice_of((const char *)file->data, file->len), 16, &doc, &fault);

    assert(err == WIRE_OK);
    (void)err;
    return doc;
}

static int run(const struct options *o)
{
    struct scenario_set set;
    struct json_doc *reasons;
    struct diag fault;
    int code;

    if (!scenario_set_load(&set, o->dir, &fault)) {
        fprintf(stderr, "%s:%u:%u: %s\n", fault.path, fault.at.line, fault.at.column, fault.text);
        diag_release(&fault);
        return 2;
    }
    reasons = load_reasons();
    code = print_all(o, &set, json_get(json_doc_root(reasons), "reasons"));
    json_doc_free(reasons);
    scenario_set_release(&set);
    return code;
}

int cmd_coverage(int argc, char **argv)
{
    struct cli cli;
    struct options o = {.rev = SMCP_REV_0_1, .actor = "server"};
    const char *value;
    int arg;

    cli_init(&cli, "smcp-harness coverage", specs, ARRAY_LEN(specs), argc, argv);
    while (!o.help && (arg = cli_next(&cli, &value)) != CLI_END) {
        if (!take_option(&o, arg, value))
            return 2;
    }
    if (o.help) {
        print_help();
        return 0;
    }
    return run(&o);
}
