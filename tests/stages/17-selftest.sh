#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The judge must be able to fail: every operator of the pattern grammar, every verb and every step without an actor has a scenario in
# scenarios/selftest that must fail with a given message, on every transport.
set -u
missing=0
present=0

# demand WHAT TEXT: the text must stand somewhere in a selftest file
demand() {
    if grep -rqF "$2" scenarios/selftest; then
        present=$((present + 1))
    else
        missing=$((missing + 1))
        echo "no selftest for the $1 $2"
    fi
}

for key in $(sed -n 's/^XX([A-Z_]*, *"\(\$[A-Za-z]*\)".*/\1/p' smcp/matchers.def); do
    demand operator "\"$key\":"
done
sed -n 's/^XX([A-Z_]*, *"\([a-z ]*\)".*/\1/p' harness/verbs.def >"$OUT/verbs"
while read -r verb; do
    demand verb ": \"$verb\""
done <"$OUT/verbs"

for key in table setup count each rounds exactly one_of together; do
    demand word "\"$key\":"
done

"$BUILD_DIR/bin/smcp-harness" run --scenarios scenarios/selftest --transport all >"$OUT/run.txt" 2>&1
code=$?
cat "$OUT/run.txt"
line=$(tail -n 1 "$OUT/run.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped') || line='0 passed, 1 failed, 0 skipped'
set -- $(echo "$line" | tr -dc '0-9 ')
[ $code -eq 0 ] || [ "$2" -gt 0 ] || set -- "$1" 1 "$3"
echo "$((present + $1)) passed, $((missing + $2)) failed, $3 skipped"
[ $((missing + $2)) -eq 0 ]
