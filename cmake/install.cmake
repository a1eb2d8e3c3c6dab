# SPDX-License-Identifier: Apache-2.0
# `cmake --install build/release --prefix DIR`: the two programs, which need nothing else of the tree, and what other programs can use
# of it: schemas, scenarios and target files as examples, documentation.
include(GNUInstallDirs)
set(data ${CMAKE_INSTALL_DATADIR}/smcp-conformance)
install(TARGETS smcp-refserver smcp-harness RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY fixtures/schemas fixtures/sets scenarios DESTINATION ${data} FILES_MATCHING PATTERN *.json)
install(FILES reports/report.schema.json fixtures/targets/target.schema.json DESTINATION ${data})
install(DIRECTORY docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN *.md PATTERN *.png)
install(FILES LICENSE README.md CHANGES.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
