// SPDX-License-Identifier: Apache-2.0
// The power goes in the middle of anything: what was acknowledged is there afterwards.
#include "tests/store/model.hpp"
#include "tests/store/seeds.hpp"

namespace boato {
namespace {

// Opens it again after a cut. An honest disk never makes a store look behind its mark.
void reopen(Lab& lab, Model& model) {
  lab.store.reset();
  lab.disk.heal();
  lab.start();
  if (::testing::Test::HasFatalFailure()) return;
  LogReader reader = lab.reader();
  model.judge(read_all(reader));
  if (::testing::Test::HasFatalFailure()) return;
  model.judge_meta(reader);
}

void play(std::uint64_t seed) {
  Lab lab;
  Model model{seed};
  Rng dice{seed * 31};
  // Also while it is made.
  if (dice.chance(0.3)) {
    lab.disk.cut_after(dice.below(40), dice.fork("birth"));
    static_cast<void>(lab.open());
    lab.store.reset();
    lab.disk.heal();
  }
  lab.start();
  for (int round = 0; round < 8 && !::testing::Test::HasFatalFailure(); ++round) {
    const std::uint64_t commits = dice.below(12);
    for (std::uint64_t i = 0; i < commits; ++i) {
      ASSERT_TRUE(model.work(lab)) << lab.store->why();
      if (dice.chance(0.2)) {
        ASSERT_TRUE(lab.store->idle());
      }
      if (dice.chance(0.1)) {
        ASSERT_TRUE(lab.store->checkpoint());
      }
    }
    switch (dice.below(4)) {
      case 0: lab.disk.cut(dice); break;  // between commits
      case 1: break;                      // closed in order
      default:
        lab.disk.cut_after(dice.below(30), dice.fork("cut"));
        for (int i = 0; i < 40 && model.work(lab) && lab.store->idle(); ++i)
          if (dice.chance(0.3) && !lab.store->checkpoint()) break;
    }
    reopen(lab, model);
  }
}

TEST(PowerCut, WhatWasAcknowledgedIsThereAndNothingIsWrongOrTwice) { for_seeds(60, play); }

}  // namespace
}  // namespace boato
