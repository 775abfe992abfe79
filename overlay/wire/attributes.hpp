// SPDX-License-Identifier: Apache-2.0
// The attributes and the extras of an event as bytes. Attributes: one flat array [name, value, ...] with
// names strictly ascending by their bytes; a value is nil, bool, integer, float64, str or bin. No attributes
// are no bytes. One set of attributes has one form, so equal events have equal bytes. Extras: one flat array
// [id, value, ...] with rising ids; ids that are not known are skipped, so later versions add dependencies
// and the like.
#pragma once

#include <boato/result.hpp>
#include <boato/types.hpp>

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace boato::wire {

inline constexpr std::size_t attributes_max = 32;
inline constexpr std::size_t attribute_name_bytes_max = 64;
inline constexpr std::size_t attribute_value_bytes_max = 1024;  // of a str or bin
inline constexpr std::size_t attribute_bytes_max = 8192;        // all of one event, encoded
inline constexpr std::size_t ext_bytes_max = 4096;
inline constexpr std::size_t content_type_bytes_max = 255;
inline constexpr std::size_t key_bytes_max = 1024;

// Writes them in order of their names, whatever order they come in; the number of bytes. Errors: too_large
// (a limit, or `room`; attribute_bytes_max is always enough), bad_name (empty, twice, or not UTF-8 without
// NUL).
[[nodiscard]] Result<std::size_t, Errc> encode_attributes(std::span<const Attribute> attributes,
                                                          std::span<std::byte> room);

// Views into `bytes`; `out` is cleared first and reused. False: malformed or above a limit; `out` is then
// empty.
[[nodiscard]] bool decode_attributes(Bytes bytes, std::vector<Attribute>& out);

// The same checks without keeping anything.
[[nodiscard]] bool attributes_valid(Bytes bytes);

struct EventExt {
  std::string_view content_type;  // id 1; empty = not given
  Bytes key;                      // id 2: of keyed topics; empty = none
};

// No extras are no bytes. Errors: too_large, bad_name (content type is not UTF-8).
[[nodiscard]] Result<std::size_t, Errc> encode_ext(const EventExt& ext, std::span<std::byte> room);
[[nodiscard]] bool decode_ext(Bytes bytes, EventExt& ext);

}  // namespace boato::wire
