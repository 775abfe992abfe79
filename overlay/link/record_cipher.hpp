// SPDX-License-Identifier: Apache-2.0
// One direction of a link: length u16 || sealed( kind u8 || bytes ). The nonce is a counter that is never
// sent and never reset; the key is replaced after every `rekey_every` records, by count, which protects what
// was sent before a theft of keys.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/link/noise.hpp"

namespace boato {

inline constexpr std::size_t record_bytes_max = 16384;  // sealed, without the length
inline constexpr std::size_t record_plain_bytes_max = record_bytes_max - seal_tag_bytes;
inline constexpr std::size_t record_data_bytes_max = record_plain_bytes_max - 1;  // without the kind
inline constexpr std::size_t record_bytes_min = 1 + seal_tag_bytes;               // a kind alone
inline constexpr std::size_t record_overhead_bytes = 2 + 1 + seal_tag_bytes;

enum class RecordKind : std::uint8_t {
  control = 0,
  reliable = 1,
  unreliable = 2,
  repair = 3,
  close = 4,
  confirm = 5,
  padding = 6
};

class RecordCipher {
 public:
  RecordCipher(const Crypto& crypto, std::uint64_t rekey_every)
      : crypto_{&crypto}, rekey_every_{rekey_every} {}
  [[nodiscard]] NoiseKey& key() { return key_; }

  // Seals `plain` bytes at out + 2 in place and puts the length before them; returns the record's bytes,
  // length included.
  std::size_t seal(std::byte* out, std::size_t plain) {
    crypto_->seal(key_.key, key_.nonce, {}, Bytes{out + 2, plain}, out + 2);
    put_be(out, static_cast<std::uint16_t>(plain + seal_tag_bytes));
    step();
    return 2 + plain + seal_tag_bytes;
  }
  [[nodiscard]] bool open(Bytes sealed, std::byte* out) {
    if (!crypto_->open(key_.key, key_.nonce, {}, sealed, out)) return false;
    step();
    return true;
  }
  [[nodiscard]] std::uint64_t records() const { return key_.nonce; }
  [[nodiscard]] std::uint64_t rekeys() const { return key_.nonce / rekey_every_; }

 private:
  void step() {
    if (++key_.nonce % rekey_every_ == 0) rekey(*crypto_, key_);
  }
  const Crypto* crypto_;
  std::uint64_t rekey_every_;
  NoiseKey key_;
};

}  // namespace boato
