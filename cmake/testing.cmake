# SPDX-License-Identifier: Apache-2.0
# smcp_test(<name> <sources>... [LIBS <targets>...])
#
# Builds a Check program as <build>/tests/<name> and registers it with CTest.  Test programs print Check's summary
# line ("100%: Checks: 12, Failures: 0, Errors: 0"), from which tests/stages/20-units.sh counts.
function(smcp_test name)
    cmake_parse_arguments(arg "" "" "LIBS" ${ARGN})
    add_executable(${name} ${arg_UNPARSED_ARGUMENTS})
    set_target_properties(${name} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/tests)
    target_link_libraries(${name} PRIVATE ${arg_LIBS} PkgConfig::CHECK)
    add_test(NAME ${name} COMMAND ${name} WORKING_DIRECTORY ${CMAKE_SOURCE_DIR})
    set_tests_properties(${name} PROPERTIES TIMEOUT 120)
endfunction()
