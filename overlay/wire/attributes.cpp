// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/attributes.hpp"

#include "overlay/base/text.hpp"
#include "overlay/wire/codec.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace boato::wire {
namespace {

constexpr std::uint8_t token_nil = 0xc0, token_false = 0xc2, token_true = 0xc3, token_bin8 = 0xc4,
                       token_float64 = 0xcb, token_str8 = 0xd9;
enum ExtId : std::uint8_t { ext_content_type = 1, ext_key = 2 };

// msgpack-c packs a double without a fraction as an integer; our values keep their kind.
void put_real(RoomWriter& out, double value) {
  std::array<std::byte, 9> token{std::byte{token_float64}};
  put_be(token.data() + 1, std::bit_cast<std::uint64_t>(value));
  out.write(reinterpret_cast<const char*>(token.data()), token.size());
}

struct Put {
  RoomWriter& out;
  Packer& pk;
  Errc error{};  // 0 = none
  void operator()(std::monostate) { pk.pack_nil(); }
  void operator()(bool value) { put(pk, value); }
  void operator()(std::int64_t value) { pk.pack_int64(value); }
  void operator()(double value) { put_real(out, value); }
  void operator()(std::string_view value) {
    if (value.size() > attribute_value_bytes_max)
      error = Errc::too_large;
    else if (!is_utf8(value))
      error = Errc::bad_name;
    else
      put(pk, value);
  }
  void operator()(Bytes value) {
    if (value.size() > attribute_value_bytes_max)
      error = Errc::too_large;
    else
      put_bin(pk, value);
  }
};

bool get_value(Cursor& in, Value& value) {
  const std::uint8_t token = in.peek();
  if (token == token_nil) return value = std::monostate{}, in.nil();
  if (token == token_false || token == token_true) return in.boolean(value.emplace<bool>());
  if (token == token_float64) return in.real(value.emplace<double>());
  if ((token & 0xe0) == 0xa0 || (token >= token_str8 && token < token_str8 + 3)) {
    std::string_view text;
    if (!in.str(text) || text.size() > attribute_value_bytes_max) return false;
    return value = text, true;
  }
  if (token >= token_bin8 && token < token_bin8 + 3) {
    Bytes blob;
    if (!in.bin(blob) || blob.size() > attribute_value_bytes_max) return false;
    return value = blob, true;
  }
  return in.integer(value.emplace<std::int64_t>());
}

// f(name, value) for each; false: malformed, wherever.
template <class F>
bool walk(Bytes bytes, F&& f) {
  if (bytes.empty()) return true;
  if (bytes.size() > attribute_bytes_max) return false;
  Cursor in{bytes};
  std::uint32_t count = 0;
  if (!in.array(count) || count == 0 || count % 2 != 0 || count / 2 > attributes_max) return false;
  std::string_view last;
  for (std::uint32_t i = 0; i < count / 2; ++i) {
    std::string_view name;
    Value value;
    if (!in.str(name) || name.size() > attribute_name_bytes_max || !get_value(in, value)) return false;
    if (name <= last) return false;  // the empty name is below all
    f(name, value);
    last = name;
  }
  return in.rest().empty();
}

}  // namespace

Result<std::size_t, Errc> encode_attributes(std::span<const Attribute> attributes,
                                            std::span<std::byte> room) {
  if (attributes.empty()) return std::size_t{0};
  if (attributes.size() > attributes_max) return Errc::too_large;
  std::array<const Attribute*, attributes_max> sorted{};
  for (std::size_t i = 0; i < attributes.size(); ++i) sorted[i] = &attributes[i];
  const std::span<const Attribute*> order{sorted.data(), attributes.size()};
  std::ranges::sort(order, {}, [](const Attribute* a) { return a->name; });

  RoomWriter out{room.first(std::min(room.size(), attribute_bytes_max))};
  Packer pk{out};
  pk.pack_array(static_cast<std::uint32_t>(2 * order.size()));
  Put value{out, pk};
  std::string_view last;
  for (const Attribute* a : order) {
    if (a->name.size() > attribute_name_bytes_max) return Errc::too_large;
    if (a->name <= last || !is_utf8(a->name)) return Errc::bad_name;
    put(pk, a->name);
    std::visit(value, a->value);
    if (value.error != Errc{}) return value.error;
    last = a->name;
  }
  if (out.overflow) return Errc::too_large;
  return out.used;
}

bool decode_attributes(Bytes bytes, std::vector<Attribute>& out) {
  out.clear();
  const bool whole = walk(bytes, [&](std::string_view name, const Value& value) {
    out.push_back({name, value});
  });
  if (!whole) out.clear();
  return whole;
}

bool attributes_valid(Bytes bytes) {
  return walk(bytes, [](std::string_view, const Value&) {});
}

Result<std::size_t, Errc> encode_ext(const EventExt& ext, std::span<std::byte> room) {
  if (ext.content_type.size() > content_type_bytes_max || ext.key.size() > key_bytes_max)
    return Errc::too_large;
  if (!is_utf8(ext.content_type)) return Errc::bad_name;
  const std::uint32_t count = (ext.content_type.empty() ? 0U : 2U) + (ext.key.empty() ? 0U : 2U);
  if (count == 0) return std::size_t{0};
  RoomWriter out{room.first(std::min(room.size(), ext_bytes_max))};
  Packer pk{out};
  pk.pack_array(count);
  if (!ext.content_type.empty()) {
    pk.pack_uint8(ext_content_type);
    put(pk, ext.content_type);
  }
  if (!ext.key.empty()) {
    pk.pack_uint8(ext_key);
    put_bin(pk, ext.key);
  }
  if (out.overflow) return Errc::too_large;
  return out.used;
}

bool decode_ext(Bytes bytes, EventExt& ext) {
  ext = {};
  if (bytes.empty()) return true;
  if (bytes.size() > ext_bytes_max) return false;
  Cursor in{bytes};
  std::uint32_t count = 0;
  if (!in.array(count) || count == 0 || count % 2 != 0) return false;
  std::uint64_t last = 0;
  for (std::uint32_t i = 0; i < count / 2; ++i) {
    std::uint64_t id = 0;
    if (!in.uint(id) || id <= last) return false;
    last = id;
    bool sound = false;
    if (id == ext_content_type)
      sound = in.str(ext.content_type) && !ext.content_type.empty() &&
              ext.content_type.size() <= content_type_bytes_max;
    else if (id == ext_key)
      sound = in.bin(ext.key) && !ext.key.empty() && ext.key.size() <= key_bytes_max;
    else
      sound = in.skip(1);
    if (!sound) return false;
  }
  return in.rest().empty();
}

}  // namespace boato::wire
