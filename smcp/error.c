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

/* Texts of one revision only. */
static const struct {
    enum smcp_revision_id revision;
    enum smcp_error error;
    const char *text;
} own_texts[] = {
    {SMCP_REV_RFC, SMCP_E_AGENT_SEAT, "Agent sid should be equal to office_id"}, /* ROOM-45 */
};

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

const char *smcp_error_text_in(const struct smcp_revision *revision, enum smcp_error error)
{
    for (size_t i = 0; i < ARRAY_LEN(own_texts); i++) {
        if (own_texts[i].revision == revision->id && own_texts[i].error == error)
            return own_texts[i].text;
    }
    return smcp_error_text(error);
}

static void payload_encode(struct buf *out, enum smcp_error error, const char *text)
{
    buf_appendf(out, "{\"code\":%d,\"message\":", smcp_error_code(error));
    buf_append_json_string(out, slice_str(text));
    buf_append_ch(out, '}');
}

static void tuple_encode(struct buf *out, enum smcp_error error, const char *text)
{
    if (error == SMCP_OK) {
        buf_append_str(out, "true,null");
        return;
    }
    buf_append_str(out, "false,");
    buf_append_json_string(out, slice_str(text));
}

void smcp_error_encode(struct buf *out, const struct smcp_revision *revision, enum smcp_form form,
                       enum smcp_error error)
{
    const char *text = smcp_error_text_in(revision, error);

    switch (form) {
    case FORM_NONE:
    case FORM_EMPTY:
        return;
    case FORM_TUPLE:
        tuple_encode(out, error, text);
        return;
    case FORM_FLAT:
        payload_encode(out, error, text);
        return;
    case FORM_NESTED:
        buf_append_str(out, "{\"error\":");
        payload_encode(out, error, text);
        buf_append_ch(out, '}');
        return;
    }
}
