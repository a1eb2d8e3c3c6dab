/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_ERROR_H
#define SMCP_ERROR_H

#include "smcp/revision.h"
#include "wire/buf.h"

/* Why the server refuses, one per row of errors.def. */
enum smcp_error {
#define XX(symbol, code, text) SMCP_##symbol,
#include "smcp/errors.def"
#undef XX
    SMCP_ERROR_COUNT
};

/* Code (0 for SMCP_OK) and static text.  Cannot fail. */
int smcp_error_code(enum smcp_error error);
const char *smcp_error_text(enum smcp_error error);

/* The same in the words of a revision: a few texts are part of its documents (ROOM-45). */
const char *smcp_error_text_in(const struct smcp_revision *revision, enum smcp_error error);

/*
 * Append the ack arguments of a refusal (or, with SMCP_OK and FORM_TUPLE or FORM_EMPTY, of success), without the brackets.
 * FORM_NONE and FORM_EMPTY append nothing.
 *
 * Requirements: ROOM-01, ROOM-03, SIO-08, ERR-01, ERR-03.
 */
void smcp_error_encode(struct buf *out, const struct smcp_revision *revision, enum smcp_form form,
                       enum smcp_error error);

#endif
