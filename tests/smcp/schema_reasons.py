# SPDX-License-Identifier: Apache-2.0
"""Why jsonschema refuses an example of fixtures/payloads, against what the example says: its place `at`, its `rule`."""
import re


def pointer(path):
    return "".join("/" + str(key).replace("~", "~0").replace("/", "~1") for key in path)


def comparable(one, other):
    """Is one place the other, or inside of it?"""
    return one == other or one.startswith(other + "/") or other.startswith(one + "/")


def places(error, value):
    """Where an error is: a member that is missing, or forbidden altogether, has a place too."""
    at = pointer(error.absolute_path)
    if error.validator in ("required", "dependentRequired"):
        return [f"{at}/" + re.match(r"'(.*?)' is ", error.message)[1]]
    if error.validator is not None:
        return [at]
    for key in error.absolute_path:
        value = value[key]
    return [at + pointer([key]) for key, member in value.items() if member is error.instance]


def wrong_reason(errors, row):
    """Empty when all of the errors are about the named place, and one of them is of the named rule."""
    at, found = row.get("at", "?"), False
    for error in errors:
        rule, where = error.validator or "false", places(error, row["value"])
        if not any(comparable(place, at) for place in where):
            return f"something else is wrong, at {where[0]}: {error.message}"
        exact = at in where or (rule == "required" and at == pointer(error.absolute_path))
        found = found or (exact and rule == row.get("rule"))
    return "" if found else f"not refused by `{row.get('rule')}` at {at!r}"


def misjudged(validator, row, valid):
    """Empty when an example is valid, or invalid for its own reason, as it should be."""
    errors = list(validator.iter_errors(row["value"]))
    if valid:
        return "; ".join(error.message for error in errors)
    return wrong_reason(errors, row)
