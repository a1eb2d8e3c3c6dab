/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/version.h"

#include <string.h>

static bool is_number(struct slice text)
{
    if (text.len == 0 || (text.len > 1 && text.ptr[0] == '0'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
    }
    return true;
}

/* Takes the text up to the next dot from the front of *rest, dot included. */
static bool take_part(struct slice *rest, struct slice *ret_part)
{
    const char *dot = rest->len ? memchr(rest->ptr, '.', rest->len) : NULL;
    size_t len;

    if (!dot)
        return false;
    len = (size_t)(dot - rest->ptr);
    *ret_part = slice_of(rest->ptr, len);
    *rest = slice_of(dot + 1, rest->len - len - 1);
    return is_number(*ret_part);
}

bool smcp_version_parse(struct slice text, struct smcp_version *ret_version)
{
    if (text.len > SMCP_VERSION_MAX_BYTES)
        return false;
    if (!take_part(&text, &ret_version->major) || !take_part(&text, &ret_version->minor))
        return false;
    ret_version->patch = text;
    return is_number(text);
}

int smcp_version_compare(struct slice a, struct slice b)
{
    if (a.len != b.len)
        return a.len < b.len ? -1 : 1;
    return memcmp(a.ptr, b.ptr, a.len);
}

bool smcp_version_admits(const struct smcp_version *server, const struct smcp_version *client)
{
    int minor = smcp_version_compare(client->minor, server->minor);

    if (smcp_version_compare(client->major, server->major) != 0)
        return false;
    return slice_is(server->major, "0") ? minor == 0 : minor <= 0;
}
