#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A target that goes only half of the way: it connects everybody, and then does something strange with joins.

Usage: half_server.py MODE [ARGUMENT...]
    die                dies when the first join comes, that of the trial of the fence
    die-later          dies when the first join of a scenario comes
    tell FIFO          opens FIFO for writing when the join of a scenario has come, and never answers
    tell-trial FIFO    the same with that of the trial
    late FIFO ANSWER   the same, and answers as soon as somebody writes to the FIFO named ANSWER; later joins at once
    scold FIFO ANSWER  like late, and says before the ack that somebody has left; waits 2 s for a pong (so it says, and never pings)
    poison STARTS      answers; dies when an office called poison* is joined; appends a line to STARTS when it starts
    poison-once STARTS the same, but only in the process that has written the first line

Long polling only; a WebSocket handshake is answered 400.
"""
import json
import os
import queue
import re
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlparse

OPEN = {"upgrades": [], "pingInterval": 25000, "pingTimeout": 20000, "maxPayload": 1000000}
sessions = {}


LEFT = '42/smcp,["notify:leave_office",{"office_id":"o","computer":"c"}]\x1e'
mode = sys.argv[1]
if mode == "scold":
    OPEN["pingTimeout"] = 2000
first = True


def on_join(packet):
    """The ack, or None."""
    global mode
    trial = "calibrating-" in packet
    if mode == "die" or (mode == "die-later" and not trial) or ("poison" in packet and (mode == "poison" or (mode == "poison-once" and first))):
        os._exit(9)
    tells = mode == "tell-trial" or (mode in ("tell", "late", "scold") and not trial)
    if tells:
        with open(sys.argv[2], "w", encoding="utf-8") as fifo:
            fifo.write("joined\n")
    scold = ""
    if tells and mode in ("late", "scold"):
        with open(sys.argv[3], encoding="utf-8") as answer:
            answer.readline()
        scold = LEFT if mode == "scold" else ""
        mode = "answer"
    return None if tells and mode.startswith("tell") else scold + "43/smcp," + re.match(r"42/smcp,(\d+)", packet)[1] + "[true,null]"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=UTF-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def session(self):
        query = parse_qs(urlparse(self.path).query)
        return query.get("transport") == ["polling"], query.get("sid", [None])[0]

    def do_GET(self):
        polling, sid = self.session()
        if not polling:
            self.answer(400, '{"code":0,"message":"Transport unknown"}')
        elif sid is None:
            sid = f"s{len(sessions)}"
            sessions[sid] = queue.Queue()
            self.answer(200, "0" + json.dumps({"sid": sid, **OPEN}))
        else:
            self.answer(200, sessions[sid].get())

    def do_POST(self):
        _, sid = self.session()
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        for packet in body.split("\x1e"):
            if packet.startswith("40/smcp,"):
                sessions[sid].put('40/smcp,{"sid":"x"}')
            elif packet.startswith("40"):
                sessions[sid].put("44" + packet[2:].split(",")[0] + ',{"message":"Invalid namespace"}')
            elif "server:join_office" in packet:
                threading.Thread(target=self.join, args=(sid, packet), daemon=True).start()
        self.answer(200, "ok")

    def join(self, sid, packet):
        ack = on_join(packet)
        if ack:
            sessions[sid].put(ack)


def count_start(path):
    global first
    with open(path, "a+", encoding="utf-8") as starts:
        starts.write("started\n")
        starts.flush()
        starts.seek(0)
        first = len(starts.readlines()) == 1


def main():
    if mode.startswith("poison"):
        count_start(sys.argv[2])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(json.dumps({"event": "ready", "url": f"http://127.0.0.1:{server.server_port}"}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
