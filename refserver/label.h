/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_LABEL_H
#define REFSERVER_LABEL_H

#include "wire/buf.h"

/*
 * A name or an office id, chosen by a client: opaque and case-sensitive (ROOM-11).  Compared by its decoded value, sent on as the JSON string that came
 * in, so that nothing is ever printed anew.
 */
struct label {
    char *memory;       /* owned; holds both */
    struct slice value; /* decoded; may hold NUL */
    struct slice json;  /* with quotes, as sent */
};

/*
 * A label that borrows: `json` is a scanned JSON string; a value without escapes is a part of it, else it is decoded into `scratch` (cleared first).
 * Valid as long as both.
 */
struct label label_borrow(struct slice json, struct buf *scratch);

/* A copy that owns its memory; label_release() it.  Cannot fail. */
struct label label_copy(const struct label *from);

/* Free and empty.  Cannot fail. */
void label_release(struct label *label);

#endif
