/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_BODY_H
#define ENDPOINT_BODY_H

/*
 * Packets that we join in one polling body, in either role.  python-engineio, server and client, hangs up on more than 16; the last place is
 * kept for a close packet.
 */
enum { BODY_MAX_PACKETS = 15 };

#endif
