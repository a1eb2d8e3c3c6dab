# SPDX-License-Identifier: Apache-2.0
"""What the early draft says, broken one rule at a time. The defects of notices and offices hold there too: RFC_TOO names them."""

from strict_rules import LIST, Rules
from strict_tables import DEFECTS, defect

ONLY = "rfc"


def not_relayed(event):
    class NotRelayed(Rules):
        def relay(self, session, name, args, reply):
            if name != event:
                super().relay(session, name, args, reply)

    return NotRelayed


for kind in ("tool_call", "get_mcp_config", "get_tools", "get_desktop"):
    name = f"rfc-{kind.replace('_', '-')}-not-routed"
    defect(name, "RFC-01", f"client:{kind} reaches nobody", revisions=ONLY)(not_relayed(f"client:{kind}"))


@defect("rfc-config-update-lost", "RFC-03", "update_mcp_config is not broadcast", revisions=ONLY)
class ConfigUpdateLost(Rules):
    def tell_updated(self, session, event, request):
        if event != "notify:update_mcp_config":
            super().tell_updated(session, event, request)


@defect("rfc-desktop-refresh-lost", "RFC-03", "desktop_refresh is not broadcast", revisions=ONLY)
class DesktopRefreshLost(Rules):
    def tell_updated(self, session, event, request):
        if event != "notify:desktop_refresh":
            super().tell_updated(session, event, request)


@defect("rfc-later-notice-names", "RFC-01 RFC-03", "notices have the names of 0.1", revisions=ONLY)
class LaterNoticeNames(Rules):
    NAMES = {"notify:update_mcp_config": "notify:update_config", "notify:desktop_refresh": "notify:update_desktop"}

    def tell_updated(self, session, event, request):
        super().tell_updated(session, self.NAMES[event], request)


@defect("rfc-later-events-known", "RFC-01", "the events of 0.1 are served too", revisions=ONLY)
class LaterEventsKnown(Rules):
    LATER = {"client:get_config", "client:get_finder"}
    UPDATES = {"server:update_config": "notify:update_config", "server:update_desktop": "notify:update_desktop"}

    def received(self, session, event, args, reply):
        if event in self.LATER:
            self.relay(session, event, args, reply)
        elif event in self.UPDATES and args and self.may_update(session):
            self.tell_updated(session, self.UPDATES[event], args[0])
        else:
            super().received(session, event, args, reply)


@defect("rfc-list-room-known", "RFC-08", "list_room is served", revisions=ONLY)
class ListRoomKnown(Rules):
    def received(self, session, event, args, reply):
        if event == LIST:
            self.list_room(session, args, reply)
        else:
            super().received(session, event, args, reply)


@defect("rfc-robot-id-renamed", "RFC-02", "robot_id is forwarded as agent", revisions=ONLY)
class RobotIdRenamed(Rules):
    def forwarded(self, call):
        request = dict(super().forwarded(call))
        if "robot_id" in request:
            request["agent"] = request.pop("robot_id")
        return request


@defect("rfc-robot-id-refused", "RFC-02", "requests must have agent instead of robot_id", revisions=ONLY)
class RobotIdRefused(Rules):
    def relay(self, session, event, args, reply):
        good = args and isinstance(args[0], dict) and "agent" in args[0]
        super().relay(session, event, args if good else [], reply)


@defect("rfc-cancel-lost", "CANCEL-20 RFC-01", "a cancel is not broadcast", revisions=ONLY)
class CancelLost(Rules):
    def tell_cancelled(self, session, request):
        pass


@defect("rfc-across-offices", "RFC-05 NOTIFY-05 SEC-01", "calls reach Computers of other offices", revisions=ONLY)
class AcrossOffices(Rules):
    def find_computer(self, session, event, request):
        found = super().find_computer(session, event, request)
        everybody = [s for s in self.sessions if s.role == "computer" and s.office is not None]
        return found or next((s for s in everybody if s.name == request["computer"]), None)


@defect("rfc-second-agent-accepted", "ROOM-45", "a second Agent gets in", revisions=ONLY)
class SecondAgentAccepted(Rules):
    def seat_problem(self, session, request):
        return None


RFC_TOO = {
    "enter-lost": "NOTIFY-01",
    "enter-without-office": "NOTIFY-03 RFC-04",
    "wrong-identity-key": "NOTIFY-03 RFC-04",
    "both-identities": "NOTIFY-03 RFC-04",
    "leak-enter": "NOTIFY-05",
    "leak-leave": "NOTIFY-05",
    "leak-update": "NOTIFY-05",
    "enter-twice": "NOTIFY-01",
    "switch-without-leave-notice": "ROOM-27",
    "switch-stays-in-old": "ROOM-27",
    "second-computer-refused": "ROOM-20",
    "any-key-accepted": "AUTH-02",
    "refused-client-effective": "AUTH-03",
    "default-namespace-effective": "SIO-01",
    "unconnected-effective": "SIO-18",
    "notify-relayed": "NOTIFY-09",
    "acks-mixed-up": "SIO-14",
    "call-blocks-connection": "SIO-11",
}


def extend_to_rfc():
    """Called when all defects are known."""
    for name in RFC_TOO:
        DEFECTS[name].revisions.insert(0, "rfc")
