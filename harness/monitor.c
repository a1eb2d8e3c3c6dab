/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/monitor.h"

#include <stdlib.h>
#include <string.h>

#include "harness/forms.h"
#include "smcp/event.h"
#include "smcp/requirements.h"
#include "wire/xmalloc.h"

static const char *const ack_requirements[] = {"SIO-07", "SIO-14", NULL};
static const char *const isolation_requirements[] = {"SEC-01", "NOTIFY-05", NULL};
static const char *const wire_requirements[] = {"SIO-05", "NOTIFY-03", NULL};

static const char *const secret_requirements[] = {"ERR-05", NULL};
static const char *const sid_requirements[] = {"SEC-05", NULL};
static const char *const sid_observations[] = {"D-03", "D-09", NULL};

const struct monitor_row monitor_rows[MONITOR_COUNT] = {
    [MONITOR_ACKS] = {"monitor: ack ownership", ack_requirements},
    [MONITOR_ISOLATION] = {"monitor: office isolation", isolation_requirements},
    [MONITOR_WIRE] = {"monitor: wire form", wire_requirements},
    [MONITOR_SECRETS] = {"monitor: secrets", secret_requirements},
    [MONITOR_SIDS] = {"monitor: foreign sids", sid_requirements},
};

bool monitor_observes(enum monitor_kind kind, enum smcp_revision_id revision)
{
    const struct requirement *r = requirement_find(sid_requirements[0]);

    return kind == MONITOR_SIDS && !(r && requirement_applies(r, revision));
}

const char *const *monitor_requirements(enum monitor_kind kind, enum smcp_revision_id revision)
{
    return monitor_observes(kind, revision) ? sid_observations : monitor_rows[kind].requirements;
}

void monitor_init(struct monitor *m)
{
    memset(m, 0, sizeof(*m));
}

void monitor_release(struct monitor *m)
{
    for (int i = 0; i < MONITOR_COUNT; i++)
        free(m->reason[i]);
}

void monitor_trouble(struct monitor *m, enum monitor_kind kind, int journal_at, char *text)
{
    if (m->reason[kind]) {
        free(text);
        return;
    }
    m->reason[kind] = text;
    m->journal_at[kind] = journal_at;
}

void monitor_malformed(struct monitor *m, const struct peer *p, const char *text, int journal_at)
{
    monitor_trouble(m, MONITOR_WIRE, journal_at,
                    xasprintf("%s was sent what is no packet: %s", p->spec->name, text));
}

char *monitor_foreign_text(const struct inbox_item *item, const char *receiver, const char *where)
{
    return xasprintf(
        "%s of this scenario reached %s of %s, which has nothing to do with it: %.200s",
        item->event, receiver, where, item->args);
}

void monitor_foreign(struct monitor *m, char *text)
{
    monitor_trouble(m, MONITOR_ISOLATION, -1, text);
}

static bool is_event(const struct inbox_item *item)
{
    return (item->type == SIO_EVENT || item->type == SIO_BINARY_EVENT) && !item->foreign;
}

static bool begins(const char *text, const char *prefix)
{
    return strncmp(text, prefix, strlen(prefix)) == 0;
}

static struct slice first_of(const char *args, size_t len)
{
    return args_first(slice_of(args, len));
}

/* ---- acks ---- */

static const struct sent_event *asked_by(const struct peer *p, const struct inbox_item *ack)
{
    for (int i = 0; i < p->n_sent; i++) {
        const struct sent_event *s = &p->sent[i];

        if (s->conn == ack->conn && s->id == ack->id && strcmp(s->nsp, ack->nsp) == 0)
            return s;
    }
    return NULL;
}

static void check_ack(struct monitor *m, const struct peer *p, const struct inbox_item *ack)
{
    const struct sent_event *s = asked_by(p, ack);

    if (p->conns[ack->conn - 1]->unknown_bytes)
        return;
    if (!s)
        monitor_trouble(m, MONITOR_ACKS, ack->journal_at,
                        xasprintf("%s received an ack with id %llu, which it never asked for",
                                  p->spec->name, (unsigned long long)ack->id));
    else if (s->acks > 1)
        monitor_trouble(
            m, MONITOR_ACKS, ack->journal_at,
            xasprintf("%s received %u acks for one %s", p->spec->name, s->acks, s->event));
}

/* ---- isolation ---- */

/* A join that was not refused, as far as we know: a success in an odd form makes a member too. */
static bool join_counts(const struct peer *p, const struct sent_event *s)
{
    struct slice args;

    if (strcmp(s->event, "server:join_office") != 0)
        return false;
    if (s->ack_at < 0)
        return true;
    args = slice_of(p->inbox[s->ack_at].args, p->inbox[s->ack_at].args_len);
    return ack_is_success(args) || !form_is_refusal(s->event, args, p->host->vars->revision->id);
}

static bool member_is(struct slice object, const char *name, struct slice raw)
{
    struct slice value;

    return object.len > 0 && json_member(object, name, &value, NULL) &&
           json_equal(value, raw, JSON_BY_VALUE, NULL);
}

/* Has `p` ever been in the office (raw JSON), or with `name` (may be empty) under that name? */
static bool was_member(const struct peer *p, struct slice office, struct slice name)
{
    for (int i = 0; i < p->n_sent; i++) {
        struct slice request = first_of(p->sent[i].args, p->sent[i].args_len);

        if (join_counts(p, &p->sent[i]) && member_is(request, "office_id", office) &&
            (name.len == 0 || member_is(request, "name", name)))
            return true;
    }
    return false;
}

static bool ever_joined(const struct peer *p)
{
    for (int i = 0; i < p->n_sent; i++)
        if (join_counts(p, &p->sent[i]))
            return true;
    for (unsigned i = 0; i < p->n_conns; i++)
        if (p->conns[i]->unknown_bytes)
            return true;
    return false;
}

/* Were `a` (under `name`, when given) and `b` ever in one office? */
static bool share_office(const struct peer *a, struct slice name, const struct peer *b)
{
    for (int i = 0; i < a->n_sent; i++) {
        struct slice request = first_of(a->sent[i].args, a->sent[i].args_len);
        struct slice office;

        if (join_counts(a, &a->sent[i]) && request.len > 0 &&
            json_member(request, "office_id", &office, NULL) &&
            (name.len == 0 || member_is(request, "name", name)) &&
            was_member(b, office, slice_of(NULL, 0)))
            return true;
    }
    return false;
}

/* A member was announced: somebody of that name and this receiver must have had an office in common. */
static bool identity_is_foreign(const struct monitor_view *view, const struct peer *p,
                                struct slice payload)
{
    static const char *const keys[] = {"computer", "agent"};

    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        struct slice name;
        bool known = false, shared = false;

        if (!json_member(payload, keys[k], &name, NULL) || json_type_of(name) != JSON_STRING)
            continue;
        for (size_t i = 0; i < view->n_peers; i++) {
            const struct peer *other = &view->peers[i];

            for (int s = 0; s < other->n_sent; s++)
                if (join_counts(other, &other->sent[s]) &&
                    member_is(first_of(other->sent[s].args, other->sent[s].args_len), "name", name))
                    known = true;
            shared = shared || share_office(other, name, p);
        }
        if (known && !shared)
            return true;
    }
    return false;
}

static bool membership_is_foreign(const struct monitor_view *view, const struct peer *p,
                                  struct slice payload)
{
    struct slice office;

    if (json_member(payload, "office_id", &office, NULL) && json_type_of(office) == JSON_STRING &&
        !was_member(p, office, slice_of(NULL, 0)))
        return true;
    return identity_is_foreign(view, p, payload);
}

/* Could this sent event have caused that received one? */
static bool may_have_caused(const struct monitor_view *view, const struct sent_event *s,
                            const struct inbox_item *item)
{
    const struct smcp_event *row;
    struct slice sent_id, got_id;
    struct slice sent = first_of(s->args, s->args_len), got = first_of(item->args, item->args_len);

    if (begins(item->event, "client:")) {
        if (strcmp(s->event, item->event) != 0)
            return false;
        if (sent.len == 0 || got.len == 0 || !json_member(sent, "req_id", &sent_id, NULL) ||
            !json_member(got, "req_id", &got_id, NULL))
            return true;
        return json_equal(sent_id, got_id, JSON_BY_VALUE, NULL);
    }
    row = smcp_event_find(view->revision, slice_str(s->event));
    return row && row->notice != SMCP_NONE && slice_is(smcp_event(row->notice)->name, item->event);
}

/* Some actor has sent what may have caused it, but none that was ever in an office with the receiver. */
static bool sender_is_foreign(const struct monitor_view *view, const struct peer *p,
                              const struct inbox_item *item)
{
    bool known = false;

    for (size_t i = 0; i < view->n_peers; i++) {
        const struct peer *other = &view->peers[i];

        for (int s = 0; s < other->n_sent; s++) {
            if (!may_have_caused(view, &other->sent[s], item))
                continue;
            if (share_office(other, slice_of(NULL, 0), p))
                return false;
            known = true;
        }
    }
    return known;
}

static const char *isolation_trouble(const struct monitor_view *view, const struct peer *p,
                                     const struct inbox_item *item)
{
    struct slice payload = first_of(item->args, item->args_len);

    if (!ever_joined(p))
        return "and has never been in an office";
    if (payload.len == 0 || json_type_of(payload) != JSON_OBJECT)
        return NULL;
    if (strcmp(item->event, "notify:enter_office") == 0 ||
        strcmp(item->event, "notify:leave_office") == 0)
        return membership_is_foreign(view, p, payload)
                   ? "which is about an office that it was never in"
                   : NULL;
    return sender_is_foreign(view, p, item) ? "whose sender was never in an office with it" : NULL;
}

static void check_isolation(struct monitor *m, const struct monitor_view *view,
                            const struct peer *p, const struct inbox_item *item)
{
    const char *why;

    if (!begins(item->event, "notify:") && !begins(item->event, "client:"))
        return;
    why = isolation_trouble(view, p, item);
    if (why)
        monitor_trouble(
            m, MONITOR_ISOLATION, item->journal_at,
            xasprintf("%s received %s, %s: %.200s", p->spec->name, item->event, why, item->args));
}

/* ---- form ---- */

/* Did some actor send that very thing in a form of its own?  Then the server may have passed it on as it was. */
static bool sent_odd(const struct monitor_view *view, const struct inbox_item *item)
{
    for (size_t i = 0; i < view->n_peers; i++) {
        const struct peer *other = &view->peers[i];

        for (int s = 0; s < other->n_sent; s++) {
            struct slice first = first_of(other->sent[s].args, other->sent[s].args_len);
            struct json_cursor c;
            struct slice key, value;
            unsigned n = 0;

            if (!may_have_caused(view, &other->sent[s], item))
                continue;
            if (json_cursor_array(&c, slice_of(other->sent[s].args, other->sent[s].args_len)))
                while (json_next(&c, &key, &value))
                    n++;
            if (n != 1 || json_type_of(first) != JSON_OBJECT)
                return true;
        }
    }
    return false;
}

static void check_schema(struct monitor *m, const struct monitor_view *view, const struct peer *p,
                         const struct inbox_item *item, const char *name, struct slice value)
{
    const struct schema *schema = schema_find(view->schemas, view->revision, name);
    struct schema_miss miss = {0};

    if (!schema || schema_valid(schema, value, &miss))
        return;
    monitor_trouble(m, MONITOR_WIRE, item->journal_at,
                    xasprintf("%s received %s that breaks its schema%s%s: %s", p->spec->name,
                              item->event ? item->event : "a list_room ack",
                              miss.pointer && *miss.pointer ? " at " : "",
                              miss.pointer ? miss.pointer : "", miss.text));
    schema_miss_release(&miss);
}

static void check_form(struct monitor *m, const struct monitor_view *view, const struct peer *p,
                       const struct inbox_item *item)
{
    struct slice payload = first_of(item->args, item->args_len);
    bool membership = strcmp(item->event, "notify:enter_office") == 0 ||
                      strcmp(item->event, "notify:leave_office") == 0;

    if (!begins(item->event, "notify:") && !begins(item->event, "client:"))
        return;
    if (item->n_args != 1 || json_type_of(payload) != JSON_OBJECT) {
        if (membership || !sent_odd(view, item))
            monitor_trouble(
                m, MONITOR_WIRE, item->journal_at,
                xasprintf("%s received %s with something else than exactly one object: %.200s",
                          p->spec->name, item->event, item->args));
        return;
    }
    if (membership)
        check_schema(m, view, p, item,
                     strcmp(item->event, "notify:enter_office") == 0 ? "notify.enter_office"
                                                                     : "notify.leave_office",
                     payload);
}

static void check_list(struct monitor *m, const struct monitor_view *view, const struct peer *p,
                       const struct inbox_item *ack)
{
    const struct sent_event *s = asked_by(p, ack);
    struct slice result = first_of(ack->args, ack->args_len), sessions;

    if (s && strcmp(s->event, "server:list_room") == 0 && result.len > 0 &&
        json_member(result, "sessions", &sessions, NULL))
        check_schema(m, view, p, ack, "list_room.ack", slice_of(ack->args, ack->args_len));
}

void monitor_finish(struct monitor *m, const struct monitor_view *view)
{
    for (size_t k = 0; k < view->n_peers; k++) {
        const struct peer *p = &view->peers[k];

        for (int i = 0; i < p->n_inbox; i++) {
            const struct inbox_item *item = &p->inbox[i];

            if (is_event(item)) {
                check_isolation(m, view, p, item);
                check_form(m, view, p, item);
            } else if (item->type == SIO_ACK || item->type == SIO_BINARY_ACK) {
                check_ack(m, p, item);
                check_list(m, view, p, item);
            }
        }
    }
    monitor_leaks(m, view);
}
