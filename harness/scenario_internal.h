/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SCENARIO_INTERNAL_H
#define HARNESS_SCENARIO_INTERNAL_H

#include "harness/language.h"
#include "harness/scenario_source.h"
#include "smcp/matcher.h"

/* Shared by the files of the loader only. */

enum {
    SCENARIO_MAX_BYTES = 1 << 20,
    SCENARIO_MAX_DEPTH = 64,
    SCENARIO_MAX_ACTORS = 64,
    SCENARIO_MAX_STEPS = 1000,
};

struct loader {
    struct scenario *sc;
    struct diag *reterr;
    char **offices; /* owned; every office that is named, NULL-terminated */
    size_t n_offices;
};

/* Read a file as a whole; NULL on failure, with *reterr.  Caller frees. */
MUST_USE char *loader_read_file(const char *path, size_t *ret_len, struct diag *reterr);
/* Parse within the limits of scenario files; NULL on failure, with *reterr. */
MUST_USE struct json_doc *loader_read_json(struct slice text, const char *path,
                                           struct diag *reterr);

/* Fill *reterr and give false.  `text` is taken.  `at` NULL: the file as a whole. */
bool loader_refuse(struct loader *l, const struct json_node *at, char *text);

/* "unknown WHAT `word` (did you mean `x`?)", the candidates from a blank-separated list. */
bool loader_unknown(struct loader *l, const struct json_node *at, const char *what,
                    const char *word, const char *words);

/* Both sides of `since` and `until` of an object. */
MUST_USE bool loader_range(struct loader *l, const struct json_node *object,
                           enum smcp_revision_id *since, enum smcp_revision_id *until);

/* A key stands twice in one object. */
MUST_USE bool loader_no_repeats(struct loader *l, const struct json_node *object);

/* Heap list of blank-separated actor names.  Caller frees. */
char *loader_actor_words(const struct scenario *sc);
int loader_actor_index(const struct scenario *sc, const char *name); /* -1 when unknown */

/* The steps of a list.  On failure the steps made so far stay in *ret_steps for scenario_free. */
MUST_USE bool loader_steps(struct loader *l, const struct json_node *list, bool inside,
                           struct step **ret_steps, size_t *ret_n);

/* One attribute value against its kind. */
MUST_USE bool loader_value(struct loader *l, const struct step *s, const struct attribute_use *use,
                           const struct json_node *v);
MUST_USE bool loader_pattern(struct loader *l, const struct step *s, const struct json_node *v);

/* References, labels and captures of all steps, in order; check names. */
MUST_USE bool loader_names(struct loader *l);
void loader_note_office(struct loader *l, const char *name);

#endif
