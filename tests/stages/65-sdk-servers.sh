#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The suite on the published SDK servers: it finds what reports/FINDINGS.md says, and nothing of it in releases that mended it.
# A server that needs minutes to build (Rust) is judged when it is there.
set -eu
for release in 0.1.2 0.1.6 0.2.2 0.3.3 0.4.2; do
    ci/targets setup "python-sdk-$release-async"
done
exec "$VENV/bin/python" tests/drivers/sdk_servers.py "$BUILD_DIR/bin/smcp-harness" "$OUT"
