/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/schema_internal.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "wire/xmalloc.h"

/* Length of "http:", 0 without a scheme. */
static size_t scheme_length(const char *uri)
{
    size_t i = 0;

    if (!isalpha((unsigned char)uri[0]))
        return 0;
    while (uri[i] && (isalnum((unsigned char)uri[i]) || strchr("+-.", uri[i])))
        i++;
    return uri[i] == ':' ? i + 1 : 0;
}

/* Where the path of `uri` begins, behind scheme and authority. */
static size_t path_start(const char *uri)
{
    size_t at = scheme_length(uri);

    if (strncmp(uri + at, "//", 2) == 0)
        at += 2 + strcspn(uri + at + 2, "/?#");
    return at;
}

/* Remove "." and ".." segments from the path in place. */
static void normalise(char *path)
{
    char *in = path, *out = path;
    bool rooted = *path == '/';

    while (*in) {
        size_t len = strcspn(in, "/");
        bool last = in[len] == '\0';

        if (len == 2 && in[0] == '.' && in[1] == '.') {
            if (out > path + rooted)
                out--;
            while (out > path + rooted && out[-1] != '/')
                out--;
        } else if (!(len == 1 && in[0] == '.')) {
            memmove(out, in, len + !last);
            out += len + !last;
        }
        in += len + !last;
    }
    *out = '\0';
}

/* `reference` has a path and no scheme: put it into the place of the base's last segment, or of its whole path. */
static char *merge(const char *base, const char *reference)
{
    size_t path = path_start(base), keep = path, end = strcspn(base, "?#"), tail;
    char *merged, *uri;

    for (size_t i = path; reference[0] != '/' && i < end; i++) {
        if (base[i] == '/')
            keep = i + 1;
    }
    tail = strcspn(reference, "?#");
    merged = xasprintf("%.*s%.*s", (int)keep, base, (int)tail, reference);
    normalise(merged + path);
    uri = xasprintf("%s%s", merged, reference + tail);
    free(merged);
    return uri;
}

char *schema_uri_resolve(const char *base, const char *reference)
{
    if (scheme_length(reference) > 0)
        return xstrdup(reference);
    if (reference[0] == '#' || reference[0] == '\0')
        return xasprintf("%.*s%s", (int)strcspn(base, "#"), base, reference);
    if (strncmp(reference, "//", 2) == 0)
        return xasprintf("%.*s%s", (int)scheme_length(base), base, reference);
    return merge(base, reference);
}
