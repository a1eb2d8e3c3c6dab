# SPDX-License-Identifier: Apache-2.0
"""The calls and reports that came with 0.2 to 0.4, and what becomes of their errors."""

import copy

from strict_rules import CANCEL, Rules
from strict_tables import defect

SINCE = "0.2+"
NEW_CALLS = {
    "get_resources": (SINCE, "RES-01"),
    "get_skills": (SINCE, "SKILL-25"),
    "get_skill": (SINCE, "SKILL-25"),
    "get_blob": (SINCE, "BLOB-01"),
    "put_blob": ("0.4+", "PUT-01"),
}


def not_routed(event):
    class NotRouted(Rules):
        def relay(self, session, name, args, reply):
            if name == event:
                self.unknown_event(session, name, args, reply)
            else:
                super().relay(session, name, args, reply)

    return NotRouted


def cross_office(event):
    class CrossOffice(Rules):
        def find_computer(self, session, name, request):
            found = super().find_computer(session, name, request)
            if found or name != event:
                return found
            everybody = [s for s in self.sessions if s.role == "computer" and s.office is not None]
            return next((s for s in everybody if s.name == request["computer"]), None)

    return CrossOffice


def by_computers(event):
    class ByComputers(Rules):
        def call_refusal(self, session, request):
            refusal = super().call_refusal(session, request)
            return None if refusal and refusal["code"] == 403 and self.asked == event else refusal

        def relay(self, session, name, args, reply):
            self.asked = name
            super().relay(session, name, args, reply)

    return ByComputers


for kind, (revisions, rule) in NEW_CALLS.items():
    event, name = f"client:{kind}", kind.replace("_", "-")
    defect(f"{name}-not-routed", f"{rule} ROUTE-30 ROUTE-01", f"{event} reaches nobody", revisions=revisions)(not_routed(event))
    defect(f"{name}-across-offices", "ROUTE-08 SEC-01", f"{event} reaches other offices", revisions=revisions)(cross_office(event))
    defect(f"{name}-by-computers", "ROUTE-15", f"a Computer may issue {event}", revisions=revisions)(by_computers(event))


# ---- requests and results of them


class ChangedRequest(Rules):
    """Base: one member of one request is lost on the way."""

    event = ""
    lost = ()

    def forwarded(self, call):
        request = super().forwarded(call)
        if call.event != self.event:
            return request
        return {key: value for key, value in request.items() if key not in self.lost}


def request_lacks(event, *lost):
    return type("RequestLacks", (ChangedRequest,), {"event": f"client:{event}", "lost": lost})


for kind, member, rules, revisions in (
    ("get_resources", "mcp_server", "RES-01", SINCE),
    ("get_resources", "cursor", "RES-01", SINCE),
    ("get_skill", "rel_path", "SKILL-25 ROUTE-01", SINCE),
    ("get_blob", "chunk_offset", "BLOB-01", SINCE),
    ("get_blob", "max_chunk_bytes", "BLOB-01", SINCE),
    ("put_blob", "upload_id", "PUT-01", "0.4+"),
    ("put_blob", "sha256", "PUT-01", "0.4+"),
):
    name = f"{kind}-without-{member}".replace("_", "-")
    defect(name, rules, f"{member} of client:{kind} is not forwarded", revisions=revisions)(request_lacks(kind, member))


class ChangedAnswer(Rules):
    """Base: the answer to some events is changed."""

    events = ()

    def answer_call(self, call, answer):
        if call.event in self.events and answer and isinstance(answer[0], dict):
            answer = self.changed(call, copy.deepcopy(answer))
        super().answer_call(call, answer)


@defect("next-cursor-lost", "RES-01 ROUTE-03", "next_cursor is dropped", revisions=SINCE)
class NextCursorLost(ChangedAnswer):
    events = ("client:get_resources",)

    def changed(self, call, answer):
        answer[0].pop("next_cursor", None)
        return answer


@defect("skills-sorted", "SKILL-25 ROUTE-03", "skills are sorted by name backwards", revisions=SINCE)
class SkillsSorted(ChangedAnswer):
    events = ("client:get_skills",)

    def changed(self, call, answer):
        skills = answer[0].get("skills")
        if isinstance(skills, list):
            answer[0]["skills"] = list(reversed(skills))
        return answer


@defect("skill-body-cut", "SKILL-25 ROUTE-03", "the body of a skill is cut", revisions=SINCE)
class SkillBodyCut(ChangedAnswer):
    events = ("client:get_skill",)

    def changed(self, call, answer):
        if isinstance(answer[0].get("body"), str):
            answer[0]["body"] = answer[0]["body"][:-1]
        return answer


@defect("blob-decoded", "BLOB-01 ROUTE-03", "a blob loses its last three bytes", revisions=SINCE)
class BlobCut(ChangedAnswer):
    events = ("client:get_blob",)

    def changed(self, call, answer):
        if isinstance(answer[0].get("blob"), str):
            answer[0]["blob"] = answer[0]["blob"][:-4]
        return answer


@defect("blob-always-eof", "BLOB-01 ROUTE-03", "eof is true on every chunk", revisions=SINCE)
class BlobAlwaysEof(ChangedAnswer):
    events = ("client:get_blob",)

    def changed(self, call, answer):
        return [{**answer[0], "eof": True}, *answer[1:]] if "eof" in answer[0] else answer


@defect("blob-chunk-lost", "BLOB-01 ROUTE-03", "the second chunk of a blob is never answered", revisions=SINCE)
class BlobChunkLost(Rules):
    def answer_call(self, call, answer):
        if call.event == "client:get_blob" and call.request.get("chunk_offset"):
            return
        super().answer_call(call, answer)


@defect("blob-first-chunk-cached", "BLOB-01", "a later chunk is answered with the first one, without asking", revisions=SINCE)
class BlobFirstChunkCached(Rules):
    def forward(self, call):
        known = getattr(self, "chunks", {}).get((call.request.get("blob_handle"), call.request["computer"]))
        if call.event == "client:get_blob" and known:
            call.reply.send(*known)
        else:
            super().forward(call)

    def answer_call(self, call, answer):
        super().answer_call(call, answer)
        if call.event == "client:get_blob":
            self.chunks = {**getattr(self, "chunks", {}), (call.request.get("blob_handle"), call.request["computer"]): answer}


@defect("upload-buffered", "PUT-01", "chunks of an upload are acked by the server; only the last goes on", revisions="0.4+")
class UploadBuffered(Rules):
    def forward(self, call):
        if call.event == "client:put_blob" and call.request.get("eof") is False:
            offset, req_id = call.request.get("chunk_offset"), call.request.get("req_id")
            call.reply.send({"upload_id": "u", "chunk_offset": offset, "req_id": req_id})
        else:
            super().forward(call)


@defect("landing-path-lost", "PUT-01 ROUTE-03", "landing_path is dropped", revisions="0.4+")
class LandingPathLost(ChangedAnswer):
    events = ("client:put_blob",)

    def changed(self, call, answer):
        answer[0].pop("landing_path", None)
        return answer


# ---- errors of a Computer (ROUTE-20, ROUTE-21)


class ChangedError(Rules):
    """Base: the ErrorPayload of a Computer is changed."""

    def answer_call(self, call, answer):
        error = answer[0] if answer and isinstance(answer[0], dict) else {}
        if isinstance(error.get("code"), int) and "content" not in error:
            answer = self.changed(copy.deepcopy(error))
        if answer is not None:
            super().answer_call(call, answer)


@defect("error-wrapped", "ROUTE-21 ERR-02", "the Computer's error is put into an envelope", revisions=SINCE)
class ErrorWrapped(ChangedError):
    def changed(self, error):
        return [{"error": error}]


@defect("error-as-err", "ROUTE-21", 'the Computer\'s error arrives as {"Err":...}', revisions=SINCE)
class ErrorAsErr(ChangedError):
    def changed(self, error):
        return [{"Err": error}]


@defect("error-swallowed", "ROUTE-20", "the Computer's error is not acked", revisions=SINCE)
class ErrorSwallowed(ChangedError):
    def changed(self, error):
        return None


@defect("error-details-lost", "ROUTE-20", "details are dropped", revisions=SINCE)
class ErrorDetailsLost(ChangedError):
    def changed(self, error):
        error.pop("details", None)
        return [error]


@defect("error-members-lost", "ROUTE-20", "members of an error other than code, message and details are dropped", revisions=SINCE)
class ErrorMembersLost(ChangedError):
    def changed(self, error):
        return [{key: error[key] for key in ("code", "message", "details") if key in error}]


@defect("error-message-replaced", "ROUTE-20", "the message is the server's own", revisions=SINCE)
class ErrorMessageReplaced(ChangedError):
    def changed(self, error):
        return [{**error, "message": "The Computer failed"}]


@defect("error-unknown-code-mapped", "ROUTE-20", "codes that the server does not know become 500", revisions=SINCE)
class ErrorUnknownCodeMapped(ChangedError):
    KNOWN = (400, 401, 403, 404, 408, 500, *range(4001, 4009), *range(4014, 4020))

    def changed(self, error):
        return [error if error["code"] in self.KNOWN else {**error, "code": 500}]


@defect("error-4014-mapped", "ROUTE-20", "4014 becomes 404", revisions=SINCE)
class Error4014Mapped(ChangedError):
    def changed(self, error):
        return [{**error, "code": 404} if error["code"] == 4014 else error]


@defect("error-as-result", "ROUTE-20 ROUTE-21", "the Computer's error becomes a result with isError true", revisions=SINCE)
class ErrorAsResult(ChangedError):
    def changed(self, error):
        text = {"type": "text", "text": error.get("message", "")}
        return [{"content": [text], "isError": True}]


@defect("error-as-list", "ROUTE-21 SIO-10", "the Computer's error arrives as a list", revisions=SINCE)
class ErrorAsList(ChangedError):
    def changed(self, error):
        return [[error]]


@defect("error-with-null-first", "SIO-10 ROUTE-20", "an error is the second argument, behind null", revisions=SINCE)
class ErrorWithNullFirst(ChangedError):
    def changed(self, error):
        return [None, error]


@defect("errors-of-get-tools-swallowed", "TLIST-12 ROUTE-20", "errors of get_tools and get_desktop are not acked", revisions=SINCE)
class ErrorsOfGetToolsSwallowed(Rules):
    def answer_call(self, call, answer):
        error = bool(answer) and isinstance(answer[0], dict) and "code" in answer[0]
        if not (error and call.event in ("client:get_tools", "client:get_desktop")):
            super().answer_call(call, answer)


# ---- errors of the server itself


class OtherError(Rules):
    """Base: what an unknown Computer is answered."""

    def refuse_call(self, event, request, reply, error):
        if error["code"] == 404:
            self.answer_unknown(event, request, reply, error)
        else:
            super().refuse_call(event, request, reply, error)


@defect("unknown-computer-silent", "ROUTE-09", "an unknown Computer gets no ack", revisions=SINCE)
class UnknownComputerSilent(OtherError):
    def answer_unknown(self, event, request, reply, error):
        pass


@defect("unknown-computer-as-result", "ROUTE-09", "an unknown Computer gets a result with isError true", revisions=SINCE)
class UnknownComputerAsResult(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({"content": [{"type": "text", "text": error["message"]}], "isError": True})


@defect("unknown-computer-nested", "ROUTE-09 ERR-02", "an unknown Computer gets an envelope", revisions=SINCE)
class UnknownComputerNested(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({"error": error})


@defect("unknown-computer-500", "ROUTE-09", "an unknown Computer gets 500", revisions=SINCE)
class UnknownComputer500(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({**error, "code": 500})


@defect("unknown-computer-code-as-text", "ROUTE-09 ERR-01", "the code is the text 404", revisions=SINCE)
class UnknownComputerCodeAsText(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({**error, "code": "404"})


@defect("unknown-computer-without-message", "ERR-01", "404 has no message", revisions=SINCE)
class UnknownComputerWithoutMessage(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({"code": 404})


@defect("unknown-computer-details-text", "ERR-01", "details of an error is a text", revisions=SINCE)
class UnknownComputerDetailsText(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send({**error, "details": "no such Computer"})


@defect("unknown-computer-two-arguments", "SIO-10 ROUTE-09", "404 has a second ack argument", revisions=SINCE)
class UnknownComputerTwoArguments(OtherError):
    def answer_unknown(self, event, request, reply, error):
        reply.send(error, None)


@defect("error-with-stack-trace", "ERR-05", "details of 404 has a stack trace", revisions=SINCE)
class ErrorWithStackTrace(OtherError):
    def answer_unknown(self, event, request, reply, error):
        trace = 'Traceback (most recent call last):\n  File "/srv/app/namespace.py", line 7, in relay\nKeyError: 1'
        reply.send({**error, "details": {"trace": trace}})


@defect("expiry-as-404", "DISC-09", "a call that is waited for too long is answered 404", needs="slow", revisions=SINCE)
class ExpiryAs404(Rules):
    def expired(self, call):
        if call in self.calls:
            call.reply.send(self.not_found())
        super().expired(call)


@defect("cancel-refused-aloud", "CANCEL-07", "a cancel without effect is acked with 403", revisions=SINCE)
class CancelRefusedAloud(Rules):
    def cancel(self, session, args, reply):
        super().cancel(session, args, reply)
        if not self.may_cancel(session, {"agent": None, **(args[0] if args and isinstance(args[0], dict) else {})}):
            reply.send({"code": 403, "message": "Only the calling Agent may cancel"})


@defect("cancel-acked-with-result", "CANCEL-07", "a cancel is acked with an object", revisions=SINCE)
class CancelAckedWithResult(Rules):
    def received(self, session, event, args, reply):
        super().received(session, event, args, reply)
        if event == CANCEL:
            reply.send({"cancelled": True})


@defect("cancel-ends-the-call", "CANCEL-19 CANCEL-07", "a cancelled call is answered 4004 by the server", revisions=SINCE)
class CancelEndsTheCall(Rules):
    def tell_cancelled(self, session, request):
        super().tell_cancelled(session, request)
        for call in [c for c in self.calls if c.caller is session and c.request.get("req_id") == request["req_id"]]:
            self.calls.remove(call)
            call.reply.send({"code": 4004, "message": "Cancelled"})


@defect("finder-still-relayed", "FIND-04", "client:get_finder is still relayed", revisions=SINCE)
class FinderStillRelayed(Rules):
    def received(self, session, event, args, reply):
        if event == "client:get_finder":
            self.relay(session, event, args, reply)
        else:
            super().received(session, event, args, reply)


@defect("finder-still-broadcast", "FIND-04", "server:update_finder is still broadcast", revisions=SINCE)
class FinderStillBroadcast(Rules):
    def received(self, session, event, args, reply):
        if event == "server:update_finder" and args and self.may_update(session):
            self.tell_updated(session, "notify:update_finder", args[0])
        else:
            super().received(session, event, args, reply)


# ---- update_skills

SKILLS = "server:update_skills"


class ChangedSkillsUpdate(Rules):
    """Base: update_skills alone is handled otherwise."""

    def update(self, session, event, args, reply):
        if event == SKILLS:
            self.update_skills(session, args, reply)
        else:
            super().update(session, event, args, reply)

    def told(self, session, args, reply):
        """As the clean server does."""
        Rules.update(self, session, SKILLS, args, reply)

    def sound(self, session, args):
        return bool(args) and isinstance(args[0], dict) and "computer" in args[0] and self.may_update(session)


@defect("update-skills-lost", "UPD-04 SKILL-23", "update_skills is not broadcast", revisions=SINCE)
class UpdateSkillsLost(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        pass


@defect("update-skills-to-all", "UPD-12 SEC-01 NOTIFY-05", "update_skills is told to every office", revisions=SINCE)
class UpdateSkillsToAll(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        if self.sound(session, args):
            for other in [s for s in self.sessions if s is not session]:
                self.port.emit(other, "notify:update_skills", {"computer": args[0]["computer"]})


@defect("update-skills-echoed", "UPD-12 NOTIFY-14", "update_skills is told to its sender too", revisions=SINCE)
class UpdateSkillsEchoed(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        self.told(session, args, reply)
        if self.sound(session, args):
            self.port.emit(session, "notify:update_skills", {"computer": args[0]["computer"]})


@defect("update-skills-to-agents", "NOTIFY-15", "update_skills is told to Agents only", revisions=SINCE)
class UpdateSkillsToAgents(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        if self.sound(session, args):
            for member in [m for m in self.audience(session, session.office) if m.role == "agent"]:
                self.port.emit(member, "notify:update_skills", {"computer": args[0]["computer"]})


@defect("update-skills-by-agent", "UPD-06", "an Agent may report update_skills", revisions=SINCE)
class UpdateSkillsByAgent(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        if args and isinstance(args[0], dict) and "computer" in args[0] and session.office is not None:
            self.tell_updated(session, "notify:update_skills", args[0])


@defect("update-skills-other-event", "UPD-04", "update_skills is told as notify:update_tool_list", revisions=SINCE)
class UpdateSkillsOtherEvent(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        if self.sound(session, args):
            self.tell_updated(session, "notify:update_tool_list", args[0])


@defect("update-skills-twice", "UPD-04", "update_skills is told twice", revisions=SINCE)
class UpdateSkillsTwice(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        for _ in range(2):
            self.told(session, args, reply)


@defect("update-skills-roomless-leaks", "UPD-07 SEC-01", "update_skills from no office reaches every client", revisions=SINCE)
class UpdateSkillsRoomlessLeaks(ChangedSkillsUpdate):
    def update_skills(self, session, args, reply):
        self.told(session, args, reply)
        if session.role == "computer" and session.office is None and args:
            for other in [s for s in self.sessions if s is not session]:
                self.port.emit(other, "notify:update_skills", args[0])
