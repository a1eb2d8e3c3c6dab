/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_MERMAID_H
#define HARNESS_REPORT_MERMAID_H

#include "harness/result.h"

/* Append the evidence of a finding as a Mermaid sequence diagram, the deciding frame on a red ground, with its code fence. */
void mermaid_append(struct buf *out, const struct scenario_result *s, const struct check_result *c);

#endif
