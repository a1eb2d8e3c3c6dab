#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole suite against our own server, both with sanitizers: every revision, on every transport; new checks count too.
set -u
passed=0
failed=0
skipped=0
for revision in rfc 0.1 0.2 0.3 0.4; do
    echo "== revision $revision"
    "$BUILD_DIR/bin/smcp-harness" run --revision "$revision" --score all --transport all \
        --report "json:$OUT/report-$revision.json" --report "md:$OUT/report-$revision.md" \
        --report "junit:$OUT/report-$revision.xml" >"$OUT/$revision.txt" 2>&1
    code=$?
    cat "$OUT/$revision.txt"
    line=$(tail -n 1 "$OUT/$revision.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') ||
        line='0 passed, 1 failed, 0 skipped'
    set -- $(echo "$line" | tr -dc '0-9 ')
    passed=$((passed + $1))
    failed=$((failed + $2))
    skipped=$((skipped + $3))
    [ $code -eq 0 ] || [ "$2" -gt 0 ] || failed=$((failed + 1))
done
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
