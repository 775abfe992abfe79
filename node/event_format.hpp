// SPDX-License-Identifier: Apache-2.0
// `sub --format`: %t topic %p payload %k key %n number %s seq %P publisher %i id %T time %a{name} %%, escapes
// \n \t \0 \\.
#pragma once

#include <boato/result.hpp>

#include "node/json.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace boato {

class EventFormat {
 public:
  // Errors: bad_config, with the column.
  static Result<EventFormat> parse(std::string_view text);
  // Appends the event, an object of t "event".
  void print(const Json& event, std::string& out) const;

 private:
  struct Piece {
    char code = 0;     // 0: literal text
    std::string text;  // literal, or the attribute's name
  };
  std::vector<Piece> pieces_;
};

}  // namespace boato
