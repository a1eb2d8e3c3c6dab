#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Adds a revision 0.6 to a copy of the tree by table rows and data files alone, and plays the suite with it.

Usage: next_revision.py FOLDER      FOLDER is made anew; the copy and its build stay there

See README.md beside this file.  The last line is `N passed, N failed, N skipped`.
"""
import pathlib
import re
import shutil
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
DATA = (".def", ".json", ".md")

passed = failed = 0


def check(what, ok, more=""):
    global passed, failed
    if ok:
        passed += 1
    else:
        failed += 1
        print(f"failed: {what}\n{more}")


def copy(tree):
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    for name in listed.stdout.split("\0"):
        if name and (ROOT / name).is_file():
            target = tree / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target)


def edit(path, change):
    old = path.read_text(encoding="utf-8")
    new = change(old)
    assert new != old, path
    path.write_text(new, encoding="utf-8")


def add_revision(tree):
    """The files touched."""
    touched = ["smcp/revisions.def", "smcp/events.def"]

    def row(text):
        words = next(line for line in text.splitlines() if line.startswith("XX(0_4,"))
        words = words.replace("0_4", "0_6").replace('"0.4"', '"0.6"').replace("0.4.0", "0.6.0")
        words = words.replace("FORM_TUPLE,     FORM_TUPLE", "FORM_EMPTY,     FORM_TUPLE")  # the join
        return text.rstrip("\n") + "\n" + words.replace("FORM_EMPTY)", "FORM_NONE)") + "\n"  # the report

    def events(text):
        for symbol, name in (("UPDATE_DESKTOP", "server:update_desktop"), ("DESKTOP_UPDATED", "notify:update_desktop")):
            line = next(line for line in text.splitlines() if line.startswith(f"XX({symbol},"))
            old = re.sub(r"\bLAST,", "0_5,", line)
            new = line.replace(symbol, symbol.replace("DESKTOP", "SCREEN"), 1).replace(name, name.replace("desktop", "screen"))
            new = new.replace("0_1,", "0_6,").replace("DESKTOP_UPDATED", "SCREEN_UPDATED")
            text = text.replace(line, old + "\n" + new)
        return text

    edit(tree / touched[0], row)
    edit(tree / touched[1], events)
    for kind in ("schemas", "payloads"):
        folder = tree / "fixtures" / kind / "0.6"
        shutil.copytree(tree / "fixtures" / kind / "0.4", folder)
        for file in folder.iterdir():
            if "update_desktop" in file.name:
                file.rename(file.with_name(file.name.replace("update_desktop", "update_screen")))
        touched += [str(file.relative_to(tree)) for file in folder.iterdir()]
    # Scenarios that tell of the old name end where it ends.
    for file in sorted((tree / "scenarios").rglob("*.json")):
        text = file.read_text(encoding="utf-8")
        if "update_desktop" not in text or file.name.endswith(".schema.json") or "setups" in file.parts:
            continue
        if '"until"' not in text.split('"steps"')[0]:
            edit(file, lambda text: re.sub(r'("since": "[^"]*")', r'\1, "until": "0.5"', text, count=1))
            touched.append(str(file.relative_to(tree)))
    shutil.copy2(HERE / "screen.json", tree / "scenarios" / "updates" / "screen.json")
    touched.append("scenarios/updates/screen.json")
    return touched


def build(tree, folder):
    configure = ["cmake", "-S", tree, "-B", folder, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O1"]
    for command in (configure, ["cmake", "--build", folder, "--target", "smcp-harness", "smcp-refserver"]):
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        check(f"{command[1]} works", done.returncode == 0, done.stdout[-3000:])
        if done.returncode:
            return False
    return True


def play(folder, *options):
    command = [folder / "bin" / "smcp-harness", "run", "--fast", *options]
    return subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL)


def counts(done):
    line = done.stdout.strip().splitlines()[-1:] or [""]
    found = re.fullmatch(r"(\d+) passed, (\d+) failed, (\d+) skipped", line[0])
    return [int(number) for number in found.groups()] if found else [0, -1, 0]


def judge(folder):
    for revision, least in (("0.6", 1000), ("0.4", 4000)):
        done = play(folder, "--revision", revision, "--quiet")
        said = counts(done)
        check(f"{revision} is played", said[0] >= least and said[1] == 0, f"{said}\n{done.stdout[-3000:]}{done.stderr[-1000:]}")
    own = play(folder, "--revision", "0.6", "--only", "next.*")
    check("the scenario of 0.6", own.returncode == 0 and counts(own)[0] >= 7, own.stdout[-3000:])
    # It can fail: the tables of 0.6 are what judges, and they are no copy of 0.4.
    wrong = play(folder, "--revision", "0.6", "--only", "next.*", "--refserver", broken(folder))
    check("and can fail", wrong.returncode == 1, wrong.stdout[-3000:])


def broken(folder):
    """Our server with an older tongue that says it is 0.6: a program that changes one option."""
    path = folder / "older-server"
    server = folder / "bin" / "smcp-refserver"
    path.write_text(f'#!/bin/sh\nfor word; do shift; [ "$word" = 0.6 ] && word=0.4; set -- "$@" "$word"; done\n'
                    f'exec "{server}" "$@" --pretend-version 0.6.0\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def main():
    folder = pathlib.Path(sys.argv[1]).resolve()
    shutil.rmtree(folder, ignore_errors=True)
    tree, made = folder / "tree", folder / "build"
    copy(tree)
    touched = add_revision(tree)
    check("only rows and data are touched", all(name.endswith(DATA) for name in touched), "\n".join(touched))
    if build(tree, made):
        judge(made)
    print(f"{passed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
