# SPDX-License-Identifier: Apache-2.0
"""Do the folders of fixtures/schemas differ where their README says, and nowhere else?

The table "What changed" there names, per revision, each file that is new, gone or different from the revision before, with the rows of the
requirements that say so. Examples may differ only where their schema, or one it refers to, does.
"""
import json
import re

HEAD = "| revision | files |"
ROW_ID = re.compile(r"\b[A-Z][A-Z-]*-\d{2}\b")


def documented(readme):
    """{revision: {file: "new" | "gone" | "other"}}, in order, and the ids that are cited."""
    table = readme.split(HEAD, 1)[1].split("\n\n", 1)[0].splitlines()[2:]
    changes, ids = {}, set()
    for line in table:
        revision, files, what, rows = (cell.strip() for cell in line.strip("|").split("|"))
        kind = what.split(":")[0].split()[0]
        for name in re.findall(r"`([^`]+)`", files):
            changes.setdefault(revision, {})[name] = kind
        ids.add((revision, files, tuple(ROW_ID.findall(rows))))
    return changes, ids


def folder(root, revision):
    return {path.stem: path.read_text(encoding="utf-8") for path in (root / revision).glob("*.json")}


def difference(old, new):
    kinds = {name: "new" for name in new.keys() - old.keys()} | {name: "gone" for name in old.keys() - new.keys()}
    return kinds | {name: "other" for name in old.keys() & new.keys() if old[name] != new[name]}


def closure(schemas, name):
    """The text of a schema and of all that it refers to."""
    seen, todo = {}, [name]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = schemas[name]
            todo += re.findall(r'"\$ref": "([^"#]+)\.json"', schemas[name])
    return seen


def check_pair(root, before, after, told, report):
    old, new = (folder(root / "fixtures/schemas", revision) for revision in (before, after))
    found = difference(old, new)
    for name in sorted(found.keys() | told.keys()):
        seen, said = found.get(name, "the same"), told.get(name, "the same")
        report(seen == said, f"{after}/{name} is {seen} since {before}" + ("" if seen == said else f", the README says {said}"))
    old_examples, new_examples = (folder(root / "fixtures/payloads", revision) for revision in (before, after))
    for name in sorted(old.keys() & new.keys()):
        if closure(old, name) == closure(new, name):
            report(old_examples[name] == new_examples[name], f"{after}/{name}: its examples are those of {before}")


def check_revisions(root, report):
    readme = (root / "fixtures/schemas/README.md").read_text(encoding="utf-8")
    requirements = (root / "docs/spec/requirements.md").read_text(encoding="utf-8")
    known = set(re.findall(r"^(?:\| |### )([A-Z][A-Z-]*-\d{2})\b", requirements, re.M))
    changes, cited = documented(readme)
    order = json.loads((root / "smcp/requirements.json").read_text(encoding="utf-8"))["order"]
    have = [revision for revision in order if (root / "fixtures/schemas" / revision).is_dir()]

    report(sorted(changes) == sorted(have[1:]), "every revision after the first has its rows in the README")
    for before, after in zip(have, have[1:]):
        check_pair(root, before, after, changes.get(after, {}), report)
    for revision, files, ids in sorted(cited):
        report(ids and known.issuperset(ids), f"{revision}: {files}: by {', '.join(ids) or 'no row'}")
    for path in sorted((root / "fixtures/schemas").rglob("*.json")):
        ids = set(ROW_ID.findall(path.read_text(encoding="utf-8")))
        report(known.issuperset(ids), f"{path.parent.name}/{path.stem}: cites rows that exist")
