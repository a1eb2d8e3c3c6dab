#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# What `cmake --install` leaves works by itself: the programs find each other and carry scenarios, sets and schemas.
set -u
prefix=$OUT/prefix
passed=0
failed=0

# expect CODE PATTERN COMMAND...: PATTERN (extended) must be found in what it says
expect() {
    code=$1
    pattern=$2
    shift 2
    "$@" >"$OUT/output" 2>&1
    got=$?
    if [ $got -eq "$code" ] && grep -qE -e "$pattern" "$OUT/output"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$*: expected exit code $code and /$pattern/, got $got:"
        head -n 5 "$OUT/output"
    fi
}

expect 0 'bin/smcp-harness$' cmake --install "$BUILD_DIR" --prefix "$prefix"
cd "$OUT" || exit 1
expect 0 '^smcp-harness [0-9.]+$' "$prefix/bin/smcp-harness" --version
expect 0 '^smcp-refserver [0-9.]+' "$prefix/bin/smcp-refserver" --version
expect 0 '^[1-9][0-9]* passed, 0 failed, 0 skipped$' "$prefix/bin/smcp-harness" run --only 'room.join.*' --results results
expect 0 '^<testsuites ' cat results/report.xml
expect 0 'revision 0.1, set [0-9]+: ' "$prefix/bin/smcp-harness" freeze --check
data=$prefix/share/smcp-conformance
expect 0 '"\$schema"' cat "$data/report.schema.json" "$data/target.schema.json" "$data/scenarios/scenario.schema.json"
expect 0 ' passed, 0 failed, 0 skipped$' "$prefix/bin/smcp-harness" check --scenarios "$data/scenarios"
expect 0 '^[1-9][0-9]*$' sh -c "find '$data/schemas' -name '*.json' | wc -l"

echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
