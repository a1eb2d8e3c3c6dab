/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/select.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/cli.h"
#include "smcp/suggest.h"
#include "wire/xmalloc.h"

bool scenario_has_tag(const struct scenario *sc, const char *tag)
{
    for (char **t = sc->tags; t && *t; t++) {
        if (strcmp(*t, tag) == 0)
            return true;
    }
    return false;
}

bool selection_fits(const char *glob, const char *id)
{
    char *stem = xstrndup_slice(slice_of(id, strcspn(id, "[")));
    bool fits = glob_match(glob, id) || glob_match(glob, stem);

    free(stem);
    return fits;
}

static bool fits_any(const char **globs, size_t n, const char *id)
{
    bool fits = false;

    for (size_t i = 0; i < n && !fits; i++)
        fits = selection_fits(globs[i], id);
    return fits;
}

bool selection_takes(const struct selection *sel, const struct scenario *sc)
{
    if (sel->n_only > 0 && !fits_any(sel->only, sel->n_only, sc->id))
        return false;
    if (fits_any(sel->exclude, sel->n_exclude, sc->id))
        return false;
    for (size_t i = 0; i < sel->n_tags; i++) {
        if (!scenario_has_tag(sc, sel->tags[i]))
            return false;
    }
    return !sel->by_revision || (sel->revision >= sc->since && sel->revision <= sc->until);
}

void selection_add(const char ***list, size_t *n, const char *value)
{
    *list = xrealloc(*list, (*n + 1) * sizeof(**list));
    (*list)[(*n)++] = value;
}

void selection_release(struct selection *sel)
{
    free(sel->only);
    free(sel->exclude);
    free(sel->tags);
}

bool revision_from_option(const char *command, const char *name, enum smcp_revision_id *ret_rev)
{
    const struct smcp_revision *rev = smcp_revision_find(slice_str(name));
    struct suggest near;
    char *phrase;

    if (rev) {
        *ret_rev = rev->id;
        return true;
    }
    suggest_init(&near, name);
    for (int r = 0; r < SMCP_REV_COUNT; r++)
        suggest_offer(&near, smcp_revision((enum smcp_revision_id)r)->name);
    phrase = suggest_phrase(near.best);
    fprintf(stderr, "%s: unknown revision `%s`%s; there are", command, name, phrase);
    for (int r = 0; r < SMCP_REV_COUNT; r++)
        fprintf(stderr, " %s", smcp_revision((enum smcp_revision_id)r)->name);
    fputc('\n', stderr);
    free(phrase);
    return false;
}
