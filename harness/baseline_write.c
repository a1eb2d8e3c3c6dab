/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/baseline_internal.h"
#include "harness/report/evidence.h"
#include "harness/report/generic.h"
#include "wire/xmalloc.h"

struct writer {
    FILE *out;
    const struct run_result *r;
    const struct baseline *old; /* may be NULL */
    bool any;                   /* an entry was written */
};

static void print_member(struct writer *w, const char *before, const char *name, const char *text)
{
    char *clean = text_clean(text, 4096);
    struct buf b;

    buf_init(&b, SIZE_MAX);
    buf_append_json_string(&b, slice_str(clean));
    fprintf(w->out, "%s\"%s\": %.*s", before, name, (int)b.len, b.data);
    buf_release(&b);
    free(clean);
}

static void print_entry(struct writer *w, const char *const texts[BASELINE_MEMBERS])
{
    fputs(w->any ? ",\n    { " : "\n    { ", w->out);
    w->any = true;
    print_member(w, "", "scenario", texts[BASELINE_SCENARIO]);
    print_member(w, ", ", "check", texts[BASELINE_CHECK]);
    if (texts[BASELINE_REVISION])
        print_member(w, ", ", "revision", texts[BASELINE_REVISION]);
    if (texts[BASELINE_TRANSPORT])
        print_member(w, ", ", "transport", texts[BASELINE_TRANSPORT]);
    if (texts[BASELINE_FLAKY])
        print_member(w, ", ", "flaky", texts[BASELINE_FLAKY]);
    print_member(w, ",\n      ", "reason", texts[BASELINE_REASON]);
    fputs(" }", w->out);
}

/* Blocked by something that no entry about another check explains: alone, it would keep the run incomplete. */
static bool is_left_open(const struct run_result *r, const struct scenario_result *s,
                         const struct check_result *c)
{
    const struct check_result *culprit = c->blocked_by >= 0 && (size_t)c->blocked_by < s->n_checks
                                             ? &s->checks[c->blocked_by]
                                             : NULL;

    if (c->verdict != VERDICT_INCONCLUSIVE || c->should)
        return false;
    return !culprit || !(check_would_fail(r, culprit) || culprit->expected_failure);
}

static bool is_known_flaky(const struct writer *w, const struct scenario_result *s,
                           const struct check_result *c)
{
    for (size_t i = 0; w->old && i < w->old->n; i++)
        if (baseline_knows_flaky(&w->old->entries[i], w->r, s, c))
            return true;
    return false;
}

/* Failed or cannot be judged, or listed and still not known to pass.  Flaky ones are kept as they are. */
static bool belongs(const struct writer *w, const struct scenario_result *s,
                    const struct check_result *c)
{
    if (c->verdict == VERDICT_ERROR || is_known_flaky(w, s, c))
        return false;
    return check_would_fail(w->r, c) || c->baseline_reason != NULL || is_left_open(w->r, s, c);
}

/* Results of one scenario lie side by side: [from, end). */
static size_t group_end(const struct run_result *r, size_t from)
{
    size_t end = from + 1;

    while (end < r->n_scenarios && r->scenarios[end].scenario == r->scenarios[from].scenario)
        end++;
    return end;
}

static const struct check_result *check_at(const struct run_result *r, size_t i, size_t k)
{
    return k < r->scenarios[i].n_checks ? &r->scenarios[i].checks[k] : NULL;
}

/* Does check k belong on every result of the group, so that the entry needs no transport? */
static bool on_all(const struct writer *w, size_t from, size_t end, size_t k)
{
    for (size_t i = from; i < end; i++) {
        const struct check_result *c = check_at(w->r, i, k);

        if (c && !belongs(w, &w->r->scenarios[i], c))
            return false;
    }
    return true;
}

static bool told_before(const struct writer *w, size_t from, size_t i, size_t k, bool all)
{
    const struct run_result *r = w->r;

    for (size_t j = from; j < i; j++) {
        const struct check_result *c = check_at(r, j, k);

        if (c && belongs(w, &r->scenarios[j], c) &&
            (all || strcmp(r->scenarios[j].transport, r->scenarios[i].transport) == 0))
            return true;
    }
    return false;
}

static void print_check(struct writer *w, size_t i, size_t k, bool all)
{
    const struct scenario_result *s = &w->r->scenarios[i];
    const struct check_result *c = &s->checks[k];
    char *generic = text_generic(s, c->reason ? c->reason : "no reason was given");
    const char *what = c->verdict == VERDICT_INCONCLUSIVE ? "cannot be judged" : "fails";
    char *reason =
        c->baseline_reason ? xstrdup(c->baseline_reason) : xasprintf("%s: %s", what, generic);
    const char *texts[BASELINE_MEMBERS] = {
        [BASELINE_SCENARIO] = s->scenario->id,
        [BASELINE_CHECK] = c->check,
        [BASELINE_REASON] = reason,
        [BASELINE_REVISION] = smcp_revision(w->r->revision)->name,
        [BASELINE_TRANSPORT] = all ? NULL : s->transport,
    };

    print_entry(w, texts);
    free(reason);
    free(generic);
}

static void print_group(struct writer *w, size_t from, size_t end)
{
    for (size_t k = 0; k < w->r->scenarios[from].n_checks; k++) {
        bool all = on_all(w, from, end, k);

        for (size_t i = from; i < end; i++) {
            const struct check_result *c = check_at(w->r, i, k);

            if (c && belongs(w, &w->r->scenarios[i], c) && !told_before(w, from, i, k, all))
                print_check(w, i, k, all);
        }
    }
}

/* Entries about what this run did not play, or what fails only now and then. */
static void print_kept(struct writer *w)
{
    const struct baseline *old = w->old;

    for (size_t k = 0; old && k < old->n; k++) {
        const char *texts[BASELINE_MEMBERS];
        bool played = false;

        for (size_t i = 0; i < w->r->n_scenarios && !played; i++)
            played = baseline_names(&old->entries[k], w->r, &w->r->scenarios[i]);
        for (size_t m = 0; m < BASELINE_MEMBERS; m++)
            texts[m] = old->entries[k].texts[m];
        if (!played || texts[BASELINE_FLAKY])
            print_entry(w, texts);
    }
}

bool baseline_write(const struct baseline *old, const struct run_result *r, const char *path,
                    char **reterr)
{
    struct writer w = {.r = r, .old = old};
    char *part = xasprintf("%s.part", path);
    bool ok;

    w.out = fopen(part, "w");
    if (w.out) {
        fputs("{\n  \"expected\": [", w.out);
        for (size_t i = 0; i < r->n_scenarios; i = group_end(r, i))
            print_group(&w, i, group_end(r, i));
        print_kept(&w);
        fputs(w.any ? "\n  ]\n}\n" : "]\n}\n", w.out);
    }
    ok = w.out && !ferror(w.out);
    ok = w.out && fclose(w.out) == 0 && ok;
    ok = ok && rename(part, path) == 0;
    if (!ok)
        *reterr = xasprintf("%s: %s", path, strerror(errno));
    free(part);
    return ok;
}
