#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run smcp-harness against servers that are not ours: clean ones and legal variants must stay green, every defect must
turn red with a check that names one of its requirement ids.

  judge_the_judge.py HARNESS                        everything of revision 0.1
  judge_the_judge.py HARNESS --revision 0.4         everything of another one; repeat it, or say `all`
  judge_the_judge.py HARNESS NAME...                only these defects or variants (clean, node and node-close are names too);
                                                    `variants`, `defects` and names with a `*` stand for several
  judge_the_judge.py HARNESS --report FILE          write the matrix as Markdown too
  judge_the_judge.py HARNESS -- --jobs 8            what follows goes to smcp-harness run

`coverage` tells which scenarios prove which requirement: a defect is shown those that prove the rarest of its own, then those of all its
own, then (unless --narrow) the whole suite.  Variants that override different methods share a server; if it is not clean, each is
looked at alone.  Runs are --fast unless the defect needs slow scenarios.

Last line: N passed, N failed, N skipped.
"""

import argparse
import asyncio
import fnmatch
import json
import pathlib
import sys
import tempfile

import strict_defects
import strict_variants
from strict_revisions import ALL
from strict_rules import Rules

BOILERPLATE = {"__module__", "__doc__", "__dict__", "__weakref__", "__qualname__", "__firstlineno__", "__static_attributes__"}
HERE = pathlib.Path(__file__).parent
NODE_SERVER = HERE.parent / "node" / "strict-server.mjs"
KEY = "header:x-api-key=right"
SERVER_OPTIONS = ["--auth", KEY, "--ping-interval", "4000", "--ping-timeout", "4000"]
RUN_TIMEOUT_S = 240
BUNDLE_SIZE = 8
AGAIN_LIMIT = 100  # scenarios


class Case:
    def __init__(self, name, revision, command, kind, requirements=(), needs=()):
        self.name = name
        self.revision = revision
        self.command = [*command, "--revision", revision, *SERVER_OPTIONS]
        self.kind = kind
        self.requirements = set(requirements)
        self.needs = needs

    def transports(self):
        """A defect of one transport shows there; the clean servers are judged on all of them."""
        if self.kind == "clean" and self.revision == "0.1":
            return ["websocket", "polling", "upgrade"]
        return [next((t for t in ("polling", "upgrade") if t in self.needs), "websocket")]


def cases_of(revision):
    python = [sys.executable, str(HERE / "strict_server.py")]
    node = ["node", str(NODE_SERVER)]
    cases = [Case("clean", revision, python, "clean"), Case("node", revision, node, "clean")]
    cases.append(Case("node-close", revision, [*node, "--deny-websocket", "close"], "variant"))
    for kind, table in (("variant", strict_variants.TABLE), ("defect", strict_defects.TABLE)):
        for name, entry in table.items():
            if revision in entry.revisions:
                command = [*python, f"--{kind}", name]
                cases.append(Case(name, revision, command, kind, entry.requirements, entry.needs))
    return cases


def own_methods(rules):
    """What a variant overrides, bases that are variants too included."""
    return {name for base in rules.__mro__ if issubclass(base, Rules) and base is not Rules for name in vars(base)} - BOILERPLATE


def bundles(cases):
    """Variants that override different methods are served by one server: what it does is legal together as it is alone."""
    packed = []
    for case in cases:
        methods = own_methods(strict_variants.TABLE[case.name].rules)
        for bundle, taken in packed:
            if not taken & methods and len(bundle) < BUNDLE_SIZE:
                bundle.append(case)
                taken |= methods
                break
        else:
            packed.append(([case], set(methods)))
    return [bundle for bundle, _ in packed]


def as_one(bundle):
    """One case for a bundle."""
    names = [case.name for case in bundle]
    command = [sys.executable, str(HERE / "strict_server.py")]
    for name in names:
        command += ["--variant", name]
    return Case("+".join(names), bundle[0].revision, command, "variant")


def chosen(case, names):
    return not names or any(name == case.kind + "s" or fnmatch.fnmatch(case.name, name) for name in names)


async def scenarios_by_requirement(harness, revision):
    """Which scenarios prove which requirement: what `coverage` says."""
    command = [harness, "coverage", "--revision", revision, "--json"]
    process = await asyncio.create_subprocess_exec(*command, stdout=-1, stderr=asyncio.subprocess.DEVNULL)
    output, _ = await process.communicate()
    found = {row["id"]: {check.split(" / ")[0] for check in row.get("checks", [])} for row in json.loads(output)}
    return {name: {scenario for scenario in scenarios if " " not in scenario} for name, scenarios in found.items()}


def narrowed(case, known):
    """The scenarios to try one after the other: those of the requirement with the fewest, then those of all."""
    proofs = sorted((known[name] for name in case.requirements if known.get(name)), key=len)
    return [sorted(proofs[0]), sorted(set().union(*proofs))][: len(proofs)] if proofs else []


async def judge(case, transport, options, folder, only_these=()):
    """(exit code, checks, output) of one run of the suite; the code is None when it took too long."""
    server = await asyncio.create_subprocess_exec(*case.command, stdin=-1, stdout=-1, stderr=asyncio.subprocess.DEVNULL)
    report = pathlib.Path(folder) / f"{case.name}-{case.revision}-{transport}.json"
    report.unlink(missing_ok=True)
    try:
        url = json.loads(await server.stdout.readline())["url"]
        command = [options.harness, "run", url, "--key", KEY, "--transport", transport, "--report", f"json:{report}"]
        command += ["--revision", case.revision, "--score", "all", *([] if "slow" in case.needs else ["--fast"])]
        command += ["--timeout", "15"]
        run = await asyncio.create_subprocess_exec(*command, *only(only_these), *options.more, stdout=-1, stderr=asyncio.subprocess.STDOUT)
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


def unproven(checks):
    """Scenarios that were not clean: on a busy machine an inconclusive one may be so by chance."""
    return sorted({c["scenario"] for c in checks if c["verdict"] in ("fail", "inconclusive", "error")})


def only(scenarios):
    return [option for scenario in scenarios for option in ("--only", scenario)]


def describe(checks):
    bad = [c for c in checks if c["verdict"] in ("fail", "error", "inconclusive", "flaky", "warn")]
    bad.sort(key=lambda check: check["verdict"] != "fail")
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


async def run_case(case, options, folder, turn, rows, known):
    async with turn:
        for transport in case.transports():
            if "observe" in case.needs:
                rows.append((case, transport, None, "observed only"))
                continue
            good, text = await judged(case, transport, options, folder, known)
            rows.append((case, transport, good, text))
            name = f"{case.revision} {case.kind:7} {case.name} ({transport})"
            print(f"{'ok    ' if good else 'FAILED'} {name}: {text}", flush=True)


async def judged(case, transport, options, folder, known):
    if case.kind != "defect":
        code, checks, output = await judge(case, transport, options, folder)
        again = unproven(checks)
        if not code or not again or len(again) > AGAIN_LIMIT:
            return outcome(case, code, checks, output)
        good, text = outcome(case, *await judge(case, transport, options, folder, again))
        return good, f"{text}, {len(again)} scenarios the second time" if good else text
    tries = narrowed(case, known)
    for scenarios in tries if options.narrow and tries else [*tries, ()]:
        good, text = outcome(case, *await judge(case, transport, options, folder, scenarios))
        if good:
            break
    return good, text


async def run_revision(revision, options, folder, rows):
    known = await scenarios_by_requirement(options.harness, revision)
    turn = asyncio.Semaphore(options.jobs)
    cases = [case for case in cases_of(revision) if chosen(case, options.names)]
    bundled = [case for case in cases if case.name in strict_variants.TABLE and case.kind == "variant" and not options.single]
    bundled = [case for case in bundled if "observe" not in case.needs]
    packed = bundles(bundled)
    await asyncio.gather(
        *(run_case(case, options, folder, turn, rows, known) for case in cases if case not in bundled),
        *(run_bundle(bundle, options, folder, turn, rows, known) for bundle in packed),
    )


async def run_bundle(bundle, options, folder, turn, rows, known):
    """What is clean together is clean; what is not is looked at alone."""
    async with turn:
        good, text = await judged(as_one(bundle), "websocket", options, folder, known)
        print(f"{'ok    ' if good else 'MIXED '} {bundle[0].revision} variants {', '.join(c.name for c in bundle)}: {text}", flush=True)
    if good:
        rows.extend((case, "websocket", True, "green, together with others") for case in bundle)
    else:
        await asyncio.gather(*(run_case(case, options, folder, turn, rows, known) for case in bundle))


def write_matrix(path, rows):
    lines = ["| server | kind | revision | transport | as it must be | what was found |", "|---|---|---|---|---|---|"]
    for case, transport, good, text in sorted(rows, key=lambda row: (row[0].kind, row[0].name, row[0].revision, row[1])):
        mark = {True: "yes", False: "**no**", None: "-"}[good]
        lines.append(f"| {case.name} | {case.kind} | {case.revision} | {transport} | {mark} | {text.replace('|', '/')} |")
    pathlib.Path(path).write_text("\n".join(lines) + "\n", encoding="utf-8")


def split_arguments(arguments):
    """Ours, and those behind `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return arguments[:end], arguments[end + 1 :]


def print_summary(rows):
    """One line for each revision: how many of each kind were as they must be."""
    for revision in dict.fromkeys(row[0].revision for row in rows):
        parts = []
        for kind in ("clean", "variant", "defect"):
            results = [row[2] for row in rows if row[0].revision == revision and row[0].kind == kind]
            parts.append(f"{kind} {results.count(True)} of {len(results)}")
        print(f"{revision}: {', '.join(parts)}")


async def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("harness")
    parser.add_argument("names", nargs="*")
    parser.add_argument("--revision", action="append", choices=[*ALL, "all"])
    parser.add_argument("--narrow", action="store_true", help="do not try the whole suite on a survivor")
    parser.add_argument("--single", action="store_true", help="a server for each variant, not one for several")
    parser.add_argument("--report", metavar="FILE")
    parser.add_argument("--jobs", type=int, default=2)
    ours, theirs = split_arguments(sys.argv[1:])
    options = parser.parse_intermixed_args(ours)
    options.more = theirs
    revisions = ALL if options.revision == ["all"] else options.revision or ["0.1"]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for revision in revisions:
            await run_revision(revision, options, folder, rows)
    if options.report:
        write_matrix(options.report, rows)
    print_summary(rows)
    passed, failed = (sum(row[2] is value for row in rows) for value in (True, False))
    print(f"{passed} passed, {failed} failed, {len(rows) - passed - failed} skipped")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
