# SPDX-License-Identifier: Apache-2.0
"""Raw HTTP and WebSocket clients for the tests of the echo servers, and the table of rows they fill.

Every HTTP request has a TCP connection of its own; nothing here knows Engine.IO beyond what a row writes itself.
"""
import json
import re
import select
import socket
import subprocess
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

import websocket

ENGINE, SOCKET = "/engine.io/", "/socket.io/"
SEPARATOR = "\x1e"
LIMIT = 5.0  # seconds for anything that has to happen at all


class Failed(Exception):
    """A row is not as the page says."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: expected {wanted!r}, got {got!r}")


# ---- HTTP ----


class Answer:
    def __init__(self, raw):
        head, _, body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split(" ")[1])
        self.headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        self.raw = body
        if self.headers.get("transfer-encoding") == "chunked":
            self.raw = dechunk(body)
        self.body = self.raw.decode("utf-8")

    @property
    def code(self):
        """The code of Engine.IO's error body."""
        value = json.loads(self.body)
        equal(sorted(value), ["code", "message"], "members of the error body")
        return value["code"]


def dechunk(body):
    out = b""
    while True:
        size, _, body = body.partition(b"\r\n")
        size = int(size.split(b";")[0], 16)
        if not size:
            return out
        out, body = out + body[:size], body[size + 2 :]


class Request:
    """One request on a connection of its own; the answer is read when asked for."""

    def __init__(self, server, method, target, body=None, headers=(), pieces=None, chunked=False):
        self.sock = socket.create_connection(server.address, timeout=LIMIT)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        lines = [f"{method} {target} HTTP/1.1", f"Host: {server.host}", "Connection: close"]
        lines += ["Accept-Encoding: gzip,deflate,br", *headers]
        if body is not None and not isinstance(body, bytes):
            body = body.encode()
        if chunked:
            lines += ["Transfer-Encoding: chunked", "Content-Type: text/plain;charset=UTF-8"]
        elif body is not None:
            lines += [f"Content-Length: {len(body)}", "Content-Type: text/plain;charset=UTF-8"]
        self.sock.sendall("\r\n".join(lines + ["", ""]).encode())
        if chunked:
            for piece in pieces or [body]:
                self.sock.sendall(b"%x\r\n%b\r\n" % (len(piece), piece))
            self.sock.sendall(b"0\r\n\r\n")
        elif pieces is None and body:
            self.sock.sendall(body)
        for piece in () if chunked else pieces or ():
            self.sock.sendall(piece)

    def answer(self, limit=LIMIT):
        raw = b""
        until = time.monotonic() + limit
        while True:
            left = until - time.monotonic()
            check(left > 0, f"no answer within {limit} s")
            self.sock.settimeout(left)
            try:
                piece = self.sock.recv(65536)
            except TimeoutError:
                continue
            except ConnectionError:
                piece = b""
            if not piece:
                break
            raw += piece
        self.sock.close()
        check(raw, "the connection was cut without an answer")
        return Answer(raw)

    def pending(self):
        """Nothing has been answered so far."""
        return not select.select([self.sock], [], [], 0)[0]

    def drop(self):
        self.sock.close()


class Server:
    def __init__(self, url):
        match = re.fullmatch(r"http://([^:]+):(\d+)/?", url)
        self.address = (match[1], int(match[2]))
        self.host = f"{match[1]}:{match[2]}"
        self.url = url.rstrip("/")

    def request(self, method, target, *args, **more):
        return Request(self, method, target, *args, **more).answer()

    def start(self, method, target, *args, **more):
        return Request(self, method, target, *args, **more)

    def ws(self, target, limit=LIMIT):
        """A WebSocket that offers compression, as browsers and Node do."""
        offer = ["Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"]
        ws = websocket.WebSocket(skip_utf8_validation=True)
        ws.settimeout(limit)
        ws.connect(f"ws://{self.host}{target}", header=offer)
        return WebSocket(ws)


# ---- WebSocket ----

CLOSED = object()


class WebSocket:
    def __init__(self, ws):
        self.ws = ws

    def send(self, *messages):
        for message in messages:
            if isinstance(message, bytes):
                self.ws.send_binary(message)
            else:
                self.ws.send(message)

    def next(self, limit=LIMIT):
        """The next message (str or bytes), or CLOSED; a broken or closed connection counts as closed."""
        self.ws.settimeout(limit)
        try:
            opcode, data = self.ws.recv_data()
        except websocket.WebSocketTimeoutException:
            raise Failed(f"no message within {limit} s") from None
        except (websocket.WebSocketException, OSError):
            return CLOSED
        if opcode == websocket.ABNF.OPCODE_CLOSE:
            return CLOSED
        return data if opcode == websocket.ABNF.OPCODE_BINARY else data.decode()

    def expect(self, *messages, limit=LIMIT):
        for message in messages:
            equal(self.next(limit), message, "next message")

    def expect_no_ping(self, *messages):
        """As expect, but pings in between are skipped."""
        for message in messages:
            got = self.next()
            while got == "2":
                got = self.next()
            equal(got, message, "next message")

    def closed_within(self, low, high, skip=()):
        """The connection ends between `low` and `high` seconds from now; returns when."""
        begin = time.monotonic()
        while True:
            left = begin + high + 1 - time.monotonic()
            check(left > 0, f"still open after {high} s")
            got = self.next(left)
            if got is CLOSED:
                break
            check(got in skip, f"instead of the end came {got!r}")
        took = time.monotonic() - begin
        check(low <= took <= high, f"closed after {took:.3f} s, expected {low} to {high}")
        return took

    def silent(self, seconds):
        """No message for that long."""
        self.ws.settimeout(seconds)
        try:
            got = self.ws.recv_data()
        except websocket.WebSocketTimeoutException:
            return
        except (websocket.WebSocketException, OSError):
            got = "the end of the connection"
        raise Failed(f"expected nothing for {seconds} s, got {got!r}")

    def drop(self):
        self.ws.shutdown()


def silence(seconds):
    """For rows that are about time itself: nothing happens for so long."""
    threading.Event().wait(seconds)


# ---- rows ----

ROWS = []


def row(name, *paths):
    """Register a test; it is called with (server, path) for each path."""

    def register(fn):
        for path in paths:
            ROWS.append((f"{name} {path}" if len(paths) > 1 else name, fn, path))
        return fn

    return register


class Lag:
    """How late this machine wakes a thread: rows with deadlines of 200 ms mean nothing while it stalls."""

    STALL = 0.03

    def __init__(self):
        self.stalls = []  # when
        self.over = threading.Event()
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()

    def watch(self):
        before = time.monotonic()
        while not self.over.wait(0.01):
            now = time.monotonic()
            if now - before - 0.01 > self.STALL:
                self.stalls.append(now)
            before = now

    def since(self, begin):
        return any(when >= begin for when in self.stalls)

    def stop(self):
        self.over.set()
        self.thread.join()


def run_one(item, server, lag):
    """(name, why it failed or None, whether the machine stalled meanwhile)"""
    name, fn, path = item
    begin = time.monotonic()
    why = None
    try:
        fn(server, path)
    except Failed as failed:
        why = str(failed)
    except Exception:
        why = traceback.format_exc(limit=-3)
    return name, why, lag.since(begin)


def run_rows(server, rows=None, workers=4, repeats=5):
    """{name: None or why it failed}, in the order of the rows.

    A row that fails while the machine stalls is repeated alone, at most `repeats` times; a row that fails otherwise has failed."""
    rows = rows or ROWS
    lag = Lag()
    with ThreadPoolExecutor(workers) as pool:
        done = list(pool.map(lambda item: run_one(item, server, lag), rows))
    results = {}
    for item, (name, why, stalled) in zip(rows, done):
        for _ in range(repeats):
            if not why or not stalled:
                break
            print(f"repeated, the machine stalled: {name}")
            _, why, stalled = run_one(item, server, lag)
        results[name] = why
    lag.stop()
    return results


def report(results, title):
    failed = [name for name, why in results.items() if why]
    for name in failed:
        print(f"FAILED {title}: {name}: {results[name]}")
    print(f"{title}: {len(results) - len(failed)} passed, {len(failed)} failed")
    return len(results) - len(failed), len(failed)


# ---- programs under test ----


class Program:
    """A server of ours or of somebody else that prints a ready line with its URL."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, **options)
        line = self.process.stdout.readline()
        if not line:
            self.process.wait(10)
            raise SystemExit(f"{command[0]} did not start (exit code {self.process.returncode})")
        self.ready = json.loads(line)
        self.server = Server(self.ready["url"])

    def stop(self):
        """Exit code after SIGTERM."""
        self.process.terminate()
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return self.process.wait()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        if self.process.poll() is None:
            self.stop()
        self.process.stdin.close()
        self.process.stdout.close()


def finish(passed, failed, skipped=0):
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    sys.exit(1 if failed or not passed else 0)
