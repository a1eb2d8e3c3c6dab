# SPDX-License-Identifier: Apache-2.0
"""What the tests of `smcp-harness run` as a program share.  Their arguments: SMCP_HARNESS SMCP_REFSERVER."""
import json
import os
import subprocess
import sys
import tempfile

HARNESS, REFSERVER = (os.path.abspath(path) for path in sys.argv[1:3])
ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HALF_SERVER = os.path.join(ROOT, "tests", "harness", "half_server.py")
SELFTESTS = os.path.join(ROOT, "scenarios", "selftest")

SCENARIO = {
    "id": "x.join",
    "title": "Joining is acknowledged",
    "since": "0.1",
    "actors": {"C": "computer"},
    "steps": [{"C": "joins", "office": "here", "checks": "ROOM-01"}],
}


def harness(*arguments, **options):
    return subprocess.run(
        [HARNESS, *arguments], capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL, **options
    )


def run(*arguments, **options):
    return harness("run", "--refserver", REFSERVER, *arguments, **options)


def last_line(done):
    lines = done.stdout.strip().splitlines()
    return lines[-1] if lines else ""


class Folder:
    """A folder of scenario and target files that goes away."""

    def __enter__(self):
        self.held = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_):
        self.held.cleanup()

    def write(self, name, content):
        path = os.path.join(self.held.name, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(content if isinstance(content, str) else json.dumps(content))
        return path

    def path(self, name):
        return os.path.join(self.held.name, name)

    def scenarios(self, *scenarios):
        for number, scenario in enumerate(scenarios):
            self.write(f"scenarios/{number}.json", scenario)
        return os.path.join(self.held.name, "scenarios")

    def script_target(self, script, **more):
        return self.write("target.json", {"name": "script", "revision": "0.1", "start": ["/bin/sh", "-c", script], **more})


def expect(done, status, text=None):
    said = done.stdout + done.stderr
    assert done.returncode == status, f"exit status {done.returncode}, expected {status}\n{said[-3000:]}"
    assert text is None or text in said, f"`{text}` is not in\n{said[-3000:]}"
    assert "AddressSanitizer" not in said, said[-3000:]


def run_tests(namespace):
    """Every function test_*; the last line is that of Check, for tests/stages/units.py."""
    failed = []
    wanted = sys.argv[3:]  # names, for one test alone
    tests = [(n, t) for n, t in namespace.items() if n.startswith("test_") and (not wanted or n in wanted)]
    for name, test in tests:
        try:
            test()
        except Exception as problem:  # whatever it is, it is this test's
            failed.append(name)
            print(f"{name}: {type(problem).__name__}: {problem}")
    print(f"{100 * (len(tests) - len(failed)) // len(tests)}%: Checks: {len(tests)}, Failures: {len(failed)}, Errors: 0")
    return 1 if failed else 0
