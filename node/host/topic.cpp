// SPDX-License-Identifier: Apache-2.0
#include <boato/topic.hpp>

#include "node/host/clock.hpp"
#include "node/host/host.hpp"
#include "node/host/peer_common.hpp"
#include "overlay/wire/attributes.hpp"

#include <array>

namespace boato {
namespace {

constexpr std::size_t key_bytes_max = 255;

Error too_large(const std::string& what, std::size_t bytes, std::size_t bytes_max) {
  return {Errc::too_large, what + " has " + std::to_string(bytes) + " bytes, at most " +
                               std::to_string(bytes_max) + " are allowed"};
}

// What this version's contracts do not offer is refused, never weakened.
std::optional<Error> not_offered(const PublishOptions& options, const Contract& contract,
                                 std::uint32_t replicas) {
  if (options.expect)
    return Error{Errc::not_allowed,
                 "expect needs a totally ordered topic, which this version does not offer"};
  if (options.receipt == ReceiptLevel::ordered)
    return Error{Errc::not_allowed,
                 "receipt 'ordered' needs a totally ordered topic, which this version does not offer: "
                 "use 'accepted' or 'stored'"};
  if (options.receipt == ReceiptLevel::all && replicas == 0)
    return Error{Errc::not_allowed,
                 "receipt 'all' needs a topic of durability disk: use 'accepted' or 'stored'"};
  if (replicas > 0 && options.copies > replicas) {
    Error error{Errc::no_quorum,
                "the topic has " + std::to_string(replicas) + " replicas: so many copies there cannot be"};
    error.needed = options.copies;
    error.reachable = replicas;
    return error;
  }
  if (options.receipt == ReceiptLevel::stored && contract.reliability == Reliability::unreliable)
    return Error{Errc::not_allowed,
                 "an unreliable topic gives no 'stored' receipts: use 'accepted', or a reliable topic"};
  if (options.copies > ReceiptBook::copies_max)
    return Error{Errc::not_allowed, "copies may be at most " + std::to_string(ReceiptBook::copies_max)};
  return std::nullopt;
}

// What so many hold as there are replicas all of them hold.
ReceiptBook::Callback told_all(ReceiptBook::Callback callback) {
  return [callback = std::move(callback)](const Result<Receipt>& result) {
    if (!result) return callback(result);
    Receipt receipt = *result;
    receipt.reached = ReceiptLevel::all;
    callback(receipt);
  };
}

struct Encoded {
  // Not initialised: written only where an event has attributes or extras.
  std::array<std::byte, wire::attribute_bytes_max> attributes;
  std::array<std::byte, 1024> ext;
};

std::optional<Error> encode(const PublishOptions& options, Encoded& room, wire::EventView& event) {
  if (!options.attributes.empty()) {
    const auto size = wire::encode_attributes(options.attributes, room.attributes);
    if (!size)
      return Error{size.error(),
                   size.error() == Errc::bad_name
                       ? "attribute names are UTF-8 without NUL, not empty, and each stands once"
                       : "attributes are above a limit: at most 32, names of 64 bytes, strings of 1 KiB, 8 "
                         "KiB together"};
    event.attributes = Bytes{room.attributes}.first(*size);
  }
  if (options.key.empty() && options.content_type.empty()) return std::nullopt;
  if (options.key.size() > key_bytes_max) return too_large("the key", options.key.size(), key_bytes_max);
  if (options.content_type.size() > wire::content_type_bytes_max)
    return too_large("the content type", options.content_type.size(), wire::content_type_bytes_max);
  const auto size = wire::encode_ext({options.content_type, bytes(options.key)}, room.ext);
  if (!size) return Error{size.error(), "the content type is not UTF-8"};
  event.ext = Bytes{room.ext}.first(*size);
  return std::nullopt;
}

Result<Publication> publish(const std::shared_ptr<TopicHandle>& handle, Bytes payload,
                            const PublishOptions& options, bool wait) {
  if (!handle) return Error{Errc::closed, "this topic handle is empty"};
  PeerCommon& peer = *handle->peer;
  if (payload.size() > peer.payload_max) return too_large("the payload", payload.size(), peer.payload_max);
  if (auto error = not_offered(options, handle->contract, handle->replicas)) return std::move(*error);

  Encoded room;
  wire::EventView event;
  event.time_us = wall_now_us();
  if (options.ttl.count() > 0)
    event.expiry_us = event.time_us + static_cast<std::uint64_t>(options.ttl.count());
  event.payload = payload;
  if (auto error = encode(options, room, event)) return std::move(*error);

  const std::size_t size = wire::BatchBuilder::event_bytes(event);
  OutboxHub& hub = *peer.outboxes;
  if (hub.closed()) return Error{Errc::closed, "the peer is closed"};
  bool reserved = hub.reserve(size);
  if (!reserved && wait)
    reserved = hub.reserve_until(size, std::chrono::steady_clock::now() + options.room_within);
  if (!reserved) {
    if (hub.closed()) return Error{Errc::closed, "the peer is closed"};
    peer.refused_full.fetch_add(1, std::memory_order_relaxed);
    return Error{Errc::would_block};
  }
  const auto seq = handle->outbox->add(event);
  if (!seq) {
    hub.release(size);
    return Error{seq.error(), handle->name + " is closed for publishing"};
  }

  ReceiptLevel level = options.receipt;
  if (level == ReceiptLevel::by_contract)
    level = handle->contract.reliability == Reliability::unreliable ? ReceiptLevel::accepted
                                                                    : ReceiptLevel::stored;
  std::uint32_t copies = std::max(options.copies, 1U);
  if (handle->replicas > 0 && options.copies == 0) copies = handle->replicas / 2 + 1;  // a majority
  if (level == ReceiptLevel::all) copies = handle->replicas;
  Publication publication = TopicAccess::publication(handle, *seq, level, copies);
  if (options.on_receipt) {
    if (level == ReceiptLevel::accepted) {
      Receipt receipt;
      receipt.id = publication.id();
      receipt.reached = level;
      peer.delivery->post(
          [callback = options.on_receipt, result = Result<Receipt>{receipt}] { callback(result); });
    } else {
      handle->receipts->when(*seq, copies,
                             level == ReceiptLevel::all ? told_all(options.on_receipt) : options.on_receipt);
    }
  }
  return publication;
}

}  // namespace

Result<Receipt> Publication::wait(Duration within) const {
  if (!topic_) return Error{Errc::closed, "this publication is empty"};
  if (level_ == ReceiptLevel::accepted) {
    Receipt receipt;
    receipt.id = id_;
    receipt.reached = ReceiptLevel::accepted;
    return receipt;
  }
  auto receipt = topic_->receipts->wait(Seq{id_.seq}, copies_, within);
  if (receipt && level_ == ReceiptLevel::all) receipt->reached = level_;
  return receipt;
}

Result<Publication> Topic::publish(Bytes payload, const PublishOptions& options) {
  return boato::publish(handle_, payload, options, true);
}

Result<Publication> Topic::try_publish(Bytes payload, const PublishOptions& options) {
  return boato::publish(handle_, payload, options, false);
}

const std::string& Topic::name() const {
  static const std::string none;
  return handle_ ? handle_->name : none;
}

const Contract& Topic::contract() const {
  static const Contract none;
  return handle_ ? handle_->contract : none;
}

std::vector<Member> Topic::members() const {
  std::vector<Member> out;
  if (!handle_) return out;
  handle_->peer->inbox.call([&] {
    for (const auto& [id, receives] : handle_->peer->host->core().members(handle_->tag))
      out.push_back({id, receives});
  });
  return out;
}

Result<void> Topic::wait_members(std::size_t count, Duration within) {
  const Error closed{Errc::closed, "the peer is closed"};
  if (!handle_) return closed;
  auto request = std::make_shared<MembersRequest>();
  request->topic = handle_->tag;
  request->count = count;
  request->within = within;
  const bool posted = handle_->peer->inbox.post(
      [peer = handle_->peer, request] { peer->host->topics().wait_members(peer->host->now(), request); });
  return posted ? request->answer.take() : closed;
}

}  // namespace boato
