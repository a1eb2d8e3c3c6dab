/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "harness/peer.h"
#include "harness/peer_internal.h"
#include "wire/limits.h"
#include "wire/xmalloc.h"

/* How an actor connects: what the run, its object and the step say, in that order of weight. */

static const struct json_node *attribute(const struct connect_attributes *how, const char *name)
{
    const struct json_node *node = json_get(how->step, name);

    return node ? node : json_get(how->actor, name);
}

static bool expand_attribute(const struct peer *p, const struct json_node *node, struct buf *out,
                             char **reterr)
{
    struct template_env env = {vars_lookup, p->host->vars, p->host->vars->revision};
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

static bool says_role(const struct pairs *auth)
{
    for (size_t i = 0; i < auth->n; i++)
        if (strcmp(auth->items[i].name, "role") == 0)
            return true;
    return false;
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
    if (smcp_revision(p->host->revision)->connect_role && p->spec->role != ACTOR_RAW &&
        !says_role(&t->auth))
        append_member(&out, "role", slice_str(p->spec->role == ACTOR_AGENT ? "agent" : "computer"));
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
        struct template_env env = {vars_lookup, p->host->vars, p->host->vars->revision};

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
    header_add(h, xstrdup("x-smcp-canary"), xstrdup(p->host->vars->canary));
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

static void append_parameter(struct buf *out, const char *name)
{
    if (out->len > 0)
        buf_append_ch(out, '&');
    append_encoded(out, slice_str(name));
    buf_append_ch(out, '=');
}

/* What the file says; null keeps a parameter out.  The version of the run is added unless the file speaks of it (HS-01). */
static bool connect_query(struct peer *p, const struct connect_attributes *how, struct buf *out,
                          char **reterr)
{
    const struct json_node *query = attribute(how, "query");
    const char *version = p->host->target->a2c_version;

    if (version && !json_get(query, "a2c_version")) {
        append_parameter(out, "a2c_version");
        append_encoded(out, slice_str(version));
    }
    for (const struct json_node *m = query ? query->first : NULL; m; m = m->next) {
        char *name = m->type == JSON_NULL ? NULL : json_node_key(m);
        struct buf value;

        if (!name)
            continue;

        buf_init(&value, 65536);
        append_parameter(out, name);
        free(name);
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
    p->conn->polls = config.mode != CLIENT_WEBSOCKET;
    nsp = auth = NULL;
    p->conn->client = eio_client_new(p->host->loop, &config, &peer_client_ops, p->conn);
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
    c->returns = c->left;
    c->again = *how;
    c->accepted = c->refused = c->nsp_ended = c->left = false;
    c->connect_at = -1;
    if (c->open && nsp)
        peer_send_connect(c);
    return true;
}

bool peer_returns_anew(struct peer_conn *c)
{
    struct peer *p = c->peer;
    char *error = NULL;
    bool ok;

    if (!c->returns || !c->by_peer || c->accepted || c->refused || c != p->conn)
        return false;
    ok = peer_connect(p, &c->again, &error); /* `c` is closed by now */
    free(error);
    if (ok)
        c->successor = p->conn->serial;
    return ok;
}
