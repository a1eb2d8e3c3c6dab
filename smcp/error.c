/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/error.h"

#include <assert.h>

static const struct {
    int code;
    const char *text;
} errors[] = {
#define XX(symbol, number, words) [SMCP_##symbol] = {number, words},
#include "smcp/errors.def"
#undef XX
};
_Static_assert(ARRAY_LEN(errors) == SMCP_ERROR_COUNT, "one row per error");

int smcp_error_code(enum smcp_error error)
{
    assert(error < SMCP_ERROR_COUNT);
    return errors[error].code;
}

const char *smcp_error_text(enum smcp_error error)
{
    assert(error < SMCP_ERROR_COUNT);
    return errors[error].text;
}

static void payload_encode(struct buf *out, enum smcp_error error)
{
    buf_appendf(out, "{\"code\":%d,\"message\":", smcp_error_code(error));
    buf_append_json_string(out, slice_str(smcp_error_text(error)));
    buf_append_ch(out, '}');
}

static void tuple_encode(struct buf *out, enum smcp_error error)
{
    if (error == SMCP_OK) {
        buf_append_str(out, "true,null");
        return;
    }
    buf_append_str(out, "false,");
    buf_append_json_string(out, slice_str(smcp_error_text(error)));
}

void smcp_error_encode(struct buf *out, enum smcp_form form, enum smcp_error error)
{
    switch (form) {
    case FORM_NONE:
    case FORM_EMPTY:
        return;
    case FORM_TUPLE:
        tuple_encode(out, error);
        return;
    case FORM_FLAT:
        payload_encode(out, error);
        return;
    case FORM_NESTED:
        buf_append_str(out, "{\"error\":");
        payload_encode(out, error);
        buf_append_ch(out, '}');
        return;
    }
}
