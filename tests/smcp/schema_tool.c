/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "smcp/schema.h"

/*
 * The validator as a filter, for the official JSON Schema test suite (tests/stages/35-json-schema.sh).  Reads test files in the
 * suite's format and prints one line per test:  "pass", "FAIL" or "skip", then what it is.
 */

enum { MAX_BYTES = 8 << 20 };

struct counts {
    unsigned passed, failed, skipped;
};

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

/* A schema with keywords that we do not have is refused at load: its tests do not apply. */
static void run_group(const char *path, const struct json_node *group, struct counts *counts)
{
    struct schema_set *set = schema_set_new();
    struct schema_fault fault = {0};
    char *title = text_of(group, "description");
    const char *name = NULL;
    const struct json_node *test;
    bool ok = schema_set_add(set, "suite/schema", json_get(group, "schema")->text, &fault) &&
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

/* Does FILE satisfy built-in SCHEMA?  For comparing our answer with another validator's. */
static int validate(const char *schema_name, const char *path)
{
    const struct schema *schema = schema_find(schema_set_embedded(), SMCP_REV_0_1, schema_name);
    struct schema_miss why = {0};
    size_t len = 0;
    char *text = read_file(path, &len);
    bool valid;

    if (!schema || !text) {
        fprintf(stderr, "%s\n", schema ? "cannot be read" : "no such schema");
        free(text);
        return 2;
    }
    valid = schema_valid(schema, slice_of(text, len), &why);
    puts(valid ? "valid" : why.text);
    schema_miss_release(&why);
    free(text);
    return valid ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct counts counts = {0};
    bool ok = argc > 1;

    if (argc == 4 && strcmp(argv[1], "--validate") == 0)
        return validate(argv[2], argv[3]);
    for (int i = 1; i < argc; i++)
        ok &= run_file(argv[i], &counts);
    printf("%u passed, %u failed, %u skipped\n", counts.passed, counts.failed, counts.skipped);
    return ok && counts.failed == 0 ? 0 : 1;
}
