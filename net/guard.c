/* SPDX-License-Identifier: Apache-2.0 */
#include "net/guard.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MAX_GROUPS = 64 };

/* What goes over the wire: a group to watch, or, negative, one to forget. */
static int to_guard = -1;
static bool was_started;

/* ---- in the guard: only what is safe after a fork ---- */

static void watch(int *groups, int message)
{
    for (int i = 0; i < MAX_GROUPS; i++) {
        if (message > 0 && groups[i] == 0) {
            groups[i] = message;
            return;
        }
        if (message < 0 && groups[i] == -message)
            groups[i] = 0;
    }
}

static void guard_main(int from_us)
{
    int groups[MAX_GROUPS] = {0};
    int message;

    setsid(); /* no Ctrl-C of the terminal, and no kill of our group, ends it before us */
    signal(SIGTERM, SIG_IGN);
    signal(SIGINT, SIG_IGN);
    dup2(from_us, 0);
    close_range(1, ~0U, 0);
    while (read(0, &message, sizeof(message)) == (ssize_t)sizeof(message))
        watch(groups, message);
    for (int i = 0; i < MAX_GROUPS; i++)
        if (groups[i] > 0)
            kill(-groups[i], SIGKILL);
    _exit(0);
}

/* ---- in our own process ---- */

static void start(void)
{
    int ends[2];
    pid_t child;

    was_started = true;
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
        return;
    child = fork();
    if (child == 0)
        guard_main(ends[1]);
    close(ends[1]);
    if (child > 0)
        to_guard = ends[0];
    else
        close(ends[0]);
}

static void tell(int message)
{
    if (to_guard >= 0 &&
        send(to_guard, &message, sizeof(message), MSG_NOSIGNAL) != (ssize_t)sizeof(message)) {
        close(to_guard);
        to_guard = -1;
    }
}

void guard_add(int group)
{
    if (!was_started)
        start();
    tell(group);
}

void guard_remove(int group)
{
    tell(-group);
}
