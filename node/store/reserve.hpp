// SPDX-License-Identifier: Apache-2.0
// A file that holds room on the device back for what must be written even when it is full.
#pragma once

#include "node/store/raw_file.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

namespace boato {

class Reserve {
 public:
  Reserve(const std::string& path, const char* vfs, std::uint64_t bytes)
      : file_{path, vfs, RawFile::Mode::read_write}, bytes_{bytes} {}

  // Takes the room, if it is not held. Written in zeros: a sparse file would hold nothing back. Without room
  // for it nothing is held.
  void take() {
    const std::uint64_t has = file_.size();
    if (has >= bytes_) return;
    const std::vector<std::byte> zeros(std::min<std::uint64_t>(bytes_, 1 << 20));
    for (std::uint64_t at = has; at < bytes_; at += zeros.size())
      if (!file_.write(at, Bytes{zeros}.first(std::min<std::uint64_t>(zeros.size(), bytes_ - at))))
        return let_go();
  }
  void let_go() { file_.truncate(0); }
  [[nodiscard]] bool held() { return file_.size() >= bytes_; }

 private:
  RawFile file_;
  std::uint64_t bytes_;
};

}  // namespace boato
