# SPDX-License-Identifier: Apache-2.0
"""Answers to client:* that are altered, lost, doubled or mixed up."""

import copy

from strict_rules import Rules
from strict_tables import defect


class ChangedResult(Rules):
    """Base: change the first argument of a Computer's ack."""

    def answer_call(self, call, answer):
        super().answer_call(call, [self.changed(copy.deepcopy(value)) for value in answer])


@defect("null-members-dropped", "ROUTE-03", "null members of results are dropped")
class NullMembersDropped(ChangedResult):
    def changed(self, value):
        if isinstance(value, dict):
            return {key: self.changed(item) for key, item in value.items() if item is not None}
        return [self.changed(item) for item in value] if isinstance(value, list) else value


@defect("result-wrapped", "ROUTE-03", 'results are wrapped as {"result":...}')
class ResultWrapped(ChangedResult):
    def changed(self, value):
        return {"result": value}


@defect("result-without-error-flag", "TOOL-05 ROUTE-03", "isError true arrives as false")
class ResultWithoutErrorFlag(ChangedResult):
    def changed(self, value):
        return {**value, "isError": False} if isinstance(value, dict) and "isError" in value else value


@defect("error-result-as-error", "TOOL-05 ROUTE-03", "a result with isError true becomes an error object")
class ErrorResultAsError(ChangedResult):
    def changed(self, value):
        failed = isinstance(value, dict) and value.get("isError") is True
        return {"code": 4003, "message": "Tool execution failed"} if failed else value


@defect("lists-reversed", "ROUTE-03", "the order of lists in results is reversed")
class ListsReversed(ChangedResult):
    def changed(self, value):
        if isinstance(value, dict):
            return {key: self.changed(item) for key, item in value.items()}
        return list(reversed(value)) if isinstance(value, list) else value


@defect("text-not-unicode", "ROUTE-03", "characters outside ASCII become question marks")
class TextNotUnicode(ChangedResult):
    def changed(self, value):
        if isinstance(value, dict):
            return {key: self.changed(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.changed(item) for item in value]
        return value.encode("ascii", "replace").decode() if isinstance(value, str) else value


@defect("result-lost", "ROUTE-03 TOOL-01", "the Computer's answer never reaches the Agent")
class ResultLost(Rules):
    def answer_call(self, call, answer):
        pass


@defect("result-twice", "ROUTE-03 SIO-07", "the Agent gets two acks for one call")
class ResultTwice(Rules):
    def answer_call(self, call, answer):
        super().answer_call(call, answer)
        super().answer_call(call, answer)


@defect("result-announced", "SEC-01 ROUTE-02", "results are announced to the rest of the office")
class ResultAnnounced(Rules):
    def answer_call(self, call, answer):
        super().answer_call(call, answer)
        self.notify(call.computer, call.computer.office, call.event, answer[0] if answer else None)


@defect("acks-mixed-up", "SIO-14 ROUTE-03", "of two calls in flight, the answer of one goes to the other")
class AcksMixedUp(Rules):
    def answer_call(self, call, answer):
        for other in self.calls:
            if other.caller is call.caller:
                other.reply, call.reply = call.reply, other.reply
                break
        super().answer_call(call, answer)


@defect("answers-in-request-order", "SIO-14 SIO-11", "an answer waits until all earlier calls of the Agent are answered")
class AnswersInRequestOrder(Rules):
    def answered(self, call, answer):
        call.answer = answer
        for waiting in [c for c in self.calls if c.caller is call.caller]:
            if not hasattr(waiting, "answer"):
                return
            super().answered(waiting, waiting.answer)


@defect("one-call-at-a-time", "SIO-14 SIO-11", "a second call is forwarded only when the first is answered")
class OneCallAtATime(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.held = []

    def forward(self, call):
        if any(c.caller is call.caller for c in self.calls):
            self.held.append(call)
        else:
            super().forward(call)

    def answered(self, call, answer):
        super().answered(call, answer)
        for held in self.held:
            if held.caller is call.caller:
                self.held.remove(held)
                super().forward(held)
                break


@defect("call-blocks-connection", "SIO-11", "while a call is pending, no other event of the Agent is looked at")
class CallBlocksConnection(Rules):
    def received(self, session, event, args, reply):
        if any(call.caller is session for call in self.calls):
            session.held = [*getattr(session, "held", []), (event, args, reply)]
        else:
            super().received(session, event, args, reply)

    def answered(self, call, answer):
        super().answered(call, answer)
        held, call.caller.held = getattr(call.caller, "held", []), []
        for event, args, reply in held:
            self.received(call.caller, event, args, reply)


@defect("call-blocks-server", "SIO-11", "while a call is pending, no event of anybody is looked at")
class CallBlocksServer(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.held = []

    def received(self, session, event, args, reply):
        if self.calls:
            self.held.append((session, event, args, reply))
        else:
            super().received(session, event, args, reply)

    def answered(self, call, answer):
        super().answered(call, answer)
        held, self.held = self.held, []
        for item in held:
            self.received(*item)


@defect("acks-cross-agents", "SIO-13 ROUTE-03", "with calls of two Agents in flight, the answers are exchanged")
class AcksCrossAgents(Rules):
    def answer_call(self, call, answer):
        for other in self.calls:
            if other.caller is not call.caller:
                other.reply, call.reply = call.reply, other.reply
                break
        super().answer_call(call, answer)


@defect("waits-one-second", "ROUTE-23", "a call is given up after 1 s, whatever its timeout says (a SHOULD: warn)", needs="slow warn")
class WaitsOneSecond(Rules):
    def wait_limit(self, call):
        return 1
