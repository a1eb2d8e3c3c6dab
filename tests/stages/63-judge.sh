#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The judge on servers that share no code with ours, in the revisions with a version handshake: what is clean stays clean, and what breaks
# one rule is caught by a check that names it.  A sample; judge_the_judge.py alone plays all (docs/HACKING.md).
set -u
judge() {
    nice "$VENV/bin/python" tests/support/py/judge_the_judge.py "$BUILD_DIR/bin/smcp-harness" --narrow --jobs 2 "$@" >"$OUT/judge.txt" 2>&1
    cat "$OUT/judge.txt"
    add=$(sed -n '$s/^\([0-9]*\) passed, \([0-9]*\) failed, .*/\1 \2/p' "$OUT/judge.txt")
    passed=$((passed + ${add% *}))
    failed=$((failed + ${add#* }))
}
passed=0
failed=0
judge --revision 0.4 node websocket-closed-4900 gate-skips-websocket patch-compared mismatch-without-max-supported list-shows-servers-version \
    get-blob-not-routed put-blob-across-offices error-details-lost error-unknown-code-mapped update-skills-to-all unknown-computer-nested
echo "$passed passed, $failed failed, 0 skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
