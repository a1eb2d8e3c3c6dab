#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`smcp-harness run` as a program: exit codes, what it says, and that it finds what it must find.

Usage: run_test.py SMCP_HARNESS SMCP_REFSERVER

The targets are shell scripts and our own server; each test looks at the exit status and at the text for people.
"""
import json
import os
import re
import signal
import subprocess
import sys

from program import HALF_SERVER, HARNESS, REFSERVER, SCENARIO, SELFTESTS, Folder, expect, harness, last_line, run, run_tests

# ---- usage


def test_unknown_option():
    expect(harness("run", "--jbos", "3"), 2, "did you mean `--jobs`?")


def test_unknown_command():
    expect(harness("rnu"), 2, "did you mean `run`?")


def test_malformed_values():
    for arguments in (
        ("--jobs", "0"),
        ("--jobs",),
        ("--transport", "tcp"),
        ("--revision", "9"),
        ("--key", "secret"),
        ("--report", "nothing:x"),
        ("--target", "/nowhere.json"),
        ("ftp://x",),
        ("http://x", "http://y"),
        ("--only", "no.such.scenario"),
    ):
        expect(harness("run", *arguments), 2)


def test_help_has_examples():
    expect(harness("--help"), 0, "Examples:")
    expect(harness("run", "--help"), 0, "Examples:")
    expect(harness("--version"), 0, "smcp-harness")


def test_malformed_scenario_says_where():
    with Folder() as folder:
        broken = dict(SCENARIO, steps=[{"C": "jons", "office": "here"}])
        done = run("--scenarios", folder.scenarios(broken))
        expect(done, 2, "0.json:1:")


def test_malformed_target_says_where():
    with Folder() as folder:
        path = folder.write("target.json", '{"name": "x",\n "strat": []}')
        expect(harness("run", "--target", path), 2, "target.json:2:11:")


# ---- nothing judged


def test_unreachable():
    done = harness("run", "http://127.0.0.1:1")
    expect(done, 3, "not reachable: connection refused")
    assert "passed" not in done.stdout


def test_target_ends_before_it_is_ready():
    with Folder() as folder:
        expect(harness("run", "--target", folder.script_target("echo last words >&2; exit 3")), 3, "last words")


def test_target_is_never_ready():
    with Folder() as folder:
        target = folder.script_target("echo patience >&2; exec sleep 60", ready={"stdout_json": True, "timeout_ms": 300})
        expect(harness("run", "--target", target), 3, "patience")


def test_target_is_no_engine_io():
    with Folder() as folder:
        script = (
            "exec python3 -c 'import http.server as h, sys\n"
            's = h.HTTPServer(("127.0.0.1", 0), h.BaseHTTPRequestHandler)\n'
            'print("{\\"event\\":\\"ready\\",\\"url\\":\\"http://127.0.0.1:%d\\"}" % s.server_port, flush=True)\n'
            "s.serve_forever()'"
        )
        expect(harness("run", "--target", folder.script_target(script)), 3, "not reachable: HTTP 501")


def test_nothing_selected():
    expect(run("--tag", "no-such-tag"), 5)


def test_missing_server_program():
    expect(harness("run", "--refserver", "/nowhere/smcp-refserver"), 3, "cannot start")


# ---- judged


def test_clean_server_is_green():
    done = run("--fast", "--seed", "7")
    expect(done, 0)
    assert re.fullmatch(r"\d+ passed, 0 failed, \d+ skipped", last_line(done)), last_line(done)


def test_selftests_find_what_they_must():
    """Every one of them is red by itself; `must_fail` makes that a pass, and its absence a failure."""
    done = run("--scenarios", SELFTESTS)
    expect(done, 0)
    assert int(last_line(done).split()[0]) > 100


def test_selftest_that_does_not_fail_is_red():
    with Folder() as folder:
        done = run("--scenarios", folder.scenarios(dict(SCENARIO, must_fail="anything")))
        expect(done, 1, "this scenario must fail with `anything`, but it did not")


def test_failure_says_what_and_how_to_repeat():
    with Folder() as folder:
        scenario = dict(SCENARIO, steps=[{"C": "joins", "office": "here", "ack": [True], "checks": "ROOM-01"}])
        done = run("--scenarios", folder.scenarios(scenario), "--seed", "42")
        expect(done, 1, "--only x.join --transport websocket --seed 42")
        for text in ("ROOM-01", "Successful join ack", "[true,null]", "server:join_office"):
            assert text in done.stdout, f"`{text}` is not in\n{done.stdout}"


def first_defect():
    known = subprocess.run([REFSERVER, "--help"], capture_output=True, text=True).stdout
    return re.search(r"^ +([a-z]+-[a-z-]+) +\S", known.split("--defect")[-1], re.M).group(1)


def test_defect_is_found():
    with Folder() as folder:
        start = [REFSERVER, "--defect", first_defect(), "--exit-with-parent"]
        target = folder.write("target.json", {"name": "defect", "start": start})
        expect(harness("run", "--target", target, "--fast", "--timeout", "2"), 1)


def test_new_checks_count_against_our_own_server_alone():
    """The set knows none of the scenarios.  Without a target they are scored, so that our own CI sees them fail."""
    nothing = {"schema_version": 1, "revision": "0.1", "set": 3, "monitors": {}, "scenarios": {}}
    with Folder() as folder:
        steps = [{"C": "joins", "office": "here", "ack": [True], "checks": "ROOM-01"}]
        where = ("--scenarios", folder.scenarios(dict(SCENARIO, steps=steps)), "--set", folder.write("set.json", nothing))
        target = folder.write("target.json", {"name": "ours", "start": [REFSERVER, "--exit-with-parent"]})
        expect(run(*where), 1, "(new)")
        done = harness("run", "--target", target, *where)
        expect(done, 0, "(new, not scored)")
        assert "new 5 (1 of them failed, none is scored), vanished 0: held against set 3" in done.stdout, done.stdout
        # What is only observed is in no set: the monitor of foreign sids.
        assert last_line(done) == "1 passed, 0 failed, 0 skipped", last_line(done)
        expect(harness("run", "--target", target, *where, "--score", "all"), 1)
        expect(run(*where, "--score", "frozen"), 0, "--score all")
        expect(run("--score", "some"), 2, "expected frozen or all")
        expect(run("--set", folder.write("bad.json", "{}")), 2, "bad.json:1:1: no frozen set")


def test_retry_alone_tells_flaky_from_failed():
    """The target breaks a rule only when it is started for the first time."""
    with Folder() as folder:
        mark = os.path.join(folder.held.name, "mark")
        script = f"[ -e {mark} ] && exec {REFSERVER} --exit-with-parent; touch {mark}; "
        target = folder.script_target(script + f"exec {REFSERVER} --defect {first_defect()} --exit-with-parent")
        arguments = ("--target", target, "--fast", "--timeout", "2", "--retry-alone")
        done = harness("run", *arguments)
        expect(done, 0, "holds when played alone")
        assert last_line(done).split(", ")[1] == "0 failed", last_line(done)


def test_blocked_is_inconclusive_not_failed():
    with Folder() as folder:
        steps = [
            {"C": "receives", "event": "notify:update_config", "within_ms": 50},
            {"C": "joins", "office": "here", "checks": "ROOM-01"},
        ]
        done = run("--scenarios", folder.scenarios(dict(SCENARIO, steps=steps)))
        expect(done, 6, "has not come within 50 ms")
        assert last_line(done).split(", ")[1] == "0 failed"


def test_strict_counts_them_as_failed():
    with Folder() as folder:
        steps = [
            {"C": "receives", "event": "notify:update_config", "within_ms": 50},
            {"C": "joins", "office": "here", "checks": "ROOM-01"},
        ]
        expect(run("--strict", "--scenarios", folder.scenarios(dict(SCENARIO, steps=steps))), 1)


def test_needs_are_skipped_with_the_reason():
    with Folder() as folder:
        target = folder.write("target.json", {"name": "plain", "start": [REFSERVER, "--exit-with-parent"]})
        done = harness("run", "--target", target, "-v", "--scenarios", folder.scenarios(dict(SCENARIO, needs=["key"])))
        expect(done, 5, "needs a key")


def test_whatif_lists_what_only_the_next_revision_fails():
    """One check fails by both revisions, one since 0.2, one never."""
    join = {"C": "joins", "office": "here", "checks": "ROOM-01"}
    wrong = dict(join, ack=[True])
    with Folder() as folder:
        fails = dict(SCENARIO, id="x.both", steps=[wrong]), dict(SCENARIO, id="x.next", since="0.2", steps=[wrong])
        where = ("--scenarios", folder.scenarios(*fails, SCENARIO))
        target = folder.write("target.json", {"name": "ours", "revision": "0.1", "start": [REFSERVER, "--exit-with-parent"]})
        done = harness("whatif", "--target", target, "--next", "0.2", *where, "--seed", "5")
        expect(done, 1, "1 checks of 1 requirements would newly fail by revision 0.2")
        assert "ROOM-01 (MUST): " in done.stdout and "    x.next [websocket]: C joins here: " in done.stdout, done.stdout
        assert "x.both [" not in done.stdout and "x.join [" not in done.stdout, done.stdout
        assert f"play one alone: smcp-harness run --target {target} --judge-by 0.2 --scenarios" in done.stdout, done.stdout
        report = os.path.join(folder.held.name, "next.json")
        done = harness("whatif", "--json", "--target", target, *where, "--report", f"json:{report}")
        expect(done, 1)
        groups = json.loads(done.stdout)["newly_failing"]
        assert [(g["requirement"], [c["scenario"] for c in g["checks"]]) for g in groups] == [("ROOM-01", ["x.next"])], groups
        with open(report, encoding="utf-8") as file:
            assert json.load(file)["revision"] == "0.2"
        expect(harness("whatif", "--target", target, "--next", "0.2", *where, "--exclude", "x.next"), 0, "0 checks of 0 requirements")
        expect(harness("whatif", "--target", target, "--next", "0.1", *where), 2, "0.1 is the revision of the target already")
    expect(harness("whatif", "--next", "9"), 2, "there is no such revision")
    expect(harness("whatif", "http://127.0.0.1:1"), 3, "not reachable")
    expect(harness("whatif", "--help"), 0, "Usage: smcp-harness whatif")
    expect(harness("whatif", "--nxt", "0.2"), 2, "unknown option `--nxt`")


WAITS = dict(SCENARIO, steps=[{"C": "joins", "office": "here", "checks": "ROOM-01"}])


def test_target_that_dies():
    with Folder() as folder:
        scenarios = folder.scenarios(WAITS)
        for mode in ("die", "die-later"):
            target = folder.write("target.json", {"name": "dies", "start": [sys.executable, HALF_SERVER, mode]})
            done = harness("run", "--target", target, "--scenarios", scenarios, "--transport", "polling")
            expect(done, 1, "the target died")
            assert "what was under way: x.join" in done.stdout, done.stdout
            assert "exited with status 9" in done.stdout, done.stdout
            assert ("not calibrated: the target died of it" in done.stdout) == (mode == "die"), done.stdout


def test_interrupt_leaves_a_partial_report():
    for number in (signal.SIGINT, signal.SIGTERM):
        with Folder() as folder:
            fifo = os.path.join(folder.held.name, "fifo")
            report = os.path.join(folder.held.name, "report.txt")
            os.mkfifo(fifo)
            target = folder.write("target.json", {"name": "t", "start": [sys.executable, HALF_SERVER, "tell", fifo]})
            command = [HARNESS, "run", "--target", target, "--scenarios", folder.scenarios(WAITS), "--timeout", "60"]
            command += ["--transport", "polling", "--report", f"text:{report}"]
            with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
                with open(fifo, encoding="utf-8") as joined:
                    joined.readline()
                child.send_signal(number)
                child.wait(timeout=20)
            assert child.returncode == 128 + number, child.returncode
            with open(report, encoding="utf-8") as file:
                assert "interrupted" in file.read()


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
