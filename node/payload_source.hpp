// SPDX-License-Identifier: Apache-2.0
// Where `boato pub` takes its payloads from: an argument, all of stdin, or each line of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace boato {

class PayloadSource {
 public:
  static constexpr std::size_t payload_bytes_max = std::size_t{32}
                                                   << 20;  // every node refuses so much; no need to read on

  enum class From : std::uint8_t { argument, input, lines };
  PayloadSource(From from, std::string argument);

  // The next payload, if one is there.
  std::optional<std::string> next();
  [[nodiscard]] bool wants_input() const { return !ended_; }  // after next() had nothing
  void read_some();                                           // stdin is readable
  void stop();                                                // no more
  [[nodiscard]] bool ended() const { return ended_ && !whole_ && taken_ >= text_.size(); }

 private:
  From from_;
  std::string text_;
  std::size_t taken_ = 0;
  bool ended_ = false;  // nothing more comes from stdin
  bool whole_ = false;  // `text_` is one payload, which has not been taken
};

}  // namespace boato
