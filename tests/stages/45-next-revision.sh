#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A revision 0.6 is added to a copy of the tree by table rows and data files alone; the copy is built and the suite played with it.
exec python3 tests/next-revision/next_revision.py "$OUT/copy"
