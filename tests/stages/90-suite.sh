#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The whole suite against our own server, both with sanitizers, on every transport.
exec "$BUILD_DIR/bin/smcp-harness" run --transport all --report "json:$OUT/report.json" --report "md:$OUT/report.md" \
    --report "junit:$OUT/report.xml"
