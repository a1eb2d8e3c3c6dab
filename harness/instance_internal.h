/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_INSTANCE_INTERNAL_H
#define HARNESS_INSTANCE_INTERNAL_H

#include "harness/instance.h"

/* Between instance_start.c, instance.c and instance_end.c. */

void instance_enter(struct instance *inst, enum phase phase);

/* A precondition failed, for good; the first one speaks.  Takes `text`. */
void instance_block(struct instance *inst, char *text);

#endif
