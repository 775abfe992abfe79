// SPDX-License-Identifier: Apache-2.0
// Who has taken our own events of one topic, as far as publishers may ask: per number of holders one set of
// numbers, which is a frontier and a few runs above it. Costs nothing per event; a wait or a callback is an
// entry here until it is answered.
#pragma once

#include <boato/topic.hpp>

#include "overlay/base/strong.hpp"
#include "overlay/effects/effects.hpp"

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

namespace boato {

// Numbers from 1 on, mostly added in rising order: everything up to `upto`, and runs above.
class SeqSet {
 public:
  void add(Seq first, Seq last);
  [[nodiscard]] bool holds(Seq seq) const;
  [[nodiscard]] std::size_t runs() const { return above_.size(); }

 private:
  std::uint64_t upto_ = 0;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> above_;
};

class ReceiptBook {
 public:
  static constexpr std::uint32_t copies_max = 16;
  using Callback = std::function<void(const Result<Receipt>&)>;
  using Run = std::function<void(std::function<void()>)>;  // on the delivery thread

  ReceiptBook(PeerId self, Incarnation incarnation, Run run)
      : self_{self}, incarnation_{incarnation}, run_{std::move(run)} {}

  // Loop thread.
  void on_taken(const TakenNotice& taken);
  // Too few replicas are reachable: who waits is told so. Nothing: enough are again.
  void set_minority(std::optional<Error> why);
  void close();

  // Any thread. `copies` is 1 to copies_max. Errors: timeout, closed, no_quorum (the event is out all the
  // same, and this peer goes on trying).
  Result<Receipt> wait(Seq seq, std::uint32_t copies, Duration within);
  void when(Seq seq, std::uint32_t copies, Callback callback);

 private:
  struct Pending {
    std::uint32_t copies = 0;
    Callback callback;
  };
  [[nodiscard]] std::optional<Receipt> answer(Seq seq, std::uint32_t copies) const;

  const PeerId self_;
  const Incarnation incarnation_;
  const Run run_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::uint32_t waiting_ = 0;                        // guarded by mutex_, as all below
  SeqSet alone_;                                     // there was nobody else to take these
  std::vector<SeqSet> taken_;                        // [k - 1]: by at least k others
  std::multimap<std::uint64_t, Pending> callbacks_;  // by seq
  std::optional<Error> minority_;
  bool closed_ = false;
};

}  // namespace boato
