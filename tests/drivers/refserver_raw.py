# SPDX-License-Identifier: Apache-2.0
"""What no client library would do to smcp-refserver: exact bytes, broken frames, every kind of loss, ceilings."""
import json

import websocket
from refserver_lib import Failed, Results, Server, case, cases_of, check, equal
from refserver_wire import Closed, Poller, Wire, request, reset, until

count = 0


def office():
    global count
    count += 1
    return f"raw {count}"


def pair(server):
    """An Agent A and a Computer C in a new office."""
    here = office()
    agent, computer = Wire(server).join(here, "A", "agent"), Wire(server).join(here, "C")
    agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"C"}}]')
    return here, agent, computer


def call(id, args, event="client:tool_call"):
    return f'42/smcp,{id}["{event}",{args}]'


def forwarded(computer, args, event="client:tool_call"):
    """The Computer gets exactly these bytes; returns the ack id it is asked for."""
    got = computer.next()
    head, _, rest = got.partition("[")
    equal(rest, f'"{event}",{args}]', "forwarded request")
    check(head.startswith("42/smcp,") and head[8:].isdigit(), f"head of the forwarded request: {head!r}")
    check(int(head[8:]) < 2**31, "ack ids must fit into 31 bits")
    return head[8:]


# ---- bytes ----


@case("ROUTE-03 ROUTE-19 SIO-10")
def requests_and_results_are_relayed_byte_for_byte(server):
    _, agent, computer = pair(server)
    for args in ('{"computer":"C"}', '{ "computer" :"C" , "timeout":1.50e1 }', '{"a":12345678901234567890123,"computer":"C","a":1}',
                 r'{"\u0063omputer":"\u0043","x":"\u0000\ud83d\ude00\/","y":-0.0,"z":1E+2}', '{"computer":"C","é":"\U0001f600\u2028"}',
                 r'{"computer":"C","s":"\ud800"}', '{"computer":"C","timeout":"soon","req_id":[]}'):
        agent.send(call(7, args))
        id = forwarded(computer, args)
        for result in ("", "null", args, "[1, 2.0] ,  {}", '{"code":404,"code":405}', "true,null"):
            computer.send(f"43/smcp,{id}[{result}]")
            agent.expect(f"43/smcp,7[{result}]")
            agent.send(call(7, args))
            id = forwarded(computer, args)
        computer.send(f"43/smcp,{id}[]")
        agent.expect("43/smcp,7[]")


@case("SIO-05 SIO-13")
def ack_ids_and_event_names_are_taken_as_written(server):
    _, agent, computer = pair(server)
    for id in ("0", "9007199254740993", "2147483648"):
        agent.send(rf'42/smcp,{id}["\u0063lient\u003atool_call",{{"computer":"C"}}]')
        computer.send(f'43/smcp,{forwarded(computer, """{"computer":"C"}""")}[{id}]')
        agent.expect(f"43/smcp,{id}[{id}]")


@case("ROUTE-17 SEC-02")
def a_repeated_computer_is_malformed(server):
    _, agent, computer = pair(server)
    for args in ('{"computer":"C","computer":"C"}', r'{"computer":"C","\u0063omputer":"D"}'):
        agent.send(call(3, args))
        check(agent.next().startswith('43/smcp,3[{"code":400,"message":"'), "expected a 400")
    for event, args in (("update_config", '{"computer":"C","computer":"D"}'), ("update_config", '{"computer":1,"computer":"D"}')):
        computer.send(f'42/smcp,4["server:{event}",{args}]')
        computer.expect("43/smcp,4[]")
    agent.quiet()
    computer.quiet()


@case("SIO-07 SIO-08 NOTIFY-10 UPD-08 CANCEL-01")
def exact_notices_and_no_unasked_acks(server):
    here = office()
    agent, computer = Wire(server).join(here, "A", "agent"), Wire(server)
    join = f'["server:join_office",{{"role":"computer","name":"\\u0043 é","office_id":"{here}"}}]'
    computer.send(f"42/smcp,{join}")
    agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"\\u0043 é"}}]')
    computer.send('42/smcp,["server:update_desktop",{"x":1,"computer":"\\u0043"}]', '42/smcp,["server:nope",{}]',
                  '42/smcp,["client:get_tools",{}]', '42/smcp,["server:list_room",{}]', '42/smcp,["server:leave_office",7]',
                  f'42/smcp,["server:leave_office",{{"office_id":"{here}"}}]', '42/smcp,["server:join_office"]')
    computer.quiet()
    agent.expect('42/smcp,["notify:update_desktop",{"computer":"\\u0043"}]',
                 f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"\\u0043 é"}}]')
    other = Wire(server).join(here, "D")
    agent.next()
    agent.send('42/smcp,["server:tool_call_cancel",{"req_id":"\\u0031","agent":"\\u0041"}]')
    other.expect('42/smcp,["notify:tool_call_cancel",{"agent":"\\u0041","req_id":"\\u0031"}]')
    agent.quiet()


@case("SIO-14 ROUTE-03 SEC-02")
def foreign_doubled_and_unknown_acks_are_ignored(server):
    here, agent, computer = pair(server)
    thief = Wire(server).join(here, "T")
    agent.next()
    computer.next()
    agent.send(call(5, '{"computer":"C"}'))
    id = forwarded(computer, '{"computer":"C"}')
    for wrong in (id, "0", str(int(id) + 1), str(int(id) + 2**20), "9007199254740991"):
        thief.send(f'43/smcp,{wrong}["stolen"]')
    thief.quiet()
    agent.quiet()
    computer.send(f'43/smcp,{int(id) + 2**20}["wrong"]', f'43/smcp,{id}["right"]', f'43/smcp,{id}["doubled"]')
    agent.expect('43/smcp,5["right"]')
    computer.quiet()
    agent.quiet()
    agent.send(call(6, '{"computer":"C"}'))
    check(forwarded(computer, '{"computer":"C"}') != id, "an ack id must not come back at once")
    computer.send(f'43/smcp,{id}["late"]')
    computer.quiet()
    agent.quiet()


@case("ROUTE-24 ROUTE-25 DISC-09")
def an_expired_call_is_never_answered(server):
    with Server("--defect", "short-wait") as quick:
        _, agent, computer = pair(quick)
        agent.send(call(5, '{"computer":"C","timeout":1}'))
        id = forwarded(computer, '{"computer":"C","timeout":1}')
        control = quick.ready["control"].removeprefix("http://").split(":")
        until("the call expires", lambda: request(control, "GET", "/healthz").json()["calls"] == 0)
        agent.quiet()
        computer.send(f'43/smcp,{id}["too late"]')
        computer.quiet()
        agent.quiet()
        agent.send(call(6, '{"computer":"C","timeout":60}'))
        computer.send(f'43/smcp,{forwarded(computer, """{"computer":"C","timeout":60}""")}[1]')
        agent.expect("43/smcp,6[1]")


# ---- namespaces ----


@case("SIO-01 SIO-17 SIO-18")
def nothing_happens_outside_the_namespace(server):
    here = office()
    witness = Wire(server).join(here, "W")
    join = f'["server:join_office",{{"role":"agent","name":"A","office_id":"{here}"}}]'
    for asked in ("40", "40/,", "40/other,", '40/smcpx,{"token":"x"}', "40/SMCP,"):
        stranger = Wire(server, connect=False)
        stranger.send(asked)
        nsp = asked[2:].partition("{")[0].strip(",")
        stranger.expect("44" + (nsp + "," if nsp not in ("", "/") else "") + '{"message":"Invalid namespace"}')
        stranger.send("42" + join, "40/smcp,")
        check(stranger.next().startswith('40/smcp,{"sid":'), "what a refused client sends has no effect, nor any answer")
        stranger.close()
    for early in ("42/smcp,1" + join, "421" + join):
        stranger = Wire(server, connect=False)
        stranger.send(early, "40/smcp,")
        check(stranger.next().startswith('40/smcp,{"sid":'), "what comes before CONNECT has no effect, nor any answer")
        stranger.close()
    witness.quiet()


@case("DISC-03 DISC-11 SIO-12")
def a_namespace_can_be_left_and_entered_again(server):
    here, agent, computer = pair(server)
    first = computer.sid
    computer.send("41/smcp,", "40/smcp,")
    agent.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"C"}}]')
    again = json.loads(computer.next()[8:])["sid"]
    check(again != first, "the sid must be a new one")
    computer.quiet()
    computer.join(here, "another name")
    agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"another name"}}]')


@case("AUTH-02 AUTH-03")
def a_refused_client_has_no_effect(_):
    for spec in ("header:x-api-key=k", "auth:token=k"):
        with Server("--auth", spec) as server:
            here = office()
            witness = Wire(server, auth='{"token":"k"}', header={"x-api-key": "k"}).join(here, "W")
            join = f'42/smcp,1["server:join_office",{{"role":"agent","name":"A","office_id":"{here}"}}]'
            for auth in ("", '{"token":"x"}', '{"token":"k","token":"k"}' if spec.startswith("auth") else '{"token":"k"}'):
                refused = Wire(server, connect=False)
                refused.send("40/smcp," + auth)
                refused.expect('44/smcp,{"message":"Authentication failed"}')
                refused.send(join)
                try:
                    refused.send("40/smcp,")
                    refused.expect('44/smcp,{"message":"Authentication failed"}')
                except (Closed, OSError):
                    pass
                refused.close()
            witness.quiet()


# ---- broken frames ----

BROKEN = ["", "4", "9", "48/smcp,", "42/smcp,", "42/smcp,1", "42/smcp,[]", '42/smcp,["x"', '42/smcp,["x"]]', "42/smcp,{}",
          "42/smcp,[1]", '42/smcp,["x",01]', '42/smcp,["x",\x00]', '42/smcp,["x","\x01"]', '42/smcp,["x",nul]', "43/smcp,[1]",
          "43/smcp,1{}", "43/smcp,1", '42/smcp,18446744073709551616["x"]', '451-/smcp,["x"]', '45/smcp,["x"]',
          '42/smcp,["server:join_office",' + "[" * 5000 + "]" * 5000 + "]", '42/smcp,["connect",1]', '42/smcp,["disconnect"]',
          "40/smcp,[1]", '40/smcp,{"a":}', b"binary nobody announced", '451-/smcp,["x",{"_placeholder":true,"num":3}]', "4" + "2" * 70,
          "42/smcp,[\"\ud800\"]"]


@case("SIO-21 SEC-02")
def broken_packets_end_their_session_only(server):
    here, agent, witness = pair(server)
    for n, broken in enumerate(BROKEN):
        rude = Wire(server).join(here, f"rude {n}")
        agent.next()
        witness.next()
        try:
            if isinstance(broken, str):
                rude.ws.send(broken.encode("utf-8", "surrogatepass"), websocket.ABNF.OPCODE_TEXT)
            else:
                rude.send(broken)
            rude.expect_closed()
        except Failed as e:
            raise Failed(f"{broken[:60]!r}: {e}") from None
        notice = f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"rude {n}"}}]'
        agent.expect(notice)
        witness.expect(notice)
    agent.quiet()
    witness.quiet()


@case("SIO-21 SIO-04 SEC-02")
def broken_posts_end_their_session_only(server):
    here, agent, witness = pair(server)
    for n, broken in enumerate(('42/smcp,["x"', "9", '42/smcp,["x"]\x1e\x1e', "b!!!", "4", '42/smcp,[]')):
        rude = Poller(server).join(here, f"rude {n}")
        agent.next()
        witness.next()
        equal(request(server.address, "POST", rude.target, broken.encode()).status, 400, f"answer to {broken!r}")
        notice = f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"rude {n}"}}]'
        agent.expect(notice)
        witness.expect(notice)
    agent.quiet()


# ---- ends ----


@case("DISC-01 DISC-02 DISC-03 DISC-05")
def every_kind_of_end_is_noticed(server):
    here = office()
    agent = Wire(server).join(here, "A", "agent")

    def lose_poll(p):
        reset(p.open_poll())

    def finish_poll(p):
        p.open_poll().close()

    kinds = [(Wire, lambda p: p.reset()), (Wire, lambda p: p.finish()), (Wire, lambda p: p.close()), (Wire, lambda p: p.send("41/smcp,")),
             (Wire, lambda p: p.send("1")), (Poller, lambda p: p.send("41/smcp,")), (Poller, lambda p: p.send("1")),
             (Poller, lose_poll), (Poller, finish_poll)]
    for kind, end in kinds:
        computer = kind(server).join(here, "C")
        agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"C"}}]')
        end(computer)
        agent.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"C"}}]')
    agent.quiet()
    witness = Wire(server).join(here, "W")
    for kind, end in kinds:
        agent.close() if agent else None
        witness.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","agent":"A"}}]')
        agent = None
        next_agent = kind(server).join(here, "A", "agent")
        witness.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","agent":"A"}}]')
        end(next_agent)
    witness.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","agent":"A"}}]')
    witness.quiet()


@case("DISC-04 DISC-05")
def a_silent_peer_is_reaped(_):
    with Server("--ping-interval", "100", "--ping-timeout", "100") as server:
        here = office()
        agent = Wire(server).join(here, "A", "agent")
        Wire(server, pongs=False).join(here, "C")
        agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"C"}}]',
                     f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"C"}}]')
        Poller(server).join(here, "C")
        agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"C"}}]',
                     f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"C"}}]')


@case("DISC-08 DISC-01 DISC-07")
def losses_during_calls(server):
    here, agent, computer = pair(server)
    for end in (Wire.reset, Wire.finish, Wire.close):
        for id in (1, 2, 3):
            agent.send(call(id, '{"computer":"C","timeout":60}'))
            forwarded(computer, '{"computer":"C","timeout":60}')
        end(computer)
        got = sorted(agent.next() for _ in range(4))
        check(got[0] == f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"C"}}]', f"leave notice, got {got!r}")
        equal(got[1:], [f'43/smcp,{id}[{{"code":404,"message":"Computer not found"}}]' for id in (1, 2, 3)], "acks")
        computer = Wire(server).join(here, "C")
        agent.next()
    agent.send(call(1, '{"computer":"C"}'))
    id = forwarded(computer, '{"computer":"C"}')
    agent.reset()
    computer.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","agent":"A"}}]')
    again = Wire(server).join(here, "A", "agent")
    computer.next()
    computer.send(f"43/smcp,{id}[1]")
    computer.quiet()
    again.quiet()


@case("DISC-01 SIO-21 SIO-12")
def a_crowd_comes_and_goes_at_once(server):
    here = office()
    agent = Wire(server).join(here, "A", "agent")
    crowd = [Wire(server) for _ in range(150)]
    for n, p in enumerate(crowd):
        p.send(f'42/smcp,["server:join_office",{{"role":"computer","name":"{n}","office_id":"{here}"}}]')
    for n in range(150):
        check("notify:enter_office" in agent.next(), "enter notice")
    agent.send('42/smcp,["server:tool_call_cancel",{"agent":"A","req_id":"x"}]')
    agent.quiet()  # the cancel has taken effect
    for n, p in enumerate(crowd):
        equal(p.before_fence()[-1], '42/smcp,["notify:tool_call_cancel",{"agent":"A","req_id":"x"}]', f"last message of {n}")
    for p in crowd:
        p.reset()
    left = {agent.next() for _ in range(150)}
    equal(left, {f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"{n}"}}]' for n in range(150)}, "leave notices")
    agent.quiet()


if __name__ == "__main__":
    results = Results("raw clients")
    with Server() as shared:
        import sys
        for name, ids, function in cases_of(sys.modules[__name__]):
            results.run(f"raw: {name}", ids, function, shared)
    results.end()
