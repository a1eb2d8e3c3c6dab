/* SPDX-License-Identifier: Apache-2.0 */
#include "wire/wire_err.h"

#include "wire/macros.h"

static const struct {
    const char *name;
    const char *text;
} errors[] = {
#define XX(symbol, text) {#symbol, text},
    WIRE_ERR_LIST(XX)
#undef XX
};

const char *wire_err_text(enum wire_err code)
{
    return (size_t)code < ARRAY_LEN(errors) ? errors[code].text : "unknown error";
}

const char *wire_err_name(enum wire_err code)
{
    return (size_t)code < ARRAY_LEN(errors) ? errors[code].name : "WIRE_E_UNKNOWN";
}
