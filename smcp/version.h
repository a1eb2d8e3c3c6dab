/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SMCP_VERSION_H
#define SMCP_VERSION_H

#include <stdbool.h>

#include "wire/buf.h"
#include "wire/macros.h"

enum { SMCP_VERSION_MAX_BYTES = 64 };

/* MAJOR.MINOR.PATCH, each part as its decimal digits: no part is too large to be compared. */
struct smcp_version {
    struct slice major;
    struct slice minor;
    struct slice patch;
};

/*
 * Exactly three integers, in decimal, without sign, blank or leading zero, nothing before and nothing after; at most SMCP_VERSION_MAX_BYTES.
 * The parts are borrowed from `text`.
 *
 * Requirements: HS-10, HS-20.
 */
MUST_USE bool smcp_version_parse(struct slice text, struct smcp_version *ret_version);

/*
 * Does a server of one version admit a client of the other?  MAJOR must be the same; while it is 0 MINOR too, later the client's may be older.
 * PATCH does not matter.
 *
 * Requirements: HS-02..HS-08.
 */
MUST_USE bool smcp_version_admits(const struct smcp_version *server,
                                  const struct smcp_version *client);

/* Order of two numbers without leading zeros: negative, 0 or positive. */
int smcp_version_compare(struct slice a, struct slice b);

#endif
