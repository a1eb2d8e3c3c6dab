/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "refserver/server.h"
#include "wire/json_text.h"

/* What defects do to authentication and transports. */

enum { ADMITTED_MAX = 8 };

unsigned defects_sabotage(const struct defects *d)
{
    static const struct {
        enum defect_id defect;
        unsigned bit;
    } rows[] = {
        {DEFECT_NO_SEPARATOR, SABOTAGE_NO_SEPARATOR},
        {DEFECT_POLL_LOSES, SABOTAGE_POLL_LOSES},
        {DEFECT_POST_FIRST_ONLY, SABOTAGE_POST_FIRST_ONLY},
        {DEFECT_UPGRADE_LOSES, SABOTAGE_UPGRADE_LOSES},
        {DEFECT_NO_PROBE_PONG, SABOTAGE_NO_PROBE_PONG},
        {DEFECT_NO_PING, SABOTAGE_NO_PING},
        {DEFECT_AUTH_GHOST, SABOTAGE_REFUSED_LIVES},
    };
    unsigned bits = 0;

    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        bits |= defect_on(d, rows[i].defect) ? rows[i].bit : 0;
    return bits;
}

/* In a header, or raw in the auth object. */
static bool given_key(const struct defects *d, const struct auth_request *request,
                      struct slice *ret_key)
{
    const char *header = auth_provider_header(d->server->auth);

    if (header)
        return request->header(request->user, header, ret_key);
    return request->auth.len > 0 && json_member(request->auth, "token", ret_key, NULL);
}

static bool was_refused(struct defects *d, const struct eio_conn *conn)
{
    const char *sid = eio_conn_sid(conn);
    bool before = d->refused.len > 0 && memmem(d->refused.data, d->refused.len, sid, strlen(sid));

    if (!before)
        buf_append_str(&d->refused, sid);
    return before;
}

bool defect_admits(struct defects *d, const struct auth_request *request, bool ok)
{
    struct slice key;
    bool has_key = given_key(d, request, &key);

    buf_clear(&d->payload);
    if (has_key)
        buf_append_slice(&d->payload, key);
    if (defect_on(d, DEFECT_AUTH_ROLE) &&
        (request->auth.len == 0 || !json_member(request->auth, "role", &key, NULL)))
        return false;
    if (ok)
        return d->admitted++ < ADMITTED_MAX || !defect_on(d, DEFECT_AUTH_EIGHT);
    return defect_on(d, DEFECT_AUTH_OPEN) || (has_key && defect_on(d, DEFECT_AUTH_ANY_KEY)) ||
           (!has_key && defect_on(d, DEFECT_AUTH_NO_KEY)) ||
           (defect_on(d, DEFECT_AUTH_SECOND_TRY) && was_refused(d, request->user));
}

const char *defect_refusal(struct defects *d)
{
    if (!defect_on(d, DEFECT_AUTH_TELLS) || d->payload.len == 0)
        return smcp_error_text(SMCP_E_UNAUTHORIZED);
    buf_clear(&d->text);
    buf_append_str(&d->text, "auth.c:71: expected another key than ");
    buf_append_slice(&d->text, buf_slice(&d->payload));
    buf_append_ch(&d->text, '\0');
    return d->text.data;
}
