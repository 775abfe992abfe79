// SPDX-License-Identifier: Apache-2.0
#include "node/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>

namespace boato {
namespace {

constexpr std::string_view base64_letters =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view hex_letters = "0123456789abcdef";

unsigned byte_at(std::string_view bytes, std::size_t i) { return static_cast<unsigned char>(bytes[i]); }

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Length of the UTF-8 sequence at `i`, 0 if there is none: Unicode 15, table 3-7.
std::size_t sequence_at(std::string_view s, std::size_t i) {
  const unsigned first = byte_at(s, i);
  if (first < 0x80) return 1;
  const std::size_t size = first >= 0xc2 && first <= 0xdf   ? 2
                           : first >= 0xe0 && first <= 0xef ? 3
                           : first >= 0xf0 && first <= 0xf4 ? 4
                                                            : 0;
  if (size == 0 || i + size > s.size()) return 0;
  const unsigned second = byte_at(s, i + 1);
  const unsigned low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  const unsigned high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
  if (second < low || second > high) return 0;
  for (std::size_t k = 2; k < size; ++k) {
    if ((byte_at(s, i + k) & 0xc0) != 0x80) return 0;
  }
  return size;
}

std::string_view next_level(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view level = rest.substr(0, slash);
  rest = slash == std::string_view::npos ? std::string_view{} : rest.substr(slash + 1);
  return level;
}

}  // namespace

std::string to_base64(std::string_view bytes) {
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const std::size_t have = bytes.size() - i < 3 ? bytes.size() - i : 3;
    unsigned group = byte_at(bytes, i) << 16;
    if (have > 1) group |= byte_at(bytes, i + 1) << 8;
    if (have > 2) group |= byte_at(bytes, i + 2);
    out += base64_letters[group >> 18 & 63];
    out += base64_letters[group >> 12 & 63];
    out += have > 1 ? base64_letters[group >> 6 & 63] : '=';
    out += have > 2 ? base64_letters[group & 63] : '=';
  }
  return out;
}

std::optional<std::string> from_base64(std::string_view text) {
  static const std::array<signed char, 256> values = [] {
    std::array<signed char, 256> table{};
    table.fill(-1);
    for (std::size_t i = 0; i < base64_letters.size(); ++i) {
      table[static_cast<unsigned char>(base64_letters[i])] = static_cast<signed char>(i);
    }
    return table;
  }();
  if (text.size() % 4 != 0) return std::nullopt;
  std::string out;
  out.reserve(text.size() / 4 * 3);
  for (std::size_t i = 0; i < text.size(); i += 4) {
    const bool last = i + 4 == text.size();
    const int padding = last && text[i + 3] == '=' ? (text[i + 2] == '=' ? 2 : 1) : 0;
    unsigned group = 0;
    for (std::size_t k = 0; k < 4; ++k) {
      const int value = k + static_cast<std::size_t>(padding) >= 4 ? 0 : values[byte_at(text, i + k)];
      if (value < 0) return std::nullopt;
      group = group << 6 | static_cast<unsigned>(value);
    }
    out += static_cast<char>(group >> 16 & 255);
    if (padding < 2) out += static_cast<char>(group >> 8 & 255);
    if (padding < 1) out += static_cast<char>(group & 255);
  }
  return out;
}

std::string to_hex(std::string_view bytes) {
  std::string out;
  out.reserve(bytes.size() * 2);
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out += hex_letters[byte_at(bytes, i) >> 4];
    out += hex_letters[byte_at(bytes, i) & 15];
  }
  return out;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string out;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const int high = hex_digit(text[i]), low = hex_digit(text[i + 1]);
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
  }
  return out;
}

bool is_text(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t size = sequence_at(bytes, i);
    if (size == 0) return false;
    i += size;
  }
  return true;
}

std::string printable(std::string_view bytes, Lines lines) {
  std::string out;
  out.reserve(bytes.size());
  for (std::size_t i = 0; i < bytes.size();) {
    const std::size_t size = sequence_at(bytes, i);
    const unsigned c = byte_at(bytes, i);
    const bool kept = lines == Lines::keep && (c == '\n' || c == '\t');
    // U+0080 to U+009F are control characters too: some terminals obey them.
    const bool control = c < 0x20 || c == 0x7f || (size == 2 && c == 0xc2 && byte_at(bytes, i + 1) < 0xa0);
    const std::size_t taken = size == 0 ? 1 : size;
    if (size != 0 && (!control || kept)) {
      out.append(bytes, i, taken);
    } else {
      for (std::size_t k = 0; k < taken; ++k) (out += "\\x") += to_hex(bytes.substr(i + k, 1));
    }
    i += taken;
  }
  return out;
}

bool takes(std::string_view pattern, std::string_view topic) {
  const bool own = topic == "boato" || topic.substr(0, 6) == "boato/";
  if (own && pattern.substr(0, 5) != "boato") return false;
  bool pattern_left = true, topic_left = true;
  while (pattern_left && topic_left) {
    const std::size_t pattern_slash = pattern.find('/'), topic_slash = topic.find('/');
    const std::string_view want = next_level(pattern), have = next_level(topic);
    if (want == "#") return true;
    if (want != "+" && want != have) return false;
    pattern_left = pattern_slash != std::string_view::npos;
    topic_left = topic_slash != std::string_view::npos;
  }
  return (!pattern_left && !topic_left) || (pattern_left && pattern == "#");
}

std::string to_text(WallTime time) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  const auto micros = static_cast<int>((time - whole).count());
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> day{};
  std::array<char, 48> out{};
  std::strftime(day.data(), day.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(out.data(), out.size(), "%s.%06dZ", day.data(), micros);
  return out.data();
}

std::string to_text(const EventId& id) {
  return to_text(id.publisher) + ':' + std::to_string(id.incarnation) + ':' + std::to_string(id.seq);
}

}  // namespace boato
