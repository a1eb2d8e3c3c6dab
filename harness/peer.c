/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/peer_internal.h"
#include "wire/base64.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

static const char *const end_reasons[] = {"the server closed the connection",
                                          "we ended the connection"};

void peer_init(struct peer *p, const struct peer_host *host, const struct actor_spec *spec,
               int index)
{
    memset(p, 0, sizeof(*p));
    p->host = host;
    p->spec = spec;
    p->index = index;
    p->next_id = 1;
}

static void inbox_item_release(struct inbox_item *item)
{
    free(item->nsp);
    free(item->event);
    free(item->args);
    free(item->payload);
    for (unsigned i = 0; i < item->n_attachments; i++)
        free(item->attachments[i]);
    free(item->attachments);
}

static void sent_event_release(struct sent_event *s)
{
    free(s->label);
    free(s->nsp);
    free(s->event);
    free(s->args);
}

static void conn_free(struct peer_conn *c)
{
    eio_client_free(c->client);
    free(c->nsp);
    free(c->auth);
    free(c->sid);
    free(c->close_text);
    free(c);
}

void peer_release(struct peer *p)
{
    peer_drop_delayed(p);
    for (unsigned i = 0; i < p->n_conns; i++)
        conn_free(p->conns[i]);
    free(p->conns);
    for (int i = 0; i < p->n_inbox; i++)
        inbox_item_release(&p->inbox[i]);
    free(p->inbox);
    for (int i = 0; i < p->n_sent; i++)
        sent_event_release(&p->sent[i]);
    free(p->sent);
    for (unsigned i = 0; i < p->n_rules; i++)
        free(p->rules[i].event);
    free(p->rules);
    free(p->name);
    free(p->joined_as);
    free(p->office);
    free(p->last_office);
    free(p->asked_office);
    free(p->role);
    memset(p, 0, sizeof(*p));
}

bool event_matches(const char *pattern, const char *event)
{
    size_t len = strlen(pattern);

    if (len > 0 && pattern[len - 1] == '*')
        return strncmp(pattern, event, len - 1) == 0;
    return strcmp(pattern, event) == 0;
}

struct slice args_first(struct slice args)
{
    struct json_cursor c;
    struct slice key, value;

    if (args.len == 0 || !json_cursor_array(&c, args) || !json_next(&c, &key, &value))
        return slice_of(NULL, 0);
    return value;
}

/* ---- what comes in ---- */

static void on_tap(void *user, const struct tap_frame *frame)
{
    struct peer_conn *c = user;
    struct peer *p = c->peer;

    journal_add(p->host->journal, p->index, frame);
    if (frame->outgoing)
        p->host->sending(p->host->user);
}

static void on_open(void *user, const struct eio_open *open)
{
    struct peer_conn *c = user;

    (void)open;
    c->open = true;
    if (c->nsp)
        peer_send_connect(c);
    c->peer->host->changed(c->peer->host->user);
}

static void on_upgraded(void *user)
{
    struct peer_conn *c = user;

    c->upgraded = true;
    c->polls = false;
    c->peer->host->changed(c->peer->host->user);
}

/* A reply to one of our fences: "/fence-r4f2a-17-A3".  The number of the fence, or 0. */
static unsigned fence_number(const struct peer *p, struct slice nsp)
{
    char expected[96];
    unsigned number = 0;
    int len = snprintf(expected, sizeof(expected), "/fence-%s-%d-", p->host->vars->tag, p->index);

    if (nsp.len <= (size_t)len || memcmp(nsp.ptr, expected, (size_t)len) != 0)
        return 0;
    for (size_t i = (size_t)len; i < nsp.len && nsp.ptr[i] >= '0' && nsp.ptr[i] <= '9'; i++)
        number = number * 10 + (unsigned)(nsp.ptr[i] - '0');
    return number;
}

static int inbox_add(struct peer_conn *c, const struct sio_packet *packet,
                     const struct slice *attachments, unsigned n)
{
    struct peer *p = c->peer;
    struct inbox_item *item;
    struct buf args;

    if (p->n_inbox == p->cap_inbox) {
        p->cap_inbox = p->cap_inbox ? p->cap_inbox * 2 : 16;
        p->inbox = xrealloc(p->inbox, (size_t)p->cap_inbox * sizeof(*p->inbox));
    }
    item = &p->inbox[p->n_inbox];
    *item = (struct inbox_item){.t_us = journal_now(p->host->journal),
                                .journal_at = (int)p->host->journal->n - 1,
                                .conn = c->serial,
                                .type = packet->type,
                                .id = packet->id,
                                .nsp = xstrndup_slice(packet->nsp),
                                .payload = xstrndup_slice(packet->payload),
                                .payload_len = packet->payload.len,
                                .n_args = packet->n_args,
                                .claimed_by = -1};
    buf_init(&args, PEER_MAX_MESSAGE);
    if (packet->name.len > 0) {
        json_string_decode(packet->name, &args);
        item->event = buf_take_str(&args);
    }
    buf_append_ch(&args, '[');
    buf_append_slice(&args, packet->args);
    buf_append_ch(&args, ']');
    item->args_len = args.len;
    item->args = buf_take_str(&args);
    if (n > 0)
        item->attachments = xcalloc(n, sizeof(*item->attachments));
    for (unsigned i = 0; i < n; i++) {
        base64_encode(&args, &attachments[i], 1);
        item->attachments[i] = buf_take_str(&args);
    }
    item->n_attachments = n;
    buf_release(&args);
    return p->n_inbox++;
}

/* true, nothing, null or {"Ok":…} first, also inside one array too many. */
bool ack_is_success(struct slice args)
{
    struct slice first = args_first(args);

    if (first.len == 0)
        return true;
    switch (json_type_of(first)) {
    case JSON_TRUE:
    case JSON_NULL:
        return true;
    case JSON_ARRAY:
        return ack_is_success(first);
    case JSON_OBJECT:
        return json_member(first, "Ok", &first, NULL);
    case JSON_FALSE:
    case JSON_NUMBER:
    case JSON_STRING:
        break;
    }
    return false;
}

static void replace_text(char **text, char *value)
{
    free(*text);
    *text = value;
}

static char *string_member(struct slice object, const char *name)
{
    struct slice raw;
    struct buf text;

    if (object.len == 0 || !json_member(object, name, &raw, NULL) ||
        json_type_of(raw) != JSON_STRING)
        return NULL;
    buf_init(&text, PEER_MAX_MESSAGE);
    json_string_decode(raw, &text);
    return buf_take_str(&text);
}

/* Where the actor is now, by the acks that it got. */
static void track_membership(struct peer *p, const struct sent_event *s,
                             const struct inbox_item *ack)
{
    struct slice request = args_first(slice_of(s->args, s->args_len));
    char *office;

    if (!ack_is_success(slice_of(ack->args, ack->args_len)))
        return;
    if (strcmp(s->event, "server:leave_office") == 0)
        replace_text(&p->office, NULL);
    if (strcmp(s->event, "server:join_office") != 0)
        return;
    office = string_member(request, "office_id");
    if (!office)
        return;
    replace_text(&p->last_office, xstrdup(office));
    replace_text(&p->office, office);
    replace_text(&p->joined_as, string_member(request, "name"));
    replace_text(&p->role, string_member(request, "role"));
}

/* The event that this ack answers: the oldest of that id that waits for one, else the last of that id; NULL: none. */
static struct sent_event *acked_event(struct peer_conn *c, const struct inbox_item *item)
{
    struct sent_event *found = NULL;

    for (int i = 0; i < c->peer->n_sent; i++) {
        struct sent_event *s = &c->peer->sent[i];

        if (s->conn != c->serial || s->id != item->id || strcmp(s->nsp, item->nsp) != 0)
            continue;
        found = s;
        if (s->acks == 0)
            break;
    }
    return found;
}

static void take_ack(struct peer_conn *c, const struct inbox_item *item, int at)
{
    struct peer *p = c->peer;
    struct sent_event *s = acked_event(c, item);

    if (!s)
        return;
    if (s->acks++ == 0) {
        s->ack_at = at;
        track_membership(p, s, item);
    }
    if (s->fence)
        p->fences_answered = p->fences_sent;
}

static void take_connect(struct peer_conn *c, const struct inbox_item *item, int at)
{
    struct slice raw;
    struct buf sid;

    if (!c->nsp || strcmp(item->nsp, c->nsp) != 0)
        return;
    c->connect_at = at;
    c->accepted = item->type == SIO_CONNECT;
    c->refused = item->type == SIO_CONNECT_ERROR;
    c->ready_ms = net_loop_now_ms(c->peer->host->loop) + c->peer->host->target->warmup_ms;
    if (!c->accepted ||
        !json_member(slice_of(item->payload, item->payload_len), "sid", &raw, NULL) ||
        json_type_of(raw) != JSON_STRING)
        return;
    buf_init(&sid, 4096);
    json_string_decode(raw, &sid);
    free(c->sid);
    c->sid = buf_take_str(&sid);
}

static void set_sid_variable(struct peer *p, const char *sid)
{
    char *name = xasprintf("%s.sid", p->spec->name);

    vars_set_text(p->host->vars, name, slice_str(sid));
    free(name);
}

/* SEC-01 across scenarios: whose it is will hear of it; for us it does not exist. */
static bool is_foreign(struct peer *p, int at)
{
    struct inbox_item *item = &p->inbox[at];
    long serial = vars_foreign(p->host->vars, slice_of(item->args, item->args_len));

    item->foreign = serial >= 0;
    if (item->foreign && p->host->foreign)
        p->host->foreign(p->host->user, p, serial, item);
    return item->foreign;
}

static void on_packet(void *user, const struct sio_packet *packet, const struct slice *attachments,
                      unsigned n)
{
    struct peer_conn *c = user;
    struct peer *p = c->peer;
    unsigned fence = fence_number(p, packet->nsp);
    int at;

    if (fence > 0) {
        if (fence <= p->fences_sent && fence > p->fences_answered)
            p->fences_answered = fence;
        p->host->changed(p->host->user);
        return;
    }
    at = inbox_add(c, packet, attachments, n);
    switch (packet->type) {
    case SIO_CONNECT:
    case SIO_CONNECT_ERROR:
        take_connect(c, &p->inbox[at], at);
        if (c->accepted && c->sid)
            set_sid_variable(p, c->sid);
        break;
    case SIO_DISCONNECT:
        if (c->nsp && strcmp(p->inbox[at].nsp, c->nsp) == 0)
            c->nsp_ended = true;
        break;
    case SIO_ACK:
    case SIO_BINARY_ACK:
        take_ack(c, &p->inbox[at], at);
        break;
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        if (!is_foreign(p, at))
            peer_apply_rules(p, at);
        break;
    }
    p->host->changed(p->host->user);
}

static void on_fault(void *user, const struct wire_fault *fault, struct slice bytes)
{
    struct peer_conn *c = user;
    struct peer *p = c->peer;
    size_t shown = bytes.len < 120 ? bytes.len : 120;
    char *text =
        xasprintf("%s at byte %zu%s%s: `%.*s`", wire_err_text(fault->code), fault->offset,
                  fault->expected ? ", expected " : "", fault->expected ? fault->expected : "",
                  (int)shown, bytes.ptr ? bytes.ptr : "");

    p->host->malformed(p->host->user, p, text, (int)p->host->journal->n - 1);
    free(text);
    p->host->changed(p->host->user);
}

static void on_closed(void *user, bool by_peer, int http_status, struct slice body,
                      const char *text)
{
    struct peer_conn *c = user;
    struct peer *p = c->peer;
    size_t shown = body.len < 200 ? body.len : 200;

    c->closed = true;
    c->by_peer = by_peer;
    c->http_status = http_status;
    free(c->close_text);
    if (http_status)
        c->close_text =
            xasprintf("HTTP %d %.*s", http_status, (int)shown, body.ptr ? body.ptr : "");
    else
        c->close_text = xstrdup(text ? text : end_reasons[!by_peer]);
    if (!peer_returns_anew(c) && !c->lost && c == p->conn)
        p->host->lost(p->host->user, p);
    p->host->changed(p->host->user);
}

const struct client_ops peer_client_ops = {
    .tap = on_tap,
    .open = on_open,
    .upgraded = on_upgraded,
    .packet = on_packet,
    .fault = on_fault,
    .closed = on_closed,
};

bool peer_conn_is_ready(const struct peer_conn *c)
{
    return net_loop_now_ms(c->peer->host->loop) >= c->ready_ms;
}

bool peer_can_send(const struct peer *p)
{
    return p->conn && p->conn->client && !p->conn->closed && !p->conn->lost;
}

char *peer_trouble(const struct peer *p)
{
    if (!p->conn)
        return xasprintf("%s is not connected", p->spec->name);
    if (p->conn->lost)
        return xasprintf("%s has ended its connection", p->spec->name);
    if (p->conn->closed && p->conn->by_peer)
        return xasprintf("the server ended the connection of %s: %s", p->spec->name,
                         p->conn->close_text);
    return xasprintf("%s has no connection: %s", p->spec->name,
                     p->conn->close_text ? p->conn->close_text : "closed");
}
