/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_REPORT_JSON_H
#define HARNESS_REPORT_JSON_H

#include <cjson/cJSON.h>

#include "harness/report/report.h"

/* Parts of the JSON report, for the formats that share them (reports/report.schema.json).  The caller deletes each object. */

/* Raised when a member changes or goes; new members may come at any time. */
enum { REPORT_SCHEMA_VERSION = 1 };

/* Everything about the run but for what it found. */
MUST_USE cJSON *report_head_object(const struct run_result *r);

MUST_USE cJSON *report_summary_object(const struct run_result *r);

/* Evidence and rerun line only for what needs explaining, unless `verbose`. */
MUST_USE cJSON *report_check_object(const struct run_result *r, const struct scenario_result *s,
                                    const struct check_result *c, bool verbose);

MUST_USE cJSON *report_scenario_object(const struct scenario_result *s, bool transcript);

/* The roll-up of requirements. */
MUST_USE cJSON *report_requirements_array(const struct run_result *r);

#endif
