/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/select.h"
#include "harness/story.h"
#include "smcp/requirements.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

static const char usage[] =
    "Usage: smcp-harness explain [OPTIONS] ID\n"
    "What a scenario plays and why, or what a requirement says and who checks it.\n"
    "\n"
    "  smcp-harness explain room.join.notifies-others\n"
    "  smcp-harness explain NOTIFY-05\n";

enum { OPT_SCENARIOS, OPT_REVISION, OPT_HELP };

static const struct cli_option specs[] = {
    [OPT_SCENARIOS] = {"--scenarios", 0, "DIR", "a folder instead of the built-in ones"},
    [OPT_REVISION] = {"--revision", 0, "R",
                      "steps as this revision plays them (default: the newest that is served)"},
    [OPT_HELP] = {"--help", 'h', NULL, "this text"},
};

static void print_help(void)
{
    fputs(usage, stdout);
    puts("\nOptions:");
    cli_print_options(specs, ARRAY_LEN(specs));
}

/* ---- scenarios ---- */

static void print_requirement_line(const char *id)
{
    const struct requirement *r = requirement_find(id);

    if (r)
        printf("  %-10s %s: %s\n", r->id, r->level_text, r->statement);
}

/* Each id once, in the order of the steps. */
struct printed {
    const char **ids;
    size_t n;
};

/* False when it was printed before. */
static bool is_news(struct printed *p, const char *text)
{
    for (size_t k = 0; k < p->n; k++)
        if (strcmp(p->ids[k], text) == 0)
            return false;
    selection_add(&p->ids, &p->n, text);
    return true;
}

static void print_ids(struct printed *p, const struct step *steps, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (const char **id = steps[i].requirements; id && *id; id++)
            if (is_news(p, *id))
                print_requirement_line(*id);
        print_ids(p, steps[i].children, steps[i].n_children);
    }
}

static const char *role_name(enum actor_role role)
{
    static const char *const names[] = {
        [ACTOR_AGENT] = "agent", [ACTOR_COMPUTER] = "computer", [ACTOR_RAW] = "raw connection"};

    return names[role];
}

static enum smcp_revision_id shown_revision(const struct scenario *sc, enum smcp_revision_id wanted)
{
    if (wanted < sc->since)
        return sc->since;
    return wanted > sc->until ? sc->until : wanted;
}

static void explain_scenario(const struct scenario *sc, enum smcp_revision_id wanted)
{
    char *why = json_node_str(json_get(json_doc_root(sc->doc), "why"), NULL);
    enum smcp_revision_id rev = shown_revision(sc, wanted);
    struct printed printed = {0};
    struct buf text;

    printf("%s\n%s\n", sc->id, sc->title);
    if (why)
        printf("%s\n", why);
    printf("\nfile: %s   revisions: %s to %s\nactors:", sc->path, smcp_revision(sc->since)->name,
           smcp_revision(sc->until)->name);
    for (size_t i = 0; i < sc->n_actors; i++)
        printf("%s %s (%s)", i ? "," : "", sc->actors[i].name, role_name(sc->actors[i].role));
    printf("\nsteps in revision %s:\n", smcp_revision(rev)->name);
    buf_init(&text, 1 << 22);
    story_steps(sc, rev, &text);
    fwrite(text.data, 1, text.len, stdout);
    buf_release(&text);
    puts("\nrequirements:");
    print_ids(&printed, sc->steps, sc->n_steps);
    free(printed.ids);
    free(why);
}

/* ---- requirements ---- */

static bool names(const struct step *s, const char *id)
{
    for (const char **r = s->requirements; r && *r; r++) {
        if (strcmp(*r, id) == 0)
            return true;
    }
    return false;
}

/* A step in rounds, or of a group, is one check with others of that name: told once. */
static void print_checks(const struct scenario *sc, const struct step *steps, size_t n,
                         const char *id, struct printed *told)
{
    for (size_t i = 0; i < n; i++) {
        if (names(&steps[i], id) && is_news(told, steps[i].check)) {
            if (told->n == 1)
                printf("  %s: %s\n", sc->id, sc->title);
            printf("      %s%s\n", steps[i].check, steps[i].observe ? " (observes)" : "");
        }
        print_checks(sc, steps[i].children, steps[i].n_children, id, told);
    }
}

static void explain_requirement(const struct requirement *r, const struct scenario_set *set)
{
    const char *group = requirement_group_title(r->group);
    size_t found = 0;

    printf("%s  %s, about: %s, revisions: %s to %s%s%s\n", r->id, r->level_text, r->actor,
           smcp_revision(r->since)->name, smcp_revision(r->until)->name,
           r->scope ? ", scope: " : "", r->scope ? r->scope : "");
    if (group)
        printf("%s: %s\n", r->group, group);
    printf("\n%s\n", r->statement);
    if (*r->wire)
        printf("On the wire: %s\n", r->wire);
    puts("\nchecks:");
    for (size_t i = 0; i < set->n; i++) {
        const struct scenario *sc = set->items[i];
        struct printed told = {0};

        print_checks(sc, sc->steps, sc->n_steps, r->id, &told);
        found += told.n;
        free(told.ids);
    }
    if (found == 0)
        puts("  none");
}

/* ---- which of the two ---- */

static int unknown(const char *id, const struct scenario_set *set)
{
    const struct requirement *r;
    struct suggest near;
    char *phrase;

    suggest_init(&near, id);
    for (size_t i = 0; i < set->n; i++)
        suggest_offer(&near, set->items[i]->id);
    for (size_t i = 0; (r = requirement_at(i)); i++)
        suggest_offer(&near, r->id);
    phrase = suggest_phrase(near.best);
    fprintf(stderr, "smcp-harness explain: neither a scenario nor a requirement: `%s`%s\n", id,
            phrase);
    free(phrase);
    return 2;
}

/* Its id, or that of a table: the first row. */
static bool is_called(const struct scenario *sc, const char *id)
{
    size_t len = strlen(id);

    return strncmp(sc->id, id, len) == 0 && (sc->id[len] == '\0' || sc->id[len] == '[');
}

static int explain(const char *id, const struct scenario_set *set, enum smcp_revision_id rev)
{
    const struct requirement *r = requirement_find(id);

    if (r) {
        explain_requirement(r, set);
        return 0;
    }
    for (size_t i = 0; i < set->n; i++) {
        if (is_called(set->items[i], id)) {
            explain_scenario(set->items[i], rev);
            return 0;
        }
    }
    return unknown(id, set);
}

static enum smcp_revision_id newest_served(void)
{
    int rev = SMCP_REV_COUNT - 1;

    while (rev > 0 && !smcp_revision((enum smcp_revision_id)rev)->served)
        rev--;
    return (enum smcp_revision_id)rev;
}

static int load_and_explain(const char *id, const char *dir, enum smcp_revision_id rev)
{
    struct scenario_set set;
    struct diag fault;
    int code;

    if (!scenario_set_load(&set, dir, &fault)) {
        fprintf(stderr, "%s:%u:%u: %s\n", fault.path, fault.at.line, fault.at.column, fault.text);
        diag_release(&fault);
        return 2;
    }
    code = explain(id, &set, rev);
    scenario_set_release(&set);
    return code;
}

int cmd_explain(int argc, char **argv)
{
    struct cli cli;
    enum smcp_revision_id rev = newest_served();
    const char *value, *id = NULL, *dir = NULL;
    int arg;

    cli_init(&cli, "smcp-harness explain", specs, ARRAY_LEN(specs), argc, argv);
    while ((arg = cli_next(&cli, &value)) != CLI_END) {
        if (arg == OPT_HELP) {
            print_help();
            return 0;
        }
        if (arg == CLI_OPERAND && !id)
            id = value;
        else if (arg == OPT_SCENARIOS)
            dir = value;
        else if (arg != OPT_REVISION || !revision_from_option("smcp-harness explain", value, &rev))
            return 2;
    }
    if (!id) {
        fputs("smcp-harness explain: which scenario or requirement?\n", stderr);
        return 2;
    }
    return load_and_explain(id, dir, rev);
}
