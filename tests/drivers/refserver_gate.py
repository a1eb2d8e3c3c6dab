# SPDX-License-Identifier: Apache-2.0
"""The version gate of smcp-refserver, byte for byte, and what else the younger revisions change on the wire."""
import json
import os
import signal
import sys
import time

import websocket
from refserver_lib import LIMIT, Results, Server, case, cases_of, check, equal
from refserver_raw import office
from refserver_wire import Closed, Wire, request, until

SPECS = (("0.2", "0.2.3"), ("0.3", "0.3.2"), ("0.4", "0.4.0"))
POLLING = "/socket.io/?EIO=4&transport=polling"
MISSING = '{"code":400,"message":"Missing a2c_version query parameter"}'


def mismatch(server, client, least, most):
    return (f'{{"code":4008,"message":"Protocol version mismatch","server_version":"{server}","client_version":"{client}",'
            f'"min_supported":"{least}","max_supported":"{most}"}}')


def refused(server, query, body, code, method="GET", target=POLLING):
    answer = request(server.address, method, target + query)
    equal((answer.status, answer.text), (400, body), query)
    equal(answer.headers["content-type"], "application/json", f"type of {query}")
    equal(int(answer.headers["content-length"]), len(body.encode()), f"length of {query}")
    equal(answer.headers.get("x-a2c-error-code"), code, f"header of {query}")


def upgrade(server, query):
    """Status, headers and body of a WebSocket handshake that is refused."""
    try:
        websocket.create_connection(f"ws://{server.host}/socket.io/?EIO=4&transport=websocket{query}", timeout=LIMIT).close()
    except websocket.WebSocketBadStatusException as refusal:
        return refusal.status_code, refusal.resp_headers, refusal.resp_body.decode()
    return None


@case("HS-02 HS-03 HS-04 HS-05 HS-06 HS-09 HS-10 HS-16 HS-17 HS-18 HS-20 HS-21")
def the_version_gate_of_every_revision():
    for revision, spec in SPECS:
        band = (revision + ".0", revision + ".999")
        minor = int(revision[2])
        with Server("--revision", revision) as server:
            for version in (spec, revision + ".0", revision + ".999", revision + ".12345678901234567890", revision + ".1&a2c_version=9.9.9"):
                equal(request(server.address, "GET", f"{POLLING}&a2c_version={version}").status, 200, version)
            for version in (f"0.{minor - 1}.0", f"0.{minor + 1}.0", f"0.{minor}0.0", "1.0.0", f"1.{minor}.0", "0.0.0", "99.0.0"):
                refused(server, f"&a2c_version={version}", mismatch(spec, version, *band), "4008")
            for query in ("", "&a2c_version=", "&a2c_version", "&A2C_VERSION=" + spec):
                refused(server, query, MISSING, None)
            for bad in ("abc", "0", revision, spec + ".0", spec + "-dev", "v" + spec, "+" + spec, "%20" + spec, spec + "%20", "0" + spec,
                        "0.0" + spec[2:], spec[:-1] + "x", spec + "%00", "%EF%BC%90" + spec[1:], spec.replace(".", ","), "1" * 70):
                answer = request(server.address, "GET", f"{POLLING}&a2c_version={bad}")
                told = json.loads(answer.text)
                equal((answer.status, told["code"], list(told)), (400, 400, ["code", "message"]), bad)
                check(told["message"].startswith("Invalid a2c_version:"), f"{bad}: {told}")
                equal(answer.headers.get("x-a2c-error-code"), None, f"header of {bad}")


@case("HS-11 HS-12 HS-13 HS-14 HS-26")
def a_websocket_is_refused_in_either_form():
    with Server("--revision", "0.4") as server:
        for query, body, code in (("&a2c_version=0.3.9", mismatch("0.4.0", "0.3.9", "0.4.0", "0.4.999"), "4008"), ("", MISSING, None)):
            status, headers, text = upgrade(server, query)
            equal((status, text, headers.get("x-a2c-error-code")), (400, body, code), query)
            equal(headers["content-type"], "application/json", "type")
        Wire(server, query="&a2c_version=0.4.7").join(office(), "C")
    with Server("--revision", "0.4", "--refuse-websocket", "4900") as server:
        for query in ("", "&a2c_version=0.5.0", "&a2c_version=x"):
            socket = websocket.create_connection(f"ws://{server.host}/socket.io/?EIO=4&transport=websocket{query}", timeout=LIMIT)
            opcode, data = socket.recv_data()
            equal((opcode, data[:2]), (websocket.ABNF.OPCODE_CLOSE, (4900).to_bytes(2, "big")), query)
            check(len(data) <= 125, "reason")
            socket.shutdown()
        refused(server, "", MISSING, None)
        Wire(server, query="&a2c_version=0.4.0").join(office(), "C")


@case("HS-22 HS-23 HS-14")
def what_is_gated_and_what_is_not():
    with Server("--revision", "0.3", "--auth", "auth:token=right") as server:
        for target in ("/socket.io/?EIO=4&transport=polling", "/socket.io?EIO=4&transport=polling", "/socket.io/?EIO=3&transport=pigeon",
                       "/socket.io/?EIO=4&transport=polling&sid=AAAAAAAAAAAAAAAAAAAA", "/socket.io/?"):
            for method in ("GET", "POST", "PUT"):
                refused(server, "", MISSING, None, method, target)
        for target in ("/health", "/socket.iofoo?EIO=4&transport=polling", "/socket.io/more?EIO=4&transport=polling", "/"):
            equal(request(server.address, "GET", target).status, 404, target)


@case("HS-07 HS-08")
def a_server_may_pretend():
    with Server("--revision", "0.4", "--pretend-version", "1.2.0") as server:
        for version in ("1.0.0", "1.1.7", "1.2.0", "1.2.99"):
            equal(request(server.address, "GET", f"{POLLING}&a2c_version={version}").status, 200, version)
        for version in ("1.3.0", "1.10.0", "2.0.0", "0.4.0"):
            refused(server, f"&a2c_version={version}", mismatch("1.2.0", version, "1.0.0", "1.2.999"), "4008")


@case("HS-27 LIST-07")
def the_version_of_each_session_is_listed():
    with Server("--revision", "0.4") as server:
        here = office()
        Wire(server, query="&a2c_version=0.4.3").join(here, "C")
        agent = Wire(server, query="&a2c_version=0.4%2E0").join(here, "A", "agent")
        agent.send(f'42/smcp,7["server:list_room",{{"agent":"A","req_id":"r","office_id":"{here}"}}]')
        (listed,) = json.loads(agent.next().removeprefix("43/smcp,7"))
        equal([(one["name"], one["a2c_version"]) for one in listed["sessions"]], [("C", "0.4.3"), ("A", "0.4.0")], "versions")
    with Server() as server:
        here = office()
        agent = Wire(server, query="&a2c_version=0.1.2").join(here, "A", "agent")
        agent.send(f'42/smcp,7["server:list_room",{{"agent":"A","req_id":"r","office_id":"{here}"}}]')
        (listed,) = json.loads(agent.next().removeprefix("43/smcp,7"))
        equal(list(listed["sessions"][0]), ["sid", "name", "role", "office_id"], "members before 0.2")


@case("ROUTE-30 EVT-07 EVT-11 FIND-04 UPD-04")
def the_events_of_a_revision_and_no_others():
    has = {"rfc": {"get_mcp_config"}, "0.1": {"get_config", "get_finder"},
           "0.3": {"get_config", "get_resources", "get_skills", "get_skill", "get_blob"},
           "0.4": {"get_config", "get_resources", "get_skills", "get_skill", "get_blob", "put_blob"}}
    for revision, known in has.items():
        version = dict(SPECS).get(revision)
        query = f"&a2c_version={version}" if version else ""
        with Server("--revision", revision) as server:
            here = office()
            agent, computer = Wire(server, query=query).join(here, "A", "agent"), Wire(server, query=query).join(here, "C")
            agent.next()  # notify:enter_office
            for name in sorted({name for names in has.values() for name in names}):
                agent.send(f'42/smcp,5["client:{name}",{{"computer":"C","agent":"A","robot_id":"A","req_id":"r","x":1.0}}]')
                if name in known:
                    text = computer.next()
                    head, rest = text.split("[", 1)
                    equal(rest, f'"client:{name}",{{"computer":"C","agent":"A","robot_id":"A","req_id":"r","x":1.0}}]', f"{revision} {name}")
                    computer.send(f'43/smcp,{head.removeprefix("42/smcp,")}[{{"code":4999,"message":"m","z":[1.0]}}]')
                    equal(agent.next(), '43/smcp,5[{"code":4999,"message":"m","z":[1.0]}]', f"{revision} {name}: answer")
            agent.send("40/fence,"), computer.send("40/fence,")
            check(agent.next().startswith("44/fence,"), f"{revision}: an answer to an event that it does not have")
            check(computer.next().startswith("44/fence,"), f"{revision}: an event that it does not have was passed on")


@case("RFC-02 RFC-03 RFC-06 RFC-08 ROOM-45")
def the_early_draft():
    with Server("--revision", "rfc") as server:
        here = office()
        agent, computer = Wire(server).join(here, "A", "agent"), Wire(server).join(here, "C")
        agent.next()
        rival = Wire(server)
        rival.send(f'42/smcp,1["server:join_office",{{"role":"agent","name":"B","office_id":"{here}"}}]')
        equal(rival.next(), '43/smcp,1[false,"Agent sid should be equal to office_id"]', "second Agent")
        agent.send('42/smcp,2["client:tool_call",{"robot_id":"A","req_id":"r","computer":"nobody","tool_name":"t","params":{},"timeout":1}]')
        equal(agent.next(), '43/smcp,2[{"error":{"code":404,"message":"Computer not found"}}]', "nested envelope")
        for name in ("update_mcp_config", "desktop_refresh"):
            computer.send(f'42/smcp,["server:{name}",{{"computer":"C","more":[1.0,null]}}]')
            equal(agent.next(), f'42/smcp,["notify:{name}",{{"computer":"C","more":[1.0,null]}}]', name)
        for payload in ('{"robot_id":"A","req_id":"r"}', '{"agent":"A","req_id":"r"}'):
            agent.send(f'42/smcp,["server:tool_call_cancel",{payload}]')
            equal(computer.next(), f'42/smcp,["notify:tool_call_cancel",{payload}]', payload)
        agent.send(f'42/smcp,9["server:list_room",{{"agent":"A","req_id":"r","office_id":"{here}"}}]', "40/fence,")
        check(agent.next().startswith("44/fence,"), "list_room in the draft")


def stopped(process):
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as file:
        return file.read().rsplit(")", 1)[1].split()[0] == "T"


@case("DISC-04 SIO-22")
def a_stall_of_the_server_ends_no_session_that_has_answered():
    """The pong lies in the socket while the server sleeps beyond the deadline: it was in time."""
    with Server("--ping-interval", "200", "--ping-timeout", "200") as server:
        wire = Wire(server, pongs=False)
        silent = Wire(server, pongs=False)
        opcode, data = wire.ws.recv_data()
        equal((opcode, data), (websocket.ABNF.OPCODE_TEXT, b"2"), "the first ping")
        os.kill(server.process.pid, signal.SIGSTOP)
        until("the server sleeps", lambda: stopped(server.process))
        wire.send("3")
        # The deadline has to pass while the server sleeps: nothing but time tells of it.
        end = time.monotonic() + 0.6
        until("the deadline is over", lambda: time.monotonic() > end)
        os.kill(server.process.pid, signal.SIGCONT)
        equal(wire.ws.recv_data()[1], b"2", "the next ping")
        try:
            while silent.ws.connected:  # who has not answered is gone
                silent.ws.recv_data_frame()
        except (websocket.WebSocketException, OSError, Closed):
            pass


if __name__ == "__main__":
    results = Results("gate")
    for name, ids, function in cases_of(sys.modules[__name__]):
        results.run(f"gate: {name}", ids, function)
    results.end()
