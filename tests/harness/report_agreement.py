#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports of one run agree in every count, the baseline decides the exit code, and a tampered count is noticed.

Usage: report_agreement.py BUILD_DIR OUT
"""
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from report_readers import Wrong, compare

BUILD, OUT = Path(sys.argv[1]), Path(sys.argv[2])
ROOT = Path(__file__).resolve().parents[2]
HARNESS = BUILD / "bin/smcp-harness"
SELECTION = ["--only", "room.*", "--only", "leave.*", "--only", "list.*", "--only", "tool.*", "--fast"]
results = {"passed": 0, "failed": 0}


def case(name, problem=None):
    results["failed" if problem else "passed"] += 1
    if problem:
        print(f"FAIL {name}: {problem}")


class Server:
    """A smcp-refserver on a free port, with defects."""

    def __init__(self, *options):
        command = [BUILD / "bin/smcp-refserver", "--listen", "127.0.0.1:0", "--exit-with-parent", *options]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.url = json.loads(self.process.stdout.readline())["url"]

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


def play(url, name, *options):
    """(exit code, folder, standard output, standard error)"""
    folder = OUT / name
    folder.mkdir(parents=True, exist_ok=True)
    command = [HARNESS, "run", url, *SELECTION, "--results", folder, "-v", *options]
    done = subprocess.run(command, capture_output=True, timeout=300)
    return done.returncode, folder, done.stdout.decode(), done.stderr.decode()


def agreed(name, code, wanted, folder):
    case(f"{name}: exit code", None if code == wanted else f"{code}, expected {wanted}")
    try:
        counts = compare(folder)
    except Wrong as wrong:
        case(f"{name}: agreement", wrong)
        return {}
    case(f"{name}: agreement")
    return counts


def on_github(url, listed):
    """Annotations and step summary, only there."""
    summary = OUT / "summary.md"
    summary.write_text("before\n")
    there = {**os.environ, "GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    command = [HARNESS, "run", url, *SELECTION, "-q"]
    done = subprocess.run(command, capture_output=True, timeout=300, env=there)
    lines = done.stdout.decode().splitlines()
    form = re.compile(r"::error title=[\w.-]+ \((websocket|polling|upgrade)\)::([A-Z]+-\w+ )+.+: .+")
    demand("GitHub: ten annotations", sum(bool(form.fullmatch(line)) for line in lines) == 10)
    demand("GitHub: last line", re.fullmatch(r"\d+ passed, \d+ failed, \d+ skipped", lines[-1]))
    demand("GitHub: summary is appended", summary.read_text().startswith("before\n# SMCP conformance"))
    demand("GitHub: nothing elsewhere", "::error" not in listed)


def demand(name, condition):
    case(name, None if condition else "not so")


def entries(path):
    return json.loads(Path(path).read_text())["expected"]


def write_baseline(path, list_):
    Path(path).write_text(json.dumps({"expected": list_}, indent=1))
    return path


def a_passing_check(folder):
    report = json.loads((folder / "report.json").read_text())
    check = next(c for c in report["checks"] if c["verdict"] == "pass")
    return {"scenario": check["scenario"], "check": check["check"], "revision": "0.1", "reason": "it does not fail"}


def with_defect():
    """A broken server without baseline, with a full one, with a partial and stale one; gives (folder, baseline)."""
    baseline = OUT / "baseline.json"
    with Server("--defect", "notify-twice") as server:
        code, folder, output, _ = play(server.url, "unexpected", "--write-baseline", baseline)
        on_github(server.url, output)
        counts = agreed("unexpected", code, 1, folder)
        demand("unexpected: something fails", counts.get("failed", 0) > 5)
        code, full, _, _ = play(server.url, "expected", "--expected-failures", baseline)
        counts = agreed("expected", code, 0, full)
        demand("expected: nothing is unexpected", counts.get("failed") == 0 and counts.get("expected_failures", 0) > 5)
        listed = entries(baseline)
        demand("every entry has a reason", all(e["reason"] and "TODO" not in e["reason"] for e in listed))
        part = write_baseline(OUT / "part.json", listed[: len(listed) // 2] + [a_passing_check(folder)])
        code, mixed, _, _ = play(server.url, "mixed", "--expected-failures", part)
        counts = agreed("mixed", code, 1, mixed)
        demand("mixed: failed, expected and stale", counts.get("failed") and counts.get("expected_failures") and counts.get("stale") == 1)
        code, strict, _, _ = play(server.url, "strict", "--strict", "--transport", "polling")
        counts = agreed("strict", code, 1, strict)
        new_checks(server.url)
        demand("strict: inconclusive counts as failed", counts.get("failed", 0) >= counts.get("inconclusive", 0) + counts.get("fail", 0))
    return mixed, baseline


def without_defect(baseline):
    with Server() as server:
        code, folder, output, _ = play(server.url, "clean")
        counts = agreed("clean", code, 0, folder)
        demand("clean: something passed", counts.get("passed", 0) > 100 and counts.get("failed") == 0)
        demand("clean: last line", re.fullmatch(r"\d+ passed, 0 failed, \d+ skipped", output.rstrip("\n").split("\n")[-1]))
        code, stale, _, _ = play(server.url, "stale", "--expected-failures", baseline)
        counts = agreed("stale", code, 1, stale)
        demand("stale: entries are counted", counts.get("stale", 0) > 5)
        merged(server.url)
        bad = OUT / "bad.json"
        bad.write_text('{"expected": [\n  {"scenario": "room.x", "check": "c"}]}')
        code, _, _, errors = play(server.url, "malformed", "--expected-failures", bad)
        demand("malformed baseline: exit code 2", code == 2)
        demand("malformed baseline: place", f"{bad}:2:3: `reason` is missing" in errors)


def a_set(name, change):
    """The built-in set of 0.1, changed, as a file."""
    code, output, _ = harness("freeze", "--revision", "0.1", "--scenarios", ROOT / "scenarios")
    demand("freeze: exit code 0", code == 0)
    set_ = json.loads(output)
    change(set_)
    path = OUT / f"{name}.json"
    path.write_text(json.dumps(set_))
    return path


def older_set(failed):
    """A set from before the checks that fail now, and with some that are gone by now."""

    def change(set_):
        del set_["monitors"]["monitor: wire form"]
        for check in failed:
            set_["scenarios"].get(check["scenario"], {}).pop(check["check"], None)
        first, *_ = set_["scenarios"].values()
        first["A check of old"] = ["ROOM-01"]
        next(iter(first.values())).append("ROOM-02")
        set_["scenarios"]["room.of-old"] = {"x": ["ROOM-01"], "y": []}
        set_["set"] = 41

    return a_set("older", change)


def is_red(check):
    return check["verdict"] in ("fail", "error") and not check.get("expected")


def new_checks(url):
    """What is not in the frozen set is told, and decides nothing; what it has and nobody plays any longer is told too."""
    failed = [c for c in json.loads((OUT / "unexpected/report.json").read_text())["checks"] if is_red(c)]
    older = older_set(failed)
    code, folder, output, _ = play(url, "new", "--set", older)
    counts = agreed("new", code, 0 if "inconclusive 0," in output else 6, folder)
    demand("new: nothing scored failed", counts.get("failed") == 0 and counts.get("new_failed") == len(failed) > 5)
    demand("new: each is told", all(f"{c['scenario']} [websocket]: {c['check']} (new, not scored)" in output for c in failed))
    report = json.loads((folder / "report.json").read_text())
    gone = ("A check of old: there is no such check", "proves ROOM-02 no longer", "room.of-old: there is no such scenario any longer (5 checks)")
    demand("new: three are gone", len(report["vanished"]) == 3 and all(any(text in v for v in report["vanished"]) for text in gone))
    demand("new: the set is named", report["set"] == 41 and report["score"] == "frozen")
    rerun = next(c["rerun"] for c in report["checks"] if is_red(c))
    demand("new: the rerun line scores it", rerun.endswith(" --score all") and f"--set {older}" in rerun)
    code, folder, _, _ = play(url, "new-scored", "--set", older, "--score", "all")
    counts = agreed("new-scored", code, 1, folder)
    demand("new-scored: they fail", counts.get("failed") == len(failed) and counts.get("new_failed") == 0 < counts.get("new"))
    code, folder, _, _ = play(url, "new-strict", "--set", older, "--strict")
    agreed("new-strict", code, 1, folder)
    baseline = OUT / "new-baseline.json"
    play(url, "new-written", "--set", older, "--write-baseline", baseline)
    code, folder, _, _ = play(url, "new-expected", "--set", older, "--expected-failures", baseline, "--score", "all")
    agreed("new-expected: a baseline lists new failures too", code, 0, folder)
    for path, text in ((a_set("other", lambda s: s.update(revision="0.2")), "is of revision 0.2"), (OUT / "baseline.json", "no frozen set")):
        code, _, _, errors = play(url, "wrong-set", "--set", path)
        demand(f"wrong set: exit code 2 and {text}", code == 2 and text in errors)
    played_again("rerun-new", OUT / "new", 2)
    frozen()


def played_again(name, folder, most=4):
    """The rerun line of a red check, in a shell, makes exactly this check red again, and the exit code 1."""
    report = json.loads((folder / "report.json").read_text())
    red = {}
    for check in report["checks"]:
        if is_red(check):
            red.setdefault((check["scenario"].split(".")[0], check["check"].split()[0]), check)
    demand(f"{name}: something is red", red)
    for number, check in enumerate(list(red.values())[:most]):
        again = OUT / f"again-{name}-{number}.json"
        line = check["rerun"].replace("smcp-harness", str(HARNESS.resolve()), 1)
        code = subprocess.run(f"{line} -q --report json:{again}", shell=True, capture_output=True, timeout=120).returncode
        checks = json.loads(again.read_text())["checks"] if again.exists() else []
        same = [c for c in checks if (c["scenario"], c["check"], c["transport"]) == (check["scenario"], check["check"], check["transport"])]
        demand(f"{name}: {line}: exit code 1, not {code}", code == 1)
        demand(f"{name}: {line}: the same is red", len(same) == 1 and is_red(same[0]) and {c["scenario"] for c in checks} == {check["scenario"]})


def reruns():
    """Against a URL, a target file with blanks in its name, and a server of our own."""
    defect = ["--defect", "leak-to-all"]
    selection = ["--only", "room.join.*", "--only", "leave.computer.*", "--fast", "--results"]
    with Server(*defect) as server:
        subprocess.run([HARNESS, "run", server.url, *selection, OUT / "rerun-url"], capture_output=True)
        played_again("rerun-url", OUT / "rerun-url")
    target = OUT / "a target.json"
    target.write_text(json.dumps({"name": "t", "start": [str((BUILD / "bin/smcp-refserver").resolve()), "--exit-with-parent", *defect]}))
    subprocess.run([HARNESS, "run", "--target", target, "--transport", "polling", *selection, OUT / "rerun-target"], capture_output=True)
    played_again("rerun-target", OUT / "rerun-target", 2)
    own = OUT / "own-server"
    own.write_text(f'#!/bin/sh\nexec {(BUILD / "bin/smcp-refserver").resolve()} "$@" {" ".join(defect)}\n')
    own.chmod(0o755)
    subprocess.run([HARNESS, "run", "--refserver", own.resolve(), *selection, OUT / "rerun-own"], capture_output=True)
    played_again("rerun-own", OUT / "rerun-own", 2)


def frozen():
    """The command that writes sets."""
    code, output, _ = harness("freeze", "--check", "--set", OUT / "older.json", "--scenarios", ROOT / "scenarios")
    demand("freeze --check: exit code 1", code == 1)
    demand("freeze --check: what is gone", "\ngone: room.of-old: there is no such scenario any longer (5 checks)\n" in output)
    demand("freeze --check: the sum", re.fullmatch(r"revision 0\.1, set 41: \d+ new, 3 gone", output.splitlines()[-1]))
    code, output, errors = harness("freeze", "--set", OUT / "older.json", "--scenarios", ROOT / "scenarios")
    raised = json.loads(output)
    demand("freeze: the number is raised", code == 0 and raised["set"] == 42 and "room.of-old" not in raised["scenarios"])
    (OUT / "raised.json").write_text(output)
    code, output, _ = harness("freeze", "--set", OUT / "raised.json", "--scenarios", ROOT / "scenarios")
    demand("freeze: an unchanged set stays", json.loads(output) == raised)
    code, output, _ = harness("freeze", "--check", "--set", OUT / "raised.json", "--scenarios", ROOT / "scenarios")
    demand("freeze --check: nothing to say", code == 0 and output == "revision 0.1, set 42: 0 new, 0 gone\n")
    for path in sorted((ROOT / "fixtures/sets").glob("*.json")):
        revision = path.stem
        code, output, _ = harness("freeze", "--check", "--revision", revision)
        demand(f"tracked set of {revision}: nothing is gone, {output[-300:]}", code == 0 and f"revision {revision}, set " in output)
    code, _, errors = harness("freeze", "--revision", "0.1", "--set", OUT / "other.json")
    demand("freeze: set of another revision", code == 2 and "is a set of revision 0.2" in errors)


# What somebody could change in each file; each must be noticed.
TAMPERED = (
    ("report.json", r'"passed":(\d+)', lambda m: f'"passed":{int(m[1]) + 1}'),
    ("report.json", r'"verdict":"fail"', lambda m: '"verdict":"pass"'),
    ("report.json", r'"executed":(\d+)', lambda m: f'"executed":{int(m[1]) - 1}'),
    ("report.json", r'("verdict":"fail"[^\n]*?)"expected":true,', lambda m: m[1]),
    ("report.json", r'"stale": \["', lambda m: '"stale": ["another","'),
    ("report.json", r'\n    \{"scenario":[^\n]*,(?=\n)', lambda m: ""),
    ("report.jsonl", r'"type":"check"\}\n', lambda m: '"type":"other"}\n'),
    ("report.jsonl", r'"inconclusive":(\d+)', lambda m: f'"inconclusive":{int(m[1]) + 1}'),
    ("report.xml", r'failures="(\d+)"', lambda m: f'failures="{int(m[1]) + 1}"'),
    ("report.xml", r'skipped="([1-9]\d*)"', lambda m: f'skipped="{int(m[1]) - 1}"'),
    ("report.xml", r"    <testcase [^>]*/>\n", lambda m: ""),
    ("report.xml", r'type="inconclusive"', lambda m: 'type="skip"'),
    ("report.tap", r"^ok (\d+)", lambda m: f"not ok {m[1]}"),
    ("report.tap", r"^1\.\.(\d+)", lambda m: f"1..{int(m[1]) + 1}"),
    ("report.tap", r"  verdict: fail", lambda m: "  verdict: warn"),
    ("report.md", r"\*\*(\d+) passed", lambda m: f"**{int(m[1]) + 1} passed"),
    ("report.md", r"\*\*(\d+) failed\*\* \|", lambda m: f"**{int(m[1]) + 1} failed** |"),
    ("report.md", r"^\| (\d+) \|", lambda m: f"| {int(m[1]) + 1} |"),
    ("report.html", r'"passed":(\d+)', lambda m: f'"passed":{int(m[1]) + 1}'),
    ("report.html", r'"verdict":"pass","reason"', lambda m: '"verdict":"info","reason"'),
    ("badge.json", r'"message":"(\d+)', lambda m: f'"message":"{int(m[1]) + 1}'),
    ("report.txt", r"^(\d+) passed", lambda m: f"{int(m[1]) + 1} passed"),
    ("report.txt", r"^pass  [^\n]*\n", lambda m: ""),
    ("report.txt", r"^expected failures (\d+)", lambda m: f"expected failures {int(m[1]) + 1}"),
)


def tampered(folder):
    for number, (name, pattern, change) in enumerate(TAMPERED):
        copy = OUT / f"tampered-{number}"
        shutil.copytree(folder, copy, dirs_exist_ok=True)
        text = (copy / name).read_text(encoding="utf-8")
        text, n = re.subn(pattern, change, text, count=1, flags=re.M)
        (copy / name).write_text(text, encoding="utf-8")
        try:
            compare(copy, validate=False)
            problem = "nobody noticed" if n else "the pattern is nowhere in the file"
        except Wrong:
            problem = None
        case(f"tampered {name}: {pattern}", problem)
        shutil.rmtree(copy)


def hostile():
    for words in (["strict", "all"], ["strict"], ["all"], []):
        folder = OUT / "-".join(["hostile", *words])
        folder.mkdir(parents=True, exist_ok=True)
        subprocess.run([BUILD / "tests/report_tool", folder, *words], check=True)
        counts = agreed(folder.name, 0, 0, folder)
        demand(f"{folder.name}: new", counts.get("new") == 9 and counts.get("new_failed") == (0 if "all" in words else 3 if words else 1))
        code, _, _ = harness("report", folder / "report.json", "-v", "--results", OUT / "hostile-again")
        demand(f"{folder.name}: the same again", (OUT / "hostile-again/report.json").read_bytes() == (folder / "report.json").read_bytes())
    report = json.loads((folder / "report.json").read_text())
    demand("hostile: the seed is exact", report["seed"] == 2**64 - 1)
    demand("hostile: numbers of the target are exact", report["target"]["info"]["big"] == 12345678901234567890)
    demand("hostile: markup survives as text", "<script>alert(1)</script> ]]> &amp;" in report["checks"][0]["actual"])
    demand("hostile: names are generic", report["checks"][3]["observed"].startswith("A says "))


def harness(*arguments):
    done = subprocess.run([HARNESS, *arguments], capture_output=True, timeout=120)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def rendered_again(folder):
    """Reports made from the JSON report are the reports of the run."""
    again = OUT / "again"
    code, _, errors = harness("report", folder / "report.json", "-v", "--results", again)
    demand(f"report: exit code 0 {errors}", code == 0)
    for name in ("report.json", "report.xml", "report.tap", "report.md", "report.txt", "badge.json", "report.html"):
        demand(f"report: {name} is the same", (again / name).read_bytes() == (folder / name).read_bytes())
    short = OUT / "short.json"  # evidence, but no transcript where failures are expected
    harness("report", folder / "report.json", "--report", f"json:{short}")
    code, output, _ = harness("report", short, "--report", "json:-")
    demand("report: the short form is the same again", output == short.read_text())
    demand("report: it is shorter", 0 < short.stat().st_size < (folder / "report.json").stat().st_size)
    code, _, errors = harness("report", OUT / "part.json")
    demand("report: no report, exit code 2", code == 2 and "part.json:1:1: " in errors)
    code, _, errors = harness("report", folder / "report.xml")
    demand("report: no JSON, exit code 2", code == 2 and "report.xml:1:1: " in errors)
    code, _, errors = harness("report", folder / "report.json", "--report", "htm:x")
    demand("report: unknown format, exit code 2", code == 2 and "did you mean `html`?" in errors)


def compared(folder):
    clean, mixed = OUT / "clean/report.json", folder / "report.json"
    code, output, _ = harness("diff", clean, mixed, "--json")
    changes = json.loads(output)
    unexpected = [c for c in json.loads(mixed.read_text())["checks"] if c["verdict"] == "fail" and not c.get("expected")]
    demand("diff: newly red, exit code 1", code == 1)
    demand("diff: each unexpected failure is newly red", len(changes["newly_red"]) == len(unexpected) > 0)
    code, output, _ = harness("diff", mixed, clean)
    demand("diff: newly green, exit code 0", code == 0 and f" {len(unexpected)} newly green" in output.splitlines()[-1])
    code, output, _ = harness("diff", mixed, mixed)
    demand("diff: nothing against itself", code == 0 and output == "0 newly red, 0 newly green, 0 changed\n")
    code, output, _ = harness("compare", f"ours={clean}", mixed, "--report", "json:-", "--report", f"html:{OUT}/compared.html", "--report", f"md:{OUT}/compared.md")
    matrix = json.loads(output)
    rolls = [{row["id"]: row["verdict"] for row in json.loads(path.read_text())["requirements"]} for path in (clean, mixed)]
    wanted = {id_: [roll.get(id_) for roll in rolls] for id_ in rolls[0] | rolls[1]}
    demand("compare: exit code 0", code == 0)
    demand("compare: a name of one's own", matrix["implementations"][0]["name"] == "ours")
    demand("compare: verdict of each requirement", {row["id"]: row["verdicts"] for row in matrix["requirements"]} == wanted)
    reds = [{id_ for id_, verdict in roll.items() if verdict in ("fail", "error") and id_.split("-")[0] not in ("T2", "T3", "D")} for roll in rolls]
    demand("compare: red requirements of each column", [set(i["red"]) for i in matrix["implementations"]] == reds and reds[1] and not reds[0])
    demand("compare: each with sentence and cause", {r["id"] for r in matrix["red"]} == reds[1] and all(r["sentence"] and r["findings"] for r in matrix["red"]))
    demand("compare: causes name who has them", all(f["implementations"] == [matrix["implementations"][1]["name"]] for r in matrix["red"] for f in r["findings"]))
    other_revision(clean)
    demand("compare: nothing diverges on one server", not [d for d in matrix["divergences"] if None in d["observed"]])
    code, _, errors = harness("compare", clean)
    demand("compare: one report is not enough", code == 2 and "two JSON reports" in errors)


def other_revision(clean):
    """Columns of different revisions: a rule that one of them does not have is not applicable there, and no gap."""
    report = json.loads(clean.read_text()) | {"revision": "0.5"}
    for check in report["checks"]:
        check["requirements"] = [id_ for id_ in check["requirements"] if id_ != "ROOM-01"]
    other = OUT / "other-revision.json"
    other.write_text(json.dumps(report))
    _, output, _ = harness("compare", clean, other, "--report", "json:-", "--report", f"md:{OUT}/revisions.md", "--report", f"html:{OUT}/revisions.html")
    row = next(row for row in json.loads(output)["requirements"] if row["id"] == "ROOM-01")
    demand("compare: ROOM-01 is no rule of 0.5", row["applies"] == [True, False] and row["verdicts"] == ["pass", None])
    demand("compare: n/a in Markdown", re.search(r"\| \*\*ROOM-01\*\* .* \| ✅ \| n/a \|", (OUT / "revisions.md").read_text()))
    demand("compare: n/a in HTML", '<td class="c na">n/a</td>' in (OUT / "revisions.html").read_text())


def merged(url):
    """Parts of a run, merged, count as the whole."""
    parts = []
    for name, only in (("p1", "list.*"), ("p2", "tool.*"), ("p3", "leave.*")):
        parts.append(OUT / f"{name}.json")
        subprocess.run([HARNESS, "run", url, "--only", only, "--fast", "-q", "--report", f"json:{parts[-1]}"], capture_output=True)
    all_, folder = OUT / "all.json", OUT / "merged"
    code, _, errors = harness("merge", *parts[::-1], "--report", f"json:{all_}", "--results", folder, "-v")
    demand(f"merge: exit code 0 {errors}", code == 0)
    summaries = [json.loads(part.read_text())["summary"] for part in parts]
    summary = json.loads(all_.read_text())["summary"]
    demand("merge: counts are sums", all(summary[name] == sum(s[name] for s in summaries) for name in summary))
    ids = [s["scenario"] for s in json.loads(all_.read_text())["scenarios"]]
    demand("merge: in order", ids == sorted(ids))
    agreed("merge", code, 0, folder)
    code, _, errors = harness("merge", parts[0], all_)
    demand("merge: the same twice, exit code 2", code == 2 and "is in more than one report" in errors)


def drawn(folder):
    """What a browser makes of the page; None where there is no Chromium."""
    browser = shutil.which("chromium")
    if not browser:
        return False
    command = [browser, "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={OUT}/chromium"]
    done = subprocess.run([*command, "--dump-dom", f"file://{folder.resolve()}/report.html"], capture_output=True, timeout=120)
    page, summary = done.stdout.decode(), json.loads((folder / "report.json").read_text())["summary"]
    sums = f"{summary['passed']} passed, {summary['failed']} failed, {summary['skipped']} skipped"
    demand("browser: the sums are shown", sums in page)
    demand("browser: every scenario is listed", page.count('<details class="scenario"') == summary["scenarios"])
    demand("browser: nothing on the console", b"CONSOLE" not in done.stderr)
    return True


def used(folder):
    """Filters, keys, diagram and theme of the page."""
    text = (folder / "report.html").read_text()
    copy = OUT / "used.html"
    script = (Path(__file__).parent / "report_page_test.js").read_text()
    copy.write_text(text.removesuffix("</body>\n</html>\n") + f"<script>{script}</script></body></html>\n")
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--enable-logging=stderr", f"--user-data-dir={OUT}/chromium"]
    done = subprocess.run([*command, "--dump-dom", f"file://{copy.resolve()}"], capture_output=True, timeout=120)
    page = re.search(r"<body>(\{.*?\})", done.stdout.decode())
    demand(f"browser: the page can be used {done.stderr.decode()[-300:]}", page)
    for name, good in json.loads(page[1]).items() if page else ():
        demand(f"browser: {name}", good)


OUT.mkdir(parents=True, exist_ok=True)
hostile()
reruns()
folder, baseline = with_defect()
without_defect(baseline)
rendered_again(folder)
compared(folder)
tampered(folder)
skipped = 0 if drawn(folder) and drawn(OUT / "hostile") else 1
if not skipped:
    used(folder)
print(f"{results['passed']} passed, {results['failed']} failed, {skipped} skipped")
sys.exit(1 if results["failed"] else 0)
