#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The generated pages are those that the tables give, and the schema for editors takes every scenario there is; what the
# scenarios say is looked at by 15.
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
"$VENV/bin/python" tests/harness/editor_schema.py >"$OUT/schema.txt" 2>&1
cat "$OUT/schema.txt"
line=$(tail -n 1 "$OUT/schema.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, 0 skipped') || line='0 passed, 1 failed, 0 skipped'
set -- $(echo "$line" | tr -dc '0-9 ')
passed=$((passed + $1))
failed=$((failed + $2))
echo "$passed passed, $failed failed, 0 skipped"
[ $failed -eq 0 ]
