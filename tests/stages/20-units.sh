#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
exec "$VENV/bin/python" tests/stages/units.py "$BUILD_DIR"
