/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/requirements.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/embedded.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_requirements);

/* Made on first use, lives until the end of the program. */
static struct {
    struct requirement *rows; /* in the order of the file */
    const struct requirement **by_id;
    size_t n;
    struct json_doc *doc;
    char **groups; /* "ROOM", title, "AUTH", title, … NULL */
} table;

static const char *text(const struct json_node *row, const char *member)
{
    char *copy = json_node_str(json_get(row, member), NULL);

    return copy ? copy : "";
}

static bool is_set(const struct json_node *v)
{
    return v && v->type == JSON_STRING && v->text.len > 2;
}

static enum requirement_level level_of(const char *level)
{
    if (strncmp(level, "MUST", 4) == 0)
        return LEVEL_MUST;
    if (strncmp(level, "SHOULD", 6) == 0)
        return LEVEL_SHOULD;
    return strncmp(level, "MAY", 3) == 0 ? LEVEL_MAY : LEVEL_OBS;
}

static enum smcp_revision_id revision_of(const struct json_node *name,
                                         enum smcp_revision_id otherwise)
{
    const struct smcp_revision *rev = NULL;

    if (is_set(name))
        rev = smcp_revision_find(slice_of(name->text.ptr + 1, name->text.len - 2));
    return rev ? rev->id : otherwise;
}

static struct requirement rule(const struct json_node *row)
{
    const char *level = text(row, "level");

    return (struct requirement){
        .id = text(row, "id"),
        .kind = REQUIREMENT_RULE,
        .level = level_of(level),
        .level_text = level,
        .actor = text(row, "actor"),
        .group = text(row, "group"),
        .statement = text(row, "statement"),
        .wire = text(row, "wire"),
        .scope = is_set(json_get(row, "scope")) ? text(row, "scope") : NULL,
        .since = revision_of(json_get(row, "since"), 0),
        .until = revision_of(json_get(row, "until"), SMCP_REV_COUNT - 1),
    };
}

static struct requirement trace(const struct json_node *row)
{
    return (struct requirement){
        .id = text(row, "id"),
        .kind = REQUIREMENT_TRACE,
        .level = LEVEL_MUST,
        .level_text = "test",
        .actor = "server",
        .group = "T3",
        .statement = text(row, "test"),
        .wire = text(row, "expected_0_1_to_0_4"),
        .since = SMCP_REV_0_1,
        .until = SMCP_REV_COUNT - 1,
    };
}

static struct requirement contradiction(const struct json_node *row)
{
    return (struct requirement){
        .id = text(row, "id"),
        .kind = REQUIREMENT_CONTRADICTION,
        .level = LEVEL_OBS,
        .level_text = "OBS",
        .actor = "server",
        .group = "D",
        .statement = text(row, "topic"),
        .wire = text(row, "who_does_what"),
        .since = SMCP_REV_RFC,
        .until = SMCP_REV_COUNT - 1,
    };
}

static void add_all(const struct json_node *list,
                    struct requirement (*make)(const struct json_node *))
{
    const struct json_node *row;

    for (row = list ? list->first : NULL; row; row = row->next)
        table.rows[table.n++] = make(row);
}

static int compare_ids(const void *a, const void *b)
{
    const struct requirement *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

static void load_groups(const struct json_node *groups)
{
    const struct json_node *g;
    size_t n = 0;

    table.groups = xcalloc(2 * groups->count + 1, sizeof(*table.groups));
    for (g = groups->first; g; g = g->next) {
        table.groups[n++] = json_node_key(g);
        table.groups[n++] = json_node_str(g, NULL);
    }
}

static void load(void)
{
    const struct embedded_file *file = &embedded_requirements[0];
    const struct json_node *root, *rules, *traces, *contradictions;
    struct json_doc *doc = NULL;
    struct wire_fault fault;
    enum wire_err err;

    if (table.rows)
        return;
    err = json_doc_parse(slice_of((const char *)file->data, file->len), WIRE_MAX_JSON_DEPTH, &doc,
                         &fault);
    assert(err == WIRE_OK);
    (void)err;
    root = json_doc_root(doc);
    rules = json_get(root, "requirements");
    traces = json_get(root, "trace");
    contradictions = json_get(root, "contradictions");
    table.doc = doc;
    load_groups(json_get(root, "groups"));
    table.rows = xcalloc(rules->count + traces->count + contradictions->count, sizeof(*table.rows));
    add_all(rules, rule);
    add_all(traces, trace);
    add_all(contradictions, contradiction);
    table.by_id = xcalloc(table.n, sizeof(*table.by_id));
    for (size_t i = 0; i < table.n; i++)
        table.by_id[i] = &table.rows[i];
    qsort(table.by_id, table.n, sizeof(*table.by_id), compare_ids);
}

const struct requirement *requirement_find(const char *id)
{
    struct requirement wanted = {.id = id};
    const struct requirement *key = &wanted, **found;

    load();
    found = bsearch(&key, table.by_id, table.n, sizeof(*table.by_id), compare_ids);
    return found ? *found : NULL;
}

const struct requirement *requirement_at(size_t index)
{
    load();
    return index < table.n ? &table.rows[index] : NULL;
}

size_t requirement_count(void)
{
    load();
    return table.n;
}

bool requirement_applies(const struct requirement *r, enum smcp_revision_id rev)
{
    return rev >= r->since && rev <= r->until;
}

const char *requirement_group_title(const char *group)
{
    load();
    for (char **g = table.groups; *g; g += 2) {
        if (strcmp(g[0], group) == 0)
            return g[1];
    }
    return NULL;
}
