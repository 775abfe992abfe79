// SPDX-License-Identifier: Apache-2.0
#include "node/event_format.hpp"

#include "node/text.hpp"

#include <optional>

namespace boato {
namespace {

constexpr std::string_view codes = "tpknsPiT";

std::optional<char> escaped(char c) {
  switch (c) {
    case 'n': return '\n';
    case 't': return '\t';
    case '0': return '\0';
    case '\\': return '\\';
    default: return std::nullopt;
  }
}

// Texts as they are, bytes in hexadecimal, nil as nothing, numbers as in JSON.
std::string value_text(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_null()) return {};
  if (value.is_object()) return value.value("hex", "");
  return to_line(value);
}

}  // namespace

Result<EventFormat> EventFormat::parse(std::string_view text) {
  EventFormat format;
  std::string literal;
  const auto wrong = [&](std::size_t at, std::string_view what) {
    return Error{Errc::bad_config, "--format, column " + std::to_string(at + 1) + ": " + std::string{what}};
  };
  const auto flush = [&] {
    if (!literal.empty()) format.pieces_.push_back({0, std::move(literal)});
    literal.clear();
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%' && text[i] != '\\') {
      literal += text[i];
      continue;
    }
    const std::size_t at = i++;
    if (i == text.size()) return wrong(at, "something is missing after it");
    if (text[at] == '\\') {
      const auto c = escaped(text[i]);
      if (!c) return wrong(at, "escapes are \\n \\t \\0 \\\\");
      literal += *c;
    } else if (text[i] == '%') {
      literal += '%';
    } else if (text[i] == 'a') {
      const std::size_t end = text.find('}', i);
      if (i + 1 >= text.size() || text[i + 1] != '{' || end == std::string_view::npos)
        return wrong(at, "an attribute is %a{name}");
      flush();
      format.pieces_.push_back({'a', std::string{text.substr(i + 2, end - i - 2)}});
      i = end;
    } else if (codes.find(text[i]) != std::string_view::npos) {
      flush();
      format.pieces_.push_back({text[i], {}});
    } else {
      return wrong(at, "there is %t %p %k %n %s %P %i %T %a{name} and %%");
    }
  }
  flush();
  return format;
}

void EventFormat::print(const Json& event, std::string& out) const {
  for (const Piece& piece : pieces_) {
    switch (piece.code) {
      case 0: out += piece.text; break;
      case 't': out += event.value("topic", ""); break;
      case 'p':
        if (const auto text = event.find("payload"); text != event.end()) {
          out += text->get_ref<const std::string&>();
        } else {
          out += from_base64(event.value("payload_b64", "")).value_or("");
        }
        break;
      case 'k': out += event.value("key", ""); break;
      case 'n': out += std::to_string(event.value("number", std::uint64_t{0})); break;
      case 's': out += std::to_string(event.value("seq", std::uint64_t{0})); break;
      case 'P': out += event.value("publisher", ""); break;
      case 'i': out += event.value("id", ""); break;
      case 'T': out += to_text(WallTime{Duration{event.value("time_us", std::int64_t{0})}}); break;
      default: {
        const auto attributes = event.find("attrs");
        if (attributes == event.end()) break;
        if (const auto value = attributes->find(piece.text); value != attributes->end())
          out += value_text(*value);
      }
    }
  }
}

}  // namespace boato
