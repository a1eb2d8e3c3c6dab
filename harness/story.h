/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_STORY_H
#define HARNESS_STORY_H

#include "harness/scenario.h"

/* Append a step as one line of prose: "C joins here", "A receives notify:enter_office with {…}".  No line end. */
void story_step(const struct scenario *sc, const struct step *s, struct buf *out);

/* Append all steps that `rev` plays, numbered, one line each, with the ids that they check: for people. */
void story_steps(const struct scenario *sc, enum smcp_revision_id rev, struct buf *out);

#endif
