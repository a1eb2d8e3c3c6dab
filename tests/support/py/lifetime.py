# SPDX-License-Identifier: Apache-2.0
"""How a test server announces itself and how it ends: shared by the servers in this folder."""

import ctypes
import json
import os
import signal
import socket
import stat
import threading

PR_SET_PDEATHSIG = 1


def bound_socket(host="127.0.0.1", port=0):
    """Bound and listening before the port is announced, so that no other process can take it."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    sock.bind((host, port))
    sock.listen(1024)
    return sock


def print_ready(port, revision="0.1", **more):
    line = {
        "event": "ready",
        "url": f"http://127.0.0.1:{port}",
        "path": "/socket.io",
        "namespace": "/smcp",
        "revision": revision,
        "pid": os.getpid(),
        **more,
    }
    print(json.dumps(line, separators=(",", ":")), flush=True)


def end_with_parent(on_end):
    """Call on_end (from another thread) when standard input ends; die at once when the parent dies."""
    parent = os.getppid()
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)
    mode = os.fstat(0).st_mode
    if stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode) or os.isatty(0):
        threading.Thread(target=_wait_for_end, args=(on_end,), daemon=True).start()


def _wait_for_end(on_end):
    while os.read(0, 4096):
        pass
    on_end()
