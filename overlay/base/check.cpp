// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/check.hpp"

#include <cstdio>
#include <cstdlib>

namespace boato {

void check_failed(const char* claim, const char* file, int line) noexcept {
  std::fprintf(stderr, "boato: %s:%d: claim does not hold: %s\n", file, line, claim);
  std::abort();
}

}  // namespace boato
