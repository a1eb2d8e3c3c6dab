/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_AUTH_H
#define REFSERVER_AUTH_H

#include <stdbool.h>

#include "wire/buf.h"
#include "wire/macros.h"

/*
 * Who may connect to /smcp.  A provider sees the auth object of the CONNECT packet and the HTTP headers of the handshake (AUTH-01) and says yes or no.
 * Built in: none; a key in a header; a key in the auth object.  Keys are compared in constant time and never leave this module.
 */
struct auth_provider;

struct auth_request {
    struct slice auth; /* raw JSON object or empty */
    /* A header that auth_provider_header() has asked to be kept; false when absent. */
    bool (*header)(const void *user, const char *name, struct slice *ret_value);
    const void *user;
};

/*
 * From the text of --auth: `none`, `header[:NAME]=KEY`, `auth[:NAME]=KEY`; `=@FILE` reads one key per line, `=@@…` is a key that begins with @.
 * NULL and a heap text in *reterr (caller: free) when the text is wrong or the file cannot be read.
 */
MUST_USE struct auth_provider *auth_provider_new(const char *spec, char **reterr);
void auth_provider_free(struct auth_provider *provider); /* NULL is fine */

/* Name of the header it looks at, or NULL.  Borrowed. */
const char *auth_provider_header(const struct auth_provider *provider);
/* Does it let everybody in? */
MUST_USE bool auth_provider_is_open(const struct auth_provider *provider);

/* May the client connect?  (AUTH-02, AUTH-04..08) */
MUST_USE bool auth_provider_check(const struct auth_provider *provider,
                                  const struct auth_request *request);

#endif
