// SPDX-License-Identifier: Apache-2.0
// Keeps each roster entry and each suspicion once, by the bytes of its statement, however many rosters hold
// it, and verifies its signature once. One pool per real peer; all simulated peers share one. Entries are
// counted: the last reference frees them. Knows statements; does not know who belongs to a topic.
// Not thread safe; outlives all references (checked).
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/roster/member.hpp"
#include "overlay/wire/statement.hpp"

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace boato {

struct RecordPoolConfig {
  std::size_t records_max = std::size_t{1} << 20;      // x about 300 B
  std::size_t accusations_max = std::size_t{1} << 18;  // x about 400 B
  std::size_t interest_bytes_max = 1024;  // of one entry; like the next, a longer one is malformed
  std::size_t attribute_bytes_max = 256;
};

// A suspicion, taken apart: `accuser` could not reach `accused`.
struct Accusation {
  TopicId topic;
  PeerId accuser;
  PeerId accused;
  EntryVersion of;  // the accused's entry
  std::vector<std::byte> statement;
  mutable std::uint32_t refs = 0;
};

class RecordPool;

// A counted reference into a pool.
template <class T>
class PoolRef {
 public:
  PoolRef() = default;
  PoolRef(RecordPool& pool, const T* item) : pool_{&pool}, item_{item} {
    if (item_) ++item_->refs;
  }
  PoolRef(const PoolRef& other) : pool_{other.pool_}, item_{other.item_} {
    if (item_) ++item_->refs;
  }
  PoolRef(PoolRef&& other) noexcept : pool_{other.pool_}, item_{std::exchange(other.item_, nullptr)} {}
  PoolRef& operator=(PoolRef other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(item_, other.item_);
    return *this;
  }
  ~PoolRef();
  [[nodiscard]] const T* get() const { return item_; }
  const T* operator->() const { return item_; }
  const T& operator*() const { return *item_; }
  explicit operator bool() const { return item_ != nullptr; }

 private:
  RecordPool* pool_ = nullptr;
  const T* item_ = nullptr;
};
using RecordRef = PoolRef<MemberRecord>;
using AccusationRef = PoolRef<Accusation>;

enum class Verdict : std::uint8_t { good, malformed, forged, full };

// Exactly one of the two references is set if the verdict is good.
struct Interned {
  Verdict verdict = Verdict::malformed;
  std::size_t size = 0;  // of the statement, if it parsed
  RecordRef record;
  AccusationRef accusation;
};

class RecordPool {
 public:
  RecordPool(const Crypto& crypto, const NetworkId& network, const RecordPoolConfig& config = {});
  ~RecordPool();
  RecordPool(const RecordPool&) = delete;
  RecordPool& operator=(const RecordPool&) = delete;

  // Reads, verifies and keeps the statement at the front of `bytes`. A statement that is here already costs
  // no verification and no allocation.
  [[nodiscard]] Interned take(Time now, Bytes bytes);
  // The same for what we have just signed: it has room even when others have filled the pool.
  [[nodiscard]] Interned take_own(Time now, Bytes bytes);

  // A roster counts its members by hand, since 8 more bytes each would be too many.
  void keep(const MemberRecord* record) { ++record->refs; }
  void drop(const MemberRecord* record) noexcept;
  void drop(const Accusation* accusation) noexcept;

  [[nodiscard]] std::size_t records() const { return records_.used; }
  [[nodiscard]] std::size_t accusations() const { return accusations_.used; }
  [[nodiscard]] std::uint64_t verified() const { return verified_; }  // signatures checked, ever

 private:
  // Open addressing with linear probing; at most three quarters full. Its order never reaches an effect.
  template <class T>
  struct Table {
    std::vector<T*> slots;
    std::size_t used = 0;
    [[nodiscard]] T* find(std::uint64_t key, Bytes statement) const;
    void add(T* item);
    void remove(const T* item);
  };
  Interned take(Time now, Bytes bytes, bool own);
  Verdict make_record(Time now, const wire::StatementView& statement, bool own, RecordRef& out);
  Verdict make_accusation(const wire::StatementView& statement, bool own, AccusationRef& out);
  bool holds(const wire::StatementView& statement);

  const Crypto& crypto_;
  NetworkId network_;
  RecordPoolConfig config_;
  Table<MemberRecord> records_;
  Table<Accusation> accusations_;
  std::uint64_t verified_ = 0;
};

template <class T>
PoolRef<T>::~PoolRef() {
  if (item_) pool_->drop(item_);
}

}  // namespace boato
