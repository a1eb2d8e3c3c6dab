/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "harness/peer.h"
#include "harness/peer_internal.h"
#include "harness/self_check.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

static void send_text(struct peer *p, struct slice text, const struct slice *attachments,
                      unsigned n)
{
    eio_client_send(p->conn->client, &text, 1, attachments, n);
}

void peer_send_connect(struct peer_conn *c)
{
    struct buf out;

    buf_init(&out, PEER_MAX_MESSAGE);
    sio_connect_encode(&out, slice_str(c->nsp), slice_str(c->auth ? c->auth : ""));
    send_text(c->peer, buf_slice(&out), NULL, 0);
    buf_release(&out);
}

static struct sent_event *sent_add(struct peer *p)
{
    struct sent_event *s;

    if (p->n_sent == p->cap_sent) {
        p->cap_sent = p->cap_sent ? p->cap_sent * 2 : 8;
        p->sent = xrealloc(p->sent, (size_t)p->cap_sent * sizeof(*p->sent));
    }
    s = &p->sent[p->n_sent++];
    *s = (struct sent_event){.t_us = journal_now(p->host->journal),
                             .conn = p->conn->serial,
                             .id = SIO_NO_ID,
                             .ack_at = -1};
    return s;
}

static char *bracketed(struct slice args, size_t *ret_len)
{
    struct buf out;

    buf_init(&out, PEER_MAX_MESSAGE);
    buf_append_ch(&out, '[');
    buf_append_slice(&out, args);
    buf_append_ch(&out, ']');
    *ret_len = out.len;
    return buf_take_str(&out);
}

/* The rest of the packet after its head; `head` holds all of it then. */
static void send_parts(struct peer *p, struct buf *head, const struct outgoing *out)
{
    buf_append_slice(head, out->args);
    buf_append_ch(head, ']');
    send_text(p, buf_slice(head), out->attachments, out->n_attachments);
}

static void tell_fault(struct peer *p, char *text)
{
    if (text && p->host->own_fault)
        p->host->own_fault(p->host->user, text);
    else
        free(text);
}

int peer_emit(struct peer *p, const struct outgoing *out)
{
    struct sent_event *s = sent_add(p);
    struct buf head, name;

    s->label = out->label ? xstrdup(out->label) : NULL;
    s->nsp = xstrdup(out->nsp ? out->nsp : p->conn->nsp ? p->conn->nsp : "/smcp");
    s->event = xstrdup(out->event);
    s->args = bracketed(out->args, &s->args_len);
    if (out->ask_ack)
        s->id = p->next_id++;
    buf_init(&name, 65536);
    buf_append_json_string(&name, slice_str(out->event));
    buf_init(&head, PEER_MAX_MESSAGE);
    sio_event_head(&head, slice_str(s->nsp), s->id, out->n_attachments, buf_slice(&name),
                   out->args.len > 0);
    send_parts(p, &head, out);
    tell_fault(p, self_check_event(p, out, s, buf_slice(&head)));
    buf_release(&head);
    buf_release(&name);
    return p->n_sent - 1;
}

void peer_ack(struct peer *p, const struct inbox_item *request, const struct outgoing *out)
{
    struct buf head;

    buf_init(&head, PEER_MAX_MESSAGE);
    sio_ack_head(&head, slice_str(request->nsp), request->id, out->n_attachments);
    send_parts(p, &head, out);
    tell_fault(p, self_check_ack(p, request, buf_slice(&head), out->malformed));
    buf_release(&head);
}

/* A literal packet counts like an emitted event, so that its ack is no stranger to the monitor. */
static void note_literal(struct peer *p, struct slice text)
{
    struct sio_packet packet;
    struct sio_limits limits = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS};
    struct sent_event *s;
    struct buf name;

    if (sio_packet_decode(text, &limits, &packet, NULL) != WIRE_OK)
        return;
    if (packet.type == SIO_DISCONNECT && p->conn->nsp && slice_is(packet.nsp, p->conn->nsp))
        p->conn->left = true;
    if (packet.type != SIO_EVENT && packet.type != SIO_BINARY_EVENT)
        return;
    s = sent_add(p);
    s->nsp = xstrndup_slice(packet.nsp);
    s->args = bracketed(packet.args, &s->args_len);
    s->id = packet.id;
    if (packet.id != SIO_NO_ID && packet.id >= p->next_id && packet.id < UINT32_MAX)
        p->next_id = packet.id + 1;
    buf_init(&name, 65536);
    json_string_decode(packet.name, &name);
    s->event = buf_take_str(&name);
}

void peer_send_packet(struct peer *p, struct slice text, const struct slice *attachments,
                      unsigned n_attachments)
{
    note_literal(p, text);
    send_text(p, text, attachments, n_attachments);
}

void peer_send_engine(struct peer *p, struct slice text, bool binary)
{
    size_t at = 0;

    while (!binary && at < text.len) { /* several packets may stand in one polling body */
        const char *separator = memchr(text.ptr + at, 0x1e, text.len - at);
        size_t end = separator ? (size_t)(separator - text.ptr) : text.len;

        if (text.ptr[at] == '4')
            note_literal(p, slice_of(text.ptr + at + 1, end - at - 1));
        at = end + 1;
    }
    eio_client_send_raw(p->conn->client, text, binary);
}

bool peer_send_bytes(struct peer *p, struct slice bytes)
{
    p->conn->unknown_bytes = true;
    return eio_client_send_bytes(p->conn->client, bytes);
}

void peer_leave_namespace(struct peer *p)
{
    struct buf out;

    buf_init(&out, 65536);
    sio_disconnect_encode(&out, slice_str(p->conn->nsp ? p->conn->nsp : "/smcp"));
    p->conn->left = true;
    send_text(p, buf_slice(&out), NULL, 0);
    buf_release(&out);
}

void peer_lose(struct peer *p, enum client_loss how)
{
    p->conn->lost = true;
    eio_client_lose(p->conn->client, how);
}

void peer_mute(struct peer *p)
{
    p->conn->muted = true;
    eio_client_mute(p->conn->client, true);
}

int peer_find_call(const struct peer *p, const char *label)
{
    for (int i = p->n_sent - 1; i >= 0; i--)
        if (p->sent[i].label && strcmp(p->sent[i].label, label) == 0)
            return i;
    return -1;
}

/* ---- fences ---- */

static unsigned fence_by_connect(struct peer *p)
{
    char nsp[96];
    struct buf out;

    p->fences_sent++;
    snprintf(nsp, sizeof(nsp), "/fence-%s-%d-%u", p->host->vars->tag, p->index, p->fences_sent);
    buf_init(&out, 4096);
    sio_connect_encode(&out, slice_str(nsp), slice_of(NULL, 0));
    send_text(p, buf_slice(&out), NULL, 0);
    buf_release(&out);
    return p->fences_sent;
}

/* For targets that don't answer an unknown namespace: a list of the own office, where that is legal. */
static unsigned fence_by_list(struct peer *p)
{
    struct buf args;
    struct outgoing out = {.event = "server:list_room", .ask_ack = true};

    if (!p->office || !p->conn->accepted || p->conn->nsp_ended || p->conn->left)
        return 0;
    buf_init(&args, 65536);
    buf_append_str(&args, "{\"agent\":");
    buf_append_json_string(&args, slice_str(p->joined_as ? p->joined_as : p->name));
    buf_append_str(&args, ",\"req_id\":\"fence\",\"office_id\":");
    buf_append_json_string(&args, slice_str(p->office));
    buf_append_ch(&args, '}');
    out.args = buf_slice(&args);
    p->fences_sent++;
    p->sent[peer_emit(p, &out)].fence = true;
    buf_release(&args);
    return p->fences_sent;
}

unsigned peer_fence(struct peer *p)
{
    if (!peer_can_send(p) || p->conn->muted || !p->conn->open)
        return 0;
    switch (p->host->target->fence) {
    case FENCE_CONNECT:
        return fence_by_connect(p);
    case FENCE_LIST:
        return fence_by_list(p);
    case FENCE_NONE:
        break;
    }
    return 0;
}

/* ---- answering ---- */

struct delayed_answer {
    struct delayed_answer *next;
    struct peer *peer;
    struct net_timer *timer;
    int item;
    const struct json_node *args;
    bool malformed;
};

/* {request.x} is the request that is answered; everything else a variable of the scenario. */
struct answer_env {
    const struct vars *vars;
    struct slice request;
};

static bool answer_lookup(void *user, const char *name, struct buf *ret_json)
{
    const struct answer_env *env = user;
    struct vars request;
    bool found;

    if (strcmp(name, "request") != 0 && strncmp(name, "request.", 8) != 0)
        return vars_lookup((void *)(uintptr_t)env->vars, name, ret_json);
    memset(&request, 0, sizeof(request));
    vars_set(&request, "request", env->request);
    found = vars_lookup(&request, name, ret_json);
    vars_release(&request);
    return found;
}

static void answer_now(struct peer *p, int at, const struct json_node *args, bool malformed)
{
    const struct inbox_item *item = &p->inbox[at];
    struct slice first = args_first(slice_of(item->args, item->args_len));
    struct answer_env env = {p->host->vars, first.len ? first : slice_str("null")};
    struct template_env template = {answer_lookup, &env, p->host->vars->revision};
    struct outgoing ack = {.malformed = malformed};
    struct buf out;

    if (!peer_can_send(p) || item->conn != p->conn->serial)
        return;
    buf_init(&out, PEER_MAX_MESSAGE);
    if (args && !template_expand(args, &template, &out, NULL)) {
        buf_clear(&out); /* the request lacks what the template quotes: say so to whoever asked */
        buf_append_str(&out, "[{\"code\":500,\"message\":\"the scenario's answer quotes a member "
                             "that the request lacks\"}]");
    }
    ack.args = out.len >= 2 ? slice_of(out.data + 1, out.len - 2) : slice_of(NULL, 0);
    peer_ack(p, item, &ack);
    buf_release(&out);
}

static void delayed_due(void *user)
{
    struct delayed_answer *d = user;
    struct delayed_answer **at = &d->peer->delayed;

    while (*at != d)
        at = &(*at)->next;
    *at = d->next;
    answer_now(d->peer, d->item, d->args, d->malformed);
    net_timer_free(d->timer);
    free(d);
}

void peer_drop_delayed(struct peer *p)
{
    while (p->delayed) {
        struct delayed_answer *d = p->delayed;

        p->delayed = d->next;
        net_timer_free(d->timer);
        free(d);
    }
}

static void answer_later(struct peer *p, int at, const struct answer_rule *rule)
{
    struct delayed_answer *d = xcalloc(1, sizeof(*d));

    d->peer = p;
    d->item = at;
    d->args = rule->args;
    d->malformed = rule->malformed;
    d->next = p->delayed;
    p->delayed = d;
    d->timer = net_timer_new(p->host->loop, delayed_due, d);
    net_timer_start(d->timer, net_loop_now_ms(p->host->loop) + rule->delay_ms);
}

void peer_add_rule(struct peer *p, const struct answer_rule *rule)
{
    p->rules = xrealloc(p->rules, (p->n_rules + 1) * sizeof(*p->rules));
    p->rules[p->n_rules++] = *rule;
}

void peer_apply_rules(struct peer *p, int at)
{
    const struct inbox_item *item = &p->inbox[at];

    if (item->id == SIO_NO_ID)
        return;
    for (unsigned i = p->n_rules; i-- > 0;) { /* the newest rule wins */
        struct answer_rule *rule = &p->rules[i];

        if (!event_matches(rule->event, item->event) || (rule->times && rule->used >= rule->times))
            continue;
        rule->used++;
        if (rule->never)
            return;
        if (rule->delay_ms)
            answer_later(p, at, rule);
        else
            answer_now(p, at, rule->args, rule->malformed);
        return;
    }
}
