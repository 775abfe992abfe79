// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/text.hpp"

#include <boato/result.hpp>

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"

#include <algorithm>
#include <charconv>
#include <cstring>

namespace boato {
namespace {

constexpr std::string_view alphabet = "abcdefghijklmnopqrstuvwxyz234567";
constexpr std::size_t id_letters = 52;  // 256 bits / 5, rounded up

// Takes the first level off `rest`; false when none is left.
bool next_level(std::string_view& rest, bool& more, std::string_view& level) {
  if (!more) return false;
  const std::size_t slash = rest.find('/');
  level = rest.substr(0, slash);
  more = slash != std::string_view::npos;
  rest = more ? rest.substr(slash + 1) : std::string_view{};
  return true;
}

bool is_topic_text(std::string_view text, bool wildcards) {
  if (text.empty() || text.size() > topic_name_bytes_max || !is_utf8(text)) return false;
  bool more = true;
  std::size_t levels = 0;
  std::string_view level;
  while (next_level(text, more, level)) {
    if (level.empty() || ++levels > topic_levels_max) return false;
    for (char c : level)
      if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) return false;
    if (level.find_first_of("+#") == std::string_view::npos) continue;
    if (!wildcards || level.size() != 1) return false;
    if (level == "#" && more) return false;
  }
  return true;
}

bool parse_ipv4(std::string_view text, std::uint8_t* out) {
  for (int i = 0; i < 4; ++i) {
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || value > 255 || end - text.data() > 3) return false;
    out[i] = static_cast<std::uint8_t>(value);
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (i < 3) {
      if (text.empty() || text.front() != '.') return false;
      text.remove_prefix(1);
    }
  }
  return text.empty();
}

bool parse_ipv6(std::string_view text, std::array<std::uint8_t, 16>& out) {
  std::array<std::uint16_t, 8> groups{};
  std::size_t count = 0, gap = 8;
  bool after_gap = false;
  if (text.starts_with("::")) {
    gap = 0;
    after_gap = true;
    text.remove_prefix(2);
  }
  while (!text.empty()) {
    if (count == 8) return false;
    unsigned value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
    const auto used = static_cast<std::size_t>(end - text.data());
    if (error != std::errc{} || used > 4) return false;
    groups[count++] = static_cast<std::uint16_t>(value);
    text.remove_prefix(used);
    if (text.empty()) break;
    if (text.front() != ':') return false;
    text.remove_prefix(1);
    if (text.starts_with(":")) {
      if (gap != 8 || after_gap) return false;
      gap = count;
      after_gap = true;
      text.remove_prefix(1);
    } else if (text.empty()) {
      return false;
    }
  }
  if (gap == 8 && !after_gap ? count != 8 : count > 7) return false;
  const std::size_t tail = after_gap ? count - gap : 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t place = after_gap && i >= gap ? 8 - tail + (i - gap) : i;
    out[2 * place] = static_cast<std::uint8_t>(groups[i] >> 8);
    out[2 * place + 1] = static_cast<std::uint8_t>(groups[i]);
  }
  return true;
}

constexpr std::array<std::uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

std::string to_text(const PeerId& id) {
  std::string out;
  out.reserve(id_letters);
  unsigned acc = 0, bits = 0;
  for (std::uint8_t byte : id.raw) {
    acc = acc << 8 | byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      out += alphabet[acc >> bits & 31];
    }
    acc &= (1U << bits) - 1;
  }
  if (bits > 0) out += alphabet[acc << (5 - bits) & 31];
  return out;
}

bool from_text(std::string_view text, PeerId& id) {
  if (text.size() != id_letters) return false;
  unsigned acc = 0, bits = 0;
  std::size_t used = 0;
  for (char c : text) {
    const std::size_t value = alphabet.find(c);
    if (value == std::string_view::npos) return false;
    acc = acc << 5 | static_cast<unsigned>(value);
    bits += 5;
    if (bits >= 8 && used < id.raw.size()) {
      bits -= 8;
      id.raw[used++] = static_cast<std::uint8_t>(acc >> bits);
    }
    acc &= (1U << bits) - 1;
  }
  return used == id.raw.size() && acc == 0;  // the 4 spare bits are zero: one id, one text
}

std::string partition(std::string_view topic, std::string_view key, std::uint32_t k) {
  std::uint64_t h = 0xcbf29ce484222325ULL;  // FNV-1a: frozen, so that all peers of all versions agree
  for (char c : key) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  h ^= h >> 32;
  return std::string{topic} + "/" + std::to_string(k == 0 ? 0 : h % k);
}

bool is_topic_name(std::string_view name) { return is_topic_text(name, false); }
bool is_topic_pattern(std::string_view pattern) { return is_topic_text(pattern, true); }

bool has_wildcard(std::string_view pattern) { return pattern.find_first_of("+#") != std::string_view::npos; }

bool pattern_takes(std::string_view pattern, std::string_view name) {
  constexpr std::string_view own = "boato/";
  if (name.starts_with(own) && !pattern.starts_with(own)) return false;
  bool more_pattern = true, more_name = true;
  std::string_view want, level;
  while (next_level(pattern, more_pattern, want)) {
    if (want == "#") return true;
    if (!next_level(name, more_name, level)) return false;
    if (want != "+" && want != level) return false;
  }
  return !more_name;
}

bool is_utf8(std::string_view text) {
  std::size_t i = 0;
  while (i < text.size()) {
    const auto lead = static_cast<unsigned char>(text[i]);
    std::size_t extra = 0;
    std::uint32_t point = lead, least = 0;
    if (lead < 0x80) {
    } else if (lead >= 0xc2 && lead < 0xe0) {
      extra = 1, point = lead & 0x1f, least = 0x80;
    } else if (lead >= 0xe0 && lead < 0xf0) {
      extra = 2, point = lead & 0x0f, least = 0x800;
    } else if (lead >= 0xf0 && lead < 0xf5) {
      extra = 3, point = lead & 0x07, least = 0x10000;
    } else {
      return false;
    }
    if (i + extra >= text.size() && extra > 0) return false;
    for (std::size_t k = 1; k <= extra; ++k) {
      const auto next = static_cast<unsigned char>(text[i + k]);
      if ((next & 0xc0) != 0x80) return false;
      point = point << 6 | (next & 0x3f);
    }
    if (point < least || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += extra + 1;
  }
  return text.find('\0') == std::string_view::npos;
}

bool from_text(std::string_view text, Address& address) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return false;
  std::string_view host = text.substr(0, colon), port = text.substr(colon + 1);
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), value);
  if (error != std::errc{} || end != port.data() + port.size() || port.empty()) return false;
  Address result{};
  result.port = value;
  if (host.starts_with('[') && host.ends_with(']')) {
    if (!parse_ipv6(host.substr(1, host.size() - 2), result.ip)) return false;
  } else {
    std::ranges::copy(mapped_prefix, result.ip.begin());
    if (!parse_ipv4(host, result.ip.data() + 12)) return false;
  }
  address = result;
  return true;
}

std::string to_text(const Address& a) {
  if (std::ranges::equal(mapped_prefix, std::span{a.ip}.first<12>())) {
    std::string out;
    for (std::size_t i = 12; i < 16; ++i) out += (i > 12 ? "." : "") + std::to_string(a.ip[i]);
    return out + ":" + std::to_string(a.port);
  }
  std::string out = "[";
  for (std::size_t i = 0; i < 16; i += 2) {
    std::array<char, 5> group{};
    const unsigned value = static_cast<unsigned>(a.ip[i]) << 8 | a.ip[i + 1];
    const auto [end, error] = std::to_chars(group.data(), group.data() + group.size(), value, 16);
    out += i > 0 ? ":" : "";
    out.append(group.data(), end);
  }
  return out + "]:" + std::to_string(a.port);
}

std::string to_hex(Bytes b) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  out.reserve(2 * b.size());
  for (std::byte byte : b) {
    out += digits[static_cast<unsigned>(byte) >> 4];
    out += digits[static_cast<unsigned>(byte) & 15];
  }
  return out;
}

std::string_view to_string(Errc code) {
  switch (code) {
    case Errc::would_block: return "would_block";
    case Errc::timeout: return "timeout";
    case Errc::closed: return "closed";
    case Errc::unreachable: return "unreachable";
    case Errc::no_quorum: return "no_quorum";
    case Errc::expect_failed: return "expect_failed";
    case Errc::conflict: return "conflict";
    case Errc::not_allowed: return "not_allowed";
    case Errc::no_such: return "no_such";
    case Errc::no_responders: return "no_responders";
    case Errc::too_large: return "too_large";
    case Errc::bad_name: return "bad_name";
    case Errc::bad_predicate: return "bad_predicate";
    case Errc::bad_config: return "bad_config";
    case Errc::disk_full: return "disk_full";
    case Errc::fenced: return "fenced";
    case Errc::wrong_thread: return "wrong_thread";
    case Errc::internal: return "internal";
  }
  return "unknown";
}

void detail::result_misused() noexcept {
  check_failed("Result read on the side it does not hold", __FILE__, __LINE__);
}

}  // namespace boato
