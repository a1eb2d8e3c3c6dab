/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_MARKUP_H
#define HARNESS_REPORT_MARKUP_H

#include <stdint.h>
#include <stdio.h>

/*
 * Print `text` as character data of XML or HTML, fit for attributes in double quotes too: valid UTF-8, no character that XML 1.0
 * forbids.  At most about `max_bytes` of it.
 */
void markup_print(FILE *out, const char *text, size_t max_bytes);

/* printf for markup whose arguments need no escape, with one text that does at the end and `tail` after it. */
void markup_element(FILE *out, const char *head, const char *text, const char *tail);

#endif
