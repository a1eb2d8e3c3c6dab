# SPDX-License-Identifier: Apache-2.0
# Instrumentation is for the whole program or not at all, hence directory-wide options, not a target.
if(SMCP_SANITIZE)
    add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined
                        -fno-omit-frame-pointer)
    add_link_options(-fsanitize=address,undefined)
endif()

if(SMCP_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "Clang")
        message(FATAL_ERROR "SMCP_FUZZ needs clang: cmake --preset fuzz")
    endif()
    # The libraries only; a fuzz target adds -fsanitize=fuzzer to its own link line.
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(SMCP_COVERAGE)
    add_compile_options(--coverage -O0)
    add_link_options(--coverage)
endif()
