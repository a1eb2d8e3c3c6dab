/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SCENARIO_H
#define HARNESS_SCENARIO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "harness/verdict.h"
#include "smcp/revision.h"
#include "wire/json_text.h"

/*
 * A scenario file in memory: what it says, checked, but nothing resolved that is only known while it runs.  Attributes stay JSON
 * nodes (borrowed from the scenario's document) that the step functions read: the loader has already proved names, types and references.
 */

enum actor_role { ACTOR_AGENT, ACTOR_COMPUTER, ACTOR_RAW };

enum transport_set { ON_WEBSOCKET = 1, ON_POLLING = 2, ON_UPGRADE = 4, ON_ALL = 7 };

struct actor_spec {
    char *name; /* owned; "A" */
    enum actor_role role;
    bool
        connects_first; /* connected (and for agent/computer CONNECTed to /smcp) before the first step; default true but for raw */
    unsigned
        transport; /* one bit of transport_set when fixed in the file, else 0: as the run says */
    const struct json_node *
        node; /* borrowed: its object form {role, name, connect, transport, namespace, auth, query, headers, path}, or NULL */
};

enum verb {
#define XX(symbol, text, waits, attributes, help) VERB_##symbol,
#include "harness/verbs.def"
#undef XX
    VERB_TOGETHER, /* flow: {"together":[steps]} : all start at once, the step ends when all have ended */
    VERB_EXACTLY, /* flow: {"exactly":1,"of":"join*","matches":…} : so many acks of these calls match */
    VERB_COUNT,
};

enum step_waits { STEP_WAITS_N, STEP_WAITS_W, STEP_WAITS_A };

struct verb_row {
    const char *text;
    enum step_waits waits;
    const char *attributes; /* blank-separated, '*' after required ones */
    const char *help;
};
extern const struct verb_row verb_rows[VERB_COUNT];

struct step {
    enum verb verb;
    int actor;                    /* index into actors; -1 for flow */
    const struct json_node *node; /* the step object; borrowed */
    const char *
        *requirements; /* ids of `checks`, NULL-terminated; NULL: no check, a precondition */
    char *
        check; /* owned; stable check name, unique in the scenario: `check` attribute, or "A receives notify:enter_office" (+ " #2") */
    enum smcp_revision_id since, until; /* of this step; outside: the step is left out */
    bool should;                        /* only SHOULD rows: a miss is WARN */
    bool observe;                       /* record, never judge */
    uint32_t within_ms;                 /* 0: the run's default */
    struct json_position at;            /* in the file */
    struct step *children;              /* together; owned */
    size_t n_children;
    unsigned round; /* of the `rounds` it belongs to, from 1; 0: none */
    char *ordinal;  /* owned; the same for this step in every round, NULL outside of `rounds` */
    bool repeats;   /* its check is that of the same step in the first round */
};

struct scenario {
    char *id; /* "room.join.notifies-others" */
    char *title;
    char *path; /* file, for messages and rerun lines */
    enum smcp_revision_id since, until;
    unsigned transports; /* transport_set */
    bool
        transports_fixed; /* the file names its transports: they are kept whatever --transport says */
    char **tags;          /* owned, NULL-terminated; "slow", "key" … */
    char **needs;         /* features of the target it needs: "key", "ping" … NULL-terminated */
    struct actor_spec *actors;
    size_t n_actors;
    struct step *steps;
    size_t n_steps;
    bool must_fail; /* scenarios/selftest: {"must_fail": "text in the reason"} */
    char *must_fail_text;
    enum verdict must_end; /* VERDICT_FAIL (or warn) unless the file says otherwise */
    struct json_doc *doc;  /* owned */
    struct source_map *
        map; /* owned; NULL unless the text was written out from tables, set-ups, groups or rounds */
};

/* One message about a file: where, what.  `text` is owned (diag_release). */
struct diag {
    char *path;
    struct json_position at;
    char *text;
};
void diag_release(struct diag *d);

/* Where a node of sc->doc stands: in sc->path, or in a set-up that it uses.  *ret_path is borrowed from sc. */
struct json_position scenario_place(const struct scenario *sc, const struct json_node *at,
                                    const char **ret_path);

/*
 * Parse and check a file that holds one scenario (no table of several).  NULL on failure with *reterr filled ("rooms/x.json:12:9: unknown key `evnt`, did you mean `event`?").  Caller: scenario_free().
 */
MUST_USE struct scenario *scenario_parse(struct slice text, const char *path, struct diag *reterr);
void scenario_free(struct scenario *sc);

/* Scenario files below a folder, sorted: `*.json` but for `*.schema.json` and the set-ups in setups/; the folder's own selftest/ only when asked for.  Caller frees all. */
MUST_USE bool scenario_paths(const char *dir, bool with_selftest, char ***ret_paths, size_t *ret_n,
                             struct diag *reterr);
bool scenario_is_file_name(const char *path);

/* All scenarios of a folder (without its selftest/), or the embedded ones (dir NULL), sorted by id.  On failure false, with *reterr. */
struct scenario_set {
    struct scenario **items; /* owned */
    size_t n;
};
MUST_USE bool scenario_set_load(struct scenario_set *set, const char *dir, struct diag *reterr);
/* Append what a text or file holds: one scenario, or one for each row of its table.  On failure false, with *reterr, and nothing is appended. */
MUST_USE bool scenario_set_parse(struct scenario_set *set, struct slice text, const char *path,
                                 struct diag *reterr);
MUST_USE bool scenario_set_add_file(struct scenario_set *set, const char *path,
                                    struct diag *reterr);
void scenario_set_release(struct scenario_set *set);

/* Lint beyond what loading demands: unused captures and calls, absence without a cause, unknown requirement ids or ones of another revision, unreachable steps…  Calls `report` per finding; returns their number. */
size_t scenario_lint(const struct scenario *sc, void (*report)(void *user, const struct diag *d),
                     void *user);

#endif
