/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "net/http_head.h"
#include "net/http_write.h"
#include "net/link_core.h"
#include "wire/xmalloc.h"

enum { NONCE_BYTES = 16 };

/* What only the handshake needs. */
struct link_dialing {
    struct net_timer *timer;
    struct buf early;  /* frames sent before 101 */
    struct buf answer; /* its head so far */
    size_t scanned;
    char key[WS_KEY_CHARS + 1];
};

struct buf *link_dialing_early(struct link *link)
{
    return &link->dialing->early;
}

void link_dialing_free(struct link *link)
{
    if (!link->dialing)
        return;
    net_timer_free(link->dialing->timer);
    buf_release(&link->dialing->early);
    buf_release(&link->dialing->answer);
    free(link->dialing);
    link->dialing = NULL;
}

static void give_up(struct link *link, enum link_end how, const char *text)
{
    sock_abort(link->sock);
    link_end(link, how, text);
}

static void timed_out(void *user)
{
    struct link *link = user;

    /* The owner may have aborted it in the same turn. */
    if (link->state == LINK_DIALING)
        give_up(link, LINK_END_UNREACHABLE, "timeout");
}

static const char *fault_of_101(const struct link *link, const struct http_head *head)
{
    const struct slice *accept = http_head_find(head, "sec-websocket-accept");
    char wanted[WS_ACCEPT_CHARS + 1];

    ws_accept_value(slice_str(link->dialing->key), wanted);
    if (!http_head_has_token(head, "upgrade", "websocket") ||
        !http_head_has_token(head, "connection", "upgrade"))
        return "101 without an upgrade to websocket";
    if (!accept || !slice_is(*accept, wanted))
        return "101 with a wrong Sec-WebSocket-Accept";
    if (http_head_find(head, "sec-websocket-extensions"))
        return "101 with an extension that was not offered";
    return NULL;
}

static void opened(struct link *link)
{
    struct buf *early = &link->dialing->early;

    link->state = LINK_OPEN;
    if (early->len > 0)
        sock_write(link->sock, early->data, early->len);
    net_timer_stop(link->dialing->timer);
    sock_set_owner(link->sock, &link_sock_ops, link);
    if (link->ops && link->ops->opened)
        link->ops->opened(link->user, link);
}

/* `rest`: what came behind the head. */
static void answered(struct link *link, struct slice head_bytes, struct slice rest)
{
    struct http_head head;
    struct buf bytes = link->dialing->answer;
    const char *fault;

    if (http_head_parse_answer(&head, head_bytes) != 0) {
        give_up(link, LINK_END_UNREACHABLE, "malformed response");
        return;
    }
    link->end.http_status = head.status;
    if (head.status != 101) {
        give_up(link, LINK_END_REFUSED, "the server refused the upgrade");
        return;
    }
    link->end.http_status = 0;
    fault = fault_of_101(link, &head);
    if (fault) {
        give_up(link, LINK_END_PROTOCOL, fault);
        return;
    }
    opened(link);
    buf_init(&link->dialing->answer, 0); /* `rest` lives in it */
    link_dialing_free(link);
    if (link->state != LINK_DONE && rest.len > 0)
        link_received(link, bytes.data + head_bytes.len, rest.len);
    buf_release(&bytes);
}

static void answer_received(void *user, char *bytes, size_t len)
{
    struct link *link = user;
    struct buf *answer = &link->dialing->answer;
    size_t head_len;

    buf_append(answer, bytes, len);
    head_len = http_head_len(buf_slice(answer), &link->dialing->scanned);
    if (head_len > 0)
        answered(link, slice_of(answer->data, head_len),
                 slice_of(answer->data + head_len, answer->len - head_len));
    else if (answer->len > HTTP_MAX_HEAD_BYTES)
        give_up(link, LINK_END_UNREACHABLE, "malformed response");
}

static void dial_lost(void *user, const char *why)
{
    link_end(user, LINK_END_UNREACHABLE, why);
}

static void write_request(struct link *link, const struct link_dial *config)
{
    struct buf *out = sock_out(link->sock);
    unsigned char nonce[NONCE_BYTES];

    for (unsigned i = 0; i < NONCE_BYTES; i += 4) {
        uint32_t random = loop_random32(link->loop);

        memcpy(nonce + i, &random, sizeof random);
    }
    ws_key_value(nonce, link->dialing->key);
    http_write_request(out, "GET", config->path, &config->to, config->headers, config->n_headers);
    buf_append_str(out,
                   "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n");
    buf_appendf(out, "Sec-WebSocket-Key: %s\r\n\r\n", link->dialing->key);
}

struct link *link_dial(struct net_loop *loop, const struct link_dial *config,
                       const struct link_ops *ops, void *user)
{
    static const struct sock_ops dial_ops = {.received = answer_received, .lost = dial_lost};
    struct link *link = link_new(loop);

    link->is_client = true;
    link->state = LINK_DIALING;
    link->max_message_bytes = config->max_message_bytes;
    link->max_queue_bytes = config->max_queue_bytes;
    link_set_owner(link, ops, user);
    link->dialing = xcalloc(1, sizeof *link->dialing);
    buf_init(&link->dialing->early, SIZE_MAX / 2);
    buf_init(&link->dialing->answer, SIZE_MAX / 2);
    link->dialing->timer = net_timer_new(loop, timed_out, link);
    if (config->timeout_ms)
        net_timer_start(link->dialing->timer, net_loop_now_ms(loop) + config->timeout_ms);
    link->sock = sock_dial(loop, &config->to, &dial_ops, link);
    write_request(link, config);
    return link;
}
