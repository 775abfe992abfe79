// SPDX-License-Identifier: Apache-2.0
// A LIKE pattern: % is any run of characters, _ any one character (a code point). The pattern is cut at its %
// into segments; the first and the last are anchored, each one between them is searched leftmost, which is
// enough because what follows a % may begin anywhere behind it. So nothing ever backtracks over a %. A
// segment of plain bytes is searched by Knuth, Morris and Pratt (1977): linear in the value. One with _ in it
// costs value x segment at most, which its cost says.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

class LikePattern {
 public:
  // `escape`: one character, or empty for none. Empty answer: it stands before something that needs no
  // escaping, or at the end; `bad` is then the byte where.
  static std::optional<LikePattern> parse(std::string_view pattern, std::string_view escape,
                                          std::size_t& bad);

  [[nodiscard]] bool matches(std::string_view value) const;
  // As in a predicate: 'a%', or '10\%%' ESCAPE '\'.
  [[nodiscard]] std::string to_text() const;
  // Without % and _ it is the same as `=` with this text.
  [[nodiscard]] std::optional<std::string> plain() const;
  // What every value begins with that it takes.
  [[nodiscard]] std::string prefix() const;
  // prefix() and a % and nothing else: takes all that begins so.
  [[nodiscard]] bool only_prefix() const;
  // Byte comparisons at the worst for a value of so many bytes.
  [[nodiscard]] std::size_t steps(std::size_t value_bytes) const;

 private:
  static constexpr std::uint16_t any_one = 256;  // a unit is a byte, or _
  struct Segment {
    std::size_t begin = 0, end = 0;  // in units_
    bool plain = true;               // no _
  };
  [[nodiscard]] std::size_t forward(const Segment& s, std::string_view value, std::size_t at) const;
  [[nodiscard]] std::size_t backward(const Segment& s, std::string_view value, std::size_t at) const;
  [[nodiscard]] std::size_t search(const Segment& s, std::string_view value, std::size_t at) const;
  void seal();  // ends the open segment

  std::vector<std::uint16_t> units_;
  std::vector<std::uint16_t> borders_;          // per unit: its segment's longest border that ends there
  std::vector<Segment> segments_;               // none is empty
  bool open_begin_ = false, open_end_ = false;  // begins, ends with %
  bool any_run_ = false;                        // has a %
};

}  // namespace boato
