#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""net/ against clients and servers that share no code with it: http.client, ssl and plain sockets of Python.

usage: net_probe.py NET_TOOL
"""
import base64
import hashlib
import http.client
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import unittest

TOOL = None
UPGRADE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits",
}


class Serving(unittest.TestCase):
    def setUp(self):
        self.tool = subprocess.Popen([TOOL, "serve"], stdout=subprocess.PIPE, text=True)
        self.port = int(self.tool.stdout.readline().split()[-1])

    def tearDown(self):
        self.tool.send_signal(signal.SIGTERM)
        self.assertEqual(self.tool.wait(10), 0)  # the sanitizer's exit code, too
        self.tool.stdout.close()

    def event(self):
        return self.tool.stdout.readline().strip()

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), 10)

    def upgraded(self, path="/ws"):
        s = self.connect()
        lines = [f"GET {path} HTTP/1.1", "Host: x"] + [f"{k}: {v}" for k, v in UPGRADE.items()]
        s.sendall("\r\n".join(lines + ["", ""]).encode())
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += s.recv(1)
        self.assertTrue(head.startswith(b"HTTP/1.1 101 "), head)
        self.assertNotIn(b"xtension", head)
        return s

    def test_ordinary_client(self):
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for method, body in (("GET", None), ("POST", b"abc"), ("PUT", b""), ("POST", b"x" * 1000000)):
            c.request(method, "/echo", body)
            r = c.getresponse()
            self.assertEqual((r.status, r.read()), (200, body or b""))
        c.request("POST", "/echo", iter([b"a", b"bc" * 5000, b"d"]), encode_chunked=True)
        self.assertEqual(c.getresponse().read(), b"a" + b"bc" * 5000 + b"d")
        c.request("HEAD", "/echo")
        self.assertEqual(c.getresponse().read(), b"")
        c.close()

    def test_refused_upgrade_is_read_whole(self):
        for _ in range(50):
            c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
            c.request("GET", "/refuse", headers=UPGRADE)
            r = c.getresponse()
            self.assertEqual((r.version, r.status, r.read()), (11, 403, b'{"code":4}'))
            self.assertEqual(c.sock, None)  # Connection: close
            c.close()

    def test_refusal_survives_a_client_that_talks_on(self):
        s = self.connect()
        lines = ["GET /refuse HTTP/1.1"] + [f"{k}: {v}" for k, v in UPGRADE.items()]
        s.sendall("\r\n".join(lines + ["", ""]).encode() + b"\x81\x82\0\0\0\0hi" * 10000)
        answer = b""
        while chunk := s.recv(65536):
            answer += chunk
        self.assertTrue(answer.endswith(b'\r\n\r\n{"code":4}'), answer)
        s.close()

    def test_parked_request_and_vanishing_clients(self):
        for reset in (False, True):
            s = self.connect()
            s.sendall(b"GET /park HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(self.event(), "parked - 0")
            if reset:
                s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
            self.assertEqual(self.event(), "done lost 0")

    def test_crowd_of_parked_requests(self):
        crowd = []
        for _ in range(200):
            s = self.connect()
            s.sendall(b"GET /park HTTP/1.1\r\nHost: x\r\n\r\n")
            self.assertEqual(self.event(), "parked - 0")
            crowd.append(s)
        ticks = self.cpu_ticks()
        c = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        for _ in range(200):  # turns of the loop, in which nothing parked may be looked at
            c.request("GET", "/echo")
            c.getresponse().read()
        self.assertLess(self.cpu_ticks() - ticks, 100)  # one second; a spinning or scanning server needs more
        c.request("GET", "/release")
        c.getresponse().read()
        c.close()
        for s in crowd:
            self.assertIn(b"\r\n\r\nreleased", s.recv(4096))
            s.sendall(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nok")
            self.assertIn(b"\r\n\r\nok", s.recv(4096))
            s.close()

    def cpu_ticks(self):
        with open(f"/proc/{self.tool.pid}/stat") as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return int(fields[11]) + int(fields[12])

    def test_websocket_frames(self):
        s = self.upgraded()
        s.sendall(b"\x81\x82\1\2\3\4" + bytes([ord("h") ^ 1, ord("i") ^ 2]))
        self.assertEqual(s.recv(100), b"\x81\x02hi")
        s.sendall(b"\x88\x82\0\0\0\0\x0f\xa1")
        self.assertEqual(s.recv(100), b"\x88\x02\x0f\xa1")
        self.assertEqual(s.recv(100), b"")  # FIN, not RST
        s.close()
        self.assertEqual(self.event(), "closed close frame 4001")

    def test_large_message_in_small_pieces(self):
        s = self.upgraded()
        payload = bytes(range(1, 251)) * 400
        mask = b"\x11\x22\x33\x44"
        masked = bytes(b ^ mask[i & 3] for i, b in enumerate(payload))
        s.sendall(b"\x82\xff" + struct.pack(">Q", len(payload)) + mask)
        for at in range(0, len(masked), 777):
            s.sendall(masked[at:at + 777])
        got = b""
        while len(got) < len(payload) + 10:
            got += s.recv(65536)
        self.assertEqual(got, b"\x82\x7f" + struct.pack(">Q", len(payload)) + payload)
        s.close()

    def test_sigterm_with_everything_open(self):
        a = self.upgraded()
        b = self.connect()
        b.sendall(b"GET /park HTTP/1.1\r\n\r\n")
        self.assertEqual(self.event(), "parked - 0")
        c = self.connect()
        c.sendall(b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nab")
        self.tool.send_signal(signal.SIGTERM)
        self.assertEqual(self.tool.wait(10), 0)
        for s in (a, b, c):
            s.close()


class Asking(unittest.TestCase):
    """https and wss, against Python's ssl."""

    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.cert = os.path.join(cls.folder.name, "cert.pem")
        key = os.path.join(cls.folder.name, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", cls.cert,
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cls.cert, key)
        cls.listener = socket.create_server(("127.0.0.1", 0))
        cls.port = cls.listener.getsockname()[1]
        threading.Thread(target=cls.serve, args=(context,), daemon=True).start()

    @classmethod
    def tearDownClass(cls):
        cls.listener.close()
        cls.folder.cleanup()

    @classmethod
    def serve(cls, context):
        while True:
            try:
                s, _ = cls.listener.accept()
            except OSError:
                return
            try:
                with context.wrap_socket(s, server_side=True) as t:
                    cls.talk(t)
            except OSError:
                pass

    @staticmethod
    def talk(t):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += t.recv(1)
        if b"GET /big " in head:
            t.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n" + b"b" * 1000000)
        elif b"pgrade: websocket" not in head:
            t.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
        else:
            key = [line.split(b": ")[1] for line in head.split(b"\r\n") if line.lower().startswith(b"sec-websocket-key")][0]
            accept = base64.b64encode(hashlib.sha1(key + b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11").digest())
            t.sendall(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                      b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n")
            for _ in range(2):  # the text, then its close frame
                first, second = t.recv(1)[0], t.recv(1)[0]
                mask = t.recv(4)
                payload = bytes(b ^ mask[i & 3] for i, b in enumerate(t.recv(second & 127)))
                t.sendall(bytes([first, len(payload)]) + payload)
        t.recv(1)

    def ask(self, *arguments, trusted=None):
        env = dict(os.environ, SSL_CERT_FILE=trusted) if trusted else None
        r = subprocess.run([TOOL, *arguments], capture_output=True, text=True, timeout=20, env=env)
        self.assertEqual((r.returncode, r.stderr), (0, ""))
        return r.stdout.strip()

    def test_untrusted(self):
        self.assertEqual(self.ask("get", "localhost", str(self.port), "/", "tls"), "error TLS: the certificate is not trusted 0")

    def test_insecure(self):
        self.assertEqual(self.ask("get", "127.0.0.1", str(self.port), "/", "insecure"), "200 secret")

    def test_trusted(self):
        self.assertEqual(self.ask("get", "localhost", str(self.port), "/", "tls", trusted=self.cert), "200 secret")

    def test_trusted_for_another_name(self):
        self.assertEqual(self.ask("get", "127.0.0.1", str(self.port), "/", "tls", trusted=self.cert),
                         "error TLS: the certificate is for another host 0")

    def test_megabyte(self):
        self.assertEqual(self.ask("get", "localhost", str(self.port), "/big", "insecure"), "200 " + "b" * 1000000)

    def test_websocket(self):
        self.assertEqual(self.ask("ws", "localhost", str(self.port), "/ws", "insecure", "hello"), "message hello\nended close frame 1000")

    def test_no_tls_there(self):
        with socket.create_server(("127.0.0.1", 0)) as plain:
            def answer():
                s, _ = plain.accept()
                s.recv(1)
                s.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                s.recv(1000)
                s.close()
            thread = threading.Thread(target=answer)
            thread.start()
            port = plain.getsockname()[1]
            self.assertEqual(self.ask("get", "127.0.0.1", str(port), "/", "insecure"), "error TLS handshake failed 0")
            thread.join()


if __name__ == "__main__":
    TOOL = os.path.abspath(sys.argv.pop(1))
    unittest.main()
