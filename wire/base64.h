/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_BASE64_H
#define WIRE_BASE64_H

#include "wire/buf.h"

/* RFC 4648, section 4.  Inside wire/ only. */

/* Append the parts, joined, as padded base64. */
void base64_encode(struct buf *out, const struct slice *parts, unsigned n_parts);

/*
 * Decode `text` and append the bytes to `out`.  Padding may be missing as a whole (npm takes that
 * too), but not in part; bits that the last character has left over may have any value.  False:
 * malformed, *ret_offset is the offending byte (text.len when the text is too short).  The ceiling
 * of `out` shows as its overflow.
 */
MUST_USE bool base64_decode(struct buf *out, struct slice text, size_t *ret_offset);

#endif
