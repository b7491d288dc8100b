# SPDX-License-Identifier: Apache-2.0
#
# Warnings, sanitizers and hardening, for every target of this project.

add_compile_definitions(_GNU_SOURCE ASSAY_VERSION="${PROJECT_VERSION}")
add_compile_options(
  -Wall -Wextra -Wconversion -Wshadow -Wcast-qual -Wformat=2
  -Wmissing-prototypes -Wstrict-prototypes -Wold-style-definition
  -Wvla -Wundef -Wwrite-strings -Wpointer-arith -Wnull-dereference
  -fno-common -fno-strict-aliasing -UNDEBUG
  "-ffile-prefix-map=${CMAKE_SOURCE_DIR}=.")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wlogical-op -Wduplicated-cond -Wduplicated-branches)
else()
  add_compile_options(-Wno-string-conversion) # assert(!"a sentence")
endif()
if(ASSAY_WERROR)
  add_compile_options(-Werror)
endif()

if(ASSAY_SANITIZE)
  add_compile_options(-fsanitize=${ASSAY_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${ASSAY_SANITIZE})
endif()
if(ASSAY_COVERAGE)
  add_compile_options(--coverage)
  add_link_options(--coverage)
endif()

# Hardening needs an optimised build (FORTIFY) and fights the sanitizers.
if(NOT ASSAY_SANITIZE AND NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2
                      -fstack-protector-strong -fstack-clash-protection
                      -fcf-protection=full)
  add_link_options(-Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack
                   -Wl,-z,separate-code -Wl,--as-needed)
endif()
if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_link_options(-pie)
endif()
