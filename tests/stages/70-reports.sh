#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Reports of one run, read by independent libraries, agree; baselines decide the exit code.
exec "$VENV/bin/python" tests/harness/report_agreement.py "$BUILD_DIR" "$OUT"
