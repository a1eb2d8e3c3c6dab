/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_SELF_CHECK_H
#define HARNESS_SELF_CHECK_H

#include "harness/peer.h"

/*
 * What we send ourselves must keep the protocol, or the target is blamed for our mistake: the packet must decode to what was meant, and the
 * payload be valid by the schema of its event, unless the step says `malformed`.  Each gives a heap text that says what is wrong, NULL
 * when all is well.  Caller frees.
 */
char *self_check_event(const struct peer *p, const struct outgoing *out,
                       const struct sent_event *sent, struct slice packet);
char *self_check_ack(const struct peer *p, const struct inbox_item *request, struct slice packet,
                     bool malformed);

#endif
