# SPDX-License-Identifier: Apache-2.0
"""Other choices that the digest leaves free at the version handshake of revisions 0.2 and later."""

import json

from strict_rules import Rules
from strict_tables import variant

SINCE = "0.2+"


@variant("websocket-closed-4900", "HS-13", "a WebSocket of another version gets 101 and close 4900 with a reason", revisions=SINCE)
class WebsocketClosed(Rules):
    close_code = 4900


@variant("websocket-closed-bare", "HS-13", "101 and close 4900 without a reason", revisions=SINCE)
class WebsocketClosedBare(Rules):
    close_code = 4900

    def reject(self, body, knock):
        rejection = super().reject(body, knock)
        rejection.reason = ""
        return rejection


@variant("websocket-closed-long", "HS-13", "101 and close 4900 with a reason of 123 bytes", revisions=SINCE)
class WebsocketClosedLong(Rules):
    close_code = 4900

    def reject(self, body, knock):
        rejection = super().reject(body, knock)
        rejection.reason = "x" * 123
        return rejection


@variant("mismatch-more-members", "HS-16 ERR-12", "the 4008 body has details and members that the digest does not know", revisions=SINCE)
class MismatchMoreMembers(Rules):
    def mismatch_body(self, text):
        return {**super().mismatch_body(text), "details": {"path": "/smcp"}, "hint": None, "documentation": "see the manual"}


@variant("gate-other-texts", "HS-19", "other messages for 4008", revisions=SINCE)
class GateOtherTexts(Rules):
    def mismatch_body(self, text):
        return {**super().mismatch_body(text), "message": f"This server does not speak {text} \u2014 sorry"}


@variant("gate-texts-with-more", "HS-09 HS-10", "messages of code 400 that say more", revisions=SINCE)
class GateTextsWithMore(Rules):
    def invalid_body(self, text):
        return {**super().invalid_body(text), "message": f"Invalid a2c_version: {text!r}, expected MAJOR.MINOR.PATCH"}


@variant("gate-content-type-charset", "HS-18", "the Content-Type of refusals names a charset", revisions=SINCE)
class GateCharset(Rules):
    def rejection_headers(self, body):
        return {**super().rejection_headers(body), "Content-Type": "application/json; charset=utf-8"}


@variant("gate-lower-case-headers", "HS-17", "header names in lower case; the connection ends", revisions=SINCE)
class GateLowerCase(Rules):
    def rejection_headers(self, body):
        headers = {name.lower(): value for name, value in super().rejection_headers(body).items()}
        return {**headers, "connection": "close", "cache-control": "no-store"}


@variant("gate-handshakes-only", "HS-24", "only the request that opens a session is looked at", revisions=SINCE)
class GateHandshakesOnly(Rules):
    def gated(self, knock):
        return super().gated(knock) and knock.opens


@variant("gate-with-slash-only", "HS-23", "the mount path without its slash is another path", revisions=SINCE)
class GateWithSlashOnly(Rules):
    def gated(self, knock):
        return knock.path == "/socket.io/"


@variant("gate-encoded-otherwise", "HS-16", "the body has another order, blanks and escapes", revisions=SINCE)
class GateEncodedOtherwise(Rules):
    def encoded(self, body):
        return json.dumps(dict(reversed(body.items())), indent=2).replace("/", "\\/") + "\n"


@variant("gate-other-band", "HS-19", "min_supported and max_supported are spelled otherwise", revisions=SINCE)
class GateOtherBand(Rules):
    def mismatch_body(self, text):
        band = super().mismatch_body(text)
        return {**band, "max_supported": band["server_version"]}


@variant("version-empty-is-invalid", "HS-21", "an empty version is invalid rather than missing", revisions=SINCE)
class VersionEmptyIsInvalid(Rules):
    def version_text(self, knock):
        return next((value for name, value in knock.query if name == "a2c_version"), None)


@variant("version-like-int", "HS-20 D-33", "parts are read as Python's int() reads them", revisions=SINCE)
class VersionLikeInt(Rules):
    def parse_version(self, text):
        try:
            parts = tuple(int(part) for part in text.split("."))
        except ValueError:
            return None
        return parts if len(parts) == 3 and min(parts) >= 0 else None


@variant("version-without-leading-zeros", "HS-20", "leading zeros are refused", revisions=SINCE)
class VersionWithoutLeadingZeros(Rules):
    def parse_version(self, text):
        parsed = super().parse_version(text)
        return parsed if parsed and ".".join(map(str, parsed)) == text else None


@variant("version-of-32-bits", "HS-20", "parts beyond 32 bits are refused", revisions=SINCE)
class VersionOf32Bits(Rules):
    def parse_version(self, text):
        parsed = super().parse_version(text)
        return parsed if parsed and max(parsed) < 1 << 32 else None


@variant("version-last-wins", "HS-21", "of several versions the last one counts", revisions=SINCE)
class VersionLastWins(Rules):
    def version_text(self, knock):
        values = [value for name, value in knock.query if name == "a2c_version"]
        return values[-1] if values and values[-1] else None


@variant("version-repeated-is-invalid", "HS-21", "several versions are refused with code 400", revisions=SINCE)
class VersionRepeatedIsInvalid(Rules):
    def version_text(self, knock):
        values = [value for name, value in knock.query if name == "a2c_version"]
        return ",".join(values) or None
