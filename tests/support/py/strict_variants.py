# SPDX-License-Identifier: Apache-2.0
"""Other choices that the requirements digest leaves free from revision 0.1 on. A judge that calls one of them red is wrong."""

import variants_gate
import variants_revisions
import variants_rfc
from strict_rules import LEFT, Rules
from strict_tables import VARIANTS as TABLE
from strict_tables import variant

__all__ = ["TABLE", "variants_gate", "variants_revisions", "variants_rfc"]

# ---- how client:* is refused (D-02)


@variant("refuse-calls-silently", "ROUTE-10 D-02 D-11", "a refused client:* gets no ack at all", revisions="0.1")
class RefuseCallsSilently(Rules):
    def refuse_call(self, event, request, reply, error):
        pass


@variant("refuse-calls-nested", "ERR-03 D-02", 'a refused client:* gets {"error":{code,message}} (text of 0.1)', revisions="0.1")
class RefuseCallsNested(Rules):
    def refuse_call(self, event, request, reply, error):
        reply.send({"error": error})


@variant("refuse-calls-err-text", "D-02 D-15", 'a refused client:* gets {"Err":"text"}', revisions="0.1")
class RefuseCallsErrText(Rules):
    def refuse_call(self, event, request, reply, error):
        reply.send({"Err": error["message"]})


@variant("call-text-with-name", "D-42", "the 404 names the Computer asked for")
class CallTextWithName(Rules):
    def refuse_call(self, event, request, reply, error):
        if error["code"] == 404:
            name = request["computer"]
            error = {**error, "message": f"Computer with name '{name}' not found", "details": {"computer_name": name}}
        reply.send(error)


@variant("strict-requests", "TOOL-04 D-39", "client:* without agent, req_id or (tool_call) params and timeout is refused")
class StrictRequests(Rules):
    def relay(self, session, event, args, reply):
        request = args[0] if args and isinstance(args[0], dict) else {}
        good = all(isinstance(request.get(name), str) for name in ("agent", "req_id", "computer"))
        if event == "client:tool_call":
            timeout = request.get("timeout")
            good = good and isinstance(request.get("tool_name"), str) and isinstance(request.get("params"), dict)
            good = good and isinstance(timeout, int) and not isinstance(timeout, bool)
        super().relay(session, event, args if good else [], reply)


@variant("vanished-computer-silent", "D-58", "no ack for a call whose Computer disconnects meanwhile")
class VanishedComputerSilent(Rules):
    def drop_calls(self, session):
        self.calls = [c for c in self.calls if session not in (c.caller, c.computer)]


@variant("typed-get-results", "ROUTE-18 D-14", "unknown members of get_tools and get_desktop results are dropped", revisions="0.1")
class TypedGetResults(Rules):
    KNOWN = {"client:get_tools": ("tools", "req_id"), "client:get_desktop": ("desktops", "req_id")}

    def answer_call(self, call, answer):
        known = self.KNOWN.get(call.event)
        if known and answer and isinstance(answer[0], dict) and "code" not in answer[0]:
            answer = [{key: value for key, value in answer[0].items() if key in known}]
        super().answer_call(call, answer)


@variant("typed-requests", "ROUTE-19 D-14", "unknown members of a tool_call request are dropped")
class TypedRequests(Rules):
    KNOWN = ("agent", "req_id", "computer", "tool_name", "params", "timeout")

    def forwarded(self, call):
        request = super().forwarded(call)
        if call.event == "client:tool_call":
            return {key: value for key, value in request.items() if key in self.KNOWN}
        return request


@variant("wait-exactly-timeout", "ROUTE-25 D-13 D-50", "a tool_call is given up at its timeout, without margin")
class WaitExactlyTimeout(Rules):
    def wait_limit(self, call):
        limit = super().wait_limit(call)
        return limit - 5 if call.event == "client:tool_call" and limit != 60 else limit


@variant("wait-a-minute", "ROUTE-25 D-13", "every call is given up after 60 s, whatever its timeout says")
class WaitAMinute(Rules):
    def wait_limit(self, call):
        return 60


# ---- join and leave


@variant("malformed-join-silent", "ROOM-07 D-39", "a malformed join or leave gets no ack")
class MalformedJoinSilent(Rules):
    def refuse_join(self, session, request, reply, problem):
        if problem != "Invalid request payload":
            super().refuse_join(session, request, reply, problem)

    def leave(self, session, args, reply):
        if len(args) == 1 and isinstance(args[0], dict) and isinstance(args[0].get("office_id"), str):
            super().leave(session, args, reply)


@variant("sdk-texts", "ROOM-13 D-09", "refusal texts as the Python SDK words them")
class SdkTexts(Rules):
    TEXTS = {
        "Room already has an agent": "Internal server error: Agent already in room",
        "Agent already in another room": "Internal server error: Agent sid already in room",
    }

    def refuse_join(self, session, request, reply, problem):
        super().refuse_join(session, request, reply, self.TEXTS.get(problem, problem))

    def name_taken_text(self, request):
        name, office = request["name"], request["office_id"]
        return f"Internal server error: Computer with name '{name}' already exists in room '{office}'"


@variant("rename-on-rejoin", "ROOM-34 D-10", "a rejoin or a switch under another name succeeds and renames")
class RenameOnRejoin(Rules):
    def rename_problem(self, session, request):
        return None

    def accept_join(self, session, request):
        super().accept_join(session, request)
        session.name = request["name"]


@variant("global-names", "ROOM-26 D-03", "a name that is in use anywhere is refused")
class GlobalNames(Rules):
    def name_problem(self, session, request):
        peers = [s for s in self.sessions if s is not session and s.office is not None]
        if any(peer.name == request["name"] for peer in peers):
            return self.name_taken_text(request)
        return None


@variant("identity-ends-with-leave", "ROOM-35 D-52", "after a leave the connection may join in the other role")
class IdentityEndsWithLeave(Rules):
    def accept_leave(self, session, request):
        super().accept_leave(session, request)
        session.role = session.name = None


@variant("unjoined-leave-refused", "LEAVE-01 D-05", "leave of who is in no office gets [false, text]")
class UnjoinedLeaveRefused(Rules):
    def leave(self, session, args, reply):
        if session.office is None:
            reply.send(False, "Not in any room")
        else:
            super().leave(session, args, reply)


@variant("foreign-leave-refused", "LEAVE-12 D-05", "leave that names another office gets [false, text] and does nothing")
class ForeignLeaveRefused(Rules):
    def leave(self, session, args, reply):
        named = args[0].get("office_id") if args and isinstance(args[0], dict) else None
        if session.office is not None and isinstance(named, str) and named != session.office:
            reply.send(False, "Not in that room")
        else:
            super().leave(session, args, reply)


@variant("rejoin-notifies", "ROOM-19 D-43", "joining the own office again tells the others again")
class RejoinNotifies(Rules):
    def accept_join(self, session, request):
        again = session.office == self.office_of(request)
        super().accept_join(session, request)
        if again:
            self.tell_entered(session, session.office)


@variant("empty-values-accepted", "ROOM-09 ROOM-44", "an empty office is an office; an empty name gets a default")
class EmptyValuesAccepted(Rules):
    def join_problem(self, session, request):
        if request is not None and request["name"] == "":
            request["name"] = f"{request['role']}_{session.sid[:6]}"
        problem = super().join_problem(session, request)
        return None if problem == "empty" else problem

    def empty_join_problem(self, request):
        return "empty"


@variant("half-moved-switch", "ROOM-31 D-06", "a refused switch has already left the old office")
class HalfMovedSwitch(Rules):
    def refuse_join(self, session, request, reply, problem):
        moving = session.role == "computer" and session.office is not None and request is not None
        if moving and problem == self.name_problem(session, request):
            self.depart(session)
        super().refuse_join(session, request, reply, problem)


# ---- notices


@variant("other-identity-null", "NOTIFY-03", "the identity key of the other role is present and null")
class OtherIdentityNull(Rules):
    def identity(self, session):
        return {"agent": None, "computer": None, **super().identity(session)}


@variant("leaver-hears-leave", "LEAVE-03 D-17", "the leaver and the mover get their own leave notice (Rust SDK)")
class LeaverHearsLeave(Rules):
    def tell_left(self, session, office):
        super().tell_left(session, office)
        self.port.emit(session, LEFT, {"office_id": office, **self.identity(session)})


@variant("update-session-name", "UPD-08", "update notices carry the sender's name, not the payload's value")
class UpdateSessionName(Rules):
    def tell_updated(self, session, event, request):
        super().tell_updated(session, event, {"computer": session.name})


@variant("ack-before-notices", "NOTIFY-01", "notices follow 20 ms after the ack of what they tell about")
class AckBeforeNotices(Rules):
    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            self.port.after(0.02, lambda member=member: self.port.emit(member, event, payload))


@variant("slow-everything", "SIO-11", "every event takes effect 15 ms after it arrives, in order")
class SlowEverything(Rules):
    def received(self, session, event, args, reply):
        handle = super().received
        self.port.after(0.015, lambda: session.connected and handle(session, event, args, reply))


# ---- list_room


@variant("list-refused-silently", "LIST-09 D-12", "a refused list_room gets no ack (Python SDK)")
class ListRefusedSilently(Rules):
    def refuse_list(self, request, reply, error):
        pass


@variant("list-refused-empty", "LIST-09 D-12", "a refused list_room gets no sessions (Rust SDK)")
class ListRefusedEmpty(Rules):
    def refuse_list(self, request, reply, error):
        reply.send({"sessions": [], "req_id": request["req_id"] if request else ""})


@variant("list-agents-only", "LIST-12 D-27", "only Agents may list")
class ListAgentsOnly(Rules):
    def may_list(self, session, request):
        return session.role == "agent" and super().may_list(session, request)


@variant("list-more-members", "SCH-14", "SessionInfo has members that the digest does not know", revisions="0.1")
class ListMoreMembers(Rules):
    def info(self, member):
        return {**super().info(member), "joined_at": 1.5, "a2c_version": None}


@variant("list-newest-first", "LIST-01", "the order of the sessions is another one")
class ListNewestFirst(Rules):
    def listed(self, session, request):
        return list(reversed(super().listed(session, request)))


# ---- acks that are optional


@variant("unknown-events-acked", "SIO-16", "an unknown event with an ack id gets [] (Python SDK)")
class UnknownEventsAcked(Rules):
    def unknown_event(self, session, event, args, reply):
        reply.send()


@variant("reports-without-effect-silent", "SIO-19 D-16", "update_* and cancel without effect get no ack (Python SDK)")
class ReportsWithoutEffectSilent(Rules):
    def update(self, session, event, args, reply):
        good = len(args) == 1 and isinstance(args[0], dict) and isinstance(args[0].get("computer"), str)
        if good and self.may_update(session):
            super().update(session, event, args, reply)

    def cancel(self, session, args, reply):
        good = len(args) == 1 and isinstance(args[0], dict)
        if good and isinstance(args[0].get("req_id"), str) and self.may_cancel(session, {"agent": None, **args[0]}):
            super().cancel(session, args, reply)


@variant("cancel-without-ack", "CANCEL-07 D-16", "a cancel never gets an ack", revisions="0.1")
class CancelWithoutAck(Rules):
    def cancel(self, session, args, reply):
        reply.ack_id = None
        super().cancel(session, args, reply)


@variant("no-finder", "D-55", "the finder events are unknown", revisions="0.1")
class NoFinder(Rules):
    def received(self, session, event, args, reply):
        if event in ("client:get_finder", "server:update_finder"):
            self.unknown_event(session, event, args, reply)
        else:
            super().received(session, event, args, reply)


@variant("underscore-names", "SIO-06", "server_join_office works like server:join_office (Python SDK)")
class UnderscoreNames(Rules):
    def received(self, session, event, args, reply):
        super().received(session, event if ":" in event else event.replace("_", ":", 1), args, reply)


# ---- connecting


@variant("no-default-namespace", "SIO-01", "CONNECT to / is refused")
class NoDefaultNamespace(Rules):
    default_namespace = False


@variant("always-connect", "AUTH-13 D-31", "a refused client gets CONNECT, then DISCONNECT", needs="auth")
class AlwaysConnect(Rules):
    always_connect = True
