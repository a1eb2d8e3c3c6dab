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

void defects_init(struct defects *d, uint64_t on, struct refserver *server)
{
    *d = (struct defects){.on = on, .server = server};
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
    buf_release(&d->text);
    buf_release(&d->ack);
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

        if ((was_here && defect_on(d, DEFECT_LEAK_TO_PREVIOUS)) ||
            (is_its_sid && defect_on(d, DEFECT_SID_IS_OFFICE)))
            session_notify(s, notice, args);
    }
}

static void leaks(struct defects *d, const struct office *office, const struct session *sender,
                  const struct smcp_event *notice, struct slice args)
{
    if (defect_on(d, DEFECT_LEAK_TO_ALL))
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

/* The text with one of its parts replaced. */
static struct slice spliced(struct buf *out, struct slice text, struct slice part,
                            const char *replacement)
{
    buf_clear(out);
    buf_append(out, text.ptr, (size_t)(part.ptr - text.ptr));
    buf_append_str(out, replacement);
    buf_append(out, part.ptr + part.len, text.len - (size_t)(part.ptr - text.ptr) - part.len);
    return buf_slice(out);
}

static bool is_membership(const struct smcp_event *notice)
{
    return notice->id == SMCP_ENTERED || notice->id == SMCP_LEFT;
}

static struct slice contents(struct defects *d, const struct session *sender,
                             const struct smcp_event *notice, struct slice args)
{
    struct slice part;
    char quoted[SESSION_SID_BYTES + 2];

    if (defect_on(d, DEFECT_CANCEL_REQ_ID) && notice->id == SMCP_CALL_CANCELLED &&
        json_member(args, "req_id", &part, NULL))
        return spliced(&d->text, args, part, "\"another call\"");
    if (!is_membership(notice) || !json_member(args, smcp_role_text(sender->role), &part, NULL))
        return args;
    if (defect_on(d, DEFECT_SID_FOR_NAME)) {
        snprintf(quoted, sizeof(quoted), "\"%s\"", sender->sid);
        return spliced(&d->text, args, part, quoted);
    }
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

static bool unannounced(struct defects *d, const struct session *sender,
                        const struct smcp_event *notice)
{
    if (notice->id == SMCP_ENTERED && defect_on(d, DEFECT_NO_ENTER_NOTICE))
        return true;
    if (notice->id == SMCP_LEFT && d->switching && defect_on(d, DEFECT_SWITCH_NO_LEAVE))
        return true;
    return is_membership(notice) && sender->role == ROLE_AGENT &&
           defect_on(d, DEFECT_AGENT_UNANNOUNCED);
}

static bool hears(const struct defects *d, const struct session *s, const struct session *sender)
{
    if (s == sender)
        return defect_on(d, DEFECT_ECHO_TO_SENDER);
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

void defect_broadcast(struct defects *d, struct office *office, struct session *sender,
                      const struct smcp_event *notice, struct slice args)
{
    bool silent = unannounced(d, sender, notice);

    if (notice->id == SMCP_ENTERED)
        d->switching = false;
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
    args = contents(d, sender, notice, args);
    for (int round = 0; round < (defect_on(d, DEFECT_NOTIFY_TWICE) ? 2 : 1); round++) {
        for (struct session *s = office->first; s; s = s->next) {
            if (hears(d, s, sender))
                session_notify(s, notice, args);
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
