/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/select.h"
#include "wire/xmalloc.h"

static const char usage[] = "Usage: smcp-harness list [OPTIONS]\n"
                            "The scenarios: id, title, tags.\n"
                            "\n"
                            "  smcp-harness list --only 'room.*' --revision 0.1\n";

enum { OPT_ONLY, OPT_EXCLUDE, OPT_TAG, OPT_REVISION, OPT_SCENARIOS, OPT_JSON, OPT_HELP };

static const struct cli_option specs[] = {
    [OPT_ONLY] = {"--only", 0, "GLOB", "only ids that match; may be repeated"},
    [OPT_EXCLUDE] = {"--exclude", 0, "GLOB", "not these; may be repeated"},
    [OPT_TAG] = {"--tag", 0, "TAG", "only with this tag; may be repeated"},
    [OPT_REVISION] = {"--revision", 0, "R", "only what applies to a revision"},
    [OPT_SCENARIOS] = {"--scenarios", 0, "DIR", "a folder instead of the built-in ones"},
    [OPT_JSON] = {"--json", 0, NULL, "as JSON"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

static void print_help(void)
{
    fputs(usage, stdout);
    puts("\nOptions:");
    cli_print_options(specs, ARRAY_LEN(specs));
}

struct list_options {
    struct selection sel;
    const char *dir;
    bool json;
    bool help;
};

static bool take_option(struct list_options *o, int arg, const char *value)
{
    switch (arg) {
    case OPT_ONLY:
        selection_add(&o->sel.only, &o->sel.n_only, value);
        return true;
    case OPT_EXCLUDE:
        selection_add(&o->sel.exclude, &o->sel.n_exclude, value);
        return true;
    case OPT_TAG:
        selection_add(&o->sel.tags, &o->sel.n_tags, value);
        return true;
    case OPT_REVISION:
        o->sel.by_revision = true;
        return revision_from_option("smcp-harness list", value, &o->sel.revision);
    case OPT_SCENARIOS:
        o->dir = value;
        return true;
    case OPT_JSON:
        o->json = true;
        return true;
    case OPT_HELP:
        o->help = true;
        return true;
    default:
        if (arg == CLI_OPERAND)
            fprintf(stderr, "smcp-harness list: unexpected argument `%s` (for ids: --only)\n",
                    value);
        return false;
    }
}

static void print_text(const struct scenario *sc, int width)
{
    printf("%-*s  %s", width, sc->id, sc->title);
    for (char **t = sc->tags; t && *t; t++)
        printf("%s%s", t == sc->tags ? "  [" : " ", *t);
    puts(sc->tags && *sc->tags ? "]" : "");
}

static void append_words(struct buf *out, const char *key, char **words)
{
    buf_appendf(out, ",\"%s\":[", key);
    for (char **w = words; w && *w; w++) {
        if (w != words)
            buf_append_ch(out, ',');
        buf_append_json_string(out, slice_str(*w));
    }
    buf_append_ch(out, ']');
}

static void print_json(const struct scenario *sc, bool first)
{
    struct buf out;

    buf_init(&out, 1 << 20);
    buf_append_str(&out, first ? "" : ",\n");
    buf_append_str(&out, "{\"id\":");
    buf_append_json_string(&out, slice_str(sc->id));
    buf_append_str(&out, ",\"title\":");
    buf_append_json_string(&out, slice_str(sc->title));
    buf_appendf(&out, ",\"since\":\"%s\",\"until\":\"%s\"", smcp_revision(sc->since)->name,
                smcp_revision(sc->until)->name);
    append_words(&out, "tags", sc->tags);
    append_words(&out, "needs", sc->needs);
    buf_append_str(&out, ",\"path\":");
    buf_append_json_string(&out, slice_str(sc->path));
    buf_append_ch(&out, '}');
    fwrite(out.data, 1, out.len, stdout);
    buf_release(&out);
}

static int id_width(const struct scenario_set *set, const struct selection *sel)
{
    size_t width = 0;

    for (size_t i = 0; i < set->n; i++) {
        size_t len = strlen(set->items[i]->id);

        if (len > width && len < 60 && selection_takes(sel, set->items[i]))
            width = len;
    }
    return (int)width;
}

static int print_all(const struct list_options *o, const struct scenario_set *set)
{
    int width = id_width(set, &o->sel);
    size_t n = 0;

    if (o->json)
        printf("[");
    for (size_t i = 0; i < set->n; i++) {
        if (!selection_takes(&o->sel, set->items[i]))
            continue;
        if (o->json)
            print_json(set->items[i], n == 0);
        else
            print_text(set->items[i], width);
        n++;
    }
    if (o->json)
        puts("]");
    else
        printf("%zu scenarios\n", n);
    return n > 0 ? 0 : 5;
}

int cmd_list(int argc, char **argv)
{
    struct cli cli;
    struct list_options o = {0};
    struct scenario_set set;
    struct diag fault;
    const char *value;
    bool ok = true;
    int arg, code = 2;

    cli_init(&cli, "smcp-harness list", specs, ARRAY_LEN(specs), argc, argv);
    while (ok && !o.help && (arg = cli_next(&cli, &value)) != CLI_END)
        ok = take_option(&o, arg, value);
    if (ok && o.help) {
        print_help();
        code = 0;
    } else if (ok && scenario_set_load(&set, o.dir, &fault)) {
        code = print_all(&o, &set);
        scenario_set_release(&set);
    } else if (ok) {
        fprintf(stderr, "%s:%u:%u: %s\n", fault.path, fault.at.line, fault.at.column, fault.text);
        diag_release(&fault);
    }
    selection_release(&o.sel);
    return code;
}
