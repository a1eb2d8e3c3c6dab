#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The lint of the scenario files on disk: each file is one check.
set -u
files=$(find scenarios -name '*.json' ! -name '*.schema.json' ! -path '*/setups/*' | wc -l)
if "$BUILD_DIR/bin/smcp-harness" check --scenarios scenarios; then
    echo "$files passed, 0 failed, 0 skipped"
else
    echo "0 passed, $files failed, 0 skipped"
    exit 1
fi
