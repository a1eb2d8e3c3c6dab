# SPDX-License-Identifier: Apache-2.0
"""Clients that write their frames themselves: Socket.IO text over a WebSocket or over polls, with every way to end."""
import http.client
import json
import select
import socket
import struct
import time

import websocket
from refserver_lib import LIMIT, Failed, check, equal


class Closed(Exception):
    pass


class Wire:
    """One WebSocket session.  Pings are answered and not shown, unless `pongs` is off."""

    def __init__(self, server, connect=True, auth="", query="", pongs=True, **options):
        self.ws = websocket.WebSocket(skip_utf8_validation=True)
        self.ws.settimeout(LIMIT)
        self.pongs = pongs
        self.ws.connect(f"ws://{server.host}{server.path}/?EIO=4&transport=websocket{query}", **options)
        self.open = json.loads(self.next()[1:])
        self.fences = 1000000
        if connect:
            self.send("40/smcp," + auth)
            answer = self.next()
            check(answer.startswith('40/smcp,{"sid":"'), f"CONNECT was answered {answer!r}")
            self.sid = json.loads(answer[8:])["sid"]

    def send(self, *messages):
        for message in messages:
            if isinstance(message, bytes):
                self.ws.send_binary(message)
            else:
                self.ws.send(message)

    def next(self, limit=LIMIT):
        end = time.monotonic() + limit
        while True:
            try:
                self.ws.settimeout(max(0.001, end - time.monotonic()))
                opcode, data = self.ws.recv_data()
            except websocket.WebSocketTimeoutException:
                raise Failed(f"no message within {limit} s") from None
            except (websocket.WebSocketException, OSError) as e:
                raise Closed(str(e)) from None
            if opcode == websocket.ABNF.OPCODE_CLOSE:
                raise Closed("close frame")
            if opcode == websocket.ABNF.OPCODE_BINARY:
                return data
            if data == b"2":
                if self.pongs:
                    self.ws.send("3")
                continue
            return data.decode("utf-8", "surrogatepass")

    def expect(self, *messages):
        for message in messages:
            equal(self.next(), message, "next message")

    def expect_closed(self):
        """The session ends; what still comes before is returned."""
        rest = []
        while True:
            try:
                rest.append(self.next())
            except Closed:
                return rest

    def before_fence(self):
        """All that the server had sent to this session until now."""
        self.fences += 1
        self.send(f'42/smcp,{self.fences}["server:list_room",{{"agent":"x","req_id":"x","office_id":"x"}}]')
        got = []
        while True:
            message = self.next()
            if isinstance(message, str) and message.startswith(f"43/smcp,{self.fences}["):
                return got
            got.append(message)

    def quiet(self):
        equal(self.before_fence(), [], "messages before the fence")

    def join(self, office, name, role="computer"):
        self.send(f'42/smcp,1["server:join_office",{json.dumps({"role": role, "name": name, "office_id": office})}]')
        self.expect("43/smcp,1[true,null]")
        return self

    def reset(self):
        """RST."""
        self.ws.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.ws.sock.close()

    def finish(self):
        """FIN without a close frame."""
        self.ws.sock.shutdown(socket.SHUT_WR)

    def close(self):
        try:
            self.ws.close(timeout=0)
        except (OSError, websocket.WebSocketException):
            pass


class Answer:
    def __init__(self, response):
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.text = response.read().decode("utf-8")

    def json(self):
        return json.loads(self.text)


def request(address, method, target, body=None, headers=None):
    connection = http.client.HTTPConnection(*address, timeout=LIMIT)
    try:
        connection.request(method, target, body, headers or {})
        return Answer(connection.getresponse())
    finally:
        connection.close()


class Poller:
    """One polling session."""

    def __init__(self, server, connect=True):
        self.server = server
        self.base = f"{server.path}/?EIO=4&transport=polling"
        answer = request(server.address, "GET", self.base)
        equal(answer.status, 200, "status of the handshake")
        self.eio_sid = json.loads(answer.text[1:])["sid"]
        self.target = f"{self.base}&sid={self.eio_sid}"
        self.queue = []
        if connect:
            self.send("40/smcp,")
            check(self.next().startswith('40/smcp,{"sid":'), "CONNECT")

    def send(self, *packets):
        answer = request(self.server.address, "POST", self.target, "\x1e".join(packets).encode())
        equal((answer.status, answer.text), (200, "ok"), "answer to POST")

    def next(self):
        while not self.queue:
            answer = request(self.server.address, "GET", self.target)
            equal(answer.status, 200, "status of the poll")
            for packet in answer.text.split("\x1e"):
                if packet == "2":
                    self.send("3")
                elif packet != "6":
                    self.queue.append(packet)
        return self.queue.pop(0)

    def join(self, office, name, role="computer"):
        self.send(f'42/smcp,1["server:join_office",{json.dumps({"role": role, "name": name, "office_id": office})}]')
        equal(self.next(), "43/smcp,1[true,null]", "ack of the join")
        return self

    def open_poll(self):
        """A poll whose answer is not waited for; returns its socket."""
        sock = socket.create_connection(self.server.address, timeout=LIMIT)
        sock.sendall(f"GET {self.target} HTTP/1.1\r\nHost: {self.server.host}\r\n\r\n".encode())
        return sock


def reset(sock):
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    sock.close()


def until(what, condition):
    """Ask again and again for a fact that only another process knows."""
    end = time.monotonic() + LIMIT
    while not condition():
        check(time.monotonic() < end, f"not within {LIMIT} s: {what}")
        select.select([], [], [], 0.005)
