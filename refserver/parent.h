/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_PARENT_H
#define REFSERVER_PARENT_H

#include "net/loop.h"

/*
 * --exit-with-parent: a program that was started for a test must not outlive it.  `fn` runs once the parent process has ended, or when stdin is a pipe
 * that has been closed at its other end.
 */
struct parent_watch;
typedef void parent_gone_fn(void *user);
struct parent_watch *parent_watch_new(struct net_loop *loop, parent_gone_fn *fn, void *user);
void parent_watch_free(struct parent_watch *watch); /* NULL is fine */

#endif
