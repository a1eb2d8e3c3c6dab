/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_TARGET_H
#define HARNESS_TARGET_H

#include "net/link.h"
#include "net/loop.h"
#include "smcp/revision.h"
#include "wire/buf.h"

/* A system under test: where it is, how it is started, what it can do. */

/* `header:NAME=VALUE` or `auth:NAME=VALUE`. */
struct credential {
    bool given;
    bool in_header;
    char *name;  /* owned */
    char *value; /* owned */
};

/* A list of NAME=VALUE. */
struct pair {
    char *name;  /* owned */
    char *value; /* owned */
};
struct pairs {
    struct pair *items; /* owned */
    size_t n;
};

/* How a fence is answered on this target: found out at the start of the run. */
enum fence_kind { FENCE_CONNECT, FENCE_LIST, FENCE_NONE };

/* How the fence behaved in the positive controls at the start of the run. */
struct fence_control {
    bool done;
    unsigned rounds, early; /* the cause was complete; of these the notice came after the answer */
    unsigned hasty,
        hasty_early;     /* the same without waiting for the cause: told, and proves nothing */
    const char *trouble; /* static; why there were none, or NULL */
};

struct target {
    char *name;           /* owned */
    char *url;            /* owned; NULL until it is known */
    struct net_target to; /* host is owned */
    char *path;           /* owned; "/socket.io" */
    enum smcp_revision_id revision;
    bool revision_given;
    char *a2c_version;  /* owned; what every connection declares at the handshake, NULL: nothing */
    bool version_given; /* decided already, also for nothing */
    struct credential key;
    struct pairs auth;    /* added to every CONNECT of the run */
    struct pairs headers; /* added to every request of the run */
    char **features;      /* owned, NULL-terminated; may be NULL */
    char **lacks;
    uint32_t warmup_ms;
    uint32_t ready_timeout_ms;
    char *baseline; /* owned path or NULL */
    char *info;     /* owned; raw JSON about it for the report, or NULL */
    /* starting */
    char **argv; /* owned; NULL: it runs already */
    char **env;  /* owned; NAME=VALUE */
    char *cwd;   /* owned */
    struct net_process *process;
    bool ready, exited, was_killed;
    int64_t exit_status;
    int term_signal;
    struct buf out, err;                           /* stdout until ready; the last of stderr */
    void (*changed)(void *user, struct target *t); /* ready or exited */
    void *user;
    /* found out */
    enum fence_kind fence;
    struct fence_control control;
    bool probed;
    uint32_t rtt_us; /* of the fence, in the middle of several; of CONNECT when there is none */
    unsigned pace_percent; /* by that: how long deadlines are on it; 100: as written */
    uint32_t ping_interval_ms, ping_timeout_ms;
};

void target_init(struct target *t);
/* Kills what it started. */
void target_release(struct target *t);

/* Parse "http://host:port[/path]".  A path other than "/" replaces t->path.  False: a heap text in *reterr. */
MUST_USE bool target_set_url(struct target *t, const char *url, char **reterr);

/*
 * What connections declare at the handshake: decide it (`text` may be "none"; false when it is no version), or take that of the
 * revision's text unless it is decided, and nothing where there is no handshake (HS-01, HS-28).
 */
MUST_USE bool target_set_version(struct target *t, const char *text);
void target_default_version(struct target *t, enum smcp_revision_id revision);

/* Parse `header:NAME=VALUE` or `auth:NAME=VALUE`.  False when it is neither. */
MUST_USE bool credential_parse(struct credential *c, const char *text);
MUST_USE bool pairs_add(struct pairs *list, const char *text, char separator);

/* Read a target file (fixtures/targets/target.schema.json).  False: a heap text "path:line:column: …" in *reterr. */
MUST_USE bool target_load(struct target *t, const char *path, char **reterr);

/* Our own server: `program` with options. */
void target_use_refserver(struct target *t, const char *program, const char *const *options);

/* Start the program when there is one; `changed` tells when it is ready or has ended.  False: a heap text in *reterr. */
MUST_USE bool target_start(struct target *t, struct net_loop *loop, char **reterr);

/* Forget a process that has ended, so that target_start can be called again. */
void target_reset(struct target *t);

/* Stop the process group. */
void target_stop(struct target *t);

/* Measured: a round trip takes that long.  From now on deadlines are scaled by it, between once and TARGET_MAX_PACE times. */
enum { TARGET_MAX_PACE = 10 };
void target_set_pace(struct target *t, uint64_t rtt_us);

/* A deadline of `ms`, for this target. */
uint32_t target_patience(const struct target *t, uint32_t ms);

/* Does it have a feature that a scenario needs: "key", "key:header", "key:auth", "ping", "major", or one that its file declares. */
bool target_has(const struct target *t, const char *feature);

/* The last lines of its standard error, for messages; "" when there are none.  Caller frees. */
char *target_last_words(const struct target *t);

#endif
