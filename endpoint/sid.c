/* SPDX-License-Identifier: Apache-2.0 */
#include "endpoint/sid.h"

#include <stdlib.h>
#include <sys/random.h>

enum { POOL_BYTES = 1024 };

void sid_generate(char ret_sid[SID_LEN + 1])
{
    static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    static unsigned char pool[POOL_BYTES];
    static size_t left;

    if (left < SID_LEN) {
        /* Up to 256 bytes are never cut short; more at once may be, by a signal. */
        for (size_t at = 0; at < POOL_BYTES; at += 256) {
            if (getrandom(pool + at, 256, 0) != 256)
                abort();
        }
        left = POOL_BYTES;
    }
    for (int i = 0; i < SID_LEN; i++)
        ret_sid[i] = digits[pool[--left] & 63];
    ret_sid[SID_LEN] = '\0';
}
