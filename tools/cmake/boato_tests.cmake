# SPDX-License-Identifier: Apache-2.0

if(BOATO_BUILD_TESTS)
  find_package(GTest REQUIRED)
  # One precompiled header for all rooms. The target that makes it is a program, because a static library's code is
  # compiled as PIC and a program's as PIE, and a precompiled header fits one of them only.
  file(CONFIGURE OUTPUT pch_main.cpp CONTENT "int main() {}\n")
  add_executable(boato_test_pch EXCLUDE_FROM_ALL ${CMAKE_CURRENT_BINARY_DIR}/pch_main.cpp)
  target_link_libraries(boato_test_pch PRIVATE boato boato_warnings boato_msgpack PkgConfig::sodium GTest::gmock)
  set_target_properties(boato_test_pch PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_precompile_headers(boato_test_pch PRIVATE <gtest/gtest.h> <gmock/gmock.h>)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(boato_test_pch PRIVATE -fpch-preprocess)
  endif()
endif()

# boato_test(<room> <source>... [LINK <target>...]): <build>/tests/boato_test_<room>, each TEST a test of its own with the
# label <room>. Does nothing while a target it links is not built.
function(boato_test room)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" LINK)
  foreach(library IN LISTS arg_LINK)
    if(NOT TARGET ${library})
      message(STATUS "boato_test_${room}: skipped, ${library} is not built")
      return()
    endif()
  endforeach()
  set(target boato_test_${room})
  add_executable(${target} ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(${target} PRIVATE
    ${arg_LINK} boato boato_warnings boato_msgpack PkgConfig::sodium GTest::gmock_main)
  set_target_properties(${target} PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests)
  target_precompile_headers(${target} REUSE_FROM boato_test_pch)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess)
  endif()
  gtest_discover_tests(${target} TEST_PREFIX "${room}." DISCOVERY_TIMEOUT 120
    WORKING_DIRECTORY ${PROJECT_SOURCE_DIR} PROPERTIES LABELS ${room} TIMEOUT 300)
endfunction()

# boato_script_test(<name> <label> <script> [<argument>...]): runs a script of this folder; it passes if it exits 0.
# The script finds the programs in $BOATO_BIN. Label cli: the command line; netns: needs root, and is run
# by ctest -L netns only. Such tests run alone, for they measure and kill.
function(boato_script_test name label script)
  add_test(NAME ${label}.${name} COMMAND ${CMAKE_CURRENT_SOURCE_DIR}/${script} ${ARGN})
  set_tests_properties(${label}.${name} PROPERTIES LABELS ${label} TIMEOUT 600 RUN_SERIAL ON
    ENVIRONMENT "BOATO_BIN=${PROJECT_BINARY_DIR}/bin;BOATO_BUILD=${PROJECT_BINARY_DIR};BOATO_SOURCE=${PROJECT_SOURCE_DIR}")
endfunction()

# boato_fuzz(<name> <source>... [LINK <target>...]): bin/fuzz-<name>, only with BOATO_BUILD_FUZZ.
function(boato_fuzz name)
  if(NOT BOATO_BUILD_FUZZ)
    return()
  endif()
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" LINK)
  add_executable(fuzz-${name} ${arg_UNPARSED_ARGUMENTS})
  target_include_directories(fuzz-${name} PRIVATE ${PROJECT_SOURCE_DIR})
  target_link_libraries(fuzz-${name} PRIVATE ${arg_LINK} boato boato_warnings boato_msgpack PkgConfig::sodium)
  target_link_options(fuzz-${name} PRIVATE -fsanitize=fuzzer)
endfunction()
