/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/language.h"

#include <stdlib.h>
#include <string.h>

#include "smcp/matcher.h"
#include "wire/embedded.h"

EMBEDDED_FILES(embedded_language);

/* Prose that is not in any table: harness/language.md, with a line "@NAME" where a table goes. */

static const char *const waits_text[] = {
    [STEP_WAITS_N] = "ends at once", [STEP_WAITS_W] = "waits", [STEP_WAITS_A] = "armed to the end"};

/* A cell of a Markdown table. */
static void print_cell(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '|')
            fputc('\\', out);
        fputc(*text, out);
    }
}

static void print_attributes(FILE *out, const char *list)
{
    const char *between = "";
    struct attribute_use use;

    while (verb_next_attribute(&list, &use)) {
        fprintf(out, "%s%s`%s`%s", between, use.required ? "**" : "", use.row->name,
                use.required ? "**" : "");
        if (use.kind != use.row->kind)
            fprintf(out, " (%s)", attribute_kind_text(use.kind));
        between = ", ";
    }
}

static void print_verbs(FILE *out)
{
    fputs("| Verb | | Attributes (bold: required) | What it does |\n|---|---|---|---|\n", out);
    for (int v = 0; v < VERB_TOGETHER; v++) {
        fprintf(out, "| `%s` | %s | ", verb_rows[v].text, waits_text[verb_rows[v].waits]);
        print_attributes(out, verb_rows[v].attributes);
        fputs(" | ", out);
        print_cell(out, verb_rows[v].help);
        fputs(" |\n", out);
    }
}

/* Steps without an actor. */
static void print_flows(FILE *out)
{
    fputs("| Step | Attributes (bold: required) | What it does |\n|---|---|---|\n", out);
    for (int v = VERB_TOGETHER; v < VERB_COUNT; v++) {
        fprintf(out, "| `%s` | ", verb_rows[v].text);
        print_attributes(out, verb_rows[v].attributes);
        fputs(" | ", out);
        print_cell(out, verb_rows[v].help);
        fputs(" |\n", out);
    }
}

static void print_attribute_table(FILE *out)
{
    fputs("| Attribute | Takes | Meaning |\n|---|---|---|\n", out);
    for (size_t i = 0; i < attribute_rows_count; i++) {
        const struct attribute_row *row = &attribute_rows[i];

        fprintf(out, "| `%s` | %s | ", row->name,
                row->kind == ATTR_WORD ? row->words : attribute_kind_text(row->kind));
        print_cell(out, row->help);
        fputs(" |\n", out);
    }
}

static void print_matchers(FILE *out)
{
    fputs("| Operator | Operand | Matches | Example |\n|---|---|---|---|\n", out);
    for (size_t i = 0; i < matcher_rows_count; i++) {
        const struct matcher_row *row = &matcher_rows[i];

        fprintf(out, "| `%s` | %s | ", row->key, row->operand);
        print_cell(out, row->help);
        fputs(" | `", out);
        print_cell(out, row->example);
        fputs("` |\n", out);
    }
}

static bool print_table(FILE *out, struct slice line)
{
    if (slice_is(line, "@VERBS"))
        print_verbs(out);
    else if (slice_is(line, "@FLOWS"))
        print_flows(out);
    else if (slice_is(line, "@ATTRIBUTES"))
        print_attribute_table(out);
    else if (slice_is(line, "@MATCHERS"))
        print_matchers(out);
    else
        return false;
    return true;
}

void language_print_markdown(FILE *out)
{
    const char *at = (const char *)embedded_language[0].data, *end = at + embedded_language[0].len;

    while (at < end) {
        const char *newline = memchr(at, '\n', (size_t)(end - at));
        struct slice line = slice_of(at, (size_t)((newline ? newline : end) - at));

        if (!print_table(out, line))
            fprintf(out, "%.*s\n", (int)line.len, line.ptr);
        at = newline ? newline + 1 : end;
    }
}

/* ---- completion ---- */

static void print_string(FILE *out, const char *text)
{
    struct buf json;

    buf_init(&json, 1 << 16);
    buf_append_json_string(&json, slice_str(text));
    fwrite(json.data, 1, json.len, out);
    buf_release(&json);
}

static void print_enum(FILE *out, const char *words)
{
    char separator = '[';

    fputs("\"enum\": ", out);
    while (*words) {
        size_t len = strcspn(words, " ");

        fprintf(out, "%c\"%.*s\"", separator, (int)len, words);
        separator = ',';
        words += len + strspn(words + len, " ");
    }
    fputc(']', out);
}

/* Types only where every verb agrees on the kind; a verb may give an attribute a kind of its own. */
static const char *json_type_text(enum attribute_kind kind)
{
    switch (kind) {
    case ATTR_TEXT:
    case ATTR_WORD:
    case ATTR_LABEL:
    case ATTR_OFFICE:
    case ATTR_EVENT:
    case ATTR_REVISION:
    case ATTR_BASE64_1:
        return "\"string\"";
    case ATTR_TEXTS:
    case ATTR_CAPTURE:
    case ATTR_BRANCHES:
        return "\"object\"";
    case ATTR_BOOL:
        return "\"boolean\"";
    case ATTR_COUNT:
    case ATTR_MS:
        return "\"integer\"";
    case ATTR_CHECKS:
        return "[\"string\", \"array\"]";
    case ATTR_BASE64:
    case ATTR_TEMPLATES:
        return "\"array\"";
    case ATTR_PATTERN:
    case ATTR_PATTERNS:
    case ATTR_TEMPLATE:
    case ATTR_FORM:
    case ATTR_MEMBERS:
        break;
    }
    return NULL;
}

/* Whatever is no free text may be a parameter of the table instead. */
static void print_type(FILE *out, const struct attribute_row *row, const char *type)
{
    static const char parameter[] = "{ \"type\": \"string\", \"pattern\": \"^\\\\{\" }";

    if (row->kind == ATTR_WORD) {
        fputs(", \"anyOf\": [{ ", out);
        print_enum(out, row->words);
        fprintf(out, " }, %s]", parameter);
    } else if (strcmp(type, "\"string\"") == 0) {
        fprintf(out, ", \"type\": %s", type);
    } else {
        fprintf(out, ", \"anyOf\": [{ \"type\": %s }, %s]", type, parameter);
    }
}

static void print_attribute_schemas(FILE *out)
{
    for (size_t i = 0; i < attribute_rows_count; i++) {
        const struct attribute_row *row = &attribute_rows[i];
        const char *type = strcmp(row->name, "attachments") == 0 ? NULL : json_type_text(row->kind);

        fprintf(out, "        \"%s\": { \"description\": ", row->name);
        print_string(out, row->help);
        if (type)
            print_type(out, row, type);
        fputs(" },\n", out);
    }
}

static void print_verb_schemas(FILE *out)
{
    for (int v = 0; v < VERB_TOGETHER; v++) {
        fprintf(out, "            { \"const\": \"%s\", \"description\": ", verb_rows[v].text);
        print_string(out, verb_rows[v].help);
        fprintf(out, " }%s\n", v + 1 < VERB_TOGETHER ? "," : "");
    }
}

/* One of them, or a parameter of the table. */
static void print_revisions(FILE *out)
{
    fputs("\"anyOf\": [{ \"enum\": [", out);
    for (int r = 0; r < SMCP_REV_COUNT; r++)
        fprintf(out, "%s\"%s\"", r ? ", " : "", smcp_revision((enum smcp_revision_id)r)->name);
    fputs("] }, { \"pattern\": \"^\\\\{\" }]", out);
}

static void print_top_level(FILE *out)
{
    fputs(
        "{\n"
        "  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n"
        "  \"title\": \"SMCP conformance scenario\",\n"
        "  \"description\": \"For completion in editors; `smcp-harness check` knows more. "
        "Generated by `smcp-harness language "
        "--schema`; do not edit.\",\n"
        "  \"type\": \"object\",\n"
        "  \"required\": [\"id\", \"title\", \"since\"],\n"
        "  \"anyOf\": [{ \"required\": [\"actors\", \"steps\"] }, { \"required\": [\"setup\"] }],\n"
        "  \"additionalProperties\": false,\n"
        "  \"properties\": {\n"
        "    \"$schema\": { \"type\": \"string\" },\n"
        "    \"id\": { \"type\": \"string\", \"pattern\": \"^[a-z0-9-]+(\\\\.[a-z0-9-]+)+$\" },\n"
        "    \"title\": { \"type\": \"string\", \"description\": \"what holds, as a sentence\" },\n"
        "    \"why\": { \"type\": \"string\" },\n"
        "    \"since\": { ",
        out);
    print_revisions(out);
    fputs(" },\n    \"until\": { ", out);
    print_revisions(out);
    fputs(
        " },\n"
        "    \"tags\": { \"type\": \"array\", \"items\": { \"type\": \"string\" } },\n"
        "    \"needs\": { \"type\": \"array\", \"items\": { \"anyOf\": [{ \"enum\": [\"key\", "
        "\"key:header\", \"key:auth\", \"ping\", \"major\"] }, { \"pattern\": \"^\\\\{\" }] } },\n"
        "    \"transports\": { \"type\": \"array\", \"items\": { \"enum\": [\"websocket\", "
        "\"polling\", \"upgrade\"] } },\n"
        "    \"offices\": { \"type\": \"array\", \"items\": { \"type\": \"string\" } },\n"
        "    \"must_fail\": { \"type\": \"string\" },\n"
        "    \"must_end\": { \"enum\": [\"fail\", \"inconclusive\", \"error\"] },\n"
        "    \"table\": { \"description\": \"one scenario per row; {parameter} stands for the "
        "row's value\", \"type\": \"array\", \"minItems\": 1,\n"
        "      \"items\": { \"type\": \"object\", \"required\": [\"case\"], \"properties\": { "
        "\"case\": { \"type\": \"string\", \"pattern\": \"^[a-z0-9.-]+$\" } } } },\n"
        "    \"setup\": { \"description\": \"set-ups whose actors and steps come first\", "
        "\"type\": [\"string\", \"array\"], \"items\": { \"type\": \"string\" } },\n"
        "    \"actors\": { \"type\": \"object\", \"additionalProperties\": { \"anyOf\": [\n"
        "      { \"enum\": [\"agent\", \"computer\", \"raw\"] },\n"
        "      { \"type\": \"object\", \"required\": [\"role\"], \"properties\": { \"role\": { "
        "\"enum\": [\"agent\", "
        "\"computer\", \"raw\"] },\n"
        "        \"count\": { \"description\": \"so many of them: C becomes C1, C2 ...; a step of "
        "\\\"C*\\\" is one for each\" } } } ] } },\n"
        "    \"steps\": { \"$ref\": \"#/$defs/steps\" }\n"
        "  },\n",
        out);
}

void language_print_schema(FILE *out)
{
    print_top_level(out);
    fputs("  \"$defs\": {\n"
          "    \"steps\": { \"type\": \"array\", \"minItems\": 1, \"items\": { \"$ref\": "
          "\"#/$defs/step\" } },\n"
          "    \"step\": {\n"
          "      \"type\": \"object\",\n"
          "      \"properties\": {\n",
          out);
    print_attribute_schemas(out);
    fputs("        \"together\": { \"description\": ", out);
    print_string(out, verb_rows[VERB_TOGETHER].help);
    fputs(", \"$ref\": \"#/$defs/steps\" },\n"
          "        \"exactly\": { \"description\": ",
          out);
    print_string(out, verb_rows[VERB_EXACTLY].help);
    fputs(" },\n"
          "        \"each\": { \"description\": \"a group, C*: one such step for each member, at "
          "once\", \"type\": \"string\", \"pattern\": \"[*]$\" },\n"
          "        \"rounds\": { \"description\": \"play `steps` so many times; {round} is the "
          "number\" },\n"
          "        \"steps\": { \"$ref\": \"#/$defs/steps\" }\n"
          "      },\n"
          "      \"additionalProperties\": {\n"
          "        \"description\": \"an actor and what it does\",\n"
          "        \"oneOf\": [\n",
          out);
    print_verb_schemas(out);
    fputs("        ]\n"
          "      }\n"
          "    }\n"
          "  }\n"
          "}\n",
          out);
}
