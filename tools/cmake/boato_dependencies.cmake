# SPDX-License-Identifier: Apache-2.0
# Debian 12: libuv and libsodium ship no CMake config, and find_package(msgpack) finds the C library.
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium>=1.0.18)

find_path(BOATO_MSGPACK_INCLUDE_DIR msgpack.hpp REQUIRED)
mark_as_advanced(BOATO_MSGPACK_INCLUDE_DIR)
add_library(boato_msgpack INTERFACE)
target_compile_definitions(boato_msgpack INTERFACE MSGPACK_NO_BOOST)
# SYSTEM because its headers warn. CMake leaves /usr/include itself out, which -isystem would break.
target_include_directories(boato_msgpack SYSTEM INTERFACE ${BOATO_MSGPACK_INCLUDE_DIR})

set(BOATO_WITH_OPENSSL OFF)
if(BOATO_OPENSSL)
  find_package(OpenSSL 3 COMPONENTS Crypto)
  set(BOATO_WITH_OPENSSL ${OPENSSL_FOUND})
endif()

if(BOATO_BUILD_NODE)
  find_package(Threads REQUIRED)
  pkg_check_modules(uv REQUIRED IMPORTED_TARGET libuv>=1.44)
  pkg_check_modules(sqlite REQUIRED IMPORTED_TARGET sqlite3>=3.40)
endif()
