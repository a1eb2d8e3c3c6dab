/* SPDX-License-Identifier: Apache-2.0 */
#include "net/http_write.h"

#include <string.h>
#include <strings.h>

enum { PORT_HTTP = 80, PORT_HTTPS = 443 };

const char *http_given_header(const struct net_header *headers, unsigned n_headers,
                              const char *name)
{
    for (unsigned i = 0; i < n_headers; i++) {
        if (strcasecmp(headers[i].name, name) == 0)
            return headers[i].value;
    }
    return NULL;
}

static void write_host(struct buf *out, const struct net_target *to)
{
    bool bare_v6 = strchr(to->host, ':') && to->host[0] != '[';

    if (bare_v6)
        buf_append_ch(out, '[');
    buf_append_str(out, to->host);
    if (bare_v6)
        buf_append_ch(out, ']');
    if (to->port != (to->tls ? PORT_HTTPS : PORT_HTTP))
        buf_appendf(out, ":%u", (unsigned)to->port);
}

void http_write_request(struct buf *out, const char *method, const char *path,
                        const struct net_target *to, const struct net_header *headers,
                        unsigned n_headers)
{
    const char *host = http_given_header(headers, n_headers, "host");

    buf_append_str(out, method);
    buf_append_ch(out, ' ');
    buf_append_str(out, path);
    buf_append_str(out, " HTTP/1.1\r\nHost: ");
    if (host)
        buf_append_str(out, host);
    else
        write_host(out, to);
    buf_append_str(out, "\r\n");
    for (unsigned i = 0; i < n_headers; i++) {
        if (strcasecmp(headers[i].name, "host") == 0)
            continue;
        buf_append_str(out, headers[i].name);
        buf_append_str(out, ": ");
        buf_append_str(out, headers[i].value);
        buf_append_str(out, "\r\n");
    }
}
