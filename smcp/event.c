/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/event.h"

#include <assert.h>

#define LITERAL(text)                                                                              \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const struct smcp_event events[] = {
#define XX(symbol, wire_name, event_kind, from, ack_form, first, last, notice_symbol)              \
    [SMCP_##symbol] = {.id = SMCP_##symbol,                                                        \
                       .name = LITERAL(wire_name),                                                 \
                       .name_json = LITERAL("\"" wire_name "\""),                                  \
                       .kind = event_kind,                                                         \
                       .sender = from,                                                             \
                       .ack = ack_form,                                                            \
                       .since = SMCP_REV_##first,                                                  \
                       .until = SMCP_REV_##last,                                                   \
                       .notice = SMCP_##notice_symbol},
#include "smcp/events.def"
#undef XX
};
_Static_assert(ARRAY_LEN(events) == SMCP_EVENT_COUNT, "one row per event");

static const char *const role_texts[] = {
    [ROLE_NONE] = "",
    [ROLE_AGENT] = "agent",
    [ROLE_COMPUTER] = "computer",
};

const struct smcp_event *smcp_event(enum smcp_event_id id)
{
    assert(id < SMCP_EVENT_COUNT);
    return &events[id];
}

const struct smcp_event *smcp_event_find(enum smcp_revision_id revision, struct slice name)
{
    /* A few dozen lengths to compare: cheaper than a hash of the name. */
    for (size_t i = 0; i < ARRAY_LEN(events); i++) {
        if (slice_eq(events[i].name, name) && smcp_event_in(&events[i], revision))
            return &events[i];
    }
    return NULL;
}

bool smcp_event_in(const struct smcp_event *event, enum smcp_revision_id revision)
{
    return event->since <= revision && revision <= event->until;
}

bool smcp_event_allows(const struct smcp_event *event, enum smcp_role role)
{
    switch (event->sender) {
    case FROM_ANY:
        return true;
    case FROM_AGENT:
        return role == ROLE_AGENT;
    case FROM_COMPUTER:
        return role == ROLE_COMPUTER;
    case FROM_SERVER:
        return false;
    }
    return false;
}

const char *smcp_role_text(enum smcp_role role)
{
    return role_texts[role];
}

enum smcp_role smcp_role_find(struct slice text)
{
    if (slice_is(text, role_texts[ROLE_AGENT]))
        return ROLE_AGENT;
    if (slice_is(text, role_texts[ROLE_COMPUTER]))
        return ROLE_COMPUTER;
    return ROLE_NONE;
}
