/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_XMALLOC_H
#define WIRE_XMALLOC_H

#include <stddef.h>

#include "wire/buf.h"

/* malloc family that aborts when memory is out: the only place in the project that does.  Memory is
 * released with free(). */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *ptr, size_t size);
char *xstrdup(const char *text);

/* NUL-terminated heap copy of a slice. */
char *xstrndup_slice(struct slice s);

/* printf into a fresh heap string. */
char *xasprintf(const char *fmt, ...) PRINTF_LIKE(1, 2);

#endif
