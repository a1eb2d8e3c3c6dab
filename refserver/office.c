/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/office.h"

#include <assert.h>
#include <stdlib.h>

#include "wire/xmalloc.h"

enum { NOTICE_MAX_BYTES = 1 << 26 };

void office_map_init(struct office_map *map, const struct smcp_revision *revision,
                     const struct limits *limits, struct defects *defects)
{
    *map = (struct office_map){
        .key = hash_key_new(), .revision = revision, .limits = *limits, .defects = defects};
    buf_init(&map->notice, NOTICE_MAX_BYTES);
}

void office_map_release(struct office_map *map)
{
    assert(map->offices.count == 0);
    hash_table_release(&map->offices);
    hash_table_release(&map->names);
    buf_release(&map->notice);
}

/* ---- finding ---- */

struct office *office_find(const struct office_map *map, struct slice id)
{
    struct hash_node *node = hash_table_find(&map->offices, hash_bytes(&map->key, 0, id));

    for (; node; node = hash_node_again(node)) {
        struct office *office = HASH_OWNER(node, struct office, by_id);

        if (slice_eq(office->id.value, id))
            return office;
    }
    return NULL;
}

/* One number per (office, role); 0 is the scope of office ids. */
static uint64_t name_scope(const struct office *office, enum smcp_role role)
{
    return office->serial * 4 + (uint64_t)role;
}

struct session *office_member(const struct office_map *map, const struct office *office,
                              enum smcp_role role, struct slice name)
{
    uint64_t hash = hash_bytes(&map->key, name_scope(office, role), name);
    struct hash_node *node = hash_table_find(&map->names, hash);

    for (; node; node = hash_node_again(node)) {
        struct session *s = HASH_OWNER(node, struct session, by_name);

        if (s->office == office && s->role == role && slice_eq(s->name.value, name))
            return s;
    }
    return NULL;
}

static size_t members_of_role(const struct office *office, enum smcp_role role,
                              const struct session **ret_sessions, size_t max)
{
    size_t n = 0;

    for (const struct session *s = office ? office->first : NULL; s; s = s->next) {
        if (role != ROLE_NONE && s->role != role)
            continue;
        if (n < max)
            ret_sessions[n] = s;
        n++;
    }
    return n;
}

size_t sessions_in_office(const struct office_map *map, struct slice id,
                          const struct session **ret_sessions, size_t max)
{
    return members_of_role(office_find(map, id), ROLE_NONE, ret_sessions, max);
}

size_t computers_in_office(const struct office_map *map, struct slice id,
                           const struct session **ret_computers, size_t max)
{
    return members_of_role(office_find(map, id), ROLE_COMPUTER, ret_computers, max);
}

/* ---- notices ---- */

void office_broadcast(struct office_map *map, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args)
{
    if (defects_any(map->defects)) {
        defect_broadcast(map->defects, office, sender, notice, args);
        return;
    }
    for (struct session *s = office->first; s; s = s->next) {
        if (s != sender)
            session_notify(s, notice, args);
    }
}

void office_member_encode(const struct office *office, const struct session *s, struct buf *out)
{
    buf_append_str(out, "{\"office_id\":");
    buf_append_slice(out, office->id.json);
    buf_append_str(out, ",\"");
    buf_append_str(out, smcp_role_text(s->role));
    buf_append_str(out, "\":");
    buf_append_slice(out, s->name.json);
    buf_append_ch(out, '}');
}

void office_announce(struct office_map *map, struct session *s, enum smcp_event_id notice)
{
    if (map->muted)
        return;
    buf_clear(&map->notice);
    office_member_encode(s->office, s, &map->notice);
    office_broadcast(map, s->office, s, smcp_event(notice), buf_slice(&map->notice));
}

/* ---- membership: these two are the only ones that change it ---- */

static void member_add(struct office_map *map, struct office *office, struct session *s)
{
    s->office = office;
    s->next = NULL;
    s->previous = office->last;
    if (office->last)
        office->last->next = s;
    else
        office->first = s;
    office->last = s;
    office->members++;
    office->agents += s->role == ROLE_AGENT;
    office->computers += s->role == ROLE_COMPUTER;
    hash_table_add(&map->names, &s->by_name,
                   hash_bytes(&map->key, name_scope(office, s->role), s->name.value));
}

static void member_remove(struct office_map *map, struct session *s)
{
    struct office *office = s->office;

    hash_table_remove(&map->names, &s->by_name);
    if (s->previous)
        s->previous->next = s->next;
    else
        office->first = s->next;
    if (s->next)
        s->next->previous = s->previous;
    else
        office->last = s->previous;
    s->previous = NULL;
    s->next = NULL;
    s->office = NULL;
    office->members--;
    office->agents -= s->role == ROLE_AGENT;
    office->computers -= s->role == ROLE_COMPUTER;
}

/* ---- joining and leaving ---- */

static struct office *office_new(struct office_map *map, const struct label *id)
{
    struct office *office = xcalloc(1, sizeof(*office));

    office->id = label_copy(id);
    office->serial = ++map->last_serial;
    hash_table_add(&map->offices, &office->by_id, hash_bytes(&map->key, 0, office->id.value));
    return office;
}

static void office_free(struct office_map *map, struct office *office)
{
    hash_table_remove(&map->offices, &office->by_id);
    label_release(&office->id);
    free(office);
}

static enum smcp_error check_form(const struct office_map *map, const struct join_request *join)
{
    if (join->name.value.len == 0)
        return SMCP_E_EMPTY_NAME;
    if (join->office.value.len == 0)
        return SMCP_E_EMPTY_OFFICE;
    if (join->name.value.len > map->limits.name_bytes)
        return SMCP_E_NAME_TOO_LONG;
    if (join->office.value.len > map->limits.office_bytes)
        return SMCP_E_OFFICE_TOO_LONG;
    return SMCP_OK;
}

/* ROOM-32, ROOM-33: the first successful join has bound the identity. */
static enum smcp_error check_identity(const struct session *s, const struct join_request *join)
{
    if (s->role == ROLE_NONE)
        return SMCP_OK;
    if (s->role != join->role)
        return SMCP_E_ROLE_MISMATCH;
    if (!slice_eq(s->name.value, join->name.value))
        return SMCP_E_NAME_MISMATCH;
    return SMCP_OK;
}

static enum smcp_error check_seat(const struct office_map *map, const struct office *office,
                                  const struct join_request *join)
{
    const struct smcp_revision *r = map->revision;

    if (join->role == ROLE_AGENT && office->agents >= r->agents_per_office)
        return SMCP_E_AGENT_SEAT;
    if (join->role == ROLE_COMPUTER && r->computers_per_office &&
        office->computers >= r->computers_per_office)
        return SMCP_E_COMPUTER_SEAT;
    if (office_member(map, office, join->role, join->name.value))
        return SMCP_E_DUPLICATE_NAME;
    if (office->members >= map->limits.members)
        return SMCP_E_OFFICE_FULL;
    return SMCP_OK;
}

static enum smcp_error check_join(const struct office_map *map, const struct session *s,
                                  const struct office *office, const struct join_request *join)
{
    enum smcp_error error = check_form(map, join);

    if (error == SMCP_OK)
        error = check_identity(s, join);
    if (error != SMCP_OK || (office && s->office == office))
        return error;
    if (s->office && s->role == ROLE_AGENT)
        return SMCP_E_AGENT_ELSEWHERE;
    if (!office)
        return map->offices.count >= map->limits.offices ? SMCP_E_TOO_MANY_OFFICES : SMCP_OK;
    return check_seat(map, office, join);
}

static void bind_identity(struct session *s, const struct join_request *join)
{
    if (s->role != ROLE_NONE)
        return;
    s->role = join->role;
    s->name = label_copy(&join->name);
}

enum smcp_error office_join(struct office_map *map, struct session *s,
                            const struct join_request *join)
{
    struct office *office = office_find(map, join->office.value);
    enum smcp_error error = check_join(map, s, office, join);

    if (defects_any(map->defects))
        error = defect_join_check(map->defects, s, office, join, error);
    if (error != SMCP_OK || (office && s->office == office))
        return error;
    bind_identity(s, join);
    if (!office)
        office = office_new(map, &join->office);
    office_leave(map, s); /* ROOM-29: before the enter notice */
    member_add(map, office, s);
    office_announce(map, s, SMCP_ENTERED);
    return SMCP_OK;
}

void office_leave(struct office_map *map, struct session *s)
{
    struct office *office = s->office;

    if (!office)
        return;
    office_announce(map, s, SMCP_LEFT);
    if (defects_any(map->defects))
        defect_leaving(map->defects, s);
    member_remove(map, s);
    if (office->members == 0)
        office_free(map, office);
}
