#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The suite on the published servers of the Python SDK: their known bugs are found, and the baselines explain every red.
set -eu
ci/targets setup python-sdk-0.1.2-async
exec "$VENV/bin/python" tests/drivers/sdk_servers.py "$BUILD_DIR/bin/smcp-harness" "$OUT"
