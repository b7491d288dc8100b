# SPDX-License-Identifier: Apache-2.0
#
# cmake -DFILES=<a.sql;b.sql> -DOUTPUT=<migrations.c> -P EmbedMigrations.cmake
#
# Bytes rather than string literals: nothing to escape, no length limit.
set(arrays "")
set(rows "")
set(expected 0)
foreach(file IN LISTS FILES)
  math(EXPR expected "${expected} + 1")
  cmake_path(GET file FILENAME name)
  if(NOT name MATCHES "^([0-9][0-9][0-9][0-9])_[a-z0-9_]+\\.sql$")
    message(FATAL_ERROR "${name}: migrations are named 0001_what_it_does.sql")
  endif()
  math(EXPR number "1${CMAKE_MATCH_1} - 10000")
  if(NOT number EQUAL expected)
    message(FATAL_ERROR "${name}: expected migration number ${expected}")
  endif()
  file(SHA256 ${file} sha256)
  file(READ ${file} hex HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${hex}")
  string(REPEAT "0x..," 12 line)
  string(REGEX REPLACE "(${line})" "\\1\n    " bytes "${bytes}")
  string(APPEND arrays
    "static const char sql_${number}[] = {\n    ${bytes}0x00};\n\n")
  string(APPEND rows
    "    {${number}, \"${name}\",\n     \"${sha256}\",\n     sql_${number}},\n")
endforeach()
file(WRITE ${OUTPUT}.new
"/* Generated from migrations/ by cmake/EmbedMigrations.cmake. */
#include \"migrations/migrations.h\"

${arrays}const struct migration migrations_all[] = {
${rows}};

const size_t migrations_count =
    sizeof(migrations_all) / sizeof(migrations_all[0]);
")
file(RENAME ${OUTPUT}.new ${OUTPUT})
