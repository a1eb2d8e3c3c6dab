# SPDX-License-Identifier: Apache-2.0
"""Notices that reach the wrong clients, are missing, doubled or late."""

from strict_rules import CANCELLED, ENTERED, LEFT, UPDATES, Rules
from strict_tables import defect


def enter_notice(rules, session, office):
    return {"office_id": office, **rules.identity(session)}


class Leak(Rules):
    """Base: deliver notices of some events to everybody on the namespace who is not in the office."""

    leaked = ()
    delay_s = None
    unjoined_only = False

    def notify(self, session, office, event, payload):
        super().notify(session, office, event, payload)
        if event in self.leaked:
            for other in [s for s in self.sessions if s is not session and self.is_outside(s, office)]:
                self.leak(other, event, payload)

    def is_outside(self, session, office):
        return session.office is None if self.unjoined_only else session.office != office

    def leak(self, other, event, payload):
        if self.delay_s is None:
            self.port.emit(other, event, payload)
        else:
            self.port.after(self.delay_s, lambda: self.port.emit(other, event, payload))


@defect("leak-enter", "NOTIFY-05 SEC-01", "enter notices reach every client of the namespace")
class LeakEnter(Leak):
    leaked = (ENTERED,)


@defect("leak-leave", "NOTIFY-05 SEC-01 LEAVE-03", "leave notices reach every client of the namespace")
class LeakLeave(Leak):
    leaked = (LEFT,)


@defect("leak-update", "UPD-12 SEC-01 NOTIFY-05", "update notices reach every client of the namespace")
class LeakUpdate(Leak):
    leaked = tuple(UPDATES.values())


@defect("leak-cancel", "CANCEL-03 SEC-01 NOTIFY-05", "cancel notices reach every client of the namespace")
class LeakCancel(Leak):
    leaked = (CANCELLED,)


@defect("leak-enter-unjoined", "NOTIFY-05 SEC-01", "enter notices also reach clients that are in no office")
class LeakEnterUnjoined(Leak):
    leaked = (ENTERED,)
    unjoined_only = True


@defect("leak-after-5ms", "NOTIFY-05 SEC-01", "enter notices reach everybody, 5 ms after the ack")
class LeakAfter5(Leak):
    leaked = (ENTERED,)
    delay_s = 0.005


@defect("leak-after-50ms", "NOTIFY-05 SEC-01", "enter notices reach everybody, 50 ms after the ack")
class LeakAfter50(Leak):
    leaked = (ENTERED,)
    delay_s = 0.05


@defect("leak-after-300ms", "NOTIFY-05 SEC-01", "enter notices reach everybody, 300 ms after the ack")
class LeakAfter300(Leak):
    leaked = (ENTERED,)
    delay_s = 0.29


@defect("leak-previous-office", "NOTIFY-05 SEC-01 ROOM-27", "update notices also reach the office the sender was in before")
class LeakPreviousOffice(Rules):
    def unseat(self, session):
        session.previous = session.office
        super().unseat(session)

    def tell_updated(self, session, event, request):
        super().tell_updated(session, event, request)
        for member in self.members(getattr(session, "previous", None)):
            self.port.emit(member, event, {"computer": request["computer"]})


@defect("private-room", "SEC-01 NOTIFY-05", "an office named like the sid of a client includes that client")
class PrivateRoom(Rules):
    def audience(self, session, office):
        return super().audience(session, office) + [s for s in self.sessions if s.sid == office and s is not session]


@defect("case-blind-offices", "ROOM-11 SEC-01", "office names that differ in case are one office")
class CaseBlindOffices(Rules):
    def seat(self, session, office):
        for known in self.offices:
            if known.lower() == office.lower():
                office = known
        super().seat(session, office)


@defect("echo-enter", "NOTIFY-02", "the joiner gets its own enter notice")
class EchoEnter(Rules):
    def tell_entered(self, session, office):
        super().tell_entered(session, office)
        self.port.emit(session, ENTERED, enter_notice(self, session, office))


@defect("echo-update", "NOTIFY-14 UPD-12", "the sender of an update gets the notice")
class EchoUpdate(Rules):
    def tell_updated(self, session, event, request):
        super().tell_updated(session, event, request)
        self.port.emit(session, event, {"computer": request["computer"]})


@defect("echo-cancel", "CANCEL-02 NOTIFY-14", "the sender of a cancel gets the notice")
class EchoCancel(Rules):
    def tell_cancelled(self, session, request):
        super().tell_cancelled(session, request)
        self.port.emit(session, CANCELLED, {"agent": request["agent"], "req_id": request["req_id"]})


@defect("replay-enter", "NOTIFY-07", "a joiner gets enter notices for those who were there before")
class ReplayEnter(Rules):
    def tell_entered(self, session, office):
        super().tell_entered(session, office)
        for member in self.members(office):
            if member is not session:
                self.port.emit(session, ENTERED, enter_notice(self, member, office))


@defect("notify-relayed", "NOTIFY-09", "notify:* sent by a client is relayed to its office")
class NotifyRelayed(Rules):
    def unknown_event(self, session, event, args, reply):
        if event.startswith("notify:"):
            self.notify(session, session.office, event, *args[:1])


# ---- notices that are missing, doubled or late


class Lost(Rules):
    lost = ()

    def notify(self, session, office, event, payload):
        if event not in self.lost:
            super().notify(session, office, event, payload)


class Doubled(Rules):
    doubled = ()

    def notify(self, session, office, event, payload):
        super().notify(session, office, event, payload)
        if event in self.doubled:
            super().notify(session, office, event, payload)


@defect("enter-lost", "NOTIFY-01", "no enter notices")
class EnterLost(Lost):
    lost = (ENTERED,)


@defect("leave-lost", "LEAVE-03 DISC-01 DISC-02 ROOM-27", "no leave notices at all")
class LeaveLost(Lost):
    lost = (LEFT,)


@defect("update-config-lost", "UPD-01", "no notify:update_config")
class UpdateConfigLost(Lost):
    lost = ("notify:update_config",)


@defect("update-tool-list-lost", "UPD-02", "no notify:update_tool_list")
class UpdateToolListLost(Lost):
    lost = ("notify:update_tool_list",)


@defect("update-desktop-lost", "UPD-03 DESK-16", "no notify:update_desktop")
class UpdateDesktopLost(Lost):
    lost = ("notify:update_desktop",)


@defect("cancel-lost", "CANCEL-01", "no notify:tool_call_cancel")
class CancelLost(Lost):
    lost = (CANCELLED,)


@defect("enter-twice", "NOTIFY-01", "enter notices come twice")
class EnterTwice(Doubled):
    doubled = (ENTERED,)


@defect("leave-twice", "LEAVE-03 DISC-01", "leave notices come twice")
class LeaveTwice(Doubled):
    doubled = (LEFT,)


@defect("update-twice", "UPD-01 UPD-02 UPD-03", "update notices come twice")
class UpdateTwice(Doubled):
    doubled = tuple(UPDATES.values())


@defect("cancel-twice", "CANCEL-01", "cancel notices come twice")
class CancelTwice(Doubled):
    doubled = (CANCELLED,)


@defect("enter-twice-late", "NOTIFY-01", "the second enter notice comes 50 ms later")
class EnterTwiceLate(Rules):
    def tell_entered(self, session, office):
        super().tell_entered(session, office)
        notice = enter_notice(self, session, office)
        for member in self.audience(session, office):
            self.port.after(0.05, lambda member=member: self.port.emit(member, ENTERED, notice))


@defect("leave-on-leave-lost", "LEAVE-03", "server:leave_office is not notified (a disconnect is)")
class LeaveOnLeaveLost(Rules):
    def accept_leave(self, session, request):
        if session.office is not None:
            self.unseat(session)


@defect("leave-on-disconnect-lost", "DISC-01 DISC-02 DISC-03", "a disconnect is not notified (server:leave_office is)")
class LeaveOnDisconnectLost(Rules):
    def drop_membership(self, session):
        if session.office is not None:
            self.unseat(session)


@defect("agent-leave-lost", "DISC-02", "an Agent's disconnect is not notified")
class AgentLeaveLost(Rules):
    def drop_membership(self, session):
        if session.role == "agent" and session.office is not None:
            self.unseat(session)
        super().drop_membership(session)


@defect("unjoined-disconnect-notified", "DISC-06", "who never joined is announced as leaving everywhere")
class UnjoinedDisconnectNotified(Rules):
    def drop_membership(self, session):
        if session.role is None:
            for office in self.offices:
                self.notify(session, office, LEFT, {"office_id": office, "agent": ""})
        super().drop_membership(session)


@defect("computers-not-told-enter", "NOTIFY-08", "enter and leave notices go to Agents only")
class ComputersNotToldEnter(Rules):
    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            if member.role == "agent" or event not in (ENTERED, LEFT):
                self.port.emit(member, event, payload)


@defect("computers-not-told-update", "NOTIFY-15", "update notices go to Agents only")
class ComputersNotToldUpdate(Rules):
    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            if member.role == "agent" or event not in UPDATES.values():
                self.port.emit(member, event, payload)


@defect("cancel-to-first-only", "NOTIFY-15 CANCEL-01", "a cancel reaches only the first Computer of the office")
class CancelToFirstOnly(Rules):
    def notify(self, session, office, event, payload):
        audience = self.audience(session, office)
        for member in audience[:1] if event == CANCELLED else audience:
            self.port.emit(member, event, payload)


@defect("notices-with-ack-id", "NOTIFY-10", "notices ask for an ack (observed only)", needs="observe")
class NoticesWithAckId(Rules):
    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            self.port.request(member, event, payload, lambda answer: None)
