/* SPDX-License-Identifier: Apache-2.0 */
#include "smcp/revision.h"

#include <assert.h>
#include <string.h>

static const struct smcp_revision revisions[] = {
#define XX(symbol, text, spec_text, is_served, gate, open, role, ack, refusal, call, list, scope,  \
           agents, computers, rejoin_rule, cancel_rule, identity, forgotten)                       \
    [SMCP_REV_##symbol] = {.id = SMCP_REV_##symbol,                                                \
                           .name = text,                                                           \
                           .spec = spec_text,                                                      \
                           .served = is_served,                                                    \
                           .version_gate = gate,                                                   \
                           .member_open = open,                                                    \
                           .connect_role = role,                                                   \
                           .member_ack = ack,                                                      \
                           .member_refusal = refusal,                                              \
                           .call_refusal = call,                                                   \
                           .list_refusal = list,                                                   \
                           .name_scope = scope,                                                    \
                           .agents_per_office = agents,                                            \
                           .computers_per_office = computers,                                      \
                           .rejoin = rejoin_rule,                                                  \
                           .cancel = cancel_rule,                                                  \
                           .update_identity = identity,                                            \
                           .forgotten_ack = forgotten},
#include "smcp/revisions.def"
#undef XX
};
_Static_assert(ARRAY_LEN(revisions) == SMCP_REV_COUNT, "one row per revision");

const struct smcp_revision *smcp_revision(enum smcp_revision_id id)
{
    assert(id < SMCP_REV_COUNT);
    return &revisions[id];
}

const struct smcp_revision *smcp_revision_find(struct slice name)
{
    for (size_t i = 0; i < ARRAY_LEN(revisions); i++) {
        if (slice_is(name, revisions[i].name))
            return &revisions[i];
    }
    return NULL;
}

bool smcp_revision_range(const char *text, enum smcp_revision_id *ret_since,
                         enum smcp_revision_id *ret_until)
{
    size_t len = strcspn(text, "-+");
    const struct smcp_revision *since = smcp_revision_find(slice_of(text, len)), *until = since;

    if (!since)
        return false;
    if (text[len] == '+') {
        *ret_since = since->id;
        *ret_until = SMCP_REV_COUNT - 1;
        return text[len + 1] == '\0';
    }
    if (text[len] == '-')
        until = smcp_revision_find(slice_str(text + len + 1));
    if (!until || until->id < since->id)
        return false;
    *ret_since = since->id;
    *ret_until = until->id;
    return true;
}
