/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include "net/http_core.h"
#include "net/ws_frame.h"

/* The server's half of the opening handshake (RFC 6455, 4.2). */

bool http_wants_upgrade(const struct http_head *head)
{
    return slice_is(head->method, "GET") && head->minor >= 1 &&
           http_head_has_token(head, "upgrade", "websocket") &&
           http_head_has_token(head, "connection", "upgrade");
}

int http_check_handshake(const struct http_head *head)
{
    const struct slice *version = http_head_find(head, "sec-websocket-version");
    const struct slice *key = http_head_find(head, "sec-websocket-key");

    if (!version || !slice_is(*version, "13"))
        return 426;
    if (!key || key->len != WS_KEY_CHARS || key->ptr[WS_KEY_CHARS - 1] != '=' || head->chunked ||
        head->length > 0)
        return 400;
    return 0;
}

void http_write_101(struct buf *out, const struct http_head *head)
{
    const struct slice *protocols = http_head_find(head, "sec-websocket-protocol");
    char accept[WS_ACCEPT_CHARS + 1];

    ws_accept_value(*http_head_find(head, "sec-websocket-key"), accept);
    buf_append_str(
        out, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n");
    buf_appendf(out, "Sec-WebSocket-Accept: %s\r\n", accept);
    if (protocols) {
        /* Browsers hang up when they offered some and got none; the official server takes the first too. */
        const char *comma = protocols->len ? memchr(protocols->ptr, ',', protocols->len) : NULL;
        size_t len = comma ? (size_t)(comma - protocols->ptr) : protocols->len;

        buf_appendf(out, "Sec-WebSocket-Protocol: %.*s\r\n", (int)len, protocols->ptr);
    }
    buf_append_str(out, "\r\n");
}
