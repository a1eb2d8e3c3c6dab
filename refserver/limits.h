/* SPDX-License-Identifier: Apache-2.0 */
#ifndef REFSERVER_LIMITS_H
#define REFSERVER_LIMITS_H

#include <stddef.h>

/* One member per row of limits.def. */
struct limits {
#define XX(member, ...) size_t member;
#include "refserver/limits.def"
#undef XX
};

static inline struct limits limits_default(void)
{
    return (struct limits){
#define XX(member, name, value, help) .member = value,
#include "refserver/limits.def"
#undef XX
    };
}

#endif
