/* SPDX-License-Identifier: Apache-2.0 */
#include "refserver/parent.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "wire/xmalloc.h"

struct parent_watch {
    parent_gone_fn *fn;
    void *user;
    int pidfd; /* -1: none */
    struct net_watch *on_parent;
    struct net_watch *on_stdin;
};

static void parent_ended(void *user)
{
    struct parent_watch *w = user;

    net_watch_free(w->on_parent);
    w->on_parent = NULL;
    w->fn(w->user);
}

static void stdin_readable(void *user)
{
    struct parent_watch *w = user;
    char scratch[256];

    if (read(STDIN_FILENO, scratch, sizeof(scratch)) > 0)
        return;
    net_watch_free(w->on_stdin);
    w->on_stdin = NULL;
    w->fn(w->user);
}

static bool stdin_is_pipe(void)
{
    struct stat st;

    return fstat(STDIN_FILENO, &st) == 0 && (S_ISFIFO(st.st_mode) || S_ISSOCK(st.st_mode));
}

struct parent_watch *parent_watch_new(struct net_loop *loop, parent_gone_fn *fn, void *user)
{
    struct parent_watch *w = xcalloc(1, sizeof(*w));
    pid_t parent = getppid();

    w->fn = fn;
    w->user = user;
    w->pidfd = (int)syscall(SYS_pidfd_open, parent, 0);
    if (w->pidfd >= 0)
        w->on_parent = net_watch_new(loop, w->pidfd, parent_ended, w);
    else
        prctl(PR_SET_PDEATHSIG,
              SIGTERM); /* old kernels: less exact, it means the parent's thread */
    if (getppid() != parent)
        raise(SIGTERM); /* it ended while we looked */
    if (stdin_is_pipe())
        w->on_stdin = net_watch_new(loop, STDIN_FILENO, stdin_readable, w);
    return w;
}

void parent_watch_free(struct parent_watch *watch)
{
    if (!watch)
        return;
    net_watch_free(watch->on_parent);
    net_watch_free(watch->on_stdin);
    if (watch->pidfd >= 0)
        close(watch->pidfd);
    free(watch);
}
