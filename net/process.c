/* SPDX-License-Identifier: Apache-2.0 */
#include "net/loop.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "net/guard.h"
#include "net/loop_core.h"
#include "wire/xmalloc.h"

extern char **environ;

enum {
    OUTPUT_GRACE_MS = 200, /* a grandchild may hold the pipes open for ever */
    PIPE_READ_BYTES = 65536,
};

struct net_process {
    struct list_node node;
    struct net_loop *loop;
    struct net_process_config config; /* strings not used after the start */
    uv_process_t uv;
    uv_pipe_t in, out, err;
    struct net_timer *grace;
    unsigned open_handles; /* uv handles that still refer to us */
    unsigned open_pipes;   /* of out and err: not at their end yet */
    bool has_exited;
    bool told;
    bool orphaned; /* the owner is gone */
    int64_t exit_status;
    int term_signal;
};

/* ---- ending ---- */

static void handle_closed_cb(uv_handle_t *handle)
{
    struct net_process *process = handle->data;

    if (--process->open_handles == 0)
        free(process);
}

static void close_handle(uv_handle_t *handle)
{
    if (!uv_is_closing(handle))
        uv_close(handle, handle_closed_cb);
}

static void dispose(struct net_process *process)
{
    list_remove(&process->node);
    net_timer_free(process->grace);
    process->grace = NULL;
    close_handle((uv_handle_t *)&process->in);
    close_handle((uv_handle_t *)&process->out);
    close_handle((uv_handle_t *)&process->err);
    close_handle((uv_handle_t *)&process->uv);
}

static void tell_exited(struct net_process *process)
{
    if (process->told)
        return;
    process->told = true;
    if (process->config.exited)
        process->config.exited(process->config.user, process->exit_status, process->term_signal);
}

static void grace_over_cb(void *user)
{
    tell_exited(user);
}

static void exit_cb(uv_process_t *handle, int64_t exit_status, int term_signal)
{
    struct net_process *process = handle->data;

    loop_touch(process->loop);
    process->has_exited = true;
    process->exit_status = exit_status;
    process->term_signal = term_signal;
    net_process_kill_group(process, SIGKILL); /* what it has left behind */
    guard_remove(process->uv.pid);
    if (process->orphaned) {
        dispose(process);
        return;
    }
    if (process->open_pipes == 0) {
        tell_exited(process);
        return;
    }
    net_timer_start(process->grace, net_loop_now_ms(process->loop) + OUTPUT_GRACE_MS);
}

/* ---- output ---- */

static void alloc_cb(uv_handle_t *handle, size_t suggested, uv_buf_t *ret_buf)
{
    static char bytes[PIPE_READ_BYTES]; /* libuv reads and calls back before it asks again */

    (void)handle;
    (void)suggested;
    *ret_buf = uv_buf_init(bytes, sizeof bytes);
}

static void read_cb(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct net_process *process = stream->data;

    loop_touch(process->loop);
    if (n > 0) {
        if (!process->orphaned && !process->told && process->config.output)
            process->config.output(process->config.user, stream == (uv_stream_t *)&process->err,
                                   buf->base, (uint64_t)n);
        return;
    }
    if (n == 0)
        return;
    uv_read_stop(stream);
    process->open_pipes--;
    if (process->open_pipes == 0 && process->has_exited && !process->orphaned)
        tell_exited(process);
}

/* ---- starting ---- */

static bool overrides(const char *const *extra, const char *entry)
{
    size_t name_len = strcspn(entry, "=");

    for (; extra && *extra; extra++) {
        if (strncmp(*extra, entry, name_len) == 0 && (*extra)[name_len] == '=')
            return true;
    }
    return false;
}

/* Ours plus `extra`; only the array is owned. */
static const char **merged_env(const char *const *extra)
{
    size_t n = 0;
    size_t n_extra = 0;
    const char **env;

    while (environ[n])
        n++;
    while (extra && extra[n_extra])
        n_extra++;
    env = xcalloc(n + n_extra + 1, sizeof *env);
    n = 0;
    for (char **entry = environ; *entry; entry++) {
        if (!overrides(extra, *entry))
            env[n++] = *entry;
    }
    for (size_t i = 0; i < n_extra; i++)
        env[n++] = extra[i];
    return env;
}

static void init_pipe(struct net_process *process, uv_pipe_t *pipe)
{
    uv_pipe_init(&process->loop->uv, pipe, 0);
    pipe->data = process;
    process->open_handles++;
}

static int spawn(struct net_process *process, const struct net_process_config *config)
{
    uv_stdio_container_t stdio[3];
    uv_process_options_t options = {0};
    const char **env = merged_env(config->env);
    int rc;

    stdio[0].flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_READABLE_PIPE);
    stdio[0].data.stream = (uv_stream_t *)&process->in;
    stdio[1].flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[1].data.stream = (uv_stream_t *)&process->out;
    stdio[2].flags = (uv_stdio_flags)(UV_CREATE_PIPE | UV_WRITABLE_PIPE);
    stdio[2].data.stream = (uv_stream_t *)&process->err;
    options.exit_cb = exit_cb;
    options.file = config->argv[0];
    /* uv_spawn takes mutable arrays for historical reasons, like execvp. */
    options.args = (char **)(uintptr_t)config->argv;
    options.env = (char **)(uintptr_t)env;
    options.cwd = config->cwd;
    options.flags = UV_PROCESS_DETACHED;
    options.stdio = stdio;
    options.stdio_count = 3;
    rc = uv_spawn(&process->loop->uv, &process->uv, &options);
    free(env);
    return rc;
}

struct net_process *net_process_start(struct net_loop *loop,
                                      const struct net_process_config *config, char **reterr)
{
    struct net_process *process = xcalloc(1, sizeof *process);
    int rc;

    process->loop = loop;
    process->config = *config;
    list_init(&process->node);
    process->grace = net_timer_new(loop, grace_over_cb, process);
    init_pipe(process, &process->in);
    init_pipe(process, &process->out);
    init_pipe(process, &process->err);
    process->uv.data = process;
    process->open_handles++;
    process->open_pipes = 2;
    rc = spawn(process, config);
    if (rc != 0) {
        *reterr = xasprintf("cannot start %s: %s", config->argv[0], uv_strerror(rc));
        dispose(process);
        return NULL;
    }
    guard_add(process->uv.pid);
    list_move_tail(&loop->processes, &process->node);
    uv_read_start((uv_stream_t *)&process->out, alloc_cb, read_cb);
    uv_read_start((uv_stream_t *)&process->err, alloc_cb, read_cb);
    return process;
}

int net_process_pid(const struct net_process *process)
{
    return process->uv.pid;
}

void net_process_kill_group(struct net_process *process, int signum)
{
    /* Once the leader has been waited for, its number may belong to somebody else only if the whole group is gone. */
    if (process->uv.pid > 0)
        kill(-process->uv.pid, signum);
}

void net_process_free(struct net_process *process)
{
    if (!process)
        return;
    process->orphaned = true;
    if (process->has_exited) {
        dispose(process);
        return;
    }
    net_process_kill_group(process, SIGKILL); /* exit_cb disposes */
}

void loop_free_processes(struct net_loop *loop)
{
    while (!list_is_empty(&loop->processes)) {
        struct net_process *process = LIST_OWNER(loop->processes.next, struct net_process, node);

        if (!process->has_exited) {
            net_process_kill_group(process, SIGKILL);
            while (waitpid(process->uv.pid, NULL, 0) < 0 && errno == EINTR)
                ;
            guard_remove(process->uv.pid);
        }
        dispose(process);
    }
}
