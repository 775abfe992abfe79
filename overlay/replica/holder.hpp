// SPDX-License-Identifier: Apache-2.0
// One replica of one topic: everything that comes is asked to be kept, and what is on disk is said to whom it
// concerns.
//   batch -> keep() -> Journal -> the store -> on_stored() -> HELD to its publisher
// Rules: (1) HELD means held: it is said only of what the store has answered for, payload and signature;
// (2) it never steps over a hole. Who has lost its disk holds less than it once said, and says so: its old
// word ends with its old link. What the peer has had and its disk has not (it was full, or the peer became a
// replica late) is owed: taken from the cache, or pulled from another replica. Knows numbers and batches;
// does not know how the store keeps them.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/replica/config.hpp"
#include "overlay/replica/journal.hpp"
#include "overlay/replica/stored.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/kept_streams.hpp"
#include "overlay/stream/stream_set.hpp"
#include "overlay/wire/replica_set.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace boato {

class Holder {
 public:
  struct Context {
    const HolderConfig& config;
    const Self& self;
    const LinkTable& links;
    const wire::ReplicaSet& set;
    TopicTag tag;
    TopicId id;
  };
  Holder(const Context& context, LogSlot log) : context_{context}, log_{log} {}

  // What the store held when the process began.
  void recover(const StoredStream& stream);

  // Whether a batch of this stream is neither on disk nor on its way there.
  [[nodiscard]] bool lacks(StreamTag tag, SeqRange range) const;
  // A batch that is new here, or came again; its signature was checked, if it is lacking. Asks for it to be
  // kept unless that was done.
  void keep(Time now, StreamTag tag, const wire::BatchView& batch, const EventRef& bytes, Journal& journal,
            Effects& fx);
  // All up to `upto` passed before this peer kept the topic.
  void passed(Time now, StreamTag tag, const StreamKey& key, Seq upto);
  // The store's answer.
  void on_stored(Time now, const Journal::Asked& asked, std::optional<Refusal> refused);
  // Perhaps a publisher of streams that are kept here.
  void on_link_up(const LinkInfo& link);
  // At the end of a turn: HELD for all that rose.
  void tell(Effects& fx);

  // A pull that only the store can answer. False: one of this link waits already, or too many do.
  bool read(LinkId link, StreamTag stream, SeqRange range, Effects& fx);
  void on_read(LinkId link) { std::erase(reading_, link); }
  void on_link_down(LinkId link) { std::erase(reading_, link); }

  [[nodiscard]] Time next_deadline() const { return again_at_; }
  // Tries what is owed again.
  void on_deadline(Time now, TopicSlot slot, const StreamSet& streams, const EventCache& cache,
                   Journal& journal, Effects& fx);

  [[nodiscard]] const KeptStreams& kept() const { return kept_; }
  [[nodiscard]] LogSlot log() const { return log_; }
  [[nodiscard]] Seq stored_upto(StreamTag tag) const;
  [[nodiscard]] std::uint64_t owed() const { return owed_.size(); }
  void check_invariants() const { kept_.check_invariants(); }

 private:
  struct Owed {
    StreamTag stream;
    SeqRange range;
    Seq stored;  // the frontier when it was tried last
    std::uint32_t tries = 0;
  };
  void ask(Time now, KeptStream& kept, const wire::BatchView& batch, const EventRef& bytes, Journal& journal);
  void owe(Time now, const Owed& owed);
  bool pull(const KeptStream& kept, SeqRange range, Effects& fx);
  void note(KeptStream& kept);

  const Context context_;
  const LogSlot log_;
  KeptStreams kept_;
  std::vector<Owed> owed_;
  std::vector<LinkId> reading_;
  Fresh fresh_;
  std::vector<StreamTag> news_;  // streams whose publishers have not heard how far they are stored
  Time again_at_ = never;
  std::size_t turn_ = 0;  // whose replica is asked next
};

}  // namespace boato
