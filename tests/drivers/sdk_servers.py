#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The suite on the published SDK servers: it finds what reports/FINDINGS.md says, in each release that has it and in no other.

  sdk_servers.py HARNESS OUT [TARGET...]      HARNESS = smcp-harness; reports go to the folder OUT; all targets whose server is installed

Of every server the scenarios that find something are played, without its baseline; of some the whole suite, with it.
Last line: N passed, N failed, N skipped.
"""

import fnmatch
import json
import pathlib
import subprocess
import sys

TARGETS = pathlib.Path("fixtures/targets")
WHOLE = ["python-sdk-0.1.2-async", "python-sdk-0.4.2-sync"]  # the whole suite takes half a minute each
PY, PY_0_1, PY_GATED = ["python-sdk-*"], ["python-sdk-0.1.*"], ["python-sdk-0.[234].*"]

# Finding -> scenarios that find it, requirement ids of which a red check names one, and the targets that have it.
FINDINGS = {
    "F-01 a tool_call crosses offices": (["route.cross-office.tool-call"], {"ROUTE-07"}, PY_0_1),
    "F-01 a tool_call reaches an Agent": (["route.names-an-agent.tool-call"], {"ROUTE-01", "ROUTE-02"}, PY_0_1),
    "F-02 reports of who left reach everybody": (["update.tool-list.after-leave", "update.desktop.after-leave"], {"UPD-07"}, PY),
    "F-02 cancels of who left reach everybody": (["cancel.after-leave"], {"CANCEL-03"}, PY),
    "F-03 a leave is believed, whatever office it names": (["leave.foreign-office.is-not-told"], {"SEC-01", "NOTIFY-05"}, PY),
    "F-03 a leave of who never joined is told": (["leave.never-joined"], {"LEAVE-03", "NOTIFY-05"}, PY),
    "F-04 a mover takes the name of another": (["room.rename.hijacks-nothing"], {"ROUTE-01"}, PY),
    "F-04 a refused mover takes the name of another": (["room.duplicate-name.by-a-mover"], {"ROOM-22", "ROUTE-01", "ROOM-27"}, PY),
    "F-05 who was refused hears the office": (["room.switch.refused-by-name"], {"SEC-01", "NOTIFY-05"}, PY),
    "F-06 an office named like a sid is that client's": (["room.private.office-named-like-a-sid"], {"SEC-01", "NOTIFY-05"}, PY),
    "F-07 get_desktop serves a Computer": (["route.by-a-computer.get-desktop"], {"ROUTE-15"}, PY),
    "F-08 get_config is not relayed": (["route.get-config.round-trip"], {"CONF-01"}, PY_0_1),
    "F-02 skills of who left reach everybody": (["update.skills.after-leave"], {"UPD-07"}, PY_GATED),
    "F-07 get_skills serves a Computer": (["route.each.by-others[get-skills]"], {"ROUTE-15"}, PY_GATED),
    "F-11 an error with another code is lost": (["route.each.error[get-skills]"], {"ROUTE-20"}, PY_GATED),
    "F-09 the default provider refuses everybody": (
        ["auth.right-key.agent"], {"AUTH-01"}, ["python-sdk-0.1.2-*-key", "python-sdk-0.1.6-sync-key"]),
}

# What is recorded and not judged -> scenario, check, and what it says per targets; the first that fits.
OBSERVED = {
    "D-02 the answer about an unknown Computer": ("error.refusals.form", "the answer to an unknown Computer", [
        (PY_0_1, "nothing"), (PY_GATED, '[[]{"code":404,*')]),
    "D-03 names are global": ("room.names.in-two-offices", "a Computer's name that is in use in another office", [
        (PY, "*already registered*")]),
    "D-06 a refused mover has left": ("room.switch.refused-by-name", "the old office is told of a refused move", [
        (PY, '*"computer":"C"*')]),
    "D-07 a cancel in a foreign name has no effect": ("cancel.in-a-foreign-name", "a cancel in another's name reaches C", [
        (PY_GATED, "nothing")]),
    "D-10 a rejoin renames the list alone": ("room.rename.on-rejoin", "calls to the old name are served", [(PY, "*by C*")]),
    "D-12 a foreign list gets no answer": ("list.foreign-office.form", "a list of another office gets no answer", [(PY, "nothing")]),
    "D-13 robot_id instead of agent": ("tool.robot-id.tool-call", "a request with robot_id", [
        (["python-sdk-*-async"], "no ack"), (["python-sdk-*-sync"], "[[]{*")]),
    "F-10 a result with a code loses the rest": ("tool.result.unknown-members", "a result with code", [
        (PY_GATED, '[[]{"code":404}]'), (PY_0_1, '[[]{*"content":*')]),
}

passed = failed = skipped = 0


def check(ok, what, detail=""):
    global passed, failed
    passed, failed = passed + bool(ok), failed + (not ok)
    print(("ok     " if ok else "FAILED ") + what + ("" if ok else f": {detail}"), flush=True)


def skip(what, reason):
    global skipped
    skipped += 1
    print(f"skip   {what}: {reason}", flush=True)


def is_one_of(name, patterns):
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)


def run(harness, name, out, *options):
    report = out / f"{name}.json"
    report.unlink(missing_ok=True)
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


def finding(name, report, what, scenarios, ids, owners):
    checks = [c for c in report["checks"] if c["scenario"] in scenarios and c["verdict"] != "skip"]
    red = [c for c in checks if c["verdict"] == "fail"]
    if not checks:
        skip(f"{name}: {what}", "no such scenario in this revision")
    elif is_one_of(name, owners):
        check([c for c in red if ids & set(c["requirements"])], f"{name}: {what}", "no red check says so")
    else:
        check(not red, f"{name}: not so: {what}", [f"{c['scenario']}: {c['check']}: {c['reason']}" for c in red])


def observation(name, report, what, scenario, check_name, forms):
    said = [c["observed"] for c in report["checks"] if (c["scenario"], c["check"]) == (scenario, check_name) and c.get("observed")]
    for owners, form in forms:
        if is_one_of(name, owners):
            if said:
                check(fnmatch.fnmatchcase(said[0], form), f"{name}: {what}", said[0])
            else:
                skip(f"{name}: {what}", "not observed in this revision")
            return


def without_baseline(harness, name, out):
    empty = out / "no-baseline.json"
    empty.write_text('{ "expected": [] }\n', encoding="utf-8")
    is_key = name.endswith("-key")
    findings = {what: row for what, row in FINDINGS.items() if row[0][0].startswith("auth.") == is_key}
    observed = {} if is_key else OBSERVED
    wanted = sorted({s for row in findings.values() for s in row[0]} | {row[0] for row in observed.values()})
    done, report = run(harness, name, out, "--expected-failures", str(empty), *(o for s in wanted for o in ("--only", s)))
    check(done.returncode in (0, 1, 6), f"{name}: the scenarios that find something are played", f"{done.returncode}: {done.stdout[-600:]}")
    for what, row in findings.items():
        finding(name, report, what, *row)
    for what, row in observed.items():
        observation(name, report, what, *row)


def installed():
    for file in sorted(TARGETS.glob("*.json")):
        if not file.name.endswith((".baseline.json", ".schema.json")):
            program = json.loads(file.read_text(encoding="utf-8")).get("start", [""])[0]
            if (TARGETS / program).exists():
                yield file.stem
            else:
                skip(file.stem, "its server is not installed (ci/targets setup)")


def main():
    harness, out = sys.argv[1], pathlib.Path(sys.argv[2])
    out.mkdir(parents=True, exist_ok=True)
    names = sys.argv[3:] or list(installed())
    for name in names:
        without_baseline(harness, name, out)
    for name in names:
        if name in WHOLE:
            with_baseline(harness, name, out)
        elif not name.endswith("-key"):
            skip(f"{name}: the whole suite with its baseline", "too slow here; ci/targets baseline does it")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return failed != 0


if __name__ == "__main__":
    sys.exit(main())
