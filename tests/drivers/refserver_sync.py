# SPDX-License-Identifier: Apache-2.0
"""python-socketio's Client against smcp-refserver: every case on every transport, keys; then its SimpleClient."""
import threading

import refserver_cases
import socketio
from refserver_auth import auth_cases
from refserver_clients import NAMESPACE, TRANSPORTS, SyncPeer, World
from refserver_lib import LIMIT, OK, Results, Server, case, cases_of, check, equal


def in_world(function, server, transport):
    with World(server, transport, SyncPeer) as world:
        function(world)


# ---- SimpleClient: asks and receives, cannot answer; an ack of one argument comes as that argument ----


class Simple:
    def __init__(self, world):
        self.client = socketio.SimpleClient(reconnection=False, handle_sigint=False)
        self.client.connect(world.server.url, socketio_path=world.server.path, namespace=NAMESPACE,
                            transports=TRANSPORTS[world.transport], wait_timeout=LIMIT)
        world.peers.append(self)

    def call(self, event, *args):
        return self.client.call(event, *args, timeout=LIMIT)

    def join(self, office, name, role):
        return list(self.call("server:join_office", {"role": role, "name": name, "office_id": office}))

    def next(self):
        return self.client.receive(timeout=LIMIT)

    def close(self):
        self.client.disconnect()


@case("ROOM-01 NOTIFY-01 NOTIFY-04 LEAVE-01 LEAVE-03 DISC-01")
def simple_joins_hears_and_leaves(w):
    agent, computer = Simple(w), Simple(w)
    equal(agent.join(w.here, "A", "agent"), OK, "ack of the Agent's join")
    equal(computer.join(w.here, "C", "computer"), OK, "ack of the Computer's join")
    equal(agent.next(), ["notify:enter_office", {"office_id": w.here, "computer": "C"}], "enter notice")
    equal(list(computer.call("server:leave_office", {"office_id": w.here})), OK, "ack of the leave")
    equal(agent.next(), ["notify:leave_office", {"office_id": w.here, "computer": "C"}], "leave notice")
    computer.join(w.here, "C", "computer")
    agent.next()
    computer.close()
    equal(agent.next(), ["notify:leave_office", {"office_id": w.here, "computer": "C"}], "leave notice")


@case("TOOL-01 ROUTE-03 ROUTE-09 LIST-01")
def simple_calls_and_lists(w):
    computer, agent = w.computer(), Simple(w)
    agent.join(w.here, "A", "agent")
    computer.handlers["client:tool_call"] = lambda args: ({"isError": False, "content": [], "blob": args[0]["params"]["b"]},)
    request = w.call("C", params={"b": b"\x00\x01"})
    equal(agent.call("client:tool_call", request), {"isError": False, "content": [], "blob": b"\x00\x01"}, "result")
    equal(agent.call("client:tool_call", w.call("nobody"))["code"], 404, "unknown Computer")
    listed = agent.call("server:list_room", {"agent": "A", "req_id": "q", "office_id": w.here})
    equal([s["sid"] for s in listed["sessions"]], [computer.sid, agent.client.sid], "sids")


@case("UPD-01 CANCEL-01 ROOM-12 ROOM-22")
def simple_reports_and_cancels(w):
    agent, computer, late = Simple(w), Simple(w), Simple(w)
    agent.join(w.here, "A", "agent"), computer.join(w.here, "C", "computer")
    agent.next()
    computer.client.emit("server:update_tool_list", {"computer": "C"})
    equal(agent.next(), ["notify:update_tool_list", {"computer": "C"}], "update notice")
    agent.client.emit("server:tool_call_cancel", {"agent": "A", "req_id": "r1"})
    equal(computer.next(), ["notify:tool_call_cancel", {"agent": "A", "req_id": "r1"}], "cancel notice")
    check(not late.join(w.here, "A2", "agent")[0] and not late.join(w.here, "C", "computer")[0], "joins must be refused")


if __name__ == "__main__":
    results = Results("python-socketio Client and SimpleClient")
    with Server() as server:
        for transport in TRANSPORTS:
            for name, ids, function in cases_of(refserver_cases):
                results.run(f"sync {transport}: {name}", ids, in_world, function, server, transport)
        for transport in TRANSPORTS:
            for function in (simple_joins_hears_and_leaves, simple_calls_and_lists, simple_reports_and_cancels):
                results.run(f"simple {transport}: {function.__name__}", function.ids, in_world, function, server, transport)
    auth_cases(results, SyncPeer)
    check(threading.active_count() < 1000, "threads pile up")
    results.end()
