#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Independent clients against smcp-refserver: python-socketio, socket.io-client, and clients that write their bytes themselves.
set -u
passed=0
failed=0
skipped=0
log=$(mktemp)
trap 'rm -f "$log"' EXIT

drive() {
    "$@" >"$log" 2>&1
    code=$?
    cat "$log"
    line=$(tail -n 1 "$log" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') || line='0 passed, 1 failed, 0 skipped'
    # shellcheck disable=SC2046
    set -- $(echo "$line" | tr -dc '0-9 ')
    [ $code -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

for driver in process gate raw async sync; do
    drive "$VENV/bin/python" "tests/drivers/refserver_$driver.py"
done
drive node "tests/drivers/refserver_node.mjs"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
