# SPDX-License-Identifier: Apache-2.0
"""Starting smcp-refserver, and counting what the drivers find."""
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
import time
import traceback
from pathlib import Path

LIMIT = 10.0  # seconds for anything that has to happen at all
PROGRAM = Path(os.environ.get("BUILD_DIR", "build/dev")) / "bin" / "smcp-refserver"


# python-engineio's polling client may end without sending its close packet: it then hangs in its poll until the next ping, and the server
# hears of its end by the missing pong only, which must come before LIMIT.
PINGS = ["--ping-interval", "300", "--ping-timeout", "5000"]


class Failed(Exception):
    """A case is not as it must be."""


def check(condition, text):
    if not condition:
        raise Failed(text)


def equal(got, wanted, what):
    check(got == wanted, f"{what}: expected {wanted!r}, got {got!r}")


def refused(ack, *words):
    """An ack [false, "text"] whose text has the words."""
    check(len(ack) == 2 and ack[0] is False and isinstance(ack[1], str) and ack[1], f"expected a refusal, got {ack!r}")
    for word in words:
        check(word.lower() in ack[1].lower(), f"the text must contain {word!r}: {ack[1]!r}")


def error(ack, code):
    """An ack [{"code":…,"message":…}] and nothing else."""
    check(len(ack) == 1 and isinstance(ack[0], dict), f"expected an error object, got {ack!r}")
    equal(sorted(ack[0]), ["code", "message"], "members of the error")
    equal(ack[0]["code"], code, "code of the error")
    check(isinstance(ack[0]["message"], str) and ack[0]["message"], "the error has no message")


OK = [True, None]


class Server:
    """A smcp-refserver of our own on a free port; `with` ends it and demands a clean exit."""

    def __init__(self, *options, clean_exit=True):
        self.clean_exit = clean_exit
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [str(PROGRAM), "--listen", "127.0.0.1:0", *PINGS, *options],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.errors)
        self.lines = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        self.ready_line = self.lines.get(timeout=LIMIT)
        check(self.ready_line, f"no ready line; stderr: {self.stderr()}")
        self.ready = json.loads(self.ready_line)
        self.url = self.ready["url"]
        self.path = self.ready["path"]
        host, port = self.url.removeprefix("http://").rsplit(":", 1)
        self.address = (host, int(port))
        self.host = f"{host}:{port}"

    def _read(self):
        for line in self.process.stdout:
            self.lines.put(line)
        self.lines.put(b"")

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def stop(self):
        """SIGTERM; returns the exit code and how long it took."""
        begin = time.monotonic()
        self.process.terminate()
        code = self.process.wait(timeout=LIMIT)
        return code, time.monotonic() - begin

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process.poll() is None:
            code, _ = self.stop()
        else:
            code = self.process.returncode
        if kind is None and self.clean_exit:
            equal(code, 0, f"exit code of the server; stderr: {self.stderr()}")
        self.errors.close()


class Results:
    def __init__(self, title):
        self.title, self.passed, self.failed, self.skipped = title, 0, 0, 0
        print(f"-- {title}", flush=True)

    def run(self, name, ids, function, *args):
        begin = time.monotonic()
        try:
            function(*args)
        except Exception as e:  # a driver's own error is a failure too
            self.failed += 1
            print(f"FAIL {name} [{ids}]: {type(e).__name__}: {e}", flush=True)
            if not isinstance(e, Failed):
                traceback.print_exc(file=sys.stdout)
            else:
                place = traceback.extract_tb(e.__traceback__)
                frame = [f for f in place if f.name not in ("check", "equal", "refused", "error", "run")][-1]
                print(f"     at {Path(frame.filename).name}:{frame.lineno}", flush=True)
            return
        self.passed += 1
        print(f"ok   {name} [{ids}] {1000 * (time.monotonic() - begin):.0f} ms", flush=True)

    def end(self):
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped", flush=True)
        sys.stdout.flush()
        os._exit(1 if self.failed or not self.passed else 0)  # threads of client libraries must not keep us


def cases_of(module):
    """(name, ids, function) of every function marked by @case, in order."""
    found = [f for f in vars(module).values() if hasattr(f, "ids")]
    return [(f.__name__, f.ids, f) for f in found]


def case(ids):
    def mark(function):
        function.ids = ids
        return function

    return mark
