/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_FIELDS_H
#define REFSERVER_FIELDS_H

#include <stdbool.h>
#include <stddef.h>

#include "endpoint/server.h"
#include "wire/buf.h"

/* A member of a payload that a rule looks at. */
struct field {
    const char *key;
    struct slice value; /* raw JSON of its first occurrence; borrowed from the payload */
    unsigned count;     /* how often the key stands there */
};

/*
 * Look the fields up in the payload of an event, all in one walk over its top level; everything else stays unread.
 * False when the event has not exactly one argument that is an object (SIO-05).
 */
MUST_USE bool fields_read(const struct sio_event *ev, struct field *fields, size_t n_fields);

/* Present exactly once (a repeated member has no defined value) and a string. */
MUST_USE bool field_is_string(const struct field *field);

#endif
