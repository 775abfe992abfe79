// SPDX-License-Identifier: Apache-2.0
// What one peer asks its store to keep, of all topics: gathers what a turn brings into one persist, and
// remembers what each waiting op was for, so that the answer finds it. Answers come in the order of the
// questions (effects/persist.hpp). Bounded: has_room() says whether more may be asked.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/replica/config.hpp"
#include "overlay/stream/stream_key.hpp"
#include "overlay/wire/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace boato {

class Journal {
 public:
  // What an append was for.
  struct Asked {
    TopicTag topic;
    StreamTag stream;
    SeqRange range;
    std::size_t bytes = 0;
  };

  explicit Journal(const JournalConfig& config) : config_{config} {}

  // A log of this topic, opened or made, that keeps events so long.
  [[nodiscard]] LogSlot open(const TopicId& topic, const Retention& retain);
  // Kept with it: the topic's founding, so that it is known again when all peers have restarted; empty: it
  // was removed.
  void save(LogSlot log, Bytes genesis);
  // One batch, checked by the caller. There is room (checked).
  void append(LogSlot log, const TopicId& topic, TopicTag tag, StreamTag stream, const wire::BatchView& batch,
              const EventRef& bytes);
  [[nodiscard]] bool has_room() const { return waiting_bytes_ < config_.waiting_bytes_max; }

  // What was asked for since the last time goes out as one persist.
  void flush(Time now, Effects& fx);
  [[nodiscard]] bool pending() const { return !ops_.empty(); }

  // f(const Asked&, std::optional<Refusal>) for each append that was answered. An answer that nobody asked
  // for changes nothing.
  template <class F>
  void on_persisted(const Persisted& answer, F&& f) {
    if (waiting_.empty() || waiting_.front().number != answer.batch) return;
    const Waiting done = std::move(waiting_.front());
    waiting_.pop_front();
    std::size_t refused = 0;
    for (const auto& [op, asked] : done.asked) {
      waiting_bytes_ -= asked.bytes;
      while (refused < answer.refused.size() && answer.refused[refused].op < op) ++refused;
      const bool no = refused < answer.refused.size() && answer.refused[refused].op == op;
      f(asked, no ? std::optional{answer.refused[refused].why} : std::nullopt);
    }
  }
  // The store has failed: nothing that waits will be answered, and nothing more is asked.
  void fail();
  [[nodiscard]] bool failed() const { return failed_; }

 private:
  struct Waiting {
    PersistNumber number;
    std::vector<std::pair<std::uint32_t, Asked>> asked;  // by rising op
  };
  const JournalConfig config_;
  std::vector<PersistOp> ops_;
  Waiting next_;
  std::deque<Waiting> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::uint64_t numbers_ = 0;
  std::uint32_t slots_ = 0;
  bool failed_ = false;
};

}  // namespace boato
