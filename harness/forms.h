/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_FORMS_H
#define HARNESS_FORMS_H

#include "harness/scenario.h"

/*
 * What the short forms of the language stand for, as pattern text over an ack's argument list, to be compiled with matcher_compile.
 */

/* Words of `ack` on joins and leaves: "success", "refused", "any" (any answer).  Static text; NULL for an unknown word. */
const char *form_ack_pattern(const char *word, enum smcp_revision_id rev);

/*
 * Pattern of the ack of `lists` from its `sessions` attribute: actor names become {"name":"{C.name}"}, and the list is exact in any
 * order: [{"sessions":{"$anyOrder":[…]},"req_id":"…"}].  `req_id` is the id that was sent.  Heap text: caller frees.
 */
char *form_sessions_pattern(const struct scenario *sc, const struct json_node *sessions,
                            const char *req_id);

/*
 * Is this scanned ack argument list a refusal of `event`, in whatever form the revision leaves open: nothing, null, false or a text
 * first; an object that carries code, error, Err or isError; a list_room result without sessions?  What the revision calls the
 * success of a join or leave is never one.
 */
bool form_is_refusal(const char *event, struct slice args, enum smcp_revision_id rev);

#endif
