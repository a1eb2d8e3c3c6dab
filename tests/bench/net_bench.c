/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What net/ costs: CPU time of an echo server per message, and memory per idle link.  The server is a process of its own, so
 * that its CPU time stands alone: that number holds on a noisy machine where wall-clock times do not (design.md, 10).
 *
 *   net_bench echo [LINKS IN_FLIGHT_PER_LINK BYTES MESSAGES]
 *   net_bench idle [LINKS]
 */
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/http.h"
#include "wire/xmalloc.h"

enum { MAX_BYTES = 1 << 20, QUEUE_BYTES = 64 << 20 };

/* ---- server process ---- */

static void echo(void *user, struct link *link, bool binary, struct slice message)
{
    (void)user;
    link_send(link, binary, &message, 1);
}

static void gone(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    (void)info;
}

static bool admit(void *user, const struct http_request *r, struct http_response *refusal,
                  void **ret_link_user)
{
    (void)user;
    (void)r;
    (void)refusal;
    *ret_link_user = NULL;
    return true;
}

static void upgraded(void *user, struct link *link, void *link_user)
{
    static const struct link_ops ops = {.message = echo, .closed = gone};

    (void)user;
    link_set_owner(link, &ops, link_user);
}

static void ignore_request(void *user, struct http_exchange *x, const struct http_request *r)
{
    (void)user;
    (void)r;
    http_exchange_abort(x);
}

static void stop(void *user, int signum)
{
    (void)signum;
    net_loop_stop(user);
}

static void serve(int ready_fd)
{
    static const struct net_server_ops ops = {
        .request = ignore_request, .upgrade = admit, .upgraded = upgraded};
    static const struct net_server_config config = {.address = "127.0.0.1",
                                                    .max_connections = 100000,
                                                    .max_message_bytes = MAX_BYTES,
                                                    .max_queue_bytes = QUEUE_BYTES,
                                                    .header_timeout_ms = 10000};
    const char *err = NULL;
    struct net_loop *loop = net_loop_new(&err);
    struct net_server *server = loop ? net_server_new(loop, &config, &ops, NULL, &err) : NULL;
    uint16_t port;

    if (!server) {
        fprintf(stderr, "%s\n", err);
        exit(EXIT_FAILURE);
    }
    net_loop_on_signal(loop, stop, loop);
    port = net_server_port(server);
    if (write(ready_fd, &port, sizeof port) != sizeof port)
        exit(EXIT_FAILURE);
    net_loop_run(loop);
    net_server_free(server);
    net_loop_free(loop);
    exit(EXIT_SUCCESS);
}

static pid_t start_server(uint16_t *ret_port)
{
    int fds[2];
    pid_t pid;

    if (pipe(fds) != 0 || (pid = fork()) < 0)
        exit(EXIT_FAILURE);
    if (pid == 0)
        serve(fds[1]);
    if (read(fds[0], ret_port, sizeof *ret_port) != sizeof *ret_port)
        exit(EXIT_FAILURE);
    return pid;
}

static double cpu_us(const struct rusage *usage)
{
    return ((double)usage->ru_utime.tv_sec + (double)usage->ru_stime.tv_sec) * 1e6 +
           (double)usage->ru_utime.tv_usec + (double)usage->ru_stime.tv_usec;
}

/* ---- client process ---- */

static struct net_loop *loop;
static unsigned n_open;
static unsigned n_links;
static uint64_t n_sent, n_received, n_wanted;
static unsigned in_flight;
static struct slice payload;

static void opened(void *user, struct link *link)
{
    (void)user;
    (void)link;
    if (++n_open == n_links)
        net_loop_stop(loop);
}

static void message(void *user, struct link *link, bool binary, struct slice text)
{
    (void)user;
    (void)binary;
    (void)text;
    if (++n_received == n_wanted)
        net_loop_stop(loop);
    if (n_sent < n_wanted) {
        n_sent++;
        link_send(link, false, &payload, 1);
    }
}

static void closed(void *user, struct link *link, const struct link_close_info *info)
{
    (void)user;
    (void)link;
    if (n_received < n_wanted)
        fprintf(stderr, "link ended: %s\n", info->text);
}

static struct link **dial_all(uint16_t port)
{
    static const struct link_ops ops = {opened, message, closed};
    struct link_dial config = {.path = "/",
                               .max_message_bytes = MAX_BYTES,
                               .max_queue_bytes = QUEUE_BYTES,
                               .timeout_ms = 60000};
    struct link **links = xcalloc(n_links, sizeof(struct link *));

    config.to = (struct net_target){.host = "127.0.0.1", .port = port};
    for (unsigned i = 0; i < n_links; i++)
        links[i] = link_dial(loop, &config, &ops, NULL);
    net_loop_run(loop);
    return links;
}

static void run_echo(pid_t server, uint16_t port)
{
    struct link **links = dial_all(port);
    uint64_t began_us = net_loop_clock_us();
    struct rusage usage;
    double wall_us;

    for (unsigned i = 0; i < n_links; i++) {
        for (unsigned k = 0; k < in_flight; k++, n_sent++)
            link_send(links[i], false, &payload, 1);
    }
    net_loop_run(loop);
    wall_us = (double)(net_loop_clock_us() - began_us);
    free(links);
    net_loop_free(loop);
    kill(server, SIGTERM);
    wait4(server, NULL, 0, &usage);
    printf("%u links x %u in flight, %zu bytes: server %.3f us CPU per message, %.0f messages/s\n",
           n_links, in_flight, payload.len, cpu_us(&usage) / (double)n_wanted,
           (double)n_wanted / wall_us * 1e6);
}

static long rss_kb(pid_t pid)
{
    char path[64];
    char line[256];
    long kb = 0;
    FILE *file;

    snprintf(path, sizeof path, "/proc/%d/status", (int)pid);
    file = fopen(path, "r");
    while (file && fgets(line, sizeof line, file)) {
        if (sscanf(line, "VmRSS: %ld", &kb) == 1)
            break;
    }
    if (file)
        fclose(file);
    return kb;
}

static void run_idle(pid_t server, uint16_t port)
{
    long before_kb = rss_kb(server);
    struct rusage usage;
    long after_kb;

    free(dial_all(port));
    after_kb = rss_kb(server);
    n_wanted = 0;
    net_loop_free(loop);
    kill(server, SIGTERM);
    wait4(server, NULL, 0, &usage);
    printf("%u idle links: server %ld KB, %.2f KB per link, %.1f us CPU per connect and close\n",
           n_links, after_kb, (double)(after_kb - before_kb) / n_links, cpu_us(&usage) / n_links);
}

static unsigned number(int argc, char **argv, int i, unsigned fallback)
{
    return argc > i ? (unsigned)strtoul(argv[i], NULL, 10) : fallback;
}

int main(int argc, char **argv)
{
    bool idle = argc > 1 && strcmp(argv[1], "idle") == 0;
    unsigned bytes = number(argc, argv, 4, 128);
    char *text;
    const char *err = NULL;
    uint16_t port;
    pid_t server = start_server(&port);

    loop = net_loop_new(&err);
    n_links = number(argc, argv, 2, idle ? 10000 : 16);
    in_flight = number(argc, argv, 3, 16);
    n_wanted = number(argc, argv, 5, 2000000);
    text = xcalloc(1, bytes + 1);
    memset(text, 'x', bytes);
    payload = slice_of(text, bytes);
    if (idle)
        run_idle(server, port);
    else
        run_echo(server, port);
    free(text);
    return EXIT_SUCCESS;
}
