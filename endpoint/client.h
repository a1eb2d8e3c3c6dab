/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_CLIENT_H
#define ENDPOINT_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "net/http.h"
#include "wire/eio_packet.h"
#include "wire/sio_packet.h"

/*
 * The dialling side: one Engine.IO session toward a server under test, over long polling, WebSocket or polling upgraded to WebSocket.
 * It decodes Socket.IO packets and hands them up one by one (attachments joined), records every frame through `tap`, and lets the owner be rude: raw packets at each layer,
 * silence, abrupt loss.  It keeps no acknowledgements and no namespaces: the judge wants to see all of them.
 */
struct eio_client;

enum client_mode { CLIENT_WEBSOCKET, CLIENT_POLLING, CLIENT_UPGRADE };

enum client_state { CLIENT_CONNECTING, CLIENT_OPEN, CLIENT_CLOSED };

/* One frame as it was on the wire, for the journal. */
enum tap_kind {
    TAP_WS_TEXT,
    TAP_WS_BINARY,
    TAP_HTTP_REQUEST,  /* `bytes` = "METHOD path?query", then body in `body` */
    TAP_HTTP_RESPONSE, /* `bytes` = "200", then body in `body` */
    TAP_LINK, /* connection events of ours: `bytes` = "connected", "RST sent", "closed by peer (1000)", … */
};
struct tap_frame {
    bool outgoing;
    enum tap_kind kind;
    struct slice bytes;
    struct slice body;
};

struct client_ops {
    void (*tap)(void *user,
                const struct tap_frame *frame); /* every frame, before it is acted upon */
    void (*open)(void *user, const struct eio_open *open); /* handshake done; may send now */
    void (*upgraded)(void *user); /* CLIENT_UPGRADE: the WebSocket has taken over */
    void (*packet)(void *user, const struct sio_packet *p, const struct slice *attachments,
                   unsigned n_attachments);
    void (*ping)(void *user); /* a ping has come (answered by us unless mute); may be NULL */
    void (*noop_or_other)(void *user,
                          const struct eio_packet *p); /* other Engine.IO packets, may be NULL */
    void (*fault)(
        void *user, const struct wire_fault *fault,
        struct slice
            bytes); /* the server sent what is no packet; the session goes on where it can */
    /* Last callback.  `by_peer`: the server ended it.  `http_status` of a refused handshake or poll (0: none), its body in `body`. */
    void (*closed)(void *user, bool by_peer, int http_status, struct slice body, const char *text);
};

struct client_config {
    struct net_target to;
    const char *path;  /* "/socket.io" ; a trailing slash is added as clients do */
    const char *query; /* extra, "a=b&c=d", appended after EIO and transport; may be NULL */
    const struct net_header *headers; /* sent with every request and upgrade */
    unsigned n_headers;
    enum client_mode mode;
    uint32_t timeout_ms; /* until open (and until upgraded) */
    size_t max_message_bytes;
    struct sio_limits sio;
};

/* Start; config is copied.  Callbacks never run from within this call. */
struct eio_client *eio_client_new(struct net_loop *loop, const struct client_config *config,
                                  const struct client_ops *ops, void *user);
/* Drop it without callbacks (cuts what is open). NULL is fine. */
void eio_client_free(struct eio_client *c);

enum client_state eio_client_state(const struct eio_client *c);
const struct eio_open *eio_client_open_info(const struct eio_client *c); /* NULL before open */
bool eio_client_on_websocket(const struct eio_client *c);

/* Send an Engine.IO message whose text is the parts joined ("4" is put in front); binary attachments as binary messages after it. Queued before open. */
void eio_client_send(struct eio_client *c, const struct slice *parts, unsigned n_parts,
                     const struct slice *attachments, unsigned n_attachments);

/* Raw layers: `text` as one Engine.IO packet text as it stands ("2probe", "abc"); on polling it is the POST body as it stands. */
void eio_client_send_raw(struct eio_client *c, struct slice text, bool binary);
/* Raw bytes on the WebSocket's TCP connection (broken frames); false on polling. */
bool eio_client_send_bytes(struct eio_client *c, struct slice bytes);

/* Stop answering pings (and on polling stop polling): a silently dead peer. */
void eio_client_mute(struct eio_client *c, bool muted);

enum client_loss {
    LOSS_RST,       /* reset the TCP connection(s) */
    LOSS_FIN,       /* shut down without a close frame */
    LOSS_WS_CLOSE,  /* WebSocket close frame 1000; on polling same as LOSS_EIO_CLOSE */
    LOSS_EIO_CLOSE, /* Engine.IO close packet, then end */
};
/* End the session that way; `closed` follows with by_peer false. */
void eio_client_lose(struct eio_client *c, enum client_loss how);

#endif
