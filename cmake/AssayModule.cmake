# SPDX-License-Identifier: Apache-2.0

# One static library per folder: assay_<folder>.
#
#   assay_module(NAME snapshot SOURCES reader.c … USES assay_base ZLIB::ZLIB)
function(assay_module)
  cmake_parse_arguments(M "" "NAME" "SOURCES;USES" ${ARGN})
  add_library(assay_${M_NAME} STATIC ${M_SOURCES})
  target_include_directories(assay_${M_NAME} PUBLIC ${CMAKE_SOURCE_DIR})
  target_link_libraries(assay_${M_NAME} PUBLIC ${M_USES})
  if(ASSAY_TIDY)
    set_target_properties(assay_${M_NAME} PROPERTIES
                          C_CLANG_TIDY "${ASSAY_TIDY};--quiet")
  endif()
endfunction()

# One cmocka program per source under test.
#
#   assay_test(NAME base_text SOURCES text_test.c USES assay_base)
function(assay_test)
  cmake_parse_arguments(T "" "NAME" "SOURCES;USES;WRAP" ${ARGN})
  add_executable(test_${T_NAME} ${T_SOURCES})
  target_link_libraries(test_${T_NAME} PRIVATE ${T_USES} PkgConfig::CMOCKA)
  foreach(symbol IN LISTS T_WRAP)
    target_link_options(test_${T_NAME} PRIVATE -Wl,--wrap=${symbol})
  endforeach()
  add_test(NAME ${T_NAME} COMMAND test_${T_NAME})
  set_tests_properties(${T_NAME} PROPERTIES TIMEOUT 120 LABELS unit)
endfunction()

function(assay_folder folder)
  if(EXISTS ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/CMakeLists.txt)
    add_subdirectory(${folder})
  endif()
endfunction()
