/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_COMMANDS_H
#define HARNESS_COMMANDS_H

/* The subcommands of smcp-harness.  argv[0] is the name of the command; each returns the exit code of the program (design: 0 fine, 2 usage, …). */
int cmd_run(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_explain(int argc, char **argv);
int cmd_check(int argc, char **argv);
int cmd_coverage(int argc, char **argv);
int cmd_whatif(int argc, char **argv);
int cmd_freeze(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_merge(int argc, char **argv);
int cmd_compare(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_bench(int argc, char **argv);
int cmd_language(
    int argc, char **argv); /* hidden: docs/scenario-language.md, scenarios/scenario.schema.json */

#endif
