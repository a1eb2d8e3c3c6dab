/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_SESSION_H
#define REFSERVER_SESSION_H

#include <stdint.h>

#include "endpoint/server.h"
#include "refserver/hash.h"
#include "refserver/label.h"
#include "smcp/event.h"

struct office;

enum { SESSION_SID_BYTES = 48 };

/* A session as seen from something that may outlive it: valid only while index and serial still meet. */
struct session_ref {
    uint32_t index;
    uint32_t serial;
};

/* What only defects look at: how often and when it did what. */
struct defect_marks {
    uint32_t joins;
    uint32_t calls;
    uint32_t blobs;
    uint32_t results;
    uint32_t updates;
    uint32_t cancels;
    uint64_t joined_turn;
    struct session_ref answered; /* whose call it answered last, */
    uint64_t answered_id;        /* with which ack id; */
    bool has_answered;           /* if any */
    bool refused;                /* its last join was */
    enum endpoint_end ended;     /* once `socket` is NULL */
};

/*
 * What SMCP knows of one accepted /smcp socket.  Role and name are bound by the first successful join and stay for the life of the connection
 * (ROOM-32, ROOM-35); the office is kept in both directions by office_join() and office_leave() only.
 */
struct session {
    struct sio_socket *socket;   /* borrowed; NULL once the connection is gone */
    char sid[SESSION_SID_BYTES]; /* copy: logs need it after the socket has gone */
    struct session_ref ref;
    uint64_t since_ms; /* wall clock, since the epoch */
    char
        *version; /* owned; what it was admitted with, NULL where no version is asked for (HS-27) */
    enum smcp_role role;
    struct label name;        /* owned; empty while role is ROLE_NONE */
    struct office *office;    /* borrowed; NULL: in no office */
    struct session *previous; /* members of the office, in order of joining */
    struct session *next;
    struct hash_node by_name; /* in office_map.names while in an office */
    uint32_t answering; /* first of the calls that it has to answer: an index of calls.h, 0: none */
    uint32_t asking;    /* calls in flight that it has made */
    struct label left;  /* owned; defects only: the office it was in before */
    struct defect_marks marks;
};

/* Owns all sessions. */
struct session_table {
    struct session_slot *slots; /* owned */
    uint32_t capacity;
    uint32_t free_head; /* index + 1, 0: none */
    uint32_t count;
};

void session_table_init(struct session_table *table);
/* Frees the sessions too. */
void session_table_release(struct session_table *table);

/* A session in no office.  Cannot fail.  session_free() it. */
struct session *session_new(struct session_table *table, struct sio_socket *socket,
                            uint64_t since_ms);
/* Must be in no office and have no call to answer. */
void session_free(struct session_table *table, struct session *s);

/* The session if it still lives, else NULL. */
struct session *session_find(const struct session_table *table, struct session_ref ref);
/* Walk: the first session at or after *index, which is moved behind it; NULL at the end. */
struct session *session_each(const struct session_table *table, uint32_t *index);

/* Queue a notice (never with an ack id, NOTIFY-10). */
void session_notify(struct session *s, const struct smcp_event *notice, struct slice args);

/* {"sid":…,"name":…,"role":…,"office_id":…} and, if known, a2c_version: SCH-14 (LIST-03, LIST-07).  Only for a member of an office. */
void session_info_encode(const struct session *s, struct buf *out);

#endif
