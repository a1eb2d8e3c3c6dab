/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_SUGGEST_H
#define SMCP_SUGGEST_H

#include <stddef.h>

/*
 * Did you mean …: remembers the candidate nearest to a word (insert, delete, replace, swap neighbours), if it is near enough to be a
 * typing mistake.  Offer all candidates, then read `best`.
 */
struct suggest {
    const char *word; /* borrowed */
    const char *best; /* borrowed from the caller's candidates; NULL: nothing is near */
    size_t distance;
};

void suggest_init(struct suggest *s, const char *word);
void suggest_offer(struct suggest *s, const char *candidate);

/* The nearest word of a blank-separated list ("*" and "=…" behind a word do not count), as heap text or NULL.  Caller frees. */
char *suggest_from_words(const char *word, const char *words);

/* " (did you mean `x`?)" or "", as heap text.  Caller frees. */
char *suggest_phrase(const char *best);

#endif
