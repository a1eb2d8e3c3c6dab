#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example payloads against the schemas: by our validator, and by the Python package jsonschema as an independent one.

Usage: payloads.py SCHEMA_TOOL
Each example is two checks, one per validator. An invalid one must fail where it says (`at`), by the rule it names (`rule`), and because of
nothing else. Each schema is checked against the meta-schema, needs examples of both kinds, and each of its rules needs one (schema_mutants);
what differs between two revisions is what the README says (schema_revisions).
"""
import json
import re
import subprocess
import sys
from pathlib import Path

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schema_mutants import check_mutants
from schema_reasons import comparable, misjudged
from schema_revisions import check_revisions

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "fixtures/schemas"
PAYLOADS = ROOT / "fixtures/payloads"
FEWEST_VALID, FEWEST_INVALID = 2, 3
counts = {True: 0, False: 0}


def report(ok, text):
    counts[bool(ok)] += 1
    print("ok  " if ok else "FAIL", text)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def registry():
    resources = []
    for path in SCHEMAS.rglob("*.json"):
        uri = "http://localhost/" + path.relative_to(SCHEMAS).as_posix()
        resources.append((uri, Resource.from_contents(load(path), default_specification=DRAFT202012)))
    return Registry().with_resources(resources)


def own_places(line):
    at, text = line.split("\t")[1:3]
    missing = re.search(r': member "(.*)" is missing$', text)
    return [f"{at}/{missing[1]}", at] if missing else [at]


def ours(tool, revision, path):
    """What our validator says about every example, in order."""
    run = subprocess.run([tool, "--payloads", revision, str(path)], capture_output=True, text=True, check=False)
    return run.stdout.splitlines()


def judge_row(name, theirs, row, valid, line):
    passed = line.startswith("pass") and (valid or any(comparable(place, row.get("at", "?")) for place in own_places(line)))
    report(passed, f"{name}: ours: {row['why']}" + ("" if passed else f": {line}"))
    wrong = misjudged(theirs, row, valid)
    report(not wrong, f"{name}: jsonschema: {row['why']}" + (f": {wrong}" if wrong else ""))


def judge(tool, schemas, path):
    name = path.relative_to(PAYLOADS).as_posix().removesuffix(".json")
    theirs = jsonschema.Draft202012Validator({"$ref": f"http://localhost/{name}.json"}, registry=schemas)
    examples = load(path)
    rows = [(row, kind == "valid") for kind in ("valid", "invalid") for row in examples[kind]]
    own = ours(tool, path.parent.name, path)
    enough = len(examples["valid"]) >= FEWEST_VALID and len(examples["invalid"]) >= FEWEST_INVALID
    report(enough and examples["schema"] == path.stem, f"{name}: has examples")
    report(len({row["why"] for row, _ in rows}) == len(rows), f"{name}: every example has its own reason")
    if len(own) != len(rows):
        report(False, f"{name}: our validator answered {len(own)} of {len(rows)} examples")
        return
    for (row, valid), line in zip(rows, own):
        judge_row(name, theirs, row, valid, line)


def main(tool):
    schemas = registry()
    for path in sorted(SCHEMAS.rglob("*.json")):
        name = path.relative_to(SCHEMAS)
        try:
            jsonschema.Draft202012Validator.check_schema(load(path))
            report((PAYLOADS / name).exists(), f"{name}: a schema with examples")
        except jsonschema.SchemaError as err:
            report(False, f"{name}: {err.message}")
    for path in sorted(PAYLOADS.rglob("*.json")):
        judge(tool, schemas, path)
    check_mutants(ROOT, report)
    check_revisions(ROOT, report)
    print(f"{counts[True]} passed, {counts[False]} failed, 0 skipped")
    return 1 if counts[False] or not counts[True] else 0


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.exit(main(sys.argv[1]))
