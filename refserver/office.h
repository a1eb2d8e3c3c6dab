/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_OFFICE_H
#define REFSERVER_OFFICE_H

#include "refserver/defect.h"
#include "refserver/hash.h"
#include "refserver/label.h"
#include "refserver/limits.h"
#include "refserver/session.h"
#include "smcp/error.h"
#include "smcp/revision.h"

/* A room.  Comes into being with its first member and ends with the last (ROOM-11); an id that equals a sid is a name like any other (ROOM-10). */
struct office {
    struct label id;        /* owned */
    uint64_t serial;        /* never used again: scope of its names */
    struct hash_node by_id; /* in office_map.offices */
    struct session *first;  /* members in order of joining; borrowed */
    struct session *last;
    size_t members;
    size_t agents; /* of them */
    size_t computers;
};

struct office_map {
    struct hash_table offices; /* by id; owns the offices */
    struct hash_table names;   /* sessions by (office, role, name) */
    struct hash_key key;
    uint64_t last_serial;
    const struct smcp_revision *revision;
    struct limits limits;
    struct defects *defects;
    bool muted;        /* the server is going down: memberships end without notices (DISC-14) */
    struct buf notice; /* arguments of the notice being sent */
};

/* `defects` is borrowed.  Cannot fail. */
void office_map_init(struct office_map *map, const struct smcp_revision *revision,
                     const struct limits *limits, struct defects *defects);
/* All members must have left. */
void office_map_release(struct office_map *map);

struct join_request {
    enum smcp_role role; /* not ROLE_NONE */
    struct label name;   /* borrowed */
    struct label office; /* borrowed */
};

/*
 * Put `s` into the office, creating it on first use.  Joining one's own office again changes nothing and is a success.  A Computer leaves its previous
 * office first.  The first success binds role and name to the connection.  Everyone else in the offices is notified: leave before enter.
 *
 * On failure nothing has changed and nobody has heard of it.  Constant time but for the notices.
 *
 * Requirements: ROOM-11, 12, 15, 19, 20, 22, 27-29, 32, 34, NOTIFY-01, 02, 06, 07.
 */
MUST_USE enum smcp_error office_join(struct office_map *map, struct session *s,
                                     const struct join_request *join);

/*
 * Take `s` out of its office and tell the others; the office ends with its last member.  Nothing happens without an office.  Cannot fail.
 *
 * Requirements: LEAVE-03..06, DISC-01, DISC-02.
 */
void office_leave(struct office_map *map, struct session *s);

/* Borrowed, NULL when there is none.  Ids and names by their decoded value. */
struct office *office_find(const struct office_map *map, struct slice id);
struct session *office_member(const struct office_map *map, const struct office *office,
                              enum smcp_role role, struct slice name);

/* Queue a notice to every member of the office but `sender` (may be NULL).  Linear in the members. (NOTIFY-05, 14, 15) */
void office_broadcast(struct office_map *map, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args);

/* Tell the others in the office of `s` that it has entered or is leaving.  Part of office_join() and office_leave(). */
void office_announce(struct office_map *map, struct session *s, enum smcp_event_id notice);

/*
 * The sessions of an office, in order of joining (UTIL-02), or its Computers (UTIL-01).  Stores at most `max` and returns how many there are; 0 for an
 * office that does not exist.  Borrowed until the next join or leave.
 */
size_t sessions_in_office(const struct office_map *map, struct slice id,
                          const struct session **ret_sessions, size_t max);
size_t computers_in_office(const struct office_map *map, struct slice id,
                           const struct session **ret_computers, size_t max);

/* {"office_id":…,"agent"|"computer":…}: the arguments of enter and leave notices (NOTIFY-03, NOTIFY-04). */
void office_member_encode(const struct office *office, const struct session *s, struct buf *out);

#endif
