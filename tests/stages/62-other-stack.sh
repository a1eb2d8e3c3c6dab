#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The verdicts hold on another stack: a small clean server on npm socket.io, which shares nothing with ours, is judged clean on every
# transport, warnings and inconclusive checks included.  What is red here is a false red of the judge.
set -u
cat >"$OUT/target.json" <<END
{ "name": "strict-server.mjs on npm socket.io",
  "start": ["node", "$PWD/tests/support/node/strict-server.mjs", "--auth", "header:x-api-key=the-key-of-this-test",
            "--ping-interval", "2000", "--ping-timeout", "2000"],
  "key": "header:x-api-key=the-key-of-this-test" }
END
"$BUILD_DIR/bin/smcp-harness" run --target "$OUT/target.json" --transport all --strict --jobs 4 >"$OUT/run.txt" 2>&1
code=$?
tail -n 100 "$OUT/run.txt"
line=$(tail -n 1 "$OUT/run.txt")
[ $code -eq 0 ] && exit 0
echo "$line" | grep -qE '^[0-9]+ passed, [1-9][0-9]* failed' || echo '0 passed, 1 failed, 0 skipped'
exit 1
