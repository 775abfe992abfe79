# SPDX-License-Identifier: Apache-2.0
# Headers, libraries, programs, CMake package and pkg-config file. tests/install builds a program against the result.
include(CMakePackageConfigHelpers)

set(BOATO_WITH_HOST OFF)
set(BOATO_PC_LIBS "-lboato")
set(BOATO_PC_REQUIRES "libsodium")
if(BOATO_WITH_OPENSSL)
  string(APPEND BOATO_PC_REQUIRES ", libcrypto")
endif()
if(TARGET boato_host)
  set(BOATO_WITH_HOST ON)
  set(BOATO_PC_LIBS "-lboato_host -lboato_store -lboato")
  string(APPEND BOATO_PC_REQUIRES ", libuv, sqlite3")
endif()

install(DIRECTORY include/boato DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.hpp")
install(FILES ${PROJECT_BINARY_DIR}/generated/boato/version.hpp DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/boato)
install(TARGETS boato EXPORT boato ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
if(TARGET boato_host)
  install(TARGETS boato_host boato_store EXPORT boato ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
endif()
foreach(program IN ITEMS boato_node boato-sim boato-bench boato-topo)
  if(TARGET ${program})
    install(TARGETS ${program} RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
endforeach()

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/boato)
install(EXPORT boato FILE boatoTargets.cmake NAMESPACE boato:: DESTINATION ${package_dir})
configure_package_config_file(tools/cmake/boatoConfig.cmake.in boatoConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(boatoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/boatoConfig.cmake ${PROJECT_BINARY_DIR}/boatoConfigVersion.cmake
  DESTINATION ${package_dir})
# Relative to the file itself, so that an installed tree may be moved.
file(RELATIVE_PATH BOATO_PC_UP /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
string(REGEX REPLACE "/$" "" BOATO_PC_UP "${BOATO_PC_UP}")
configure_file(tools/cmake/boato.pc.in boato.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/boato.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
