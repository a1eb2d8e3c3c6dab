/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/frozen.h"
#include "harness/instance.h"
#include "harness/monitor.h"
#include "wire/xmalloc.h"

/* One check per line: what a commit changes in a set shows in its diff. */

static void print_text(FILE *out, const char *text)
{
    struct buf b;

    buf_init(&b, SIZE_MAX);
    buf_append_json_string(&b, slice_str(text));
    fwrite(b.data, 1, b.len, out);
    buf_release(&b);
}

static void print_check(FILE *out, const char *before, const char *check, const char *const *ids)
{
    fputs(before, out);
    print_text(out, check);
    fputs(": [", out);
    for (size_t i = 0; ids[i]; i++)
        fprintf(out, "%s\"%s\"", i ? ", " : "", ids[i]);
    fputc(']', out);
}

static void print_scenario(FILE *out, const struct scenario_result *s)
{
    const char *before = "\n      ";

    for (size_t k = 0; k + MONITOR_COUNT < s->n_checks; k++) {
        if (s->checks[k].observe)
            continue;
        print_check(out, before, s->checks[k].check, s->checks[k].requirements);
        before = ",\n      ";
    }
    fputs(before[0] == ',' ? "\n    }" : "}", out);
}

bool frozen_print(FILE *out, unsigned number, enum smcp_revision_id revision,
                  const struct scenario_set *all)
{
    const char *before = "\n    ";

    fprintf(out, "{\n  \"schema_version\": 1,\n  \"revision\": \"%s\",\n  \"set\": %u,\n",
            smcp_revision(revision)->name, number);
    fputs("  \"monitors\": {", out);
    for (int i = 0; i < MONITOR_COUNT; i++)
        if (!monitor_observes((enum monitor_kind)i, revision))
            print_check(out, i ? ",\n    " : "\n    ", monitor_rows[i].check,
                        monitor_requirements((enum monitor_kind)i, revision));
    fputs("\n  },\n  \"scenarios\": {", out);
    for (size_t i = 0; i < all->n; i++) {
        const struct scenario *sc = all->items[i];
        struct scenario_result s = {0};

        if (sc->must_fail || sc->since > revision || revision > sc->until)
            continue;
        instance_prepare_result(&s, sc, revision);
        fputs(before, out);
        print_text(out, sc->id);
        fputs(": {", out);
        print_scenario(out, &s);
        scenario_result_release(&s);
        before = ",\n    ";
    }
    fputs("\n  }\n}\n", out);
    return !ferror(out);
}
