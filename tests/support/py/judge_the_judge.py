#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run smcp-harness against servers that are not ours: clean ones and legal variants must stay green, every defect must
turn red with a check that names one of its requirement ids.

  judge_the_judge.py HARNESS                        everything: about 200 runs of the suite, two at a time
  judge_the_judge.py HARNESS NAME...                only these defects or variants (clean and node are names too)
  judge_the_judge.py HARNESS --report FILE          write the matrix as Markdown too
  judge_the_judge.py HARNESS -- --fast --jobs 8     what follows goes to smcp-harness run

Last line: N passed, N failed, N skipped.
"""

import argparse
import asyncio
import json
import pathlib
import sys
import tempfile

import strict_defects
import strict_variants

HERE = pathlib.Path(__file__).parent
NODE_SERVER = HERE.parent / "node" / "strict-server.mjs"
KEY = "header:x-api-key=right"
SERVER_OPTIONS = ["--auth", KEY, "--ping-interval", "1000", "--ping-timeout", "1000"]
RUN_TIMEOUT_S = 120


class Case:
    def __init__(self, name, command, kind, requirements=(), needs=()):
        self.name = name
        self.command = [*command, *SERVER_OPTIONS]
        self.kind = kind
        self.requirements = set(requirements)
        self.needs = needs

    def transports(self):
        """A defect of one transport shows there; the clean servers are judged on all of them."""
        if self.kind == "clean":
            return ["websocket", "polling", "upgrade"]
        return [next((t for t in ("polling", "upgrade") if t in self.needs), "websocket")]


def all_cases():
    python = [sys.executable, str(HERE / "strict_server.py")]
    cases = [Case("clean", python, "clean"), Case("node", ["node", str(NODE_SERVER)], "clean")]
    for name, entry in strict_variants.TABLE.items():
        cases.append(Case(name, [*python, "--variant", name], "variant", entry.requirements, entry.needs))
    for name, entry in strict_defects.TABLE.items():
        cases.append(Case(name, [*python, "--defect", name], "defect", entry.requirements, entry.needs))
    return cases


async def judge(case, transport, options, folder):
    """(exit code, checks, output) of one run of the suite; the code is None when it took too long."""
    server = await asyncio.create_subprocess_exec(*case.command, stdin=-1, stdout=-1, stderr=asyncio.subprocess.DEVNULL)
    report = pathlib.Path(folder) / f"{case.name}-{transport}.json"
    try:
        url = json.loads(await server.stdout.readline())["url"]
        command = [options.harness, "run", url, "--key", KEY, "--transport", transport, "--report", f"json:{report}"]
        run = await asyncio.create_subprocess_exec(*command, *options.more, stdout=-1, stderr=asyncio.subprocess.STDOUT)
        try:
            output, _ = await asyncio.wait_for(run.communicate(), RUN_TIMEOUT_S)
        except asyncio.TimeoutError:
            run.kill()
            return None, [], f"took longer than {RUN_TIMEOUT_S} s"
        checks = json.loads(report.read_text())["checks"] if report.exists() else []
        return run.returncode, checks, output.decode(errors="replace")
    finally:
        server.terminate()
        await server.wait()


def named(checks, requirements, verdicts):
    """The checks with one of these verdicts that name one of these requirements."""
    return [c for c in checks if c["verdict"] in verdicts and requirements & set(c["requirements"])]


def describe(checks):
    bad = [c for c in checks if c["verdict"] in ("fail", "error", "inconclusive", "flaky", "warn")]
    return "; ".join(f"{c['verdict']} {c['scenario']} {c['requirements']}: {c['reason']}" for c in bad[:3])


def outcome(case, code, checks, output):
    """(good, what to say about it)"""
    failed = [c for c in checks if c["verdict"] == "fail"]
    errors = [c for c in checks if c["verdict"] == "error"]
    if not checks or errors:
        return False, f"exit {code}: {describe(errors) or output[-300:]}"
    if case.kind != "defect":
        return code == 0, f"false red, exit {code}: {describe(checks)}" if code else "green"
    if "warn" in case.needs:
        hits = named(checks, case.requirements, ("warn", "fail"))
    else:
        hits = named(failed, case.requirements, ("fail",))
    ids = sorted(set().union(*(c["requirements"] for c in failed))) if failed else []
    if hits:
        return True, f"{len(failed)} red checks: {', '.join(ids[:12])}"
    if failed:
        return False, f"red, but none names {sorted(case.requirements)}: {describe(failed)}"
    return False, f"not noticed (exit {code}) {describe(checks)}"


async def run_case(case, options, folder, turn, rows):
    async with turn:
        for transport in case.transports():
            if "observe" in case.needs:
                rows.append((case, transport, None, "observed only"))
                continue
            good, text = outcome(case, *await judge(case, transport, options, folder))
            rows.append((case, transport, good, text))
            print(f"{'ok    ' if good else 'FAILED'} {case.kind:7} {case.name} ({transport}): {text}", flush=True)


def write_matrix(path, rows):
    lines = ["| server | kind | transport | as it must be | what was found |", "|---|---|---|---|---|"]
    for case, transport, good, text in sorted(rows, key=lambda row: (row[0].kind, row[0].name, row[1])):
        mark = {True: "yes", False: "**no**", None: "-"}[good]
        lines.append(f"| {case.name} | {case.kind} | {transport} | {mark} | {text.replace('|', '/')} |")
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--report", metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2)
    ours, _, theirs = " ".join(sys.argv[1:]).partition(" -- ")
    options = parser.parse_args(ours.split())
    options.more = theirs.split()
    cases = [case for case in all_cases() if not options.names or case.name in options.names]
    turn = asyncio.Semaphore(options.jobs)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        await asyncio.gather(*(run_case(case, options, folder, turn, rows) for case in cases))
    if options.report:
        write_matrix(options.report, rows)
    passed, failed = (sum(row[2] is value for row in rows) for value in (True, False))
    print(f"{passed} passed, {failed} failed, {len(rows) - passed - failed} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
