// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/batch.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/wire/attributes.hpp"

#include <algorithm>
#include <array>

namespace boato::wire {
namespace {

// "boato/1 batch" 00 || network || topic || publisher || incarnation || first_seq || n || root
constexpr std::size_t signed_bytes = 14 + 32 + 32 + 32 + 8 + 8 + 2 + 32;

constexpr Personal root_of = personal("boato/1 flat");

std::array<std::byte, signed_bytes> what_is_signed(const NetworkId& network, const TopicId& topic,
                                                   const BatchView& batch, const Digest& root) {
  std::array<std::byte, signed_bytes> out;
  ByteWriter w{out};
  w.bytes(std::as_bytes(std::span{"boato/1 batch", 14}));  // with its closing zero
  w.bytes(view(network));
  w.bytes(view(topic));
  w.bytes(view(batch.publisher));
  w.be(batch.incarnation.raw());
  w.be(batch.first.raw());
  w.be(batch.count);
  w.bytes(view(root));
  BOATO_CHECK(w.ok() && w.left() == 0);
  return out;
}

}  // namespace

bool EventCursor::next(EventView& event) {
  if (rest_.size() < event_header_bytes) return false;
  const std::byte* p = rest_.data();
  event.time_us = get_be<std::uint64_t>(p);
  event.expiry_us = get_be<std::uint64_t>(p + 8);
  event.flags = get_be<std::uint32_t>(p + 16);
  const std::size_t ext = get_be<std::uint32_t>(p + 20), attributes = get_be<std::uint32_t>(p + 24),
                    payload = get_be<std::uint32_t>(p + 28);
  rest_ = rest_.subspan(event_header_bytes);
  if (ext > rest_.size() || attributes > rest_.size() - ext || payload > rest_.size() - ext - attributes) {
    rest_ = {};
    return false;
  }
  event.ext = rest_.first(ext);
  event.attributes = rest_.subspan(ext, attributes);
  event.payload = rest_.subspan(ext + attributes, payload);
  rest_ = rest_.subspan(ext + attributes + payload);
  return true;
}

Result<BatchView, Errc> parse_batch(Bytes bytes, std::size_t payload_max) {
  ByteReader in{bytes};
  BatchView batch;
  const auto format = in.be<std::uint8_t>();
  batch.kind = static_cast<BatchKind>(in.be<std::uint8_t>());
  batch.count = in.be<std::uint16_t>();
  in.array(batch.publisher.raw);
  batch.incarnation = Incarnation{in.be<std::uint64_t>()};
  batch.first = Seq{in.be<std::uint64_t>()};
  in.array(batch.signature);
  batch.events = in.rest();
  if (!in.ok() || format != batch_format || batch.kind != BatchKind::flat) return Errc::bad_name;
  if (batch.count == 0 || batch.count > batch_events_max) return Errc::bad_name;
  if (batch.first.raw() == 0 || batch.first.raw() > ~std::uint64_t{0} - batch.count) return Errc::bad_name;

  std::size_t at = 0;
  for (std::uint16_t i = 0; i < batch.count; ++i) {
    if (batch.events.size() - at < event_header_bytes) return Errc::bad_name;
    const std::byte* p = batch.events.data() + at;
    const std::size_t ext = get_be<std::uint32_t>(p + 20), attributes = get_be<std::uint32_t>(p + 24),
                      payload = get_be<std::uint32_t>(p + 28);
    if (ext > ext_bytes_max || attributes > attribute_bytes_max || payload > payload_max)
      return Errc::too_large;
    at += event_header_bytes;
    if (ext + attributes + payload > batch.events.size() - at) return Errc::bad_name;
    at += ext + attributes + payload;
  }
  if (at != batch.events.size()) return Errc::bad_name;
  return batch;
}

void BatchBuilder::hash(const Crypto& crypto, std::span<BatchBuilder* const> batches) {
  constexpr std::size_t at_once = 16;
  std::array<Bytes, at_once> events;
  std::array<Digest, at_once> roots;
  while (!batches.empty()) {
    const auto some = batches.first(std::min(batches.size(), at_once));
    for (std::size_t i = 0; i < some.size(); ++i) events[i] = some[i]->events();
    crypto.hash_each(root_of, std::span{events}.first(some.size()), std::span{roots}.first(some.size()));
    for (std::size_t i = 0; i < some.size(); ++i) some[i]->root_ = roots[i];
    batches = batches.subspan(some.size());
  }
}

bool BatchBuilder::add(const EventView& event) {
  BOATO_CHECK(!signed_);
  const std::size_t bytes = event_bytes(event);
  if (count_ == batch_events_max || bytes > slab_.capacity() - size_) return false;
  ByteWriter out{{slab_.data() + size_, bytes}};
  out.be(event.time_us);
  out.be(event.expiry_us);
  out.be(event.flags);
  out.be(static_cast<std::uint32_t>(event.ext.size()));
  out.be(static_cast<std::uint32_t>(event.attributes.size()));
  out.be(static_cast<std::uint32_t>(event.payload.size()));
  out.bytes(event.ext);
  out.bytes(event.attributes);
  out.bytes(event.payload);
  BOATO_CHECK(out.ok());
  root_.reset();
  size_ += static_cast<std::uint32_t>(bytes);
  ++count_;
  return true;
}

void BatchBuilder::sign(const Stamp& stamp) {
  BOATO_CHECK(count_ > 0 && !signed_);
  BatchView batch;
  batch.kind = BatchKind::flat;
  batch.count = count_;
  batch.publisher = stamp.publisher;
  batch.incarnation = stamp.incarnation;
  batch.first = stamp.first;
  batch.events = events();
  if (!root_) root_ = stamp.crypto->hash(root_of, std::span{&batch.events, 1});
  stamp.crypto->sign(*stamp.secret, what_is_signed(*stamp.network, *stamp.topic, batch, *root_),
                     batch.signature);
  ByteWriter out{{slab_.data() + begin_, batch_header_bytes}};
  out.be(batch_format);
  out.be(static_cast<std::uint8_t>(BatchKind::flat));
  out.be(count_);
  out.bytes(view(stamp.publisher));
  out.be(stamp.incarnation.raw());
  out.be(stamp.first.raw());
  out.bytes(view(batch.signature));
  BOATO_CHECK(out.ok() && out.left() == 0);
  signed_ = true;
}

EventRef BatchBuilder::finish(const Stamp& stamp) {
  if (!signed_) sign(stamp);
  EventRef result = slab_.slice(begin_, size_ - begin_);
  *this = BatchBuilder{};
  return result;
}

bool signature_holds(const Crypto& crypto, const NetworkId& network, const TopicId& topic,
                     const BatchView& batch) {
  const Digest root = crypto.hash(root_of, std::span{&batch.events, 1});
  return crypto.verify(batch.publisher, what_is_signed(network, topic, batch, root), batch.signature);
}

StreamTag stream_tag(const Crypto& crypto, const TopicId& topic, const PeerId& publisher,
                     Incarnation incarnation) {
  std::array<std::byte, 8> number;
  put_be(number.data(), incarnation.raw());
  const std::array<Bytes, 3> parts{view(topic), view(publisher), number};
  return StreamTag{get_be<std::uint64_t>(view(crypto.hash(personal("boato/1 stream"), parts)).data())};
}

}  // namespace boato::wire
