#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The real clients of the published Python SDK on smcp-refserver, with a key, for the first revision and the newest; the environments are
# made when missing.
set -u
passed=0
failed=0

# play RELEASE SERVER-OPTIONS...
play() {
    release=$1
    shift
    if ! ci/targets setup "python-sdk-$release-async"; then
        failed=$((failed + 1))
        return
    fi
    "build/targets/a2c-smcp-$release/bin/python" -W ignore tests/drivers/sdk_clients.py --key driver-key -- \
        "$BUILD_DIR/bin/smcp-refserver" --listen 127.0.0.1:0 "$@" >"$OUT/$release.txt" 2>&1
    cat "$OUT/$release.txt"
    line=$(tail -n 1 "$OUT/$release.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') ||
        line='0 passed, 1 failed, 0 skipped'
    set -- $(echo "$line" | tr -dc '0-9 ')
    passed=$((passed + $1))
    failed=$((failed + $2))
}

play 0.1.2 --auth header:x-api-key=driver-key
play 0.4.2 --revision 0.4 --auth auth:token=driver-key
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
