#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
#
# The real clients of the published Python SDK on smcp-refserver, with a key; the environment is made when missing.
set -eu
ci/targets setup python-sdk-0.1.2-async
exec build/targets/a2c-smcp-0.1.2/bin/python -W ignore tests/drivers/sdk_clients.py --key driver-key -- \
    "$BUILD_DIR/bin/smcp-refserver" --listen 127.0.0.1:0 --auth header:x-api-key=driver-key
