/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/scenario.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "harness/scenario_internal.h"
#include "wire/embedded.h"
#include "wire/xmalloc.h"

EMBEDDED_FILES(embedded_scenarios);

/* ---- one scenario ---- */

static void words_free(char **words)
{
    for (char **w = words; w && *w; w++)
        free(*w);
    free(words);
}

static void step_release(struct step *s)
{
    for (const char **id = s->requirements; id && *id; id++)
        free((void *)(uintptr_t)*id);
    free((void *)(uintptr_t)s->requirements);
    free(s->check);
    free(s->ordinal);
    for (size_t i = 0; i < s->n_children; i++)
        step_release(&s->children[i]);
    free(s->children);
}

void scenario_free(struct scenario *sc)
{
    if (!sc)
        return;
    for (size_t i = 0; i < sc->n_steps; i++)
        step_release(&sc->steps[i]);
    for (size_t i = 0; i < sc->n_actors; i++)
        free(sc->actors[i].name);
    free(sc->steps);
    free(sc->actors);
    words_free(sc->tags);
    words_free(sc->needs);
    free(sc->must_fail_text);
    free(sc->id);
    free(sc->title);
    free(sc->path);
    json_doc_free(sc->doc);
    source_map_free(sc->map);
    free(sc);
}

void diag_release(struct diag *d)
{
    free(d->path);
    free(d->text);
    *d = (struct diag){0};
}

/* ---- files ---- */

char *loader_read_file(const char *path, size_t *ret_len, struct diag *reterr)
{
    FILE *file = fopen(path, "rbe");
    size_t max = SCENARIO_MAX_BYTES + 1, len;
    char *text;

    if (!file) {
        *reterr =
            (struct diag){xstrdup(path), {1, 1}, xasprintf("cannot be read: %s", strerror(errno))};
        return NULL;
    }
    text = xmalloc(max);
    len = fread(text, 1, max, file);
    if (ferror(file)) {
        *reterr =
            (struct diag){xstrdup(path), {1, 1}, xasprintf("cannot be read: %s", strerror(errno))};
        free(text);
        text = NULL;
    }
    fclose(file);
    *ret_len = len;
    return text;
}

bool scenario_set_add_file(struct scenario_set *set, const char *path, struct diag *reterr)
{
    size_t len;
    char *text = loader_read_file(path, &len, reterr);
    bool ok = text && scenario_set_parse(set, slice_of(text, len), path, reterr);

    free(text);
    return ok;
}

static bool ends_with(const char *text, const char *end)
{
    size_t n = strlen(text), m = strlen(end);

    return n >= m && strcmp(text + n - m, end) == 0;
}

bool scenario_is_file_name(const char *path)
{
    return ends_with(path, ".json") && !ends_with(path, ".schema.json");
}

struct path_list {
    char **items;
    size_t n;
};

static void path_add(struct path_list *list, char *path)
{
    list->items = xrealloc(list->items, (list->n + 1) * sizeof(*list->items));
    list->items[list->n++] = path;
}

static void paths_release(struct path_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        free(list->items[i]);
    free(list->items);
}

/* Files below `dir`, folders that begin with a dot and `skip` (directly below) left out. */
static bool walk(struct path_list *list, const char *dir, const char *skip, struct diag *reterr)
{
    DIR *handle = opendir(dir);
    struct dirent *entry;
    struct stat info;
    bool ok = true;

    if (!handle) {
        *reterr =
            (struct diag){xstrdup(dir), {1, 1}, xasprintf("cannot be read: %s", strerror(errno))};
        return false;
    }
    while (ok && (entry = readdir(handle))) {
        char *path;

        if (entry->d_name[0] == '.' || (skip && strcmp(entry->d_name, skip) == 0) ||
            strcmp(entry->d_name, "setups") == 0)
            continue;
        path = xasprintf("%s/%s", dir, entry->d_name);
        if (stat(path, &info) == 0 && S_ISDIR(info.st_mode)) {
            ok = walk(list, path, NULL, reterr);
        } else if (scenario_is_file_name(path)) {
            path_add(list, path);
            continue;
        }
        free(path);
    }
    closedir(handle);
    return ok;
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

bool scenario_paths(const char *dir, bool with_selftest, char ***ret_paths, size_t *ret_n,
                    struct diag *reterr)
{
    struct path_list list = {0};

    if (!walk(&list, dir, with_selftest ? NULL : "selftest", reterr)) {
        paths_release(&list);
        return false;
    }
    if (list.n > 0)
        qsort(list.items, list.n, sizeof(*list.items), compare_paths);
    *ret_paths = list.items;
    *ret_n = list.n;
    return true;
}

/* ---- sets ---- */

static bool load_folder(struct scenario_set *set, const char *dir, struct diag *reterr)
{
    struct path_list list = {0};
    bool ok = scenario_paths(dir, false, &list.items, &list.n, reterr);

    for (size_t i = 0; ok && i < list.n; i++)
        ok = scenario_set_add_file(set, list.items[i], reterr);
    paths_release(&list);
    return ok;
}

static bool load_embedded(struct scenario_set *set, struct diag *reterr)
{
    for (size_t i = 0; i < embedded_scenarios_count; i++) {
        const struct embedded_file *file = &embedded_scenarios[i];
        char *path;
        bool ok;

        if (strncmp(file->path, "selftest/", strlen("selftest/")) == 0 ||
            strncmp(file->path, "setups/", strlen("setups/")) == 0 ||
            !scenario_is_file_name(file->path))
            continue;
        path = xasprintf("scenarios/%s", file->path);
        ok = scenario_set_parse(set, slice_of((const char *)file->data, file->len), path, reterr);
        free(path);
        if (!ok)
            return false;
    }
    return true;
}

static int compare_scenarios(const void *a, const void *b)
{
    const struct scenario *const *x = a, *const *y = b;

    return strcmp((*x)->id, (*y)->id);
}

/* Two files with one id: the later one in the order of paths is at fault. */
static bool distinct_ids(const struct scenario_set *set, struct diag *reterr)
{
    for (size_t i = 1; i < set->n; i++) {
        const struct scenario *a = set->items[i - 1], *b = set->items[i];

        if (strcmp(a->id, b->id) != 0)
            continue;
        *reterr = (struct diag){
            xstrdup(b->path),
            json_position_of(b->doc, json_get(json_doc_root(b->doc), "id")),
            xasprintf("the id `%s` is that of %s too", b->id, a->path),
        };
        return false;
    }
    return true;
}

bool scenario_set_load(struct scenario_set *set, const char *dir, struct diag *reterr)
{
    bool ok;

    *set = (struct scenario_set){0};
    *reterr = (struct diag){0};
    ok = dir ? load_folder(set, dir, reterr) : load_embedded(set, reterr);
    if (set->n > 0)
        qsort(set->items, set->n, sizeof(struct scenario *), compare_scenarios);
    if (ok && distinct_ids(set, reterr))
        return true;
    scenario_set_release(set);
    return false;
}

void scenario_set_release(struct scenario_set *set)
{
    for (size_t i = 0; i < set->n; i++)
        scenario_free(set->items[i]);
    free(set->items);
    *set = (struct scenario_set){0};
}
