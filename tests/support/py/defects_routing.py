# SPDX-License-Identifier: Apache-2.0
"""client:* delivered to the wrong client, or altered on the way there."""

from strict_rules import TOOL_CALL, Rules
from strict_tables import defect


class CrossOffice(Rules):
    """Base: some client:* events find Computers everywhere (the Python SDK does this for tool_call)."""

    events = ()

    def find_computer(self, session, event, request):
        found = super().find_computer(session, event, request)
        if found is None and event in self.events:
            for other in self.sessions:
                if other.role == "computer" and other.office is not None and other.name == request["computer"]:
                    return other
        return found


@defect("cross-office-tool-call", "ROUTE-07 SEC-01", "tool_call reaches Computers of other offices")
class CrossOfficeToolCall(CrossOffice):
    events = (TOOL_CALL,)


@defect("cross-office-get-tools", "ROUTE-05 SEC-01", "get_tools reaches Computers of other offices")
class CrossOfficeGetTools(CrossOffice):
    events = ("client:get_tools",)


@defect("cross-office-get-desktop", "ROUTE-06 SEC-01", "get_desktop reaches Computers of other offices")
class CrossOfficeGetDesktop(CrossOffice):
    events = ("client:get_desktop",)


@defect("cross-office-get-config", "ROUTE-08 SEC-01", "get_config reaches Computers of other offices")
class CrossOfficeGetConfig(CrossOffice):
    events = ("client:get_config",)


@defect("cross-office-faked-result", "ROUTE-05 ROUTE-06 ROUTE-07", "a foreign Computer is not asked, but a success is made up")
class CrossOfficeFakedResult(Rules):
    def refuse_call(self, event, request, reply, error):
        if error["code"] != 404:
            super().refuse_call(event, request, reply, error)
            return
        req_id = request.get("req_id", "")
        results = {
            TOOL_CALL: {"content": [], "isError": False},
            "client:get_tools": {"tools": [], "req_id": req_id},
            "client:get_desktop": {"desktops": [], "req_id": req_id},
        }
        reply.send(results.get(event, {"servers": {}, "inputs": None}))


@defect("call-after-leave", "ROUTE-07 LEAVE-05 SEC-01", "an Agent that left still reaches its old Computers")
class CallAfterLeave(Rules):
    def unseat(self, session):
        session.worked_in = session.office
        super().unseat(session)

    def find_computer(self, session, event, request):
        office = session.office or getattr(session, "worked_in", None)
        for member in self.members(office):
            if member.role == "computer" and member.name == request["computer"]:
                return member
        return None


@defect("call-reaches-agent", "ROUTE-02 ROUTE-01", "a call that names an Agent is delivered to it")
class CallReachesAgent(Rules):
    def find_computer(self, session, event, request):
        for member in self.members(session.office):
            if member.name == request["computer"]:
                return member
        return None


@defect("computer-may-call", "ROUTE-15", "a Computer may issue client:*")
class ComputerMayCall(Rules):
    def may_call(self, session):
        return True


@defect("call-to-all-computers", "ROUTE-02", "a call is delivered to every Computer of the office")
class CallToAllComputers(Rules):
    def forward(self, call):
        super().forward(call)
        for member in self.members(call.computer.office):
            if member.role == "computer" and member is not call.computer:
                self.port.request(member, call.event, call.request, lambda answer: None)


@defect("call-echoed-to-agent", "ROUTE-02", "the caller gets its own call")
class CallEchoedToAgent(Rules):
    def forward(self, call):
        super().forward(call)
        self.port.emit(call.caller, call.event, call.request)


@defect("call-leaks", "ROUTE-02 SEC-01", "a call is also delivered to Computers of other offices")
class CallLeaks(Rules):
    def forward(self, call):
        super().forward(call)
        for other in self.sessions:
            if other.role == "computer" and other.office not in (None, call.computer.office):
                self.port.emit(other, call.event, call.request)


@defect("call-to-first-computer", "ROUTE-01 ROUTE-02", "every call goes to the first Computer of the office")
class CallToFirstComputer(Rules):
    def find_computer(self, session, event, request):
        found = super().find_computer(session, event, request)
        computers = [member for member in self.members(session.office) if member.role == "computer"]
        return computers[0] if found else None


@defect("call-delivered-twice", "ROUTE-01 TLIST-01", "the Computer gets each call twice")
class CallDeliveredTwice(Rules):
    def forward(self, call):
        super().forward(call)
        self.port.request(call.computer, call.event, call.request, lambda answer: None)


@defect("call-other-event-name", "ROUTE-01", "calls are forwarded without the prefix client:")
class CallOtherEventName(Rules):
    def forwarded_event(self, call):
        return call.event.split(":")[1]


@defect("get-config-not-routed", "CONF-01 ROUTE-01", "get_config is answered [] and reaches nobody (Python SDK 0.1)")
class GetConfigNotRouted(Rules):
    def relay(self, session, event, args, reply):
        if event == "client:get_config":
            reply.send()
        else:
            super().relay(session, event, args, reply)


@defect("get-desktop-not-routed", "DESK-01 ROUTE-01", "get_desktop is never answered and reaches nobody")
class GetDesktopNotRouted(Rules):
    def relay(self, session, event, args, reply):
        if event != "client:get_desktop":
            super().relay(session, event, args, reply)


@defect("desktop-options-dropped", "DESK-01", "desktop_size and window are not forwarded")
class DesktopOptionsDropped(Rules):
    def forwarded(self, call):
        request = super().forwarded(call)
        if call.event == "client:get_desktop":
            return {key: value for key, value in request.items() if key not in ("desktop_size", "window")}
        return request


@defect("timeout-dropped", "TOOL-02", "timeout is not forwarded")
class TimeoutDropped(Rules):
    def forwarded(self, call):
        return {key: value for key, value in super().forwarded(call).items() if key != "timeout"}


@defect("params-altered", "TOOL-02", "numbers in params arrive as text")
class ParamsAltered(Rules):
    def forwarded(self, call):
        request = super().forwarded(call)
        if not isinstance(request.get("params"), dict):
            return request
        params = {key: str(value) if isinstance(value, (int, float)) else value for key, value in request["params"].items()}
        return {**request, "params": params}


@defect("agent-replaced", "TOOL-02", "the forwarded agent is the caller's sid")
class AgentReplaced(Rules):
    def forwarded(self, call):
        return {**super().forwarded(call), "agent": call.caller.sid}


@defect("req-id-altered", "ROUTE-04", "the Computer sees another req_id")
class ReqIdAltered(Rules):
    def forwarded(self, call):
        request = super().forwarded(call)
        return {**request, "req_id": "s-" + str(request.get("req_id"))}


@defect("req-id-altered-back", "ROUTE-04 ROUTE-03", "the Agent gets another req_id back")
class ReqIdAlteredBack(Rules):
    def answer_call(self, call, answer):
        if answer and isinstance(answer[0], dict) and "req_id" in answer[0]:
            answer = [{**answer[0], "req_id": "s-" + str(answer[0]["req_id"])}]
        super().answer_call(call, answer)
