/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENDPOINT_SID_H
#define ENDPOINT_SID_H

enum { SID_LEN = 20 };

/* A session or socket id: 120 random bits from the kernel as url-safe base64, NUL-terminated.  Cannot fail. */
void sid_generate(char ret_sid[SID_LEN + 1]);

#endif
