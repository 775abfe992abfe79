// SPDX-License-Identifier: Apache-2.0
// Publishing. A Topic is a handle: it may outlive its Peer and then answers Errc::closed. Any method from any
// thread.
#pragma once

#include <boato/result.hpp>
#include <boato/types.hpp>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

enum class ReceiptLevel : std::uint8_t { by_contract, accepted, stored, ordered, all };

// What a publisher gets back.
struct Receipt {
  EventId id;
  ReceiptLevel reached{};  // accepted: this peer holds it; stored: so many others hold it as were asked for
  std::uint32_t stored_by = 0;   // other peers that have confirmed that they hold it
  std::uint64_t number = 0;      // ordered: committed at this place for ever
  std::uint64_t generation = 0;  // for diagnosis: which founding of the topic
  std::uint64_t lsn = 0;         // for diagnosis: which place in the domain's log
  bool duplicate = false;        // a retry of ours had already got through
};

// Who, among the members of the topic, gets the event.
class Target {
 public:
  static Target everyone() { return {}; }  // multicast
};

enum class OnMinority : std::uint8_t { refuse, wait };

// May be kept and reused: then publishing allocates nothing for the caller.
struct PublishOptions {
  std::vector<Attribute> attributes{};
  std::string_view key{};                 // partition, last value, sticky choice; at most 255 bytes
  std::string_view content_type{};        // at most 255 bytes
  Duration ttl{};                         // 0 = as the contract retains
  std::optional<std::uint64_t> expect{};  // ordered topics: accept only if the topic is at this number
  Target to = Target::everyone();
  ReceiptLevel receipt = ReceiptLevel::by_contract;
  std::uint32_t copies = 0;  // stored: so many other holders (0 counts as 1)
  OnMinority on_minority = OnMinority::refuse;
  // Runs on the delivery thread, exactly once.
  std::function<void(const Result<Receipt>&)> on_receipt{};
  Duration room_within =
      std::chrono::seconds{5};  // how long publish() may wait for room; try_publish() never waits
};

// An event on its way. Dropping it forgets the receipt, not the event.
class Publication {
 public:
  [[nodiscard]] const EventId& id() const { return id_; }
  // Waits for the receipt. Errc::timeout: the outcome is open and this peer goes on trying under the same id;
  // publishing the content again would duplicate it. Errc::closed: the peer was closed first.
  Result<Receipt> wait(Duration within) const;

 private:
  friend struct TopicAccess;
  EventId id_;
  ReceiptLevel level_ = ReceiptLevel::by_contract;
  std::uint32_t copies_ = 0;
  std::shared_ptr<struct TopicHandle> topic_;
};

struct Member {
  PeerId id;
  bool receives = false;  // false: publishes only
  std::string
      interest;  // its predicate, merged over its subscriptions; "true" = everything, "false" = nothing
};

class Topic {
 public:
  // The payload is copied before return. Waits for room only (at most options.room_within), never for
  // receivers. Accepted means: it is delivered, or reported as refused, or counted in the close report.
  // Errors: would_block (no room came: slow down), too_large and bad_name-like refusals of attributes (never
  // retry), not_allowed (the contract does not offer what the options ask for), closed.
  Result<Publication> publish(Bytes payload, const PublishOptions& options = {});
  // The same without waiting: would_block at once, and then nothing was accepted.
  Result<Publication> try_publish(Bytes payload, const PublishOptions& options = {});

  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] const Contract& contract() const;
  // This peer's copy of the roster; O(members).
  [[nodiscard]] std::vector<Member> members() const;
  // Waits until `count` members other than this peer want events of ours.
  Result<void> wait_members(std::size_t count, Duration within);

 private:
  friend struct TopicAccess;
  std::shared_ptr<struct TopicHandle> handle_;
};

}  // namespace boato
