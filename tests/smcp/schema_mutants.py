# SPDX-License-Identifier: Apache-2.0
"""Does each rule of each schema have an example that needs it?

Every keyword is taken away once, alone: one of the examples of the schema must then be judged differently. A rule without such an example
could be lost, or never have worked, and nothing would tell.
"""
import copy
import json

import jsonschema
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012
from schema_reasons import misjudged

ANNOTATIONS = {"$schema", "title", "description"}
ONE_SCHEMA = {"items", "additionalProperties", "propertyNames", "not", "if", "then", "else"}
LISTS_OF_SCHEMAS = {"oneOf", "anyOf", "allOf", "prefixItems"}


def rules(schema, path=(), names=False, condition=False):
    """The path of everything that can be taken away: keywords, properties, alternatives, members of lists."""
    if not isinstance(schema, dict):
        return
    for key, value in schema.items():
        here = path + (key,)
        if names:
            yield here
            yield from rules(value, here, condition=condition)
        # A condition that asks for a member which is required anyway only spares the reader a second complaint.
        elif key not in ANNOTATIONS and not (condition and key == "required"):
            yield here
            yield from rules_below(key, value, here, condition)


def rules_below(key, value, here, condition):
    if key in ("required", "enum") or (key == "type" and isinstance(value, list)):
        yield from (here + (i,) for i in range(len(value)))
    elif key == "dependentRequired":
        yield from (here + (name,) for name in value)
        yield from (here + (name, i) for name in value if len(value[name]) > 1 for i in range(len(value[name])))
    elif key == "properties":
        yield from rules(value, here, names=True, condition=condition)
    elif key in LISTS_OF_SCHEMAS:
        for i, alternative in enumerate(value):
            if len(value) > 1:
                yield here + (i,)
            yield from rules(alternative, here + (i,), condition=condition)
    elif key in ONE_SCHEMA:
        yield from rules(value, here, condition=condition or key == "if")


def without(schema, path):
    schema = copy.deepcopy(schema)
    holder = schema
    for key in path[:-1]:
        holder = holder[key]
    del holder[path[-1]]
    return schema


def noticed(validator, examples):
    try:
        rows = [(row, kind == "valid") for kind in ("invalid", "valid") for row in examples[kind]]
        return any(misjudged(validator, row, valid) for row, valid in rows)
    except jsonschema.SchemaError:
        return True


def load(folder):
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def check_folder(root, revision, done, report):
    schemas, examples = (load(root / "fixtures" / kind / revision) for kind in ("schemas", "payloads"))
    registry = Registry().with_resources(
        (f"http://localhost/{name}.json", Resource.from_contents(schema, default_specification=DRAFT202012))
        for name, schema in schemas.items())
    for name, schema in schemas.items():
        key = json.dumps([name, schema, examples[name]])
        if key in done:
            continue
        done.add(key)
        for path in rules(schema):
            mutant = Resource.from_contents(without(schema, path), default_specification=DRAFT202012)
            changed = registry.with_resource(f"http://localhost/{name}.json", mutant)
            validator = jsonschema.Draft202012Validator({"$ref": f"http://localhost/{name}.json"}, registry=changed)
            report(noticed(validator, examples[name]), f"{revision}/{name}: an example needs {'/'.join(map(str, path))}")


def check_mutants(root, report):
    done = set()
    for folder in sorted((root / "fixtures/schemas").iterdir()):
        if folder.is_dir():
            check_folder(root, folder.name, done, report)
