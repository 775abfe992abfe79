// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/link.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"

#include <algorithm>
#include <cstring>

namespace boato {
namespace {

constexpr std::size_t confirm_plain_bytes = 1 + 32;
constexpr std::size_t large_record_bytes = 4096;  // control is seldom that long
constexpr std::size_t out_bytes_min = 64;  // room for a CONFIRM, or for a record that carries something
// Codes of a CLOSE record are the values below 64. What is local only, or not known to us, counts as
// protocol.
constexpr std::uint16_t local_reasons_from = 64;

constexpr std::uint16_t close_code(CloseReason reason) {
  const auto value = static_cast<std::uint16_t>(reason);
  return value > 0 && value < local_reasons_from ? value : static_cast<std::uint16_t>(CloseReason::protocol);
}
constexpr CloseReason close_reason(std::uint16_t code) {
  return code > 0 && code <= static_cast<std::uint16_t>(CloseReason::denied) ? static_cast<CloseReason>(code)
                                                                             : CloseReason::protocol;
}

constexpr std::size_t frame_bytes_limit = std::size_t{64} << 20;  // 32-bit offsets inside slabs

}  // namespace

Link::Link(const LinkSetup& setup, Role role, const Key32& ephemeral_entropy, Time now,
           std::optional<PeerId> expected)
    : crypto_{setup.crypto},
      slabs_{setup.slabs},
      limits_{setup.limits},
      own_id_{setup.identity->id},
      role_{role},
      created_{now},
      last_received_{now},
      handshake_{std::make_unique<Handshake>(setup, role == Role::initiator, ephemeral_entropy, expected)},
      tx_{*setup.crypto, setup.limits.rekey_every},
      rx_{*setup.crypto, setup.limits.rekey_every} {
  BOATO_CHECK(crypto_ && slabs_ && setup.limits.rekey_every > 0);
  BOATO_CHECK(std::max(limits_.control_frame_bytes_max, limits_.data_frame_bytes_max) <= frame_bytes_limit);
}

Link::~Link() = default;

CloseReason Link::end(CloseReason reason) {
  over_ = reason;
  return reason;
}

// The keys are there. For the responder the link is up; the initiator waits for CONFIRM.
void Link::start_records() {
  const bool initiator = role_ == Role::initiator;
  if (initiator)
    handshake_->split(tx_.key(), rx_.key());
  else
    handshake_->split(rx_.key(), tx_.key());
  peer_id_ = handshake_->hello().id;
  up_ = confirm_waits_ = !initiator;
}

Link::Opened Link::next_record(Bytes& wire, Time now, Flow& flow) {
  // The common case: a whole record lies there and is opened where it lies.
  if (record_have_ == 0 && wire.size() >= 2) {
    const std::size_t length = get_be<std::uint16_t>(wire.data());
    if (length < record_bytes_min || length > record_bytes_max)
      return end(CloseReason::protocol), Opened::over;
    if (wire.size() >= 2 + length) {
      const Bytes sealed = wire.subspan(2, length);
      wire = wire.subspan(2 + length);
      return open_record(sealed, flow);
    }
  }
  // Otherwise its pieces are collected. The length is checked before anything is held for the body.
  if (record_have_ == 0) partial_record_since_ = now;
  while (record_have_ < 2 && !wire.empty()) {
    record_length_[record_have_++] = wire.front();
    wire = wire.subspan(1);
  }
  if (record_have_ < 2) return Opened::nothing;
  const std::size_t length = get_be<std::uint16_t>(record_length_.data());
  if (length < record_bytes_min || length > record_bytes_max) return end(CloseReason::protocol), Opened::over;
  if (!up_ && length != confirm_plain_bytes + seal_tag_bytes) return end(CloseReason::protocol), Opened::over;
  if (wire.empty()) return Opened::nothing;
  if (!partial_record_) partial_record_ = slabs_->take(length);
  const std::size_t have = record_have_ - 2, n = std::min(length - have, wire.size());
  std::memcpy(partial_record_.data() + have, wire.data(), n);
  record_have_ += static_cast<std::uint32_t>(n);
  wire = wire.subspan(n);
  if (have + n < length) return Opened::nothing;

  const SlabRef whole = std::move(partial_record_);
  partial_record_ = SlabRef{};
  record_have_ = 0;
  partial_record_since_ = never;
  return open_record({whole.data(), length}, flow);
}

Link::Opened Link::open_record(Bytes sealed, Flow& flow) {
  if (!up_) return open_confirm(sealed);
  // The kind is inside, so the class has to be guessed before the record is opened into its buffer.
  const bool large = sealed.size() >= large_record_bytes;
  const Flow guess = large ? last_large_ : last_small_;
  FrameBuffer& guessed = in_[index(guess)];
  const std::size_t plain = sealed.size() - seal_tag_bytes;
  std::byte* at = guessed.begin_record(*slabs_, plain);
  if (!rx_.open(sealed, at)) {
    guessed.cancel();
    return end(CloseReason::protocol), Opened::over;
  }
  ++counters_.records_in;
  counters_.rekeys_in = rx_.rekeys();

  const auto kind = static_cast<RecordKind>(*at);
  const Bytes data{at + 1, plain - 1};
  if (kind <= RecordKind::repair && !data.empty()) {
    flow = static_cast<Flow>(kind);
    if (flow == guess) {
      guessed.commit(plain);
    } else {
      guessed.cancel();
      in_[index(flow)].append(*slabs_, data);
      ++counters_.misplaced_records;
    }
    (large ? last_large_ : last_small_) = flow;
    return Opened::flow;
  }
  guessed.cancel();
  if (kind == RecordKind::padding) return Opened::skipped;
  if (kind == RecordKind::close && data.size() >= 2) {
    peer_closed_ = true;
    end(close_reason(get_be<std::uint16_t>(data.data())));
    return Opened::over;
  }
  return end(CloseReason::protocol), Opened::over;  // unknown, empty, or a second CONFIRM
}

// The first record an initiator gets, and the only one it accepts.
Link::Opened Link::open_confirm(Bytes sealed) {
  std::array<std::byte, confirm_plain_bytes> plain;
  const bool sent_everything = handshake_->to_send().empty();
  if (!sent_everything || sealed.size() != plain.size() + seal_tag_bytes || !rx_.open(sealed, plain.data()) ||
      static_cast<RecordKind>(plain[0]) != RecordKind::confirm ||
      std::memcmp(plain.data() + 1, own_id_.raw.data(), own_id_.raw.size()) != 0)
    return end(CloseReason::handshake_failed), Opened::over;
  ++counters_.records_in;
  counters_.rekeys_in = rx_.rekeys();
  return Opened::confirmed;
}

void Link::note_partial_frame(Flow flow, bool frame_completed, Time now) {
  Time& since = partial_frame_since_[index(flow)];
  if (in_[index(flow)].partial_bytes() == 0)
    since = never;
  else if (frame_completed || since == never)
    since = now;
}

Link::Queued Link::queue(Flow flow, Bytes envelope, EventRef body, Time now) {
  BOATO_CHECK(up_);
  if (over() || closing()) return Queued::closed;
  const std::size_t size = envelope.size() + body.size();
  BOATO_CHECK(size > 0);
  if (size > (flow == Flow::control ? limits_.control_frame_bytes_max : limits_.data_frame_bytes_max))
    return Queued::too_large;

  SendQueue& queue = out_[index(flow)];
  const std::size_t most = limits_.queued_bytes_max[index(flow)], cost = SendQueue::cost(size);
  // An empty queue takes any frame, so that a budget below the largest frame stalls nothing.
  const auto too_much = [&] { return !queue.empty() && queue.bytes() + cost > most; };
  // Milliseconds of this link's life, from 1; 0 = no stamp.
  const auto age = std::chrono::duration_cast<std::chrono::milliseconds>(now - created_).count();
  const auto stamp = now > created_ ? static_cast<std::uint32_t>(age + 1) : 0;
  Queued result = Queued::ok;
  switch (flow) {
    case Flow::control:
      if (too_much()) return Queued::full;
      break;
    case Flow::reliable: {
      const std::uint32_t oldest = queue.oldest_stamp();
      const bool aged =
          stamp > 0 && oldest > 0 && std::chrono::milliseconds{stamp - oldest} > limits_.queued_age_max;
      if (aged || too_much()) return ++counters_.refused_lagging, Queued::lagging;
      break;
    }
    case Flow::unreliable:
      while (too_much() && queue.drop_oldest()) {
        ++counters_.dropped_oldest;
        result = Queued::dropped_oldest;
      }
      break;
    case Flow::repair:
      if (too_much()) return ++counters_.refused_lagging, Queued::lagging;
      break;
  }
  queue.push(envelope, std::move(body), stamp);
  return result;
}

std::size_t Link::drop(Flow flow) {
  std::size_t dropped = 0;
  while (out_[index(flow)].drop_oldest()) ++dropped;
  return dropped;
}

FlowTurns::Waiting Link::waiting() const {
  FlowTurns::Waiting result{};
  for (std::size_t i = 0; i < flows; ++i)
    result[i] = !out_[i].empty() && (!closing() || i == index(Flow::control));
  return result;
}

bool Link::wants_to_send() const {
  if (over()) return false;
  if (handshake_ && !handshake_->to_send().empty()) return true;
  return up_ && (confirm_waits_ || close_waits_ || std::ranges::any_of(waiting(), [](bool b) { return b; }));
}

std::size_t Link::queued_bytes(Flow flow) const { return out_[index(flow)].bytes(); }

std::size_t Link::queued_bytes() const {
  std::size_t sum = 0;
  for (const SendQueue& queue : out_) sum += queue.bytes();
  return sum;
}

std::size_t Link::fill_control_record(std::span<std::byte> out, RecordKind kind, Bytes bytes) {
  out[2] = static_cast<std::byte>(kind);
  std::memcpy(out.data() + 3, bytes.data(), bytes.size());
  ++counters_.records_out;
  return tx_.seal(out.data(), 1 + bytes.size());
}

std::size_t Link::fill(std::span<std::byte> out) {
  if (over() || out.size() < out_bytes_min) return 0;
  std::size_t used = 0;
  if (handshake_) {
    const Bytes bytes = handshake_->to_send().first(std::min(handshake_->to_send().size(), out.size()));
    if (!bytes.empty()) std::memcpy(out.data(), bytes.data(), bytes.size());
    handshake_->sent(bytes.size());
    used = bytes.size();
  }
  if (up_ && confirm_waits_ && out.size() - used >= out_bytes_min) {
    used += fill_control_record(out.subspan(used), RecordKind::confirm, view(peer_id_));
    confirm_waits_ = false;
  }
  while (up_ && !confirm_waits_ && out.size() - used >= out_bytes_min) {
    const auto flow = turns_.pick(waiting());
    if (!flow) break;
    const std::size_t room = std::min(record_data_bytes_max, out.size() - used - record_overhead_bytes);
    SendQueue& queue = out_[index(*flow)];
    if (used > 0 && room < record_data_bytes_max && !queue.first_fits(room))
      break;  // a whole record next time
    std::byte* record = out.data() + used;
    record[2] = static_cast<std::byte>(*flow);
    std::uint64_t through = 0;
    const std::size_t n = queue.take(out.subspan(used + 3, room), record_data_bytes_max, through);
    used += tx_.seal(record, 1 + n);
    turns_.charge(*flow, n);
    ++counters_.records_out;
    counters_.frames_out[index(*flow)] += through;
    counters_.flow_bytes_out[index(*flow)] += n;
  }
  if (up_ && close_waits_ && out_[index(Flow::control)].empty() && out.size() - used >= out_bytes_min) {
    std::array<std::byte, 2> code;
    put_be(code.data(), close_code(closing_));
    used += fill_control_record(out.subspan(used), RecordKind::close, code);
    close_waits_ = false;
  }
  counters_.rekeys_out = tx_.rekeys();
  counters_.wire_bytes_out += used;
  return used;
}

void Link::close(CloseReason reason) {
  if (over() || closing()) return;
  closing_ = reason;
  close_waits_ = up_;
  if (!up_) end(reason);
}

Time Link::next_deadline() const {
  if (over()) return never;
  if (!up_) {
    const bool silent = role_ == Role::responder && !handshake_->first_byte_seen();
    return created_ + (silent ? std::min(limits_.first_byte_within, limits_.handshake_within)
                              : limits_.handshake_within);
  }
  Time deadline = never;
  if (partial_record_since_ != never) deadline = partial_record_since_ + limits_.partial_record_within;
  for (Time since : partial_frame_since_)
    if (since != never) deadline = std::min(deadline, since + limits_.partial_frame_within);
  return deadline;
}

CloseReason Link::on_deadline(Time now) {
  if (over()) return over_;
  return now >= next_deadline() ? end(CloseReason::timeout) : CloseReason::none;
}

std::size_t Link::partial_bytes() const {
  std::size_t sum = record_have_;
  for (const FrameBuffer& buffer : in_) sum += buffer.partial_bytes();
  return sum;
}

Time Link::partial_since() const {
  Time since = partial_record_since_;
  for (Time frame : partial_frame_since_) since = std::min(since, frame);
  return since;
}

void Link::trim() {
  for (FrameBuffer& buffer : in_) buffer.release_if_idle();
  for (SendQueue& queue : out_) queue.trim();
}

}  // namespace boato
