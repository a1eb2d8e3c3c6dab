# SPDX-License-Identifier: Apache-2.0
"""smcp-refserver as a program: command line, ready line, ceilings, control API, logs, and how it ends."""
import json
import os
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time

import websocket
from refserver_lib import LIMIT, PROGRAM, Failed, Results, Server, case, cases_of, check, equal
from refserver_raw import call, forwarded, office, pair
from refserver_wire import Closed, Poller, Wire, request, until


def run(*options, **more):
    return subprocess.run([str(PROGRAM), *options], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LIMIT, **more)


def control(server, method="GET", path="/healthz"):
    return request(server.ready["control"].removeprefix("http://").split(":"), method, path)


# ---- command line ----


@case("design 2")
def help_and_version():
    for option in ("--help", "-h"):
        done = run(option)
        equal((done.returncode, done.stderr), (0, ""), option)
        for word in ("Usage:", "Examples:", "--listen", "--auth", "--exit-with-parent", "leak-to-all", "NOTIFY-05", "name-bytes"):
            check(word in done.stdout, f"{option} does not tell of {word}")
    done = run("--version")
    check(done.returncode == 0 and done.stdout.startswith("smcp-refserver ") and "0.1" in done.stdout, f"--version: {done.stdout!r}")


@case("design 2")
def wrong_usage_is_named():
    for options, words in ((["--lisen", "x"], ["--lisen", "--listen"]), (["--defect", "leak-to-al"], ["leak-to-all"]),
                           (["--limit", "name-byte=3"], ["name-bytes"]), (["--revision", "0.5"], ["not served yet", "0.1", "0.4"]),
                           (["--revision", "7"], ["no such revision"]), (["--listen"], ["needs a value"]),
                           (["--listen", "127.0.0.1:x"], ["127.0.0.1:x"]), (["--listen", "127.0.0.1:65536"], ["65536"]),
                           (["--listen", "::1:0"], ["[::1]:0"]), (["--ping-interval", "0"], ["more than 0"]),
                           (["--ping-timeout", "-1"], ["--ping-timeout"]), (["--path", "x"], ["/socket.io"]), (["--auth", "x=y"], ["--auth"]),
                           (["--auth", "header"], ["--auth"]), (["--auth", "header:=k"], ["--auth"]), (["--auth", "auth="], ["--auth"]),
                           (["--auth", "auth=@/nonexistent/keys"], ["/nonexistent/keys"]), (["--transports", "smoke"], ["polling"]),
                           (["--log", "xml"], ["json"]), (["--office", "f"], ["later"]), (["--journal", "f"], ["later"]),
                           (["--pretend-version", "9"], ["MAJOR.MINOR.PATCH"]), (["--pretend-version", "0.4.0"], ["no version handshake"]),
                           (["--refuse-websocket", "401"], ["400 or 4900"]), (["--seed=3"], ["later"]), (["--limit", "calls"], ["NAME=N"]),
                           (["--exit-with-parent=yes"], ["no value"]), (["surplus"], ["surplus"]), (["--max-payload", "1"], ["100"])):
        done = run(*options)
        equal((done.returncode, done.stdout), (2, ""), f"exit code and stdout of {options}")
        for word in words:
            check(word in done.stderr, f"{options}: {word!r} is not in {done.stderr!r}")
    secret = run("--auth", "hedder=sEcReT")
    check(secret.returncode == 2 and "sEcReT" not in secret.stderr, "a key in an error message")
    with tempfile.NamedTemporaryFile() as empty:
        done = run("--auth", f"auth=@{empty.name}")
        check(done.returncode == 2 and "holds no key" in done.stderr, f"empty key file: {done.stderr!r}")


@case("design 2")
def an_address_in_use_is_named():
    with Server() as server:
        done = run("--listen", server.host)
        check(done.returncode == 1 and server.host.split(":")[1] in done.stderr and not done.stdout, f"{done!r}")
        done = run("--listen", "127.0.0.1:0", "--control", server.host)
        check(done.returncode == 1 and "control" in done.stderr and not done.stdout, f"{done!r}")


@case("design 2 SIO-03 SIO-22")
def the_ready_line_tells_everything():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "ready.json")
        options = ["--ready-file", path, "--path", "/deep/er", "--ping-interval", "1234", "--ping-timeout", "567", "--max-payload=4321"]
        with Server(*options) as server:
            equal(list(server.ready), ["event", "url", "path", "namespace", "revision", "control", "pid"], "members")
            equal((server.ready["event"], server.ready["path"], server.ready["namespace"], server.ready["revision"], server.ready["pid"]),
                  ("ready", "/deep/er", "/smcp", "0.1", server.process.pid), "values")
            check(b" " not in server.ready_line.strip(), "blanks in the ready line")
            with open(path, "rb") as file:
                equal(file.read(), server.ready_line, "ready file")
            equal(os.listdir(folder), ["ready.json"], "files beside it")
            wire = Wire(server)
            equal((wire.open["pingInterval"], wire.open["pingTimeout"], wire.open["maxPayload"]), (1234, 567, 4321), "open packet")
            equal(request(server.address, "GET", "/deep/er?EIO=4&transport=polling").status, 200, "without the slash")
            for other in ("/socket.io/", "/deep/er/more/", "/deep/erx/", "/"):
                equal(request(server.address, "GET", other + "?EIO=4&transport=polling").status, 404, other)
            equal(server.stop()[0], 0, "exit code")
            equal(server.lines.get(timeout=LIMIT), b"", "stdout after the ready line")
        with Server("--control", "off") as server:
            equal(server.ready["control"], None, "control")
        done = run("--ready-file", os.path.join(folder, "no", "such", "folder"))
        check(done.returncode == 1 and "--ready-file" in done.stderr and not done.stdout, f"{done!r}")


@case("HS-28")
def a_version_parameter_means_nothing():
    with Server() as server:
        for query in ("", "&a2c_version=0.2.0", "&a2c_version=abc", "&a2c_version="):
            Wire(server, query=query).join(office(), "C")


# ---- control API, helpers ----


@case("UTIL-01 UTIL-02 design 8")
def the_control_api_shows_offices_and_sessions():
    with Server() as server:
        equal(control(server, path="/v1/offices").json(), {"offices": []}, "no offices")
        here, agent, computer = pair(server)
        second = Poller(server).join(here, "é\u0000")
        loose = Wire(server)
        answer = control(server, path="/v1/offices?x=y")
        equal((answer.status, answer.headers["content-type"].split(";")[0]), (200, "application/json"), "answer")
        (one,) = answer.json()["offices"]
        equal(list(one), ["office_id", "agent", "computers"], "members")
        equal(sorted(one["agent"]), ["name", "office_id", "role", "sid", "since", "transport"], "members of a session")
        equal((one["office_id"], one["agent"]["sid"], one["agent"]["role"], one["agent"]["office_id"], one["agent"]["transport"]),
              (here, agent.sid, "agent", here, "websocket"), "the Agent")
        equal([(c["name"], c["role"], c["transport"]) for c in one["computers"]],
              [("C", "computer", "websocket"), ("é\u0000", "computer", "polling")], "the Computers")
        sessions = control(server, path="/v1/sessions").json()["sessions"]
        equal(len(sessions), 4, "sessions")
        free = [s for s in sessions if s["sid"] == loose.sid][0]
        equal((free["name"], free["role"], free["office_id"]), (None, None, None), "the unjoined one")
        health = control(server).json()
        equal((health["status"], health["sessions"], health["offices"], health["calls"]), ("ok", 4, 1, 0), "health")
        agent.send("41/smcp,")
        computer.before_fence()
        equal(control(server, path="/v1/offices").json()["offices"][0]["agent"], None, "no Agent")
        second.send("41/smcp,"), computer.send("41/smcp,")
        until("the office ends", lambda: control(server, path="/v1/offices").json() == {"offices": []})
        for method, path, status in (("GET", "/", 404), ("GET", "/v1/nothing", 404), ("POST", "/healthz", 405), ("GET", "/healthz/", 404)):
            answer = control(server, method, path)
            equal((answer.status, answer.json()["code"]), (status, status), f"{method} {path}")
        equal(request(server.address, "GET", "/v1/offices").status, 404, "the control API on the public port")


# ---- ceilings ----


@case("SEC-02 SEC-03")
def offices_and_members_are_bounded():
    with Server("--limit", "offices=2", "--limit", "members=2", "--limit=name-bytes=5", "--limit", "office-bytes=6") as server:
        first, second, third = (Wire(server) for _ in range(3))
        first.join("one", "12345"), second.join("two", "é3é")

        def refused(wire, office, name):
            wire.send(f'42/smcp,3["server:join_office",{json.dumps({"role": "computer", "name": name, "office_id": office})}]')
            check(wire.next().startswith('43/smcp,3[false,"'), "expected a refusal")

        for name, where in (("x", "three"), ("123456", "one"), ("éé3é", "one"), ("x", "1234567")):
            refused(third, where, name)
        third.join("one", "x")
        first.next()
        fourth = Wire(server)
        refused(fourth, "one", "y")
        first.quiet()
        third.send('42/smcp,3["server:leave_office",{"office_id":"one"}]')
        third.next()
        first.next()
        fourth.join("one", "y")


@case("SEC-02 ERR-15")
def calls_in_flight_are_bounded():
    with Server("--limit", "calls=3", "--limit", "calls-per-session=2") as server:
        _, one, first = pair(server)
        _, two, second = pair(server)
        args = '{"computer":"C"}'
        for agent, computer, n in ((one, first, 2), (two, second, 1)):
            for id in range(n):
                agent.send(call(id, args))
                last = forwarded(computer, args)
            agent.send(call(9, args))
            check(agent.next().startswith('43/smcp,9[{"code":500,"message":"'), "expected a 500")
        second.send(f"43/smcp,{last}[1]")
        two.expect("43/smcp,0[1]")
        two.send(call(8, args))
        forwarded(second, args)


@case("SEC-03 SIO-22")
def sessions_and_connections_are_bounded():
    with Server("--limit", "sessions=2") as server:
        Wire(server), Poller(server)
        check(request(server.address, "GET", f"{server.path}/?EIO=4&transport=polling").status >= 400, "a third session by polling")
        try:
            Wire(server)
            raise Failed("a third session by WebSocket")
        except (websocket.WebSocketException, Closed):
            pass
    for limit in ("connections=3", "connections-per-address=3"):
        with Server("--limit", limit) as server:
            kept = [socket.create_connection(server.address, timeout=LIMIT) for _ in range(4)]
            equal(kept[3].recv(1), b"", "beyond the bound the connection is closed")
            kept[0].close()

            def accepted():
                try:
                    return request(server.address, "GET", f"{server.path}/?EIO=4&transport=polling").status == 200
                except OSError:
                    return False

            until("a freed place is given away again", accepted)
            for k in kept[1:]:
                k.close()


@case("SEC-03 SIO-21")
def large_messages_end_their_session():
    with Server("--max-payload", "10000") as server:
        here = office()
        witness = Wire(server).join(here, "W")
        for kind in (Wire, Poller):
            rude = kind(server).join(here, "R")
            witness.next()
            big = '42/smcp,["x","' + "x" * 10000 + '"]'
            if kind is Wire:
                rude.send(big)
                rude.expect_closed()
            else:
                equal(request(server.address, "POST", rude.target, big).status, 413, "answer to a large POST")
            witness.expect(f'42/smcp,["notify:leave_office",{{"office_id":"{here}","computer":"R"}}]')
        witness.quiet()


@case("SEC-02 SIO-21")
def a_slow_reader_is_dropped_and_memory_stays():
    with Server("--limit", "queue-bytes=300000", "--ping-interval", "20000") as server:
        here, agent, computer = pair(server)
        args = json.dumps({"computer": "C", "params": "x" * 50000}, separators=(",", ":"))
        sent = answered = 0
        while not answered:  # until buffers of kernel and server are full; then 404 for all of them
            agent.send(call(sent, args))
            sent += 1
            check(sent < 4000, "a client that does not read is never dropped")
            while select.select([agent.ws.sock], [], [], 0)[0]:
                check("404" in (message := agent.next()) or "leave_office" in message, message)
                answered += 1
        agent.send(call(4999, args))
        while not agent.next().startswith("43/smcp,4999["):
            pass
        agent.quiet()
        with open(f"/proc/{server.process.pid}/status", encoding="ascii") as status:
            rss = int([line for line in status if line.startswith("VmRSS")][0].split()[1])
        check(rss < 400000, f"{rss} KB resident")  # the sanitizers' own share included


@case("SEC-02 SIO-21")
def many_slow_readers_share_one_bound():
    """None of the four comes near its own queue-bytes; together they pass backlog-bytes, and a sixteenth is what each may have then."""
    with Server("--limit", "queue-bytes=1600000", "--limit", "backlog-bytes=700000", "--ping-interval", "20000") as server:
        here = office()
        agent = Wire(server).join(here, "A", role="agent")
        pollers = [Poller(server).join(here, f"P{i}") for i in range(4)]
        for i in range(4):
            agent.expect(f'42/smcp,["notify:enter_office",{{"office_id":"{here}","computer":"P{i}"}}]')
        writer = Wire(server).join(here, "W")
        agent.next()
        gone = sent = 0
        while not gone:  # none of them polls
            writer.send("42/smcp," + str(sent) + json.dumps(["server:update_config", {"computer": "x" * 50000}]))
            sent += 1
            check(sent <= 10, "the bound for all together is not kept")
            while "update_config" not in (message := agent.next()):
                gone += "leave_office" in message
        check(sent > 3, f"cut after {sent} notices, far below the bound")
        check(any(request(server.address, "GET", p.target).status == 400 for p in pollers), "nobody was disconnected")


@case("SIO-21 SIO-04")
def transports_and_connect_timeout_are_set():
    with Server("--transports", "polling", "--connect-timeout", "100") as server:
        answer = request(server.address, "GET", f"{server.path}/?EIO=4&transport=polling")
        equal(json.loads(answer.text[1:])["upgrades"], [], "upgrades")
        try:
            Wire(server)
            raise Failed("a WebSocket although only polling is allowed")
        except (websocket.WebSocketException, Closed):
            pass
        idle = Poller(server, connect=False)
        answers = []
        until("a session without a namespace ends",
              lambda: answers.append(request(server.address, "GET", idle.target)) or answers[-1].status == 400 or "1" in answers[-1].text)
        Poller(server).join(office(), "C")
    with Server("--transports", "websocket", "--cors", "*") as server:
        check(request(server.address, "GET", f"{server.path}/?EIO=4&transport=polling").status == 400, "polling is off")
        Wire(server).join(office(), "C")


# ---- logs ----


@case("SEC-04 ERR-05")
def logs_are_structured_and_hold_no_secret():
    for form in ("json", "text"):
        with Server("--log", form, "--auth", "auth=s3cret") as server:
            wire = Wire(server, auth='{"token":"s3cret","x":"private"}', query="&k=s3cret", header={"x-api-key": "s3cret"})
            wire.join(office(), "the name")
            wire.send('42/smcp,2["server:join_office",{"role":"agent","name":"x","office_id":"y"}]')
            wire.next()
            bad = Wire(server, connect=False)
            bad.send('40/smcp,{"token":"wr0ng"}')
            bad.next()
            bad.send("nonsense")
            bad.expect_closed()
            equal(server.stop()[0], 0, "exit code")
            text = server.stderr()
            for word in ("s3cret", "wr0ng", "private"):
                check(word not in text, f"{word!r} stands in the log")
            for word in ("joined", "the name", "refused", "connection refused", "malformed packet", "disconnected", "stopping"):
                check(word in text, f"{word!r} is missing in the log: {text}")
            if form == "json":
                lines = [json.loads(line) for line in text.splitlines()]
                check(all({"time", "level", "event"} <= set(line) for line in lines), "members of the log lines")
                check({"warning", "info"} <= {line["level"] for line in lines}, "levels")
    with Server() as server:
        Wire(server).join(office(), "C")
        equal(server.stop()[0], 0, "exit code")
        equal(server.stderr(), "", "log without --log")


# ---- ends ----


@case("DISC-14")
def signals_end_it_cleanly_and_at_once():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Server("--ping-interval", "20000") as server:
            here, agent, computer = pair(server)
            poller = Poller(server).join(here, "P")
            poll = poller.open_poll()
            agent.next()
            computer.next()
            agent.send(call(1, '{"computer":"C"}'))
            forwarded(computer, '{"computer":"C"}')
            begin = time.monotonic()
            server.process.send_signal(number)
            code = server.process.wait(timeout=LIMIT)
            took = time.monotonic() - begin
            equal(code, 0, "exit code")
            check(took < 2, f"took {took:.3f} s")  # 200 ms on an idle machine without sanitizers
            for wire in (agent, computer):
                equal([m for m in wire.expect_closed() if m.startswith("42")], [], "notices at the end")
            check(b"HTTP/1.1 200" in poll.recv(65536), "the open poll is answered")
            equal(server.stderr(), "", "stderr")


@case("design 2")
def it_ends_with_its_parent():
    script = ("import subprocess,sys,os;p=subprocess.Popen([sys.argv[1],'--exit-with-parent'],stdin=subprocess.DEVNULL,"
              "stdout=subprocess.PIPE);sys.stdout.buffer.write(p.stdout.readline());sys.stdout.flush();sys.stdin.read()")
    parent = subprocess.Popen([sys.executable, "-c", script, str(PROGRAM)], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    pid = json.loads(parent.stdout.readline())["pid"]
    watch = os.pidfd_open(pid)
    check(not select.select([watch], [], [], 0)[0], "it must be running")
    parent.kill()
    parent.wait()
    check(select.select([watch], [], [], LIMIT)[0], "it outlives its parent")
    os.close(watch)
    child = subprocess.Popen([str(PROGRAM), "--exit-with-parent"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    child.stdout.readline()
    child.stdin.close()
    equal(child.wait(timeout=LIMIT), 0, "exit code after stdin was closed")


@case("issue 3")
def every_defect_survives_a_story():
    """With sanitizers, the hooks must be sound; whether they break what they say is judged elsewhere."""
    names = [line.split()[0] for line in run("--help").stdout.partition("Defects")[2].partition("Presets")[0].splitlines()[1:] if line.strip()]
    check(len(names) >= 12, f"defects: {names}")
    for name in names + ["--defect=".join(names)]:
        with Server(*(["--defect", name] if "=" not in name else [f"--defect={n}" for n in names])) as server:
            story(server)
            equal(server.stop()[0], 0, f"exit code with {name}: {server.stderr()}")


def fence(wire):
    """As before_fence, but by either of two answers: a defect may cost one of them."""
    wire.fences += 1
    asked = f"/fence{wire.fences}"
    wire.send(f'42/smcp,{wire.fences}["server:list_room",{{"agent":"x","req_id":"x","office_id":"x"}}]', f"40{asked},")
    got = []
    while True:
        message = wire.next()
        if message.startswith((f"43/smcp,{wire.fences}[", f"40{asked},", f"44{asked},")):
            return got
        got.append(message)


def story(server):
    def later(id, event, payload):
        return f'42/smcp,{id}["{event}",{json.dumps(payload)}]'

    join = lambda id, role, name, where: later(id, "server:join_office", {"role": role, "name": name, "office_id": where})
    wires = [Wire(server, auth='{"role":"agent"}', query="&a2c_version=0.1.0") for _ in range(5)]  # one defect demands a role, one a version
    a, c, d, b, loose = wires
    a.send(join(1, "agent", "A", "one"))
    c.send(join(1, "computer", "C", "one"), join(2, "computer", "C", "one"), join(3, "agent", "C", "one"))
    d.send(join(1, "computer", "C", "one"), join(2, "computer", "D", "one"), join(3, "computer", "D", "two"))
    b.send(join(1, "agent", "B", "one"), join(2, "agent", "B", "two"), join(3, "agent", "B", "one"), join(4, "agent", "B", a.sid))
    for p in wires:
        fence(p)
        for update in ("config", "tool_list", "desktop"):
            p.send(later(5, f"server:update_{update}", {"computer": "C"}))
        p.send(later(6, "server:tool_call_cancel", {"agent": "A", "req_id": "r"}), later(7, "notify:enter_office", {"office_id": "one"}),
               later(8, "server:list_room", {"agent": "A", "req_id": "long enough", "office_id": "one"}))
        for n, event in enumerate(("tool_call", "get_config", "get_tools")):
            p.send(later(20 + n, f"client:{event}", {"computer": "C", "req_id": "r", "timeout": 1}))
        p.send("42/smcp," + later(0, "server:update_config", {"computer": "C"})[9:])
    for p in wires:
        for message in fence(p):
            if message.startswith("42/smcp,") and message[8].isdigit():
                p.send("43/smcp," + message[8:].partition("[")[0] + '[{"x":1}]')
    for p in (c, d, b):
        fence(p)
        p.send(later(9, "server:leave_office", {"office_id": "one"}), join(10, "computer", "C", "three"))
    try:
        for p in wires:
            fence(p)
        loose.send('42/smcp,1["server:unknown",{}]', '42/smcp,1["server_join_office",{}]')
        c.send(later(40, "client:tool_call", {"computer": "D"}))
        fence(c)
    except Closed:
        pass
    a.reset(), c.send("41/smcp,"), d.close()
    fence(b)


if __name__ == "__main__":
    results = Results("process")
    for name, ids, function in cases_of(sys.modules[__name__]):
        results.run(f"process: {name}", ids, function)
    results.end()
