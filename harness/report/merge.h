/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_MERGE_H
#define HARNESS_REPORT_MERGE_H

#include "harness/report/load.h"

/*
 * Parts of one run, played in different places, as one result: scenarios in the order of ids and transports, counts summed.  What
 * differs between the parts (seed, start, name of the target) is that of the first one.
 *
 * When shards of the run are missing the result says so (lacks_shards, error), and is made of what there is.
 *
 * *ret borrows from the reports; free it with merged_release, before them.  False: a heap text in *reterr, when the parts are of
 * different revisions, of different numbers of shards, or two of them hold the same scenario on the same transport.
 */
MUST_USE bool reports_merge(struct loaded_report *const *reports, size_t n, struct run_result *ret,
                            char **reterr);
void merged_release(struct run_result *r);

#endif
