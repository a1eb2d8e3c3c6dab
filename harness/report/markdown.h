/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_MARKDOWN_H
#define HARNESS_REPORT_MARKDOWN_H

#include "wire/buf.h"

/* Append a code span, fit for a table cell, of at most a few hundred bytes. */
void markdown_append_code(struct buf *out, const char *text);

/* Append prose whose own `code` stays code, and in which nothing else is markup; fit for a table cell. */
void markdown_append_prose(struct buf *out, const char *text);

/* Append a fenced block, with a fence longer than any in the text. */
void markdown_append_block(struct buf *out, struct slice text);

#endif
