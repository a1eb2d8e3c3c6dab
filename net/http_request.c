/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/http_core.h"

/* What handlers may ask about a request. */

struct slice http_request_method(const struct http_request *r)
{
    return r->head->method;
}

struct slice http_request_path(const struct http_request *r)
{
    return r->head->path;
}

struct slice http_request_query(const struct http_request *r)
{
    return r->head->query;
}

struct slice http_request_remote(const struct http_request *r)
{
    return slice_str(r->peer->text);
}

bool http_request_header(const struct http_request *r, const char *name, struct slice *ret_value)
{
    const struct slice *value = http_head_find(r->head, name);

    if (!value)
        return false;
    *ret_value = *value;
    return true;
}

static int hex_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Escapes that are none stay as they are, as browsers and Python do. */
static void append_decoded(struct buf *out, struct slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        bool has_two_more = i + 2 < text.len;

        if (text.ptr[i] == '%' && has_two_more && hex_value(text.ptr[i + 1]) >= 0 &&
            hex_value(text.ptr[i + 2]) >= 0) {
            buf_append_ch(out,
                          (char)(hex_value(text.ptr[i + 1]) * 16 + hex_value(text.ptr[i + 2])));
            i += 2;
        } else {
            buf_append_ch(out, text.ptr[i] == '+' ? ' ' : text.ptr[i]);
        }
    }
}

bool http_query_get(struct slice query, const char *name, struct buf *out)
{
    while (query.len > 0) {
        const char *amp = memchr(query.ptr, '&', query.len);
        size_t pair_len = amp ? (size_t)(amp - query.ptr) : query.len;
        const char *eq = pair_len ? memchr(query.ptr, '=', pair_len) : NULL;
        size_t name_len = eq ? (size_t)(eq - query.ptr) : pair_len;

        buf_clear(out);
        append_decoded(out, slice_of(query.ptr, name_len));
        if (slice_is(buf_slice(out), name)) {
            buf_clear(out);
            if (eq)
                append_decoded(out, slice_of(eq + 1, pair_len - name_len - 1));
            return true;
        }
        query.ptr += amp ? pair_len + 1 : pair_len;
        query.len -= amp ? pair_len + 1 : pair_len;
    }
    buf_clear(out);
    return false;
}
