# SPDX-License-Identifier: Apache-2.0
# How things are compiled: warnings, sanitizers, hardening, compiler cache, where programs go.

add_library(boato_warnings INTERFACE)
target_compile_options(boato_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wold-style-cast -Wnon-virtual-dtor
  # In GCC's -Wconversion for C++ it is not included, in clang's it is.
  $<$<CXX_COMPILER_ID:Clang>:-Wno-sign-conversion>)

if(PROJECT_IS_TOP_LEVEL)
  if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE Release)
  endif()
  set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
  set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/bin)  # `boato sim` looks for boato-sim beside itself
  set(CMAKE_POSITION_INDEPENDENT_CODE ON)
  include(CheckPIESupported)
  check_pie_supported()
  find_program(BOATO_CCACHE ccache)
  mark_as_advanced(BOATO_CCACHE)
  if(BOATO_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
    # Precompiled headers are cached only when ccache need not look at their macros and dates.
    set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env
      CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${BOATO_CCACHE})
  endif()
endif()
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)
# Claims and assertions print "overlay/base/slab.hpp:58", the same in every checkout.
add_compile_options(-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=)

if(BOATO_SANITIZE)
  add_compile_options(-fsanitize=${BOATO_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${BOATO_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

if(BOATO_HARDEN)
  add_compile_options(-fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    add_compile_options(-fcf-protection=full)
  endif()
  add_link_options(-Wl,-z,relro,-z,now)
endif()
