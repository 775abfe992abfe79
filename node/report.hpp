// SPDX-License-Identifier: Apache-2.0
// How a command speaks: data on stdout, everything else on stderr.
#pragma once

#include <boato/result.hpp>

#include "node/exit_code.hpp"
#include "node/json.hpp"

#include <string>
#include <string_view>

namespace boato {

// stdout with a buffer of its own. Once the reader has gone, everything is swallowed: the command ends
// quietly.
class Output {
 public:
  void write(std::string_view text) { buffer_ += text; }
  void line(std::string_view text) { (buffer_ += text) += '\n'; }
  void flush();
  [[nodiscard]] bool reader_gone() const { return gone_; }
  [[nodiscard]] std::size_t waiting() const { return buffer_.size(); }

 private:
  std::string buffer_;
  bool gone_ = false;
};

class Report {
 public:
  Report(std::string command, bool json, bool quiet, bool verbose)
      : command_{std::move(command)}, json_{json}, quiet_{quiet}, verbose_{verbose} {}

  [[nodiscard]] bool json() const { return json_; }
  [[nodiscard]] bool quiet() const { return quiet_; }
  [[nodiscard]] bool verbose() const { return verbose_; }

  // One line: "boato pub: detail", or an object of t "error".
  Exit error(const Error& error) const;
  Exit error(Exit exit, Errc errc, std::string_view detail) const;
  void say(std::string_view text) const;     // words, unless -q
  void detail(std::string_view text) const;  // words, only with -v

  Output out{};

 private:
  std::string command_;
  bool json_, quiet_, verbose_;
};

// Writes all of it to a descriptor, also if it takes several turns. False: the reader is gone.
bool write_all(int fd, std::string_view text);

}  // namespace boato
