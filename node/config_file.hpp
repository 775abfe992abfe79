// SPDX-License-Identifier: Apache-2.0
// Reads the TOML file. Only this file knows the parser.
#pragma once

#include "node/config.hpp"

namespace boato {

class ConfigFile {
 public:
  static Result<void> read(const std::string& path, Config& into);
};

}  // namespace boato
