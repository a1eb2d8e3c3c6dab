/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_PEER_H
#define HARNESS_PEER_H

#include "endpoint/client.h"
#include "harness/journal.h"
#include "harness/scenario.h"
#include "harness/target.h"
#include "harness/vars.h"

/*
 * One actor of one scenario: its connections, everything it has received since the first one, and everything it has sent.  Nothing
 * is ever thrown away: expectations are queries over it, before or after the fact.
 */

/* A Socket.IO packet that came. */
struct inbox_item {
    uint64_t t_us;
    int journal_at; /* entry of the scenario's journal */
    unsigned conn;  /* serial of the connection it came on */
    enum sio_type type;
    uint64_t id; /* SIO_NO_ID when absent */
    char *nsp;   /* owned */
    char *event; /* owned; decoded name, NULL when no event */
    char *args;  /* owned; the argument list with its brackets, "[]" when there is none */
    size_t args_len;
    unsigned n_args;
    char *payload; /* owned; whole JSON, "" when none */
    size_t payload_len;
    char **attachments; /* owned; base64 */
    unsigned n_attachments;
    int claimed_by; /* index of the step that took it, -1 */
    bool any_text;  /* that step did not look at what it says: others may still judge it */
    bool foreign;   /* it belongs to another scenario of the run: nothing of ours can expect it */
};

/* An event that we sent, whether as a step or as a literal packet. */
struct sent_event {
    uint64_t t_us;
    unsigned conn;
    char *label; /* owned; `call` of the step, or NULL */
    char *nsp;   /* owned */
    char *event; /* owned; decoded */
    char *args;  /* owned; with brackets */
    size_t args_len;
    uint64_t id;   /* SIO_NO_ID: no ack was asked for */
    unsigned acks; /* acks that came with this id */
    int ack_at;    /* inbox index of the first, -1 */
    bool fence;    /* ours, no step's: server:list_room as a fence */
};

/* How to connect: attributes of the actor's object and of a `connects` step, each NULL or an object. */
struct connect_attributes {
    const struct json_node *actor;
    const struct json_node *step;
    bool engine_only; /* no CONNECT */
};

/* One connection of the actor; kept until the end of the scenario. */
struct peer_conn {
    struct peer *peer;
    unsigned serial;           /* 1, 2, … */
    struct eio_client *client; /* NULL after its last callback */
    char *nsp;                 /* owned; namespace that was asked for last, NULL: none */
    char *auth;                /* owned; JSON of the CONNECT, "" for none */
    char *sid;                 /* owned; of the namespace, NULL before it is accepted */
    bool open;                 /* Engine.IO handshake done */
    bool upgraded;
    bool polls;     /* not over a WebSocket, or not yet */
    bool accepted;  /* CONNECT was answered by CONNECT */
    bool refused;   /* … by CONNECT_ERROR */
    bool nsp_ended; /* DISCONNECT came after that */
    bool left;      /* we sent DISCONNECT */
    bool returns;   /* … and CONNECT again on the same connection, as `again` says */
    struct connect_attributes again;
    unsigned successor; /* serial of the connection that was opened for it then, 0 */
    bool lost;          /* we ended the connection */
    uint64_t ready_ms;  /* clock of the loop; before it the target wants no request: warmup_ms */
    bool closed;        /* it is over … */
    bool by_peer;       /* … and the server did it */
    bool muted;
    int connect_at; /* inbox index of the answer to CONNECT, -1 */
    int http_status;
    char *close_text;   /* owned */
    bool unknown_bytes; /* we sent bytes that we can't account for: acks are not checked any more */
};

struct answer_rule {
    const struct json_node *args; /* borrowed; NULL: none */
    char *event;                  /* owned; may end in * */
    uint32_t delay_ms;
    bool never;
    bool malformed; /* on purpose */
    unsigned times; /* 0: always */
    unsigned used;
};

struct peer;

/* What a peer needs and whom it tells.  Borrowed. */
struct peer_host {
    struct net_loop *loop;
    struct journal *journal;
    struct vars *vars;
    const struct target *target;
    enum smcp_revision_id revision;
    const struct schema_set *schemas; /* what we send is checked by them; NULL: it is not */
    enum client_mode mode;            /* when the file fixes none */
    uint32_t connect_timeout_ms;
    void (*changed)(void *user); /* something happened: look at the steps again */
    void (*malformed)(void *user, struct peer *p, const char *text, int journal_at);
    void (*own_fault)(void *user, char *text); /* what we sent was wrong; takes `text` */
    void (*sending)(void *user);               /* anything goes out */
    void (*lost)(void *user, struct peer *p);  /* the server ended a connection that we still had */
    /* An event of the scenario with that serial has come here. */
    void (*foreign)(void *user, struct peer *p, long serial, const struct inbox_item *item);
    void *user;
};

struct peer {
    const struct peer_host *host;  /* borrowed */
    const struct actor_spec *spec; /* borrowed */
    int index;                     /* of the actor */
    char *name;                    /* owned; to join with */
    char *joined_as;               /* owned; name of the last accepted join, NULL before */
    char *office;                  /* owned; where it is by its own acks (real id), NULL: nowhere */
    char *last_office;             /* owned; where it joined last */
    char *asked_office;            /* owned; what it asked for last, with whatever outcome */
    char *role;                    /* owned; role of the last accepted join */
    struct peer_conn **conns;      /* owned */
    unsigned n_conns;
    struct peer_conn *conn;   /* the current one or NULL; borrowed from conns */
    struct inbox_item *inbox; /* owned */
    int n_inbox, cap_inbox;
    struct sent_event *sent; /* owned */
    int n_sent, cap_sent;
    uint64_t next_id;
    struct answer_rule *rules; /* owned */
    unsigned n_rules;
    struct delayed_answer *delayed; /* owned list */
    unsigned fences_sent, fences_answered;
};

void peer_init(struct peer *p, const struct peer_host *host, const struct actor_spec *spec,
               int index);
/* Cut every connection and forget everything. */
void peer_release(struct peer *p);

/*
 * Open a connection and CONNECT to the namespace once it is open; on a connection that is still open, only CONNECT.  A server may end a connection
 * without namespaces: when that crosses the CONNECT, a new connection is opened.
 * False with a heap text in *reterr when an attribute refers to something without value.
 */
MUST_USE bool peer_connect(struct peer *p, const struct connect_attributes *how, char **reterr);

/* Is there a connection on which something can be sent?  It may still be opening. */
bool peer_can_send(const struct peer *p);

/* Has the target had the time that it wants after CONNECT?  Some lose what comes at once (F-58 of reports/FINDINGS.md). */
bool peer_conn_is_ready(const struct peer_conn *c);

/* Why it can't, as a heap text. */
char *peer_trouble(const struct peer *p);

struct outgoing {
    const char *nsp;   /* NULL: the connection's own */
    const char *event; /* decoded */
    struct slice args; /* JSON values between the brackets */
    bool ask_ack;
    const char *label; /* of the step, or NULL */
    const struct slice *attachments;
    unsigned n_attachments;
    bool malformed; /* on purpose: not checked */
};

/* All of these need peer_can_send().  The sent event's index. */
int peer_emit(struct peer *p, const struct outgoing *out);
void peer_ack(struct peer *p, const struct inbox_item *request, const struct outgoing *out);
void peer_send_packet(struct peer *p, struct slice text, const struct slice *attachments,
                      unsigned n_attachments);
void peer_send_engine(struct peer *p, struct slice text, bool binary);
bool peer_send_bytes(struct peer *p, struct slice bytes);
void peer_leave_namespace(struct peer *p);
void peer_lose(struct peer *p, enum client_loss how);
void peer_mute(struct peer *p);

/* Answer requests from now on.  Takes the members of `rule`. */
void peer_add_rule(struct peer *p, const struct answer_rule *rule);

/* Sent event with that label, the last one; -1. */
int peer_find_call(const struct peer *p, const char *label);

/*
 * Ask for a reply that the server must give on this connection after everything it has for it: the ticket; peer_fenced(ticket) tells
 * when it has come.  0 when there is no way (closed, or the target has none): nothing will come then.
 */
unsigned peer_fence(struct peer *p);
static inline bool peer_fenced(const struct peer *p, unsigned ticket)
{
    return ticket > 0 && p->fences_answered >= ticket;
}

/* Does a name match an event of a step, `*` at its end standing for any rest? */
bool event_matches(const char *pattern, const char *event);

/* Is the ack (with brackets) of a join or leave clearly a success, whatever its exact form? */
bool ack_is_success(struct slice args);

/* First argument of an argument list with brackets; empty when there is none. */
struct slice args_first(struct slice args);
static inline struct slice item_first(const struct inbox_item *item)
{
    return args_first(slice_of(item->args, item->args_len));
}
static inline struct slice sent_first(const struct sent_event *s)
{
    return args_first(slice_of(s->args, s->args_len));
}

/* Neither an ack nor something of another scenario. */
static inline bool item_is_event(const struct inbox_item *item)
{
    return (item->type == SIO_EVENT || item->type == SIO_BINARY_EVENT) && !item->foreign;
}

#endif
