/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <stdlib.h>

#include "refserver/server.h"
#include "wire/json_text.h"
#include "wire/xmalloc.h"

/* What defects do to notices. */

enum { TEXT_MAX_BYTES = 1 << 26 };

/* A notice that is heard some time later: outside its office (a leak), or inside (out of order). */
struct delayed_leak {
    struct delayed_leak *next;
    struct defects *defects; /* borrowed */
    struct net_timer *timer; /* owned */
    uint64_t office_serial;
    bool inside;
    struct session_ref sender;
    const struct smcp_event *notice;
    struct slice args; /* owned */
};

static void delayed_free(struct delayed_leak *leak)
{
    net_timer_free(leak->timer);
    free((char *)(uintptr_t)leak->args.ptr);
    free(leak);
}

void defects_init(struct defects *d, const struct defect_set *on, struct refserver *server)
{
    *d = (struct defects){.on = *on, .server = server};
    for (size_t i = 0; i < ARRAY_LEN(on->bits); i++)
        d->any |= on->bits[i] != 0;
    d->turn = 1;
    buf_init(&d->payload, TEXT_MAX_BYTES);
    buf_init(&d->refused, TEXT_MAX_BYTES);
    buf_init(&d->blob, TEXT_MAX_BYTES);
    buf_init(&d->text, TEXT_MAX_BYTES);
    buf_init(&d->ack, TEXT_MAX_BYTES);
}

void defects_release(struct defects *d)
{
    while (d->delayed) {
        struct delayed_leak *leak = d->delayed;

        d->delayed = leak->next;
        delayed_free(leak);
    }
    net_timer_free(d->turn_timer);
    buf_release(&d->text);
    buf_release(&d->ack);
    buf_release(&d->payload);
    buf_release(&d->refused);
    buf_release(&d->blob);
}

/* ---- leaking ---- */

void defect_leak(struct defects *d, const struct office *office, const struct session *sender,
                 const struct smcp_event *notice, struct slice args)
{
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&d->server->sessions, &index)) != NULL) {
        if (s != sender && (!office || s->office != office))
            session_notify(s, notice, args);
    }
}

static void leak_late(void *user)
{
    struct delayed_leak *leak = user, **at = &leak->defects->delayed;
    struct session_table *sessions = &leak->defects->server->sessions;
    struct session *s;
    uint32_t index = 0;

    while ((s = session_each(sessions, &index)) != NULL) {
        bool is_inside = s->office && s->office->serial == leak->office_serial;

        if (s != session_find(sessions, leak->sender) && is_inside == leak->inside)
            session_notify(s, leak->notice, leak->args);
    }
    while (*at != leak)
        at = &(*at)->next;
    *at = leak->next;
    delayed_free(leak);
}

static struct delayed_leak *leak_after(struct defects *d, uint64_t delay_ms,
                                       const struct office *office, const struct session *sender,
                                       const struct smcp_event *notice, struct slice args)
{
    struct delayed_leak *leak = xcalloc(1, sizeof(*leak));
    struct net_loop *loop = d->server->loop;

    leak->defects = d;
    leak->office_serial = office->serial;
    leak->sender = sender->ref;
    leak->notice = notice;
    leak->args = slice_of(xstrndup_slice(args), args.len);
    leak->timer = net_timer_new(loop, leak_late, leak);
    net_timer_start(leak->timer, net_loop_now_ms(loop) + delay_ms);
    leak->next = d->delayed;
    d->delayed = leak;
    return leak;
}

static void leak_to_some(struct defects *d, const struct office *office,
                         const struct session *sender, const struct smcp_event *notice,
                         struct slice args)
{
    uint32_t index = 0;
    struct session *s;

    while ((s = session_each(&d->server->sessions, &index)) != NULL) {
        bool was_here = s->office != office && slice_eq(s->left.value, office->id.value);
        bool is_its_sid = s != sender && slice_is(office->id.value, s->sid);

        if ((was_here &&
             (defect_on(d, DEFECT_LEAK_TO_PREVIOUS) || defect_on(d, DEFECT_REFUSED_HEARS) ||
              defect_on(d, s->office ? DEFECT_LEAK_AFTER_SWITCH : DEFECT_LEAK_AFTER_LEAVE))) ||
            (s->office != office && s->role == ROLE_AGENT && defect_on(d, DEFECT_LEAK_TO_AGENTS)) ||
            (s != sender && s->role == ROLE_NONE && defect_on(d, DEFECT_LEAK_TO_UNJOINED)) ||
            (is_its_sid && defect_on(d, DEFECT_SID_IS_OFFICE)))
            session_notify(s, notice, args);
    }
}

static bool is_membership(const struct smcp_event *notice)
{
    return notice->id == SMCP_ENTERED || notice->id == SMCP_LEFT;
}

/* Notices of one kind reach everybody. */
static bool leaks_kind(const struct defects *d, const struct session *sender,
                       const struct smcp_event *notice)
{
    if (notice->id == SMCP_LEFT)
        return !sender->socket && sender->marks.ended != END_CLIENT_DISCONNECT &&
               defect_on(d, DEFECT_LEAK_ON_LOSS);
    if (notice->id == SMCP_ENTERED)
        return false;
    if (notice->id == SMCP_SKILLS_UPDATED && defect_on(d, DEFECT_UPDATE_SKILLS_LEAK))
        return true;
    return defect_on(d,
                     notice->id == SMCP_CALL_CANCELLED ? DEFECT_LEAK_CANCEL : DEFECT_LEAK_UPDATES);
}

static void leaks(struct defects *d, const struct office *office, const struct session *sender,
                  const struct smcp_event *notice, struct slice args)
{
    if (defect_on(d, DEFECT_LEAK_TO_ALL) || leaks_kind(d, sender, notice))
        defect_leak(d, office, sender, notice, args);
    if (defect_on(d, DEFECT_DELAYED_LEAK_5))
        leak_after(d, 5, office, sender, notice, args);
    if (defect_on(d, DEFECT_DELAYED_LEAK_50))
        leak_after(d, 50, office, sender, notice, args);
    if (defect_on(d, DEFECT_DELAYED_LEAK_300))
        leak_after(d, 300, office, sender, notice, args);
    leak_to_some(d, office, sender, notice, args);
}

/* ---- contents ---- */

struct slice defect_spliced(struct buf *out, struct slice text, struct slice part,
                            struct slice replacement)
{
    buf_clear(out);
    buf_append(out, text.ptr, (size_t)(part.ptr - text.ptr));
    buf_append_slice(out, replacement);
    buf_append(out, part.ptr + part.len, text.len - (size_t)(part.ptr - text.ptr) - part.len);
    return buf_slice(out);
}

static struct slice with(struct defects *d, struct slice args, const char *member,
                         const char *value)
{
    struct slice part;

    if (!json_member(args, member, &part, NULL))
        return args;
    return defect_spliced(&d->text, args, part, slice_str(value));
}

static struct slice name_lowered(struct defects *d, struct slice args, struct slice part)
{
    buf_clear(&d->payload);
    for (size_t i = 0; i < part.len; i++)
        buf_append_ch(&d->payload, part.ptr[i] >= 'A' && part.ptr[i] <= 'Z'
                                       ? (char)(part.ptr[i] + 32)
                                       : part.ptr[i]);
    return defect_spliced(&d->text, args, part, buf_slice(&d->payload));
}

static struct slice contents(struct defects *d, const struct session *sender,
                             const struct smcp_event *notice, struct slice args)
{
    struct slice part;
    char quoted[SESSION_SID_BYTES + 2];

    if (notice->id == SMCP_CALL_CANCELLED && defect_on(d, DEFECT_CANCEL_REQ_ID))
        return with(d, args, "req_id", "\"another call\"");
    if (notice->id == SMCP_CALL_CANCELLED && defect_on(d, DEFECT_CANCEL_AGENT))
        return with(d, args, "agent", "\"another agent\"");
    if (!is_membership(notice) && defect_on(d, DEFECT_UPDATE_COMPUTER))
        return with(d, args, "computer", "\"another computer\"");
    if ((notice->id == SMCP_ENTERED && defect_on(d, DEFECT_ENTER_OFFICE_ID)) ||
        (notice->id == SMCP_LEFT && defect_on(d, DEFECT_LEAVE_OFFICE_ID)))
        return with(d, args, "office_id", "\"another office\"");
    if (!is_membership(notice) || !json_member(args, smcp_role_text(sender->role), &part, NULL))
        return args;
    if (defect_on(d, DEFECT_SID_FOR_NAME)) {
        snprintf(quoted, sizeof(quoted), "\"%s\"", sender->sid);
        return defect_spliced(&d->text, args, part, slice_str(quoted));
    }
    if (defect_on(d, DEFECT_NAME_LOWERED))
        return name_lowered(d, args, part);
    if (!defect_on(d, DEFECT_BOTH_IDENTITIES))
        return args;
    buf_clear(&d->text);
    buf_append(&d->text, args.ptr, args.len - 1);
    buf_appendf(&d->text, ",\"%s\":", sender->role == ROLE_AGENT ? "computer" : "agent");
    buf_append_slice(&d->text, part);
    buf_append_ch(&d->text, '}');
    return buf_slice(&d->text);
}

/* ---- audience ---- */

static bool silent_end(const struct defects *d, enum endpoint_end why)
{
    switch (why) {
    case END_CLIENT_DISCONNECT:
        return defect_on(d, DEFECT_END_41_SILENT);
    case END_CLIENT_CLOSE:
        return defect_on(d, DEFECT_END_EIO_SILENT);
    case END_CLIENT_CLOSE_FRAME:
        return defect_on(d, DEFECT_END_WS_SILENT);
    case END_CLIENT_LOST:
    case END_POLL_LOST:
        return defect_on(d, DEFECT_END_LOST_SILENT);
    case END_PING_TIMEOUT:
        return defect_on(d, DEFECT_END_PING_SILENT);
    case END_CONNECT_TIMEOUT:
    case END_BAD_PACKET:
    case END_TOO_LARGE:
    case END_OVERFLOW:
    case END_OVERLAP:
    case END_SERVER_DISCONNECT:
    case END_SERVER_SHUTDOWN:
        break;
    }
    return false;
}

/* Updates and cancels that nobody hears of. */
static bool report_lost(struct defects *d, struct session *sender, const struct smcp_event *notice)
{
    if (notice->id == SMCP_CALL_CANCELLED)
        return defect_on(d, DEFECT_CANCEL_LOST) ||
               (sender->marks.cancels++ > 0 && defect_on(d, DEFECT_CANCEL_ONCE));
    if (sender->marks.updates++ > 0 && defect_on(d, DEFECT_UPDATE_ONCE))
        return true;
    return (notice->id == SMCP_CONFIG_UPDATED && defect_on(d, DEFECT_UPDATE_CONFIG_LOST)) ||
           (notice->id == SMCP_TOOL_LIST_UPDATED && defect_on(d, DEFECT_UPDATE_TOOLS_LOST)) ||
           (notice->id == SMCP_DESKTOP_UPDATED && defect_on(d, DEFECT_UPDATE_DESKTOP_LOST)) ||
           (notice->id == SMCP_SKILLS_UPDATED && defect_on(d, DEFECT_UPDATE_SKILLS_LOST));
}

static bool unannounced(struct defects *d, struct session *sender, const struct smcp_event *notice)
{
    if (!is_membership(notice))
        return report_lost(d, sender, notice);
    if (notice->id == SMCP_ENTERED && defect_on(d, DEFECT_NO_ENTER_NOTICE))
        return true;
    if (notice->id == SMCP_LEFT && !sender->socket && silent_end(d, sender->marks.ended))
        return true;
    if (notice->id == SMCP_LEFT && sender->socket && !d->switching &&
        defect_on(d, DEFECT_LEAVE_SILENT))
        return true;
    if (notice->id == SMCP_LEFT && d->switching && defect_on(d, DEFECT_SWITCH_NO_LEAVE))
        return true;
    return sender->role == ROLE_AGENT && defect_on(d, DEFECT_AGENT_UNANNOUNCED);
}

static bool is_first_computer(const struct session *s)
{
    for (s = s->previous; s; s = s->previous) {
        if (s->role == ROLE_COMPUTER)
            return false;
    }
    return true;
}

static bool hears(const struct defects *d, const struct session *s, const struct session *sender,
                  const struct smcp_event *notice)
{
    if (s == sender)
        return defect_on(d, DEFECT_ECHO_TO_SENDER);
    if (s->role == ROLE_AGENT && !is_membership(notice) && defect_on(d, DEFECT_AGENT_DEAF_UPDATES))
        return false;
    if (s->role == ROLE_COMPUTER && defect_on(d, DEFECT_SECOND_COMPUTER_DEAF) &&
        !is_first_computer(s))
        return false;
    return s->role != ROLE_COMPUTER || !defect_on(d, DEFECT_COMPUTERS_DEAF);
}

static void replay(struct defects *d, const struct office *office, struct session *joiner)
{
    for (const struct session *s = office->first; s; s = s->next) {
        if (s == joiner)
            continue;
        buf_clear(&d->ack);
        office_member_encode(office, s, &d->ack);
        session_notify(joiner, smcp_event(SMCP_ENTERED), buf_slice(&d->ack));
    }
}

static void next_turn(void *user)
{
    struct defects *d = user;

    d->turn++;
    d->turning = false;
}

/* Who joins now does not see who joins until the turn is over. */
static void joined(struct defects *d, struct session *s)
{
    enum { TURN_MS = 2 };

    d->switching = false;
    s->marks.joined_turn = d->turn;
    if (d->turning || !(defect_on(d, DEFECT_SEAT_RACE) || defect_on(d, DEFECT_NAME_RACE)))
        return;
    if (!d->turn_timer)
        d->turn_timer = net_timer_new(d->server->loop, next_turn, d);
    d->turning = true;
    net_timer_start(d->turn_timer, net_loop_now_ms(d->server->loop) + TURN_MS);
}

static void deliver(struct defects *d, struct session *s, const struct smcp_event *notice,
                    struct slice args)
{
    if (defect_on(d, DEFECT_NOTICE_WITH_ID) && s->socket)
        sio_socket_emit(s->socket, notice->name_json, args, 1, NULL, 0);
    else
        session_notify(s, notice, args);
}

void defect_broadcast(struct defects *d, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args)
{
    bool silent = unannounced(d, sender, notice);

    if (notice->id == SMCP_ENTERED)
        joined(d, sender);
    if (notice->id == SMCP_ENTERED && defect_on(d, DEFECT_REPLAY_MEMBERS))
        replay(d, office, sender);
    if (silent)
        return;
    if (notice->id == SMCP_LEFT && d->switching && defect_on(d, DEFECT_SWITCH_ORDER)) {
        leak_after(d, 50, office, sender, notice, args)->inside = true;
        return;
    }
    if (defect_on(d, DEFECT_UPDATE_WRONG_EVENT) &&
        (notice->id == SMCP_TOOL_LIST_UPDATED || notice->id == SMCP_DESKTOP_UPDATED))
        notice = smcp_event(SMCP_CONFIG_UPDATED);
    if (notice->id == SMCP_SKILLS_UPDATED && defect_on(d, DEFECT_UPDATE_SKILLS_NAME))
        notice = smcp_event(SMCP_TOOL_LIST_UPDATED);
    args = contents(d, sender, notice, args);
    if (defect_on(d, DEFECT_NOTICE_ARITY)) {
        buf_clear(&d->payload);
        buf_append_slice(&d->payload, args);
        buf_append_str(&d->payload, ",null");
        args = buf_slice(&d->payload);
    }
    for (int round = 0; round < (defect_on(d, DEFECT_NOTIFY_TWICE) ? 2 : 1); round++) {
        for (struct session *s = office->first; s; s = s->next) {
            if (hears(d, s, sender, notice))
                deliver(d, s, notice, args);
        }
    }
    leaks(d, office, sender, notice, args);
}

void defect_roomless(struct defects *d, struct session *sender, const struct smcp_event *notice,
                     struct slice args)
{
    if (defect_on(d, DEFECT_UPDATE_ROOMLESS))
        defect_leak(d, NULL, sender, notice, args);
}
