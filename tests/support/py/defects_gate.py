# SPDX-License-Identifier: Apache-2.0
"""The version handshake, one decision broken at a time (revisions 0.2 and later; the last two before it)."""

import re

from strict_gate import Rejection
from strict_rules import Rules
from strict_tables import defect

SINCE = "0.2+"


@defect("gate-off", "HS-04 HS-05 HS-06 HS-09 HS-10", "no version is ever looked at", revisions=SINCE)
class GateOff(Rules):
    def gated(self, knock):
        return False


@defect("gate-skips-websocket", "HS-12 HS-14", "a WebSocket is let in whatever it declares", revisions=SINCE)
class GateSkipsWebsocket(Rules):
    def gated(self, knock):
        return super().gated(knock) and not knock.websocket


@defect("gate-skips-polling", "HS-04 HS-05 HS-06 HS-09 HS-10", "only WebSockets are looked at", revisions=SINCE)
class GateSkipsPolling(Rules):
    def gated(self, knock):
        return super().gated(knock) and knock.websocket


@defect("gate-on-every-path", "HS-23", "requests of other paths are refused too", revisions=SINCE)
class GateOnEveryPath(Rules):
    def gated(self, knock):
        return True


@defect("gate-on-path-prefix", "HS-23", "/socket.iofoo is taken for the mount path", revisions=SINCE)
class GateOnPathPrefix(Rules):
    def gated(self, knock):
        return knock.path.startswith("/socket.io")


@defect("gate-behind-authentication", "HS-22", "a wrong key in a header is refused before the version is looked at", needs="auth", revisions=SINCE)
class GateBehindAuthentication(Rules):
    def gated(self, knock):
        return super().gated(knock) and knock.headers.get("x-api-key") in (None, "right")


# ---- what is compatible


@defect("patch-compared", "HS-03", "another PATCH is refused", revisions=SINCE)
class PatchCompared(Rules):
    def compatible(self, ours, theirs):
        return ours == theirs


@defect("newer-patch-refused", "HS-03", "a newer PATCH is refused", revisions=SINCE)
class NewerPatchRefused(Rules):
    def compatible(self, ours, theirs):
        return super().compatible(ours, theirs) and theirs[2] <= ours[2]


@defect("older-minor-accepted", "HS-04", "an older MINOR is let in", revisions=SINCE)
class OlderMinorAccepted(Rules):
    def compatible(self, ours, theirs):
        return ours[0] == theirs[0] and theirs[1] <= ours[1]


@defect("newer-minor-accepted", "HS-05", "a newer MINOR is let in", revisions=SINCE)
class NewerMinorAccepted(Rules):
    def compatible(self, ours, theirs):
        return ours[0] == theirs[0] and theirs[1] >= ours[1]


@defect("other-major-accepted", "HS-06", "another MAJOR is let in when the MINOR fits", revisions=SINCE)
class OtherMajorAccepted(Rules):
    def compatible(self, ours, theirs):
        return theirs[1] == ours[1]


@defect("newer-major-accepted", "HS-06", "a newer MAJOR is let in", revisions=SINCE)
class NewerMajorAccepted(Rules):
    def compatible(self, ours, theirs):
        return theirs[0] > ours[0] or super().compatible(ours, theirs)


@defect("versions-compared-as-text", "HS-05", "0.40.0 is taken for 0.4", revisions=SINCE)
class VersionsComparedAsText(Rules):
    def compatible(self, ours, theirs):
        return ours[0] == theirs[0] and str(theirs[1]).startswith(str(ours[1]))


# ---- what is a version


class Lenient(Rules):
    """Base: more is read as a version than three integers."""

    form = r"([0-9]+)\.([0-9]+)\.([0-9]+)"

    def parse_version(self, text):
        parts = re.fullmatch(self.form, text)
        return tuple(int(part or 0) for part in parts.groups()) if parts else None


@defect("two-parts-accepted", "HS-20", "0.4 is read as a version", revisions=SINCE)
class TwoPartsAccepted(Lenient):
    form = r"([0-9]+)\.([0-9]+)(?:\.([0-9]+))?"


@defect("four-parts-accepted", "HS-20", "0.4.0.0 is read as a version", revisions=SINCE)
class FourPartsAccepted(Lenient):
    form = r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:\.[0-9]+)*"


@defect("suffix-accepted", "HS-20", "0.4.0-dev is read as a version", revisions=SINCE)
class SuffixAccepted(Lenient):
    form = r"([0-9]+)\.([0-9]+)\.([0-9]+)(?:-.*)?"


@defect("letter-v-accepted", "HS-20", "v0.4.0 is read as a version", revisions=SINCE)
class LetterVAccepted(Lenient):
    form = r"v?([0-9]+)\.([0-9]+)\.([0-9]+)"


@defect("patch-may-be-anything", "HS-20", "0.4.x is read as a version", revisions=SINCE)
class PatchMayBeAnything(Rules):
    def parse_version(self, text):
        return super().parse_version(re.sub(r"\.[^.]*$", ".0", text))


@defect("garbage-is-own-version", "HS-10", "what cannot be read counts as the server's own version", revisions=SINCE)
class GarbageIsOwnVersion(Rules):
    def parse_version(self, text):
        return super().parse_version(text) or super().parse_version(self.revision.version)


@defect("missing-is-own-version", "HS-09", "who declares nothing is let in", revisions=SINCE)
class MissingIsOwnVersion(Rules):
    def version_text(self, knock):
        return super().version_text(knock) or self.revision.version


@defect("parameter-found-in-other-names", "HS-09", "xa2c_version is taken for a2c_version", revisions=SINCE)
class ParameterFoundInOtherNames(Rules):
    def version_text(self, knock):
        return next((value for name, value in knock.query if name.endswith("a2c_version")), None)


# ---- how the refusal looks


@defect("missing-as-4008", "HS-09", "a missing version is refused with 4008", revisions=SINCE)
class MissingAs4008(Rules):
    def missing_body(self):
        return {**self.mismatch_body(""), "message": "Missing a2c_version query parameter"}


@defect("invalid-as-4008", "HS-10 HS-20", "an unreadable version is refused with 4008", revisions=SINCE)
class InvalidAs4008(Rules):
    def invalid_body(self, text):
        return {**self.mismatch_body(text), "message": f"Invalid a2c_version: {text}"}


@defect("mismatch-as-400", "HS-04 HS-05 HS-06 HS-16", "another version is refused with code 400", revisions=SINCE)
class MismatchAs400(Rules):
    def mismatch_body(self, text):
        return {**super().mismatch_body(text), "code": 400}


@defect("mismatch-code-as-text", "HS-16 ERR-01", "the code is the text 4008", revisions=SINCE)
class MismatchCodeAsText(Rules):
    def encoded(self, body):
        return super().encoded({**body, "code": str(body["code"])} if body["code"] == 4008 else body)


@defect("code-header-lost", "HS-17", "4008 comes without X-A2C-Error-Code", revisions=SINCE)
class CodeHeaderLost(Rules):
    def rejection_headers(self, body):
        return {"Content-Type": "application/json"}


@defect("code-header-always", "HS-17", "code 400 comes with X-A2C-Error-Code", revisions=SINCE)
class CodeHeaderAlways(Rules):
    def rejection_headers(self, body):
        return {"Content-Type": "application/json", "X-A2C-Error-Code": str(body["code"])}


@defect("code-header-of-4900", "HS-17", "X-A2C-Error-Code says 4900", revisions=SINCE)
class CodeHeaderOf4900(Rules):
    def rejection_headers(self, body):
        headers = super().rejection_headers(body)
        return {**headers, "X-A2C-Error-Code": "4900"} if "X-A2C-Error-Code" in headers else headers


@defect("refusal-as-plain-text", "HS-18", "the Content-Type of refusals is text/plain", revisions=SINCE)
class RefusalAsPlainText(Rules):
    def rejection_headers(self, body):
        return {**super().rejection_headers(body), "Content-Type": "text/plain"}


@defect("refusal-is-text", "HS-18", "the body of refusals is the bare message", revisions=SINCE)
class RefusalIsText(Rules):
    def encoded(self, body):
        return body["message"]


@defect("gate-refusal-nested", "ERR-02 HS-16", "the body of refusals is an envelope", revisions=SINCE)
class GateRefusalNested(Rules):
    def encoded(self, body):
        return super().encoded({"error": body})


@defect("gate-refusal-without-message", "ERR-01 HS-16", "refusals have no message", revisions=SINCE)
class GateRefusalWithoutMessage(Rules):
    def encoded(self, body):
        return super().encoded({key: value for key, value in body.items() if key != "message"})


class OtherStatus(Rules):
    """Base: another HTTP status."""

    status = 403

    def reject(self, body, knock):
        rejection = super().reject(body, knock)
        rejection.status = self.status
        return rejection


@defect("refusal-status-403", "HS-04 HS-09", "refusals come with HTTP 403", revisions=SINCE)
class RefusalStatus403(OtherStatus):
    status = 403


@defect("refusal-status-200", "HS-04 HS-09", "refusals come with HTTP 200", revisions=SINCE)
class RefusalStatus200(OtherStatus):
    status = 200


def body_lacks(member):
    class Lacks(Rules):
        def mismatch_body(self, text):
            return {key: value for key, value in super().mismatch_body(text).items() if key != member}

    return Lacks


for lost in ("server_version", "client_version", "min_supported", "max_supported"):
    what = f"the 4008 body has no {lost}"
    defect(f"mismatch-without-{lost.replace('_', '-')}", "HS-16 ERR-08", what, revisions=SINCE)(body_lacks(lost))


@defect("client-version-is-servers", "HS-16", "client_version is the server's own", revisions=SINCE)
class ClientVersionIsServers(Rules):
    def mismatch_body(self, text):
        return {**super().mismatch_body(text), "client_version": self.revision.version}


@defect("versions-as-lists", "HS-16", "versions of the 4008 body are lists of numbers", revisions=SINCE)
class VersionsAsLists(Rules):
    def mismatch_body(self, text):
        body = super().mismatch_body(text)
        return {key: self.parse_version(value) if key.endswith(("version", "supported")) else value for key, value in body.items()}


# ---- WebSockets


@defect("websocket-refusal-other-body", "HS-12", "a WebSocket gets another body than a poll", revisions=SINCE)
class WebsocketRefusalOtherBody(Rules):
    def reject(self, body, knock):
        return super().reject({**body, "message": "No WebSocket for this version"} if knock.websocket else body, knock)


@defect("websocket-refusal-without-header", "HS-12 HS-17", "4008 has its header only by polling", revisions=SINCE)
class WebsocketRefusalWithoutHeader(Rules):
    def reject(self, body, knock):
        rejection = super().reject(body, knock)
        if knock.websocket:
            rejection.headers.pop("X-A2C-Error-Code", None)
        return rejection


@defect("websocket-refusal-empty", "HS-12", "a WebSocket gets 400 without a body", revisions=SINCE)
class WebsocketRefusalEmpty(Rules):
    def reject(self, body, knock):
        return Rejection(b"", {}) if knock.websocket else super().reject(body, knock)


@defect("websocket-closed-4008", "HS-13 HS-26", "a WebSocket is closed with 4008", revisions=SINCE)
class WebsocketClosed4008(Rules):
    close_code = 4008


@defect("websocket-closed-1000", "HS-13", "a WebSocket is closed with 1000", revisions=SINCE)
class WebsocketClosed1000(Rules):
    close_code = 1000


@defect("websocket-opened-then-closed", "HS-13 HS-14", "a WebSocket gets an open packet before close 4900", revisions=SINCE)
class WebsocketOpenedThenClosed(Rules):
    close_code = 4900
    first_frame = '0{"sid":"gone","upgrades":[],"pingInterval":25000,"pingTimeout":20000,"maxPayload":1000000}'


# ---- what is remembered


@defect("list-without-version", "LIST-07 HS-27", "list_room shows no a2c_version", revisions=SINCE)
class ListWithoutVersion(Rules):
    def info(self, member):
        return {key: value for key, value in super().info(member).items() if key != "a2c_version"}


@defect("list-shows-servers-version", "LIST-07 HS-27", "list_room shows the server's version for everybody", revisions=SINCE)
class ListShowsServersVersion(Rules):
    def shown_version(self, member):
        return self.revision.version


@defect("list-shows-callers-version", "LIST-07 HS-27", "list_room shows the caller's version for everybody", revisions=SINCE)
class ListShowsCallersVersion(Rules):
    def listing(self, session, request):
        listing = super().listing(session, request)
        listing["sessions"] = [{**info, "a2c_version": session.version} for info in listing["sessions"]]
        return listing


@defect("list-shows-null-version", "LIST-07 HS-27", "a2c_version is null", revisions=SINCE)
class ListShowsNullVersion(Rules):
    def shown_version(self, member):
        return None


@defect("list-shows-minor-only", "LIST-07 HS-27", "a2c_version lacks its PATCH", revisions=SINCE)
class ListShowsMinorOnly(Rules):
    def shown_version(self, member):
        return member.version.rpartition(".")[0]


# ---- before there was a gate


class Ungated(Rules):
    """Base: a gate in a revision that has none."""

    def rejection(self, knock):
        asked = any(name == "a2c_version" for name, _ in knock.query)
        refused = knock.path.startswith("/socket.io") and asked is self.refuses_with
        return self.reject({"code": 400, "message": "Bad a2c_version"}, knock) if refused else None


@defect("version-demanded-too-early", "HS-28", "a version is demanded in a revision without a handshake", needs="version", revisions="rfc-0.1")
class VersionDemandedTooEarly(Ungated):
    refuses_with = False


@defect("version-refused-too-early", "HS-28", "who declares a version is refused in a revision without a handshake", needs="version", revisions="rfc-0.1")
class VersionRefusedTooEarly(Ungated):
    refuses_with = True
