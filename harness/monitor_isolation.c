/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "harness/forms.h"
#include "harness/monitor.h"
#include "smcp/event.h"
#include "wire/xmalloc.h"

/*
 * Who may hear of what, as far as it is known for sure: an actor is in an office from the moment at which it asks for it, and may be there until the
 * answer to its leaving (or, of a Computer, to its moving on) has come.  Membership belongs to a connection (DISC-11).
 */

static struct slice ack_of(const struct peer *p, const struct sent_event *s)
{
    if (s->ack_at < 0)
        return slice_of(NULL, 0);
    return slice_of(p->inbox[s->ack_at].args, p->inbox[s->ack_at].args_len);
}

/* A join that was not refused, as far as we know: a success in an odd form makes a member too. */
static bool join_counts(const struct peer *p, const struct sent_event *s)
{
    struct slice args = ack_of(p, s);

    if (strcmp(s->event, "server:join_office") != 0)
        return false;
    return args.len == 0 || ack_is_success(args) ||
           !form_is_refusal(s->event, args, p->host->vars->revision->id);
}

static bool member_is(struct slice object, const char *name, struct slice raw)
{
    struct slice value;

    return object.len > 0 && json_member(object, name, &value, NULL) &&
           json_equal(value, raw, JSON_BY_VALUE, NULL);
}

static bool is_computer(const struct peer *p, struct slice request)
{
    struct slice role;

    return json_member(request, "role", &role, NULL) ? slice_is(role, "\"computer\"")
                                                     : p->spec->role == ACTOR_COMPUTER;
}

/* A time in an office, by our own clock in microseconds. */
struct stay {
    struct slice office, request;
    unsigned conn;
    uint64_t from_us;   /* the join was sent */
    uint64_t ending_us; /* what ends it was sent; 0: it may have ended by itself, or never */
    uint64_t until_us;  /* that was answered with a success */
};

/* All that one peer had. */
struct stays {
    struct stay *items; /* owned */
    size_t n;
};

/* Does `s` end the stay, if it succeeds? */
static bool ends_stay(const struct peer *p, const struct sent_event *s, const struct stay *stay)
{
    struct slice request = sent_first(s);
    bool here = request.len > 0 && member_is(request, "office_id", stay->office);

    if (s->conn != stay->conn || request.len == 0)
        return false;
    if (strcmp(s->event, "server:leave_office") == 0)
        return here;
    return strcmp(s->event, "server:join_office") == 0 && !here && is_computer(p, request);
}

static void find_end(const struct peer *p, int joined, struct stay *stay)
{
    const struct peer_conn *conn = p->conns[stay->conn - 1];

    for (int i = joined + 1; i < p->n_sent; i++) {
        const struct sent_event *s = &p->sent[i];

        if (!ends_stay(p, s, stay))
            continue;
        if (stay->ending_us == 0)
            stay->ending_us = s->t_us;
        if (s->ack_at >= 0 && ack_is_success(ack_of(p, s))) {
            stay->until_us = p->inbox[s->ack_at].t_us;
            break;
        }
    }
    if (conn->left || conn->lost || conn->closed || conn->muted || conn->nsp_ended ||
        conn->unknown_bytes)
        stay->ending_us = 0;
}

/* The stay that sent event `i` has begun; false when it has begun none. */
static bool stay_of(const struct peer *p, int i, struct stay *ret)
{
    const struct sent_event *s = &p->sent[i];

    *ret = (struct stay){
        .request = sent_first(s), .conn = s->conn, .from_us = s->t_us, .until_us = UINT64_MAX};
    if (!join_counts(p, s) || ret->request.len == 0 ||
        !json_member(ret->request, "office_id", &ret->office, NULL))
        return false;
    find_end(p, i, ret);
    return true;
}

static struct stays stays_of(const struct peer *p)
{
    struct stays all = {xcalloc((size_t)p->n_sent + 1, sizeof(struct stay)), 0};

    for (int i = 0; i < p->n_sent; i++)
        all.n += stay_of(p, i, &all.items[all.n]);
    return all;
}

/* What came, to whom, and where everybody was. */
struct delivery {
    const struct monitor_view *view;
    const struct stays *stays; /* one per peer */
    size_t to;
    const struct inbox_item *item;
};

/* Is the receiver in the office, or can it be, at that moment or later, on that connection? */
static bool may_be_in(const struct delivery *d, struct slice office, uint64_t at_us)
{
    const struct stays *own = &d->stays[d->to];

    for (size_t i = 0; i < own->n; i++)
        if (own->items[i].conn == d->item->conn && own->items[i].until_us >= at_us &&
            json_equal(own->items[i].office, office, JSON_BY_VALUE, NULL))
            return true;
    return false;
}

static bool ever_joined(const struct delivery *d)
{
    const struct peer *p = &d->view->peers[d->to];

    for (int i = 0; i < p->n_sent; i++)
        if (p->sent[i].conn == d->item->conn && join_counts(p, &p->sent[i]))
            return true;
    for (unsigned i = 0; i < p->n_conns; i++)
        if (p->conns[i]->unknown_bytes)
            return true;
    return false;
}

/* Has the peer come under `name` (or gone again) while the receiver could be in the same office? */
static bool shares_office(const struct delivery *d, size_t from, struct slice name)
{
    bool goes = strcmp(d->item->event, "notify:leave_office") == 0;

    for (size_t i = 0; i < d->stays[from].n; i++) {
        const struct stay *stay = &d->stays[from].items[i];

        if (member_is(stay->request, "name", name) &&
            may_be_in(d, stay->office, goes ? stay->ending_us : stay->from_us))
            return true;
    }
    return false;
}

/* The same of one thing that the peer has sent. */
static bool sent_to_office(const struct delivery *d, size_t from, const struct sent_event *s)
{
    for (size_t i = 0; i < d->stays[from].n; i++) {
        const struct stay *stay = &d->stays[from].items[i];

        if (stay->conn == s->conn && stay->until_us >= s->t_us &&
            may_be_in(d, stay->office, s->t_us))
            return true;
    }
    return false;
}

/* A member was announced: somebody of that name and this receiver must have had an office in common. */
static bool identity_is_foreign(const struct delivery *d, struct slice payload)
{
    static const char *const keys[] = {"computer", "agent"};

    for (size_t k = 0; k < ARRAY_LEN(keys); k++) {
        struct slice name;
        bool known = false, shared = false;

        if (!json_member(payload, keys[k], &name, NULL) || json_type_of(name) != JSON_STRING)
            continue;
        for (size_t i = 0; i < d->view->n_peers; i++) {
            const struct peer *other = &d->view->peers[i];

            for (int s = 0; s < other->n_sent; s++)
                if (join_counts(other, &other->sent[s]) &&
                    member_is(sent_first(&other->sent[s]), "name", name))
                    known = true;
            shared = shared || shares_office(d, i, name);
        }
        if (known && !shared)
            return true;
    }
    return false;
}

static bool membership_is_foreign(const struct delivery *d, struct slice payload)
{
    struct slice office;

    if (json_member(payload, "office_id", &office, NULL) && json_type_of(office) == JSON_STRING &&
        !may_be_in(d, office, 0))
        return true;
    return identity_is_foreign(d, payload);
}

bool monitor_may_have_caused(const struct monitor_view *view, const struct sent_event *s,
                             const struct inbox_item *item)
{
    const struct smcp_event *row;
    struct slice sent_id, got_id;
    struct slice sent = sent_first(s), got = item_first(item);

    if (event_matches("client:*", item->event)) {
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

/* Some actor has sent what may have caused it, but none from an office in which the receiver could hear it. */
static bool sender_is_foreign(const struct delivery *d)
{
    bool known = false;

    for (size_t i = 0; i < d->view->n_peers; i++) {
        const struct peer *other = &d->view->peers[i];

        for (int s = 0; s < other->n_sent; s++) {
            if (!monitor_may_have_caused(d->view, &other->sent[s], d->item))
                continue;
            if (sent_to_office(d, i, &other->sent[s]))
                return false;
            known = true;
        }
    }
    return known;
}

static const char *trouble_of(const struct delivery *d)
{
    struct slice payload = item_first(d->item);

    if (!ever_joined(d))
        return "and has never been in an office";
    if (payload.len == 0 || json_type_of(payload) != JSON_OBJECT)
        return NULL;
    if (strcmp(d->item->event, "notify:enter_office") == 0 ||
        strcmp(d->item->event, "notify:leave_office") == 0)
        return membership_is_foreign(d, payload)
                   ? "which is about an office that it was not in then"
                   : NULL;
    return sender_is_foreign(d) ? "whose sender was in no office with it then" : NULL;
}

static void check(struct monitor *m, const struct delivery *d)
{
    const char *why;

    if (!item_is_event(d->item) ||
        (!event_matches("notify:*", d->item->event) && !event_matches("client:*", d->item->event)))
        return;
    why = trouble_of(d);
    if (why)
        monitor_trouble(m, MONITOR_ISOLATION, d->item->journal_at,
                        xasprintf("%s received %s, %s: %.200s", d->view->peers[d->to].spec->name,
                                  d->item->event, why, d->item->args));
}

void monitor_isolation(struct monitor *m, const struct monitor_view *view)
{
    struct stays *stays = xcalloc(view->n_peers + 1, sizeof(*stays));

    for (size_t i = 0; i < view->n_peers; i++)
        stays[i] = stays_of(&view->peers[i]);
    for (size_t i = 0; i < view->n_peers; i++)
        for (int k = 0; k < view->peers[i].n_inbox; k++)
            check(m, &(struct delivery){view, stays, i, &view->peers[i].inbox[k]});
    for (size_t i = 0; i < view->n_peers; i++)
        free(stays[i].items);
    free(stays);
}
