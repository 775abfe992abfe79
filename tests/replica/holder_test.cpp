// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/event_messages.hpp"
#include "tests/replica/lab.hpp"

#include <array>
#include <memory>

namespace boato {
namespace {

using lab::peer;

class Holding : public ::testing::Test, protected lab::ReplicaLab {
 protected:
  Holding() {
    holder = std::make_unique<Holder>(Holder::Context{config, self, links, set, tag, topic},
                                      journal.open(topic, {}));
    link(9);
  }
  void keep(const Batch& b) { holder->keep(now, tag_of_stream(9), b.view, b.bytes, journal, fx); }
  // What was asked for goes to the store, which answers for all of it but what it refuses.
  void answer(std::optional<Refusal> refuse = {}) {
    journal.flush(now, fx);
    std::vector<Persisted> answers;
    struct Host {
      std::vector<Persisted>& answers;
      std::optional<Refusal> refuse;
      std::size_t& appends;
      void on_persist(Persist&& p) const {
        Persisted a{p.batch, {}};
        for (std::uint32_t i = 0; i < p.ops.size(); ++i)
          if (std::holds_alternative<AppendBatch>(p.ops[i])) {
            ++appends;
            if (refuse) a.refused.push_back({i, *refuse});
          }
        answers.push_back(std::move(a));
      }
      void on_read(const ReadWish&) const {}
      void on_send(LinkId, Flow, Bytes, const EventRef&) const {}
      void on_deliver(const Delivery&) const {}
      void on_gap(const GapNotice&) const {}
      void on_notice(const TopicNotice&) const {}
      void on_taken(const TakenNotice&) const {}
      void on_dial(const DialWish&) const {}
      void on_close(LinkId, CloseReason) const {}
      void on_note(const Note&) const {}
      void on_drop(const Drop&) const {}
    };
    fx.drain(Host{answers, refuse, appends});
    for (const Persisted& a : answers)
      journal.on_persisted(a, [&](const Journal::Asked& asked, std::optional<Refusal> no) {
        holder->on_stored(now, asked, no);
      });
    holder->tell(fx);
  }

  HolderConfig config;
  JournalConfig journal_config;
  Journal journal{journal_config};
  // The range that was asked of another replica since the effects were cleared last.
  std::optional<SeqRange> pulled(std::uint8_t of) {
    for (const Send& send : fx.sends()) {
      wire::Pull pull;
      HaveEntry entry;
      if (send.link == LinkId{of} && wire::decode(fx.envelope(send), pull) &&
          HaveReader{pull.streams}.next(entry) && entry.tag == tag_of_stream(9))
        return entry.runs[0];
    }
    return std::nullopt;
  }
  void wait() {
    now = holder->next_deadline();
    holder->on_deadline(now, TopicSlot{0}, streams, cache, journal, fx);
  }

  TopicTag tag{7};
  wire::ReplicaSet set{std::array{peer(1), peer(2), peer(3)}};
  StreamSet streams{{}, topic, toy_crypto()};
  EventCache cache{{}};
  std::unique_ptr<Holder> holder;
  std::size_t appends = 0;
};

TEST_F(Holding, SaysHeldOnlyWhenTheStoreHasAnswered) {
  keep(batch(9, 1, 3));
  holder->tell(fx);
  EXPECT_EQ(told(9, 9), 0U);
  answer();
  EXPECT_EQ(told(9, 9), 3U);
  holder->check_invariants();
}

TEST_F(Holding, NeverStepsOverAHole) {
  keep(batch(9, 1));
  keep(batch(9, 3));
  answer();
  EXPECT_EQ(told(9, 9), 1U);
  keep(batch(9, 2));
  answer();
  EXPECT_EQ(told(9, 9), 3U);
}

TEST_F(Holding, AsksForABatchOnceAndSaysAgainWhatItHoldsToWhoSendsItAgain) {
  keep(batch(9, 1));
  keep(batch(9, 1));
  answer();
  EXPECT_EQ(appends, 1U);
  fx.clear();
  keep(batch(9, 1));
  answer();
  EXPECT_EQ(appends, 1U);
  EXPECT_EQ(told(9, 9), 1U);
}

TEST_F(Holding, WhatAFullDiskRefusedIsNotHeldAndIsAskedForAgainWhenItComesAgain) {
  keep(batch(9, 1));
  answer(Refusal::disk_full);
  EXPECT_EQ(told(9, 9), 0U);
  EXPECT_EQ(holder->owed(), 1U);
  EXPECT_NE(holder->next_deadline(), never);
  keep(batch(9, 1));
  answer();
  EXPECT_EQ(appends, 2U);
  EXPECT_EQ(told(9, 9), 1U);
}

TEST_F(Holding, OtherBytesUnderTheSameNumbersAreNotHeld) {
  keep(batch(9, 1));
  answer(Refusal::conflict);
  EXPECT_EQ(told(9, 9), 0U);
  EXPECT_EQ(holder->owed(), 0U);
}

TEST_F(Holding, GoesOnWhereTheStoreEnded) {
  holder->recover({{peer(9), Incarnation{1}}, Seq{2}, Seq{10}, {{Seq{12}, Seq{13}}}});
  EXPECT_EQ(holder->stored_upto(tag_of_stream(9)), Seq{10});
  EXPECT_TRUE(holder->kept().any_stored(tag_of_stream(9), {Seq{12}, Seq{12}}));
  EXPECT_FALSE(holder->kept().any_stored(tag_of_stream(9), {Seq{11}, Seq{11}}));
  EXPECT_FALSE(holder->kept().any_stored(tag_of_stream(9), {Seq{1}, Seq{2}}));  // under its floor
  keep(batch(9, 11));
  answer();
  EXPECT_EQ(told(9, 9), 13U);
}

TEST_F(Holding, ReadsForOneLinkOneThingAtATime) {
  keep(batch(9, 1));
  answer();
  EXPECT_TRUE(holder->read(LinkId{9}, tag_of_stream(9), {Seq{1}, Seq{1}}, fx));
  EXPECT_FALSE(holder->read(LinkId{9}, tag_of_stream(9), {Seq{1}, Seq{1}}, fx));
  holder->on_read(LinkId{9});
  EXPECT_TRUE(holder->read(LinkId{9}, tag_of_stream(9), {Seq{1}, Seq{1}}, fx));
  EXPECT_FALSE(holder->read(LinkId{8}, tag_of_stream(8), {Seq{1}, Seq{1}}, fx));  // not kept here
}

TEST_F(Holding, WhatTheCacheHasLostIsPulledFromAnotherReplicaUntilItIsOnDisk) {
  link(2);
  keep(batch(9, 1));
  answer(Refusal::disk_full);
  wait();
  EXPECT_EQ(pulled(2), (SeqRange{Seq{1}, Seq{1}}));
  fx.clear();
  wait();
  EXPECT_TRUE(pulled(2));
  keep(batch(9, 1));  // its answer
  answer();
  EXPECT_EQ(told(9, 9), 1U);
  fx.clear();
  wait();
  EXPECT_FALSE(pulled(2));
  EXPECT_EQ(holder->next_deadline(), never);
}

TEST_F(Holding, WhoBecomesAReplicaLateFetchesWhatHadPassed) {
  link(2);
  holder->passed(now, tag_of_stream(9), {peer(9), Incarnation{1}}, Seq{5});
  keep(batch(9, 6));
  answer();
  EXPECT_EQ(told(9, 9), 0U);
  wait();
  EXPECT_EQ(pulled(2), (SeqRange{Seq{1}, Seq{5}}));
  keep(batch(9, 1, 5));
  answer();
  EXPECT_EQ(told(9, 9), 6U);
}

TEST_F(Holding, GivesUpWhatNobodyHasAndBeginsAgainWithTheNextStart) {
  config.tries_max = 3;
  link(2);
  holder->passed(now, tag_of_stream(9), {peer(9), Incarnation{1}}, Seq{5});
  for (int i = 0; i < 4; ++i) wait();
  EXPECT_EQ(holder->next_deadline(), never);
  EXPECT_EQ(holder->owed(), 0U);
}

TEST_F(Holding, TakesNoMoreStreamsThanItMay) {
  config.streams_max = 1;
  keep(batch(9, 1));
  const Batch other = batch(8, 1);
  holder->keep(now, tag_of_stream(8), other.view, other.bytes, journal, fx);
  ASSERT_EQ(fx.drops().size(), 1U);
  EXPECT_EQ(fx.drops()[0].reason, DropReason::streams_full);
  answer();
  EXPECT_EQ(appends, 1U);
}

TEST_F(Holding, AStoreThatHasFailedTakesNothingAndWhatComesIsCounted) {
  journal.fail();
  keep(batch(9, 1, 3));
  ASSERT_EQ(fx.drops().size(), 1U);
  EXPECT_EQ(fx.drops()[0].reason, DropReason::store_refused);
  EXPECT_EQ(fx.drops()[0].n, 3U);
}

TEST_F(Holding, AJournalThatIsFullTakesNoMoreUntilItIsAnswered) {
  journal_config.waiting_bytes_max = 1;
  Journal tight{journal_config};
  const Batch first = batch(9, 1), second = batch(9, 2);
  holder->keep(now, tag_of_stream(9), first.view, first.bytes, tight, fx);
  EXPECT_FALSE(tight.has_room());
  holder->keep(now, tag_of_stream(9), second.view, second.bytes, tight, fx);
  EXPECT_EQ(holder->owed(), 1U);
}

}  // namespace
}  // namespace boato
