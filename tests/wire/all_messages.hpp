// SPDX-License-Identifier: Apache-2.0
// Every message there is, and how to fill one with anything.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/wire/codec.hpp"
#include "overlay/wire/directory_messages.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/membership_messages.hpp"
#include "overlay/wire/roster_messages.hpp"
#include "overlay/wire/selective_messages.hpp"
#include "overlay/wire/view_messages.hpp"

#include <tuple>

namespace boato::wire {

using AllMessages =
    std::tuple<TopicPush, TopicNames, TopicFetch, DirectoryRanges, Cast, Taken, Mesh, Have, Pull, Repair,
               HaveNot, Reconcile, Frontiers, StartAsk, StartTell, Neighbor, Accept, Refuse, Disconnect,
               Shuffle, ShuffleReply, Join, Samples, Walk, Splice, SpliceAnswer, Ping, Pong, Probe,
               ProbeResult, RosterJoin, RosterWelcome, RosterFetch, RosterPage, RosterRanges, RosterWant,
               RosterSpread, CastTo, News, Vouch, Vouched, ViewAsk, ViewTell>;

// f.operator()<M>() for each.
template <class F>
void for_each_message(F&& f) {
  [&]<class... M>(std::tuple<M...>*) {
    (f.template operator()<M>(), ...);
  }(static_cast<AllMessages*>(nullptr));
}

// Any value of a field. `full`: lists have all the elements they may have.
template <class T>
void fill(T& value, Rng& rng, bool full);

template <class T, std::size_t Max>
void fill(List<T, Max>& list, Rng& rng, bool full) {
  list.clear();
  for (std::uint64_t i = 0, n = full ? Max : rng.below(std::min<std::size_t>(Max, 5) + 1); i < n; ++i) {
    T item{};
    fill(item, rng, full);
    list.push_back(item);
  }
}

template <class T>
void fill(T& value, Rng& rng, bool full) {
  static constexpr std::string_view some = "some bytes that any field may show";
  if constexpr (std::same_as<T, bool>) {
    value = rng.below(2) == 1;
  } else if constexpr (std::unsigned_integral<T> || std::is_enum_v<T>) {
    value = static_cast<T>(rng.next() >> rng.below(64));
  } else if constexpr (is_strong<T>) {
    value = T{static_cast<decltype(value.raw())>(rng.next() >> rng.below(64))};
  } else if constexpr (is_id32<T>) {
    for (auto& byte : value.raw) byte = static_cast<std::uint8_t>(rng.next());
  } else if constexpr (std::same_as<T, Bytes>) {
    value = bytes(some.substr(rng.below(some.size())));
  } else if constexpr (std::same_as<T, std::string_view>) {
    value = some.substr(rng.below(some.size()));
  } else if constexpr (std::same_as<T, Address>) {
    for (auto& byte : value.ip) byte = static_cast<std::uint8_t>(rng.next());
    value.port = static_cast<std::uint16_t>(rng.next());
  } else {
    std::apply([&](auto... field) { (fill(value.*field, rng, full), ...); }, T::fields);
  }
}

}  // namespace boato::wire
