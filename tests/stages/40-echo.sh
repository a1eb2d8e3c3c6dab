#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The two echo servers (smcp-echo), the dialling side, and the proof that the rows can fail.
passed=0
failed=0
skipped=0

# part NAME COMMAND...: its last line must be a count
part() {
    echo "-- $1"
    shift
    "$@" >"$OUT/part.txt" 2>&1
    code=$?
    cat "$OUT/part.txt"
    line=$(tail -n 1 "$OUT/part.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped')
    if [ -z "$line" ]; then
        echo "printed no count (exit code $code)"
        failed=$((failed + 1))
        return
    fi
    # shellcheck disable=SC2086
    set -- $line
    passed=$((passed + $1))
    failed=$((failed + $3))
    skipped=$((skipped + $5))
    if [ "$code" -ne 0 ] && [ "$3" -eq 0 ]; then
        echo "exit code $code"
        failed=$((failed + 1))
    fi
}

echo_server=$BUILD_DIR/bin/smcp-echo
python=$VENV/bin/python
drivers=tests/drivers

part "every row of the echo page" "$python" $drivers/echo_rows.py "$echo_server"
part "beyond the page" "$python" $drivers/echo_more.py "$echo_server"
part "Python clients" "$python" $drivers/echo_clients.py "$echo_server"
part "npm clients" node $drivers/echo_clients.mjs "$echo_server"
part "the same rows on other servers" "$python" $drivers/echo_others.py
part "dialling side" "$python" $drivers/echo_dialling.py "$BUILD_DIR/tests/client_probe" "$echo_server"
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ]
