#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs every test that CTest knows, two at a time, and counts the single Check cases in them.

Usage: units.py BUILD_DIR [NAME...]

A program that prints Check's summary line counts with its cases, any other as one.  A program that dies, takes too
long or runs no case counts as failed.
"""
import json
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

SUMMARY = re.compile(r"^\d+%: Checks: (\d+), Failures: (\d+), Errors: (\d+)", re.M)


def listed(build_dir):
    text = subprocess.run(["ctest", "--test-dir", build_dir, "--show-only=json-v1"], check=True, capture_output=True)
    for test in json.loads(text.stdout)["tests"]:
        properties = {item["name"]: item["value"] for item in test.get("properties", [])}
        yield test["name"], test.get("command", []), properties


def run(test):
    """(name, output, passed, failed)"""
    name, command, properties = test
    try:
        done = subprocess.run(
            command,
            cwd=properties.get("WORKING_DIRECTORY"),
            timeout=properties.get("TIMEOUT", 120),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired as late:
        return name, f"{(late.stdout or b'').decode(errors='replace')}\ntook longer than {late.timeout} s", 0, 1
    except OSError as error:
        return name, str(error), 0, 1
    output = done.stdout.decode(errors="replace")
    passed = failed = 0
    summaries = SUMMARY.findall(output)
    for checks, failures, errors in summaries:
        bad = int(failures) + int(errors)
        failed += bad
        passed += int(checks) - bad
    if not summaries:
        passed, failed = (1, 0) if done.returncode == 0 else (0, 1)
    elif done.returncode and not failed:
        output += f"\nall cases passed, but the exit code is {done.returncode}"
        failed = 1
    elif not passed + failed:
        output += "\nno case ran"
        failed = 1
    return name, output, passed, failed


def main(build_dir, *names):
    tests = [test for test in listed(build_dir) if not names or test[0] in names]
    passed = failed = 0
    with ThreadPoolExecutor(2) as pool:
        for name, output, good, bad in pool.map(run, tests):
            print(f"{name}: {good} passed, {bad} failed")
            if bad:
                print(output)
            passed += good
            failed += bad
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed or not passed else 0


sys.exit(main(*sys.argv[1:]))
