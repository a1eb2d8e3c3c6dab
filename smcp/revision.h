/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_REVISION_H
#define SMCP_REVISION_H

#include <stdbool.h>

#include "wire/buf.h"
#include "wire/macros.h"

/* The revisions of the protocol, oldest first: `<` compares them. */
enum smcp_revision_id {
#define XX(symbol, ...) SMCP_REV_##symbol,
#include "smcp/revisions.def"
#undef XX
    SMCP_REV_COUNT,
    SMCP_REV_LAST = SMCP_REV_COUNT - 1
};

/* The form of an ack: what stands between the brackets of `43/smcp,<id>[…]`. */
enum smcp_form {
    FORM_NONE,   /* no ack packet at all */
    FORM_EMPTY,  /* `[]` */
    FORM_TUPLE,  /* `[true,null]` and `[false,"text"]`: two arguments (SIO-08) */
    FORM_FLAT,   /* `[{"code":…,"message":…}]` (ERR-01) */
    FORM_NESTED, /* `[{"error":{"code":…,"message":…}}]` (ERR-03) */
};

/* Among whom a name must be unique. */
enum smcp_name_scope {
    SCOPE_OFFICE, /* (office, role, name): ROOM-22, ROOM-24 */
};

/* A connection that has joined declares another name (ROOM-33, ROOM-34). */
enum smcp_rejoin {
    REJOIN_REFUSED,
};

/* The `agent` of a cancel request that is not the name of the session (D-07). */
enum smcp_cancel_rule {
    CANCEL_EXACT, /* no effect (CANCEL-05) */
    CANCEL_ANY,   /* tolerated (CANCEL-06) */
};

/* Whose identity the notices of update and cancel carry. */
enum smcp_identity {
    IDENTITY_PAYLOAD, /* what the sender claims (UPD-08) */
    IDENTITY_SESSION, /* the name of the session (NOTIFY-12, UPD-09) */
    IDENTITY_AS_SENT, /* the documents define no payload: the sender's, as it came (RFC-03, CANCEL-20) */
};

/* What differs on the wire.  Static data. */
struct smcp_revision {
    enum smcp_revision_id id;
    const char *name;  /* "0.1": command line, reports */
    const char *spec;  /* version of the text it follows; with a gate, what peers declare (HS-01) */
    bool served;       /* does smcp-refserver serve it yet */
    bool version_gate; /* a2c_version is demanded in the handshake (HS-01, HS-28) */
    bool
        member_open; /* the text gives join and leave no form: a judge takes any clear answer (RFC-08) */
    bool
        connect_role; /* the text wants the role in the auth object too; nobody looks at it (AUTH-09, D-20) */
    enum smcp_form member_ack;     /* join and leave succeeded */
    enum smcp_form member_refusal; /* join and leave refused */
    enum smcp_form call_refusal;   /* client:* refused by the server */
    enum smcp_form list_refusal;   /* server:list_room refused */
    enum smcp_name_scope name_scope;
    unsigned agents_per_office;
    unsigned computers_per_office; /* 0: no bound (ROOM-20, ROOM-21) */
    enum smcp_rejoin rejoin;
    enum smcp_cancel_rule cancel;
    enum smcp_identity update_identity;
    enum smcp_form forgotten_ack; /* update_* and cancel sent with an ack id (D-16) */
};

/* Row of a revision.  Cannot fail. */
const struct smcp_revision *smcp_revision(enum smcp_revision_id id);

/* Row by name ("0.1"), NULL when there is none. */
const struct smcp_revision *smcp_revision_find(struct slice name);

/* First and last of a range: "0.1", "0.1-0.4", "0.5+".  False when it is none; nothing is set then. */
MUST_USE bool smcp_revision_range(const char *text, enum smcp_revision_id *ret_since,
                                  enum smcp_revision_id *ret_until);

#endif
