#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The suite on the published servers of the Python SDK: it finds their known bugs by itself, and the baselines explain each of them.

  sdk_servers.py HARNESS OUT      HARNESS = smcp-harness; reports go to the folder OUT

With its baseline a server is fine (exit code 0); without it the suite is red (1) and names the bugs below.
Last line: N passed, N failed, N skipped.
"""

import json
import pathlib
import subprocess
import sys

TARGETS = pathlib.Path("fixtures/targets")
SERVERS = ["python-sdk-0.1.2-async", "python-sdk-0.1.2-sync"]

# Known bug -> (scenarios, requirement ids): at least one red check of such a scenario names one of these ids.
BUGS = {
    "D-01 a tool_call crosses offices": ("", {"ROUTE-07"}),
    "D-01 a tool_call reaches an Agent": ("route.names-an-agent", {"ROUTE-01", "ROUTE-02"}),
    "D-04 updates of who left reach everybody": ("", {"UPD-07"}),
    "D-04 cancels of who left reach everybody": ("", {"CANCEL-03"}),
    "D-05 a leave is believed, whatever office it names": ("leave.", {"SEC-01", "NOTIFY-05", "LEAVE-03", "LEAVE-05"}),
    "D-08 get_config is not relayed": ("", {"CONF-01"}),
    "D-11 get_tools serves a Computer": ("route.by-a-computer", {"ROUTE-15"}),
    "D-38 who was refused hears the office": ("room.switch.refused-by-name", {"SEC-01", "NOTIFY-05", "ROOM-22"}),
    "D-56 an office named like a sid is that client's": ("room.private", {"SEC-01", "NOTIFY-05"}),
}

passed = failed = 0


def check(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok     " if ok else "FAILED ") + what + ("" if ok else f": {detail}"))


def run(harness, name, out, *options):
    report = out / f"{name}.json"
    command = [harness, "run", "--target", str(TARGETS / f"{name}.json"), "--quiet", *options]
    done = subprocess.run(
        command + ["--report", f"json:{report}", "--report", f"text:{out / name}.txt"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False, timeout=600)
    return done, json.loads(report.read_text(encoding="utf-8")) if report.exists() else {"checks": []}


def with_baseline(harness, name, out):
    # A published server may lose a race of its own: what fails is repeated alone, and a bad round once.
    for _ in range(2):
        done, _ = run(harness, name, out, "--retry-alone")
        if done.returncode == 0:
            break
        print(f"again, as exit code {done.returncode}: {done.stdout[-600:]}")
    check(done.returncode == 0, f"{name}: exit code 0 with its baseline", f"{done.returncode}: {done.stdout[-600:]}")


def without_baseline(harness, name, out):
    empty = out / "no-baseline.json"
    empty.write_text('{ "expected": [] }\n', encoding="utf-8")
    done, report = run(harness, name, out, "--expected-failures", str(empty))
    check(done.returncode == 1, f"{name}: exit code 1 without a baseline", f"{done.returncode}: {done.stdout[-600:]}")
    red = [c for c in report["checks"] if c["verdict"] == "fail"]
    for bug, (scenario, ids) in BUGS.items():
        found = [c for c in red if c["scenario"].startswith(scenario) and ids & set(c["requirements"])]
        check(found, f"{name}: {bug}", "no red check says so")
    return report


def observed(report, scenario, name):
    return next((c.get("observed") for c in report["checks"]
                 if c["scenario"] == scenario and c["check"] == name), None)


def main():
    harness, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    reports = {}
    for name in SERVERS:
        with_baseline(harness, name, out)
        reports[name] = without_baseline(harness, name, out)
        text = observed(reports[name], "room.names.in-two-offices", "a Computer's name that is in use in another office")
        check(text and "already registered" in text, f"{name}: D-03 global names are observed", text)
    forms = {name: observed(reports[name], "tool.robot-id.tool-call", "a request with robot_id") for name in SERVERS}
    check(len(set(forms.values())) == 2, "D-13 the two servers differ over robot_id", forms)
    # The default provider refuses everybody, the right key included: with the baseline that is expected, without it red.
    done, report = run(harness, "python-sdk-0.1.2-async-key", out, "--only", "auth.*")
    refused = [c for c in report["checks"] if c["verdict"] == "fail" and "AUTH-01" in c["requirements"]]
    check(done.returncode == 0 and refused, "python-sdk-0.1.2-async-key: D-30 the right key is refused",
          f"{done.returncode}: {done.stdout[-600:]}")
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
