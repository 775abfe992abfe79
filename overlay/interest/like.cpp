// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/like.hpp"

#include "overlay/interest/values.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

std::uint16_t unit_of(char c) { return static_cast<unsigned char>(c); }

}  // namespace

std::optional<LikePattern> LikePattern::parse(std::string_view pattern, std::string_view escape,
                                              std::size_t& bad) {
  LikePattern out;
  for (std::size_t i = 0; i < pattern.size();) {
    if (!escape.empty() && pattern.substr(i, escape.size()) == escape) {
      const std::size_t next = i + escape.size();
      const bool itself = pattern.substr(next, escape.size()) == escape;
      if (!itself && (next >= pattern.size() || (pattern[next] != '%' && pattern[next] != '_'))) {
        bad = i;
        return std::nullopt;
      }
      for (const char c : itself ? escape : pattern.substr(next, 1)) out.units_.push_back(unit_of(c));
      i = next + (itself ? escape.size() : 1);
    } else if (pattern[i] == '%') {
      if (i == 0) out.open_begin_ = true;
      out.seal();
      out.any_run_ = out.open_end_ = true;
      ++i;
      continue;
    } else {
      out.units_.push_back(pattern[i] == '_' ? any_one : unit_of(pattern[i]));
      ++i;
    }
    out.open_end_ = false;
  }
  out.seal();
  return out;
}

void LikePattern::seal() {
  const std::size_t begin = segments_.empty() ? 0 : segments_.back().end;
  if (begin == units_.size()) return;
  const Segment s{
      begin, units_.size(),
      std::find(units_.begin() + static_cast<std::ptrdiff_t>(begin), units_.end(), any_one) == units_.end()};
  borders_.resize(units_.size());
  std::uint16_t border = 0;
  for (std::size_t i = begin + 1; s.plain && i < s.end; ++i) {
    while (border > 0 && units_[i] != units_[begin + border]) border = borders_[begin + border - 1];
    if (units_[i] == units_[begin + border]) ++border;
    borders_[i] = border;
  }
  segments_.push_back(s);
}

// Where the value goes on behind the segment, which begins at `at`; npos: it does not stand there.
std::size_t LikePattern::forward(const Segment& s, std::string_view value, std::size_t at) const {
  for (std::size_t i = s.begin; i < s.end; ++i) {
    if (at >= value.size()) return npos;
    if (units_[i] == any_one) {
      for (++at; at < value.size() && continues(value[at]);) ++at;
    } else if (units_[i] != unit_of(value[at++])) {
      return npos;
    }
  }
  return at;
}

// Where the segment begins that ends at the end of the value, not before `at`.
std::size_t LikePattern::backward(const Segment& s, std::string_view value, std::size_t at) const {
  std::size_t end = value.size();
  for (std::size_t i = s.end; i > s.begin; --i) {
    if (end <= at) return npos;
    if (units_[i - 1] == any_one) {
      for (--end; end > at && continues(value[end]);) --end;
    } else if (units_[i - 1] != unit_of(value[--end])) {
      return npos;
    }
  }
  return end;
}

// Behind the leftmost place from `at` on where the segment stands.
std::size_t LikePattern::search(const Segment& s, std::string_view value, std::size_t at) const {
  if (!s.plain) {
    for (; at < value.size(); ++at) {
      if (continues(value[at])) continue;
      if (const std::size_t behind = forward(s, value, at); behind != npos) return behind;
    }
    return npos;
  }
  const std::size_t size = s.end - s.begin;
  for (std::size_t got = 0; at < value.size(); ++at) {
    const std::uint16_t unit = unit_of(value[at]);
    while (got > 0 && units_[s.begin + got] != unit) got = borders_[s.begin + got - 1];
    if (units_[s.begin + got] == unit) ++got;
    if (got == size) return at + 1;
  }
  return npos;
}

bool LikePattern::matches(std::string_view value) const {
  std::size_t at = 0, first = 0, last = segments_.size();
  if (!any_run_) return segments_.empty() ? value.empty() : forward(segments_[0], value, 0) == value.size();
  if (!open_begin_) {
    at = forward(segments_[first++], value, 0);
    if (at == npos) return false;
  }
  if (!open_end_) --last;
  for (; first < last; ++first) {
    at = search(segments_[first], value, at);
    if (at == npos) return false;
  }
  return open_end_ || backward(segments_[last], value, at) != npos;
}

std::optional<std::string> LikePattern::plain() const {
  if (any_run_ || (!segments_.empty() && !segments_[0].plain)) return std::nullopt;
  return prefix();
}

std::string LikePattern::prefix() const {
  std::string out;
  if (open_begin_ || segments_.empty()) return out;
  for (std::size_t i = 0; i < segments_[0].end && units_[i] != any_one; ++i)
    out += static_cast<char>(units_[i]);
  return out;
}

bool LikePattern::only_prefix() const {
  if (!open_end_) return false;
  return segments_.empty() || (segments_.size() == 1 && !open_begin_ && segments_[0].plain);
}

std::string LikePattern::to_text() const {
  const bool escaped = std::ranges::any_of(units_, [](std::uint16_t u) { return u == '%' || u == '_'; });
  std::string pattern = open_begin_ ? "%" : "";
  for (const Segment& s : segments_) {
    if (s.begin > 0) pattern += '%';
    for (std::size_t i = s.begin; i < s.end; ++i) {
      const auto c = static_cast<char>(units_[i] == any_one ? '_' : units_[i]);
      if (escaped && units_[i] != any_one && (c == '%' || c == '_' || c == '\\')) pattern += '\\';
      pattern += c;
    }
  }
  if (open_end_ && !segments_.empty()) pattern += '%';
  return boato::to_text(Literal{pattern}) + (escaped ? " ESCAPE '\\'" : "");
}

std::size_t LikePattern::steps(std::size_t value_bytes) const {
  std::size_t most = 0, fixed = 0;  // of a segment that is searched; of those that stand at an end
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    const Segment& s = segments_[i];
    const bool at_begin = i == 0 && !open_begin_, at_end = i + 1 == segments_.size() && !open_end_;
    if (at_begin || at_end)
      fixed += std::min(4 * (s.end - s.begin), 2 * value_bytes);  // a character has up to 4 bytes
    else
      most = std::max(most, s.plain ? 3 : s.end - s.begin);
  }
  return value_bytes * most + fixed;
}

}  // namespace boato
