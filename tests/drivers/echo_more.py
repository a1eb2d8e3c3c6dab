#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the echo page lists as not asserted and a user still expects of the servers: limits, overlapping requests, buffering during an
upgrade, Socket.IO over polling, incomplete packets, texts beyond ASCII, every way a body can be cut.

Usage: echo_more.py PROGRAM
"""
import base64
import json
import random
import sys
import time

import websocket
from echo_lib import (
    CLOSED,
    ENGINE,
    ROWS,
    SEPARATOR,
    SOCKET,
    Failed,
    Program,
    check,
    equal,
    finish,
    report,
    row,
    run_rows,
    silence,
)

from echo_rows import (
    BURST,
    PARTS,
    POLL,
    SOON,
    WS,
    connected,
    greeted,
    open_packet,
    poll_gives,
    polling_session,
    post_ok,
    refused,
    upgrading,
    websocket_session,
)

del ROWS[:]  # those of echo_rows run on their own
BOTH = (ENGINE, SOCKET)
MAX_PAYLOAD = 1000000


def refused_with(answer, code):
    equal(answer.status, 400, "status")
    equal(answer.headers.get("content-type"), "application/json", "content type")
    equal(answer.code, code, "code")


def socket_polling(server, connect="40"):
    """A polling session that has connected; its greeting is taken in one poll."""
    target = polling_session(server, SOCKET)
    post_ok(server, target, connect)
    answer = server.request("GET", target)
    packets = answer.body.split(SEPARATOR)
    equal(len(packets), 2, "packets of the greeting")
    return target


# ---- refusals ----


@row("error bodies are those of Engine.IO", *BOTH)
def error_bodies(server, path):
    refused_with(server.request("GET", f"{path}?EIO=4&transport=abc"), 0)
    refused_with(server.request("GET", f"{path}?EIO=4"), 0)
    refused_with(server.request("GET", f"{path}{POLL}&sid=nobody"), 1)
    refused_with(server.request("GET", f"{path}{POLL}&sid={'x' * 20}"), 1)
    refused_with(server.request("GET", f"{path}{POLL}&sid={'x' * 500}"), 1)
    refused_with(server.request("POST", path + POLL, ""), 2)
    refused_with(server.request("GET", path + WS), 3)
    refused_with(server.request("GET", f"{path}?EIO=3&transport=polling"), 5)


@row("a polling session is not served as a WebSocket one and not in another version", *BOTH)
def wrong_transport(server, path):
    target = polling_session(server, path)
    refused_with(server.request("GET", target.replace("polling", "websocket")), 3)
    refused_with(server.request("GET", target.replace("EIO=4", "EIO=3")), 3)
    refused_with(server.request("PUT", target, ""), 3)
    poll_gives(server, target, "2")


@row("a session belongs to its path", ENGINE)
def own_path(server, path):
    target = polling_session(server, ENGINE)
    refused_with(server.request("GET", target.replace(ENGINE, SOCKET)), 1)


@row("paths: without the slash too, nothing else", ENGINE)
def paths(server, path):
    equal(server.request("GET", "/engine.io" + POLL).status, 200, "without slash")
    for wrong in ("/", "/engine.i/", "/engine.io/x", "/engine.iox/", "//engine.io/", "/ENGINE.IO/"):
        equal(server.request("GET", wrong + POLL).status, 404, wrong)


@row("parameters in any order, unknown and encoded ones", *BOTH)
def parameters(server, path):
    for query in (
        "?transport=polling&EIO=4",
        "?t=abc&EIO=4&x=%00&transport=polling&=&&y",
        "?EIO=%34&transport=%70olling",
        "?EIO=4&transport=polling&sid=",
        "?EIO=4&transport=polling&b64=1&j=3",
    ):
        answer = server.request("GET", path + query)
        equal(answer.status, 200, query)
        open_packet(answer.body, ["websocket"])


@row("sids are long, url-safe and never the same", ENGINE)
def sids(server, path):
    seen = {open_packet(server.request("GET", path + POLL).body, ["websocket"]) for _ in range(50)}
    equal(len(seen), 50, "different sids")
    for sid in seen:
        check(len(sid) >= 20 and set(sid) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"), sid)


@row("a WebSocket with an unknown sid is refused with the JSON body", *BOTH)
def unknown_sid_ws(server, path):
    try:
        server.ws(f"{path}{WS}&sid={'x' * 20}")
    except websocket.WebSocketBadStatusException as refusal:
        equal(refusal.status_code, 400, "status")
        equal(json.loads(refusal.resp_body), {"code": 1, "message": "Session ID unknown"}, "body")
        return
    raise Failed("accepted")


# ---- limits ----


@row("maxPayload: a POST of exactly that size is echoed", ENGINE)
def post_at_limit(server, path):
    echoed(server, "4" + "x" * (MAX_PAYLOAD - 1))


def echoed(server, body, **how):
    target = polling_session(server, ENGINE)
    answer = server.request("POST", target, body, **how)
    equal((answer.status, answer.body), (200, "ok"), "answer to the POST")
    poll_gives(server, target, body)


@row("maxPayload: one byte more is 413 and the end of the session", ENGINE)
def post_above_limit(server, path):
    target = polling_session(server, path)
    refused(server.request("POST", target, "4" + "x" * MAX_PAYLOAD), 413)
    refused_with(server.request("GET", target), 1)


@row("maxPayload: chunked, so that no length announces it", ENGINE)
def chunked_above_limit(server, path):
    target = polling_session(server, path)
    refused(server.request("POST", target, "4" + "x" * MAX_PAYLOAD, chunked=True), 413)
    refused_with(server.request("GET", target), 1)


@row("maxPayload: a WebSocket message of that size is echoed, one more ends the session", ENGINE)
def message_limit(server, path):
    ws = websocket_session(server, path)
    text = "4" + "x" * (MAX_PAYLOAD - 1)
    ws.send(text)
    ws.expect_no_ping(text)
    ws.send(text + "x")
    ws.closed_within(0, 2, skip=["2"])


@row("thousands of packets in one body come back in order, at most 15 in a poll (python-engineio takes 16)", ENGINE)
def many_packets(server, path):
    target = polling_session(server, path)
    packets = [f"4{i}" for i in range(1000)]
    post_ok(server, target, SEPARATOR.join(packets))
    got = []
    while len(got) < len(packets):
        answer = server.request("GET", target).body.split(SEPARATOR)
        check(len(answer) <= 15, f"{len(answer)} packets in one poll")
        if "2" in answer:
            post_ok(server, target, "3")
        got += [packet for packet in answer if packet != "2"]
    equal(got, packets, "packets")


@row("as many packets as allowed in one body", ENGINE)
def packets_at_limit(server, path):
    target = polling_session(server, path)
    post_ok(server, target, SEPARATOR.join(["4"] * 4096))


@row("one packet too many in one body is refused", ENGINE)
def too_many_packets(server, path):
    target = polling_session(server, path)
    refused(server.request("POST", target, SEPARATOR.join(["4"] * 4097)))
    refused_with(server.request("GET", target), 1)


# ---- bodies ----


@row("chunked bodies", ENGINE)
def chunked(server, path):
    body = SEPARATOR.join(["4hello", "4wörld", "bAQIDBA=="]).encode()
    echoed(server, body.decode(), chunked=True)
    echoed(server, body.decode(), chunked=True, pieces=[bytes([byte]) for byte in body])


@row("a body in many TCP segments", ENGINE)
def segments(server, path):
    body = SEPARATOR.join(["4hello", "4wörld", "4" + "x" * 5000]).encode()
    echoed(server, body.decode(), pieces=[body[i : i + 7] for i in range(0, len(body), 7)])


@row("a head in many TCP segments", ENGINE)
def head_segments(server, path):
    import socket

    sock = socket.create_connection(server.address, timeout=5)
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in f"GET {path}{POLL} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode():
        sock.sendall(bytes([byte]))
    raw = b""
    while piece := sock.recv(65536):
        raw += piece
    sock.close()
    check(raw.startswith(b"HTTP/1.1 200 "), f"got {raw[:40]!r}")


@row("two requests on one kept-alive connection", ENGINE)
def keep_alive(server, path):
    import http.client

    connection = http.client.HTTPConnection(*server.address, timeout=5)
    connection.request("GET", path + POLL)
    sid = open_packet(connection.getresponse().read().decode(), ["websocket"])
    connection.request("POST", f"{path}{POLL}&sid={sid}", "4hello")
    equal(connection.getresponse().read(), b"ok", "POST")
    connection.request("GET", f"{path}{POLL}&sid={sid}")
    equal(connection.getresponse().read(), b"4hello", "GET")
    connection.close()


@row("texts beyond ASCII", ENGINE)
def texts(server, path):
    for text in ("ä€😀", "\u0000\u0001\u007f", "\u2028\ufeff", "日本語" * 1000):
        echoed(server, "4" + text)
        ws = websocket_session(server, path)
        ws.send("4" + text)
        ws.expect("4" + text)


@row("empty messages, and binary of every length", ENGINE)
def binaries(server, path):
    echoed(server, "4")
    for length in (0, 1, 2, 3, 255, 10000):
        data = random.Random(length).randbytes(length)
        echoed(server, "b" + base64.b64encode(data).decode())
        ws = websocket_session(server, path)
        ws.send(data)
        ws.expect(data)


def malformed_post(body):
    def one(server, path):
        target = polling_session(server, path)
        refused_with(server.request("POST", target, body), 3)
        refused_with(server.request("GET", target), 1)

    return one


for name, body in {
    "no packet type": "abc",
    "empty": "",
    "an empty packet between two": "4a" + SEPARATOR * 2 + "4b",
    "a separator at the end": "4a" + SEPARATOR,
    "broken base64": "bA",
    "not UTF-8": b"4\xff\xfe",
    "a type that does not exist": "7",
    "a ping of the client": "2",
}.items():
    row(f"malformed POST ends the session: {name}", ENGINE)(malformed_post(body))


@row("a malformed POST releases the open poll with a close packet", *BOTH)
def malformed_with_poll(server, path):
    target = polling_session(server, path)
    poll = server.start("GET", target)
    silence(BURST)
    refused(server.request("POST", target, "abc"))
    answer = poll.answer()
    equal((answer.status, answer.body), (200, "1"), "open poll")


@row("what stands before the malformed packet has its effect, what follows has none", ENGINE)
def half_good(server, path):
    target = polling_session(server, path)
    poll = server.start("GET", target)
    silence(BURST)
    refused(server.request("POST", target, SEPARATOR.join(["4first", "abc", "4second"])))
    equal(poll.answer().body, "4first" + SEPARATOR + "1", "open poll")


def malformed_frame(message):
    def one(server, path):
        ws = websocket_session(server, path)
        ws.send(message)
        ws.closed_within(0, SOON)

    return one


for name, message in {"an empty one": "", "a ping of the client": "2", "a type that does not exist": "9"}.items():
    row(f"malformed WebSocket message: {name}", *BOTH)(malformed_frame(message))


@row("text that is no UTF-8 ends with close code 1007", *BOTH)
def not_utf8(server, path):
    for text in (b"4\xff\xfe", b"4\xed\xa0\x80", b"4\xc3"):
        ws = websocket_session(server, path)
        ws.ws.send(text, websocket.ABNF.OPCODE_TEXT)
        opcode, reason = ws.ws.recv_data()
        equal((opcode, reason[:2]), (websocket.ABNF.OPCODE_CLOSE, b"\x03\xef"), f"answer to {text!r}")


@row("open, upgrade and noop of a client have no effect", ENGINE)
def harmless(server, path):
    ws = websocket_session(server, path)
    ws.send("0", "5", "6", "3", "4hello")
    ws.expect("4hello")


# ---- overlap ----


@row("a second POST while one is pending: 400, and the session is closed", *BOTH)
def second_post(server, path):
    target = polling_session(server, path)
    first = server.start("POST", target, "4hello", pieces=[b"4he"])
    silence(BURST)
    refused(server.request("POST", target, "4there"))
    refused(first.answer())
    refused_with(server.request("GET", target), 1)


@row("a POST that is cut half-way ends the session", *BOTH)
def cut_post(server, path):
    target = polling_session(server, path)
    first = server.start("POST", target, "4hello", pieces=[b"4he"])
    silence(BURST)
    first.drop()
    silence(BURST)
    refused_with(server.request("GET", target), 1)


@row("a poll is answered as soon as there is something, a POST beside it", ENGINE)
def poll_beside_post(server, path):
    target = polling_session(server, path)
    for text in ("4a", "4b", "4c"):
        poll = server.start("GET", target)
        silence(BURST)
        post_ok(server, target, text)
        equal(poll.answer().body, text, "poll")


@row("sessions do not see each other", ENGINE)
def strangers(server, path):
    sessions = [polling_session(server, path) for _ in range(20)]
    for i, target in enumerate(sessions):
        post_ok(server, target, f"4{i}")
    for i, target in enumerate(sessions):
        poll_gives(server, target, f"4{i}")


# ---- upgrade ----


@row("messages queued while probing follow the switch, in order", ENGINE)
def queued_during_upgrade(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    post_ok(server, target, SEPARATOR.join(["4one", "bAQIDBA==", "4three"]))
    ws.send("5", "4four")
    ws.expect("4one", b"\1\2\3\4", "4three", "4four")


@row("a poll that waits when the probe comes is released with a noop", *BOTH)
def poll_before_probe(server, path):
    target, ws = upgrading(server, path)
    poll = server.start("GET", target)
    silence(BURST)
    check(poll.pending(), "answered before the probe")
    ws.send("2probe")
    ws.expect("3probe")
    equal(poll.answer().body, "6", "poll")


@row("messages before the noop: a poll while probing brings what is queued", ENGINE)
def queued_beats_noop(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    post_ok(server, target, "4hello")
    poll_gives(server, target, "4hello")
    poll_gives(server, target, "6")


@row("a poll that is open at the switch is released", ENGINE)
def poll_at_switch(server, path):
    target, ws = upgrading(server, path)
    poll = server.start("GET", target)
    silence(BURST)
    ws.send("5", "4hello")
    ws.expect("4hello")
    equal(poll.answer().body, "6", "poll")


@row("a probe that fails leaves the session on polling", ENGINE)
def failed_probe(server, path):
    for bad in ("4hello", "2", "1", "abc", "3probe"):
        target, ws = upgrading(server, path)
        ws.send(bad)
        ws.closed_within(0, SOON)
        post_ok(server, target, "4still here")
        poll_gives(server, target, "4still here")


@row("a probe that dies leaves the session on polling, and the next may succeed", ENGINE)
def dead_probe(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    ws.drop()
    post_ok(server, target, "4still here")
    until = time.monotonic() + 0.2
    while True:  # the server has to read the end of the first probe
        ws = server.ws(target.replace("polling", "websocket"))
        ws.send("2probe", "5", "4now here")
        got = ws.next()
        if got == "3probe":
            break
        check(got is CLOSED and time.monotonic() < until, f"next message {got!r}")
    ws.expect("4still here", "4now here")


@row("a second probe while one is under way is accepted and closed", *BOTH)
def two_probes(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe")
    ws.expect("3probe")
    server.ws(target.replace("polling", "websocket")).closed_within(0, SOON)
    ws.send("5")
    ws.silent(0.05)


@row("a POST after the upgrade is refused without harm", ENGINE)
def post_after_upgrade(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe", "5", "4a")
    ws.expect("3probe", "4a")
    refused_with(server.request("POST", target, "4b"), 3)
    ws.send("4c")
    ws.expect("4c")


@row("a POST that is open at the switch ends with the session", *BOTH)
def post_at_end(server, path):
    target, ws = upgrading(server, path)
    post = server.start("POST", target, None, headers=["Content-Length: 6"], pieces=[b"4la"])
    silence(BURST)
    ws.send("2probe", "5")
    ws.expect("3probe")
    ws.send("1")
    ws.closed_within(0, SOON)
    equal(post.answer().status, 400, "answer to the POST")
    websocket_session(server, path)


@row("pings go on after the upgrade", ENGINE)
def ping_after_upgrade(server, path):
    target, ws = upgrading(server, path)
    ws.send("2probe", "5")
    ws.expect("3probe")
    for _ in range(2):
        ws.expect("2")
        ws.send("3")


@row("a ping that is due while probing comes by the poll, its pong may come by the WebSocket", ENGINE)
def ping_while_probing(server, path):
    target, ws = upgrading(server, path)
    poll_gives(server, target, "2")
    ws.send("2probe")
    ws.expect("3probe")
    ws.send("5", "3")
    silence(0.25)  # past the end of the ping timeout
    ws.send("4alive")
    ws.expect("4alive")


# ---- heartbeat ----


@row("the end by silence is not before its time", *BOTH)
def not_too_early(server, path):
    target = polling_session(server, path)
    silence(0.4)
    poll_gives(server, target, "2")


@row("a pong nobody asked for changes nothing", ENGINE)
def early_pong(server, path):
    begin = time.monotonic()
    ws = websocket_session(server, path)
    silence(0.15)
    ws.send("3")
    ws.expect("2")
    took = time.monotonic() - begin
    check(0.28 <= took <= 0.42, f"the ping came after {took:.3f} s")


# ---- Socket.IO over polling ----


@row("polling: CONNECT and its greeting come in one poll", SOCKET)
def polling_connect(server, path):
    target = polling_session(server, path)
    post_ok(server, target, '40{"token":"123"}')
    packets = server.request("GET", target).body.split(SEPARATOR)
    check(packets[0].startswith('40{"sid":"'), packets[0])
    equal(packets[1:], ['42["auth",{"token":"123"}]'], "rest of the poll")


@row("polling: events, acks and binary in both directions", SOCKET)
def polling_events(server, path):
    target = socket_polling(server)
    binary = ['{"_placeholder":true,"num":0}]', "bAQID"]
    for sent, wanted in (
        (['42["message",1,"2",{"3":[true]}]'], ['42["message-back",1,"2",{"3":[true]}]']),
        (['427["message-with-ack",1]'], ["437[1]"]),
        (["420" + '["message-with-ack"]'], ["430[]"]),
        (['451-["message",' + binary[0], binary[1]], ['451-["message-back",' + binary[0], binary[1]]),
        (['451-9["message-with-ack",' + binary[0], binary[1]], ["461-9[" + binary[0], binary[1]]),
        (['42["message","a"]', '42["message","b"]'], ['42["message-back","a"]', '42["message-back","b"]']),
    ):
        post_ok(server, target, SEPARATOR.join(sent))
        poll_gives(server, target, SEPARATOR.join(wanted))


@row("polling: a binary event may be spread over several POSTs", SOCKET)
def polling_binary_spread(server, path):
    target = socket_polling(server)
    post_ok(server, target, '451-["message",{"_placeholder":true,"num":0}]')
    post_ok(server, target, "bAQID")
    poll_gives(server, target, '451-["message-back",{"_placeholder":true,"num":0}]' + SEPARATOR + "bAQID")


@row("polling: leaving and coming back", SOCKET)
def polling_rejoin(server, path):
    target = socket_polling(server)
    post_ok(server, target, "41")
    post_ok(server, target, "40/custom")
    packets = server.request("GET", target).body.split(SEPARATOR)
    check(packets[0].startswith('40/custom,{"sid":"'), packets[0])


@row("the connect timeout on polling: the poll brings a close packet", SOCKET)
def polling_connect_timeout(server, path):
    target = polling_session(server, path)
    begin = time.monotonic()
    while True:
        body = server.request("GET", target).body
        if body == "1":
            break
        equal(body, "2", "poll")
        post_ok(server, target, "3")
    took = time.monotonic() - begin
    check(1.45 <= took <= 1.9, f"closed after {took:.3f} s")


# ---- Socket.IO ----


@row("after an upgrade the socket is the same", SOCKET)
def upgraded_socket(server, path):
    target, ws = upgrading(server, path)
    post_ok(server, target, "40")
    ws.send("2probe", "5", '42["message",1]')
    ws.expect("3probe")
    check(ws.next().startswith('40{"sid":"'), "no CONNECT after the switch")
    ws.expect('42["auth",{}]', '42["message-back",1]')


def closes(*messages, skip=()):
    def one(server, path):
        ws = connected(server, path)
        ws.send(*messages)
        ws.closed_within(0, SOON, skip=skip)

    return one


def nothing_for(*messages):
    """Closed before anything was connected."""

    def one(server, path):
        ws = websocket_session(server, path)
        ws.send(*messages)
        ws.closed_within(0, SOON)

    return one


PLACEHOLDER = '{"_placeholder":true,"num":0}'
for name, messages in {
    "CONNECT twice": ["40"],
    "an event for a namespace that is not connected": ['42/custom,["message"]'],
    "an ack for a namespace that is not connected": ["43/custom,1[]"],
    "leaving a namespace that is not connected": ["41/custom,"],
    "CONNECT_ERROR of a client": ['44{"message":"x"}'],
    "an attachment that nothing announced": [b"\1"],
    "one attachment too many": ['451-["message",' + PLACEHOLDER + "]", b"\1", b"\2"],
    "text instead of an attachment": ['451-["message",' + PLACEHOLDER + "]", '42["message"]'],
    "fewer placeholders than announced": ['451-["message"]'],
    "more placeholders than announced": ['451-["message",' + PLACEHOLDER + ',{"_placeholder":true,"num":1}]'],
    "a placeholder out of range": ['451-["message",{"_placeholder":true,"num":7}]'],
    "an attachment count that is none": ['45x-["message"]'],
    "an event without a name": ["42[]"],
    "an event with a reserved name": ['42["connect"]'],
    "an event that is no JSON": ['42["message",]'],
    "an event with text after it": ['42["message"]x'],
    "an ack that is no array": ["431{}"],
    "an ack without an id": ["43[]"],
    "a CONNECT with a text as payload": ['40/custom,"token"'],
    "a type that does not exist": ["47"],
}.items():
    taken = ('451-["message-back",' + PLACEHOLDER + "]", b"\1")
    row(f"closes the connection: {name}", SOCKET)(closes(*messages, skip=taken if "too many" in name else ()))

row("closes the connection: an event before CONNECT", SOCKET)(nothing_for('42["message",1]'))


@row("closes the connection: an event after a refusal", SOCKET)
def refused_then_event(server, path):
    ws = websocket_session(server, path)
    ws.send("40/random", '42/random,["message",1]')
    ws.expect('44/random,{"message":"Invalid namespace"}')
    ws.closed_within(0, SOON)


@row("an incomplete binary event waits, and other connections go on", SOCKET)
def incomplete(server, path):
    ws = connected(server, path)
    ws.send('452-["message",' + PLACEHOLDER + ',{"_placeholder":true,"num":1}]', b"\1")
    ws.silent(0.05)
    other = connected(server, path)
    other.send('42["message",1]')
    other.expect('42["message-back",1]')
    ws.send(b"\2")
    ws.expect('452-["message-back",' + PLACEHOLDER + ',{"_placeholder":true,"num":1}]', b"\1", b"\2")


@row("after 41 the namespace may be connected again, with a new sid", SOCKET)
def reconnect(server, path):
    ws = websocket_session(server, path)
    first = greeted(ws, "40", "40", '42["auth",{}]')
    ws.send("41")
    second = greeted(ws, "40", "40", '42["auth",{}]')
    check(first != second, "the same sid twice")


@row("a refused namespace may be asked for again", SOCKET)
def refused_again(server, path):
    ws = websocket_session(server, path)
    for _ in range(40):
        ws.send("40/random,{}")
        ws.expect('44/random,{"message":"Invalid namespace"}')
    greeted(ws, "40", "40", '42["auth",{}]')


@row("the connect timeout runs on after a refusal", SOCKET)
def timeout_after_refusal(server, path):
    ws = websocket_session(server, path)
    begin = time.monotonic()
    ws.send("40/random")
    ws.expect('44/random,{"message":"Invalid namespace"}')
    while (got := ws.next()) is not CLOSED:
        equal(got, "2", "next message")
        ws.send("3")
    took = time.monotonic() - begin
    check(1.4 <= took <= 1.9, f"closed after {took:.3f} s")


@row("no connect timeout once a namespace was connected, even after leaving it", SOCKET)
def no_timeout(server, path):
    ws = connected(server, path)
    ws.send("41")
    begin = time.monotonic()
    while time.monotonic() - begin < 1.8:
        ws.expect("2")
        ws.send("3")


def same_args(args):
    def one(server, path):
        ws = connected(server, path)
        ws.send(f'42["message",{args}]', f'4217["message-with-ack",{args}]')
        ws.expect(f'42["message-back",{args}]', f"4317[{args}]")

    return one


for name, args in {
    "big integers": "9007199254740993,-9223372036854775809,123456789012345678901234567890",
    "number spellings": "1.0,1e2,-0,0.10,1E+05",
    "escapes": r'"\u0000\ud83d\ude00\/\"","\ud800"',
    "text beyond ASCII": '"ä€😀"',
    "repeated members and their order": '{"b":1,"a":2,"b":3}',
    "blanks": '{ "a" : [ 1 , 2 ] }',
    "null and nested emptiness": 'null,[],{},[[]],""',
    "depth just below the ceiling": "[" * 120 + "]" * 120,
}.items():
    row(f"arguments come back byte for byte: {name}", SOCKET)(same_args(args))


@row("nesting above the ceiling closes, and the server lives", SOCKET)
def too_deep(server, path):
    ws = connected(server, path)
    ws.send('42["message",' + "[" * 100000 + "]" * 100000 + "]")
    ws.closed_within(0, 1)
    connected(server, path)


@row("the name of an event is compared after its escapes", SOCKET)
def escaped_name(server, path):
    ws = connected(server, path)
    ws.send(r'42["m\u0065ssage",1]')
    ws.expect('42["message-back",1]')


@row("unknown events have no effect", SOCKET)
def unknown_event(server, path):
    ws = connected(server, path)
    ws.send('42["nope",1]', '421["nope",1]', '42["message-with-ack",1]', '42["message",2]')
    ws.expect('42["message-back",2]')


@row("acks that nobody waits for have no effect", SOCKET)
def unasked_acks(server, path):
    ws = connected(server, path)
    ws.send("431[]", "430[1,2]", '42["message",2]')
    ws.expect('42["message-back",2]')


@row("ids from 0 to the largest", SOCKET)
def ids(server, path):
    ws = connected(server, path)
    for number in (0, 1, 2**31, 2**53 - 1):
        ws.send(f'42{number}["message-with-ack"]')
        ws.expect(f"43{number}[]")


@row("a burst of a thousand events comes back in order", SOCKET)
def burst(server, path):
    ws = connected(server, path)
    ws.send(*(f'42["message",{i}]' for i in range(1000)))
    ws.expect_no_ping(*(f'42["message-back",{i}]' for i in range(1000)))


@row("many attachments", SOCKET)
def many_attachments(server, path):
    ws = connected(server, path)
    holders = ",".join(f'{{"_placeholder":true,"num":{i}}}' for i in range(100))
    parts = [bytes([i]) * i for i in range(100)]
    ws.send(f'45100-["message",{holders}]', *parts)
    ws.expect_no_ping(f'45100-["message-back",{holders}]', *parts)


def main(args):
    with Program(args[0]) as program:
        passed, failed = report(run_rows(program.server), "beyond the page")
        if program.stop() == 0:
            passed += 1
        else:
            print("FAILED the server did not stop cleanly")
            failed += 1
    finish(passed, failed)


if __name__ == "__main__":
    main(sys.argv[1:])
