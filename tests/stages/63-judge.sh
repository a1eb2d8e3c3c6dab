#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The judge on servers that share no code with ours, in a revision with a version handshake: what is clean stays clean, and what breaks
# one rule is caught by a check that names it.  A sample; judge_the_judge.py alone plays all (docs/HACKING.md).
exec nice "$VENV/bin/python" tests/support/py/judge_the_judge.py "$BUILD_DIR/bin/smcp-harness" --revision 0.4 --narrow --jobs 2 \
    node gate-skips-websocket patch-compared mismatch-without-max-supported list-shows-servers-version get-blob-not-routed \
    error-unknown-code-mapped update-skills-by-agent unknown-computer-details-text
