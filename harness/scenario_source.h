/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SCENARIO_SOURCE_H
#define HARNESS_SCENARIO_SOURCE_H

#include "harness/scenario.h"

/*
 * Where expanded text comes from.  A file with a table, a set-up, groups or rounds is written out in full before it is loaded; every
 * complaint must still name the line that a person has written.
 */

struct source {
    char *path;           /* owned */
    struct json_doc *doc; /* owned */
};

/* The scenario file (first) and its set-ups; shared by all cases of a table. */
struct sources {
    unsigned refs;
    struct source *items; /* owned */
    size_t n;
};

struct sources *sources_new(void);
void sources_release(struct sources *s); /* one reference; NULL is fine */

/* Parse `text` as one more source: its index, or -1 with *reterr. */
MUST_USE int sources_add(struct sources *s, struct slice text, const char *path,
                         struct diag *reterr);

/*
 * Find and add the set-up `name` for the scenario file `path`: setups/NAME.json beside it or beside one of the folders above, else a
 * built-in one.  Index, or -1 with *reterr (only its text: the caller knows the place) or, for a set-up that is malformed, all of it.
 */
MUST_USE int sources_add_setup(struct sources *s, const char *name, const char *path,
                               struct diag *reterr);

struct segment {
    size_t out;    /* offset in the expanded text */
    size_t source; /* index */
    size_t in;     /* offset in the source */
    bool verbatim; /* what follows is a copy, else it all stands for that one place */
};

struct source_map {
    struct sources *sources; /* owned reference */
    struct segment *items;   /* owned; by `out` */
    size_t n;
    size_t setup_at; /* offset of the `setup` member in the scenario file */
};

struct source_map *source_map_new(struct sources *s);
void source_map_free(struct source_map *m);
void source_map_add(struct source_map *m, struct segment segment);

/* Place of an offset of the expanded text.  *ret_path is borrowed. */
struct json_position source_map_place(const struct source_map *m, size_t offset,
                                      const char **ret_path);

/* Of a set-up's text: where the scenario file asks for it. */
struct json_position source_map_own_place(const struct source_map *m, size_t offset);

#endif
