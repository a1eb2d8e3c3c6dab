# SPDX-License-Identifier: Apache-2.0
"""The version handshake of revisions 0.2 and later (HS-01 .. HS-28): one method for each decision, so that a defect or a
variant overrides just that one. `GateRules` knows no sockets; `strict_server.py` asks `rejection` before anything else.
"""

import json
import re


class Rejection:
    """An HTTP 400, ready to be sent; for a WebSocket it may be sent as a close frame instead (HS-13)."""

    def __init__(self, body, headers, reason="", status=400):
        self.body = body
        self.headers = headers
        self.reason = reason
        self.status = status


class Knock:
    """One HTTP request that wants in: what the gate may look at."""

    def __init__(self, path, query, headers):
        self.path = path
        self.query = query  # [(name, value)] in order
        self.headers = headers  # found in any case
        self.websocket = headers.get("Upgrade", "").lower() == "websocket"

    @property
    def opens(self):
        """It opens an Engine.IO session, as against belonging to one."""
        return all(name != "sid" for name, _ in self.query)


class GateRules:
    close_code = None  # 4900: refuse a WebSocket by 101 and this close frame
    first_frame = None  # what stands before it

    def rejection(self, knock):
        """What refuses this request, or None."""
        if not self.revision.gate or not self.gated(knock):
            return None
        text = self.version_text(knock)
        if text is None:
            return self.reject(self.missing_body(), knock)
        version = self.parse_version(text)
        if version is None:
            return self.reject(self.invalid_body(text), knock)
        if not self.compatible(self.parse_version(self.revision.version), version):
            return self.reject(self.mismatch_body(text), knock)
        return None

    def gated(self, knock):
        """HS-23, HS-24: the mount path only, there each request."""
        return knock.path.rstrip("/") == "/socket.io" or knock.path.startswith("/socket.io/")

    def version_text(self, knock):
        """HS-21: the first of several counts, an empty one is none."""
        values = [value for name, value in knock.query if name == "a2c_version"]
        return values[0] if values and values[0] else None

    def parse_version(self, text):
        """HS-20: exactly three integers."""
        parts = re.fullmatch(r"([0-9]+)\.([0-9]+)\.([0-9]+)", text)
        return tuple(int(part) for part in parts.groups()) if parts else None

    def compatible(self, ours, theirs):
        """HS-02 .. HS-08."""
        if ours[0] != theirs[0]:
            return False
        return theirs[1] == ours[1] if ours[0] == 0 else theirs[1] <= ours[1]

    def missing_body(self):
        return {"code": 400, "message": "Missing a2c_version query parameter"}

    def invalid_body(self, text):
        return {"code": 400, "message": f"Invalid a2c_version: '{text}'"}

    def mismatch_body(self, text):
        """HS-16, HS-19."""
        major, minor, _ = self.parse_version(self.revision.version)
        return {
            "code": 4008,
            "message": "Protocol version mismatch",
            "server_version": self.revision.version,
            "client_version": text,
            "min_supported": f"{major}.{minor}.0",
            "max_supported": f"{major}.{minor}.999",
        }

    def reject(self, body, knock):
        return Rejection(self.encoded(body).encode(), self.rejection_headers(body), body.get("message", ""))

    def encoded(self, body):
        return json.dumps(body)

    def rejection_headers(self, body):
        """HS-17, HS-18."""
        headers = {"Content-Type": "application/json"}
        if body.get("code") == 4008:
            headers["X-A2C-Error-Code"] = "4008"
        return headers

    def recorded_version(self, query):
        """HS-27: what list_room shows of a session, from the query of its handshake."""
        values = [value for name, value in query if name == "a2c_version"]
        return values[0] if values else None
