# SPDX-License-Identifier: Apache-2.0
"""The rules of SMCP revisions rfc to 0.4, strict reading, written from the requirements digest alone.

This is a second opinion for checking the judge: it shares nothing with the C code. The class `Rules` knows no sockets; a
port carries its messages. Every rule has a method of its own, so that a defect (strict_defects.py) or another choice that
the digest allows (strict_variants.py) is a subclass which overrides just that method.

Everything here is synchronous: an event takes its whole effect before the next one is looked at, and whatever is sent is
queued in that order. That is how notices leave before the ack that confirms them.
"""

from strict_gate import GateRules
from strict_revisions import REVISIONS

JOIN = "server:join_office"
LEAVE = "server:leave_office"
LIST = "server:list_room"
CANCEL = "server:tool_call_cancel"
TOOL_CALL = "client:tool_call"
ENTERED = "notify:enter_office"
LEFT = "notify:leave_office"
CANCELLED = "notify:tool_call_cancel"

UPDATES = {event: notice for row in REVISIONS.values() for event, notice in row.updates.items()}
GET_WAIT_S = 60
TOOL_CALL_MARGIN_S = 5  # ROUTE-23


class Session:
    """One client on /smcp. Role and name stay with the connection after a leave; the office does not."""

    def __init__(self, sid):
        self.sid = sid
        self.role = None
        self.name = None
        self.office = None
        self.version = None
        self.connected = True


class Call:
    """A client:* request on its way: who waits for it, who has to answer it."""

    def __init__(self, caller, computer, event, request, reply):
        self.caller = caller
        self.computer = computer
        self.event = event
        self.request = request
        self.reply = reply


def is_text(value):
    return isinstance(value, str)


def text_members(args, *names):
    """The payload if it is one object whose named members are strings, else None."""
    if len(args) != 1 or not isinstance(args[0], dict):
        return None
    return args[0] if all(is_text(args[0].get(name)) for name in names) else None


class Rules(GateRules):
    revision = REVISIONS["0.1"]

    def __init__(self, port):
        self.port = port
        self.sessions = []
        self.offices = {}
        self.calls = []

    # ---- connections

    def connected(self, session):
        self.sessions.append(session)

    def disconnected(self, session):
        """DISC-01..03: however a connection ends, its office is told and its seat is free."""
        session.connected = False
        self.sessions.remove(session)
        self.drop_membership(session)
        self.drop_calls(session)

    def drop_membership(self, session):
        if session.office is not None:
            self.depart(session)

    def drop_calls(self, session):
        """Decided: the callers of a Computer that is gone get 404 at once; a caller that is gone gets nothing."""
        for call in [c for c in self.calls if session in (c.caller, c.computer)]:
            self.calls.remove(call)
            if call.computer is session:
                call.reply.send(self.error(self.not_found()))

    # ---- dispatch

    def received(self, session, event, args, reply):
        if event == JOIN:
            self.join(session, args, reply)
        elif event == LEAVE:
            self.leave(session, args, reply)
        elif event == LIST and self.revision.lists:
            self.list_room(session, args, reply)
        elif event == CANCEL:
            self.cancel(session, args, reply)
        elif event in self.revision.updates:
            self.update(session, event, args, reply)
        elif event in self.revision.calls:
            self.relay(session, event, args, reply)
        else:
            self.unknown_event(session, event, args, reply)

    def unknown_event(self, session, event, args, reply):
        """NOTIFY-09, SIO-16: notify:* from clients and everything unknown has no effect."""

    # ---- audience and notices

    def members(self, office):
        return self.offices.get(office, [])

    def audience(self, session, office):
        """SEC-01, NOTIFY-02, NOTIFY-14, NOTIFY-15: everybody in the office but the one whose doing it is."""
        return [member for member in self.members(office) if member is not session]

    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            self.port.emit(member, event, payload)

    def identity(self, session):
        """NOTIFY-03, NOTIFY-04: the key names the role, the value is the name."""
        return {session.role: session.name}

    def tell_entered(self, session, office):
        self.notify(session, office, ENTERED, {"office_id": office, **self.identity(session)})

    def tell_left(self, session, office):
        self.notify(session, office, LEFT, {"office_id": office, **self.identity(session)})

    # ---- membership

    def seat(self, session, office):
        self.offices.setdefault(office, []).append(session)
        session.office = office

    def unseat(self, session):
        members = self.offices.get(session.office, [])
        if session in members:
            members.remove(session)
        if not members:
            self.offices.pop(session.office, None)
        session.office = None

    def depart(self, session):
        self.tell_left(session, session.office)
        self.unseat(session)

    def join(self, session, args, reply):
        request = text_members(args, "role", "name", "office_id")
        problem = self.join_problem(session, request)
        if problem:
            self.refuse_join(session, request, reply, problem)
            return
        self.accept_join(session, request)
        self.answer_join(reply)

    def accept_join(self, session, request):
        office = self.office_of(request)
        if session.office == office:
            return
        self.enter(session, request, office)

    def enter(self, session, request, office):
        """ROOM-27, ROOM-29: a Computer that moves leaves first."""
        if session.office is not None:
            self.depart(session)
        session.role = request["role"]
        session.name = request["name"]
        self.seat(session, office)
        self.tell_entered(session, office)

    def office_of(self, request):
        return request["office_id"]

    def answer_join(self, reply):
        reply.send(True, None)

    def answer_leave(self, reply):
        reply.send(True, None)

    def refuse_join(self, session, request, reply, problem):
        reply.send(False, problem)

    def join_problem(self, session, request):
        """The text that refuses this join, or None. Everything is checked before anything changes."""
        if request is None or request["role"] not in ("agent", "computer"):
            return "Invalid request payload"
        if not request["name"] or not request["office_id"]:
            return self.empty_join_problem(request)
        return (
            self.role_problem(session, request)
            or self.rename_problem(session, request)
            or self.agent_elsewhere_problem(session, request)
            or self.seat_problem(session, request)
            or self.name_problem(session, request)
        )

    def empty_join_problem(self, request):
        return "Name and office_id must not be empty"

    def role_problem(self, session, request):
        """ROOM-32."""
        if session.role and session.role != request["role"]:
            return f"Role mismatch: this connection is known as {session.role}"
        return None

    def rename_problem(self, session, request):
        if session.office is not None and session.name != request["name"]:
            return "Name mismatch: this connection has another name"
        return None

    def agent_elsewhere_problem(self, session, request):
        """ROOM-15."""
        if session.role == "agent" and session.office not in (None, self.office_of(request)):
            return "Agent already in another room"
        return None

    def seat_problem(self, session, request):
        """ROOM-12."""
        if request["role"] == "agent" and self.peers(session, request):
            return "Room already has an agent"
        return None

    def name_problem(self, session, request):
        """ROOM-22: the reference tests look for `already exists`."""
        if any(peer.name == request["name"] for peer in self.peers(session, request)):
            return self.name_taken_text(request)
        return None

    def name_taken_text(self, request):
        return f"A {request['role']} named '{request['name']}' already exists in this room"

    def peers(self, session, request):
        """The other members of the target office that have the same role."""
        members = self.members(self.office_of(request))
        return [m for m in members if m is not session and m.role == request["role"]]

    def leave(self, session, args, reply):
        request = text_members(args, "office_id")
        if request is None:
            reply.send(False, "Invalid request payload")
            return
        self.accept_leave(session, request)
        self.answer_leave(reply)

    def accept_leave(self, session, request):
        if session.office is not None:
            self.depart(session)

    # ---- list_room

    def list_room(self, session, args, reply):
        request = text_members(args, "agent", "req_id", "office_id")
        if request is None:
            self.refuse_list(request, reply, {"code": 400, "message": "Invalid request payload"})
        elif not self.may_list(session, request):
            self.refuse_list(request, reply, {"code": 403, "message": "Cross-room access denied"})
        else:
            reply.send(self.listing(session, request))

    def may_list(self, session, request):
        """LIST-04."""
        return session.office is not None and session.office == request["office_id"]

    def refuse_list(self, request, reply, error):
        reply.send(error)

    def listed(self, session, request):
        return self.members(request["office_id"])

    def listing(self, session, request):
        return {"sessions": [self.info(m) for m in self.listed(session, request)], "req_id": request["req_id"]}

    def info(self, member):
        info = {"sid": member.sid, "name": member.name, "role": member.role, "office_id": member.office}
        return {**info, "a2c_version": self.shown_version(member)} if self.revision.gate else info

    def shown_version(self, member):
        """LIST-07."""
        return member.version

    # ---- cancel and updates

    def cancel(self, session, args, reply):
        request = text_members(args, self.cancel_key(args), "req_id")
        if request is not None and self.may_cancel(session, request):
            self.tell_cancelled(session, request)
        self.answer_report(reply)

    def cancel_key(self, args):
        """CANCEL-20: rfc names two payload types for it."""
        return self.revision.agent_key if text_members(args, self.revision.agent_key) else "agent"

    def may_cancel(self, session, request):
        """CANCEL-04, CANCEL-05: only an Agent, and in its own name; decided: only from inside an office."""
        return self.cancels_as_agent(session) and self.cancels_own(session, request) and self.has_office(session)

    def cancels_as_agent(self, session):
        return session.role == "agent"

    def cancels_own(self, session, request):
        return self.revision.agent_key != "agent" or session.name == request["agent"]

    def has_office(self, session):
        return session.office is not None

    def tell_cancelled(self, session, request):
        payload = {key: request[key] for key in ("agent", "robot_id", "req_id") if key in request}
        self.notify(session, session.office, CANCELLED, payload)

    def update(self, session, event, args, reply):
        request = text_members(args, "computer")
        if request is not None and self.may_update(session):
            self.tell_updated(session, self.revision.updates[event], request)
        self.answer_report(reply)

    def may_update(self, session):
        """UPD-06, UPD-07."""
        return session.role == "computer" and self.has_office(session)

    def tell_updated(self, session, event, request):
        """UPD-08: in this revision the notice echoes the payload's value."""
        self.notify(session, session.office, event, {"computer": request["computer"]})

    def answer_report(self, reply):
        """UPD-11, D-16: from 0.2 on there is no ack."""
        if self.revision.reports_acked:
            reply.send()

    # ---- client:*

    def relay(self, session, event, args, reply):
        request = text_members(args, "computer")
        refusal = self.call_refusal(session, request)
        if refusal:
            self.refuse_call(event, request, reply, refusal)
            return
        computer = self.find_computer(session, event, request)
        if computer is None:
            self.refuse_call(event, request, reply, self.not_found())
            return
        self.forward(Call(session, computer, event, request, reply))

    def call_refusal(self, session, request):
        if request is None:
            return {"code": 400, "message": "Invalid request payload"}
        if not self.may_call(session):
            return {"code": 403, "message": "Only agents may issue client:* calls"}
        return None

    def may_call(self, session):
        """ROUTE-15. Who never joined is not refused here: it finds no Computer."""
        return session.role != "computer"

    def refuse_call(self, event, request, reply, error):
        reply.send(self.error(error))

    def error(self, error):
        """RFC-06: rfc has an envelope; afterwards errors are flat (ERR-01)."""
        return {"error": error} if self.revision.name == "rfc" else error

    def not_found(self):
        return {"code": 404, "message": "Computer not found"}

    def find_computer(self, session, event, request):
        """ROUTE-05..08: only inside the caller's own office."""
        for member in self.members(session.office):
            if member.role == "computer" and member.name == request["computer"]:
                return member
        return None

    def forward(self, call):
        self.calls.append(call)
        self.port.request(
            call.computer, self.forwarded_event(call), self.forwarded(call), lambda answer: self.answered(call, answer)
        )
        self.port.after(self.wait_limit(call), lambda: self.expired(call))

    def forwarded_event(self, call):
        return call.event

    def forwarded(self, call):
        return call.request

    def wait_limit(self, call):
        timeout = call.request.get("timeout")
        if call.event == TOOL_CALL and isinstance(timeout, (int, float)) and not isinstance(timeout, bool):
            return max(timeout, 0) + TOOL_CALL_MARGIN_S
        return GET_WAIT_S

    def answered(self, call, answer):
        if call in self.calls:
            self.calls.remove(call)
            self.answer_call(call, answer)

    def answer_call(self, call, answer):
        call.reply.send(*answer)

    def expired(self, call):
        """ROUTE-24: no ack when the wait is over; a late answer is dropped."""
        if call in self.calls:
            self.calls.remove(call)
