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

/* ---- form ---- */

static bool is_odd(const struct monitor_view *view, const struct sent_event *s)
{
    const struct schema *schema =
        schema_of_event(view->schemas, view->revision, s->event, "request");
    struct slice first = sent_first(s);
    struct schema_miss miss = {0};
    struct json_cursor c;
    struct slice key, value;
    unsigned n = 0;
    bool odd;

    if (json_cursor_array(&c, slice_of(s->args, s->args_len)))
        while (json_next(&c, &key, &value))
            n++;
    odd = n != 1 || json_type_of(first) != JSON_OBJECT ||
          (schema && !schema_valid(schema, first, &miss));
    schema_miss_release(&miss);
    return odd;
}

/* Did some actor send that very thing in a form of its own?  Then the server may have passed it on as it was. */
static bool sent_odd(const struct monitor_view *view, const struct inbox_item *item)
{
    for (size_t i = 0; i < view->n_peers; i++)
        for (int s = 0; s < view->peers[i].n_sent; s++)
            if (monitor_may_have_caused(view, &view->peers[i].sent[s], item) &&
                is_odd(view, &view->peers[i].sent[s]))
                return true;
    return false;
}

static void check_schema(struct monitor *m, const struct peer *p, const struct inbox_item *item,
                         const struct schema *schema, struct slice value)
{
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
    struct slice payload = item_first(item);
    bool ours = strcmp(item->event, "notify:enter_office") != 0 &&
                strcmp(item->event, "notify:leave_office") != 0;

    if (!event_matches("notify:*", item->event) && !event_matches("client:*", item->event))
        return;
    if (ours && sent_odd(view, item))
        return;
    if (item->n_args != 1 || json_type_of(payload) != JSON_OBJECT)
        monitor_trouble(
            m, MONITOR_WIRE, item->journal_at,
            xasprintf("%s received %s with something else than exactly one object: %.200s",
                      p->spec->name, item->event, item->args));
    else
        check_schema(m, p, item,
                     schema_of_event(view->schemas, view->revision, item->event, "request"),
                     payload);
}

static void check_list(struct monitor *m, const struct monitor_view *view, const struct peer *p,
                       const struct inbox_item *ack)
{
    const struct sent_event *s = asked_by(p, ack);
    struct slice result = item_first(ack), sessions;

    if (s && strcmp(s->event, "server:list_room") == 0 && result.len > 0 &&
        json_member(result, "sessions", &sessions, NULL))
        check_schema(m, p, ack, schema_find(view->schemas, view->revision, "list_room.ack"),
                     slice_of(ack->args, ack->args_len));
}

void monitor_finish(struct monitor *m, const struct monitor_view *view)
{
    for (size_t k = 0; k < view->n_peers; k++) {
        const struct peer *p = &view->peers[k];

        for (int i = 0; i < p->n_inbox; i++) {
            const struct inbox_item *item = &p->inbox[i];

            if (item_is_event(item)) {
                check_form(m, view, p, item);
            } else if (item->type == SIO_ACK || item->type == SIO_BINARY_ACK) {
                check_ack(m, p, item);
                check_list(m, view, p, item);
            }
        }
    }
    monitor_isolation(m, view);
    monitor_leaks(m, view);
}
