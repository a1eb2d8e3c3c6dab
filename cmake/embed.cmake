# SPDX-License-Identifier: Apache-2.0
# smcp_embed(<target> <symbol> <root-dir> <globs>...)
#
# Compiles every file under <root-dir> that matches one of the globs (they search sub-folders too) into <target>, as
#     const struct embedded_file <symbol>[];      sorted by path (byte order), path relative to <root-dir>
#     const size_t <symbol>_count;
# declared by EMBEDDED_FILES(<symbol>) of "wire/embedded.h".  A NUL follows the data of each file.  A new file is
# noticed at the next build, a changed one regenerates the table.
set(SMCP_EMBED_SCRIPT ${CMAKE_CURRENT_LIST_DIR}/embed_script.cmake)

function(smcp_embed target symbol root)
    get_filename_component(root ${root} ABSOLUTE)
    set(patterns ${ARGN})
    list(TRANSFORM patterns PREPEND ${root}/)
    file(GLOB_RECURSE files CONFIGURE_DEPENDS RELATIVE ${root} ${patterns})
    list(REMOVE_DUPLICATES files)
    list(SORT files COMPARE STRING)
    set(names ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.list)
    set(source ${CMAKE_CURRENT_BINARY_DIR}/${symbol}.c)
    file(CONFIGURE OUTPUT ${names} CONTENT "@files@" @ONLY)
    set(paths ${files})
    list(TRANSFORM paths PREPEND ${root}/)
    add_custom_command(
        OUTPUT ${source}
        COMMAND ${CMAKE_COMMAND} -DROOT=${root} -DSYMBOL=${symbol} -DNAMES=${names}
                -DOUTPUT=${source} -P ${SMCP_EMBED_SCRIPT}
        DEPENDS ${paths} ${names} ${SMCP_EMBED_SCRIPT}
        COMMENT "Embedding ${symbol}"
        VERBATIM)
    target_sources(${target} PRIVATE ${source})
endfunction()
