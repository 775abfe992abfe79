// SPDX-License-Identifier: Apache-2.0
// All that is going to happen in a simulated world, by time; what is planned for one moment happens in the
// order in which it was planned. A 4-ary heap of 24-byte entries: ten thousand peers keep about a million.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace boato::sim {

enum class Happening : std::uint8_t {
  timer,    // a peer's deadline: subject = peer
  arrival,  // a frame or a piece of a byte stream: subject = its slot in the transport
  stage,    // a step of a dial or the end of a link: subject = its slot in the transport
  look,     // a peer's waiting bytes are told to it: subject = connection * 2 + end
  leaves,   // the first piece on a narrow way out has left: subject = peer
  publish,  // a publisher's next batch: subject = publisher
  action,   // a line of the timeline: subject = its index
};

class EventHeap {
 public:
  struct Entry {
    Time at{};
    std::uint64_t order = 0;
    Happening what{};
    std::uint32_t subject = 0;
  };
  static_assert(sizeof(Entry) == 24);

  void plan(Time at, Happening what, std::uint32_t subject) {
    entries_.push_back({at, planned_++, what, subject});
    rise(entries_.size() - 1);
  }
  [[nodiscard]] bool empty() const { return entries_.empty(); }
  [[nodiscard]] std::size_t size() const { return entries_.size(); }
  [[nodiscard]] Time next_at() const { return entries_.empty() ? never : entries_.front().at; }

  Entry take() {
    BOATO_CHECK(!entries_.empty());
    const Entry first = entries_.front();
    const Entry last = entries_.back();
    entries_.pop_back();
    if (!entries_.empty()) sink(last);
    return first;
  }

 private:
  static bool before(const Entry& a, const Entry& b) {
    return a.at != b.at ? a.at < b.at : a.order < b.order;
  }
  void rise(std::size_t at) {
    const Entry entry = entries_[at];
    while (at > 0) {
      const std::size_t parent = (at - 1) / 4;
      if (!before(entry, entries_[parent])) break;
      entries_[at] = entries_[parent];
      at = parent;
    }
    entries_[at] = entry;
  }
  void sink(const Entry& entry) {
    const std::size_t size = entries_.size();
    std::size_t at = 0;
    for (;;) {
      const std::size_t first = at * 4 + 1;
      if (first >= size) break;
      std::size_t least = first;
      for (std::size_t i = first + 1; i < first + 4 && i < size; ++i)
        if (before(entries_[i], entries_[least])) least = i;
      if (!before(entries_[least], entry)) break;
      entries_[at] = entries_[least];
      at = least;
    }
    entries_[at] = entry;
  }

  std::vector<Entry> entries_;
  std::uint64_t planned_ = 0;
};

}  // namespace boato::sim
