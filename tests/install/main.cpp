// SPDX-License-Identifier: Apache-2.0
// What an outsider writes first: built against the installed library only.
#include <boato/boato.hpp>

#include <cstdio>

int main() {
  boato::PeerId id;
  if (!boato::from_text(boato::to_text(id), id)) return 1;
  std::printf("boato %s\n", std::string{boato::version}.c_str());
}
