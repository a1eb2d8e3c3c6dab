/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/language.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "wire/limits.h"
#include "wire/xmalloc.h"

const struct verb_row verb_rows[VERB_COUNT] = {
#define XX(symbol, text, waits, attributes, help) {text, STEP_WAITS_##waits, attributes, help},
#include "harness/verbs.def"
#undef XX
    {"together", STEP_WAITS_W, "", "all of these steps start at once; ends when all have ended"},
    {"exactly", STEP_WAITS_W, "of* matches* capture",
     "waits for the acks of all calls whose label fits `of`, and counts those that match: races "
     "are judged by what cannot both be true"},
};

const struct attribute_row attribute_rows[] = {
#define XX(name, kind, words, help) {name, ATTR_##kind, words, help},
#include "harness/attributes.def"
#undef XX
};
const size_t attribute_rows_count = ARRAY_LEN(attribute_rows);

static const char COMMON[] = "note since until within_ms";
static const char JUDGED[] = "check checks level no_twin observe twin";
static const char NAMED[] = "as";

/* Asked for every key of every step: the first letter spares most of the comparing. */
static const struct attribute_row *row_of(struct slice name)
{
    for (size_t i = 0; i < attribute_rows_count; i++) {
        const char *own = attribute_rows[i].name;

        if (name.len && own[0] == name.ptr[0] && slice_is(name, own))
            return &attribute_rows[i];
    }
    return NULL;
}

const struct attribute_row *attribute_find(const char *name)
{
    return row_of(slice_str(name));
}

/* "=template": kinds that a verb row may give to an attribute. */
static enum attribute_kind own_kind(const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum attribute_kind kind;
    } kinds[] = {
        {"pattern", ATTR_PATTERN},     {"patterns", ATTR_PATTERNS}, {"template", ATTR_TEMPLATE},
        {"templates", ATTR_TEMPLATES}, {"text", ATTR_TEXT},
    };

    for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
        if (strlen(kinds[i].word) == len && memcmp(kinds[i].word, word, len) == 0)
            return kinds[i].kind;
    }
    assert(false && "verbs.def: unknown kind");
    return ATTR_TEXT;
}

bool verb_next_attribute(const char **at, struct attribute_use *ret_use)
{
    const char *word = *at + strspn(*at, " ");
    size_t len = strcspn(word, " "), name_len = strcspn(word, " *=");
    const char *kind = memchr(word, '=', len);

    if (len == 0)
        return false;
    *at = word + len;
    ret_use->row = row_of(slice_of(word, name_len));
    assert(ret_use->row);
    ret_use->required = memchr(word, '*', len) != NULL;
    ret_use->kind = ret_use->row->kind;
    if (kind)
        ret_use->kind = own_kind(kind + 1, len - (size_t)(kind + 1 - word));
    return true;
}

/* Asked for every key of every step: only the word that it is gets looked up. */
static bool find_in(const char *list, const char *name, struct attribute_use *ret_use)
{
    size_t len = strlen(name);

    for (const char *at = list; (at = strstr(at, name)) != NULL; at += len) {
        if ((at == list || at[-1] == ' ') && strchr(" *=", at[len]))
            return verb_next_attribute(&at, ret_use);
    }
    return false;
}

bool verb_judges(enum verb verb)
{
    return verb != VERB_TOGETHER && verb_rows[verb].waits != STEP_WAITS_N;
}

bool verb_may_be_twin(enum verb verb)
{
    return verb < VERB_TOGETHER && verb_rows[verb].waits == STEP_WAITS_W;
}

bool verb_attribute(enum verb verb, const char *name, struct attribute_use *ret_use)
{
    return find_in(verb_rows[verb].attributes, name, ret_use) || find_in(COMMON, name, ret_use) ||
           (verb_judges(verb) && find_in(JUDGED, name, ret_use)) ||
           (verb_may_be_twin(verb) && find_in(NAMED, name, ret_use));
}

char *verb_attribute_words(enum verb verb)
{
    return xasprintf("%s %s %s %s", verb_rows[verb].attributes, COMMON,
                     verb_judges(verb) ? JUDGED : "", verb_may_be_twin(verb) ? NAMED : "");
}

enum verb verb_find(const char *text)
{
    for (int v = 0; v < VERB_TOGETHER; v++) {
        if (strcmp(verb_rows[v].text, text) == 0)
            return (enum verb)v;
    }
    return VERB_COUNT;
}

const char *attribute_kind_text(enum attribute_kind kind)
{
    static const char *const texts[] = {
        [ATTR_TEXT] = "text",
        [ATTR_WORD] = "word",
        [ATTR_LABEL] = "label",
        [ATTR_OFFICE] = "office",
        [ATTR_EVENT] = "event name",
        [ATTR_PATTERN] = "pattern",
        [ATTR_PATTERNS] = "list of patterns",
        [ATTR_TEMPLATE] = "JSON",
        [ATTR_TEMPLATES] = "list of JSON",
        [ATTR_TEXTS] = "object of texts",
        [ATTR_FORM] = "success, refused, any, or a list of patterns",
        [ATTR_MEMBERS] = "list of actors and patterns",
        [ATTR_BRANCHES] = "object: branch to pattern",
        [ATTR_CAPTURE] = "object of pointers",
        [ATTR_BOOL] = "true or false",
        [ATTR_COUNT] = "count",
        [ATTR_MS] = "milliseconds",
        [ATTR_CHECKS] = "id or list of ids",
        [ATTR_REVISION] = "revision",
        [ATTR_BASE64] = "list of base64",
        [ATTR_BASE64_1] = "base64",
    };

    return texts[kind];
}
