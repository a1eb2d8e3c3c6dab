/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario_source.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/scenario_internal.h"
#include "wire/embedded.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_scenarios);

/* ---- sources ---- */

struct sources *sources_new(void)
{
    struct sources *s = xcalloc(1, sizeof(*s));

    s->refs = 1;
    return s;
}

void sources_release(struct sources *s)
{
    if (!s || --s->refs > 0)
        return;
    for (size_t i = 0; i < s->n; i++) {
        free(s->items[i].path);
        json_doc_free(s->items[i].doc);
    }
    free(s->items);
    free(s);
}

int sources_add(struct sources *s, struct slice text, const char *path, struct diag *reterr)
{
    struct json_doc *doc = loader_read_json(text, path, reterr);

    if (!doc)
        return -1;
    s->items = xrealloc(s->items, (s->n + 1) * sizeof(*s->items));
    s->items[s->n] = (struct source){xstrdup(path), doc};
    return (int)s->n++;
}

static bool is_file(const char *path)
{
    struct stat info;

    return stat(path, &info) == 0 && S_ISREG(info.st_mode);
}

/* setups/NAME.json beside the file or beside a folder above it.  Caller frees; NULL: there is none. */
static char *setup_path(const char *name, const char *path)
{
    char *folder = xstrdup(path), *slash;

    while ((slash = strrchr(folder, '/'))) {
        char *found;

        *slash = '\0';
        found = xasprintf("%s/setups/%s.json", folder, name);
        if (is_file(found)) {
            free(folder);
            return found;
        }
        free(found);
    }
    free(folder);
    return NULL;
}

static const struct embedded_file *embedded_setup(const char *name)
{
    char *wanted = xasprintf("setups/%s.json", name);
    const struct embedded_file *found = NULL;

    for (size_t i = 0; i < embedded_scenarios_count; i++) {
        if (strcmp(embedded_scenarios[i].path, wanted) == 0)
            found = &embedded_scenarios[i];
    }
    free(wanted);
    return found;
}

int sources_add_setup(struct sources *s, const char *name, const char *path, struct diag *reterr)
{
    const struct embedded_file *built_in = embedded_setup(name);
    char *file = setup_path(name, path), *text;
    size_t len;
    int index = -1;

    if (file) {
        text = loader_read_file(file, &len, reterr);
        if (text)
            index = sources_add(s, slice_of(text, len), file, reterr);
        free(text);
    } else if (built_in) {
        file = xasprintf("scenarios/%s", built_in->path);
        index = sources_add(s, slice_of((const char *)built_in->data, built_in->len), file, reterr);
    } else {
        reterr->text = xasprintf(
            "there is no set-up `%s`: neither setups/%s.json beside the file or above it, nor a "
            "built-in one",
            name, name);
    }
    free(file);
    return index;
}

/* ---- the map ---- */

struct source_map *source_map_new(struct sources *s)
{
    struct source_map *m = xcalloc(1, sizeof(*m));

    m->sources = s;
    s->refs++;
    return m;
}

void source_map_free(struct source_map *m)
{
    if (!m)
        return;
    sources_release(m->sources);
    free(m->items);
    free(m);
}

void source_map_add(struct source_map *m, struct segment segment)
{
    /* Grows by doubling; the capacity is the next power of two. */
    if ((m->n & (m->n - 1)) == 0)
        m->items = xrealloc(m->items, (m->n ? m->n * 2 : 1) * sizeof(*m->items));
    m->items[m->n++] = segment;
}

static const struct segment *segment_find(const struct source_map *m, size_t offset)
{
    size_t low = 0, high = m->n;

    while (high - low > 1) {
        size_t middle = low + (high - low) / 2;

        if (m->items[middle].out <= offset)
            low = middle;
        else
            high = middle;
    }
    return &m->items[low];
}

struct json_position source_map_place(const struct source_map *m, size_t offset,
                                      const char **ret_path)
{
    const struct segment *s = segment_find(m, offset);
    const struct source *source = &m->sources->items[s->source];
    struct slice text = json_doc_text(source->doc);
    size_t in = s->in + (s->verbatim && offset > s->out ? offset - s->out : 0);

    *ret_path = source->path;
    return json_position_at(text, in < text.len ? in : text.len);
}

struct json_position source_map_own_place(const struct source_map *m, size_t offset)
{
    const char *path;

    if (segment_find(m, offset)->source == 0)
        return source_map_place(m, offset, &path);
    return json_position_at(json_doc_text(m->sources->items[0].doc), m->setup_at);
}
