/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SURVEY_H
#define HARNESS_SURVEY_H

#include <stdio.h>

#include "endpoint/client.h"
#include "harness/target.h"
#include "smcp/revision.h"

/*
 * What can be learned of a server in a few seconds from outside, without joining an office: where Engine.IO answers, which transports and settings it
 * has, which protocol versions it admits (a version that nobody has makes it say so: HS-16), and whether /smcp wants credentials.  Every session that it
 * opens it also ends.
 */

/* How the version handshake is kept. */
enum survey_gate {
    SURVEY_NO_GATE,     /* no version is asked for (HS-28) */
    SURVEY_GATE,        /* a handshake without a version is refused (HS-09) */
    SURVEY_GATE_UNSEEN, /* not found out */
};

/* What a WebSocket with a version that nobody has gets. */
enum survey_websocket_gate {
    SURVEY_WEBSOCKET_UNSEEN,
    SURVEY_WEBSOCKET_DENIED,  /* an HTTP status (HS-12) */
    SURVEY_WEBSOCKET_CLOSED,  /* 101, then a close frame (HS-13) */
    SURVEY_WEBSOCKET_UNGATED, /* an open packet: the gate can be walked around (HS-14) */
};

enum survey_auth {
    SURVEY_AUTH_UNSEEN,
    SURVEY_AUTH_OPEN,     /* CONNECT without credentials is accepted */
    SURVEY_AUTH_ACCEPTED, /* only with the credential given */
    SURVEY_AUTH_REFUSED,  /* the credential given is refused too */
    SURVEY_AUTH_WANTED,   /* refused; no credential was given */
};

struct survey {
    char *trouble; /* owned; NULL: Engine.IO was found */
    char *path;    /* owned; where */
    bool polling, websocket, upgrade;
    bool opened;
    struct eio_open open;
    enum survey_gate gate;
    char *server_version, *min_supported,
        *max_supported; /* owned; as the server says, NULL: it did not */
    char *admitted;     /* owned; the version that was let in, NULL: none was needed or none fits */
    enum survey_websocket_gate websocket_gate;
    int websocket_code; /* HTTP status or close code of that refusal */
    enum survey_auth auth;
    char *auth_answer; /* owned; payload of the refusal without credentials, or NULL */
    const struct smcp_revision *revision; /* NULL: none of ours */
    unsigned took_ms;
};

struct survey_config {
    const struct target *target; /* borrowed: address, path, key, headers, auth */
    bool path_given;             /* look at that path only */
    unsigned budget_ms;          /* all in all */
};

/* Blocks until all is known or the budget is spent; release it in either case.  False and a text in *reterr (caller: free) when there is no loop. */
MUST_USE bool survey_take(struct survey *survey, const struct survey_config *config, char **reterr);
void survey_release(struct survey *survey);

/* For people, and as one JSON object with a newline. */
void survey_print(const struct survey *survey, const char *url, FILE *to);
void survey_print_json(const struct survey *survey, const char *url, FILE *to);

#endif
