#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The same story is played on smcp-refserver and on an independent strict server; both must give every client the same.
set -eu
exec "$VENV/bin/python" tests/support/py/strict_server_test.py --program \
    "$BUILD_DIR/bin/smcp-refserver" --listen 127.0.0.1:0 --auth header:x-api-key=right --ping-interval 500 --ping-timeout 500
