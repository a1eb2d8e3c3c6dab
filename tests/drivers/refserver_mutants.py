# SPDX-License-Identifier: Apache-2.0
"""Do the cases of the drivers notice every defect of smcp-refserver?  Not a stage: it waits for what does not come.

Usage: refserver_mutants.py [DEFECT...]
"""
import os
import subprocess
import sys

import refserver_clients
import refserver_lib

refserver_lib.LIMIT = refserver_clients.LIMIT = 0.7

import refserver_cases  # noqa: E402
from refserver_clients import AsyncPeer, World  # noqa: E402
from refserver_lib import PROGRAM, Server, cases_of  # noqa: E402

# Seen by other drivers only: exact frames (raw), a wait of seconds (raw), keys (auth).
ELSEWHERE = {"unasked-ack", "ack-twice", "short-wait", "auth-open"}


def defects():
    text = subprocess.run([str(PROGRAM), "--help"], capture_output=True, text=True, check=True).stdout
    return [line.split()[0] for line in text.partition("Defects")[2].partition("Examples")[0].splitlines()[1:] if line.strip()]


def noticed_by(defect):
    with Server("--defect", defect, clean_exit=False) as server:
        for name, _, function in cases_of(refserver_cases):
            try:
                with World(server, "websocket", AsyncPeer) as world:
                    function(world)
            except Exception:
                return name
    return None


passed = failed = 0
for defect in sys.argv[1:] or [d for d in defects() if d not in ELSEWHERE]:
    name = noticed_by(defect)
    passed += name is not None
    failed += name is None
    print(f"{'ok   ' + defect + ': ' + name if name else 'FAIL ' + defect + ': nobody notices'}", flush=True)
print(f"{passed} passed, {failed} failed, 0 skipped", flush=True)
os._exit(1 if failed else 0)
