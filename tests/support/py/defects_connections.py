# SPDX-License-Identifier: Apache-2.0
"""Cancels and updates from the wrong senders, credentials, namespaces, transports."""

from strict_rules import Rules
from strict_tables import defect


@defect("cancel-by-computer", "CANCEL-04", "a Computer may cancel")
class CancelByComputer(Rules):
    def cancels_as_agent(self, session):
        return True


@defect("cancel-foreign-agent", "CANCEL-05", "a cancel in another Agent's name is accepted", revisions="0.1")
class CancelForeignAgent(Rules):
    def cancels_own(self, session, request):
        return True


@defect("cancel-roomless-leaks", "CANCEL-03 SEC-01", "a cancel from no office reaches every client (Python SDK 0.1)")
class CancelRoomlessLeaks(Rules):
    def has_office(self, session):
        return True

    def may_update(self, session):
        return session.role == "computer" and session.office is not None

    def audience(self, session, office):
        everybody = [s for s in self.sessions if s is not session]
        return everybody if office is None else super().audience(session, office)


@defect("update-roomless-leaks", "UPD-07 SEC-01", "an update from no office reaches every client (Python SDK 0.1)")
class UpdateRoomlessLeaks(Rules):
    def may_update(self, session):
        return session.role == "computer"

    def audience(self, session, office):
        everybody = [s for s in self.sessions if s is not session]
        return everybody if office is None else super().audience(session, office)


@defect("update-by-agent", "UPD-06", "an Agent may report updates")
class UpdateByAgent(Rules):
    def may_update(self, session):
        return session.office is not None


# ---- connections and credentials


@defect("any-key-accepted", "AUTH-02", "a wrong key is accepted", needs="auth")
class AnyKeyAccepted(Rules):
    @staticmethod
    def admits(credential, environ, auth):
        place, name, _ = credential or ("auth", "", "")
        given = environ.get("HTTP_" + name.upper().replace("-", "_")) if place == "header" else (auth or {}).get(name)
        return credential is None or given is not None


@defect("missing-key-accepted", "AUTH-02", "a client without key is accepted", needs="auth")
class MissingKeyAccepted(Rules):
    @staticmethod
    def admits(credential, environ, auth):
        place, name, key = credential or ("auth", "", "")
        given = environ.get("HTTP_" + name.upper().replace("-", "_")) if place == "header" else (auth or {}).get(name)
        return credential is None or given in (None, key)


@defect("right-key-refused", "AUTH-01", "nobody is let in (Python SDK 0.1.2)", needs="auth")
class RightKeyRefused(Rules):
    @staticmethod
    def admits(credential, environ, auth):
        return credential is None


@defect("refused-client-effective", "AUTH-03", "what a refused client sends still takes effect", needs="auth")
class RefusedClientEffective(Rules):
    serves_refused = True


@defect("default-namespace-effective", "SIO-01", "events on the namespace / take effect")
class DefaultNamespaceEffective(Rules):
    serves_default_namespace = True


@defect("unconnected-effective", "SIO-18", "events before CONNECT take effect")
class UnconnectedEffective(Rules):
    serves_unconnected = True


@defect("malformed-disconnects-office", "SIO-21", "a malformed payload throws the sender's whole office out")
class MalformedDisconnectsOffice(Rules):
    def received(self, session, event, args, reply):
        if len(args) != 1 or not isinstance(args[0], dict):
            for member in list(self.members(session.office)):
                self.port.kick(member)
            return
        super().received(session, event, args, reply)


@defect("malformed-ends-service", "SIO-21", "after a payload that is no object nothing of that client is processed")
class MalformedEndsService(Rules):
    def received(self, session, event, args, reply):
        if args and not isinstance(args[0], dict):
            session.dead = True
        if not getattr(session, "dead", False):
            super().received(session, event, args, reply)


class LosesOn(Rules):
    transport = None

    def notify(self, session, office, event, payload):
        for member in self.audience(session, office):
            if self.port.transport_of(member) != self.transport:
                self.port.emit(member, event, payload)


@defect("polling-loses-notices", "SIO-04 NOTIFY-01", "no notices over long-polling", needs="polling")
class PollingLosesNotices(LosesOn):
    transport = "polling"


@defect("upgrade-loses-notices", "SIO-04 NOTIFY-01", "no notices after an upgrade", needs="upgrade")
class UpgradeLosesNotices(LosesOn):
    transport = "upgraded"


@defect("websocket-loses-notices", "SIO-04 NOTIFY-01", "no notices over plain WebSocket")
class WebsocketLosesNotices(LosesOn):
    transport = "websocket"
