#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The generated pages are those that the tables give; new scenario files are covered by 15.
set -u
harness=$BUILD_DIR/bin/smcp-harness
passed=0
failed=0

# same FILE COMMAND...
same() {
    file=$1
    shift
    if "$@" >"$OUT/generated" && cmp -s "$OUT/generated" "$file"; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "$file is out of date: $(basename "$1") ${2:-} ${3:-} > $file"
    fi
}

same docs/scenario-language.md "$harness" language --markdown
same scenarios/scenario.schema.json "$harness" language --schema
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
