/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HARNESS_PEER_INTERNAL_H
#define HARNESS_PEER_INTERNAL_H

#include "harness/peer.h"

/* Between peer.c, peer_connect.c and peer_send.c. */

enum { PEER_MAX_MESSAGE = 16 << 20 };

/* What a connection tells us; the user is its struct peer_conn. */
extern const struct client_ops peer_client_ops;

/* Send CONNECT of conn->nsp with conn->auth. */
void peer_send_connect(struct peer_conn *c);

/* The server has ended the connection on which we wanted to come back to a namespace: a new one.  False when that is not so. */
bool peer_returns_anew(struct peer_conn *c);

/* Answer a request by the rules, now or later. */
void peer_apply_rules(struct peer *p, int item);
void peer_drop_delayed(struct peer *p);

#endif
