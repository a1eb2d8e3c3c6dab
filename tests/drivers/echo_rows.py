#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every row of the page that says what the two echo servers of the official suites must do, under its own id.

Usage: echo_rows.py PROGRAM            starts smcp-echo and stops it
       echo_rows.py --url URL          against a server that runs already
"""
import json
import sys
import time

import websocket
from echo_lib import (
    CLOSED,
    ENGINE,
    SEPARATOR,
    SOCKET,
    Failed,
    Program,
    Server,
    check,
    equal,
    finish,
    report,
    row,
    run_rows,
    silence,
)

BOTH = (ENGINE, SOCKET)
POLL = "?EIO=4&transport=polling"
WS = "?EIO=4&transport=websocket"
SOON = 0.25
BURST = 0.02  # between two requests of which the first must be pending


# ---- steps that many rows begin with ----


def open_packet(text, upgrades):
    check(text.startswith("0"), f"not an open packet: {text!r}")
    value = json.loads(text[1:])
    equal(sorted(value), sorted(["sid", "upgrades", "pingInterval", "pingTimeout", "maxPayload"]), "keys")
    check(isinstance(value["sid"], str) and value["sid"], "sid is no string")
    equal(value["upgrades"], upgrades, "upgrades")
    for key, wanted in (("pingInterval", 300), ("pingTimeout", 200), ("maxPayload", 1000000)):
        check(type(value[key]) is int and value[key] == wanted, f"{key} is {value[key]!r}")
    return value["sid"]


def polling_session(server, path):
    answer = server.request("GET", path + POLL)
    equal(answer.status, 200, "status of the handshake")
    return f"{path}{POLL}&sid={open_packet(answer.body, ['websocket'])}"


def websocket_session(server, path):
    ws = server.ws(path + WS)
    open_packet(ws.next(), [])
    return ws


def upgrading(server, path):
    """A polling session and the WebSocket that probes it."""
    target = polling_session(server, path)
    return target, server.ws(target.replace("polling", "websocket"))


def post_ok(server, target, body):
    answer = server.request("POST", target, body)
    equal((answer.status, answer.body), (200, "ok"), "answer to the POST")


def poll_gives(server, target, body):
    answer = server.request("GET", target)
    equal((answer.status, answer.body), (200, body), "poll")


def refused(answer, *statuses):
    check(answer.status in (statuses or (400,)), f"status {answer.status}, body {answer.body!r}")


# ---- handshake ----


@row("H1", *BOTH)
def h1(server, path):
    polling_session(server, path)


@row("H2", *BOTH)
def h2(server, path):
    refused(server.request("GET", f"{path}?transport=polling"))
    refused(server.request("GET", f"{path}?EIO=abc&transport=polling"))


@row("H3", *BOTH)
def h3(server, path):
    refused(server.request("GET", f"{path}?EIO=4"))
    refused(server.request("GET", f"{path}?EIO=4&transport=abc"))


@row("H4", *BOTH)
def h4(server, path):
    websocket_session(server, path)


@row("H5", *BOTH)
def h5(server, path):
    for query in ("transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc"):
        begin = time.monotonic()
        try:
            ws = server.ws(f"{path}?{query}", 2)
        except websocket.WebSocketTimeoutException:
            raise Failed(f"{query}: neither answered nor closed") from None
        except (websocket.WebSocketException, OSError):
            continue
        got = ws.next(2)
        check(got is CLOSED, f"{query}: got {got!r}")
        check(time.monotonic() - begin < 2, f"{query}: open for too long")


@row("H6", *BOTH)
def h6(server, path):
    refused(server.request("POST", path + POLL, ""))
    refused(server.request("PUT", path + POLL, ""))


# ---- messages, polling ----


def echoed(server, path, body):
    target = polling_session(server, path)
    post_ok(server, target, body)
    poll_gives(server, target, body)


@row("M1", ENGINE)
def m1(server, path):
    echoed(server, path, "4hello")


@row("M2", ENGINE)
def m2(server, path):
    echoed(server, path, SEPARATOR.join(["4test1", "4test2", "4test3"]))


@row("M3", ENGINE)
def m3(server, path):
    echoed(server, path, "4hello" + SEPARATOR + "bAQIDBA==")


@row("M4", ENGINE)
def m4(server, path):
    target = polling_session(server, path)
    try:
        server.request("POST", target, "abc")
    except Failed:
        pass  # cut is fine
    refused(server.request("GET", target))


@row("M5", ENGINE)
def m5(server, path):
    target = polling_session(server, path)
    first = server.start("GET", target)
    silence(BURST)
    refused(server.request("GET", target + "&t=burst"), 400, 500)
    answer = first.answer()
    equal((answer.status, answer.body), (200, "1"), "first poll")
    refused(server.request("GET", target))


@row("M6", ENGINE)
def m6(server, path):
    target = polling_session(server, path)
    first = server.start("GET", target)
    silence(BURST)
    first.drop()
    refused(server.request("GET", target))


# ---- messages, WebSocket ----


@row("M7", ENGINE)
def m7(server, path):
    ws = websocket_session(server, path)
    ws.send("4hello")
    ws.expect("4hello")


@row("M8", ENGINE)
def m8(server, path):
    ws = websocket_session(server, path)
    ws.send(b"\1\2\3\4")
    ws.expect(b"\1\2\3\4")


@row("M9", ENGINE)
def m9(server, path):
    ws = websocket_session(server, path)
    ws.send("abc")
    ws.closed_within(0, SOON)


# ---- heartbeat ----


@row("P1", *BOTH)
def p1(server, path):
    target = polling_session(server, path)
    begin = time.monotonic()
    for _ in range(3):
        poll_gives(server, target, "2")
        equal(server.request("POST", target, "3").status, 200, "status of the pong's POST")
    took = time.monotonic() - begin
    check(0.85 <= took <= 1.4, f"three rounds took {took:.3f} s")


@row("P2", *BOTH)
def p2(server, path):
    target = polling_session(server, path)
    silence(0.5)
    refused(server.request("GET", target))


@row("P3", *BOTH)
def p3(server, path):
    ws = websocket_session(server, path)
    for _ in range(3):
        ws.expect("2")
        ws.send("3")


@row("P4", *BOTH)
def p4(server, path):
    websocket_session(server, path).closed_within(0.45, 0.9, skip=["2"])


# ---- close ----


@row("C1", *BOTH)
def c1(server, path):
    target = polling_session(server, path)
    poll = server.start("GET", target)
    silence(BURST)
    server.request("POST", target, "1")
    answer = poll.answer()
    equal((answer.status, answer.body), (200, "6"), "poll")
    refused(server.request("GET", target))


@row("C2", *BOTH)
def c2(server, path):
    ws = websocket_session(server, path)
    ws.send("1")
    ws.closed_within(0, SOON)


# ---- upgrade ----


@row("U1", ENGINE)
def u1_engine(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    poll_gives(server, target, "6")
    ws.send("5", "4hello")
    ws.expect("4hello")


@row("U1 socket", SOCKET)
def u1_socket(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    ws.send("5")
    ws.silent(0.1)


def u2(server, path, at_once):
    target, ws = upgrading(server, path)
    if at_once:
        ws.send("2probe", "5")
        ws.expect("3probe")
    else:
        ws.send("2probe")
        ws.expect("3probe")
        ws.send("5")
        if path == ENGINE:  # an answer proves that `5` has been read
            ws.send("4there")
            ws.expect("4there")
        else:
            silence(BURST)
    refused(server.request("GET", target))
    if path == ENGINE:
        ws.send("4hello")
        ws.expect("4hello")


@row("U2 at once", *BOTH)
def u2_at_once(server, path):
    u2(server, path, True)


@row("U2 after 3probe", *BOTH)
def u2_after(server, path):
    u2(server, path, False)


@row("U3", *BOTH)
def u3(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe", "5")
    ws.expect("3probe")
    second = server.ws(target.replace("polling", "websocket"))
    second.closed_within(0, SOON)
    if path == ENGINE:
        ws.send("4hello")
        ws.expect("4hello")


# ---- Socket.IO ----


def connected(server, path):
    """A WebSocket that has connected to "/" and taken both messages of the greeting."""
    ws = websocket_session(server, path)
    greeted(ws, "40", "40", '42["auth",{}]')
    return ws


def greeted(ws, send, prefix, event):
    ws.send(send)
    text = ws.next()
    check(text is not CLOSED and text.startswith(prefix + "{"), f"not a CONNECT: {text!r}")
    value = json.loads(text[len(prefix) :])
    equal(list(value), ["sid"], "keys of the CONNECT")
    check(isinstance(value["sid"], str) and value["sid"], "sid is no string")
    ws.expect(event)
    return value["sid"]


def greeting(name, send, prefix, event):
    @row(name, SOCKET)
    def one(server, path):
        greeted(websocket_session(server, path), send, prefix, event)


greeting("S1", "40", "40", '42["auth",{}]')
greeting("S2", '40{"token":"123"}', "40", '42["auth",{"token":"123"}]')
greeting("S3", "40/custom,", "40/custom,", '42/custom,["auth",{}]')
greeting("S4", '40/custom,{"token":"abc"}', "40/custom,", '42/custom,["auth",{"token":"abc"}]')


@row("S5", SOCKET)
def s5(server, path):
    ws = websocket_session(server, path)
    ws.send("40/random")
    ws.expect('44/random,{"message":"Invalid namespace"}')


@row("S6", SOCKET)
def s6(server, path):
    ws = websocket_session(server, path)
    ws.send("4abc")
    ws.closed_within(0, SOON)


@row("S7 connect timeout", SOCKET)
def s7(server, path):
    ws = websocket_session(server, path)
    begin = time.monotonic()
    while (got := ws.next()) is not CLOSED:
        equal(got, "2", "next message")
        check(time.monotonic() - begin <= 1.9, "still open after 1.9 s")
        ws.send("3")
    took = time.monotonic() - begin
    check(0.6 <= took <= 1.9, f"closed after {took:.3f} s")


@row("S8", SOCKET)
def s8(server, path):
    begin = time.monotonic()
    ws = connected(server, path)
    ws.send("41")
    ws.expect("2")
    took = time.monotonic() - begin
    check(0.28 <= took <= 0.45, f"the ping came after {took:.3f} s")


@row("S9", SOCKET)
def s9(server, path):
    ws = connected(server, path)
    ws.expect("2")
    ws.send("40/custom")
    ws.next()
    ws.next()
    ws.send("41/custom", '42["message","message to main namespace"]')
    ws.expect('42["message-back","message to main namespace"]')


# ---- events ----

BINARY_ARGS = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]'


def event(name, send, receive):
    @row(name, SOCKET)
    def one(server, path):
        ws = connected(server, path)
        ws.send(*send)
        ws.expect_no_ping(*receive)


PARTS = [b"\1\2\3", b"\4\5\6"]
event("E1", ['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]'])
event("E2", ['452-["message",' + BINARY_ARGS, *PARTS], ['452-["message-back",' + BINARY_ARGS, *PARTS])
event("E3", ['42456["message-with-ack",1,"2",{"3":[false]}]'], ['43456[1,"2",{"3":[false]}]'])
event("E4", ['452-789["message-with-ack",' + BINARY_ARGS, *PARTS], ["462-789[" + BINARY_ARGS, *PARTS])


def malformed(name, send):
    @row(name, SOCKET)
    def one(server, path):
        ws = connected(server, path)
        ws.send(send)
        ws.closed_within(0, SOON)


malformed("E5", "4abc")
malformed("E6", "42{}")
malformed("E7", '42abc["message-with-ack",1,"2",{"3":[false]}]')


def main(args):
    if args[:1] == ["--url"]:
        finish(*report(run_rows(Server(args[1])), "echo rows"))
    with Program(args[0]) as program:
        passed, failed = report(run_rows(program.server), "echo rows")
        if program.stop() != 0:
            print("FAILED the server did not stop cleanly")
            failed += 1
        else:
            passed += 1
    finish(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1:])
