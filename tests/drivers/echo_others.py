#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rows of echo_rows.py on servers that are not ours.

On the official npm packages all rows are green but C2, where the page itself says that the official server is slower: so the rows ask
for nothing that is not so.  With one fault put into that server the rows named here turn red: so every row can fail.

Usage: echo_others.py
"""
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from echo_lib import ENGINE, ROWS, SOCKET, Program, finish, run_rows
import echo_rows  # fills ROWS

SERVER = str(Path(__file__).with_name("echo_server.mjs"))
NODE = os.environ.get("NODE_BINARY", "node")
RED_ON_NPM = {f"C2 {ENGINE}", f"C2 {SOCKET}"}


def both(*names):
    return {f"{name} {path}" for name in names for path in (ENGINE, SOCKET)}


def engine(*names):
    return {f"{name} {ENGINE}" for name in names}


# Fault of the server -> rows that have to notice it.
FAULTS = {
    "interval": both("H1", "H4"),
    "greeting": {"M1", "M2", "M7", "U1"} | both("P1", "P3", "C1"),
    "binary-as-text": {"M3", "M8"},
    "deaf": {"M4", "M9", "S6", "E5", "E6", "E7"},
    "immortal": both("P2", "P4"),
    "mute": both("P1", "P3") | {"S8", "S9"},
    "pid": {"S1", "S2", "S3", "S4"},
    "no-auth": {"S1", "S2", "S3", "S4"},
    "patient": {"S7 connect timeout"},
    "backwards": {"E1", "E2", "E3", "E4"},
    "any-version": both("H2", "H5"),
    "any-transport": both("H3", "H5"),
    "any-method": both("H6"),
    "polls-after-upgrade": both("U2 at once", "U2 after 3probe"),
    "one-websocket": both("U3"),
    "many-polls": {"M5"},
    "poll-may-die": {"M6"},
    "close-for-close": both("C1"),
    "no-noop": {"U1"},
    "noop-after-upgrade": {"U1", "U1 socket"} | engine("U2 at once", "U3"),
    "open-door": {"S5"},
    "leave-closes": {"S8", "S9"},
}


def red_with(fault):
    """The rows named for the fault that turn red because of it."""
    rows = [item for item in ROWS if item[0] in FAULTS[fault]]
    with Program(NODE, SERVER, fault) as program:
        return {name for name, why in run_rows(program.server, rows, 10, repeats=0).items() if why}


def patiently(server):
    """Rows that are red are repeated alone: with 500 ms to the point, npm's timers are late now and then."""
    results = run_rows(server, workers=2)
    for _ in range(3):
        again = [item for item in ROWS if results[item[0]] and item[0] not in RED_ON_NPM]
        results.update(run_rows(server, again, workers=1) if again else {})
    return results


def main():
    results = []  # (what, why it is wrong or None)
    with Program(NODE, SERVER) as program:
        for name, why in patiently(program.server).items():
            if name in RED_ON_NPM:
                results.append((f"{name} is red on npm", None if why else "it is green"))
            else:
                results.append((f"{name} is green on npm", why))
    noticed = set(RED_ON_NPM)
    with ThreadPoolExecutor(6) as pool:  # most of a red row is waiting for what does not come
        outcomes = dict(zip(FAULTS, pool.map(red_with, FAULTS)))
    for fault, red in outcomes.items():
        noticed |= red
        for name in sorted(FAULTS[fault]):
            results.append((f"{name} notices {fault}", None if name in red else "it is green, or there is no such row"))
    for name, _, _ in ROWS:
        results.append((f"{name} can fail", None if name in noticed else "no fault was noticed"))
    failed = [(what, why) for what, why in results if why]
    for what, why in failed:
        print(f"FAILED {what}: {why}")
    finish(len(results) - len(failed), len(failed))


if __name__ == "__main__":
    assert echo_rows
    main()
