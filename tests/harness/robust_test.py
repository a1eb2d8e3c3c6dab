#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`smcp-harness run` under bad conditions: split over jobs, killed, stalled; slow, silent and dying targets.

Usage: robust_test.py SMCP_HARNESS SMCP_REFSERVER
"""
import json
import os
import sys

from program import REFSERVER, SCENARIO, Folder, expect, harness, last_line, run, run_tests


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
        expect(harness("merge", *files), 0, "4 passed, 0 failed")
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


if __name__ == "__main__":
    sys.exit(run_tests(globals()))
