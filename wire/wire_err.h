/* SPDX-License-Identifier: Apache-2.0 */
#ifndef WIRE_WIRE_ERR_H
#define WIRE_WIRE_ERR_H

#include <stddef.h>

/* Every way that a peer's bytes can be wrong.  symbol, text for people */
#define WIRE_ERR_LIST(XX)                                                                          \
    XX(WIRE_OK, "ok")                                                                              \
    XX(WIRE_E_TOO_LARGE, "larger than the ceiling")                                                \
    XX(WIRE_E_EMPTY, "empty packet")                                                               \
    XX(WIRE_E_UTF8, "not valid UTF-8")                                                             \
    XX(WIRE_E_EIO_TYPE, "unknown Engine.IO packet type")                                           \
    XX(WIRE_E_EIO_BASE64, "broken base64 in a binary packet")                                      \
    XX(WIRE_E_EIO_PACKETS, "too many packets in one payload")                                      \
    XX(WIRE_E_EIO_OPEN, "malformed open packet")                                                   \
    XX(WIRE_E_EIO_UNEXPECTED, "Engine.IO packet not allowed in this state")                        \
    XX(WIRE_E_SIO_TYPE, "unknown Socket.IO packet type")                                           \
    XX(WIRE_E_SIO_ATTACHMENTS, "malformed attachment count")                                       \
    XX(WIRE_E_SIO_NAMESPACE, "malformed namespace")                                                \
    XX(WIRE_E_SIO_ID, "malformed acknowledgement id")                                              \
    XX(WIRE_E_SIO_PAYLOAD, "payload has not the form that its packet type demands")                \
    XX(WIRE_E_SIO_EVENT_NAME, "event name is missing, not a string, or reserved")                  \
    XX(WIRE_E_SIO_PLACEHOLDER, "attachment placeholder missing, repeated or out of range")         \
    XX(WIRE_E_SIO_UNEXPECTED, "Socket.IO packet not allowed in this state")                        \
    XX(WIRE_E_SIO_BINARY, "binary message without a packet that announces it")                     \
    XX(WIRE_E_JSON_SYNTAX, "not JSON")                                                             \
    XX(WIRE_E_JSON_DEPTH, "JSON nested too deeply")                                                \
    XX(WIRE_E_JSON_STRING, "malformed JSON string")                                                \
    XX(WIRE_E_JSON_NUMBER, "malformed JSON number")                                                \
    XX(WIRE_E_JSON_TRAILING, "text after the JSON value")

enum wire_err {
#define XX(symbol, text) symbol,
    WIRE_ERR_LIST(XX)
#undef XX
};

/* Where and why bytes were refused.  Set only on failure. */
struct wire_fault {
    enum wire_err code;
    size_t offset;        /* byte offset into the text that was given to the function */
    const char *expected; /* static text, "digit 0..6"; may be NULL */
};

/* Static text of an error.  Cannot fail. */
const char *wire_err_text(enum wire_err code);

/* Static symbol of an error, "WIRE_E_UTF8".  Cannot fail. */
const char *wire_err_name(enum wire_err code);

#endif
