# SPDX-License-Identifier: Apache-2.0
"""Other choices that the digest leaves free in revisions 0.2 to 0.4, and encodings of the same thing on the wire."""

import json

from strict_rules import TOOL_CALL, Rules
from strict_tables import variant

SINCE = "0.2+"


class Reserialised:
    """A `json` module for python-socketio that writes the same values in other bytes."""

    JSONDecodeError = json.JSONDecodeError
    loads = staticmethod(json.loads)

    def __init__(self, **options):
        self.options = options

    def dumps(self, value, *_, **__):
        return json.dumps(value, **self.options)


@variant("json-with-blanks", "ROUTE-03 D-14", "everything is written with blanks, characters unescaped")
class JsonWithBlanks(Rules):
    json = Reserialised(ensure_ascii=False)


@variant("json-sorted", "ROUTE-03 D-14", "members are sorted, characters escaped")
class JsonSorted(Rules):
    json = Reserialised(sort_keys=True, separators=(",", ":"))


@variant("json-indented", "ROUTE-03 D-14", "everything is indented over several lines")
class JsonIndented(Rules):
    json = Reserialised(indent=1)


@variant("isolation-refused-silently", "ROUTE-05 D-02", "unknown Computers get 404, all other refusals no ack (Python SDK)", revisions=SINCE)
class IsolationRefusedSilently(Rules):
    def relay(self, session, event, args, reply):
        named = args[0].get("computer") if args and isinstance(args[0], dict) else None
        foreign = any(s.office not in (None, session.office) and s.name == named for s in self.sessions)
        if foreign and self.find_computer(session, event, {"computer": named}) is None:
            return
        super().relay(session, event, args, reply)

    def refuse_call(self, event, request, reply, error):
        if error["code"] == 404:
            super().refuse_call(event, request, reply, error)


class OtherRefusal(Rules):
    """Base: another code for who may not call; unknown Computers stay 404 (ROUTE-09)."""

    code = 403

    def refuse_call(self, event, request, reply, error):
        super().refuse_call(event, request, reply, error if error["code"] == 404 else {**error, "code": self.code})


@variant("refusals-all-404", "ROUTE-15 U-10", "a Computer's client:* and a malformed one get 404", revisions=SINCE)
class RefusalsAll404(OtherRefusal):
    code = 404


@variant("refusals-all-400", "ROUTE-15 U-10", "a Computer's client:* gets 400", revisions=SINCE)
class RefusalsAll400(OtherRefusal):
    code = 400


@variant("refusals-all-403", "ROUTE-15 U-10", "a malformed client:* gets 403", revisions=SINCE)
class RefusalsAll403(OtherRefusal):
    code = 403


@variant("foreign-computer-403", "ROUTE-05 U-10", "a Computer of another office is refused with 403", revisions=SINCE)
class ForeignComputer403(Rules):
    def refuse_call(self, event, request, reply, error):
        known = request and any(s.name == request["computer"] for s in self.sessions)
        foreign = {"code": 403, "message": "Cross-room access denied"}
        super().refuse_call(event, request, reply, foreign if known and error["code"] == 404 else error)


@variant("roomless-4103", "ROUTE-14 D-18", "an Agent without an office gets 4103, as later revisions have it", revisions=SINCE)
class Roomless4103(Rules):
    def call_refusal(self, session, request):
        refusal = super().call_refusal(session, request)
        return refusal if refusal or session.office else {"code": 4103, "message": "Not in any room"}


@variant("errors-with-details", "ERR-01 ERR-12", "every error has details and members unknown to the digest", revisions=SINCE)
class ErrorsWithDetails(Rules):
    def error(self, error):
        return {**error, "details": {"hint": None, "retry": False, "n": 1.5}, "trace_id": "00-f3"}


@variant("reports-acked", "CANCEL-07 D-16", "update_* and cancel get [] when an ack is asked for (Python SDK)", revisions=SINCE)
class ReportsAcked(Rules):
    def answer_report(self, reply):
        reply.send()


@variant("cancel-in-foreign-name", "D-07", "a cancel in another name is relayed as it came", revisions=SINCE)
class CancelInForeignName(Rules):
    def cancels_own(self, session, request):
        return True


@variant("cancel-by-session-name", "D-07", "a cancel in another name is relayed in the sender's own", revisions=SINCE)
class CancelBySessionName(CancelInForeignName):
    def tell_cancelled(self, session, request):
        super().tell_cancelled(session, {**request, "agent": session.name})


@variant("list-more-members-again", "SCH-14", "SessionInfo and the list have members that the digest does not know", revisions=SINCE)
class ListMoreMembersAgain(Rules):
    def info(self, member):
        return {**super().info(member), "joined_at": 1.5, "capabilities": [], "transport": None}

    def listing(self, session, request):
        return {**super().listing(session, request), "office_id": request["office_id"], "total": 1}


@variant("list-refused-4104", "LIST-09 D-12", "list_room of another office gets 4104, as later revisions have it", revisions=SINCE)
class ListRefused4104(Rules):
    def refuse_list(self, request, reply, error):
        reply.send({**error, "code": 4104, "details": {"office_id": request["office_id"]}} if request else error)


@variant("list-refused-by-silence-of-strangers", "LIST-09 D-12", "only malformed list_room gets an error", revisions=SINCE)
class ListRefusedSomewhat(Rules):
    def refuse_list(self, request, reply, error):
        if request is None:
            reply.send(error)


@variant("typed-results-again", "ROUTE-18 D-14", "unknown members of get_* results are dropped, errors pass (Python SDK)", revisions=SINCE)
class TypedResultsAgain(Rules):
    KNOWN = {
        "client:get_tools": ("tools", "req_id"),
        "client:get_desktop": ("desktops", "req_id"),
        "client:get_config": ("servers", "inputs"),
        "client:get_resources": ("resources", "next_cursor", "req_id"),
        "client:get_skills": ("skills", "req_id"),
        "client:get_skill": ("name", "rel_path", "mime_type", "total_size", "sha256", "body", "blob_handle", "req_id"),
        "client:get_blob": ("blob_handle", "mime_type", "total_size", "sha256", "chunk_offset", "eof", "blob", "req_id"),
        "client:put_blob": ("upload_id", "chunk_offset", "landing_path", "total_size", "sha256", "req_id"),
    }

    def answer_call(self, call, answer):
        if call.event != TOOL_CALL and answer and isinstance(answer[0], dict) and "code" not in answer[0]:
            answer = [{key: value for key, value in answer[0].items() if key in self.KNOWN[call.event]}]
        super().answer_call(call, answer)


@variant("typed-requests-again", "ROUTE-19 D-14", "unknown members of requests are dropped (Rust SDK)", revisions=SINCE)
class TypedRequestsAgain(Rules):
    KNOWN = (
        "agent req_id computer tool_name params timeout desktop_size window mcp_server cursor name rel_path blob_handle "
        "chunk_offset max_chunk_bytes upload_id eof total_size sha256 name_hint blob"
    ).split()

    def forwarded(self, call):
        return {key: value for key, value in super().forwarded(call).items() if key in self.KNOWN}


@variant("connects-by-any-version-in-list", "LIST-07", "a2c_version of list_room stands first", revisions=SINCE)
class VersionFirst(Rules):
    def info(self, member):
        return dict(reversed(super().info(member).items()))


@variant("noop-before-messages", "SIO-22", "a polling client gets a noop before each message")
class NoopBeforeMessages(Rules):
    noops = True
