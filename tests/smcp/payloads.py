#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The example payloads against the schemas: by our validator, and by the Python package jsonschema as an independent one.

Usage: payloads.py SCHEMA_TOOL
Each example is two checks, one per validator; each schema is one more (against the meta-schema) and needs both kinds of examples.
"""
import json
import subprocess
import sys
from pathlib import Path

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

ROOT = Path(__file__).resolve().parents[2]
SCHEMAS = ROOT / "fixtures/schemas"
PAYLOADS = ROOT / "fixtures/payloads"
counts = {True: 0, False: 0}


def report(ok, text):
    counts[ok] += 1
    print("ok  " if ok else "FAIL", text)


def load(path):
    return json.loads(path.read_text(encoding="utf-8"))


def registry():
    resources = []
    for path in SCHEMAS.rglob("*.json"):
        uri = "http://localhost/" + path.relative_to(SCHEMAS).as_posix()
        resources.append((uri, Resource.from_contents(load(path), default_specification=DRAFT202012)))
    return Registry().with_resources(resources)


def ours(tool, revision, path):
    """What our validator says about every example: lines of `pass` or `FAIL`, in order."""
    run = subprocess.run([tool, "--payloads", revision, str(path)], capture_output=True, text=True, check=False)
    return [line.startswith("pass") for line in run.stdout.splitlines()]


def judge(tool, schemas, path):
    revision, name = path.parent.name, path.name.removesuffix(".json")
    theirs = jsonschema.Draft202012Validator({"$ref": f"http://localhost/{revision}/{name}.json"}, registry=schemas)
    examples = load(path)
    rows = [(row, kind == "valid") for kind in ("valid", "invalid") for row in examples[kind]]
    own = ours(tool, revision, path)
    report(bool(examples["valid"]) and bool(examples["invalid"]) and examples["schema"] == name, f"{name}: has examples")
    if len(own) != len(rows):
        report(False, f"{name}: our validator answered {len(own)} of {len(rows)} examples")
        return
    for (row, valid), ok in zip(rows, own):
        report(ok, f"{name}: ours: {row['why']}")
        report(theirs.is_valid(row["value"]) == valid, f"{name}: jsonschema: {row['why']}")


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
    print(f"{counts[True]} passed, {counts[False]} failed, 0 skipped")
    return 1 if counts[False] or not counts[True] else 0


if len(sys.argv) != 2:
    sys.exit(__doc__)
sys.exit(main(sys.argv[1]))
