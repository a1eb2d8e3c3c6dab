# SPDX-License-Identifier: Apache-2.0
"""Every behaviour of revision 0.1, as cases for any client of refserver_clients.py; the ids are those of the requirements."""
from refserver_lib import OK, case, check, equal, error, refused

CALLS = ["client:tool_call", "client:get_tools", "client:get_config", "client:get_desktop", "client:get_finder"]
UPDATES = ["update_config", "update_tool_list", "update_desktop", "update_finder"]
ENTER, LEAVE, CANCELLED = "notify:enter_office", "notify:leave_office", "notify:tool_call_cancel"


# ---- connecting and joining ----


@case("SIO-01 SIO-04 SIO-12 AUTH-01 HS-28")
def three_clients_connect(w):
    peers = [w.peer() for _ in range(3)]
    equal(len({p.sid for p in peers}), 3, "distinct sids")
    equal({p.transport() for p in peers}, {"polling" if w.transport == "polling" else "websocket"}, "transport in use")


@case("ROOM-01 SIO-08 NOTIFY-01 NOTIFY-02 NOTIFY-03 NOTIFY-04 NOTIFY-05 T3-A01")
def a_join_is_acked_and_announced_in_the_office_only(w):
    agent, other, unjoined = w.agent(), w.agent("B", w.there), w.peer()
    computer = w.peer()
    equal(computer.join(w.here, "C", "computer"), OK, "ack of the join")
    equal(agent.now(ENTER), [{"office_id": w.here, "computer": "C"}], "notice")
    for p in (computer, other, unjoined):
        p.quiet()
    agent.fence()
    equal(len(agent.events()), 1, "notices at the Agent")


@case("NOTIFY-08 NOTIFY-07")
def computers_hear_of_the_agent_and_nobody_gets_a_replay(w):
    computer = w.computer()
    agent = w.agent()
    equal(computer.wait(ENTER), [{"office_id": w.here, "agent": "A"}], "notice")
    agent.quiet()


@case("SIO-07")
def a_join_without_ack_id_has_the_same_effect(w):
    agent, computer = w.agent(), w.peer()
    computer.tell("server:join_office", {"role": "computer", "name": "C", "office_id": w.here})
    agent.wait(ENTER)
    equal(agent.names_in(w.here), ["A", "C"], "members")


@case("ROOM-19 NOTIFY-01")
def joining_again_changes_nothing(w):
    agent, computer = w.agent(), w.computer()
    agent.wait(ENTER)
    for p in (agent, computer):
        equal(p.join(w.here, p.name, p.role), OK, "ack of the second join")
        p.fence()
    computer.quiet()
    agent.fence()
    equal(len(agent.events()), 1, "notices at the Agent")


@case("ROOM-12 ROOM-13 ROOM-36 NOTIFY-06")
def a_second_agent_is_refused(w):
    agent, computer, second = w.agent(), w.computer(), w.peer()
    agent.wait(ENTER)
    refused(second.join(w.here, "A2", "agent"), "agent", "room")
    equal(agent.names_in(w.here), ["A", "C"], "members")
    computer.ask("server:update_config", {"computer": "C"})
    agent.wait("notify:update_config")
    second.quiet()
    computer.quiet()
    equal(len(agent.events()), 2, "notices at the Agent")
    equal(second.join(w.there, "A2", "agent"), OK, "another office takes it")


@case("ROOM-15 NOTIFY-06 T3-R03")
def an_agent_is_bound_to_one_office(w):
    agent, there = w.agent(), w.computer("C", w.there)
    refused(agent.join(w.there, "A", "agent"), "agent", "room")
    equal(agent.names_in(w.here), ["A"], "its office")
    there.quiet()
    equal(there.names_in(w.there), ["C"], "the other office")


@case("ROOM-17 LEAVE-01 LEAVE-06")
def after_leaving_an_agent_may_join_elsewhere(w):
    agent, there, next_agent = w.agent(), w.computer("C", w.there), w.peer()
    equal(agent.leave(w.here), OK, "ack of the leave")
    equal(agent.join(w.there, "A", "agent"), OK, "ack of the join")
    equal(there.wait(ENTER), [{"office_id": w.there, "agent": "A"}], "notice")
    equal(next_agent.join(w.here, "A2", "agent"), OK, "the seat is free")


@case("ROOM-22 ROOM-20 ROOM-23 T3-A08 T3-A09")
def a_computer_name_is_unique_in_its_office(w):
    agent, first, second = w.agent(), w.computer(), w.peer()
    agent.wait(ENTER)
    refused(second.join(w.here, "C", "computer"), "already exists")
    equal(agent.names_in(w.here), ["A", "C"], "members")
    first.quiet()
    equal(len(agent.events()), 1, "notices at the Agent")
    equal(second.join(w.here, "D", "computer"), OK, "another name")
    equal(agent.wait(ENTER, 2), [{"office_id": w.here, "computer": "D"}], "notice")
    equal(agent.names_in(w.here), ["A", "C", "D"], "members")


@case("ROOM-24 ROOM-25 ROOM-11")
def names_are_scoped_by_office_and_role_and_case(w):
    w.agent("N"), w.agent("N", w.there)
    for office in (w.here, w.there):
        w.computer("N", office)
    w.computer("n")


@case("ROOM-27 ROOM-28 ROOM-29 NOTIFY-01 LIST-14 T3-A10")
def a_computer_switches_offices(w):
    here, there, computer = w.agent(), w.agent("B", w.there), w.computer()
    here.wait(ENTER)
    equal(computer.join(w.there, "C", "computer"), OK, "ack of the switch")
    equal(here.now(LEAVE), [{"office_id": w.here, "computer": "C"}], "leave notice")
    equal(there.now(ENTER), [{"office_id": w.there, "computer": "C"}], "enter notice")
    equal((here.names_in(w.here), there.names_in(w.there)), (["A"], ["B", "C"]), "members")
    computer.quiet()
    error(here.ask("client:get_tools", w.call("C", "client:get_tools")), 404)
    computer.quiet()


@case("ROOM-30 ROOM-22 NOTIFY-06")
def a_refused_switch_leaves_everything_as_it_was(w):
    here, there, computer = w.agent(), w.agent("B", w.there), w.computer()
    w.computer("C", w.there)
    refused(computer.join(w.there, "C", "computer"), "already exists")
    equal((here.names_in(w.here), there.names_in(w.there)), (["A", "C"], ["B", "C"]), "members")
    here.quiet(ENTER)
    equal((len(here.events()), len(there.events())), (1, 1), "notices: one entry each")
    computer.handlers["client:get_tools"] = lambda args: ({"tools": [], "req_id": "r1"},)
    equal(here.ask("client:get_tools", w.call("C", "client:get_tools")), [{"tools": [], "req_id": "r1"}], "still routed")


@case("ROOM-32 ROOM-34 ROOM-35 T3-R04")
def role_and_name_are_bound_to_the_connection(w):
    agent, computer = w.agent(), w.computer()
    agent.wait(ENTER)
    for office in (w.here, w.there):
        refused(computer.join(office, "C", "agent"), "role")
        refused(computer.join(office, "D", "computer"), "name")
    equal(agent.names_in(w.here), ["A", "C"], "members")
    computer.quiet()
    equal(len(agent.events()), 1, "notices at the Agent")
    computer.leave(w.here)
    refused(computer.join(w.here, "C", "agent"), "role")
    equal(computer.join(w.here, "C", "computer"), OK, "the same identity again")


@case("ROOM-46 ROOM-30")
def a_refused_first_join_binds_nothing(w):
    w.computer()
    late = w.peer()
    refused(late.join(w.here, "C", "computer"))
    equal(late.join(w.here, "late", "agent"), OK, "another role and name")


@case("ROOM-05 SEC-02 SIO-21 NOTIFY-06")
def malformed_joins_are_refused(w):
    agent, bad = w.agent(), w.peer()
    good = {"role": "computer", "name": "C", "office_id": w.here}
    for args in ([], [None], [[]], ["text"], [1], [good, {}], [{}], [{**good, "role": "Agent"}], [{**good, "role": ""}],
                 [{**good, "role": None}], [{**good, "name": 7}], [{**good, "name": None}], [{**good, "office_id": {}}],
                 [{**good, "name": ""}], [{**good, "office_id": ""}], [{**good, "name": "x" * 513}],
                 [{**good, "office_id": "x" * 513}], *[[{k: v for k, v in good.items() if k != left}] for left in good]):
        refused(bad.ask("server:join_office", *args))
    agent.quiet()
    equal(agent.names_in(w.here), ["A"], "members")
    equal(bad.join(w.here, "C", "computer"), OK, "a good one on the same connection")


@case("ROOM-11 ROOM-43 ROUTE-01")
def names_are_opaque(w):
    for n, name in enumerate(["", " ", "\u0000", "a\u0000b", "ünï 名前 \U0001f600", '"\\/', "\u2028\x7f", "x" * 512, "A" * 511 + "\n"]):
        if not name:
            continue
        office = f"{w.here} {n} {name}"[:512]
        agent, computer = w.agent("A" + name[1:], office), w.computer(name, office)
        equal(agent.wait(ENTER), [{"office_id": office, "computer": name}], "notice")
        computer.handlers["client:get_tools"] = lambda args: ({"tools": [], "req_id": args[0]["req_id"]},)
        equal(agent.ask("client:get_tools", w.call(name, "client:get_tools")), [{"tools": [], "req_id": "r1"}], "routed")
    extra = w.peer().ask("server:join_office", {"role": "agent", "name": "A", "office_id": w.there, "more": [1, {"a": None}]})
    equal(extra, OK, "unknown members")


@case("ROOM-10 SEC-06 SEC-01 D-56")
def a_sid_is_no_office(w):
    victim, unjoined = w.agent(), w.peer()
    for target in (victim, unjoined):
        intruder = w.peer()
        equal(intruder.join(target.sid, f"I {target.sid}", "computer"), OK, "just a name")
        intruder.ask("server:update_config", {"computer": "I"})
        intruder.ask("client:get_tools", w.call("A", "client:get_tools"))
        intruder.leave(target.sid)
        target.quiet()


# ---- leaving ----


@case("LEAVE-01 LEAVE-03 LEAVE-04 LEAVE-05 LIST-14 T3-A02")
def leaving_is_announced_by_name(w):
    agent, computer, other = w.agent(), w.computer(), w.computer("D")
    equal(computer.leave(w.here), OK, "ack of the leave")
    for p in (agent, other):
        equal(p.now(LEAVE), [{"office_id": w.here, "computer": "C"}], "notice")
    computer.forget()
    agent.ask("server:tool_call_cancel", {"agent": "A", "req_id": "x"})
    other.wait(CANCELLED)
    computer.quiet()
    equal(agent.names_in(w.here), ["A", "D"], "members")
    error(agent.ask("client:tool_call", w.call("C")), 404)
    computer.quiet()
    agent.forget()
    equal(agent.leave(w.here), OK, "the Agent leaves")
    equal(other.wait(LEAVE, 2), [{"office_id": w.here, "agent": "A"}], "notice")


@case("LEAVE-07 LEAVE-08 LEAVE-12 SEC-01")
def the_payload_of_a_leave_has_no_force(w):
    agent, foreign, computer, unjoined = w.agent(), w.agent("B", w.there), w.computer(), w.peer()
    equal(computer.leave(w.there), OK, "ack of the leave")
    equal(agent.wait(LEAVE), [{"office_id": w.here, "computer": "C"}], "notice in its own office")
    equal(computer.leave(w.there), OK, "ack of a second one")
    equal(unjoined.leave(w.there), OK, "ack of one without an office")
    foreign.quiet()
    equal((agent.names_in(w.here), foreign.names_in(w.there)), (["A"], ["B"]), "members")
    equal(len(agent.events(LEAVE)), 1, "leave notices")


@case("LEAVE-10 LEAVE-11 SEC-02")
def malformed_leaves_are_refused(w):
    agent, computer = w.agent(), w.computer()
    agent.wait(ENTER)
    for args in ([], [None], ["x"], [{}], [{"office_id": 1}], [{"office_id": None}], [{"office_id": w.here}, 1]):
        refused(computer.ask("server:leave_office", *args))
    agent.quiet(ENTER)
    equal(agent.names_in(w.here), ["A", "C"], "members")


# ---- list_room ----


@case("LIST-01 LIST-02 LIST-03 LIST-12 LIST-13 UTIL-02 T3-A06 T3-A07")
def list_room_lists_the_office(w):
    agent = w.agent()
    ack = agent.ask("server:list_room", {"agent": agent.sid, "req_id": "list_req_1", "office_id": w.here})
    one = {"sid": agent.sid, "name": "A", "role": "agent", "office_id": w.here}
    equal(ack, [{"sessions": [one], "req_id": "list_req_1"}], "the Agent alone")
    computers = [w.computer("C"), w.computer("D")]
    w.computer("E", w.there)
    wanted = [one] + [{"sid": c.sid, "name": c.name, "role": "computer", "office_id": w.here} for c in computers]
    for p in (agent, *computers):
        ack = p.ask("server:list_room", {"agent": "any", "req_id": "list é", "office_id": w.here})
        equal(ack, [{"sessions": wanted, "req_id": "list é"}], "all three")


@case("LIST-04 LIST-06 LIST-09 LIST-11")
def only_ones_own_office_can_be_listed(w):
    agent, unjoined = w.agent(), w.peer()
    w.computer("C", w.there)
    request = {"agent": "A", "req_id": "q", "office_id": w.there}
    foreign = agent.ask("server:list_room", request)
    error(foreign, 403)
    equal(agent.ask("server:list_room", {**request, "office_id": "nowhere"}), foreign, "a room that does not exist")
    error(unjoined.ask("server:list_room", {**request, "office_id": w.here}), 403)
    for args in ([], [None], ["x"], [{}], [{"agent": "A", "req_id": "q"}], [{**request, "office_id": 1}],
                 [{**request, "req_id": None}], [{"req_id": "q", "office_id": w.here}], [request, 1]):
        error(agent.ask("server:list_room", *args), 400)


# ---- client:* ----


@case("TOOL-01 TOOL-02 TOOL-05 ROUTE-01 ROUTE-02 ROUTE-03 ROUTE-04 T3-A03")
def a_tool_call_goes_round(w):
    agent, computer, other = w.agent(), w.computer(), w.computer("D")
    for is_error in (False, True):
        result = {"isError": is_error, "content": [{"type": "text", "text": "ok from computer"}]}
        computer.handlers["client:tool_call"] = lambda args: (result,)
        request = w.call("C", req_id=f"r {is_error}", params={"deep": [1, {"x": None}]}, timeout=7)
        equal(agent.ask("client:tool_call", request), [result], "result")
        equal(computer.events("client:tool_call")[-1], [request], "forwarded request")
    other.quiet(ENTER)
    agent.quiet(ENTER)
    equal(len(computer.events("client:tool_call")), 2, "calls at the Computer")


@case("ROUTE-30 ROUTE-04 TLIST-01 TLIST-02 CONF-01 DESK-01 FIND-01 ROUTE-28 T3-A04 T3-S03 T3-S05")
def every_call_is_relayed(w):
    agent, computer = w.agent(), w.computer()
    for event in CALLS:
        answer = {"event": event, "req_id": "r9", "more": [None, 1.5, "é\u0000"]}
        computer.handlers[event] = lambda args, answer=answer: (answer,)
        for request in ({**w.call("C", event), "req_id": "r9", "desktop_size": 3, "window": "w://x"},
                        {"computer": "C", "robot_id": "A", "req_id": "r9"}, {"computer": "C"}):
            equal(agent.ask(event, request), [answer], f"answer to {event}")
            equal(computer.events(event)[-1], [request], f"forwarded {event}")


@case("ROUTE-05 ROUTE-06 ROUTE-07 ROUTE-08 ROUTE-09 ROUTE-11 ROUTE-16 SEC-01 T3-R01 T3-R02")
def other_offices_cannot_be_reached(w):
    agent = w.agent()
    foreign, loose = w.computer("F", w.there), w.peer()
    for event in CALLS:
        unknown = agent.ask(event, w.call("nobody", event))
        error(unknown, 404)
        for name in ("F", "A", foreign.sid, loose.sid, "", "c"):
            equal(agent.ask(event, w.call(name, event)), unknown, f"{event} to {name!r}")
    for p in (foreign, loose, agent):
        p.quiet()


@case("ROUTE-13 ROUTE-14 LEAVE-05 DISC-11")
def without_an_office_nobody_is_found(w):
    agent, computer, unjoined = w.agent(), w.computer(), w.peer()
    agent.leave(w.here)
    for p in (agent, unjoined):
        error(p.ask("client:tool_call", w.call("C")), 404)
    computer.quiet(LEAVE)


@case("ROUTE-15")
def only_agents_call(w):
    agent, computer, other = w.agent(), w.computer(), w.computer("D")
    for event in CALLS:
        for name in ("D", "C", "A", "nobody"):
            error(computer.ask(event, w.call(name, event)), 403)
    agent.quiet(ENTER)
    other.quiet()


@case("ROUTE-17 SEC-02 SIO-05")
def malformed_calls_are_refused(w):
    agent, computer = w.agent(), w.computer()
    for args in ([], [None], ["C"], [["C"]], [{}], [{"computer": 1}], [{"computer": None}], [{"computer": ["C"]}],
                 [w.call("C"), {}], [w.call("C"), None]):
        error(agent.ask("client:tool_call", *args), 400)
    computer.quiet()


@case("SIO-07 ROUTE-01")
def a_call_without_ack_id_is_relayed(w):
    agent, computer = w.agent(), w.computer()
    computer.handlers["client:tool_call"] = lambda args: ({"ok": True},)
    agent.tell("client:tool_call", w.call("C", req_id="silent"))
    equal(computer.wait("client:tool_call")[0]["req_id"], "silent", "forwarded request")
    equal(agent.ask("client:tool_call", w.call("C")), [{"ok": True}], "the next one")


@case("SIO-11 SIO-14")
def calls_in_flight_are_correlated_and_block_nothing(w):
    agent, computer = w.agent(), w.computer()
    pending = {}

    def later(args):
        pending[args[0]["req_id"]] = w.gate()
        return pending[args[0]["req_id"]]

    computer.handlers["client:tool_call"] = later
    calls = {f"r{n}": agent.ask_later("client:tool_call", w.call("C", req_id=f"r{n}")) for n in range(30)}
    computer.wait("client:tool_call", 30)
    equal(agent.names_in(w.here), ["A", "C"], "list_room meanwhile")
    check(not any(c.done() for c in calls.values()), "a call was answered too early")
    order = sorted(calls, key=lambda r: (int(r[1:]) * 7) % 30)
    for req_id in order:
        pending[req_id].set_result(({"for": req_id},))
        equal(calls[req_id].result(10), [{"for": req_id}], f"result of {req_id}")


@case("SIO-13 ROUTE-27")
def two_agents_call_at_the_same_time(w):
    agents = [w.agent("A", w.here), w.agent("A", w.there)]
    computers = [w.computer("C", w.here), w.computer("C", w.there)]
    gates = [w.gate(), w.gate()]
    for computer, gate in zip(computers, gates):
        computer.handlers["client:tool_call"] = lambda args, gate=gate: gate
    calls = [a.ask_later("client:tool_call", w.call("C")) for a in agents]
    for computer in computers:
        computer.wait("client:tool_call")
    for n in (1, 0):
        gates[n].set_result(({"office": n},))
        equal(calls[n].result(10), [{"office": n}], "own result")


@case("ROUTE-03 ROUTE-18 ROUTE-20 ROUTE-21 ROUTE-22 D-49 D-57")
def answers_are_relayed_literally(w):
    agent, computer = w.agent(), w.computer()
    for answer in ((), (None,), (1, 2), (True, None), ([],), ("text",), ({"code": 4014, "message": "m", "details": {}},),
                   ({"content": [], "isError": False, "code": 404},), ({"tools": "nonsense"},), (1.5, {"a": [None]}, "é")):
        for event in ("client:tool_call", "client:get_tools"):
            computer.handlers[event] = lambda args, answer=answer: answer
            equal(agent.ask(event, w.call("C", event)), list(answer), "ack arguments")


@case("ROUTE-03 SIO-04")
def binary_attachments_pass_both_ways(w):
    agent, computer = w.agent(), w.computer()
    blob, back = bytes(range(256)), [b"", b"\x00\xff" * 3000, b"last"]
    computer.handlers["client:tool_call"] = lambda args: ({"content": back, "isError": False},)
    request = w.call("C", params={"blob": blob, "list": [b"1", {"x": b"2"}]})
    equal(agent.ask("client:tool_call", request), [{"content": back, "isError": False}], "result")
    equal(computer.wait("client:tool_call"), [request], "forwarded request")
    computer.handlers["client:get_tools"] = lambda args: (b"one", b"two")
    equal(agent.ask("client:get_tools", w.call("C", "client:get_tools")), [b"one", b"two"], "binary ack of two")


@case("SEC-03 SIO-21")
def large_payloads_pass(w):
    agent, computer = w.agent(), w.computer()
    computer.handlers["client:tool_call"] = lambda args: (args[0]["params"],)
    params = {"text": "x" * 400000, "list": list(range(20000)), "é": "\U0001f600" * 1000}
    equal(agent.ask("client:tool_call", w.call("C", params=params)), [params], "result")


@case("DISC-08 DISC-01")
def a_computer_vanishes_during_a_call(w):
    agent, computer = w.agent(), w.computer()
    computer.handlers["client:tool_call"] = lambda args: w.gate()
    calls = [agent.ask_later("client:tool_call", w.call("C", timeout=60)) for _ in range(3)]
    computer.wait("client:tool_call", 3)
    computer.leave_namespace()
    for call in calls:
        error(call.result(10), 404)
    equal(agent.wait(LEAVE), [{"office_id": w.here, "computer": "C"}], "leave notice")
    equal(agent.names_in(w.here), ["A"], "members")


@case("DISC-07 DISC-02")
def an_agent_vanishes_during_a_call(w):
    agent, computer, other = w.agent(), w.computer(), w.agent("B", w.there)
    gate = w.gate()
    computer.handlers["client:tool_call"] = lambda args: gate
    agent.ask_later("client:tool_call", w.call("C"))
    computer.wait("client:tool_call")
    agent.leave_namespace()
    equal(computer.wait(LEAVE), [{"office_id": w.here, "agent": "A"}], "leave notice")
    gate.set_result(({"secret": "nobody's"},))
    computer.quiet(ENTER, LEAVE, "client:tool_call")
    other.quiet()
    again = w.agent("A2")
    again.quiet()


@case("ROUTE-03 SEC-01")
def an_answer_arrives_although_the_computer_has_left(w):
    agent, computer = w.agent(), w.computer()
    gate = w.gate()
    computer.handlers["client:tool_call"] = lambda args: gate
    call = agent.ask_later("client:tool_call", w.call("C"))
    computer.wait("client:tool_call")
    computer.leave(w.here)
    agent.wait(LEAVE)
    gate.set_result(({"late": True},))
    equal(call.result(10), [{"late": True}], "result")


# ---- updates and cancel ----


@case("UPD-01 UPD-02 UPD-03 UPD-05 UPD-08 UPD-11 UPD-12 NOTIFY-14 NOTIFY-15 T3-A05 T3-S04 T3-R06")
def updates_reach_the_others_of_the_office(w):
    agent, computer, other, foreign, loose = w.agent(), w.computer(), w.computer("D"), w.agent("B", w.there), w.peer()
    for update in UPDATES:
        for value in ("C", computer.sid, "é\u0000", ""):
            for p in w.peers:
                p.forget()
            equal(computer.ask(f"server:{update}", {"computer": value, "more": 1}), [], "ack")
            for p in (agent, other):
                equal(p.now(f"notify:{update}"), [{"computer": value}], "notice")
                equal(len(p.events()), 1, "notices")
            for p in (computer, foreign, loose):
                p.quiet()
    computer.tell("server:update_config", {"computer": "C"})
    agent.wait("notify:update_config")


@case("UPD-06 UPD-07 SEC-02 D-04")
def updates_that_must_not_be_heard(w):
    agent, computer, other, foreign, loose = w.agent(), w.computer(), w.computer("D"), w.computer("F", w.there), w.peer()
    for p in w.peers:
        p.fence()
        p.forget()
    for update in UPDATES:
        for p in (agent, loose):
            equal(p.ask(f"server:{update}", {"computer": "C"}), [], "ack")
        for args in ([], [None], ["C"], [{}], [{"computer": 1}], [{"computer": "C"}, 1]):
            equal(computer.ask(f"server:{update}", *args), [], "ack")
    computer.leave(w.here)
    for p in (agent, other):
        p.wait(LEAVE)
        p.forget()
    for update in UPDATES:
        equal(computer.ask(f"server:{update}", {"computer": "C"}), [], "ack")
    for p in (agent, computer, other, foreign, loose):
        p.quiet()


@case("DESK-16 DESK-01 UPD-03 T3-R05")
def a_desktop_changes_and_is_fetched(w):
    agent, computer = w.agent(), w.computer()
    computer.ask("server:update_desktop", {"computer": "C"})
    agent.wait("notify:update_desktop")
    computer.handlers["client:get_desktop"] = lambda args: ({"desktops": ["window://x\n\nnew"], "req_id": args[0]["req_id"]},)
    request = w.call("C", "client:get_desktop", desktop_size=2, window="window://x")
    equal(agent.ask("client:get_desktop", request), [{"desktops": ["window://x\n\nnew"], "req_id": "r1"}], "desktop")
    equal(computer.wait("client:get_desktop"), [request], "forwarded request")


@case("CANCEL-01 CANCEL-02 CANCEL-03 NOTIFY-15 T3-R07")
def a_cancel_reaches_the_computers_of_the_office(w):
    agent, computers, foreign = w.agent(), [w.computer("C"), w.computer("D")], w.computer("F", w.there)
    for p in w.peers:
        p.fence()
        p.forget()
    equal(agent.ask("server:tool_call_cancel", {"agent": "A", "req_id": "r1"}), [], "ack")
    for p in computers:
        equal(p.wait(CANCELLED), [{"agent": "A", "req_id": "r1"}], "notice")
        p.fence()
        equal(len(p.events()), 1, "notices")
    agent.quiet()
    foreign.quiet()


@case("CANCEL-04 CANCEL-05 CANCEL-08 CANCEL-09")
def cancels_that_must_not_be_heard(w):
    agent, computer, other, foreign, loose = w.agent(), w.computer(), w.computer("D"), w.agent("B", w.there), w.peer()
    for p in w.peers:
        p.fence()
        p.forget()
    good = {"agent": "A", "req_id": "r1"}
    for sender, args in ((computer, [good]), (computer, [{**good, "agent": "C"}]), (loose, [good]), (foreign, [good]),
                         (agent, [{**good, "agent": "B"}]), (agent, [{**good, "agent": agent.sid}]), (agent, []),
                         (agent, [{"agent": "A"}]), (agent, [{"req_id": "r1"}]), (agent, [{**good, "req_id": 1}]),
                         (agent, [good, 1]), (agent, ["A"])):
        equal(sender.ask("server:tool_call_cancel", *args), [], "ack")
    for p in w.peers:
        p.quiet()
    agent.leave(w.here)
    for p in (computer, other):
        p.wait(LEAVE)
        p.forget()
    agent.ask("server:tool_call_cancel", good)
    for p in w.peers:
        p.quiet()


# ---- what clients must not be able to do ----


@case("NOTIFY-09 SIO-16 SIO-06 SIO-21")
def notices_and_unknown_events_have_no_effect(w):
    agent, computer, loose = w.agent(), w.computer(), w.peer()
    agent.wait(ENTER)
    agent.forget()
    pending = [computer.ask_later(event, {"office_id": w.here, "computer": "C", "agent": "A", "req_id": "r"})
               for event in (ENTER, LEAVE, CANCELLED, "notify:update_config", "server:nope", "client:nope", "nope", "",
                             "client:get_skills", "server:update_skills", "SERVER:LIST_ROOM")]
    pending.append(loose.ask_later("server_join_office", {"role": "computer", "name": "L", "office_id": w.here}))
    for p in (agent, loose, computer):
        p.quiet()
    check(not any(p.done() for p in pending), "an unknown event was acked")
    equal(agent.names_in(w.here), ["A", "C"], "members")


@case("ROOM-41 SEC-05 ERR-05")
def no_text_tells_anything_of_others(w):
    agent, computer, other = w.agent("secret agent"), w.computer("secret computer"), w.peer()
    texts = [other.join(w.here, "secret computer", "computer"), other.join(w.here, "x", "agent"),
             computer.join(w.there, "x", "computer"), computer.join(w.there, "secret computer", "agent"),
             agent.join(w.there, "secret agent", "agent"), other.ask("client:tool_call", w.call("secret computer")),
             other.ask("server:list_room", {"agent": "x", "req_id": "q", "office_id": w.here})]
    for text in map(str, texts):
        for secret in (agent.sid, computer.sid, other.sid, "secret", w.here):
            check(secret not in text, f"{secret!r} stands in {text!r}")


# ---- order and ends ----


@case("SIO-11 LIST-14 ROOM-27")
def events_of_a_connection_take_effect_in_order(w):
    computer, request = w.peer(), {"agent": "x", "req_id": "q", "office_id": w.there}
    acks = []
    for office in (w.here, w.there):
        acks.append(computer.ask_later("server:join_office", {"role": "computer", "name": "C", "office_id": office}))
        acks.append(computer.ask_later("server:list_room", request))
    acks.append(computer.ask_later("server:leave_office", {"office_id": w.there}))
    acks.append(computer.ask_later("server:list_room", request))
    got = [a.result(10) for a in acks]
    equal((got[0], got[2], got[4]), (OK, OK, OK), "joins and leave")
    error(got[1], 403)
    equal([s["office_id"] for s in got[3][0]["sessions"]], [w.there], "after the second join")
    error(got[5], 403)


@case("DISC-01 DISC-02 DISC-03 DISC-05 LIST-14")
def leaving_the_namespace_ends_the_membership(w):
    agent, computer, other = w.agent(), w.computer(), w.computer("D")
    agent.wait(ENTER, 2)
    computer.leave_namespace()
    equal(agent.wait(LEAVE), [{"office_id": w.here, "computer": "C"}], "notice")
    equal(agent.names_in(w.here), ["A", "D"], "members")
    agent.leave_namespace()
    equal(other.wait(LEAVE, 2), [{"office_id": w.here, "agent": "A"}], "notice")
    w.agent("A"), w.computer("C")
    equal(other.names_in(w.here), ["A", "C", "D"], "members")
    equal(len(other.events(LEAVE)), 2, "leave notices")


@case("DISC-01 DISC-02 DISC-05 DISC-11")
def closing_the_connection_ends_the_membership(w):
    agent, computer = w.agent(), w.computer()
    computer.close()
    equal(agent.wait(LEAVE), [{"office_id": w.here, "computer": "C"}], "notice")
    again = w.peer()
    error(again.ask("server:list_room", {"agent": "x", "req_id": "q", "office_id": w.here}), 403)
    equal(again.join(w.here, "C", "computer"), OK, "the name is free")
    agent.close()
    equal(again.wait(LEAVE), [{"office_id": w.here, "agent": "A"}], "notice")
    w.agent("A3")


@case("DISC-06")
def the_end_of_an_unjoined_client_is_no_news(w):
    agent, loose, left = w.agent(), w.peer(), w.computer()
    left.leave(w.here)
    agent.wait(LEAVE)
    agent.forget()
    loose.leave_namespace()
    left.leave_namespace()
    witness = w.computer("W")
    agent.wait(ENTER)
    equal(len(agent.events()), 1, "notices: only the witness")
    witness.quiet()
