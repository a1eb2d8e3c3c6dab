/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EMBEDDED_H
#define WIRE_EMBEDDED_H

#include <stddef.h>

/*
 * A file compiled into the program by smcp_embed() (cmake/embed.cmake).  Everything has static storage and is never
 * written.  Tables are sorted by `path` in strcmp() order, so bsearch() works on them.
 */
struct embedded_file {
    const char
        *path; /* relative to the embedded folder, '/' between parts, e.g. "rooms/join.json" */
    const unsigned char *data; /* `len` bytes, then one NUL that `len` does not count */
    size_t len;                /* bytes */
};

/* Declares the table `symbol` and its length `symbol_count`; the table of an empty folder has length 0. */
#define EMBEDDED_FILES(symbol)                                                                     \
    extern const struct embedded_file symbol[];                                                    \
    extern const size_t symbol##_count

#endif
