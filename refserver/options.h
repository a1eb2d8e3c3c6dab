/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_OPTIONS_H
#define REFSERVER_OPTIONS_H

#include "refserver/server.h"

/* The command line.  Strings are those of argv or owned. */
struct options {
    struct refserver_config config;
    const char *auth;
    bool log_all; /* --log given: everything, not only warnings */
    enum log_format log_format;
    const char *ready_file; /* NULL: none */
    bool exit_with_parent;
    char *listen_host; /* owned: the host parts of --listen and --control */
    char *control_host;
};

enum options_outcome {
    OPTIONS_RUN,
    OPTIONS_DONE,  /* --help or --version was printed: exit 0 */
    OPTIONS_WRONG, /* what is wrong was printed: exit 2 */
};

/* Read the command line.  options_release() afterwards in every case. */
MUST_USE enum options_outcome options_read(struct options *o, int argc, char **argv);
void options_release(struct options *o);

#endif
