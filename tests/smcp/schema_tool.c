/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/schema.h"

/*
 * The validator as a filter, for the official JSON Schema test suite (tests/stages/35-json-schema.sh):
 *     schema_tool [--remote URI-WITHOUT-.json FILE]... TEST-FILE...
 *     schema_tool --payloads REVISION FILE-OF-fixtures/payloads
 * Reads test files in the suite's format and prints one line per test: "pass", "FAIL" or "skip", then what it is.
 */

enum { MAX_BYTES = 8 << 20 };

struct counts {
    unsigned passed, failed, skipped;
};

/* Documents that the suite expects to be found under a URI. */
enum { MAX_REMOTES = 64 };
static struct remote {
    const char *name;
    char *text;
    size_t len;
} remotes[MAX_REMOTES];
static size_t n_remotes;

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    char *text;

    if (!file)
        return NULL;
    text = malloc(MAX_BYTES);
    *ret_len = text ? fread(text, 1, MAX_BYTES, file) : 0;
    fclose(file);
    return text;
}

static char *text_of(const struct json_node *group, const char *member)
{
    char *text = json_node_str(json_get(group, member), NULL);

    return text ? text : calloc(1, 1);
}

static void run_test(const char *path, const char *group, const struct schema *schema,
                     const struct json_node *test, struct counts *counts)
{
    const struct json_node *want = json_get(test, "valid");
    struct schema_miss why = {0};
    char *title = text_of(test, "description");
    bool valid = schema_valid_node(schema, json_get(test, "data"), &why);

    if (valid == (want->type == JSON_TRUE)) {
        counts->passed++;
        printf("pass %s: %s: %s\n", path, group, title);
    } else {
        counts->failed++;
        printf("FAIL %s: %s: %s: %s %s\n", path, group, title, valid ? "accepted" : "refused",
               why.text ? why.text : "");
    }
    schema_miss_release(&why);
    free(title);
}

/* Those with keywords that we do not have stay away; a $ref to them then leads nowhere. */
static void add_remotes(struct schema_set *set)
{
    for (size_t i = 0; i < n_remotes; i++) {
        struct schema_fault fault = {0};

        if (!schema_set_add(set, remotes[i].name, slice_of(remotes[i].text, remotes[i].len),
                            &fault))
            schema_fault_release(&fault);
    }
}

/* A schema with keywords that we do not have is refused at load: its tests do not apply. */
static void run_group(const char *path, const struct json_node *group, struct counts *counts)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = {0};
    char *title = text_of(group, "description");
    const char *name = NULL;
    const struct json_node *test;
    bool ok;

    add_remotes(set);
    ok = schema_set_add(set, "suite/schema", json_get(group, "schema")->text, &fault) &&
         schema_set_resolve(set, &name, &fault);

    for (test = json_get(group, "tests")->first; test; test = test->next) {
        if (ok) {
            run_test(path, title, schema_find(set, SMCP_REV_0_1, "suite/schema"), test, counts);
            continue;
        }
        counts->skipped++;
        printf("skip %s: %s: %s\n", path, title, fault.text);
    }
    schema_fault_release(&fault);
    schema_set_free(set);
    free(title);
}

static bool run_file(const char *path, struct counts *counts)
{
    const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
    struct json_doc *doc;
    struct wire_fault fault;
    size_t len = 0;
    char *text = read_file(path, &len);
    const struct json_node *group;

    if (!text || json_doc_parse(slice_of(text, len), 1000, &doc, &fault) != WIRE_OK) {
        fprintf(stderr, "%s: cannot be read\n", path);
        free(text);
        return false;
    }
    for (group = json_doc_root(doc)->first; group; group = group->next)
        run_group(name, group, counts);
    json_doc_free(doc);
    free(text);
    return true;
}

/* One line per example: the verdict, the place of the violation, and in words. */
static void judge_examples(const struct schema *schema, const struct json_node *rows, bool valid)
{
    const struct json_node *row;

    for (row = rows ? rows->first : NULL; row; row = row->next) {
        struct schema_miss why = {0};
        char *title = text_of(row, "why");
        bool is_valid = schema_valid_node(schema, json_get(row, "value"), &why);

        printf("%s\t%s\t%s: %s\n", is_valid == valid ? "pass" : "FAIL",
               why.pointer ? why.pointer : "", title, is_valid ? "valid" : why.text);
        schema_miss_release(&why);
        free(title);
    }
}

/* A file of fixtures/payloads against the built-in schema that it names. */
static int judge_payloads(const char *revision, const char *path)
{
    const struct smcp_revision *rev = smcp_revision_find(slice_str(revision));
    const struct schema *schema = NULL;
    struct json_doc *doc = NULL;
    struct wire_fault fault;
    size_t len = 0;
    char *text = read_file(path, &len), *name;

    if (rev && text && json_doc_parse(slice_of(text, len), 100, &doc, &fault) == WIRE_OK) {
        name = text_of(json_doc_root(doc), "schema");
        schema = schema_find(schema_set_embedded(), rev->id, name);
        free(name);
    }
    if (schema) {
        judge_examples(schema, json_get(json_doc_root(doc), "valid"), true);
        judge_examples(schema, json_get(json_doc_root(doc), "invalid"), false);
    } else {
        fprintf(stderr, "%s: no such schema, or not to be read\n", path);
    }
    json_doc_free(doc);
    free(text);
    return schema ? 0 : 2;
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    bool ok = argc > 1;

    if (argc == 4 && strcmp(argv[1], "--payloads") == 0)
        return judge_payloads(argv[2], argv[3]);
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--remote") == 0 && i + 2 < argc && n_remotes < MAX_REMOTES) {
            struct remote *r = &remotes[n_remotes++];

            r->name = argv[i + 1];
            r->text = read_file(argv[i + 2], &r->len);
            ok &= r->text != NULL;
            i += 2;
            continue;
        }
        ok &= run_file(argv[i], &counts);
    }
    for (size_t i = 0; i < n_remotes; i++)
        free(remotes[i].text);
    printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return ok && counts.failed == 0 ? 0 : 1;
}
