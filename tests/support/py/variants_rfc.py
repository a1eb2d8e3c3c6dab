# SPDX-License-Identifier: Apache-2.0
"""Other choices that the early draft leaves free: it says neither how a join is acked nor how a refusal looks (U-03, D-44)."""

from strict_rules import Rules
from strict_tables import variant

ONLY = "rfc"


@variant("rfc-acks-empty", "RFC-08 U-03", "join and leave are acked with []", revisions=ONLY)
class AcksEmpty(Rules):
    def answer_join(self, reply):
        reply.send()

    def answer_leave(self, reply):
        reply.send()


@variant("rfc-acks-object", "RFC-08 U-03", "join and leave are acked with an object", revisions=ONLY)
class AcksObject(Rules):
    def answer_join(self, reply):
        reply.send({"status": "ok"})

    def answer_leave(self, reply):
        reply.send({"status": "ok"})


@variant("rfc-acks-true", "RFC-08 U-03", "join and leave are acked with true", revisions=ONLY)
class AcksTrue(Rules):
    def answer_join(self, reply):
        reply.send(True)

    def answer_leave(self, reply):
        reply.send(True)


@variant("rfc-acks-null", "RFC-08 U-03", "join and leave are acked with null", revisions=ONLY)
class AcksNull(Rules):
    def answer_join(self, reply):
        reply.send(None)

    def answer_leave(self, reply):
        reply.send(None)


@variant("rfc-refusal-envelope", "RFC-06", "a refused join gets the error envelope", revisions=ONLY)
class RefusalEnvelope(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send({"error": {"code": 403, "message": problem, "details": {}}})


@variant("rfc-refusal-false", "RFC-08 U-03", "a refused join gets false and nothing else", revisions=ONLY)
class RefusalFalse(Rules):
    def refuse_join(self, session, request, reply, problem):
        reply.send(False)


@variant("rfc-refusal-silent", "RFC-06 U-03", "a refused join gets no ack", revisions=ONLY)
class RefusalSilent(Rules):
    def refuse_join(self, session, request, reply, problem):
        pass


@variant("rfc-refusal-sid-text", "ROOM-45 D-09", "the second Agent is refused in the words of the draft", revisions=ONLY)
class RefusalSidText(Rules):
    def refuse_join(self, session, request, reply, problem):
        text = "Agent sid should be equal to office_id"
        super().refuse_join(session, request, reply, text if "agent" in problem else problem)


@variant("rfc-flat-errors", "RFC-06", "errors are flat", revisions=ONLY)
class FlatErrors(Rules):
    def error(self, error):
        return error


@variant("rfc-calls-refused-silently", "RFC-06", "a refused client:* gets no ack", revisions=ONLY)
class CallsRefusedSilently(Rules):
    def refuse_call(self, event, request, reply, error):
        pass


@variant("rfc-reports-without-ack", "RFC-08 U-03", "reports and cancels have no ack", revisions=ONLY)
class ReportsWithoutAck(Rules):
    def answer_report(self, reply):
        pass


@variant("rfc-cancel-own-only", "CANCEL-20", "a cancel must name the sender", revisions=ONLY)
class CancelOwnOnly(Rules):
    def cancels_own(self, session, request):
        return session.name == request.get("robot_id", request.get("agent"))


@variant("rfc-other-identity-null", "RFC-04", "the other identity key is present and null", revisions=ONLY)
class OtherIdentityNull(Rules):
    def identity(self, session):
        return {"agent": None, "computer": None, **super().identity(session)}


@variant("rfc-update-session-name", "RFC-03", "update notices carry the sender's name", revisions=ONLY)
class UpdateSessionName(Rules):
    def tell_updated(self, session, event, request):
        super().tell_updated(session, event, {"computer": session.name})


@variant("rfc-ids-of-agents", "ROOM-45 D-44", "an Agent may only join the office that has its own name", needs="observe", revisions=ONLY)
class IdsOfAgents(Rules):
    def join_problem(self, session, request):
        if request and request["role"] == "agent" and request["office_id"] != request["name"]:
            return "Agent sid should be equal to office_id"
        return super().join_problem(session, request)
