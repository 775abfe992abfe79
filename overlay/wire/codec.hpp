// SPDX-License-Identifier: Apache-2.0
// Messages to bytes and back. A message is declared once, as a struct with
//   static constexpr Kind kind;  and  static constexpr auto fields = std::tuple{&M::a, &M::b, ...};
// and travels as the flat array [kind, a, b, ...]; what stands behind the array in a frame is the message's
// body. Packing is msgpack-c's, reading is our own cursor. Lists of structs are flattened into one array.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/bytes.hpp"
#include "overlay/wire/cursor.hpp"
#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <msgpack.hpp>

#include <array>
#include <concepts>
#include <cstring>
#include <span>
#include <tuple>
#include <type_traits>
#include <utility>

namespace boato::wire {

// What msgpack-c writes into: the caller's room, which never grows.
struct RoomWriter {
  std::span<std::byte> room;
  std::size_t used = 0;
  bool overflow = false;
  void write(const char* data, std::size_t size) {
    if (overflow || size > room.size() - used) {
      overflow = true;
      return;
    }
    if (size > 0) std::memcpy(room.data() + used, data, size);  // an empty view may have no address
    used += size;
  }
};
using Packer = msgpack::packer<RoomWriter>;

template <class T>
concept Message = requires {
  { T::kind } -> std::convertible_to<Kind>;
  T::fields;
};
template <class T>
concept Group = requires {
  T::fields;
}
&&!Message<T>;
template <class T>
inline constexpr bool is_strong = false;
template <class Tag, class Rep>
inline constexpr bool is_strong<Strong<Tag, Rep>> = true;
template <class T>
inline constexpr bool is_id32 = std::same_as<T, PeerId>;
template <class Tag>
inline constexpr bool is_id32<Id32<Tag>> = true;
template <class T>
constexpr std::size_t width_of() {
  if constexpr (requires { T::fields; })
    return std::apply(
        [](auto... field) {
          return (width_of<std::remove_cvref_t<decltype(std::declval<T&>().*field)>>() + ... + 0);
        },
        T::fields);
  else
    return 1;
}
// How many elements a value takes in the array around it: the fields of a group lie flat.
template <class T>
inline constexpr std::size_t width = width_of<T>();

inline void put_bin(Packer& pk, Bytes b) {
  pk.pack_bin(static_cast<std::uint32_t>(b.size()));
  pk.pack_bin_body(reinterpret_cast<const char*>(b.data()), static_cast<std::uint32_t>(b.size()));
}

template <class T>
void put(Packer& pk, const T& value) {
  if constexpr (std::same_as<T, bool>) {
    value ? pk.pack_true() : pk.pack_false();
  } else if constexpr (std::unsigned_integral<T>) {
    pk.pack(static_cast<std::uint64_t>(value));
  } else if constexpr (std::is_enum_v<T>) {
    pk.pack(static_cast<std::uint64_t>(value));
  } else if constexpr (is_strong<T>) {
    pk.pack(static_cast<std::uint64_t>(value.raw()));
  } else if constexpr (is_id32<T>) {
    put_bin(pk, view(value.raw));
  } else if constexpr (std::same_as<T, Bytes>) {
    put_bin(pk, value);
  } else if constexpr (std::same_as<T, std::string_view>) {
    pk.pack_str(static_cast<std::uint32_t>(value.size()));
    pk.pack_str_body(value.data(), static_cast<std::uint32_t>(value.size()));
  } else {
    static_assert(Group<T>, "a field type without an encoding");
    std::apply([&](auto... field) { (put(pk, value.*field), ...); }, T::fields);
  }
}

inline void put(Packer& pk, const AddressList& list) {
  std::array<std::byte, addresses_max * address_bytes> packed{};
  ByteWriter out{packed};
  for (const Address& a : list) {
    out.bytes(view(a.ip));
    out.be(a.port);
  }
  put_bin(pk, out.written());
}

template <class T, std::size_t Max>
void put(Packer& pk, const List<T, Max>& list) {
  pk.pack_array(static_cast<std::uint32_t>(list.size() * width<T>));
  for (const T& item : list) put(pk, item);
}

template <class T>
bool get(Cursor& in, T& value) {
  if constexpr (std::same_as<T, bool>) {
    return in.boolean(value);
  } else if constexpr (std::unsigned_integral<T>) {
    std::uint64_t raw = 0;
    if (!in.uint(raw) || raw > static_cast<T>(~T{0})) return false;
    value = static_cast<T>(raw);
    return true;
  } else if constexpr (std::is_enum_v<T>) {  // senders of later versions may use values we do not know:
                                             // receivers answer for all
    std::underlying_type_t<T> raw{};
    if (!get(in, raw)) return false;
    value = static_cast<T>(raw);
    return true;
  } else if constexpr (is_strong<T>) {
    std::remove_cvref_t<decltype(value.raw())> raw{};
    if (!get(in, raw)) return false;
    value = T{raw};
    return true;
  } else if constexpr (is_id32<T>) {
    Bytes b;
    if (!in.bin(b) || b.size() != value.raw.size()) return false;
    std::memcpy(value.raw.data(), b.data(), b.size());
    return true;
  } else if constexpr (std::same_as<T, Bytes>) {
    return in.bin(value);
  } else if constexpr (std::same_as<T, std::string_view>) {
    return in.str(value);
  } else {
    static_assert(Group<T>, "a field type without a decoding");
    return std::apply([&](auto... field) { return (get(in, value.*field) && ...); }, T::fields);
  }
}

inline bool get(Cursor& in, AddressList& list) {
  Bytes packed;
  if (!in.bin(packed) || packed.size() % address_bytes != 0 || packed.size() > addresses_max * address_bytes)
    return false;
  list.clear();
  ByteReader reader{packed};
  while (reader.left() > 0) {
    Address a;
    reader.array(a.ip);
    a.port = reader.be<std::uint16_t>();
    list.push_back(a);
  }
  return true;
}

template <class T, std::size_t Max>
bool get(Cursor& in, List<T, Max>& list) {
  std::uint32_t count = 0;
  constexpr std::size_t each = width<T>;
  if (!in.array(count) || count % each != 0 || count / each > Max) return false;
  list.clear();
  for (std::uint32_t i = 0; i < count / each; ++i) {
    T item{};
    if (!get(in, item)) return false;
    list.push_back(item);
  }
  return true;
}

// Writes the envelope of `m` into `room`. Errc::too_large if it does not fit.
template <Message M>
Result<std::size_t, Errc> encode(const M& m, std::span<std::byte> room) {
  RoomWriter writer{room};
  Packer pk{writer};
  std::apply(
      [&](auto... field) {
        pk.pack_array(static_cast<std::uint32_t>(1 + width<M>));
        pk.pack_uint8(static_cast<std::uint8_t>(M::kind));
        (put(pk, m.*field), ...);
      },
      M::fields);
  if (writer.overflow) return Errc::too_large;
  return writer.used;
}

// The kind of a frame, and how many fields follow it. False: not a frame.
[[nodiscard]] inline bool open_frame(Cursor& in, Kind& kind, std::uint32_t& fields) {
  std::uint64_t raw = 0;
  if (!in.array(fields) || fields == 0 || !in.uint(raw) || raw > 0xff) return false;
  kind = static_cast<Kind>(raw);
  --fields;
  return true;
}

// Reads the fields behind open_frame. Missing fields fail; fields of later versions are skipped. The cursor
// ends at the body.
template <Message M>
[[nodiscard]] bool read(Cursor& in, std::uint32_t fields, M& m) {
  constexpr std::size_t known = width<M>;
  if (fields < known) return false;
  if (!std::apply([&](auto... field) { return (get(in, m.*field) && ...); }, M::fields)) return false;
  for (std::size_t i = known; i < fields; ++i)
    if (!in.skip(1)) return false;
  return true;
}

// A whole frame of one kind; `body` is what stands behind the envelope.
template <Message M>
[[nodiscard]] bool decode(Bytes frame, M& m, Bytes* body = nullptr) {
  Cursor in{frame};
  Kind kind{};
  std::uint32_t fields = 0;
  if (!open_frame(in, kind, fields) || kind != M::kind || !read(in, fields, m)) return false;
  if (body) *body = in.rest();
  return true;
}

}  // namespace boato::wire
