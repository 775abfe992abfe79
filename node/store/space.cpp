// SPDX-License-Identifier: Apache-2.0
#include "node/store/space.hpp"

#include <sys/statvfs.h>

namespace boato {

Space space_of(const std::string& folder) {
  struct statvfs info {};
  if (::statvfs(folder.c_str(), &info) != 0) return {};
  return {std::uint64_t{info.f_bavail} * info.f_frsize, std::uint64_t{info.f_blocks} * info.f_frsize};
}

}  // namespace boato
