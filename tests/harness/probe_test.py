#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`smcp-harness probe` and `run --revision auto`, against our server in every dress and against servers that are none.

Usage: probe_test.py SMCP_HARNESS SMCP_REFSERVER
"""
import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request

from program import REFSERVER, expect, harness, last_line, run_tests


class Server:
    """smcp-refserver with options; `url` and `sessions()`."""

    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        command = [REFSERVER, "--listen", "127.0.0.1:0", *self.options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        ready = json.loads(self.process.stdout.readline())
        self.url, self.control = ready["url"], ready["control"]
        return self

    def __exit__(self, *_):
        self.process.terminate()
        assert self.process.wait() == 0
        self.process.stdout.close()

    def ask(self, path):
        with urllib.request.urlopen(self.control + path) as answer:
            return json.load(answer)


class Answers:
    """An HTTP server that gives one answer to everything."""

    def __init__(self, status, body, headers=()):
        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                self.send_response(status)
                for name, value in headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_GET

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def probe(server, *options):
    done = harness("probe", server.url, "--json", *options)
    expect(done, 0)
    return json.loads(done.stdout)


def found(server, *options, **wanted):
    said = probe(server, *options)
    for member, value in wanted.items():
        assert said[member] == value, f"{member}: {said[member]!r}, expected {value!r}"
    assert said["took_ms"] < 5000
    return said


def test_without_a_gate():
    with Server() as server:
        found(server, gate="none", revision="0.1", server_version=None, admitted=None, polling=True, websocket=True,
              upgrade=True, credentials="none", path="/socket.io", ping_interval_ms=25000, max_payload=1000000)


def test_every_gate():
    for revision, version in (("0.2", "0.2.3"), ("0.3", "0.3.2"), ("0.4", "0.4.0")):
        with Server("--revision", revision) as server:
            found(server, gate="a2c_version", revision=revision, server_version=version, admitted=version,
                  min_supported=revision + ".0", max_supported=revision + ".999", websocket_gate="denied",
                  websocket_code=400, websocket=True, credentials="none")


def test_the_other_form_for_websockets():
    with Server("--revision", "0.4", "--refuse-websocket", "4900") as server:
        found(server, websocket_gate="closed", websocket_code=4900, revision="0.4")


def test_versions_that_we_do_not_have():
    with Server("--revision", "0.4", "--pretend-version", "0.9.1") as server:
        found(server, revision=None, server_version="0.9.1", admitted="0.9.1", credentials="none")
        expect(harness("run", server.url, "--revision", "auto"), 2, "0.9.1")
    with Server("--revision", "0.4", "--pretend-version", "1.2.0") as server:
        found(server, revision=None, min_supported="1.0.0", max_supported="1.2.999", admitted="1.2.0")


def test_other_paths():
    with Server("--path", "/smcp/socket.io") as server:
        found(server, path="/smcp/socket.io")
        found(server, "--path", "/smcp/socket.io", path="/smcp/socket.io")
        expect(harness("probe", server.url, "--path", "/socket.io"), 3, "no Engine.IO")
    with Server("--path", "/deep/down") as server:
        expect(harness("probe", server.url), 3, "no Engine.IO 4 at /socket.io or any other usual path: HTTP 404")
        found(server, "--path", "/deep/down", path="/deep/down")


def test_transports():
    with Server("--transports", "polling", "--revision", "0.4") as server:
        found(server, polling=True, websocket=False, upgrade=False, credentials="none")


def test_credentials():
    for spec in ("auth:token=right", "header:x-api-key=right"):
        wrong = spec.replace("right", "wrong")
        for revision in ("0.1", "0.4"):
            with Server("--auth", spec, "--revision", revision) as server:
                found(server, credentials="wanted", refusal='{"message":"Authentication failed"}')
                found(server, "--key", spec, credentials="accepted")
                found(server, "--key", wrong, credentials="refused")


def test_no_seat_and_no_session_is_left():
    with Server("--revision", "0.4") as server:
        probe(server)
        assert server.ask("/v1/offices") == {"offices": []}
        until = time.monotonic() + 5
        while server.ask("/v1/sessions") != {"sessions": []} and time.monotonic() < until:
            pass
        assert server.ask("/v1/sessions") == {"sessions": []}


def test_auto_plays_the_revision_that_it_finds():
    for revision in ("0.1", "0.2", "0.3", "0.4"):
        with Server("--revision", revision) as server:
            done = harness("run", server.url, "--revision", "auto", "--only", "room.join.computer*")
            expect(done, 0, f"revision {revision}, ")
            assert " 0 failed" in last_line(done)


def test_auto_finds_the_path_and_names_it():
    with Server("--path", "/smcp/socket.io", "--revision", "0.3", "--defect", "no-enter-notice") as server:
        done = harness("run", server.url, "--revision", "auto", "--only", "room.join.notifies-others", "--timeout", "1")
        expect(done, 1, f"{server.url} --revision 0.3 --path /smcp/socket.io")


def test_auto_needs_a_url():
    expect(harness("run", "--revision", "auto"), 2, "needs a URL")


def test_what_is_no_server():
    expect(harness("probe"), 2, "say which server")
    expect(harness("probe", "ftp://x"), 2, "ftp://x")
    expect(harness("probe", "http://a", "http://b"), 2, "one URL")
    expect(harness("probe", "--jsno", "http://a"), 2, "did you mean `--json`?")
    expect(harness("probe", "--help"), 0, "Examples:")
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{unused.getsockname()[1]}"
        expect(harness("probe", url), 3, "connection refused")
        done = harness("probe", url, "--json")
        expect(done, 3)
        assert json.loads(done.stdout)["reachable"] is False


def test_a_silent_server_takes_no_longer_than_allowed():
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        expect(harness("probe", f"http://127.0.0.1:{silent.getsockname()[1]}", "--timeout", "1"), 3)


def test_answers_that_are_no_engine_io():
    for status, body in ((200, b"hello"), (200, b"0{"), (200, b"0{}"), (500, b""), (400, b'{"code":5,"message":"no"}')):
        with Answers(status, body) as server:
            expect(harness("probe", server.url), 3, "no Engine.IO")


def test_gates_that_do_not_tell():
    refusal = b'{"code":400,"message":"Missing a2c_version query parameter"}'
    with Answers(400, refusal) as server:
        said = found(server, gate="a2c_version", server_version=None, admitted=None, revision=None)
        assert said["polling"] is False
        expect(harness("probe", server.url), 0, "none that we know")
    with Answers(400, b"no", [("X-A2C-Error-Code", "4008")]) as server:
        found(server, gate="a2c_version", server_version=None)


if __name__ == "__main__":
    os.environ.pop("GITHUB_ACTIONS", None)
    sys.exit(run_tests(globals()))
