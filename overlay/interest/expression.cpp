// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/expression.hpp"

#include "overlay/interest/lexer.hpp"

namespace boato {
namespace {

std::string_view symbol(Relation relation) {
  constexpr std::string_view symbols[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
  return symbols[static_cast<std::size_t>(relation)];
}

std::string_view symbol(Operation operation) {
  constexpr std::string_view symbols[] = {" + ", " - ", " * ", " / "};
  return symbols[static_cast<std::size_t>(operation)];
}

// How tightly it binds: 0 OR, 1 AND, 2 other conditions, 3 sums, 4 products, 5 signs and the rest.
int strength(const Expression& e) {
  switch (e.kind) {
    case NodeKind::any: return 0;
    case NodeKind::all: return 1;
    case NodeKind::calculate:
      return e.operation == Operation::add || e.operation == Operation::subtract ? 3 : 4;
    case NodeKind::negate:
    case NodeKind::literal:
    case NodeKind::name: return 5;
    default: return 2;
  }
}

void print(const Expression& e, int least, std::string& out);

void print_joined(const Expression& e, std::string_view word, int least, std::string& out) {
  for (std::size_t i = 0; i < e.parts.size(); ++i) {
    if (i > 0) out += word;
    print(e.parts[i], least, out);
  }
}

void print_bare(const Expression& e, std::string& out) {
  const std::string_view no = e.negated ? "NOT " : "";
  switch (e.kind) {
    case NodeKind::truth: out += e.holds ? "TRUE" : "FALSE"; return;
    case NodeKind::all: return print_joined(e, " AND ", 2, out);
    case NodeKind::any: return print_joined(e, " OR ", 1, out);
    case NodeKind::compare:
      print(e.parts[0], 3, out);
      out += symbol(e.relation);
      return print(e.parts[1], 3, out);
    case NodeKind::in:
      print(e.parts[0], 3, out);
      (out += ' ') += no;
      out += "IN (";
      for (std::size_t i = 0; i < e.list.size(); ++i) (out += i > 0 ? ", " : "") += to_text(e.list[i]);
      out += ')';
      return;
    case NodeKind::like:
      (((out += name_text(e.name)) += ' ') += no) += "LIKE ";
      out += e.pattern->to_text();
      return;
    case NodeKind::null: (((out += name_text(e.name)) += " IS ") += no) += "NULL"; return;
    case NodeKind::flag: (out += no) += name_text(e.name); return;
    case NodeKind::within:
      (((out += no) += "within(") += name_text(e.name)) += ", ";
      (out += to_text(*e.area)) += ')';
      return;
    case NodeKind::not_: out += "NOT "; return print(e.parts[0], 2, out);
    case NodeKind::literal: out += to_text(e.list[0]); return;
    case NodeKind::name: out += name_text(e.name); return;
    case NodeKind::negate: out += '-'; return print(e.parts[0], 5, out);
    case NodeKind::calculate:
      print(e.parts[0], strength(e), out);
      out += symbol(e.operation);
      return print(e.parts[1], strength(e) + 1, out);
  }
}

void print(const Expression& e, int least, std::string& out) {
  const bool leaf = e.kind == NodeKind::name || e.kind == NodeKind::literal;
  const bool enclose = strength(e) < least && !leaf;
  if (enclose) out += '(';
  print_bare(e, out);
  if (enclose) out += ')';
}

}  // namespace

std::string to_text(const Expression& expression) {
  std::string out;
  print(expression, 0, out);
  return out;
}

std::string name_text(const std::string& name) {
  if (is_plain_name(name)) return name;
  std::string out = "`";
  for (const char c : name) out.append(c == '`' ? 2 : 1, c);
  return out += '`';
}

std::string latitude_name(const std::string& place) { return place == "geo" ? "lat" : place + ".lat"; }
std::string longitude_name(const std::string& place) { return place == "geo" ? "lon" : place + ".lon"; }

}  // namespace boato
