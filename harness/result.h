/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_RESULT_H
#define HARNESS_RESULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/scenario.h"
#include "harness/verdict.h"

/* What a run found: filled by the runner, read by reports, baseline and exit code.  Everything owned by struct run_result unless said. */

/* One frame or event of the journal, in order over all actors of the scenario. */
struct journal_entry {
    uint64_t t_us;      /* since the start of the scenario */
    int actor;          /* index into the scenario's actors */
    bool outgoing;      /* from the actor to the server */
    unsigned char kind; /* enum tap_kind of endpoint/client.h */
    char *
        text; /* owned; frame text (binary: base64 with prefix "b64:"), HTTP line + body; cut at 4 KiB for reports, `full_len` tells */
    size_t full_len;
};

enum absence_grade {
    ABSENCE_NONE,
    ABSENCE_FENCED,
    ABSENCE_WITNESSED,
    ABSENCE_SETTLED,
    ABSENCE_UNPROVEN
};

struct check_result {
    const char *check;               /* borrowed from the scenario */
    const char *const *requirements; /* borrowed; NULL-terminated */
    const char **
        own_requirements; /* owned; what `requirements` is when the scenario names ids of other revisions too */
    const char *actor; /* borrowed; may be NULL */
    enum verdict verdict;
    char *reason;   /* first reason, one line; NULL for a plain pass */
    char *expected; /* text of the pattern, may be NULL */
    char *actual;   /* nearest miss, may be NULL */
    char *diff;     /* structural diff lines, may be NULL */
    char *observed; /* observe steps: the behaviour, canonical text; else NULL */
    enum absence_grade absence;
    uint32_t settled_ms;
    int journal_from, journal_at; /* first entry of the step; entry of the finding; -1 when none */
    int journal_until;            /* entries that were there when it was judged, -1: all */
    struct json_position at;      /* of the step */
    uint32_t duration_ms;
    bool should;           /* a SHOULD: a miss is a warning, blocking it is not incomplete */
    bool observe;          /* recorded, never judged */
    bool is_new;           /* judged, and not in the frozen set of the revision */
    int blocked_by;        /* index of the check in this scenario whose failure blocked it, -1 */
    bool expected_failure; /* set by the baseline */
    char *baseline_reason;
};

struct scenario_result {
    const struct scenario *scenario; /* borrowed */
    const char *transport;           /* "websocket", "polling", "upgrade" */
    struct check_result *checks;     /* one per declared check of this revision, in file order */
    size_t n_checks;
    enum verdict verdict; /* worst of its checks and of its own troubles */
    unsigned repetition;  /* 0, 1 … with --repeat */
    char *skip_reason;    /* scenario not run */
    char *trouble;        /* a precondition failed: which step and why */
    struct journal_entry *journal;
    size_t n_journal;
    char **actor_names; /* "A" -> joined name in this run, for reading; n_actors of the scenario */
    uint64_t started_us, ended_us; /* since the start of the run */
};

struct run_result {
    char *target_name; /* "smcp-refserver 0.1.0", "a2c-smcp 0.1.2 async" */
    char *target_url;
    char *
        target_info; /* raw JSON object with what is known of the target (sdk, version, open packet), or NULL */
    uint32_t rtt_us;       /* of the first target, measured at the start; 0: not measured */
    unsigned pace_percent; /* what its deadlines were scaled by; 100 or 0: not at all */
    enum smcp_revision_id revision;
    uint64_t seed;
    char *started_at; /* ISO 8601 UTC */
    uint32_t duration_ms;
    uint32_t settle_ms;
    char *fence; /* how absence is known on this target, and how that was tried; or NULL */
    struct scenario_result
        *scenarios; /* one per scenario and transport, in order of id, then transport */
    size_t n_scenarios;
    size_t declared_checks, executed_checks;
    char *
        rerun; /* start of a rerun line, "smcp-harness run http://…"; the rest is --only ID --transport T --seed N */
    bool strict;  /* warn and inconclusive count as failed */
    char **stale; /* baseline entries that did not fail, as text for people; owned */
    size_t n_stale;
    unsigned shard_part, shard_parts; /* of a run that several jobs share; 0 parts: whole */
    bool lacks_shards;                /* merged from too few; `error` says which */
    bool plays_elsewhere;             /* other shards have something to play */
    unsigned set_number; /* of the frozen set that the run is scored by; 0: there is none */
    bool score_all;      /* checks that are not in the set count too */
    char **vanished;     /* what the set has and the scenarios have no longer, as text; owned */
    size_t n_vanished;
    bool interrupted;
    int signum;  /* what interrupted it */
    char *error; /* harness-level trouble (target died …), or NULL */
};

void scenario_result_release(struct scenario_result *s);
void run_result_release(struct run_result *r);

/* Forget what was found: as before it was played.  The check table goes too. */
void scenario_result_clear(struct scenario_result *s);
void check_results_free(struct check_result *checks, size_t n);

/* Fill verdicts of scenarios and the counts of declared and executed checks from the checks. */
void run_result_summarize(struct run_result *r);

/* Does it decide the outcome?  A new check does not before the set is raised, but a fault of the harness always does. */
bool check_is_scored(const struct run_result *r, const struct check_result *c);

/* A failure that nobody listed, or a verdict that `strict` makes one, scored or not. */
bool check_would_fail(const struct run_result *r, const struct check_result *c);

/* Counts over all checks. */
struct run_counts {
    size_t by_verdict[VERDICT_COUNT];
    size_t expected_failures; /* of FAIL: listed in the baseline */
    size_t stale;             /* baseline entries that did not fail */
    size_t new_checks;        /* not in the frozen set */
    size_t new_failed;        /* of them, failures that are not scored */
    size_t vanished;
    size_t passed, failed,
        skipped; /* design.md 2, of what is scored: pass+info+warn / unexpected fail + error / skip */
};
struct run_counts run_result_count(const struct run_result *r);

#endif
