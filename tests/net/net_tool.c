/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The far end of net_probe.py, which has no code in common with net/.
 *
 *   net_tool serve                     prints its port, then one line per event
 *   net_tool get HOST PORT PATH tls|insecure|plain
 *   net_tool ws HOST PORT PATH tls|insecure|plain TEXT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 10000000, MAX_PARKED = 1000, TIMEOUT_MS = 5000 };

static struct net_loop *loop;

static void say(const char *word, const char *more, int number)
{
    printf("%s %s %d\n", word, more, number);
    fflush(stdout);
}

/* ---- serve ---- */

static struct http_exchange *parked[MAX_PARKED];

struct asked {
    bool parks;
    bool releases;
    struct buf body;
};

static void answer(struct http_exchange *x, struct slice body)
{
    struct http_response response = {.status = 200, .content_type = "text/plain", .body = body};

    http_exchange_respond(x, &response);
}

static void request(void *user, struct http_exchange *x, const struct http_request *r)
{
    struct asked *asked = xcalloc(1, sizeof *asked);

    (void)user;
    asked->parks = slice_is(http_request_path(r), "/park");
    asked->releases = slice_is(http_request_path(r), "/release");
    buf_init(&asked->body, MAX_BYTES);
    http_exchange_set_user(x, asked);
}

static void body(void *user, struct http_exchange *x, struct slice piece)
{
    (void)user;
    buf_append_slice(&((struct asked *)http_exchange_user(x))->body, piece);
}

static void park(struct http_exchange *x)
{
    for (unsigned i = 0; i < MAX_PARKED; i++) {
        if (parked[i])
            continue;
        parked[i] = x;
        say("parked", "-", 0);
        return;
    }
}

static void body_end(void *user, struct http_exchange *x)
{
    struct asked *asked = http_exchange_user(x);

    (void)user;
    for (unsigned i = 0; asked->releases && i < MAX_PARKED; i++) {
        if (parked[i])
            answer(parked[i], slice_str("released"));
        parked[i] = NULL;
    }
    if (asked->parks)
        park(x);
    else
        answer(x, buf_slice(&asked->body));
}

static void done(void *user, struct http_exchange *x, bool lost)
{
    struct asked *asked = http_exchange_user(x);

    (void)user;
    for (unsigned i = 0; i < MAX_PARKED; i++) {
        if (parked[i] == x)
            parked[i] = NULL;
    }
    if (asked->parks)
        say("done", lost ? "lost" : "answered", 0);
    buf_release(&asked->body);
    free(asked);
}

static bool upgrade(void *user, const struct http_request *r, struct http_response *refusal,
                    void **ret_link_user)
{
    (void)user;
    *ret_link_user = NULL;
    if (!slice_is(http_request_path(r), "/refuse"))
        return true;
    *refusal = (struct http_response){
        .status = 403, .content_type = "application/json", .body = slice_str("{\"code\":4}")};
    return false;
}

static void echo(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    link_send(link, binary, &message, 1);
}

static void closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    say("closed", info->text, info->close_code);
}

static void upgraded(void *user, struct link *link, void *link_user)
{
    static const struct link_ops ops = {.message = echo, .closed = closed};

    (void)user;
    link_set_owner(link, &ops, link_user);
}

static void stop(void *user, int signum)
{
    (void)user;
    (void)signum;
    net_loop_stop(loop);
}

static int serve(void)
{
    static const struct net_server_ops ops = {request, body,     body_end, done,
                                              upgrade, upgraded, NULL};
    static const struct net_server_config config = {.address = "127.0.0.1",
                                                    .max_connections = MAX_PARKED,
                                                    .max_message_bytes = MAX_BYTES,
                                                    .max_queue_bytes = 2 * MAX_BYTES,
                                                    .header_timeout_ms = TIMEOUT_MS};
    const char *err = NULL;
    struct net_server *server = net_server_new(loop, &config, &ops, NULL, &err);

    if (!server) {
        fprintf(stderr, "%s\n", err);
        return EXIT_FAILURE;
    }
    net_loop_on_signal(loop, stop, NULL);
    say("port", "-", net_server_port(server));
    net_loop_run(loop);
    net_server_free(server);
    return EXIT_SUCCESS;
}

/* ---- ask ---- */

static void got(void *user, const struct http_result *result)
{
    (void)user;
    if (result->error)
        say("error", result->error, 0);
    else
        printf("%d %.*s\n", result->status, (int)result->body.len,
               result->body.ptr ? result->body.ptr : "");
    net_loop_stop(loop);
}

static int get(const struct net_target *to, const char *path)
{
    struct http_call_config config = {.to = *to,
                                      .method = "GET",
                                      .path = path,
                                      .max_body_bytes = MAX_BYTES,
                                      .timeout_ms = TIMEOUT_MS};

    http_call_start(loop, &config, got, NULL);
    net_loop_run(loop);
    return EXIT_SUCCESS;
}

static void echoed(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    (void)binary;
    printf("message %.*s\n", (int)message.len, message.ptr);
    link_close(link, 1000, "thanks");
}

static void ended(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    say("ended", info->text, info->close_code);
    net_loop_stop(loop);
}

static int ws(const struct net_target *to, const char *path, const char *text)
{
    static const struct link_ops ops = {.message = echoed, .closed = ended};
    struct link_dial config = {.to = *to,
                               .path = path,
                               .max_message_bytes = MAX_BYTES,
                               .max_queue_bytes = MAX_BYTES,
                               .timeout_ms = TIMEOUT_MS};
    struct slice message = slice_str(text);

    link_send(link_dial(loop, &config, &ops, NULL), false, &message, 1);
    net_loop_run(loop);
    return EXIT_SUCCESS;
}

static int run(int argc, char **argv)
{
    struct net_target to = {0};

    if (argc == 2 && strcmp(argv[1], "serve") == 0)
        return serve();
    if (argc < 6)
        return EXIT_FAILURE;
    to.host = argv[2];
    to.port = (uint16_t)strtoul(argv[3], NULL, 10);
    to.tls = strcmp(argv[5], "plain") != 0;
    to.insecure = strcmp(argv[5], "insecure") == 0;
    return strcmp(argv[1], "get") == 0 ? get(&to, argv[4])
                                       : ws(&to, argv[4], argc > 6 ? argv[6] : "");
}

int main(int argc, char **argv)
{
    const char *err = NULL;
    int rc;

    loop = net_loop_new(&err);
    if (!loop) {
        fprintf(stderr, "%s\n", err);
        return EXIT_FAILURE;
    }
    rc = run(argc, argv);
    net_loop_free(loop);
    return rc;
}
