/* SPDX-License-Identifier: Apache-2.0 */
#include "net/link.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "net/http.h"
#include "net/link_core.h"
#include "wire/utf8.h"
#include "wire/xmalloc.h"

enum { MAX_REASON_BYTES = WS_MAX_CONTROL_BYTES - 2 };

/* ---- life ---- */

struct link *link_new(struct net_loop *loop)
{
    struct link *link = xcalloc(1, sizeof *link);

    link->loop = loop;
    list_init(&link->resume.node);
    list_init(&link->close_wait.node);
    list_init(&link->death.node);
    buf_init(&link->message, SIZE_MAX / 2);
    buf_init(&link->control, WS_MAX_CONTROL_BYTES);
    buf_init(&link->held, SIZE_MAX / 2);
    return link;
}

struct link *link_accept(struct net_loop *loop, struct sock *sock,
                         const struct net_server_config *config)
{
    struct link *link = link_new(loop);

    link->sock = sock;
    link->state = LINK_OPEN;
    link->max_message_bytes = config->max_message_bytes;
    link->max_queue_bytes = config->max_queue_bytes;
    link->max_backlog_bytes = config->max_backlog_bytes;
    sock_set_owner(sock, &link_sock_ops, link);
    return link;
}

void link_set_owner(struct link *link, const struct link_ops *ops, void *user)
{
    link->ops = ops;
    link->user = user;
}

static void bury(struct later *later)
{
    struct link *link = LIST_OWNER(later, struct link, death);

    if (link->ops && link->ops->closed)
        link->ops->closed(link->user, link, &link->end);
    list_remove(&link->resume.node);
    link_dialing_free(link);
    buf_release(&link->message);
    buf_release(&link->control);
    buf_release(&link->held);
    free(link->end_reason);
    free(link);
}

void link_end(struct link *link, enum link_end how, const char *text)
{
    if (link->state == LINK_DONE)
        return;
    link->state = LINK_DONE;
    link->sock = NULL;
    link->end.how = how;
    link->end.text = text;
    link->end.close_reason = slice_str(link->end_reason ? link->end_reason : "");
    deadline_stop(&link->close_wait);
    loop_later(link->loop, &link->death, bury);
}

static void sock_lost_cb(void *user, const char *why)
{
    struct link *link = user;

    if (link->state == LINK_CLOSING)
        link_end(link, LINK_END_LOCAL, why);
    else
        link_end(link, LINK_END_REMOTE, why);
}

static void sock_received_cb(void *user, char *bytes, size_t len)
{
    link_received(user, bytes, len);
}

const struct sock_ops link_sock_ops = {
    .received = sock_received_cb,
    .lost = sock_lost_cb,
};

/* ---- sending ---- */

static void write_frame(struct link *link, struct buf *out, enum ws_opcode opcode,
                        const struct slice *parts, unsigned n_parts, size_t len)
{
    unsigned char mask[WS_MASK_BYTES];
    char *to = buf_reserve(out, WS_MAX_HEADER_BYTES + len);
    size_t at;

    if (link->is_client) {
        uint32_t random = loop_random32(link->loop);

        memcpy(mask, &random, sizeof mask);
    }
    at = ws_header_encode(to, opcode, len, link->is_client ? mask : NULL);
    out->len += at + len;
    to += at;
    for (unsigned i = 0; i < n_parts; i++) {
        if (parts[i].len)
            memcpy(to, parts[i].ptr, parts[i].len);
        to += parts[i].len;
    }
    if (link->is_client)
        ws_mask(to - len, len, mask, 0);
}

static bool fits(const struct link *link, size_t len)
{
    size_t max = link->max_queue_bytes;

    if (link->max_backlog_bytes && net_loop_backlog(link->loop) > link->max_backlog_bytes)
        max /= NET_SCARCE_SHARE;
    return link_queued(link) + len <= max;
}

/* Room for `len` more bytes, or the end. */
static bool has_room(struct link *link, size_t len)
{
    if (fits(link, len))
        return true;
    if (link->state != LINK_DIALING)
        sock_push(link->sock); /* a burst of this turn may be all there is */
    /* Whoever has nothing left to read takes one message of any legal size, however scarce memory is. */
    if (fits(link, len) || (link_queued(link) == 0 && len <= link->max_queue_bytes))
        return true;
    sock_abort(link->sock);
    link_end(link, LINK_END_OVERFLOW, "the peer reads too slowly");
    return false;
}

bool link_queue_frame(struct link *link, enum ws_opcode opcode, const struct slice *parts,
                      unsigned n_parts)
{
    size_t len = 0;

    for (unsigned i = 0; i < n_parts; i++)
        len += parts[i].len;
    if (!has_room(link, len + WS_MAX_HEADER_BYTES))
        return false;
    if (link->state == LINK_DIALING) {
        write_frame(link, link_dialing_early(link), opcode, parts, n_parts, len);
        return true;
    }
    write_frame(link, sock_out(link->sock), opcode, parts, n_parts, len);
    sock_touch(link->sock);
    return true;
}

void link_send(struct link *link, bool binary, const struct slice *parts, unsigned n_parts)
{
    if (link->state <= LINK_OPEN)
        (void)link_queue_frame(link, binary ? WS_BINARY : WS_TEXT, parts, n_parts);
}

void link_send_raw(struct link *link, struct slice bytes)
{
    if (link->state > LINK_OPEN || !has_room(link, bytes.len))
        return;
    if (link->state == LINK_DIALING)
        buf_append_slice(link_dialing_early(link), bytes);
    else
        sock_write(link->sock, bytes.ptr, bytes.len);
}

size_t link_queued(const struct link *link)
{
    if (link->state == LINK_DONE)
        return 0;
    if (link->state == LINK_DIALING)
        return link_dialing_early((struct link *)(uintptr_t)link)->len;
    return sock_queued(link->sock);
}

/* ---- closing ---- */

static void send_close(struct link *link, uint16_t code, const char *reason)
{
    size_t len = reason ? strlen(reason) : 0;
    char bytes[2] = {(char)(code >> 8), (char)(code & 0xff)};
    struct slice parts[2] = {{bytes, 2}, {reason, len < MAX_REASON_BYTES ? len : MAX_REASON_BYTES}};

    (void)link_queue_frame(link, WS_CLOSE, parts, code ? 2 : 0);
}

static void close_unanswered(struct deadline *d)
{
    struct link *link = LIST_OWNER(d, struct link, close_wait);

    sock_dismiss(link->sock);
    link_end(link, LINK_END_LOCAL, "the peer did not answer the close frame");
}

void link_close(struct link *link, uint16_t code, const char *reason)
{
    if (link->state == LINK_DIALING) {
        link_abort(link);
        return;
    }
    if (link->state != LINK_OPEN)
        return;
    send_close(link, code, reason);
    if (link->state != LINK_OPEN)
        return;
    link->state = LINK_CLOSING;
    link_pause(link, false); /* else its answer would never be read */
    deadline_start(&link->loop->second, &link->close_wait, close_unanswered);
}

void link_fail(struct link *link, uint16_t code, enum link_end how, const char *text)
{
    if (link->state == LINK_OPEN)
        send_close(link, code, text);
    if (link->state == LINK_DONE)
        return;
    sock_dismiss(link->sock);
    link_end(link, how, text);
}

void link_got_close(struct link *link, struct slice payload)
{
    uint16_t code = 0;

    if (payload.len >= 2)
        code = (uint16_t)((unsigned char)payload.ptr[0] << 8 | (unsigned char)payload.ptr[1]);
    if (payload.len == 1 || (payload.len >= 2 && !ws_close_code_is_legal(code))) {
        link_fail(link, 1002, LINK_END_PROTOCOL, "malformed close frame");
        return;
    }
    if (payload.len > 2) {
        struct slice reason = slice_of(payload.ptr + 2, payload.len - 2);

        if (utf8_check(reason) != reason.len) {
            link_fail(link, 1007, LINK_END_PROTOCOL, "close reason is not UTF-8");
            return;
        }
        link->end_reason = xstrndup_slice(reason);
    }
    link->end.close_frame = true;
    link->end.close_code = code;
    if (link->state == LINK_OPEN)
        send_close(link, code, NULL);
    if (link->state == LINK_DONE)
        return;
    sock_dismiss(link->sock);
    link_end(link, link->state == LINK_CLOSING ? LINK_END_LOCAL : LINK_END_REMOTE, "close frame");
}

void link_finish(struct link *link)
{
    if (link->state == LINK_DONE)
        return;
    sock_dismiss(link->sock);
    link_end(link, LINK_END_LOCAL, "finished");
}

void link_abort(struct link *link)
{
    if (link->state == LINK_DONE)
        return;
    sock_abort(link->sock);
    link_end(link, LINK_END_LOCAL, "aborted");
}
