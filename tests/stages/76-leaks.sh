#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# A leak is never missed, and without fence and settle window it is: a few defects, a few tries.  ci/leak-experiment does them all.
set -eu
exec ci/leak-experiment --bin "$BUILD_DIR/bin" --tries 20 --defect delayed-leak-5 --defect delayed-leak-300 --defect leak-updates
