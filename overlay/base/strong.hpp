// SPDX-License-Identifier: Apache-2.0
// Strong types of the pure core: no bare integer id appears in a signature.
#pragma once

#include <boato/types.hpp>

#include <compare>
#include <concepts>
#include <cstdint>

namespace boato {

template <class Tag, std::unsigned_integral Rep>
class Strong {
 public:
  constexpr Strong() = default;
  constexpr explicit Strong(Rep raw) : raw_{raw} {}
  [[nodiscard]] constexpr Rep raw() const { return raw_; }
  constexpr auto operator<=>(const Strong&) const = default;

 private:
  Rep raw_{};
};

using LinkId = Strong<struct LinkIdTag, std::uint32_t>;  // one live link of this process, from 1; never on
                                                         // the wire, never reused
using Seq = Strong<struct SeqTag, std::uint64_t>;        // place in one stream, from 1; 64 bits, never wraps
using Incarnation =
    Strong<struct IncarnationTag, std::uint64_t>;  // one start of a peer; rises from start to start

// The first 8 bytes of a topic id, big-endian. Names a topic on a link, where both ends know the whole id:
// signatures cover all 32 bytes, so two topics that were made to share a tag disturb only themselves.
using TopicTag = Strong<struct TopicTagTag, std::uint64_t>;

// 8 bytes of BLAKE2b over (topic, publisher, incarnation): names a stream in frontiers and pulls without a
// per-link dictionary.
using StreamTag = Strong<struct StreamTagTag, std::uint64_t>;

[[nodiscard]] constexpr Seq next(Seq s) { return Seq{s.raw() + 1}; }

// Protocol time: monotonic, passed in, never read from a clock.
using Time = std::chrono::time_point<struct ClockTag, Duration>;
inline constexpr Time never = Time::max();

// 32 bytes that compare as bytes.
template <class Tag>
struct Id32 {
  std::array<std::uint8_t, 32> raw{};
  auto operator<=>(const Id32&) const = default;
};
using TopicId = Id32<struct TopicIdTag>;
using NetworkId = Id32<struct NetworkIdTag>;
using Digest = Id32<struct DigestTag>;

// Where a peer can be dialled. IPv4 is kept in its v6-mapped form (::ffff:a.b.c.d).
struct Address {
  std::array<std::uint8_t, 16> ip{};
  std::uint16_t port = 0;
  auto operator<=>(const Address&) const = default;
};

// The flow classes of a link: each is a byte stream of its own inside the link, with a byte budget of its
// own.
enum class Flow : std::uint8_t { control = 0, reliable = 1, unreliable = 2, repair = 3 };
inline constexpr std::size_t flows = 4;

// Place of a peer on the ring of keys: the first 8 bytes of its key, big-endian.
[[nodiscard]] constexpr std::uint64_t ring_place(const PeerId& id) {
  std::uint64_t place = 0;
  for (int i = 0; i < 8; ++i) place = place << 8 | id.raw[static_cast<std::size_t>(i)];
  return place;
}

[[nodiscard]] constexpr TopicTag tag_of(const TopicId& id) {
  std::uint64_t tag = 0;
  for (int i = 0; i < 8; ++i) tag = tag << 8 | id.raw[static_cast<std::size_t>(i)];
  return TopicTag{tag};
}

}  // namespace boato
