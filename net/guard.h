/* SPDX-License-Identifier: Apache-2.0 */
#ifndef NET_GUARD_H
#define NET_GUARD_H

/*
 * A small process beside ours that ends what we have started when we cannot: killed or crashed, we leave nothing behind.  It is forked
 * with the first group and ends with us.  Groups that leave their process group (setsid) are out of its reach.
 *
 * Failures are silent: without it everything works, but for that.
 */
void guard_add(int group);
void guard_remove(int group);

#endif
