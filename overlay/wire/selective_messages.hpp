// SPDX-License-Identifier: Apache-2.0
// Messages of streams whose events go only to the members that want them (multicast/selective.cpp). Each
// comment states the receiver's duty. A *name* is the upper 40 bits of a member's place on the ring.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <tuple>

namespace boato::wire {

inline constexpr std::size_t recipients_max = 512;     // of one CAST_TO
inline constexpr std::size_t news_max = 64;            // streams in one NEWS
inline constexpr std::size_t selective_hops_max = 32;  // of CAST_TO, VOUCH and VOUCHED

// Body: one batch, for the members listed in `recipients` (multicast/recipients.hpp) and nobody else.
// Receiver: if it is listed, take the batch in; hand the others on, each to a member that is listed or lies
// nearer to it on the ring. It checks the signature before it forwards, and counts the frame in its next
// TAKEN.
struct CastTo {
  static constexpr Kind kind = Kind::cast_to;
  TopicTag topic;
  Bytes recipients;
  std::uint8_t flags = 0;  // as of CAST: takeover
  std::uint8_t hops = 0;
  static constexpr auto fields =
      std::tuple{&CastTo::topic, &CastTo::recipients, &CastTo::flags, &CastTo::hops};
};

// A stream that is handed out selectively, and how far it is known to reach.
struct StreamNews {
  PeerId publisher;
  Incarnation incarnation;
  Seq upto;
  static constexpr auto fields =
      std::tuple{&StreamNews::publisher, &StreamNews::incarnation, &StreamNews::upto};
};

// Receiver: these numbers exist. Whether some of them are its own only the publisher knows: ask it (VOUCH).
struct News {
  static constexpr Kind kind = Kind::news;
  TopicTag topic;
  List<StreamNews, news_max> streams;
  static constexpr auto fields = std::tuple{&News::topic, &News::streams};
};

// Body: the asker's roster entry, or nothing. Travels to the member `to` by links that lie nearer to it on
// the ring. `held`: one entry as of HAVE: upto = the number up to which the asker was vouched for, and the
// batches that it has above. Receiver, if it publishes the stream or has all of it: merge the entry; CAST_TO
// the asker what it wants above and does not hold; answer VOUCHED. If it does not know that version of the
// asker's entry it stays silent.
struct Vouch {
  static constexpr Kind kind = Kind::vouch;
  TopicTag topic;
  std::uint64_t to = 0, asker = 0;  // places
  std::uint64_t version = 0;        // of the asker's entry
  Bytes held;
  std::uint8_t hops = 0;
  static constexpr auto fields =
      std::tuple{&Vouch::topic, &Vouch::to, &Vouch::asker, &Vouch::version, &Vouch::held, &Vouch::hops};
};

// Travels to the member `to` as VOUCH does. `wanted`: one entry as of HAVE: of the numbers behind its upto up
// to `upto` here, exactly its runs are for the interest of that version of the receiver's entry. Receiver:
// the others are accounted for; what it misses is on its way, or is asked for again.
struct Vouched {
  static constexpr Kind kind = Kind::vouched;
  TopicTag topic;
  std::uint64_t to = 0;
  std::uint64_t version = 0;
  Seq upto;
  Bytes wanted;
  std::uint8_t hops = 0;
  static constexpr auto fields = std::tuple{&Vouched::topic, &Vouched::to,     &Vouched::version,
                                            &Vouched::upto,  &Vouched::wanted, &Vouched::hops};
};

}  // namespace boato::wire
