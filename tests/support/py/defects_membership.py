# SPDX-License-Identifier: Apache-2.0
"""Wrong answers to who may be where: join, switch, leave, disconnect."""

from strict_rules import ENTERED, LEFT, Rules, text_members
from strict_tables import defect


@defect("second-agent-accepted", "ROOM-12", "a second Agent joins")
class SecondAgentAccepted(Rules):
    def seat_problem(self, session, request):
        return None


@defect("second-agent-replaces", "ROOM-12", "a second Agent takes the seat of the first, silently")
class SecondAgentReplaces(Rules):
    def seat_problem(self, session, request):
        if request["role"] == "agent":
            for peer in self.peers(session, request):
                self.unseat(peer)
        return None


@defect("second-agent-told-yes", "ROOM-12", "a second Agent is told [true,null] but does not become a member")
class SecondAgentToldYes(Rules):
    def refuse_join(self, session, request, reply, problem):
        if "agent" in problem:
            self.answer_join(reply)
        else:
            super().refuse_join(session, request, reply, problem)


@defect("agent-moves", "ROOM-15", "an Agent may join a second office without leaving")
class AgentMoves(Rules):
    def agent_elsewhere_problem(self, session, request):
        return None


@defect("duplicate-name-accepted", "ROOM-22", "two Computers of one name in one office")
class DuplicateNameAccepted(Rules):
    def name_problem(self, session, request):
        return None


@defect("duplicate-other-text", "ROOM-22", "the refusal of a duplicate name does not say `already exists`")
class DuplicateOtherText(Rules):
    def name_taken_text(self, request):
        return "Name taken"


@defect("second-computer-refused", "ROOM-20 ROOM-23", "one Computer per office (the rule of 0.5)")
class SecondComputerRefused(Rules):
    def seat_problem(self, session, request):
        return "Room already has a member of that role" if self.peers(session, request) else None


@defect("names-compared-case-blind", "ROOM-11 ROOM-23", "Computers c1 and C1 are taken for the same name")
class NamesCaseBlind(Rules):
    def name_problem(self, session, request):
        if any(peer.name.lower() == request["name"].lower() for peer in self.peers(session, request)):
            return self.name_taken_text(request)
        return None


@defect("role-change-accepted", "ROOM-32", "a connection may join again in the other role")
class RoleChangeAccepted(Rules):
    def role_problem(self, session, request):
        return None

    def accept_join(self, session, request):
        super().accept_join(session, request)
        session.role = request["role"]


@defect("unknown-role-accepted", "ROOM-05", "role Agent (capital A) is accepted")
class UnknownRoleAccepted(Rules):
    def join(self, session, args, reply):
        request = text_members(args, "role")
        if request:
            args = [{**request, "role": request["role"].lower()}]
        super().join(session, args, reply)


@defect("join-without-name-accepted", "ROOM-05", "a join without name is accepted under the name anonymous")
class JoinWithoutNameAccepted(Rules):
    def join(self, session, args, reply):
        request = text_members(args, "role", "office_id")
        if request and "name" not in request:
            args = [{**request, "name": "anonymous"}]
        super().join(session, args, reply)


@defect("offices-must-exist", "ROOM-11", "a Computer cannot open an office")
class OfficesMustExist(Rules):
    def seat_problem(self, session, request):
        if request["role"] == "computer" and not self.members(request["office_id"]):
            return "Room not found"
        return super().seat_problem(session, request)


@defect("switch-refused", "ROOM-27 ROOM-28", "a Computer cannot change offices")
class SwitchRefused(Rules):
    def agent_elsewhere_problem(self, session, request):
        return None if session.office in (None, request["office_id"]) else "Already in another room"


@defect("switch-without-leave-notice", "ROOM-27", "a move is not announced to the old office")
class SwitchWithoutLeaveNotice(Rules):
    def enter(self, session, request, office):
        if session.office is not None:
            self.unseat(session)
        super().enter(session, request, office)


@defect("switch-leave-late", "ROOM-29", "a move is announced to the old office 60 ms after the new one")
class SwitchLeaveLate(Rules):
    def enter(self, session, request, office):
        old = session.office
        if old is not None:
            audience = self.audience(session, old)
            notice = {"office_id": old, **self.identity(session)}
            self.unseat(session)
            for member in audience:
                self.port.after(0.06, lambda member=member: self.port.emit(member, LEFT, notice))
        super().enter(session, request, office)


@defect("switch-stays-in-old", "ROOM-27 LIST-14 SEC-01", "after a move the old office still lists and informs the Computer")
class SwitchStaysInOld(Rules):
    def enter(self, session, request, office):
        if session.office is not None:
            self.tell_left(session, session.office)
        old, session.office = session.office, None
        super().enter(session, request, office)
        session.ghost = old

    def drop_membership(self, session):
        ghost = getattr(session, "ghost", None)
        if ghost in self.offices and session in self.offices[ghost]:
            self.offices[ghost].remove(session)
        super().drop_membership(session)


@defect("refused-join-notifies", "NOTIFY-06", "a refused join is announced to the office")
class RefusedJoinNotifies(Rules):
    def refuse_join(self, session, request, reply, problem):
        if request is not None:
            self.notify(session, request["office_id"], ENTERED, {"office_id": request["office_id"], request["role"]: request["name"]})
        super().refuse_join(session, request, reply, problem)


@defect("refused-join-listens", "SEC-01 NOTIFY-05 ROOM-12 ROOM-22", "who was refused still hears the office")
class RefusedJoinListens(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.ghosts = []

    def refuse_join(self, session, request, reply, problem):
        if request is not None:
            self.ghosts.append((session, request["office_id"]))
        super().refuse_join(session, request, reply, problem)

    def audience(self, session, office):
        ghosts = [s for s, o in self.ghosts if o == office and s is not session and s.connected and s.office != office]
        return super().audience(session, office) + ghosts


@defect("refused-join-listed", "ROOM-12 ROOM-22 LIST-01 LIST-03", "who was refused is listed as a member")
class RefusedJoinListed(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.refused = []

    def refuse_join(self, session, request, reply, problem):
        if request is not None:
            self.refused.append({"sid": session.sid, **{k: request[k] for k in ("name", "role", "office_id")}})
        super().refuse_join(session, request, reply, problem)

    def listing(self, session, request):
        answer = super().listing(session, request)
        answer["sessions"] += [info for info in self.refused if info["office_id"] == request["office_id"]]
        return answer


@defect("refused-switch-leaves", "ROOM-15 ROOM-32 ROOM-03", "a refused join throws the client out of its office")
class RefusedSwitchLeaves(Rules):
    def refuse_join(self, session, request, reply, problem):
        if session.office is not None:
            self.depart(session)
        super().refuse_join(session, request, reply, problem)


# ---- leaving


@defect("leave-keeps-seat", "LEAVE-05 LEAVE-06 ROOM-17", "leave is announced, but the client stays a member")
class LeaveKeepsSeat(Rules):
    def accept_leave(self, session, request):
        if session.office is not None:
            self.tell_left(session, session.office)


@defect("leave-keeps-listening", "LEAVE-05 SEC-01", "after leave the client still hears the office")
class LeaveKeepsListening(Rules):
    def accept_leave(self, session, request):
        session.heard = session.office
        super().accept_leave(session, request)

    def audience(self, session, office):
        listening = [s for s in self.sessions if s is not session and s.office is None]
        return super().audience(session, office) + [s for s in listening if getattr(s, "heard", None) == office]


@defect("leave-keeps-routing", "LEAVE-05", "after leave a Computer still gets calls by its name")
class LeaveKeepsRouting(Rules):
    def accept_leave(self, session, request):
        session.worked_in = session.office
        super().accept_leave(session, request)

    def find_computer(self, session, event, request):
        for other in self.sessions:
            left = other.office is None and getattr(other, "worked_in", None) == session.office is not None
            if left and other.name == request["computer"]:
                return other
        return super().find_computer(session, event, request)


@defect("leave-blocks-seat", "LEAVE-06 ROOM-17", "the Agent seat is not free after a leave")
class LeaveBlocksSeat(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.blocked = {}

    def accept_leave(self, session, request):
        if session.role == "agent" and session.office is not None:
            self.blocked[session.office] = session
        super().accept_leave(session, request)

    def seat_problem(self, session, request):
        blocked = self.blocked.get(request["office_id"], session)
        if request["role"] == "agent" and blocked is not session:
            return "Room already has an agent"
        return super().seat_problem(session, request)


@defect("leave-by-payload", "SEC-01 NOTIFY-05 LEAVE-03", "leave is announced to the office that the payload names")
class LeaveByPayload(Rules):
    def accept_leave(self, session, request):
        if session.office is None:
            return
        self.notify(session, request["office_id"], LEFT, {"office_id": request["office_id"], **self.identity(session)})
        self.unseat(session)


@defect("leave-hits-everybody", "LEAVE-03 LEAVE-05 LIST-14", "when the Agent leaves, its Computers are unseated too")
class LeaveHitsEverybody(Rules):
    def accept_leave(self, session, request):
        office, was_agent = session.office, session.role == "agent"
        super().accept_leave(session, request)
        for member in list(self.members(office)) if was_agent else []:
            self.unseat(member)


@defect("disconnect-keeps-seat", "DISC-02 DISC-05 LIST-14", "who disconnects is announced but stays a member")
class DisconnectKeepsSeat(Rules):
    def drop_membership(self, session):
        if session.office is not None:
            self.tell_left(session, session.office)


@defect("abrupt-loss-unnoticed", "DISC-01 DISC-02 DISC-04 DISC-05", "only a DISCONNECT packet counts as a disconnect")
class AbruptLossUnnoticed(Rules):
    def drop_membership(self, session):
        if getattr(session, "reason", None) == "client disconnect":
            super().drop_membership(session)


@defect("namespace-leave-unnoticed", "DISC-03", "a DISCONNECT packet alone does not end a membership")
class NamespaceLeaveUnnoticed(Rules):
    def drop_membership(self, session):
        if getattr(session, "reason", None) != "client disconnect":
            super().drop_membership(session)


@defect("silent-peer-kept", "DISC-04 DISC-05", "a heartbeat time-out does not end a membership", needs="slow")
class SilentPeerKept(Rules):
    def drop_membership(self, session):
        if getattr(session, "reason", None) != "silent":
            super().drop_membership(session)


@defect("membership-inherited", "DISC-11 SEC-01", "the next client to connect inherits the place of who disconnected")
class MembershipInherited(Rules):
    heritage = None

    def connected(self, session):
        super().connected(session)
        if self.heritage:
            session.role, session.name, office = self.heritage
            self.heritage = None
            self.seat(session, office)

    def drop_membership(self, session):
        office = session.office
        super().drop_membership(session)
        if office is not None and session.role == "computer" and self.members(office):
            self.heritage = (session.role, session.name, office)
