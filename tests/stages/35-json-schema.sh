#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Our JSON Schema validator: the official test suite of 2020-12 (it ships in the source distribution of the Python
# package `jsonschema`), then our schemas and payloads against that package as an independent validator.
set -u
version=$(sed -n 's/^jsonschema==//p' tests/drivers/requirements.txt)
cache=build/json-schema-suite
suite=$cache/jsonschema-$version/json
tool=$BUILD_DIR/tests/schema_tool

if [ ! -d "$suite" ]; then
    mkdir -p "$cache"
    "$VENV/bin/python" -m pip download -q --no-deps --no-binary :all: -d "$cache" "jsonschema==$version" &&
        tar -xzf "$cache/jsonschema-$version.tar.gz" -C "$cache" "jsonschema-$version/json" || {
        echo "the source distribution of jsonschema $version cannot be had"
        echo "0 passed, 1 failed, 0 skipped"
        exit 1
    }
fi

set --
for file in $(cd "$suite/remotes" && find draft2020-12 -name '*.json' | sort); do
    set -- "$@" --remote "http://localhost:1234/${file%.json}" "$suite/remotes/$file"
done
"$tool" "$@" "$suite"/tests/draft2020-12/*.json >"$OUT/suite.txt" 2>"$OUT/errors.txt"
cat "$OUT/errors.txt"
grep '^FAIL' "$OUT/suite.txt"
echo "official suite, skipped because of:"
sed -n 's/^skip .*: \([^:]*\)$/\1/p' "$OUT/suite.txt" | sort | uniq -c | sort -rn
echo "official suite: $(tail -n 1 "$OUT/suite.txt")"

"$VENV/bin/python" tests/smcp/payloads.py "$tool" >"$OUT/payloads.txt" 2>&1
grep -v '^ok ' "$OUT/payloads.txt"

total=$(tail -q -n 1 "$OUT/suite.txt" "$OUT/payloads.txt" | grep -xE '[0-9]+ passed, [0-9]+ failed, [0-9]+ skipped' |
    awk '{ p += $1; f += $3; s += $5; n++ } END { if (n < 2) f++; printf "%d passed, %d failed, %d skipped\n", p, f, s }')
echo "$total"
case $total in
*' 0 failed, '*) exit 0 ;;
*) exit 1 ;;
esac
