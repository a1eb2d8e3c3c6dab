/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_INSTANCE_H
#define HARNESS_INSTANCE_H

#include "harness/monitor.h"
#include "harness/peer.h"
#include "harness/result.h"
#include "smcp/matcher.h"

/*
 * One scenario being played on one transport.  It owns its actors, its journal and its steps; the runner gives it time and decides when
 * its parked connections may end.
 */

enum phase {
    PHASE_CONNECTING, /* the actors that are connected from the start */
    PHASE_RUNNING,
    PHASE_FENCING, /* twice: whoever sent something, then whoever must not receive */
    PHASE_PARKED,  /* nothing to do; connections stay open until the settle window is over */
    PHASE_DONE,
};

enum step_state { STEP_PENDING, STEP_RUNNING, STEP_DONE };

/* How far a step has come. */
struct step_run {
    const struct step *step;
    struct instance *inst;
    int index; /* in inst->runs; what inbox items are claimed by */
    int group; /* top-level step it belongs to: those of a group run together */
    enum step_state state;
    struct check_result *result; /* borrowed from inst->result; NULL: a precondition */
    bool armed;                  /* judged at the end of the scenario */
    bool passed, failed;
    uint64_t started_ms, deadline_ms, lag_ms;
    uint64_t due_ms;   /* to be looked at then, whatever comes; 0: at the deadline */
    struct peer *peer; /* NULL for flow steps */
    int sent;          /* index of the event sent by this step or by the `call` it is about, -1 */
    int claims;        /* items taken */
    int last_item;     /* the last one taken, -1 */
    unsigned fence;    /* soft waits: the ticket, 0 while there is none */
    bool fenced;
    struct matcher *match;      /* with, args, ack, … */
    struct matcher *match_more; /* attachments, response headers */
    struct matcher *match_body;
    struct matcher *match_status;
    struct json_doc *doc;   /* owned; of a pattern that we wrote ourselves */
    struct http_call *http; /* under way */
    struct buf http_value;  /* {status, headers, text, body, close} once it is there */
    char *http_error;       /* owned */
    unsigned conn; /* `connects`, `is disconnected`: serial of the connection that is meant */
    char *office;  /* owned; joins: the real id */
    char *name;    /* owned; joins: the name sent */
    char *role;    /* owned; joins */
};

struct runner;

struct instance {
    const struct run_plan *plan; /* borrowed */
    struct net_loop *loop;
    const struct scenario *sc;
    const struct target *target;
    const char *transport;
    unsigned serial;
    unsigned attempt;    /* 0: the first */
    uint32_t timeout_ms; /* the run's, for this target */
    struct vars vars;
    struct journal journal;
    struct peer_host host;
    struct peer *peers;    /* owned; one per actor */
    struct step_run *runs; /* owned */
    int n_runs;
    int at; /* first run of the group that is under way */
    enum phase phase;
    uint64_t phase_ms;     /* when it began */
    uint64_t phase_lag_ms; /* stalls of our own before that */
    unsigned fence_round;
    unsigned *fences; /* owned; ticket per actor of the round under way */
    bool *fence_done; /* owned; per actor: answered in both rounds */
    uint64_t parked_ms, parked_lag_ms;
    struct monitor monitor;
    struct scenario_result *result; /* borrowed from the run's result */
    char *blocked;                  /* owned; a precondition failed: nothing after it is judged */
    int blocker;                    /* index of the check whose failure blocks later ones, -1 */
    bool hopeless;                  /* a wait after that failure was in vain */
    const struct step_run *sender;  /* the step that sends right now, or NULL */
    char *own_fault;                /* owned; what we sent ourselves broke the protocol, or NULL */
    char *notes;                    /* owned; doubts about absence, or NULL */
    bool dirty;
    uint64_t heard_ms; /* when something last happened to it; kept by the runner */
    void (*changed)(void *user, struct instance *inst);
    void (*lost)(void *user, struct instance *inst, struct peer *p);
    void (*sending)(void *user, struct instance *inst);
    void (*foreign)(void *user, struct instance *inst, struct peer *p, long serial,
                    const struct inbox_item *item);
    void *user;
    uint64_t (*lag)(void *user); /* milliseconds that our own loop has stalled so far */
};

/* What the run as a whole decides.  Borrowed by all instances. */
struct run_plan {
    enum smcp_revision_id revision;
    const struct schema_set *schemas;
    uint64_t seed;
    uint32_t timeout_ms;
    bool timeout_given; /* it is the ceiling then, however slow the target */
    uint32_t settle_ms;
    bool settle_given;
    bool naive_absence; /* unsound: no fence, no settle window */
};

/* Connect the actors.  The members plan … transport, serial, result, changed … lag are set by the caller before. */
void instance_start(struct instance *inst);

/* Look at everything again: called when something has happened or a deadline has passed. */
void instance_advance(struct instance *inst);

/* Next moment at which instance_advance() must run, UINT64_MAX when only events matter. */
uint64_t instance_deadline(const struct instance *inst);

/* The settle window is over, or the run ends early (`why`, else NULL): judge what was armed, fill the result, cut the connections. */
void instance_finish(struct instance *inst, const char *why);
void instance_release(struct instance *inst);

/* A deadline of `ms` in the file, by the speed of the target. */
uint32_t instance_patience(const struct instance *inst, uint32_t ms);

/* Connections that are open now. */
unsigned instance_connections(const struct instance *inst);

/* Write the check table of a scenario into its result: every declared check of the revision, in file order, then the monitors. */
void instance_prepare_result(struct scenario_result *r, const struct scenario *sc,
                             enum smcp_revision_id revision);

/* ---- for the steps ---- */

/* Why an expectation was not met.  Texts are owned by the finding and move into the result. */
struct finding {
    char *reason;
    char *expected;
    char *actual;
    char *diff;
    int journal_at;
    bool soft; /* the protocol's state is as if it had been met: what follows can still be judged */
    bool hit;  /* something came that must not come: true whatever went wrong before */
};
void finding_release(struct finding *f);

/* The step is satisfied. */
void step_pass(struct step_run *run);
/* It is not; takes the texts of `f`. */
void step_fail(struct step_run *run, struct finding *f);
/* What it needs did not come from the target (`check` knows every reference that nothing brings): the rest is inconclusive. */
void step_lacks(struct step_run *run, char *text);
/* A fault of the scenario or of the harness. */
void step_error(struct step_run *run, char *text);
/* What an `observe` step saw; takes `text`.  The step is satisfied. */
void step_observed(struct step_run *run, char *text);
/* The verdict of an armed step that saw nothing wrong: by how well the absence is known. */
void step_absent(struct step_run *run);

/* {name} in the strings of the scenario. */
struct template_env instance_env(struct instance *inst);
const struct json_node *step_attribute(const struct step_run *run, const char *name);
/* Expanded text attribute; NULL when absent or (then step_error was called) without a value. */
char *step_text(struct step_run *run, const char *name);
/* Compile a pattern; on failure step_error was called and NULL is returned. */
struct matcher *step_matcher(struct step_run *run, const struct json_node *pattern);
/* Keep what `capture` names.  False: a finding in *ret. */
MUST_USE bool step_capture(struct step_run *run, struct slice value, struct finding *ret);

#endif
