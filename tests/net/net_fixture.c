/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/net/net_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GUARD_MS = 10000, BIG_BYTES = 1000000 };

struct seen seen;
const char *want_header;

/* ---- waiting ---- */

struct waiting {
    struct net_loop *loop;
    const bool *flag;
    const unsigned *counter;
    unsigned wanted;
    bool (*test)(const struct waiting *w);
    const struct rude *rude;
    const char *text;
    bool too_late;
    unsigned turns;
};

static struct waiting waiting;

static bool is_over(void)
{
    if (waiting.flag)
        return *waiting.flag;
    if (waiting.counter)
        return *waiting.counter >= waiting.wanted;
    if (waiting.rude)
        return rude_has(waiting.rude, waiting.text) || waiting.rude->closed;
    return waiting.turns == 0 || --waiting.turns == 0;
}

static void check_cb(void *user)
{
    (void)user;
    if (waiting.loop && is_over())
        net_loop_stop(waiting.loop);
}

static void guard_cb(void *user)
{
    (void)user;
    waiting.too_late = true;
    net_loop_stop(waiting.loop);
}

static void tick_cb(void *user)
{
    (void)user;
}

static void wait_now(struct net_loop *loop)
{
    struct net_timer *guard = net_timer_new(loop, guard_cb, NULL);

    waiting.loop = loop;
    net_timer_start(guard, net_loop_now_ms(loop) + GUARD_MS);
    if (!waiting.turns && is_over()) {
        net_timer_free(guard);
        return;
    }
    net_loop_run(loop);
    net_timer_free(guard);
    ck_assert_msg(!waiting.too_late, "waited in vain for %s",
                  waiting.text ? waiting.text : "a flag");
    waiting.loop = NULL;
}

void run_until(struct net_loop *loop, const bool *flag)
{
    waiting = (struct waiting){.flag = flag};
    wait_now(loop);
}

void run_until_count(struct net_loop *loop, const unsigned *counter, unsigned wanted)
{
    waiting = (struct waiting){.counter = counter, .wanted = wanted};
    wait_now(loop);
}

void run_turns(struct net_loop *loop, unsigned turns)
{
    for (unsigned i = 0; i < turns; i++) {
        struct net_timer *tick = net_timer_new(loop, tick_cb, NULL);

        waiting = (struct waiting){.turns = 1};
        net_timer_start(tick, net_loop_now_ms(loop));
        wait_now(loop);
        net_timer_free(tick);
    }
}

struct net_loop *loop_new_or_fail(void)
{
    const char *err = NULL;
    struct net_loop *loop = net_loop_new(&err);

    ck_assert_msg(loop != NULL, "%s", err);
    net_loop_on_turn_end(loop, check_cb, NULL);
    return loop;
}

/* ---- server ---- */

static void copy_slice(char *to, size_t size, struct slice s)
{
    snprintf(to, size, "%.*s", (int)s.len, s.ptr ? s.ptr : "");
}

static void answer(struct http_exchange *x, int status, struct slice body, bool close_after)
{
    static const struct net_header extra = {"X-Extra", "yes"};
    struct http_response response = {.status = status,
                                     .content_type = "text/plain",
                                     .headers = &extra,
                                     .n_headers = 1,
                                     .body = body};

    if (close_after)
        http_exchange_respond_close(x, &response);
    else
        http_exchange_respond(x, &response);
}

static void on_request(void *user, struct http_exchange *x, const struct http_request *r)
{
    struct slice value;

    (void)user;
    seen.requests++;
    copy_slice(seen.method, sizeof seen.method, http_request_method(r));
    copy_slice(seen.path, sizeof seen.path, http_request_path(r));
    copy_slice(seen.query, sizeof seen.query, http_request_query(r));
    if (want_header && http_request_header(r, want_header, &value))
        copy_slice(seen.header, sizeof seen.header, value);
    buf_clear(&seen.body);
    http_exchange_set_user(x, NULL);
    if (slice_is(http_request_path(r), "/early"))
        answer(x, 200, slice_str("early"), false);
    else if (slice_is(http_request_path(r), "/close"))
        answer(x, 413, slice_str("too large"), true);
}

static void on_body(void *user, struct http_exchange *x, struct slice piece)
{
    (void)user;
    (void)x;
    buf_append_slice(&seen.body, piece);
}

static void answer_big(struct http_exchange *x)
{
    char *text = malloc(BIG_BYTES);

    memset(text, 'b', BIG_BYTES);
    answer(x, 200, slice_of(text, BIG_BYTES), false);
    free(text);
}

static void on_body_end(void *user, struct http_exchange *x)
{
    (void)user;
    seen.bodies++;
    if (strcmp(seen.path, "/park") == 0)
        seen.parked = x;
    else if (strcmp(seen.path, "/abort") == 0)
        http_exchange_abort(x);
    else if (strcmp(seen.path, "/big") == 0)
        answer_big(x);
    else
        answer(x, 200, buf_slice(&seen.body), false);
}

static void on_done(void *user, struct http_exchange *x, bool lost)
{
    (void)user;
    if (seen.parked == x)
        seen.parked = NULL;
    seen.done++;
    if (lost)
        seen.done_lost++;
}

static bool on_upgrade(void *user, const struct http_request *r, struct http_response *refusal,
                       void **ret_link_user)
{
    static const struct net_header extra = {"X-Why", "because"};

    (void)user;
    seen.upgrades++;
    copy_slice(seen.path, sizeof seen.path, http_request_path(r));
    *ret_link_user = &seen;
    if (!slice_is(http_request_path(r), "/refuse"))
        return true;
    *refusal =
        (struct http_response){.status = 400,
                               .content_type = "application/json",
                               .headers = &extra,
                               .n_headers = 1,
                               .body = slice_str("{\"code\":3,\"message\":\"Bad request\"}")};
    return false;
}

static void on_message(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    seen.messages++;
    if (strcmp(seen.path, "/mute") != 0)
        link_send(link, binary, &message, 1);
}

static void on_closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    if (seen.link == link)
        seen.link = NULL;
    seen.how = info->how;
    seen.close_code = info->close_code;
    copy_slice(seen.close_reason, sizeof seen.close_reason, info->close_reason);
    seen.links_closed++;
}

static void on_upgraded(void *user, struct link *link, void *link_user)
{
    static const struct link_ops ops = {.message = on_message, .closed = on_closed};

    (void)user;
    ck_assert_ptr_eq(link_user, &seen);
    link_set_owner(link, &ops, NULL);
    seen.link = link;
    seen.links_opened++;
}

const struct net_server_ops test_ops = {
    .request = on_request,
    .body = on_body,
    .body_end = on_body_end,
    .done = on_done,
    .upgrade = on_upgrade,
    .upgraded = on_upgraded,
};

const struct net_server_config default_config = {
    .address = "127.0.0.1",
    .max_connections = 1000,
    .max_message_bytes = 2000000,
    .max_queue_bytes = 8000000,
    .header_timeout_ms = 5000,
};

struct net_server *server_start_with(struct net_loop *loop, const struct net_server_config *config)
{
    const char *err = NULL;
    struct net_server *server;

    buf_release(&seen.body);
    memset(&seen, 0, sizeof seen);
    buf_init(&seen.body, 10000000);
    want_header = NULL;
    server = net_server_new(loop, config, &test_ops, NULL, &err);
    ck_assert_msg(server != NULL, "%s", err);
    return server;
}

struct net_server *server_start(struct net_loop *loop)
{
    return server_start_with(loop, &default_config);
}

struct net_target local_target(uint16_t port)
{
    return (struct net_target){.host = "127.0.0.1", .port = port};
}

/* ---- rude client ---- */

static void rude_opened(void *user, struct raw_conn *c)
{
    struct rude *r = user;

    (void)c;
    r->opened = true;
}

static void rude_received(void *user, struct raw_conn *c, struct slice bytes)
{
    struct rude *r = user;

    (void)c;
    r->reads++;
    buf_append_slice(&r->in, bytes);
}

static void rude_closed(void *user, struct raw_conn *c, const char *why)
{
    struct rude *r = user;

    (void)c;
    r->closed = true;
    r->why = why;
    r->conn = NULL;
}

void rude_dial(struct rude *r, struct net_loop *loop, uint16_t port)
{
    static const struct raw_ops ops = {rude_opened, rude_received, rude_closed};
    struct net_target to = local_target(port);

    *r = (struct rude){0};
    buf_init(&r->in, 10000000);
    r->conn = raw_dial(loop, &to, &ops, r);
}

void rude_say(struct rude *r, const char *text)
{
    raw_send(r->conn, slice_str(text));
}

void rude_release(struct rude *r)
{
    buf_release(&r->in);
}

bool rude_has(const struct rude *r, const char *text)
{
    return r->in.len > 0 && memmem(r->in.data, r->in.len, text, strlen(text)) != NULL;
}

void rude_expect(struct rude *r, struct net_loop *loop, const char *text)
{
    waiting = (struct waiting){.rude = r, .text = text};
    wait_now(loop);
    ck_assert_msg(rude_has(r, text), "wanted %s, got %.*s (%s)", text, (int)r->in.len, r->in.data,
                  r->closed ? r->why : "open");
}
