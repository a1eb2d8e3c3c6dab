/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/suggest.h"

#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

enum { MAX_WORD = 64 };

static size_t min3(size_t a, size_t b, size_t c)
{
    size_t m = a < b ? a : b;

    return m < c ? m : c;
}

/* Damerau-Levenshtein distance (optimal string alignment) of words shorter than MAX_WORD. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][MAX_WORD + 1];
    size_t *before = rows[0], *previous = rows[1], *row = rows[2], *swap;

    for (size_t j = 0; j <= m; j++)
        previous[j] = j;
    for (size_t i = 1; i <= n; i++) {
        row[0] = i;
        for (size_t j = 1; j <= m; j++) {
            row[j] =
                min3(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
                before[j - 2] + 1 < row[j])
                row[j] = before[j - 2] + 1;
        }
        swap = before;
        before = previous;
        previous = row;
        row = swap;
    }
    return previous[m];
}

void suggest_init(struct suggest *s, const char *word)
{
    size_t len = strlen(word);

    /* One mistake per three letters; a longer word may hold more. */
    *s = (struct suggest){word, NULL, len < 3 ? 1 : 1 + len / 3};
}

void suggest_offer(struct suggest *s, const char *candidate)
{
    size_t n = strlen(s->word), m = strlen(candidate), d;

    if (n >= MAX_WORD || m >= MAX_WORD)
        return;
    d = distance(s->word, n, candidate, m);
    if (d < s->distance || (!s->best && d == s->distance && d < n)) {
        s->best = candidate;
        s->distance = d;
    }
}

char *suggest_from_words(const char *word, const char *words)
{
    struct suggest s;
    char *copy = xstrdup(words), *save = NULL, *result = NULL;

    suggest_init(&s, word);
    for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
        w[strcspn(w, "*=")] = '\0';
        suggest_offer(&s, w);
    }
    if (s.best)
        result = xstrdup(s.best);
    free(copy);
    return result;
}

char *suggest_phrase(const char *best)
{
    return best ? xasprintf(" (did you mean `%s`?)", best) : xstrdup("");
}
