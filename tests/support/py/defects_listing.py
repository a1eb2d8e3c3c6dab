# SPDX-License-Identifier: Apache-2.0
"""Wrong answers of server:list_room."""

from strict_rules import Rules
from strict_tables import defect


@defect("list-foreign-office", "LIST-04 SEC-01", "any office can be listed")
class ListForeignOffice(Rules):
    def may_list(self, session, request):
        return True


@defect("list-unjoined", "LIST-04 SEC-01", "a client in no office may list any office")
class ListUnjoined(Rules):
    def may_list(self, session, request):
        return session.office is None or super().may_list(session, request)


@defect("list-everybody", "LIST-01 LIST-03 SEC-01", "list_room returns the members of all offices")
class ListEverybody(Rules):
    def listed(self, session, request):
        return [member for office in self.offices.values() for member in office]


@defect("list-without-caller", "LIST-01 LIST-02", "list_room leaves out the caller")
class ListWithoutCaller(Rules):
    def listed(self, session, request):
        return [member for member in super().listed(session, request) if member is not session]


@defect("list-computers-only", "LIST-01 LIST-02", "list_room returns Computers only")
class ListComputersOnly(Rules):
    def listed(self, session, request):
        return [member for member in super().listed(session, request) if member.role == "computer"]


def without(member_name):
    class Without(Rules):
        def info(self, member):
            return {key: value for key, value in super().info(member).items() if key != member_name}

    return Without


for missing in ("sid", "name", "role", "office_id"):
    defect(f"list-without-{missing.replace('_', '-')}", "LIST-03", f"the entries of list_room lack {missing}")(without(missing))


@defect("list-wrong-sid", "LIST-03", "the sids in list_room are not those of CONNECT")
class ListWrongSid(Rules):
    def info(self, member):
        return {**super().info(member), "sid": member.sid[::-1]}


@defect("list-wrong-role", "LIST-03", "everybody is listed as agent")
class ListWrongRole(Rules):
    def info(self, member):
        return {**super().info(member), "role": "agent"}


@defect("list-without-req-id", "LIST-01", "the answer of list_room lacks req_id")
class ListWithoutReqId(Rules):
    def listing(self, session, request):
        return {"sessions": super().listing(session, request)["sessions"]}


@defect("list-bare-array", "LIST-01", "list_room is acked with the bare array of sessions")
class ListBareArray(Rules):
    def listing(self, session, request):
        return super().listing(session, request)["sessions"]


@defect("list-ack-lost", "LIST-01", "list_room is never acked")
class ListAckLost(Rules):
    def list_room(self, session, args, reply):
        reply.ack_id = None
        super().list_room(session, args, reply)


@defect("list-stale", "LIST-14 LEAVE-05 DISC-01", "list_room shows an office as it was at the last join")
class ListStale(Rules):
    def __init__(self, port):
        super().__init__(port)
        self.snapshots = {}

    def seat(self, session, office):
        super().seat(session, office)
        self.snapshots[office] = [self.info(member) for member in self.members(office)]

    def listing(self, session, request):
        return {"sessions": self.snapshots.get(request["office_id"], []), "req_id": request["req_id"]}
