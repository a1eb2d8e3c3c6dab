#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Every scenario file is valid by the schema that editors complete from; set-ups have another shape and are left out.

  editor_schema.py [FOLDER]      last line: N passed, N failed, N skipped
"""

import json
import pathlib
import sys

import jsonschema

folder = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "scenarios")
schema = json.loads((folder / "scenario.schema.json").read_text())
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)
passed = failed = 0

for path in sorted(folder.rglob("*.json")):
    if path.name.endswith(".schema.json") or path.parent.name == "setups":
        continue
    errors = [f"{path}: {'/'.join(map(str, e.absolute_path))}: {e.message[:200]}" for e in validator.iter_errors(json.loads(path.read_text()))]
    for line in errors[:3]:
        print(line)
    passed += not errors
    failed += bool(errors)

# A schema that takes everything would be no help.
for broken in ({}, {"id": "x.y", "title": "t", "since": "0.1", "actors": {"A": "agent"}, "steps": [{"A": "jons"}]},
               {"id": "x.y", "title": "t", "since": "0.9", "setup": "a"},
               {"id": "x.y", "title": "t", "since": "0.1", "setup": "a", "table": [{}]}):
    wrong = not validator.is_valid(broken)
    passed += wrong
    failed += not wrong
    if not wrong:
        print(f"accepted: {json.dumps(broken)}")

print(f"{passed} passed, {failed} failed, 0 skipped")
sys.exit(failed > 0)
