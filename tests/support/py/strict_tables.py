# SPDX-License-Identifier: Apache-2.0
"""The tables of defects and variants: name, requirement ids, meaning, and the class that makes it so."""

from dataclasses import dataclass

DEFECTS = {}
VARIANTS = {}


@dataclass
class Entry:
    requirements: list
    what: str
    needs: list
    rules: type


def _register(table, name, requirements, what, needs):
    def register(rules):
        assert name not in table, name
        table[name] = Entry(requirements.split(), what, needs.split(), rules)
        return rules

    return register


def defect(name, requirements, what, needs=""):
    return _register(DEFECTS, name, requirements, what, needs)


def variant(name, requirements, what, needs=""):
    return _register(VARIANTS, name, requirements, what, needs)
