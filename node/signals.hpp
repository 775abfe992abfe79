// SPDX-License-Identifier: Apache-2.0
// Signals as a readable descriptor. Made before any thread, because threads inherit what is blocked.
#pragma once

#include "node/exit_code.hpp"
#include "node/file_handle.hpp"

#include <initializer_list>

namespace boato {

class Signals {
 public:
  explicit Signals(std::initializer_list<int> watched);
  [[nodiscard]] int fd() const { return fd_.get(); }
  // The next signal that has come, 0 if none has.
  [[nodiscard]] int take();

 private:
  FileHandle fd_;
};

// What a client ends with after a signal.
[[nodiscard]] Exit exit_after(int signal);

}  // namespace boato
