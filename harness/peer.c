/* SPDX-License-Identifier: Apache-2.0 */
#include "harness/peer.h"

#include <ctype.h>
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
    if (!c->lost && c == p->conn)
        p->host->lost(p->host->user, p);
    p->host->changed(p->host->user);
}

/* ---- connecting ---- */

static const struct json_node *attribute(const struct connect_attributes *how, const char *name)
{
    const struct json_node *node = json_get(how->step, name);

    return node ? node : json_get(how->actor, name);
}

static bool expand_attribute(const struct peer *p, const struct json_node *node, struct buf *out,
                             char **reterr)
{
    struct template_env env = {vars_lookup, p->host->vars};
    char *name = NULL;
    bool ok = node->type == JSON_STRING ? template_expand_text(node, &env, out, &name)
                                        : template_expand(node, &env, out, &name);

    if (!ok)
        *reterr = xasprintf("{%s} has no value yet", name);
    free(name);
    return ok;
}

static bool key_is(const struct json_node *key, const char *word)
{
    return key && json_string_is(key->text, slice_str(word));
}

static void append_member(struct buf *out, const char *name, struct slice value)
{
    buf_append_ch(out, out->len == 0 ? '{' : ',');
    buf_append_json_string(out, slice_str(name));
    buf_append_ch(out, ':');
    buf_append_json_string(out, value);
}

/* The auth object of the run, with the credential as the step wants it.  "" when there is nothing to say. */
static char *run_auth(const struct peer *p, const struct json_node *key)
{
    const struct target *t = p->host->target;
    struct buf out;

    buf_init(&out, 65536);
    for (size_t i = 0; i < t->auth.n; i++)
        append_member(&out, t->auth.items[i].name, slice_str(t->auth.items[i].value));
    if (t->key.given && !t->key.in_header && !key_is(key, "none"))
        append_member(&out, t->key.name,
                      slice_str(key_is(key, "wrong") ? "not the key" : t->key.value));
    if (out.len > 0)
        buf_append_ch(&out, '}');
    return buf_take_str(&out);
}

static bool connect_auth(struct peer *p, const struct connect_attributes *how, char **ret,
                         char **reterr)
{
    const struct json_node *auth = attribute(how, "auth");
    struct buf out;

    if (!auth) {
        *ret = run_auth(p, attribute(how, "key"));
        return true;
    }
    buf_init(&out, 1 << 20);
    if (auth->type == JSON_NULL) {
        *ret = buf_take_str(&out);
        return true;
    }
    if (auth->type == JSON_STRING) {
        struct template_env env = {vars_lookup, p->host->vars};

        if (!template_expand(auth, &env, &out, NULL)) {
            buf_release(&out);
            *reterr = xstrdup("auth refers to something without a value");
            return false;
        }
    } else if (!expand_attribute(p, auth, &out, reterr)) {
        buf_release(&out);
        return false;
    }
    *ret = buf_take_str(&out);
    return true;
}

enum { MAX_HEADERS = 32 };

struct header_list {
    struct net_header items[MAX_HEADERS];
    char *owned[2 * MAX_HEADERS];
    unsigned n, n_owned;
};

static void header_add(struct header_list *h, char *name, char *value)
{
    if (h->n == MAX_HEADERS) {
        free(name);
        free(value);
        return;
    }
    h->owned[h->n_owned++] = name;
    h->owned[h->n_owned++] = value;
    h->items[h->n++] = (struct net_header){name, value};
}

static void header_list_release(struct header_list *h)
{
    for (unsigned i = 0; i < h->n_owned; i++)
        free(h->owned[i]);
}

/* The same name spelled in the other case: x-api-key <-> X-API-KEY (AUTH-04). */
static char *other_case(const char *name)
{
    char *copy = xstrdup(name);
    bool has_lower = false;

    for (char *c = copy; *c; c++)
        has_lower = has_lower || islower((unsigned char)*c);
    for (char *c = copy; *c; c++)
        *c = (char)(has_lower ? toupper((unsigned char)*c) : tolower((unsigned char)*c));
    return copy;
}

static bool connect_headers(struct peer *p, const struct connect_attributes *how,
                            struct header_list *h, char **reterr)
{
    const struct target *t = p->host->target;
    const struct json_node *headers = attribute(how, "headers");
    const struct json_node *key = attribute(how, "key");

    for (const struct json_node *m = headers ? headers->first : NULL; m; m = m->next) {
        struct buf value;

        buf_init(&value, 65536);
        if (!expand_attribute(p, m, &value, reterr)) {
            buf_release(&value);
            return false;
        }
        header_add(h, json_node_key(m), buf_take_str(&value));
    }
    if (headers)
        return true;
    for (size_t i = 0; i < t->headers.n; i++)
        header_add(h, xstrdup(t->headers.items[i].name), xstrdup(t->headers.items[i].value));
    if (t->key.given && t->key.in_header && !key_is(key, "none"))
        header_add(h, key_is(key, "other-case") ? other_case(t->key.name) : xstrdup(t->key.name),
                   xstrdup(key_is(key, "wrong") ? "not-the-key" : t->key.value));
    return true;
}

static bool unreserved(unsigned char c)
{
    return isalnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static void append_encoded(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];

        if (unreserved(c))
            buf_append_ch(out, (char)c);
        else
            buf_appendf(out, "%%%02X", c);
    }
}

static bool connect_query(struct peer *p, const struct connect_attributes *how, struct buf *out,
                          char **reterr)
{
    const struct json_node *query = attribute(how, "query");

    for (const struct json_node *m = query ? query->first : NULL; m; m = m->next) {
        char *name = json_node_key(m);
        struct buf value;

        buf_init(&value, 65536);
        if (out->len > 0)
            buf_append_ch(out, '&');
        append_encoded(out, slice_str(name));
        free(name);
        buf_append_ch(out, '=');
        if (!expand_attribute(p, m, &value, reterr)) {
            buf_release(&value);
            return false;
        }
        append_encoded(out, buf_slice(&value));
        buf_release(&value);
    }
    return true;
}

static bool text_attribute(struct peer *p, const struct json_node *node, const char *fallback,
                           char **ret, char **reterr)
{
    struct buf out;

    if (!node || node->type != JSON_STRING) {
        *ret = fallback ? xstrdup(fallback) : NULL;
        return true;
    }
    buf_init(&out, 65536);
    if (!expand_attribute(p, node, &out, reterr)) {
        buf_release(&out);
        return false;
    }
    *ret = buf_take_str(&out);
    return true;
}

static enum client_mode connect_mode(const struct peer *p, const struct connect_attributes *how)
{
    const struct json_node *transport = json_get(how->step, "transport");

    if (key_is(transport, "websocket"))
        return CLIENT_WEBSOCKET;
    if (key_is(transport, "polling"))
        return CLIENT_POLLING;
    if (key_is(transport, "upgrade"))
        return CLIENT_UPGRADE;
    switch (p->spec->transport) {
    case ON_WEBSOCKET:
        return CLIENT_WEBSOCKET;
    case ON_POLLING:
        return CLIENT_POLLING;
    case ON_UPGRADE:
        return CLIENT_UPGRADE;
    default:
        return p->host->mode;
    }
}

static const struct client_ops client_ops = {
    .tap = on_tap,
    .open = on_open,
    .upgraded = on_upgraded,
    .packet = on_packet,
    .fault = on_fault,
    .closed = on_closed,
};

/* A new connection; takes nsp and auth. */
static struct peer_conn *conn_new(struct peer *p, char *nsp, char *auth)
{
    struct peer_conn *c = xcalloc(1, sizeof(*c));

    p->conns = xrealloc(p->conns, (p->n_conns + 1) * sizeof(struct peer_conn *));
    p->conns[p->n_conns++] = c;
    c->peer = p;
    c->serial = p->n_conns;
    c->nsp = nsp;
    c->auth = auth;
    c->connect_at = -1;
    p->conn = c;
    return c;
}

static bool dial(struct peer *p, const struct connect_attributes *how, char *nsp, char *auth,
                 char **reterr)
{
    const struct target *t = p->host->target;
    struct header_list headers = {.n = 0};
    struct client_config config;
    struct buf query;
    char *path = NULL;
    bool ok = false;

    buf_init(&query, 1 << 20);
    if (!connect_headers(p, how, &headers, reterr) || !connect_query(p, how, &query, reterr) ||
        !text_attribute(p, attribute(how, "path"), t->path, &path, reterr))
        goto out;
    buf_append_ch(&query, '\0');
    config = (struct client_config){.to = t->to,
                                    .path = path,
                                    .query = query.len > 1 ? query.data : NULL,
                                    .headers = headers.items,
                                    .n_headers = headers.n,
                                    .mode = connect_mode(p, how),
                                    .timeout_ms = p->host->connect_timeout_ms,
                                    .max_message_bytes = PEER_MAX_MESSAGE,
                                    .sio = {WIRE_MAX_JSON_DEPTH, WIRE_MAX_ATTACHMENTS}};
    conn_new(p, nsp, auth);
    nsp = auth = NULL;
    p->conn->client = eio_client_new(p->host->loop, &config, &client_ops, p->conn);
    ok = true;
out:
    free(nsp);
    free(auth);
    free(path);
    buf_release(&query);
    header_list_release(&headers);
    return ok;
}

/* A step that says how to connect wants a connection of its own. */
static bool wants_new_connection(const struct connect_attributes *how)
{
    return json_get(how->step, "transport") || json_get(how->step, "query") ||
           json_get(how->step, "headers") || json_get(how->step, "path");
}

bool peer_connect(struct peer *p, const struct connect_attributes *how, char **reterr)
{
    struct peer_conn *c = p->conn;
    char *nsp = NULL, *auth = NULL;

    if (!how->engine_only &&
        (!text_attribute(p, attribute(how, "namespace"), "/smcp", &nsp, reterr) ||
         !connect_auth(p, how, &auth, reterr))) {
        free(nsp);
        return false;
    }
    if (nsp && !*nsp) { /* "": the Engine.IO connection alone */
        free(nsp);
        nsp = NULL;
    }
    if (!c || c->closed || c->lost || wants_new_connection(how))
        return dial(p, how, nsp, auth, reterr);
    free(c->nsp);
    free(c->auth);
    c->nsp = nsp;
    c->auth = auth;
    c->accepted = c->refused = c->nsp_ended = c->left = false;
    c->connect_at = -1;
    if (c->open && nsp)
        peer_send_connect(c);
    return true;
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
