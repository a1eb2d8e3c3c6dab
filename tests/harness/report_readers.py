# SPDX-License-Identifier: Apache-2.0
"""One independent reader per report format: each gives the counts that a file states or shows, or raises Wrong.

A reader counts by itself what can be counted (checks, test cases, points, lines) and holds it against the sums that the
same file prints.  compare() then holds the formats against each other.
"""
import collections
import html.parser
import json
import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import NamedTuple

import jsonschema
import junitparser
import xmlschema
from referencing import Registry, Resource

ROOT = Path(__file__).resolve().parents[2]
VERDICTS = ("skip", "pass", "info", "warn", "flaky", "inconclusive", "fail", "error")
WEIGHT = {name: weight for weight, name in enumerate(VERDICTS)}
SCHEMA = jsonschema.Draft202012Validator(json.loads((ROOT / "reports/report.schema.json").read_text()))
XSD = xmlschema.XMLSchema(str(ROOT / "tests/harness/report.xsd"))


class Wrong(Exception):
    pass


def demand(condition, text):
    if not condition:
        raise Wrong(text)


def same(what, one, other):
    demand(one == other, f"{what}: {one} is not {other}")


class How(NamedTuple):
    """What decides how a run counts."""

    strict: bool
    score_all: bool


def how_of(run):
    return How(run["strict"], run["score"] == "all")


def tally(rows, how, stale):
    """Counts of (verdict, expected, new) rows, as design has them."""
    counts = collections.Counter({name: 0 for name in VERDICTS})
    counts.update(passed=0, failed=0, skipped=0, expected_failures=0, new=0, new_failed=0, stale=stale)
    for verdict, expected, new in rows:
        counts[verdict] += 1
        counts["declared"] += 1
        counts["executed"] += verdict not in ("skip", "inconclusive")
        counts["expected_failures"] += verdict == "fail" and expected
        counts["new"] += new
        fails = verdict == "error" or (not expected and (verdict == "fail" or (how.strict and verdict in ("warn", "inconclusive"))))
        if new and not how.score_all and verdict != "error":
            counts["new_failed"] += fails
        elif fails:
            counts["failed"] += 1
        else:
            counts["skipped"] += verdict == "skip"
            counts["passed"] += verdict in ("pass", "info", "warn")
    return dict(counts)


def agree(what, stated, counted):
    for name in stated:
        if name in counted:
            same(f"{what}, {name}", stated[name], counted[name])


def rows_of(checks):
    return [(check["verdict"], check.get("expected", False), check.get("new", False)) for check in checks]


def fewer_frames(report):
    """The report with only the ends of its lists of frames: the validator needs seconds for each thousand."""
    cut = {name: [dict(item) for item in report[name]] for name in ("checks", "scenarios")}
    for name, member in (("checks", "evidence"), ("scenarios", "transcript")):
        for item in cut[name]:
            if member in item:
                item[member] = item[member][:1] + item[member][-1:]
    return {**report, **cut}


def read_json(path, validate):
    text = path.read_bytes().decode("utf-8")
    report = json.loads(text)
    if validate:
        errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in SCHEMA.iter_errors(fewer_frames(report))]
        demand(not errors, f"schema: {errors[:3]}")
    checks, summary = report["checks"], report["summary"]
    how = how_of(report)
    counts = tally(rows_of(checks), how, len(report["stale"])) | {"vanished": len(report["vanished"])}
    agree("summary", summary, counts)
    demand(report.get("set") or not counts["new"], "new checks, and no set")
    same("scenarios", summary["scenarios"], len(report["scenarios"]))
    same("checks of scenarios", sum(s["checks"] for s in report["scenarios"]), len(checks))
    worst, rolls = {}, {}
    for check in checks:
        key = check["scenario"], check["transport"], check["repetition"]
        worst[key] = max(worst.get(key, "skip"), check["verdict"], key=WEIGHT.get)
        unscored = check.get("new") and not how.score_all and check["verdict"] != "error"
        for requirement in check["requirements"]:
            rolls.setdefault(requirement, collections.Counter())["new" if unscored else check["verdict"]] += 1
    for s in report["scenarios"]:
        key = s["scenario"], s["transport"], s["repetition"]
        same(f"verdict of {key}", s["verdict"], worst.get(key, s["verdict"]))
    same("requirements", sorted(rolls), sorted(roll["id"] for roll in report["requirements"]))
    for roll in report["requirements"]:
        same(roll["id"], {v: roll[v] for v in (*VERDICTS, "new") if v in roll}, dict(rolls[roll["id"]]))
        same(roll["id"], roll["verdict"], max(set(rolls[roll["id"]]) - {"new"}, key=WEIGHT.get, default="skip"))
    return counts, how


def lines_validator():
    report, line = (json.loads((ROOT / "reports" / name).read_text()) for name in ("report.schema.json", "jsonl.schema.json"))
    resource = Resource.from_contents(report)
    return jsonschema.Draft202012Validator(line, registry=Registry().with_resource("report.schema.json", resource))


LINES = lines_validator()


def last_of(lines, kind):
    """What stands in the end: a later line replaces the earlier one of the same check or scenario."""
    standing = {}
    for line in lines:
        if line["type"] == kind:
            standing[line["scenario"], line["transport"], line["repetition"], line.get("check")] = line
    return standing.values()


def read_jsonl(path, how):
    lines = [json.loads(line) for line in path.read_bytes().decode("utf-8").split("\n")[:-1]]
    for line in [*lines[:20], *lines[-20:], *[line for line in lines if "corrects" in line][:20]]:  # validating takes its time
        problem = next(LINES.iter_errors(line), None)
        demand(problem is None, f"a line does not hold to the schema: {problem and problem.message}")
    kinds = [line["type"] for line in lines]
    same("first and last line", (kinds[0], kinds[-1]), ("run", "summary"))
    run = [line for line in lines if line["type"] == "run"][-1]
    counts = tally(rows_of(last_of(lines, "check")), how, len(run["stale"])) | {"vanished": len(run["vanished"])}
    agree("summary", {k: v for k, v in lines[-1].items() if k != "type"}, counts)
    same("scenarios", len(last_of(lines, "scenario")), lines[-1]["scenarios"])
    return counts


def junit_row(case):
    """(verdict, expected, new) of a <testcase>, or None for a stale entry."""
    for tag in ("failure", "error", "skipped"):
        outcome = case.find(tag)
        if outcome is None:
            continue
        kind = outcome.get("type")
        demand(outcome.get("message"), "an outcome without message")
        if kind == "stale":
            return None
        new, kind = kind.startswith("new-"), kind.removeprefix("new-")
        return ("fail", True, new) if kind == "expected-failure" else (kind, False, new)
    remark = re.match(r"verdict: (\w+)(, new)?", case.findtext("system-out") or "verdict: pass")
    return remark[1], False, bool(remark[2])


def read_junit(path, how, validate):
    if validate:
        XSD.validate(str(path))
    root = ElementTree.parse(path).getroot()
    sums = collections.Counter()
    for suite in root:
        found = collections.Counter(tests=0, failures=0, errors=0, skipped=0)
        for case in suite.findall("testcase"):
            found["tests"] += 1
            for tag, name in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
                found[name] += case.find(tag) is not None
        agree(f"suite {suite.get('name')}", {name: int(suite.get(name)) for name in found}, found)
        sums.update(found)
    agree("testsuites", {name: int(root.get(name)) for name in ("tests", "failures", "errors")}, sums)
    library = junitparser.JUnitXml.fromfile(str(path))  # what a viewer's library makes of it
    same("junitparser", (library.tests, library.failures, library.errors), (sums["tests"], sums["failures"], sums["errors"]))
    same("junitparser's cases", sum(1 for suite in library for _ in suite), sums["tests"])
    rows = [junit_row(case) for case in root.iter("testcase")]
    counts = tally([row for row in rows if row], how, rows.count(None))
    same("red cases", sums["failures"] + sums["errors"], counts["failed"] + counts["stale"])
    return counts


def tap_points(text):
    """(ok, directive, stale, verdict in the YAML block or None, new)"""
    point = re.compile(r"(ok|not ok) (\d+) - ((?:[^#\\]|\\.)*?)(?: # (SKIP|TODO) (.*))?")
    found = []
    for line in text.split("\n"):
        if line.startswith("  verdict: "):
            found[-1][3] = line.removeprefix("  verdict: ")
        elif line == "  new: true":
            found[-1][4] = True
        elif line.startswith(("ok", "not ok")):
            match = point.fullmatch(line)
            demand(match, f"no test point: {line[:200]}")
            same("number", int(match[2]), len(found) + 1)
            found.append([match[1] == "ok", (match[4], match[5]), match[3].startswith("stale"), None, False])
        else:
            demand(not line or line.startswith("  "), f"neither point nor YAML: {line[:200]}")
    return found


def read_tap(path, how):
    head, plan, body = path.read_bytes().decode("utf-8").split("\n", 2)
    same("version", head, "TAP version 14")
    points = tap_points(body)
    same("plan", plan, f"1..{len(points)}")
    rows, red = [], 0
    for ok, (directive, why), stale, verdict, new in points:
        red += not ok and directive != "TODO"
        if not stale:
            expected = directive == "TODO" and why.startswith("expected failure")
            rows.append(("skip" if directive == "SKIP" else verdict or "pass", expected, new))
    counts = tally(rows, how, sum(1 for point in points if point[2]))
    same("red points", red, counts["failed"] + counts["stale"])
    return counts


def read_markdown(path, how):
    text = path.read_bytes().decode("utf-8")
    demand(len(text.encode()) < 300 * 1024, "300 KB or more")
    cells = [line.strip("|").split("|") for line in text.split("\n") if line.startswith("|")]
    names = [name.strip().replace(" ", "_") for name in cells[0]]
    counts = {name: int(cell) for name, cell in zip(names, cells[2])}
    line = re.search(r"^\*\*(\d+) passed, (\d+) failed, (\d+) skipped\*\*$", text, re.M)
    counts.update(zip(("passed", "failed", "skipped"), map(int, line.groups())))
    matrix = collections.Counter(passed=0, failed=0, skipped=0)
    chapters = text.split("\n## Chapters\n")[1].split("\n## ")[0]
    for cell in re.findall(r"\| (\S+ \d+[^|]*) (?=\|)", chapters):
        passed, *rest = cell.split(",")
        matrix["passed"] += int(passed.split()[1])
        for part in rest:
            number, what = re.match(r" \**(\d+) (\w+)", part).groups()
            matrix[what] += int(number)
    for name in ("passed", "failed", "skipped"):
        same(f"chapters, {name}", matrix[name], counts[name])
    same("chapters, expected", matrix["expected"], counts["expected_failures"])
    demand(not how.score_all or not matrix["new"], "new checks apart although they are scored")
    same("vanished", len(re.findall(r"^- vanished: ", text, re.M)), counts["vanished"])
    fences = re.findall(r"^(`{3,})(\w*)$", text, re.M)
    demand(len(fences) % 2 == 0, "a code fence is left open")
    demand("<script>" not in re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$|(`+)[^\n]*?\2", "", text), "markup outside of code")
    return counts


def read_text(path):
    text = path.read_bytes().decode("utf-8")
    demand(not re.search(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]", text), "control characters")
    *_, before, last = text.rstrip("\n").split("\n")
    match = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", last)
    counts = dict(zip(("passed", "failed", "skipped"), map(int, match.groups())))
    match = re.fullmatch(
        r"expected failures (\d+), stale (\d+), flaky (\d+), inconclusive (\d+), warnings (\d+), observed (\d+)", before
    )
    counts.update(zip(("expected_failures", "stale", "flaky", "inconclusive", "warn", "info"), map(int, match.groups())))
    verdicts = re.findall(rf"^({'|'.join(VERDICTS)})  \S+ \[\w+\]: ", text, re.M)
    match = re.search(r"^new (\d+)(?: \((\d+) of them failed, none is scored\))?, vanished (\d+): ", text, re.M)
    counts.update(zip(("new", "new_failed", "vanished"), map(int, match.groups(default="0") if match else (0, 0, 0))))
    if "pass" in verdicts:  # -v: every check has its line
        for name in VERDICTS:
            same(f"lines, {name}", verdicts.count(name), counts.get(name, verdicts.count(name)))
        counts.update({name: verdicts.count(name) for name in VERDICTS}, declared=len(verdicts))
        same("new lines", len(re.findall(r"^\w+  \S+ \[\w+\]: .* \(new[,)]", text, re.M)), counts["new"])
    same("stale lines", len(re.findall(r"^stale: ", text, re.M)), counts["stale"])
    return counts


class Page(html.parser.HTMLParser):
    """The data of the page, and whatever it would load from elsewhere."""

    def __init__(self, text):
        super().__init__()
        self.data, self.inside, self.loads = "", False, []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.inside = tag == "script" and attrs.get("type") == "application/json"
        self.loads += [f"{tag} {name}" for name in ("src", "href", "action", "srcset") if name in attrs]

    def handle_endtag(self, tag):
        self.inside = False

    def handle_data(self, data):
        self.data += data if self.inside else ""


def read_html(path, how):
    text = path.read_bytes().decode("utf-8")
    page = Page(text)
    demand(not page.loads and "url(" not in text.split("<script")[0] and "@import" not in text, f"loads {page.loads}")
    report = json.loads(page.data)
    checks = [check for scenario in report["scenarios"] for check in scenario["checks"]]
    counts = tally(rows_of(checks), how, len(report["run"]["stale"])) | {"vanished": len(report["run"]["vanished"])}
    agree("summary", report["summary"], counts)
    demand("<" not in page.data, "markup in the data")
    return counts


def read_badge(path, counts):
    badge = json.loads(path.read_text(encoding="utf-8"))
    same("members", sorted(badge), ["color", "label", "message", "schemaVersion"])
    same("red", badge["color"] == "red", bool(counts["failed"] or counts["stale"]))
    number = counts["failed"] or counts["passed"]
    same("number", int(badge["message"].split()[0]), number)
    return {}


def compare(folder, validate=True):
    """All formats of a --results folder: the counts that they share; Wrong when they differ, or are not valid."""
    folder = Path(folder)
    counts, how = read_json(folder / "report.json", validate)
    others = {
        "jsonl": lambda: read_jsonl(folder / "report.jsonl", how),
        "junit": lambda: read_junit(folder / "report.xml", how, validate),
        "tap": lambda: read_tap(folder / "report.tap", how),
        "md": lambda: read_markdown(folder / "report.md", how),
        "text": lambda: read_text(folder / "report.txt"),
        "html": lambda: read_html(folder / "report.html", how),
        "badge": lambda: read_badge(folder / "badge.json", counts),
    }
    for name, read in others.items():
        try:
            agree(f"{name} against json", read(), counts)
        except Wrong as wrong:
            raise Wrong(f"{name}: {wrong}") from wrong
        except (ValueError, KeyError, TypeError, IndexError, xmlschema.XMLSchemaException, ElementTree.ParseError) as error:
            raise Wrong(f"{name}: {type(error).__name__}: {str(error)[:300]}") from error
    return counts
