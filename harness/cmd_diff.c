/* SPDX-License-Identifier: Apache-2.0 */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "harness/commands.h"
#include "harness/report/evidence.h"
#include "harness/report/load.h"
#include "wire/macros.h"
#include "wire/xmalloc.h"

enum { OPTION_JSON, OPTION_HELP };

static const struct cli_option options[] = {
    [OPTION_JSON] = {"--json", 0, NULL, "as JSON"},
    [OPTION_HELP] = {"--help", 'h', NULL, "this text"},
};

/* A check of a report, for looking up in the other. */
struct key {
    const struct run_result *r;
    const struct scenario_result *s;
    const struct check_result *c;
};

struct index {
    struct key *keys; /* owned; sorted */
    size_t n;
};

enum change { NEWLY_RED, NEWLY_GREEN, CHANGED, ADDED, GONE, CHANGE_COUNT };

static const char *const change_names[CHANGE_COUNT] = {"newly_red", "newly_green", "changed",
                                                       "added", "gone"};
static const char *const change_titles[CHANGE_COUNT] = {
    "newly red", "newly green", "changed", "only in the new report", "only in the old report"};

struct diff {
    cJSON *lists[CHANGE_COUNT]; /* owned */
};

static void print_help(void)
{
    printf(
        "Usage: smcp-harness diff OLD.json NEW.json [options]\n"
        "What has changed between two JSON reports: checks that are newly red or newly green, and "
        "observed behaviour that\nis another.  Red is a failure that no baseline lists and that is "
        "scored.\n\n");
    cli_print_options(options, ARRAY_LEN(options));
    printf("\nExit status: 0 nothing is newly red, 1 something is, 2 a file is no report.\n"
           "\nExamples:\n"
           "  smcp-harness diff main.json branch.json\n");
}

static int by_subject(const void *a, const void *b)
{
    const struct key *one = a, *other = b;
    int order = strcmp(one->s->scenario->id, other->s->scenario->id);

    if (!order)
        order = strcmp(one->c->check, other->c->check);
    if (!order)
        order = strcmp(one->s->transport, other->s->transport);
    if (!order)
        order = (one->s->repetition > other->s->repetition) -
                (one->s->repetition < other->s->repetition);
    return order;
}

static struct index index_of(const struct run_result *r)
{
    struct index x = {xcalloc(r->declared_checks + 1, sizeof(struct key)), 0};

    for (size_t i = 0; i < r->n_scenarios; i++)
        for (size_t k = 0; k < r->scenarios[i].n_checks; k++)
            x.keys[x.n++] = (struct key){r, &r->scenarios[i], &r->scenarios[i].checks[k]};
    qsort(x.keys, x.n, sizeof(*x.keys), by_subject);
    return x;
}

static bool is_red(const struct key *key)
{
    return key->c->verdict >= VERDICT_FAIL && check_is_unexpected(key->r, key->c);
}

static bool is_green(const struct key *key)
{
    return key->c->verdict >= VERDICT_PASS && key->c->verdict <= VERDICT_WARN;
}

static void add_text(cJSON *object, const char *name, const char *text)
{
    char *clean = text_clean(text, 4096);

    if (clean)
        cJSON_AddStringToObject(object, name, clean);
    free(clean);
}

static const char *account(const struct check_result *c)
{
    return c->observed ? c->observed : c->reason;
}

static void note(struct diff *d, enum change change, const struct key *was, const struct key *is)
{
    const struct key *any = is ? is : was;
    cJSON *object = cJSON_CreateObject();

    add_text(object, "scenario", any->s->scenario->id);
    add_text(object, "check", any->c->check);
    add_text(object, "transport", any->s->transport);
    if (was) {
        add_text(object, "old_verdict", verdict_name(was->c->verdict));
        add_text(object, "old", account(was->c));
    }
    if (is) {
        add_text(object, "new_verdict", verdict_name(is->c->verdict));
        add_text(object, "new", account(is->c));
    }
    cJSON_AddItemToArray(d->lists[change], object);
}

static bool other_behaviour(const struct check_result *was, const struct check_result *is)
{
    return was->observed && is->observed && strcmp(was->observed, is->observed) != 0;
}

static void weigh(struct diff *d, const struct key *was, const struct key *is)
{
    if (is_red(is) && !is_red(was))
        note(d, NEWLY_RED, was, is);
    else if (is_red(was) && is_green(is))
        note(d, NEWLY_GREEN, was, is);
    else if (was->c->verdict != is->c->verdict || other_behaviour(was->c, is->c))
        note(d, CHANGED, was, is);
}

/* Both are sorted: one walk. */
static void walk(struct diff *d, const struct index *was, const struct index *is)
{
    size_t i = 0, k = 0;

    while (i < was->n || k < is->n) {
        int order = i == was->n ? 1 : k == is->n ? -1 : by_subject(&was->keys[i], &is->keys[k]);

        if (order < 0)
            note(d, GONE, &was->keys[i++], NULL);
        else if (order > 0 && is_red(&is->keys[k]))
            note(d, NEWLY_RED, NULL, &is->keys[k++]);
        else if (order > 0)
            note(d, ADDED, NULL, &is->keys[k++]);
        else
            weigh(d, &was->keys[i++], &is->keys[k++]);
    }
}

static void print_item(const cJSON *item)
{
    static const char *const members[] = {"old", "new"};

    printf("  %s [%s]: %s", cJSON_GetObjectItem(item, "scenario")->valuestring,
           cJSON_GetObjectItem(item, "transport")->valuestring,
           cJSON_GetObjectItem(item, "check")->valuestring);
    for (size_t i = 0; i < ARRAY_LEN(members); i++) {
        char *verdict = xasprintf("%s_verdict", members[i]);
        const cJSON *v = cJSON_GetObjectItem(item, verdict);
        const cJSON *text = cJSON_GetObjectItem(item, members[i]);
        struct buf b;

        free(verdict);
        if (!v)
            continue;
        buf_init(&b, SIZE_MAX);
        text_append_visible(&b, text ? text->valuestring : "", 200);
        printf("\n    %s: %s%s%.*s", members[i], v->valuestring, b.len ? ", " : "", (int)b.len,
               b.data ? b.data : "");
        buf_release(&b);
    }
    putchar('\n');
}

static void print_text(const struct diff *d)
{
    for (int change = 0; change < CHANGE_COUNT; change++) {
        int n = cJSON_GetArraySize(d->lists[change]);
        const cJSON *item;

        if (n == 0)
            continue;
        printf("%s: %d\n", change_titles[change], n);
        if (change == ADDED || change == GONE) /* the numbers say enough */
            continue;
        cJSON_ArrayForEach(item, d->lists[change]) print_item(item);
    }
    printf("%d newly red, %d newly green, %d changed\n", cJSON_GetArraySize(d->lists[NEWLY_RED]),
           cJSON_GetArraySize(d->lists[NEWLY_GREEN]), cJSON_GetArraySize(d->lists[CHANGED]));
}

/* Takes the lists. */
static void print_json(struct diff *d)
{
    cJSON *root = cJSON_CreateObject();
    char *text;

    for (int change = 0; change < CHANGE_COUNT; change++)
        cJSON_AddItemToObject(root, change_names[change], d->lists[change]);
    text = cJSON_Print(root);
    puts(text);
    free(text);
    cJSON_Delete(root);
}

static int compare(const struct run_result *was, const struct run_result *is, bool json)
{
    struct index old_index = index_of(was), new_index = index_of(is);
    cJSON_Hooks hooks = {xmalloc, free};
    struct diff d;
    bool red;

    cJSON_InitHooks(&hooks);
    for (int change = 0; change < CHANGE_COUNT; change++)
        d.lists[change] = cJSON_CreateArray();
    walk(&d, &old_index, &new_index);
    red = cJSON_GetArraySize(d.lists[NEWLY_RED]) > 0;
    if (json) {
        print_json(&d);
    } else {
        print_text(&d);
        for (int change = 0; change < CHANGE_COUNT; change++)
            cJSON_Delete(d.lists[change]);
    }
    free(old_index.keys);
    free(new_index.keys);
    return red ? EXIT_FAILED : EXIT_FINE;
}

static int load_and_compare(const char *const paths[2], bool json)
{
    struct loaded_report *reports[2] = {NULL, NULL};
    int status = EXIT_FINE;
    char *error = NULL;

    for (size_t i = 0; i < 2 && status == EXIT_FINE; i++) {
        reports[i] = report_load(paths[i], &error);
        if (reports[i])
            continue;
        fprintf(stderr, "smcp-harness diff: %s\n", error);
        free(error);
        status = EXIT_USAGE_ERROR;
    }
    if (status == EXIT_FINE)
        status = compare(&reports[0]->result, &reports[1]->result, json);
    report_unload(reports[0]);
    report_unload(reports[1]);
    return status;
}

int cmd_diff(int argc, char **argv)
{
    const char *paths[2] = {NULL, NULL}, *value;
    struct cli cli;
    size_t n = 0;
    bool json = false;
    int id;

    cli_init(&cli, "smcp-harness diff", options, ARRAY_LEN(options), argc, argv);
    while ((id = cli_next(&cli, &value)) != CLI_END) {
        if (id == CLI_ERROR)
            return EXIT_USAGE_ERROR;
        if (id == OPTION_HELP) {
            print_help();
            return EXIT_FINE;
        }
        json = json || id == OPTION_JSON;
        if (id == CLI_OPERAND && n < 2)
            paths[n] = value;
        n += id == CLI_OPERAND;
    }
    if (n != 2) {
        fprintf(stderr, "smcp-harness diff: two JSON reports are needed, OLD and NEW\n");
        return EXIT_USAGE_ERROR;
    }
    return load_and_compare(paths, json);
}
