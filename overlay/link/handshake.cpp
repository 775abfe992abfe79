// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/handshake.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/link/knock_filter.hpp"

#include <algorithm>
#include <cstring>

namespace boato {
namespace {

constexpr std::string_view magic = "BOAT";
constexpr std::uint8_t version = 1, suite = 1, identity_format = 1;
constexpr std::string_view prologue_label = "boato-link-v1";
constexpr std::string_view signature_label{"boato/1 link\0", 13};

using Preface = std::array<std::byte, preface_bytes>;

Preface make_preface(bool closed) {
  Preface preface{};
  ByteWriter writer{preface};
  writer.bytes(bytes(magic));
  writer.be(version);
  writer.be(suite);
  writer.be(static_cast<std::uint8_t>(closed));
  writer.be(std::uint8_t{0});
  return preface;
}

Key32 derive_psk(const Crypto& crypto, const Key32& network_key, std::string_view label) {
  std::array<std::byte, 16> message{};
  ByteWriter writer{message};
  writer.bytes(bytes(label));
  writer.be(suite);
  return crypto.keyed_hash(network_key, writer.written());
}

// "boato/1 link" 00 || role || network || link key || h, with the signer's role and key.
using SignedBytes = std::array<std::byte, signature_label.size() + 1 + 32 + 32 + 64>;

SignedBytes signed_bytes(bool by_initiator, const NetworkId& network, const Key32& link_key,
                         const Hash64& h) {
  SignedBytes message{};
  ByteWriter writer{message};
  writer.bytes(bytes(signature_label));
  writer.be(static_cast<std::uint8_t>(by_initiator ? 0 : 1));
  writer.bytes(view(network));
  writer.bytes(view(link_key));
  writer.bytes(view(h));
  BOATO_CHECK(writer.ok() && writer.left() == 0);
  return message;
}

}  // namespace

Handshake::Handshake(const LinkSetup& setup, bool initiator, const Key32& ephemeral,
                     std::optional<PeerId> expected)
    : crypto_{setup.crypto},
      identity_{setup.identity},
      knocks_{setup.knocks},
      network_{setup.network},
      network_key_{setup.network_key},
      previous_key_{setup.previous_key},
      features_{setup.features},
      own_record_(setup.peer_record.begin(), setup.peer_record.end()),
      expected_{expected},
      ephemeral_{ephemeral},
      initiator_{initiator} {
  BOATO_CHECK(own_record_.size() <= peer_record_bytes_max);
  if (!initiator) {
    await(preface_bytes);
    return;
  }
  const Preface preface = make_preface(network_key_.has_value());
  noise_.emplace(start(preface, network_key_));
  buffer_.assign(preface.begin(), preface.end());
  out_ = preface.size();
  const bool written = write_message(false);
  BOATO_CHECK(written);  // message 1 has no DH
}

Handshake::~Handshake() {
  wipe(ephemeral_.data(), ephemeral_.size());
  if (network_key_) wipe(network_key_->data(), network_key_->size());
  if (previous_key_) wipe(previous_key_->data(), previous_key_->size());
}

NoiseHandshake Handshake::start(Bytes preface, const std::optional<Key32>& network_key) const {
  std::array<std::byte, prologue_label.size() + preface_bytes + 32> prologue{};
  ByteWriter writer{prologue};
  writer.bytes(bytes(prologue_label));
  writer.bytes(preface);
  writer.bytes(view(network_));
  NoiseHandshake::Keys keys{identity_->link_secret, identity_->link_public, ephemeral_, {}};
  if (network_key)
    keys.psks = {derive_psk(*crypto_, *network_key, "boato/1 psk0"),
                 derive_psk(*crypto_, *network_key, "boato/1 psk3")};
  const NoisePattern pattern = network_key ? NoisePattern::xx_psk0_psk3 : NoisePattern::xx;
  NoiseHandshake noise{*crypto_, pattern, initiator_, prologue, keys};
  wipe(&keys, sizeof keys);
  return noise;
}

void Handshake::await(std::size_t size) {
  need_ = size;
  in_ = out_ = sent_ = 0;
  if (buffer_.size() < size) buffer_.resize(size);
}

CloseReason Handshake::receive(Bytes& wire, Time now) {
  while (!wire.empty() && !done()) {
    if (!to_send().empty()) return CloseReason::handshake_failed;  // nobody can answer what was not sent
    if (out_ > 0) await(2);
    first_byte_seen_ = true;
    const std::size_t n = std::min(need_ - in_, wire.size());
    std::memcpy(buffer_.data() + in_, wire.data(), n);
    in_ += n;
    wire = wire.subspan(n);
    if (in_ < need_) return CloseReason::none;

    CloseReason failed = CloseReason::none;
    if (!initiator_ && !preface_seen_) {
      failed = on_preface();
    } else if (need_ == 2) {
      const std::size_t length = get_be<std::uint16_t>(buffer_.data());
      const bool knock = !initiator_ && !noise_;
      if (length < 32 || length > (knock ? knock_bytes_max : handshake_message_bytes_max))
        return CloseReason::handshake_failed;
      if (buffer_.size() < 2 + length) buffer_.resize(2 + length);
      need_ = 2 + length;
    } else {
      const Bytes message = Bytes{buffer_}.subspan(2, need_ - 2);
      failed = !initiator_ && !noise_ ? on_knock(message, now) : on_identity(message);
    }
    if (failed != CloseReason::none) return failed;
  }
  return CloseReason::none;
}

CloseReason Handshake::on_preface() {
  const Preface ours = make_preface(network_key_.has_value());
  if (std::memcmp(buffer_.data(), ours.data(), magic.size()) != 0) return CloseReason::handshake_failed;
  if (std::memcmp(buffer_.data() + 4, ours.data() + 4, 2) != 0) return CloseReason::handshake_failed;
  if (std::memcmp(buffer_.data() + 6, ours.data() + 6, 2) != 0)
    return CloseReason::handshake_failed;  // open against closed
  preface_seen_ = true;
  await(2);
  return CloseReason::none;
}

CloseReason Handshake::on_knock(Bytes message, Time now) {
  const Preface preface = make_preface(network_key_.has_value());
  // The payload is empty in version 1. A longer one is accepted and ignored.
  std::array<std::byte, knock_bytes_max> ignored;
  const auto read = [&](const std::optional<Key32>& key) {
    noise_.emplace(start(preface, key));
    const auto used = noise_->read_tokens(message);
    return used && noise_->read_payload(message.subspan(*used), ignored.data());
  };
  if (!read(network_key_) && !(previous_key_ && network_key_ && read(previous_key_)))
    return CloseReason::handshake_failed;
  if (network_key_ && knocks_ && knocks_->seen(noise_->remote_ephemeral(), now))
    return CloseReason::handshake_failed;
  in_ = out_ = sent_ = 0;
  return write_message(true) ? CloseReason::none : CloseReason::handshake_failed;
}

// Message 2 at the initiator, message 3 at the responder.
CloseReason Handshake::on_identity(Bytes message) {
  const auto used = noise_->read_tokens(message);
  if (!used) return CloseReason::handshake_failed;
  const Hash64 h = noise_->h();
  const Bytes sealed = message.subspan(*used);
  if (sealed.size() < noise_->overhead()) return CloseReason::handshake_failed;
  std::vector<std::byte> payload(sealed.size());
  if (!noise_->read_payload(sealed, payload.data())) return CloseReason::handshake_failed;

  ByteReader reader{Bytes{payload}.first(payload.size() - noise_->overhead())};
  if (reader.be<std::uint8_t>() != identity_format) return CloseReason::handshake_failed;
  Signature signature;
  reader.array(peer_.id.raw);
  reader.array(signature);
  peer_.incarnation = Incarnation{reader.be<std::uint64_t>()};
  peer_.features = reader.be<std::uint64_t>();
  reader.bytes(reader.be<std::uint16_t>());  // certificates: none in version 1
  const Bytes record = reader.bytes(reader.be<std::uint16_t>());
  if (!reader.done()) return CloseReason::handshake_failed;

  const SignedBytes claim = signed_bytes(!initiator_, network_, noise_->remote_static(), h);
  if (!crypto_->verify(peer_.id, claim, signature)) return CloseReason::handshake_failed;
  if (peer_.id == identity_->id) return CloseReason::self;
  if (expected_ && peer_.id != *expected_) return CloseReason::wrong_peer;
  peer_record_.assign(record.begin(), record.end());
  in_ = out_ = sent_ = 0;
  if (initiator_ && !write_message(true)) return CloseReason::handshake_failed;
  return CloseReason::none;
}

bool Handshake::write_message(bool with_identity) {
  const std::size_t begin = out_;
  buffer_.resize(begin + 2 + handshake_message_bytes_max);
  std::byte* message = buffer_.data() + begin + 2;
  const auto used = noise_->write_tokens(message);
  if (!used) return false;

  std::array<std::byte, identity_payload_bytes + peer_record_bytes_max> room;
  ByteWriter payload{room};
  if (with_identity) {
    Signature signature;
    crypto_->sign(identity_->secret, signed_bytes(initiator_, network_, identity_->link_public, noise_->h()),
                  signature);
    payload.be(identity_format);
    payload.bytes(view(identity_->id));
    payload.bytes(view(signature));
    payload.be(identity_->incarnation.raw());
    payload.be(features_);
    payload.be(std::uint16_t{0});
    payload.be(static_cast<std::uint16_t>(own_record_.size()));
    payload.bytes(own_record_);
    BOATO_CHECK(payload.ok());
  }
  const std::size_t length = *used + noise_->write_payload(payload.written(), message + *used);
  BOATO_CHECK(length <= handshake_message_bytes_max);
  put_be(buffer_.data() + begin, static_cast<std::uint16_t>(length));
  out_ = begin + 2 + length;
  return true;
}

PeerHello Handshake::hello() const {
  PeerHello hello = peer_;
  hello.record = peer_record_;
  hello.we_dialed = initiator_;
  std::memcpy(hello.link_tag.data(), noise_->h().data(), hello.link_tag.size());
  return hello;
}

}  // namespace boato
