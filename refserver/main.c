/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "refserver/options.h"
#include "refserver/parent.h"
#include "wire/xmalloc.h"

enum { EXIT_USAGE = 2, SHUTDOWN_MAX_MS = 150, READY_MAX_BYTES = 4096 };

struct program {
    struct options options;
    struct net_loop *loop;
    struct log log;
    struct auth_provider *auth;
    struct refserver server;
    bool stopping;
};

/* ---- the ready line ---- */

static void url_append(struct buf *out, const char *host, uint16_t port)
{
    bool is_ipv6 = strchr(host, ':') != NULL;

    buf_appendf(out, "\"http://%s%s%s:%u\"", is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "",
                (unsigned)port);
}

static void ready_line(const struct program *p, struct buf *out)
{
    const struct refserver_config *c = &p->options.config;

    buf_append_str(out, "{\"event\":\"ready\",\"url\":");
    url_append(out, c->listen_address, refserver_port(&p->server));
    buf_append_str(out, ",\"path\":");
    buf_append_json_string(out, slice_str(c->path));
    buf_appendf(out,
                ",\"namespace\":\"/smcp\",\"revision\":\"%s\",\"control\":", c->revision->name);
    if (c->control)
        url_append(out, c->control_address, refserver_control_port(&p->server));
    else
        buf_append_str(out, "null");
    buf_appendf(out, ",\"pid\":%d}\n", (int)getpid());
}

static bool write_all(int fd, struct slice text)
{
    while (text.len > 0) {
        ssize_t n = write(fd, text.ptr, text.len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        text.ptr += n;
        text.len -= (size_t)n;
    }
    return true;
}

/* Nobody ever sees half of it: written beside, then renamed. */
static bool ready_file_write(const char *path, struct slice line)
{
    char *beside = xasprintf("%s.%d", path, (int)getpid());
    int fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = fd >= 0 && write_all(fd, line);

    if (fd >= 0)
        ok = close(fd) == 0 && ok;
    ok = ok && rename(beside, path) == 0;
    if (!ok) {
        fprintf(stderr, "smcp-refserver: --ready-file %s: %s\n", path, strerror(errno));
        unlink(beside);
    }
    free(beside);
    return ok;
}

static bool announce(const struct program *p)
{
    struct buf line;
    bool ok = true;

    buf_init(&line, READY_MAX_BYTES);
    ready_line(p, &line);
    if (p->options.ready_file)
        ok = ready_file_write(p->options.ready_file, buf_slice(&line));
    if (ok)
        ok = write_all(STDOUT_FILENO, buf_slice(&line));
    buf_release(&line);
    return ok;
}

/* ---- the end ---- */

static void stopped(void *user)
{
    struct program *p = user;

    net_loop_stop(p->loop);
}

static void stop(struct program *p)
{
    if (p->stopping)
        return;
    p->stopping = true;
    refserver_shutdown(&p->server, SHUTDOWN_MAX_MS, stopped, p);
}

static void on_signal(void *user, int signum)
{
    struct program *p = user;

    log_event(&p->log, LOG_INFO, "stopping", LOG_STR("signal", strsignal(signum)));
    stop(p);
}

static void on_parent_gone(void *user)
{
    struct program *p = user;

    log_event(&p->log, LOG_INFO, "stopping", LOG_STR("reason", "the parent has gone"));
    stop(p);
}

/* ---- start ---- */

static bool is_loopback(const char *host)
{
    return strncmp(host, "127.", 4) == 0 || strcmp(host, "::1") == 0 ||
           strcmp(host, "localhost") == 0;
}

static void warn_if_open(struct program *p)
{
    const struct refserver_config *c = &p->options.config;

    if (auth_provider_is_open(p->auth) && !is_loopback(c->listen_address))
        log_event(
            &p->log, LOG_WARNING,
            "anybody in reach of this address may connect: use --auth, or listen on 127.0.0.1",
            LOG_STR("listen", c->listen_address));
    if (c->control && !is_loopback(c->control_address))
        log_event(&p->log, LOG_WARNING,
                  "the control API has no keys and shows all sessions: listen on 127.0.0.1",
                  LOG_STR("control", c->control_address));
    for (unsigned i = 0; i < DEFECT_COUNT; i++) {
        if (defect_set_has(&c->defects, (enum defect_id)i))
            log_event(&p->log, LOG_WARNING, "a rule is broken on purpose",
                      LOG_STR("defect", defect_info((enum defect_id)i)->name));
    }
}

static int serve(struct program *p)
{
    struct parent_watch *watch = NULL;
    char *why = NULL;

    if (!refserver_init(&p->server, &p->options.config, p->loop, &p->log, p->auth, &why)) {
        fprintf(stderr, "smcp-refserver: %s\n", why);
        free(why);
        return EXIT_FAILURE;
    }
    net_loop_on_signal(p->loop, on_signal, p);
    warn_if_open(p);
    if (p->options.exit_with_parent)
        watch = parent_watch_new(p->loop, on_parent_gone, p);
    if (!announce(p)) {
        parent_watch_free(watch);
        refserver_release(&p->server);
        return EXIT_FAILURE;
    }
    net_loop_run(p->loop);
    parent_watch_free(watch);
    refserver_release(&p->server);
    return EXIT_SUCCESS;
}

static int run(struct program *p)
{
    const char *no_loop = NULL;
    char *why = NULL;
    int code;

    p->auth = auth_provider_new(p->options.auth, &why);
    if (!p->auth) {
        fprintf(stderr, "smcp-refserver: --auth: %s\n",
                why); /* never the text itself: it holds a key */
        free(why);
        return EXIT_USAGE;
    }
    p->loop = net_loop_new(&no_loop);
    if (!p->loop) {
        fprintf(stderr, "smcp-refserver: %s\n", no_loop);
        auth_provider_free(p->auth);
        return EXIT_FAILURE;
    }
    log_init(&p->log, p->options.log_format, p->options.log_all ? LOG_INFO : LOG_WARNING);
    code = serve(p);
    net_loop_free(p->loop);
    log_release(&p->log);
    auth_provider_free(p->auth);
    return code;
}

int main(int argc, char **argv)
{
    static struct program p;
    enum options_outcome outcome = options_read(&p.options, argc, argv);
    int code = EXIT_SUCCESS;

    if (outcome == OPTIONS_WRONG)
        code = EXIT_USAGE;
    else if (outcome == OPTIONS_RUN) {
        signal(SIGPIPE, SIG_IGN);
        code = run(&p);
    }
    options_release(&p.options);
    return code;
}
