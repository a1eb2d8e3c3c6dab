/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_WHATIF_H
#define HARNESS_REPORT_WHATIF_H

#include <stdio.h>

#include "harness/report/load.h"

/* A target judged by its own revision and by another one: what fails only by the other. */

struct whatif_failure {
    const struct scenario_result *s; /* of `next` */
    const struct check_result *c;
    const char *
        requirement; /* the one it stands under: its first that belongs to the revision; may be NULL */
};

struct whatif {
    const struct run_result *own, *next; /* borrowed */
    struct whatif_failure
        *failures; /* owned; by requirement, in the order of the requirements file */
    size_t n_failures;
};

/* Cannot fail.  The results must outlive it. */
void whatif_init(struct whatif *w, const struct run_result *own, const struct run_result *next);
void whatif_release(struct whatif *w);

void whatif_text(FILE *out, const struct whatif *w);
void whatif_json(FILE *out, const struct whatif *w);

#endif
