// SPDX-License-Identifier: Apache-2.0
// The Noise protocol framework, as far as links need it: the XX pattern with no, one or two pre-shared keys
// over 25519, ChaChaPoly and BLAKE2b. Source: The Noise Protocol Framework, revision 34, sections 5, 7 and 9.
// Bytes in, bytes out; no I/O, no randomness. A message is made in two steps, tokens and then payload,
// because our payload signs the hash `h` as it is between them.
#pragma once

#include "overlay/base/crypto.hpp"

#include <array>
#include <optional>
#include <string_view>

namespace boato {

enum class NoisePattern : std::uint8_t { xx, xx_psk3, xx_psk0_psk3 };

[[nodiscard]] std::string_view protocol_name(NoisePattern pattern);

// One direction's key, or a handshake's. Wiped at the end.
struct NoiseKey {
  Key32 key{};
  std::uint64_t nonce = 0;

  NoiseKey() = default;
  NoiseKey(const NoiseKey&) = default;
  NoiseKey& operator=(const NoiseKey&) = default;
  ~NoiseKey();
};

// Section 4.2: the first 32 bytes of sealing 32 zeros under the greatest nonce. The nonce goes on counting.
void rekey(const Crypto& crypto, NoiseKey& key);

// Sections 5.2 and 4.3: the chaining key, the transcript hash and the current cipher key.
class NoiseSymmetric {
 public:
  NoiseSymmetric(const Crypto& crypto, std::string_view name);
  ~NoiseSymmetric();
  NoiseSymmetric(const NoiseSymmetric&) = default;
  NoiseSymmetric& operator=(const NoiseSymmetric&) = default;

  void mix_hash(Bytes data);
  void mix_key(Bytes input);
  void mix_key_and_hash(Bytes input);
  // Writes plain.size() + overhead() bytes; returns them.
  std::size_t encrypt_and_hash(Bytes plain, std::byte* out);
  [[nodiscard]] bool decrypt_and_hash(Bytes cipher, std::byte* out);
  [[nodiscard]] std::size_t overhead() const { return has_key_ ? seal_tag_bytes : 0; }
  void split(NoiseKey& first, NoiseKey& second) const;
  [[nodiscard]] const Hash64& h() const { return h_; }

 private:
  const Crypto* crypto_;
  Hash64 h_{};
  Hash64 ck_{};
  NoiseKey key_{};
  bool has_key_ = false;
};

class NoiseHandshake {
 public:
  struct Keys {
    Key32 static_secret{};
    Key32 static_public{};
    Key32
        ephemeral_secret{};  // its public half is computed when it is sent: a stranger's knock costs us no DH
    std::array<Key32, 2> psks{};  // in token order
  };

  NoiseHandshake(const Crypto& crypto, NoisePattern pattern, bool initiator, Bytes prologue,
                 const Keys& keys);
  ~NoiseHandshake();
  NoiseHandshake(const NoiseHandshake&) = default;
  NoiseHandshake& operator=(const NoiseHandshake&) = default;

  // Whose turn it is, and whether all three messages are through.
  [[nodiscard]] bool my_turn() const { return (message_ % 2 == 0) == initiator_; }
  [[nodiscard]] bool done() const { return message_ == 3; }

  // The next message: first write_tokens, then write_payload behind it. Both return the bytes written. The
  // room is the caller's concern: 80 B for tokens at most, and the payload + 16. No value: a DH result was
  // all zero.
  [[nodiscard]] std::optional<std::size_t> write_tokens(std::byte* out);
  std::size_t write_payload(Bytes payload, std::byte* out);

  // The mirror: tokens from the front of `message` (returns the bytes used), then the rest into `out`, which
  // gets rest.size() - overhead() bytes. No value or false: forged, too short, or a DH result was all zero.
  [[nodiscard]] std::optional<std::size_t> read_tokens(Bytes message);
  [[nodiscard]] bool read_payload(Bytes rest, std::byte* out);
  [[nodiscard]] std::size_t overhead() const { return symmetric_.overhead(); }

  // Between tokens and payload: what the payload is bound to. After the last message: names the link.
  [[nodiscard]] const Hash64& h() const { return symmetric_.h(); }
  [[nodiscard]] const Key32& remote_static() const { return remote_static_; }
  [[nodiscard]] const Key32& remote_ephemeral() const { return remote_ephemeral_; }

  // Keys of the initiator's and of the responder's direction.
  void split(NoiseKey& from_initiator, NoiseKey& from_responder) const {
    symmetric_.split(from_initiator, from_responder);
  }

 private:
  bool mix_dh(const Key32& secret, const Key32& theirs);
  bool mix_ee() { return mix_dh(keys_.ephemeral_secret, remote_ephemeral_); }
  bool mix_es() {
    return initiator_ ? mix_dh(keys_.ephemeral_secret, remote_static_)
                      : mix_dh(keys_.static_secret, remote_ephemeral_);
  }
  bool mix_se() {
    return initiator_ ? mix_dh(keys_.static_secret, remote_ephemeral_)
                      : mix_dh(keys_.ephemeral_secret, remote_static_);
  }
  void mix_psk();
  void mix_ephemeral(const Key32& key);

  const Crypto* crypto_;
  NoisePattern pattern_;
  bool initiator_;
  Keys keys_;
  Key32 remote_static_{}, remote_ephemeral_{};
  NoiseSymmetric symmetric_;
  std::uint8_t message_ = 0;  // messages that are through
  std::uint8_t psk_used_ = 0;
};

}  // namespace boato
