#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The dialling side (client_probe) against smcp-echo, the npm servers, the Python servers, and servers that misbehave.

Usage: echo_dialling.py CLIENT_PROBE SMCP_ECHO
"""
import base64
import hashlib
import json
import os
import queue
import socket
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from echo_lib import SEPARATOR, Failed, Program, Server, check, equal, finish, silence

HERE = Path(__file__).parent
MODES = ("websocket", "polling", "upgrade")
PROBE, ECHO = (Path(arg).resolve() for arg in sys.argv[1:3])
LIMIT = 8


class Probe:
    """client_probe with its events in a queue."""

    def __init__(self, server, mode, path="/socket.io", timeout_ms=5000, query=""):
        host, port = server.address
        command = [PROBE, host, str(port), path, mode, str(timeout_ms), query]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.events = queue.Queue()
        self.early = []  # packets that came before the upgrade was waited for
        self.taps = []
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            event = json.loads(line.decode(errors="replace"))
            if event["event"] == "tap":
                self.taps.append(event)
            else:
                self.events.put(event)
        self.events.put({"event": "exit"})

    def do(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def next(self, wanted, skip=("ping", "other"), **fields):
        until = time.monotonic() + LIMIT
        while True:
            try:
                wait = max(0, until - time.monotonic())
                event = self.early.pop(0) if self.early and wanted != "upgraded" else self.events.get(timeout=wait)
            except queue.Empty:
                raise Failed(f"no {wanted!r} within {LIMIT} s; taps: {self.taps[-6:]}") from None
            if event["event"] == wanted:
                for key, value in fields.items():
                    equal(event[key], value, f"{wanted}.{key}")
                return event
            check(event["event"] in skip, f"expected {wanted!r}, got {event}")
            if wanted == "upgraded" and event["event"] == "packet":
                self.early.append(event)

    def open(self, mode):
        opened = self.next("open")
        if mode == "upgrade":
            self.next("upgraded", skip=("ping", "other", "packet"))
        return opened

    def packet(self, type, **fields):
        return self.next("packet", type=type, **fields)

    def requests(self, method):
        return [tap for tap in self.taps if tap["kind"] == "request" and tap["bytes"].startswith(method)]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        try:
            self.do("quit")
            code = self.process.wait(LIMIT)
        except (OSError, subprocess.TimeoutExpired):
            self.process.kill()
            code = self.process.wait()
        try:
            self.process.stdin.close()
        except BrokenPipeError:
            pass  # it has stopped before its last command
        self.process.stdout.close()
        if exc[0] is None:
            equal(code, 0, "exit code of client_probe")


# ---- against real servers ----


def conversation(server, mode):
    with Probe(server, mode, query="x=1&y=%20") as probe:
        probe.do('send 0{"token":"123"}')
        probe.open(mode)
        hello = probe.packet(0, nsp="/")
        check(json.loads(hello["payload"])["sid"], "no sid")
        probe.packet(2, name='"auth"', args='{"token":"123"}')
        probe.do('send 2["message",1,"ä€😀",{"3":[true]}]')
        back = probe.packet(2, name='"message-back"')
        equal(json.loads("[" + back["args"] + "]"), [1, "ä€😀", {"3": [True]}], "arguments")
        probe.do('send 27["message-with-ack",1]')
        probe.packet(3, id=7, args="1")
        probe.do('sendb 000102ff 51-8["message-with-ack",{"_placeholder":true,"num":0}]')
        got = probe.packet(6, id=8)
        equal(got["attachments"], ["000102ff"], "attachments")
        probe.do(*(f'send 2["message",{i}]' for i in range(100)))
        for i in range(100):
            probe.packet(2, args=str(i))
        probe.do("send 0/random,")
        refused = probe.packet(4, nsp="/random")
        check(refused["payload"], "a refusal without reason")
        for tap in probe.taps:
            if tap["kind"] == "request":
                check("&x=1&y=%20" in tap["bytes"], f"no query in {tap['bytes']!r}")
        check(bool(probe.requests("GET")) == (mode != "websocket"), "GET requests")
        check((probe.taps[-1]["kind"] == "ws_text") == (mode != "polling"), f"last tap {probe.taps[-1]}")
        probe.do("lose eio")
        probe.next("closed", by_peer=False, status=0)


def answers_pings(server, mode):
    with Probe(server, mode) as probe:
        probe.do("send 0")
        probe.open(mode)
        for _ in range(3):
            probe.next("ping", skip=("packet", "other"))
        probe.do('send 2["message",1]')
        probe.next("packet", skip=("ping", "other"))


REAL = {"conversation": conversation, "answers pings": answers_pings}


# ---- against smcp-echo alone: what its timing and strictness are known for ----


def muted(server, mode):
    with Probe(server, mode) as probe:
        probe.do("send 0")
        probe.open(mode)
        probe.packet(0)
        probe.do("mute")
        if mode == "polling":  # without a poll it does not hear of its end
            silence(0.8)
            probe.do("send 2")
        closed = probe.next("closed", skip=("ping", "other", "packet"), by_peer=True)
        equal(closed["status"], 400 if mode == "polling" else 0, "status")


def unmuted(server, mode):
    if mode == "polling":
        return  # the poll that was not made cannot be told from one that is late
    with Probe(server, mode) as probe:
        probe.do("send 0")
        probe.open(mode)
        probe.packet(0)
        probe.do("mute")
        probe.next("ping", skip=("packet", "other"))
        probe.do("unmute", "raw 3")
        for _ in range(2):
            probe.next("ping", skip=("packet", "other"))


def rude_text(server, mode):
    with Probe(server, mode) as probe:
        probe.do("send 0")
        probe.open(mode)
        probe.packet(0)
        probe.packet(2)
        probe.do("raw abc")
        closed = probe.next("closed", by_peer=True)
        if mode == "polling":
            check(closed["status"] == 400 or closed["text"] == "close packet", str(closed))


def raw_body(server, mode):
    """On polling a raw text is one body, with its separators."""
    if mode != "polling":
        return
    with Probe(server, mode) as probe:
        probe.open(mode)
        probe.do(f'raw 40{SEPARATOR}42["message",1]{SEPARATOR}42["message",2]')
        probe.packet(0)
        probe.packet(2, name='"auth"')
        probe.packet(2, args="1")
        probe.packet(2, args="2")
        equal(len(probe.requests("POST")), 1, "POST requests")


def joined_bodies(server, mode):
    if mode != "polling":
        return
    with Probe(server, mode) as probe:
        probe.do("send 0", *(f'send 2["message",{i}]' for i in range(40)))
        probe.open(mode)
        probe.packet(0)
        probe.packet(2)
        for i in range(40):
            probe.packet(2, args=str(i))
        bodies = [tap["body"].split(SEPARATOR) for tap in probe.requests("POST")]
        check(len(bodies) <= 5, f"{len(bodies)} POSTs for 41 packets")
        check(all(len(body) <= 15 for body in bodies), "more packets in a body than python-engineio takes")


def broken_bytes(server, mode):
    with Probe(server, mode) as probe:
        probe.open(mode)
        probe.do("bytes ffffffff")
        if mode == "polling":
            probe.next("no bytes")
        else:
            probe.next("closed", by_peer=True)


def freed(server, mode):
    with Probe(server, mode) as probe:
        probe.do("send 0", "free")
        probe.do("quit")
        probe.next("exit", skip=("open", "packet", "ping", "other", "upgraded"))


def freed_later(server, mode):
    with Probe(server, mode) as probe:
        probe.do("send 0")
        probe.open(mode)
        probe.packet(0)
        probe.do("free", "send 2", "quit")
        probe.next("exit", skip=("packet", "ping", "other"))


def unknown_path(server, mode):
    with Probe(server, mode, path="/nothing") as probe:
        closed = probe.next("closed", by_peer=True, status=404)
        if mode != "websocket":
            check("message" in closed["body"], str(closed))


OURS = {
    "muted": muted,
    "unmuted": unmuted,
    "rude text": rude_text,
    "raw body": raw_body,
    "joined bodies": joined_bodies,
    "broken bytes": broken_bytes,
    "freed": freed,
    "freed later": freed_later,
    "unknown path": unknown_path,
}


# ---- against servers made for one test ----

OPEN = {"sid": "a/b+c%", "upgrades": ["websocket"], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}


class Fake:
    """Runs `handler(fake, connection)` for each connection; a connection has read its request head."""

    def __init__(self, handler):
        self.handler = handler
        self.heads = []
        self.ends = queue.Queue()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.server = Server("http://127.0.0.1:%d" % self.listener.getsockname()[1])
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(sock,), daemon=True).start()

    def serve(self, sock):
        try:
            while head := self.read_head(sock):
                self.heads.append(head)
                if not self.handler(self, sock, head):
                    return
        except OSError:
            pass

    def read_head(self, sock):
        raw = b""
        while b"\r\n\r\n" not in raw:
            piece = sock.recv(1)
            if not piece:
                return None
            raw += piece
        head = raw.decode("latin-1")
        for line in head.split("\r\n"):
            if line.lower().startswith("content-length:"):
                left = int(line.split(":")[1])
                while left:
                    left -= len(sock.recv(left))
        return head

    def http(self, sock, status, body, *headers):
        body = body.encode()
        lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
        sock.sendall("\r\n".join(lines).encode() + body)
        return True

    def open(self, sock, *headers, **changes):
        return self.http(sock, 200, "0" + json.dumps({**OPEN, **changes}), *headers)

    def accept_ws(self, sock, head):
        key = next(line.split(": ")[1] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key"))
        digest = hashlib.sha1((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").encode()).digest()
        accept = base64.b64encode(digest).decode()
        lines = ["HTTP/1.1 101 X", "Upgrade: websocket", "Connection: Upgrade", f"Sec-WebSocket-Accept: {accept}", "", ""]
        sock.sendall("\r\n".join(lines).encode())

    def frames(self, sock, *texts):
        for text in texts:
            data = text.encode()
            size = bytes([len(data)]) if len(data) < 126 else b"\x7e" + len(data).to_bytes(2)
            sock.sendall(b"\x81" + size + data)

    def watch(self, sock):
        """How the client ends the connection: the opcodes it sent, then FIN or RST."""
        got = b""
        try:
            while piece := sock.recv(65536):
                got += piece
            self.ends.put((got, "FIN"))
        except ConnectionResetError:
            self.ends.put((got, "RST"))

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.listener.close()


def opcodes(data):
    """Opcodes of masked client frames."""
    found = []
    while data:
        found.append(data[0] & 15)
        data = data[2 + 4 + (data[1] & 127) :]
    return found


def ws_watch(fake, sock, head):
    fake.accept_ws(sock, head)
    fake.frames(sock, "0" + json.dumps({**OPEN, "upgrades": []}))
    fake.watch(sock)


def losing(how, codes, end):
    def test():
        with Fake(ws_watch) as fake, Probe(fake.server, "websocket") as probe:
            probe.next("open")
            probe.do(f"lose {how}")
            got, ended = fake.ends.get(timeout=LIMIT)
            equal((opcodes(got), ended), (codes, end), "end of the connection")
            probe.next("closed", by_peer=False)

    return test


def parked(fake, sock, head):
    if "sid=" not in head:
        return fake.open(sock, upgrades=[])
    fake.watch(sock)


def losing_poll(how, end):
    def test():
        with Fake(parked) as fake, Probe(fake.server, "polling") as probe:
            probe.next("open")
            until_parked(fake)
            probe.do(f"lose {how}")
            equal(fake.ends.get(timeout=LIMIT)[1], end, "end of the poll")
            probe.next("closed", by_peer=False)

    return test


def until_parked(fake):
    for _ in range(LIMIT * 100):
        if len(fake.heads) >= 2:
            return
        silence(0.01)
    raise Failed("no poll")


def ws_answers(*texts):
    def handler(fake, sock, head):
        fake.accept_ws(sock, head)
        fake.frames(sock, *texts)
        fake.watch(sock)

    return handler


def reports_faults():
    texts = ["0" + json.dumps(OPEN), "4x", "9", '42["a",]', "b", '42["fine",1]', "3", "6", "4", "45-", "1"]
    with Fake(ws_answers(*texts)) as fake, Probe(fake.server, "websocket") as probe:
        probe.next("open")
        for code in ("SIO_TYPE", "EIO_TYPE", None, "EIO_TYPE"):
            fault = probe.next("fault")
            check(code is None or fault["code"] == f"WIRE_E_{code}", str(fault))
        probe.packet(2, name='"fine"', args="1")
        probe.next("fault", code="WIRE_E_EIO_UNEXPECTED")
        for _ in range(2):
            probe.next("fault")
        probe.next("closed", by_peer=True, text="close packet")


def bad_open(text):
    def test():
        with Fake(ws_answers(text)) as fake, Probe(fake.server, "websocket") as probe:
            probe.next("fault")
            probe.next("closed", by_peer=True, text="malformed handshake")

    return test


def refused(mode, body):
    def test():
        with Fake(lambda fake, sock, head: fake.http(sock, 401, body)) as fake, Probe(fake.server, mode) as probe:
            closed = probe.next("closed", by_peer=True, status=401)
            if mode != "websocket":
                equal(closed["body"], body, "body")

    return test


def silent_server(mode):
    def test():
        with Fake(lambda fake, sock, head: fake.watch(sock)) as fake, Probe(fake.server, mode, timeout_ms=200) as probe:
            closed = probe.next("closed", status=0)
            check("timeout" in closed["text"], str(closed))

    return test


def nobody_listens(mode):
    def test():
        with socket.create_server(("127.0.0.1", 0)) as listener:
            address = listener.getsockname()
        with Probe(Server("http://%s:%d" % address), mode) as probe:
            closed = probe.next("closed", by_peer=True, status=0)
            check("refused" in closed["text"], str(closed))

    return test


def cookies_and_sid():
    with Fake(
        lambda fake, sock, head: fake.watch(sock)
        if "sid=" in head
        else fake.open(sock, "Set-Cookie: io=abc; Path=/; HttpOnly", "Set-Cookie: lb=7", upgrades=[])
    ) as fake, Probe(fake.server, "polling") as probe:
        probe.next("open")
        until_parked(fake)
        check("&sid=a%2Fb%2Bc%25" in fake.heads[1], fake.heads[1])
        check("cookie: io=abc; lb=7\r\n" in fake.heads[1].lower(), fake.heads[1])


def poll_fails(status):
    def handler(fake, sock, head):
        return fake.http(sock, status, "why") if "sid=" in head else fake.open(sock, upgrades=[])

    def test():
        with Fake(handler) as fake, Probe(fake.server, "polling") as probe:
            probe.next("open")
            probe.next("closed", by_peer=True, status=status, body="why")

    return test


def empty_poll():
    def handler(fake, sock, head):
        return fake.http(sock, 200, "") if "sid=" in head else fake.open(sock, upgrades=[])

    with Fake(handler) as fake, Probe(fake.server, "polling") as probe:
        probe.next("open")
        probe.next("fault", code="WIRE_E_EMPTY")
        probe.next("closed", by_peer=True)


def poll_cut():
    def handler(fake, sock, head):
        if "sid=" not in head:
            return fake.open(sock, upgrades=[])
        sock.close()

    with Fake(handler) as fake, Probe(fake.server, "polling") as probe:
        probe.next("open")
        probe.next("closed", by_peer=True, status=0)


def no_upgrade_offered():
    with Fake(lambda fake, sock, head: fake.open(sock, upgrades=[])) as fake, Probe(fake.server, "upgrade") as probe:
        probe.next("open")
        probe.next("closed", text="the server offers no upgrade to WebSocket")


def upgrade_answers(*texts):
    """Polls hang; the WebSocket says `texts` to the probe, or is refused when there are none."""

    def handler(fake, sock, head):
        if "upgrade: websocket" in head.lower():
            if not texts:
                return fake.http(sock, 400, "no")
            fake.accept_ws(sock, head)
            fake.frames(sock, *texts)
            return fake.watch(sock)
        return fake.watch(sock) if "sid=" in head else fake.open(sock)

    return handler


def upgrade_refused():
    with Fake(upgrade_answers()) as fake, Probe(fake.server, "upgrade") as probe:
        probe.next("open")
        probe.next("closed", by_peer=True, status=400)


def wrong_probe_answer():
    with Fake(upgrade_answers("3")) as fake, Probe(fake.server, "upgrade") as probe:
        probe.next("open")
        probe.next("closed", by_peer=True, text="wrong answer to the probe")


def poll_not_released():
    with Fake(upgrade_answers("3probe")) as fake, Probe(fake.server, "upgrade", timeout_ms=300) as probe:
        probe.next("open")
        probe.next("closed", text="timeout")


def one_poll_released():
    """engineioxide releases the poll that is open, once, and its answer to the probe may come after that."""
    asked, told = threading.Event(), threading.Event()

    def handler(fake, sock, head):
        if "upgrade: websocket" in head.lower():
            fake.accept_ws(sock, head)
            sock.recv(64)  # the probe
            asked.set()
            told.wait(5)
            fake.frames(sock, "3probe")
            return fake.watch(sock)
        if "sid=" not in head:
            return fake.open(sock)
        asked.wait(5)
        return fake.watch(sock) if told.is_set() else fake.http(sock, 200, "6")

    with Fake(handler) as fake, Probe(fake.server, "upgrade") as probe:
        probe.next("open")
        probe.next("other", skip=("ping",))
        told.set()
        probe.next("upgraded")


SPECIAL = {
    "lose rst": losing("rst", [], "RST"),
    "lose fin": losing("fin", [], "FIN"),
    "lose ws": losing("ws", [8], "FIN"),
    "lose eio": losing("eio", [1, 8], "FIN"),
    "lose a poll by rst": losing_poll("rst", "RST"),
    "lose a poll by fin": losing_poll("fin", "FIN"),
    "reports faults and goes on": reports_faults,
    "message before the open packet": bad_open("4hello"),
    "open packet without sid": bad_open('0{"upgrades":[],"pingInterval":1,"pingTimeout":1}'),
    "open packet that is no JSON": bad_open("0{"),
    "silent server, polling": silent_server("polling"),
    "silent server, websocket": silent_server("websocket"),
    "nobody listens, polling": nobody_listens("polling"),
    "nobody listens, websocket": nobody_listens("websocket"),
    "refused, polling": refused("polling", '{"error":4008}'),
    "refused, upgrade": refused("upgrade", '{"error":4008}'),
    "refused, websocket": refused("websocket", '{"error":4008}'),
    "cookies and an odd sid": cookies_and_sid,
    "poll answered 400": poll_fails(400),
    "poll answered 503": poll_fails(503),
    "empty poll": empty_poll,
    "poll cut": poll_cut,
    "no upgrade offered": no_upgrade_offered,
    "upgrade refused": upgrade_refused,
    "wrong answer to the probe": wrong_probe_answer,
    "poll not released while upgrading": poll_not_released,
    "one poll released while upgrading": one_poll_released,
}


def main():
    node = os.environ.get("NODE_BINARY", "node")
    with (
        Program(ECHO) as ours,
        Program(node, str(HERE / "echo_server.mjs")) as npm,
        Program(sys.executable, str(HERE / "echo_server.py"), "1", stderr=subprocess.DEVNULL) as python,
    ):
        tests = {}
        for name, server in {"smcp-echo": ours.server, "npm": npm.server, "python": python.server}.items():
            for mode in MODES:
                for title, test in REAL.items():
                    tests[f"{title}, {name}, {mode}"] = lambda t=test, s=server, m=mode: t(s, m)
        for mode in MODES:
            for title, test in OURS.items():
                tests[f"{title}, {mode}"] = lambda t=test, m=mode: t(ours.server, m)
        tests.update(SPECIAL)

        def run(item):
            try:
                item[1]()
            except Failed as failed:
                return f"FAILED {item[0]}: {failed}"
            except Exception:
                return f"FAILED {item[0]}: {traceback.format_exc(limit=-3)}"
            return None

        with ThreadPoolExecutor(4) as pool:
            failures = [text for text in pool.map(run, tests.items()) if text]
    print("\n".join(failures) if failures else "all as expected")
    finish(len(tests) - len(failures), len(failures))


if __name__ == "__main__":
    main()
