#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The packet lists of fixtures/wire against the official JavaScript parsers, the Python ones and our codec.
set -u
tool=$BUILD_DIR/tests/packet_tool
log=$(mktemp)
trap 'rm -f "$log"' EXIT
passed=0
failed=0
skipped=0

# judge NAME COMMAND...
judge() {
    name=$1
    shift
    "$@" >"$log" 2>&1
    code=$?
    sed "s/^/$name: /" "$log"
    line=$(tail -n 1 "$log" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') || line='0 passed, 1 failed, 0 skipped'
    set -- $(echo "$line" | tr -dc '0-9 ')
    [ $code -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
}

judge npm node tests/drivers/third_party_packets.mjs "$tool" fixtures/wire
judge python "$VENV/bin/python" tests/drivers/third_party_packets.py "$tool" fixtures/wire
echo "$passed passed, $failed failed, $skipped skipped"
[ $failed -eq 0 ]
