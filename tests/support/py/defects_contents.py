# SPDX-License-Identifier: Apache-2.0
"""Notices with wrong content, and wrong acks of join and leave."""

import copy

from strict_rules import CANCELLED, ENTERED, LEFT, Rules
from strict_tables import defect


@defect("enter-sid-for-name", "NOTIFY-04", "enter notices carry the sid in place of the name")
class EnterSidForName(Rules):
    def tell_entered(self, session, office):
        self.notify(session, office, ENTERED, {"office_id": office, session.role: session.sid})


@defect("leave-sid-for-name", "LEAVE-04", "leave notices carry the sid in place of the name")
class LeaveSidForName(Rules):
    def tell_left(self, session, office):
        self.notify(session, office, LEFT, {"office_id": office, session.role: session.sid})


@defect("both-identities", "NOTIFY-03", "notices name agent and computer")
class BothIdentities(Rules):
    def identity(self, session):
        return {"agent": session.name, "computer": session.name}


@defect("wrong-identity-key", "NOTIFY-03", "a Computer is announced under the key agent")
class WrongIdentityKey(Rules):
    def identity(self, session):
        return {"agent": session.name}


@defect("enter-without-office", "NOTIFY-03", "enter notices lack office_id")
class EnterWithoutOffice(Rules):
    def tell_entered(self, session, office):
        self.notify(session, office, ENTERED, self.identity(session))


@defect("leave-wrong-office", "LEAVE-03 DISC-01 ROOM-27", "leave notices name another office")
class LeaveWrongOffice(Rules):
    def tell_left(self, session, office):
        self.notify(session, office, LEFT, {"office_id": office + "x", **self.identity(session)})


@defect("update-without-computer", "UPD-01 UPD-02 UPD-03", "update notices are empty objects")
class UpdateWithoutComputer(Rules):
    def tell_updated(self, session, event, request):
        self.notify(session, session.office, event, {})


@defect("update-wrong-event", "UPD-02", "a tool list update is announced as config update")
class UpdateWrongEvent(Rules):
    def tell_updated(self, session, event, request):
        event = "notify:update_config" if event == "notify:update_tool_list" else event
        super().tell_updated(session, event, request)


@defect("cancel-other-req-id", "CANCEL-01", "the cancel notice carries another req_id")
class CancelOtherReqId(Rules):
    def tell_cancelled(self, session, request):
        super().tell_cancelled(session, {**request, "req_id": request["req_id"] + "-1"})


@defect("cancel-without-agent", "CANCEL-01", "the cancel notice lacks agent")
class CancelWithoutAgent(Rules):
    def tell_cancelled(self, session, request):
        self.notify(session, session.office, CANCELLED, {"req_id": request["req_id"]})


# ---- acks of join and leave


class OtherJoinAck(Rules):
    def answer_join(self, reply):
        reply.send(*copy.deepcopy(self.ack))


@defect("join-ack-true-only", "SIO-08 ROOM-01", "join is acked [true]")
class JoinAckTrueOnly(OtherJoinAck):
    ack = [True]


@defect("join-ack-nested", "SIO-08 ROOM-01", "join is acked [[true,null]]")
class JoinAckNested(OtherJoinAck):
    ack = [[True, None]]


@defect("join-ack-empty", "SIO-08 ROOM-01", "join is acked [] (the form of 0.5)")
class JoinAckEmpty(OtherJoinAck):
    ack = []


@defect("join-ack-text", "SIO-08 ROOM-01", 'join is acked [true,"ok"]')
class JoinAckText(OtherJoinAck):
    ack = [True, "ok"]


@defect("join-ack-one", "SIO-08 ROOM-01", "join is acked [1,null]")
class JoinAckOne(OtherJoinAck):
    ack = [1, None]


@defect("join-ack-lost", "ROOM-01", "join is never acked")
class JoinAckLost(Rules):
    def answer_join(self, reply):
        pass


@defect("join-ack-twice", "ROOM-01 SIO-07", "join is acked twice")
class JoinAckTwice(Rules):
    def answer_join(self, reply):
        super().answer_join(reply)
        super().answer_join(reply)


@defect("join-ack-twice-late", "ROOM-01 SIO-07", "join is acked again after 50 ms")
class JoinAckTwiceLate(Rules):
    def answer_join(self, reply):
        super().answer_join(reply)
        self.port.after(0.05, lambda: super(JoinAckTwiceLate, self).answer_join(reply))


@defect("join-ack-unasked", "SIO-07", "a join without ack id is acked with id 0")
class JoinAckUnasked(Rules):
    def answer_join(self, reply):
        reply.ack_id = reply.ack_id or 0
        super().answer_join(reply)


@defect("join-without-id-ignored", "SIO-07", "a join without ack id has no effect")
class JoinWithoutIdIgnored(Rules):
    def join(self, session, args, reply):
        if reply.asked:
            super().join(session, args, reply)


@defect("leave-ack-lost", "LEAVE-01", "leave is never acked")
class LeaveAckLost(Rules):
    def answer_leave(self, reply):
        pass


@defect("leave-ack-empty", "LEAVE-01 SIO-08", "leave is acked [] (the form of 0.5)")
class LeaveAckEmpty(Rules):
    def answer_leave(self, reply):
        reply.send()


@defect("leave-ack-true-only", "LEAVE-01 SIO-08", "leave is acked [true]")
class LeaveAckTrueOnly(Rules):
    def answer_leave(self, reply):
        reply.send(True)


@defect("refusal-without-text", "ROOM-03", "a refused join is acked [false,null]")
class RefusalWithoutText(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send(False, None)


@defect("refusal-empty-text", "ROOM-03", 'a refused join is acked [false,""]')
class RefusalEmptyText(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send(False, "")


@defect("refusal-as-error", "ROOM-03 SIO-08", "a refused join is acked with an error object (the form of 0.5)")
class RefusalAsError(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send({"code": 403, "message": problem})


@defect("refusal-nested", "ROOM-03 SIO-08", "a refused join is acked [[false,text]]")
class RefusalNested(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send([False, problem])
