#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`smcp-harness run` under bad conditions: split over jobs, killed, stalled; slow, silent and dying targets.

Usage: robust_test.py SMCP_HARNESS SMCP_REFSERVER
"""
import itertools
import json
import os
import signal
import subprocess
import sys
import time

from program import HALF_SERVER, HARNESS, REFSERVER, ROOT, SCENARIO, Folder, expect, harness, last_line, run, run_tests


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


# ---- shards

PART = ("--fast", "--transport", "all", "--only", "room.*", "--only", "notify.*", "--seed", "5")


def test_shards_merge_to_the_whole():
    with Folder() as folder:
        whole, merged = folder.path("whole.json"), folder.path("merged.json")
        parts = [folder.path(f"{k}.json") for k in (1, 2, 3)]
        expect(run(*PART, "--report", f"json:{whole}"), 0)
        for k, path in enumerate(parts, 1):
            expect(run(*PART, "--shard", f"{k}/3", "--report", f"json:{path}"), 0)
        expect(harness("merge", *parts, "--report", f"json:{merged}"), 0)
        one, other = read_json(whole), read_json(merged)
        for member in ("summary", "transports", "requirements", "stale"):
            assert one[member] == other[member], member
        keys = [[(c["scenario"], c["transport"], c["check"]) for c in r["checks"]] for r in (one, other)]
        assert keys[0] == keys[1]
        sizes = [len(read_json(path)["scenarios"]) for path in parts]
        assert min(sizes) * 2 > max(sizes), f"uneven shards: {sizes}"


def test_shards_are_stable():
    """A scenario more moves no other one, and all transports and repetitions of one stay together."""
    with Folder() as folder:
        some = [dict(SCENARIO, id=f"x.s{n}") for n in range(12)]
        places = []
        for count in (11, 12):
            more = folder.scenarios(*some[:count])
            place = {}
            for k in (1, 2, 3):
                out = folder.path("out.json")
                expect(run("--scenarios", more, "--shard", f"{k}/3", "--repeat", "2", "--transport", "all", "--report", f"json:{out}"), 0)
                for scenario in read_json(out)["scenarios"]:
                    assert place.setdefault(scenario["scenario"], k) == k, "split"
            places.append(place)
        assert len(places[1]) == 12
        assert places[0].items() <= places[1].items()


def test_empty_shard():
    """Nothing for this job is no failure as long as another one plays; nothing for anybody is."""
    with Folder() as folder:
        one = folder.scenarios(SCENARIO)
        codes, files = [], []
        for k in (1, 2):
            files.append(folder.path(f"{k}.json"))
            codes.append(run("--scenarios", one, "--shard", f"{k}/2", "--report", f"json:{files[-1]}"))
        empty = [done for done in codes if "holds none of the chosen scenarios" in done.stderr]
        assert [done.returncode for done in codes] == [0, 0] and len(empty) == 1
        assert last_line(empty[0]) == "0 passed, 0 failed, 0 skipped"
        expect(harness("merge", *files), 0, "6 passed, 0 failed")
        target = folder.write("target.json", {"name": "no key", "start": [REFSERVER, "--exit-with-parent"]})
        needy = folder.scenarios(dict(SCENARIO, needs=["key"]))
        for k in (1, 2):
            expect(harness("run", "--target", target, "--scenarios", needy, "--shard", f"{k}/2"), 5)


def test_missing_shard_is_noticed():
    with Folder() as folder:
        files = [folder.path(f"{k}.json") for k in (1, 2, 3)]
        for k, path in enumerate(files, 1):
            expect(run(*PART, "--shard", f"{k}/3", "--report", f"json:{path}"), 0)
        expect(harness("merge", files[0], files[2]), 6, "shard 2/3 is missing: the report is partial")
        half = folder.path("half.json")
        expect(run(*PART, "--shard", "2/2", "--report", f"json:{half}"), 0)
        expect(harness("merge", files[0], half), 2, "shards of 3 and of 2 do not go together")


def test_shards_share_a_baseline():
    """Entries of other shards are not stale; one that names nothing is, once."""
    with Folder() as folder:
        red = [dict(SCENARIO, id=f"x.s{n}", steps=[{"C": "joins", "office": "here", "ack": [True], "checks": "ROOM-01"}]) for n in range(6)]
        more = folder.scenarios(*red)
        baseline = folder.path("baseline.json")
        run("--scenarios", more, "--write-baseline", baseline)
        listed = read_json(baseline)
        assert len(listed["expected"]) == 6
        for k in (1, 2):
            expect(run("--scenarios", more, "--expected-failures", baseline, "--shard", f"{k}/2"), 0)
        listed["expected"].append({"scenario": "x.gone", "check": "c", "reason": "r"})
        folder.write("baseline.json", listed)
        files = []
        for k in (1, 2):
            files.append(folder.path(f"{k}.json"))
            expect(run("--scenarios", more, "--expected-failures", baseline, "--shard", f"{k}/2", "--report", f"json:{files[-1]}"), 1)
        merged = folder.path("merged.json")
        expect(harness("merge", *files, "--report", f"json:{merged}"), 0)
        assert read_json(merged)["summary"]["stale"] == 1


def test_malformed_shards():
    for text in ("0/2", "3/2", "1", "1/", "/2", "a/b", "1/2/3", "-1/2", "1/1001", " 1/2", "01/2"):
        expect(harness("run", "--shard", text), 2, "expected K/N")


# ---- a target that dies


def poison_target(folder, mode):
    start = [sys.executable, HALF_SERVER, mode, folder.path("starts")]
    return folder.write("target.json", {"name": mode, "start": start})


def count_starts(folder):
    with open(folder.path("starts"), encoding="utf-8") as file:
        return len(file.readlines())


def joins(number, office="here"):
    return dict(SCENARIO, id=f"x.s{number}", steps=[{"C": "joins", "office": office, "checks": "ROOM-01"}])


def verdicts(path, check="C joins here"):
    return {c["scenario"]: c["verdict"] for c in read_json(path)["checks"] if c["requirements"] == ["ROOM-01"]}


def test_the_killer_is_blamed_and_the_rest_judged():
    with Folder() as folder:
        some = [joins(n) for n in range(8)]
        some[3] = joins(3, "poison")
        out = folder.path("out.json")
        arguments = ("--scenarios", folder.scenarios(*some), "--transport", "polling", "--report", f"json:{out}")
        done = harness("run", "--target", poison_target(folder, "poison"), *arguments)
        expect(done, 1, "the target died while this scenario was under way: it exited with status 9")
        found = verdicts(out)
        assert found == {f"x.s{n}": "fail" if n == 3 else "pass" for n in range(8)}, found
        assert last_line(done).split(", ")[1] == "1 failed", done.stdout
        assert 3 <= count_starts(folder) <= 4, count_starts(folder)


def test_several_killers_are_told_apart():
    with Folder() as folder:
        some = [joins(n, "poison" if n % 3 == 0 else "here") for n in range(10)]
        out = folder.path("out.json")
        arguments = ("--scenarios", folder.scenarios(*some), "--transport", "polling", "--report", f"json:{out}")
        expect(harness("run", "--target", poison_target(folder, "poison"), *arguments), 1)
        found = verdicts(out)
        assert found == {f"x.s{n}": "fail" if n % 3 == 0 else "pass" for n in range(10)}, found


def test_a_death_that_does_not_come_back_is_flaky():
    with Folder() as folder:
        some = [joins(n) for n in range(5)] + [joins(5, "poison")]
        out = folder.path("out.json")
        arguments = ("--scenarios", folder.scenarios(*some), "--transport", "polling", "--report", f"json:{out}")
        done = harness("run", "--target", poison_target(folder, "poison-once"), *arguments)
        expect(done, 0, "the target died: it exited with status 9")
        assert "flaky 1," in done.stdout, done.stdout
        assert count_starts(folder) == 2


def test_restarts_are_bounded():
    with Folder() as folder:
        some = [joins(n, "poison") for n in range(40)]
        out = folder.path("out.json")
        arguments = ("--scenarios", folder.scenarios(*some), "--transport", "polling", "--report", f"json:{out}")
        expect(harness("run", "--target", poison_target(folder, "poison"), *arguments), 1)
        found = list(verdicts(out).values())
        assert count_starts(folder) <= 30
        assert found.count("pass") == 0 and found.count("fail") > 3 and found.count("inconclusive") > 3, found


# ---- a harness that stands still


def stopped_while_waiting(folder, seconds, *arguments, mode="late", scenario=SCENARIO):
    """The harness is stopped when the join has come, for that long, and the answer comes when it goes on."""
    fifo, answer, out = folder.path("fifo"), folder.path("answer"), folder.path("out.json")
    os.mkfifo(fifo)
    os.mkfifo(answer)
    target = folder.write("target.json", {"name": "late", "start": [sys.executable, HALF_SERVER, mode, fifo, answer]})
    command = [HARNESS, "run", "--target", target, "--scenarios", folder.scenarios(scenario), "--transport", "polling"]
    with subprocess.Popen([*command, "--report", f"json:{out}", *arguments], stdout=subprocess.DEVNULL) as child:
        with open(fifo, encoding="utf-8") as joined:
            joined.readline()
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED)
        time.sleep(seconds)  # the fact waited for is time itself
        child.send_signal(signal.SIGCONT)
        with open(answer, "w", encoding="utf-8") as go_on:
            go_on.write("now\n")
        child.wait(timeout=60)
    return child.returncode, read_json(out)


def test_own_standstill_is_not_held_against_the_target():
    with Folder() as folder:
        code, report = stopped_while_waiting(folder, 3.5, "--timeout", "3")
        assert code == 0, report["checks"]
        assert report["summary"]["failed"] == 0


def test_what_comes_of_our_own_silence_is_not_held_against_the_target():
    """Stopped for longer than the target waits for a pong: it may end connections, and tell the others."""
    never = {"C": "never receives", "event": "notify:leave_office", "checks": "NOTIFY-05"}
    with Folder() as folder:
        scenario = dict(SCENARIO, steps=[*SCENARIO["steps"], never])
        code, report = stopped_while_waiting(folder, 2.5, mode="scold", scenario=scenario)
        assert code == 0, report["checks"]


# ---- nothing is left behind


def family_target(folder):
    """A target of three processes: a shell, the server, and a child that holds on to nothing but its own life."""
    pids = folder.path("pids")
    script = f"sleep 600 & echo $! >>{pids}; {REFSERVER} & echo $! >>{pids}; wait"
    return folder.script_target(script), pids


def all_gone(pids):
    """Poll for it: they are children of nobody that we could wait for."""
    with open(pids, encoding="utf-8") as file:
        left = [int(line) for line in file]
    assert len(left) == 2
    for _ in range(200):
        left = [pid for pid in left if os.path.exists(f"/proc/{pid}") and state_of(pid) != "Z"]
        if not left:
            return True
        time.sleep(0.05)  # the fact waited for is asked again
    return False


def state_of(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rsplit(")", 1)[1].split()[0]
    except FileNotFoundError:
        return "Z"


def test_the_whole_group_ends_with_the_run():
    with Folder() as folder:
        target, pids = family_target(folder)
        expect(harness("run", "--target", target, "--scenarios", folder.scenarios(SCENARIO)), 0)
        assert all_gone(pids)


def test_the_whole_group_ends_with_a_killed_harness():
    with Folder() as folder:
        target, pids = family_target(folder)
        stream = folder.path("fifo")
        os.mkfifo(stream)
        never = dict(SCENARIO, steps=[{"C": "receives", "event": "notify:update_config", "within_ms": 60000, "checks": "NOTIFY-01"}])
        command = [HARNESS, "run", "--target", target, "--scenarios", folder.scenarios(never), "--report", f"jsonl:{stream}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
            with open(stream, encoding="utf-8") as lines:
                lines.readline()
            child.kill()
            child.wait(timeout=20)
        assert all_gone(pids)


# ---- targets that keep one waiting

STRANGE_SERVER = """
import json, socket, sys, threading
held = []
server = socket.create_server(("127.0.0.1", 0))
print(json.dumps({"event": "ready", "url": "http://127.0.0.1:%d" % server.getsockname()[1]}), flush=True)

def flood(connection):
    try:
        connection.recv(65536)
        connection.sendall(b"HTTP/1.1 200 OK\\r\\nTransfer-Encoding: chunked\\r\\n\\r\\n")
        while True:
            connection.sendall(b"10000\\r\\n" + b"x" * 65536 + b"\\r\\n")
    except OSError:
        pass

while True:
    connection, _ = server.accept()
    held.append(connection)
    if sys.argv[1] == "flood":
        threading.Thread(target=flood, args=(connection,), daemon=True).start()
"""


def test_a_target_that_says_nothing():
    with Folder() as folder:
        script = folder.write("strange.py", STRANGE_SERVER)
        target = folder.write("target.json", {"name": "mute", "start": [sys.executable, script, "mute"]})
        begun = time.monotonic()
        expect(harness("run", "--target", target, "--scenarios", folder.scenarios(SCENARIO), "--timeout", "2"), 3, "is not reachable")
        assert time.monotonic() - begun < 30


def test_a_target_that_floods():
    with Folder() as folder:
        script = folder.write("strange.py", STRANGE_SERVER)
        target = folder.write("target.json", {"name": "flood", "start": [sys.executable, script, "flood"]})
        for transport in ("websocket", "polling"):
            arguments = ("--scenarios", folder.scenarios(SCENARIO), "--timeout", "2", "--transport", transport)
            expect(harness("run", "--target", target, *arguments), 3, "is not reachable")


# ---- the live stream


def lines_of(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert text.endswith("\n"), "a line is cut"
    return [json.loads(line) for line in text.splitlines()]


def key_of(line):
    return line["scenario"], line["transport"], line["repetition"], line.get("check")


def standing(lines):
    """What the lines say in the end: the last one of each check."""
    return {key_of(line): line["verdict"] for line in lines if line["type"] == "check"}


def test_stream_says_the_same_as_the_report():
    with Folder() as folder:
        out, stream = folder.path("out.json"), folder.path("out.jsonl")
        done = run("--fast", "--only", "room.*", "--report", f"json:{out}", "--report", f"jsonl:{stream}")
        expect(done, 0)
        report, lines = read_json(out), lines_of(stream)
        assert standing(lines) == {key_of(c): c["verdict"] for c in report["checks"]}
        assert (lines[0]["type"], lines[-1]["type"]) == ("run", "summary")
        assert {k: v for k, v in lines[-1].items() if k != "type"} == report["summary"]


def test_stream_to_standard_output():
    done = run("--fast", "--only", "room.join.notifies-others", "--report", "jsonl:-")
    expect(done, 0, "passed, 0 failed")
    kinds = [json.loads(line)["type"] for line in done.stdout.splitlines()]
    assert kinds[0] == "run" and kinds[-1] == "summary" and "check" in kinds


WAITS_FOR_EVER = dict(SCENARIO, id="x.waits", steps=[{"C": "joins", "office": "wait", "checks": "ROOM-01"}])


def test_a_killed_run_leaves_what_was_judged():
    """One scenario is through when the other one has begun to wait; then the harness is killed."""
    with Folder() as folder:
        stream, fifo = folder.path("out.jsonl"), folder.path("fifo")
        os.mkfifo(fifo)
        quick = dict(SCENARIO, id="x.a", steps=[{"C": "is fenced", "checks": "SIO-10"}])
        target = folder.write("target.json", {"name": "t", "start": [sys.executable, HALF_SERVER, "tell", fifo]})
        command = [HARNESS, "run", "--target", target, "--scenarios", folder.scenarios(quick, WAITS_FOR_EVER), "--timeout", "60"]
        command += ["--transport", "polling", "--jobs", "1", "--report", f"jsonl:{stream}"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as child:
            with open(fifo, encoding="utf-8") as joined:
                joined.readline()
            child.kill()
            child.wait(timeout=20)
        lines = lines_of(stream)
        assert [line["type"] for line in lines][:2] == ["run", "check"], lines
        assert standing(lines) == {("x.a", "polling", 0, "C is fenced"): "pass"}, standing(lines)
        done = harness("report", stream)
        expect(done, 0, "interrupted: the report is partial")
        told = done.stdout
        assert told.endswith("1 passed, 0 failed, 0 skipped\n"), told
        with open(stream, "a", encoding="utf-8") as file:
            file.write('{"scenario":"x.b","che')  # the kill came in the middle of a line
        assert harness("report", stream).stdout == told
        with open(stream, "a", encoding="utf-8") as file:
            file.write("\n{}\n")
        expect(harness("report", stream), 2, f"{stream}:3:1: no line of a report")


def test_verdicts_that_turn_are_corrected():
    """Red at first; alone, on another process of the target, green: the line comes again."""
    with Folder() as folder:
        mark, stream = folder.path("mark"), folder.path("out.jsonl")
        script = f"[ -e {mark} ] && exec {REFSERVER} --exit-with-parent; touch {mark}; exec {REFSERVER} --defect join-ack-array --exit-with-parent"
        arguments = ("--only", "room.join.agent-is-acked", "--retry-alone", "--report", f"jsonl:{stream}")
        expect(harness("run", "--target", folder.script_target(script), *arguments), 0)
        turned = [line for line in lines_of(stream) if line["type"] == "check" and line.get("corrects") == "fail"]
        assert turned and turned[0]["verdict"] == "flaky", turned
        expect(harness("report", stream), 0, f"flaky {len(turned)},")


# ---- interrupts

PARTIAL = {
    "report.txt": "interrupted: the report is partial",
    "report.json": '"interrupted": true',
    "report.jsonl": '"interrupted":true',
    "report.xml": "interrupted",
    "report.tap": "interrupted",
    "report.md": "interrupted",
    "report.html": "interrupted",
    "badge.json": "interrupted",
}


def interrupted(folder, number, *arguments, mode="tell"):
    fifo = folder.path("fifo")
    os.mkfifo(fifo)
    target = folder.write("target.json", {"name": "t", "start": [sys.executable, HALF_SERVER, mode, fifo]})
    command = [HARNESS, "run", "--target", target, "--scenarios", folder.scenarios(SCENARIO), "--timeout", "60"]
    child = subprocess.Popen([*command, "--transport", "polling", *arguments], stdout=subprocess.DEVNULL)
    with open(fifo, encoding="utf-8") as joined:
        joined.readline()
    child.send_signal(number)
    return child


def test_an_interrupt_leaves_every_format():
    """While a scenario waits; and before the first one has begun."""
    for number, mode in itertools.product((signal.SIGINT, signal.SIGTERM), ("tell", "tell-trial")):
        with Folder() as folder:
            results = folder.path("results")
            child = interrupted(folder, number, "--results", results, mode=mode)
            assert child.wait(timeout=20) == 128 + number
            for name, text in PARTIAL.items():
                with open(os.path.join(results, name), encoding="utf-8") as file:
                    assert text in file.read(), f"{name} does not say that it is partial ({mode})"


def test_a_second_interrupt_ends_at_once():
    """The report goes into a FIFO that nobody reads."""
    with Folder() as folder:
        stuck = folder.path("stuck")
        os.mkfifo(stuck)
        child = interrupted(folder, signal.SIGINT, "--report", f"json:{stuck}")
        for _ in range(200):
            child.send_signal(signal.SIGINT)
            try:
                child.wait(timeout=0.1)
                break
            except subprocess.TimeoutExpired:
                pass
        assert child.returncode in (-signal.SIGINT, 130), child.returncode


# ---- speed


def slow_target(folder, delay_ms, accept_ms=0, options=()):
    server = [REFSERVER, "--listen", "127.0.0.1:0", "--exit-with-parent", *options]
    start = [sys.executable, os.path.join(ROOT, "tests", "harness", "slow_relay.py"), str(delay_ms), str(accept_ms), *server]
    return folder.write("target.json", {"name": "slow", "start": start})


# What waits for things, and says within what time.
SLOW_PART = ("--only", "room.join.notifies-others", "--only", "list.by-computer", "--only", "race.agents-one-seat")


def test_a_slow_target_is_not_red():
    with Folder() as folder:
        out = folder.path("out.json")
        done = harness("run", "--target", slow_target(folder, 250), *SLOW_PART, "--transport", "all", "--report", f"json:{out}")
        expect(done, 0, "time-outs were ")
        target = read_json(out)["target"]
        assert 500 <= target["rtt_ms"] < 5000 and 5 <= target["time_scale"] <= 10, target
        assert last_line(done).split(", ")[1] == "0 failed"


def test_connections_that_overtake_each_other_are_not_red():
    """An ack and the notice of the same join travel on different connections: which comes first says nothing about the server."""
    with Folder() as folder:
        done = harness("run", "--target", slow_target(folder, "0-60"), "--fast", "--only", "notify.*", "--only", "cancel.*", "--only", "disconnect.*")
        expect(done, 0)
        assert last_line(done).split(", ")[1] == "0 failed" and "inconclusive 0" in done.stdout


def test_deadlines_of_a_step_follow_the_speed():
    """The file says 500 ms, the round trip takes 700."""
    with Folder() as folder:
        step = {"C": "joins", "office": "here", "within_ms": 500, "checks": "ROOM-01"}
        arguments = ("--scenarios", folder.scenarios(dict(SCENARIO, steps=[step])))
        expect(harness("run", "--target", slow_target(folder, 350), *arguments), 0)


def test_the_time_out_given_is_the_ceiling():
    with Folder() as folder:
        arguments = ("--scenarios", folder.scenarios(SCENARIO), "--timeout", "1")
        done = harness("run", "--target", slow_target(folder, 800), *arguments)
        expect(done, 3, "is not reachable")


def test_a_fast_target_fails_fast():
    with Folder() as folder:
        out = folder.path("out.json")
        steps = [{"C": "joins", "office": "here"}, {"C": "receives", "event": "notify:update_config", "checks": "NOTIFY-01"}]
        done = run("--scenarios", folder.scenarios(dict(SCENARIO, steps=steps)), "--report", f"json:{out}")
        expect(done, 1)
        report = read_json(out)
        failed = [c for c in report["checks"] if c["verdict"] == "fail"][0]
        assert "time-outs were" not in done.stdout and report["target"]["time_scale"] == 1, report["target"]
        assert 5000 <= failed["duration_ms"] < 8000, failed["duration_ms"]


def test_a_target_that_is_slow_in_accepting():
    with Folder() as folder:
        arguments = ("--scenarios", folder.scenarios(SCENARIO))
        expect(harness("run", "--target", slow_target(folder, 0, 3000), *arguments), 0)


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
