/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_MACROS_H
#define WIRE_MACROS_H

#define ARRAY_LEN(a)           (sizeof(a) / sizeof((a)[0]))
#define MUST_USE               __attribute__((warn_unused_result))
#define PRINTF_LIKE(fmt, args) __attribute__((format(printf, fmt, args)))

#endif
