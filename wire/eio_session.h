/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_EIO_SESSION_H
#define WIRE_EIO_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "wire/eio_packet.h"

/*
 * One Engine.IO 4 session as a pure state machine, in both roles: handshake, heartbeat, long polls, upgrade, close.  No bytes are
 * stored here and nothing is sent: each input answers with the one step that its owner has to take.  Time is an argument in milliseconds
 * of any monotonic scale; it never runs backwards.
 *
 * Where the protocol text is silent, the behaviour of the official server (npm engine.io) is followed.
 */
enum eio_role { EIO_SERVER, EIO_CLIENT };

/* What carries the messages of the session now. */
enum eio_carrier { EIO_ON_POLLING, EIO_ON_WEBSOCKET };

/* Where a packet came in: on the carrier, or on a WebSocket that wants to become it. */
enum eio_from { EIO_FROM_CARRIER, EIO_FROM_PROBE };

enum eio_state { EIO_OPENING, EIO_IS_OPEN, EIO_CLOSED };

enum eio_probe {
    EIO_PROBE_NONE,
    EIO_PROBE_OPEN,   /* a second WebSocket is there */
    EIO_PROBE_ASKED,  /* 2probe was seen (server) or sent (client) */
    EIO_PROBE_AGREED, /* client: 3probe has come, polling is being paused, then `5` */
};

enum eio_end {
    EIO_END_NONE,
    EIO_END_PEER,         /* close packet */
    EIO_END_PING_TIMEOUT, /* no pong (server), no ping (client) in time */
    EIO_END_BAD_PACKET,
    EIO_END_POLL_LOST, /* the connection of an open GET or POST died */
    EIO_END_OVERLAP,   /* a second GET or POST while one was open */
    EIO_END_LOCAL,     /* eio_session_close() */
};

/* What the owner has to do now. */
enum eio_step {
    EIO_STEP_NONE,
    EIO_STEP_OPENED,     /* client: the handshake was `packet`, decoded into `ret_open` */
    EIO_STEP_MESSAGE,    /* hand the packet's data up */
    EIO_STEP_PING,       /* server: send `2`, wait for the pong */
    EIO_STEP_PONGED,     /* server: the awaited pong has come, `s->due_ms` is the next ping */
    EIO_STEP_PONG,       /* client: send `3` with the data of the ping */
    EIO_STEP_PROBE_PONG, /* server: send `3probe` on the probing WebSocket; open polls get released */
    EIO_STEP_PAUSE, /* client: 3probe has come; finish the open requests, then eio_session_switch() */
    EIO_STEP_UPGRADE, /* the probing WebSocket is the carrier now: move the queue there, in order */
    EIO_STEP_DROP_PROBE, /* close the probing WebSocket; the session lives on */
    EIO_STEP_IGNORED, /* client: a packet that does not belong here; `reterr` says why; nothing has changed */
    EIO_STEP_CLOSE, /* the session is closed, `s->end` says why */
};

struct eio_session {
    enum eio_role role;
    enum eio_state state;
    enum eio_carrier carrier;
    enum eio_probe probe;
    enum eio_end end;
    bool pong_awaited; /* server: a ping is out */
    bool get_open;     /* server: a long poll waits for its answer */
    bool post_open;    /* server: a POST is being received */
    uint32_t ping_interval_ms;
    uint32_t ping_timeout_ms;
    uint64_t due_ms; /* next eio_session_tick() that matters */
};

/* A session that has just been opened: its first ping is due at now + interval.  Cannot fail. */
void eio_session_init_server(struct eio_session *s, enum eio_carrier carrier,
                             uint32_t ping_interval_ms, uint32_t ping_timeout_ms, uint64_t now_ms);

/* A session that waits for the open packet.  Cannot fail. */
void eio_session_init_client(struct eio_session *s, enum eio_carrier carrier);

/*
 * One packet has come.  Malformed input never gets here: the owner calls eio_session_bad() instead.
 * EIO_STEP_CLOSE with EIO_END_BAD_PACKET and EIO_STEP_IGNORED fill `reterr` (WIRE_E_EIO_UNEXPECTED, or the fault of the open packet).
 * `ret_open` is filled with EIO_STEP_OPENED only; a server may pass NULL.  A closed session answers EIO_STEP_NONE.
 *
 * Heartbeat: a pong that nobody waits for changes nothing; the next ping is due one interval after the awaited pong.
 */
MUST_USE enum eio_step eio_session_feed(struct eio_session *s, enum eio_from from,
                                        const struct eio_packet *packet, uint64_t now_ms,
                                        struct eio_open *ret_open, struct wire_fault *reterr);

/* Bytes of the peer that are no packet.  The carrier's end the session; those of a probe only end the probe. */
MUST_USE enum eio_step eio_session_bad(struct eio_session *s, enum eio_from from);

/*
 * The clock has reached `now_ms`.  Server: EIO_STEP_PING at the ping's due time, EIO_STEP_CLOSE one timeout after that due time (not after the
 * moment it was noticed).  Client: EIO_STEP_CLOSE when neither ping nor handshake came for interval + timeout.
 * Call again until EIO_STEP_NONE.
 */
MUST_USE enum eio_step eio_session_tick(struct eio_session *s, uint64_t now_ms);

/* ---- server: long polls ---- */

enum eio_request {
    EIO_REQUEST_OK,
    EIO_REQUEST_MISMATCH, /* the session is on its WebSocket, or closed: refuse, no harm to the session */
    EIO_REQUEST_OVERLAP, /* one was open already: refuse; the session is closed now */
};
MUST_USE enum eio_request eio_session_get_begin(struct eio_session *s);
MUST_USE enum eio_request eio_session_post_begin(struct eio_session *s);

/* The request was answered, or its client has gone (`lost`): then the session ends. */
MUST_USE enum eio_step eio_session_get_end(struct eio_session *s, bool lost);
MUST_USE enum eio_step eio_session_post_end(struct eio_session *s, bool lost);

/* Does an open GET have to be answered now: with the queue when it holds something, else with a noop because of the probe? */
bool eio_session_poll_due(const struct eio_session *s, bool has_output);

/* ---- upgrade ---- */

/* A second WebSocket has come (server) or was dialled (client).  False: not now (already upgraded, already probing, closed). */
MUST_USE bool eio_session_probe_begin(struct eio_session *s);

/* Client: 2probe was sent. */
void eio_session_probe_asked(struct eio_session *s);

/* The probing WebSocket is gone, or took too long.  The session lives on where it is. */
void eio_session_probe_end(struct eio_session *s);

/* Client: polling has come to rest after EIO_STEP_PAUSE; send `5`, the WebSocket is the carrier now. */
void eio_session_switch(struct eio_session *s);

/* ---- end ---- */

/* End it; the first reason is kept.  Cannot fail. */
void eio_session_close(struct eio_session *s, enum eio_end why);

#endif
