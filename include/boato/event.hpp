// SPDX-License-Identifier: Apache-2.0
// What a subscription hands out: one typed stream of events, gaps and states.
#pragma once

#include <boato/types.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace boato {

// One event as it was published. Cheap to copy (one counted reference), immutable, and safe to share between
// threads. All views live as long as any copy of the event; an event that is kept keeps the memory of its
// batch (at most 64 KiB, or one large event).
class Event {
 public:
  Event() = default;
  Event(const Event& other) noexcept;
  Event(Event&& other) noexcept : shared_{std::exchange(other.shared_, nullptr)}, index_{other.index_} {}
  Event& operator=(Event other) noexcept {
    std::swap(shared_, other.shared_);
    std::swap(index_, other.index_);
    return *this;
  }
  ~Event();

  [[nodiscard]] std::string_view topic() const;
  [[nodiscard]] EventId id() const;
  [[nodiscard]] WallTime time() const;         // the publisher's clock: information, not order
  [[nodiscard]] std::uint64_t number() const;  // place in the topic's total order; 0 if the topic has none
  [[nodiscard]] std::string_view key() const;
  [[nodiscard]] std::string_view content_type() const;
  [[nodiscard]] Bytes payload() const;
  [[nodiscard]] std::string_view text() const;  // the same bytes
  [[nodiscard]] const Value* find(
      std::string_view attribute) const;                        // null if absent; O(number of attributes)
  [[nodiscard]] std::span<const Attribute> attributes() const;  // by rising name
  [[nodiscard]] unsigned hops() const;  // links it crossed on its way here; 0 for own events

 private:
  friend struct EventAccess;
  struct SharedBatch* shared_ = nullptr;
  std::uint32_t index_ = 0;
};

// Events [first, last] of one stream, or numbers [first, last] of an ordered topic, will not come.
struct Gap {
  enum class Reason : std::uint8_t { lost, expired, overflow, refused, not_for_you };
  std::string topic;
  std::optional<EventId> stream;  // its publisher and incarnation; seq is `first`
  std::uint64_t first = 0, last = 0;
  Reason reason{};
};

struct Status {
  enum class Kind : std::uint8_t {
    ready,    // nothing published from here on is missed
    live,     // history is handed out, what follows is new
    lagging,  // this subscription is `behind` by so many events and catches up
    no_quorum,
    quorum_back,
    topic_refused,  // another founding of the same name won
    fenced,
    member_joined,
    member_left,
    closed,
  };
  Kind kind{};
  std::string topic;
  std::string detail;
  std::uint64_t behind = 0;
  std::optional<PeerId> peer;
};

using Item = std::variant<Event, Gap, Status>;

// "lost", "expired", ... and "ready", "live", ... as in --json output.
[[nodiscard]] std::string_view to_string(Gap::Reason reason);
[[nodiscard]] std::string_view to_string(Status::Kind kind);

}  // namespace boato
