# SPDX-License-Identifier: Apache-2.0
"""The tables of defects and variants: name, requirement ids, meaning, revisions, and the class that makes it so."""

from dataclasses import dataclass

from strict_revisions import ALL

DEFECTS = {}
VARIANTS = {}


@dataclass
class Entry:
    requirements: list
    what: str
    needs: list
    revisions: list
    rules: type


def revisions_of(text):
    """`0.2+`, `0.1-0.3` or one name; in the order of time."""
    if text.endswith("+"):
        return list(ALL[ALL.index(text[:-1]) :])
    first, _, last = text.partition("-")
    return list(ALL[ALL.index(first) : ALL.index(last or first) + 1])


def _register(table, name, requirements, what, needs, revisions):
    def register(rules):
        assert name not in table, name
        table[name] = Entry(requirements.split(), what, needs.split(), revisions_of(revisions), rules)
        return rules

    return register


def defect(name, requirements, what, needs="", revisions="0.1+"):
    return _register(DEFECTS, name, requirements, what, needs, revisions)


def variant(name, requirements, what, needs="", revisions="0.1+"):
    return _register(VARIANTS, name, requirements, what, needs, revisions)
