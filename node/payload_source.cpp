// SPDX-License-Identifier: Apache-2.0
#include "node/payload_source.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace boato {

PayloadSource::PayloadSource(From from, std::string argument)
    : from_{from}, text_{std::move(argument)}, ended_{from == From::argument}, whole_{from != From::lines} {}

std::optional<std::string> PayloadSource::next() {
  if (from_ != From::lines) {
    if (!ended_ || !whole_) return std::nullopt;
    whole_ = false;
    return std::exchange(text_, {});
  }
  std::size_t end = text_.find('\n', taken_);
  if (end == std::string::npos) {
    text_.erase(0, std::exchange(taken_, 0));
    // The last line may have no end.
    if (text_.empty() || (!ended_ && text_.size() < payload_bytes_max)) return std::nullopt;
    return std::exchange(text_, {});
  }
  std::string line = text_.substr(taken_, end - taken_);
  taken_ = end + 1;
  return line;
}

void PayloadSource::read_some() {
  std::array<char, 65536> buffer{};
  const ssize_t got = ::read(STDIN_FILENO, buffer.data(), buffer.size());
  if (got > 0) text_.append(buffer.data(), static_cast<std::size_t>(got));
  if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) ended_ = true;
  if (from_ == From::input && text_.size() >= payload_bytes_max) ended_ = true;
}

void PayloadSource::stop() {
  ended_ = true;
  whole_ = false;
  taken_ = 0;
  text_.clear();
}

}  // namespace boato
