// SPDX-License-Identifier: Apache-2.0
// The streams of one topic, found by tag or by publisher; the vector of their frontiers is what members
// compare, repair and start from. A stream may be known by its tag alone (a start position from a welcome)
// until its first batch names it. Tags that a neighbour only spoke of are hearsay: kept apart, bounded, and
// without any effect on what counts as accounted.
// Knows no bytes, links or order. Invariants: (1) one stream per tag; (2) at most open_max named streams per
// publisher, its newest, so a closed one is never opened again; (3) digest() is a pure function of the
// frontiers.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/crypto.hpp"
#include "overlay/stream/stream.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace boato {

struct StreamSetConfig {
  std::size_t streams_max = 65'536;  // x 150 B = 10 MiB a topic
  std::size_t unnamed_max = 16'384;  // of them known by tag only: what false start positions can take up
  std::size_t heard_max = 4'096;     // x 16 B: tags a neighbour told of, no batch seen yet
};

class StreamSet {
 public:
  static constexpr std::size_t open_max = 4;  // incarnations of one publisher that are open at a time

  using Config = StreamSetConfig;

  // `crypto` outlives this.
  StreamSet(const Config& config, const TopicId& topic, const Crypto& crypto)
      : config_{config}, topic_{topic}, crypto_{&crypto} {}

  enum class Found : std::uint8_t {
    known,
    added,
    stale,  // an incarnation that was closed, or is older than open_max others: its batches are duplicates
    full,   // streams_max, or its tag is taken by another stream
  };
  // Others may fill the set; our own stream finds room all the same.
  enum class Room : std::uint8_t { shared, reserved };
  struct Place {
    Found found{};
    StreamIndex index;                    // if known or added
    std::optional<StreamIndex> closed{};  // this older stream was closed for it: forget it elsewhere before
                                          // the next find_or_add, which may reuse its index
    Seq heard{};                          // added: the highest number that neighbours told of it
  };
  // The stream of a batch. One that was used last costs one comparison; a known one two binary searches and
  // no hash.
  Place find_or_add(Time now, const StreamKey& key, Room room = Room::shared);

  [[nodiscard]] std::optional<StreamIndex> find(StreamTag tag) const;
  [[nodiscard]] const Stream& operator[](StreamIndex index) const { return slots_[index.raw()].stream; }
  [[nodiscard]] std::size_t size() const { return by_tag_.size(); }
  [[nodiscard]] std::size_t slots() const { return slots_.size(); }  // all indexes are below

  // The only ways in which a frontier moves.
  void account(Time now, StreamIndex index, SeqRange range, Fresh& fresh);
  void skip(Time now, StreamIndex index, Seq upto);
  bool raise_floor(Time now, StreamIndex index, Seq floor);
  void make_sparse(StreamIndex index);  // from now on it is left out of digest()
  void refit(Time now, StreamIndex index, std::span<const SeqRange> held);

  // A joiner's start: nothing up to `frontier` is wanted. A stream that is not known yet is kept by its tag.
  // Null: no room.
  std::optional<StreamIndex> start_at(Time now, StreamTag tag, Seq frontier);

  // A neighbour has `upto` of a stream that no batch has named here. False: no room; it will tell again.
  bool hear(StreamTag tag, Seq upto);
  [[nodiscard]] std::span<const std::pair<StreamTag, Seq>> heard() const { return heard_; }  // by rising tag
  void forget_heard() { heard_.clear(); }

  // f(StreamIndex, const Stream&) for each stream, by rising tag.
  template <class F>
  void each(F&& f) const {
    for (const auto& [tag, index] : by_tag_) f(index, slots_[index.raw()].stream);
  }
  // f(StreamIndex, const Stream&) for each stream that changed after `version`, newest first, until f answers
  // false. Costs what it emits.
  template <class F>
  void each_changed(std::uint64_t version, F&& f) const {
    for (std::uint32_t i = newest_; i != none && slots_[i].version > version; i = slots_[i].older)
      if (!f(StreamIndex{i}, slots_[i].stream)) return;
  }
  [[nodiscard]] std::uint64_t version() const { return version_; }  // rises with each change
  [[nodiscard]] std::uint64_t version(StreamIndex index) const { return slots_[index.raw()].version; }
  [[nodiscard]] Time last_change(StreamIndex index) const { return slots_[index.raw()].last_change; }
  [[nodiscard]] Time last_change() const { return newest_ == none ? Time{} : slots_[newest_].last_change; }

  // Equal for equal frontiers and runs above them, whatever the order in which they came about. Kept up to
  // date with each change. 64 bits, not keyed: tells of differences, proves nothing.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  [[nodiscard]] static std::uint64_t digest(const Stream& stream);

  void check_invariants() const;

 private:
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  struct Slot {
    Stream stream;
    Time last_change{};
    std::uint64_t version = 0;                 // 0: not in use
    std::uint32_t newer = none, older = none;  // streams by last change
  };
  struct Publisher {
    PeerId id;
    std::array<std::uint32_t, open_max> open{none, none, none, none};
  };
  StreamIndex take_slot(StreamTag tag);  // there is room
  void close(StreamIndex index);
  void touch(Time now, std::uint32_t slot);
  void unlink(std::uint32_t slot);
  [[nodiscard]] Seq take_heard(StreamTag tag);

  Config config_;
  TopicId topic_;
  const Crypto* crypto_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_;
  std::vector<std::pair<StreamTag, StreamIndex>> by_tag_;  // sorted
  std::vector<Publisher> publishers_;                      // sorted by id
  std::vector<std::pair<StreamTag, Seq>> heard_;           // sorted by tag
  std::size_t unnamed_ = 0;
  std::uint32_t last_used_ = none;
  std::uint32_t newest_ = none;
  std::uint64_t version_ = 0;
  std::uint64_t digest_ = 0;
};

}  // namespace boato
