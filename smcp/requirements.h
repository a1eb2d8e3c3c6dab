/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_REQUIREMENTS_H
#define SMCP_REQUIREMENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "smcp/revision.h"
#include "wire/json_text.h"

/*
 * The rows of smcp/requirements.json, which is built in.  Besides requirements proper ("ROOM-01") there are two more kinds that a
 * check may name: rows of the trace to the reference integration tests ("T3-A01"), which say what a check reproduces and have no
 * weight of their own, and contradictions ("D-17"), which are observed.
 */
enum requirement_kind { REQUIREMENT_RULE, REQUIREMENT_TRACE, REQUIREMENT_CONTRADICTION };

enum requirement_level { LEVEL_MUST, LEVEL_SHOULD, LEVEL_MAY, LEVEL_OBS };

struct requirement { /* everything static */
    const char *id;
    enum requirement_kind kind;
    enum requirement_level level;
    const char *level_text; /* as written: "MUST NOT", "MUST (test)" */
    const char *actor;      /* server, agent, computer, client, all */
    const char *group;      /* "ROOM" */
    const char *statement;
    const char *wire;  /* how it shows on the wire; "" if nothing is said */
    const char *scope; /* implementation an observation is about ("python"); NULL */
    enum smcp_revision_id since, until;
};

/* NULL when unknown. */
const struct requirement *requirement_find(const char *id);

/* All of them, in the order of the file: rules, then trace rows, then contradictions. */
const struct requirement *requirement_at(size_t index); /* NULL past the end */
size_t requirement_count(void);

bool requirement_applies(const struct requirement *r, enum smcp_revision_id rev);

/* "server:join_office" for "ROOM", or NULL. */
const char *requirement_group_title(const char *group);

#endif
