#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The commands that play nothing: list, explain, check, coverage.  Exit code and one line of what they say.
set -u
harness=$BUILD_DIR/bin/smcp-harness
files=$OUT/files
mkdir -p "$files"
passed=0
failed=0

# expect CODE PATTERN ARGUMENT...: PATTERN (extended) must be found in stdout and stderr together
expect() {
    code=$1
    pattern=$2
    shift 2
    "$harness" "$@" >"$OUT/output" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qE -e "$pattern" "$OUT/output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "smcp-harness $*: expected exit code $code and /$pattern/, got $got:"
        head -n 5 "$OUT/output"
    fi
}

# is_json ARGUMENT...: stdout is JSON
is_json() {
    if "$harness" "$@" 2>"$OUT/output" | "$VENV/bin/python" -m json.tool >/dev/null; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "smcp-harness $*: no JSON"
    fi
}

cat >"$files/good.json" <<'JSON'
{ "id": "t.good", "title": "t", "since": "0.1", "tags": ["one"], "actors": { "A": "agent" },
  "steps": [ { "A": "joins", "office": "here", "checks": ["ROOM-01", "ROOM-02"] } ] }
JSON
sed 's/t\.good/t.bad/; s/"office"/"offic"/' "$files/good.json" >"$files/bad.json"
sed 's/"since"/"since/' "$files/good.json" >"$files/broken.json"
sed 's/t\.good/t.lint/; s/ROOM-01/ROM-01/' "$files/good.json" >"$files/lint.json"
cp "$files/good.json" "$files/twin.json"
mkdir -p "$files/empty" "$files/one"
cp "$files/good.json" "$files/one/"

expect 0 '^1 passed, 0 failed, 0 skipped$' check "$files/good.json"
expect 2 'bad.json:2:39: unknown key `offic` \(did you mean `office`\?\)' check "$files/bad.json"
expect 2 'broken.json:1:' check "$files/broken.json"
expect 2 'lint.json:2:58: unknown requirement `ROM-01` \(did you mean `ROOM-01`\?\)' check "$files/lint.json"
expect 2 'twin.json:1:1: the id `t.good` is that of .*/good.json too' check "$files/good.json" "$files/twin.json"
expect 2 'no-such-file:1:1: cannot be read: No such file' check "$files/no-such-file"
expect 2 '^no scenario files found$' check "$files/empty"
expect 2 '^1 passed, 5 failed, 0 skipped$' check "$files"
expect 0 ' passed, 0 failed, 0 skipped$' check
expect 2 'unknown option `--scenario` \(did you mean `--scenarios`\?\)' check --scenario x
expect 0 'Usage: smcp-harness check' check --help

expect 0 '^t.good  t  \[one\]$' list --scenarios "$files/one"
expect 5 '^0 scenarios$' list --scenarios "$files/one" --tag two
expect 0 '^1 scenarios$' list --scenarios "$files/one" --only 't.*' --revision 0.5
expect 5 '^0 scenarios$' list --scenarios "$files/one" --exclude 't.*'
expect 5 '^0 scenarios$' list --scenarios "$files/one" --revision rfc
expect 2 'unknown revision `0.l` \(did you mean `0.1`\?\)' list --revision 0.l
expect 2 'bad.json:2:39: unknown key `offic`' list --scenarios "$files"
expect 2 'no/such/folder:1:1: cannot be read' list --scenarios no/such/folder
expect 2 'unexpected argument' list room
is_json list --json

# the id of a table without its case means all of its cases
expect 0 '^4 scenarios$' list --only route.late-joiner --revision 0.1
expect 0 ', 4 scenarios played, ' run --only route.late-joiner --revision 0.1
expect 0 ', 3 scenarios played, ' run --only route.late-joiner --exclude 'route.late-joiner[tool-call]' --revision 0.1

expect 0 '    1. A joins here   \[checks ROOM-01 ROOM-02\]' explain --scenarios "$files/one" t.good
expect 0 '^  t.good: t$' explain --scenarios "$files/one" ROOM-01
expect 0 '^      A joins here$' explain --scenarios "$files/one" ROOM-01
expect 0 '^route.late-joiner\[' explain route.late-joiner
expect 0 '^  none$' explain --scenarios "$files/one" ROOM-12
expect 2 'neither a scenario nor a requirement: `t.god` \(did you mean `t.good`\?\)' explain --scenarios "$files/one" t.god
expect 2 'which scenario or requirement' explain
expect 2 'needs|value|argument' explain --scenarios

expect 1 'ROOM-12 .*MISSING' coverage --scenarios "$files/one"
expect 1 '^\| ROOM-01 \| MUST \| checked \|.*t.good / A joins here' coverage --scenarios "$files/one" --markdown
expect 1 ' MUST\)$' coverage --scenarios "$files/one" --actor computer --missing
expect 2 'unknown actor `sever` \(did you mean `server`\?\)' coverage --actor sever
expect 0 '\(0 of them MUST\)$' coverage
is_json coverage --json

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
