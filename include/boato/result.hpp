// SPDX-License-Identifier: Apache-2.0
// Result<T> has the member names of std::expected (C++23), so that an alias can replace it one day.
#pragma once

#include <boato/types.hpp>

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace boato {

// Why a call did not do what was asked. Codes and names only grow.
enum class Errc : std::uint8_t {
  would_block = 1,  // a queue is full; nothing was accepted: wait for room, or drop
  timeout,          // the time is over; the outcome is open
  closed,           // the peer, topic or subscription is closed
  unreachable,      // no address of `join` answered
  no_quorum,        // too few replicas are reachable: retry later
  expect_failed,    // the topic was not at the expected number
  conflict,         // the topic is declared with another contract
  not_allowed,      // not permitted here, or not offered by this topic's contract
  no_such,          // no topic, peer or group of that name
  no_responders,    // nobody answers requests on that topic
  too_large,        // above a limit: never retry
  bad_name,         // not a topic name or pattern
  bad_predicate,    // not a predicate
  bad_config,       // an option that is not known or not a valid value
  disk_full,        // this peer's own store is full
  fenced,           // a newer owner of the same name is at work
  wrong_thread,     // this call must not come from an own handler
  internal,         // a fault in boato: please report it
};

// The code's name as it stands in --json output: "would_block".
[[nodiscard]] std::string_view to_string(Errc code);

struct Error {
  Errc code{};
  std::string detail{};  // one sentence for people; empty for would_block, so that refusing allocates nothing
  std::uint32_t reachable = 0;  // no_quorum: replicas seen
  std::uint32_t needed = 0;     // no_quorum: replicas needed
  WallTime since{};             // no_quorum: since when
  std::uint64_t number = 0;     // expect_failed, timeout of a versioned read: where the topic is

  // NOLINTNEXTLINE(google-explicit-constructor): `return Errc::closed;` is how calls refuse
  Error(Errc c, std::string why = {}) : code{c}, detail{std::move(why)} {}
};

namespace detail {
[[noreturn]] void result_misused() noexcept;
}

// A value or an error. Reading the wrong side stops the program and says so.
template <class T, class E = Error>
class [[nodiscard]] Result {
 public:
  // NOLINTBEGIN(google-explicit-constructor): a function returns its value or its error as it is
  Result(T value) : state_{std::in_place_index<0>, std::move(value)} {}
  Result(E error) : state_{std::in_place_index<1>, std::move(error)} {}
  Result(Errc code) requires(!std::same_as<E, Errc>) : state_{std::in_place_index<1>, E{code}} {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return state_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }

  T& operator*() & { return need(has_value()), *std::get_if<0>(&state_); }
  const T& operator*() const& { return need(has_value()), *std::get_if<0>(&state_); }
  T&& operator*() && { return need(has_value()), std::move(*std::get_if<0>(&state_)); }
  T* operator->() { return need(has_value()), std::get_if<0>(&state_); }
  const T* operator->() const { return need(has_value()), std::get_if<0>(&state_); }
  [[nodiscard]] const E& error() const { return need(!has_value()), *std::get_if<1>(&state_); }

 private:
  static void need(bool held) {
    if (!held) detail::result_misused();
  }
  std::variant<T, E> state_;
};

template <class E>
class [[nodiscard]] Result<void, E> {
 public:
  Result() = default;
  // NOLINTBEGIN(google-explicit-constructor): as above
  Result(E error) : error_{std::move(error)} {}
  Result(Errc code) requires(!std::same_as<E, Errc>) : error_{E{code}} {}
  // NOLINTEND(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return !error_.has_value(); }
  explicit operator bool() const noexcept { return has_value(); }
  [[nodiscard]] const E& error() const {
    if (has_value()) detail::result_misused();
    return *error_;
  }

 private:
  std::optional<E> error_;
};

}  // namespace boato
