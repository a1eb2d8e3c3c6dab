# SPDX-License-Identifier: Apache-2.0
# The warnings every target is built with; the root links this target to all of them.
add_library(smcp_warnings INTERFACE)
target_compile_options(smcp_warnings INTERFACE
    -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes
    -Wwrite-strings -Wformat=2 -Wvla -Wundef -Wcast-qual -Werror)
