// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/farewell.hpp"

#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

struct ThreeMembers : Lab {
  ThreeMembers() : Lab{3} {
    connect_all();
    start(0);
    for (std::size_t i : {1, 2}) start(i, {0});
    pass(seconds{2});
  }
};

TEST(Farewell, EndsAMembershipThatTheSubjectKnowsNothingOf) {
  ThreeMembers lab;
  ASSERT_TRUE(lab[0].roster().find(lab[2].self.id));
  lab[2].alive = false;  // as a member; its process lives
  Farewell farewell{lab[2].self, lab.slabs};
  Effects fx;

  farewell.say(lab.now, lab.topic, lab.link(2, 0), fx);

  ASSERT_EQ(fx.sends().size(), 1U);
  EXPECT_EQ(fx.sends()[0].link, lab.link(2, 0));
  lab.hand(0, 2, wire::RosterPage{tag_of(lab.topic), 1, 1}, fx.sends()[0].body.bytes());
  EXPECT_FALSE(lab[0].roster().find(lab[2].self.id));
  EXPECT_TRUE(lab[0].roster().find_gone(lab[2].self.id));
}

TEST(Farewell, DoesNotOutliveANewMembership) {
  ThreeMembers lab;
  Farewell farewell{lab[2].self, lab.slabs};
  Effects fx;
  farewell.say(lab.now, lab.topic, lab.link(2, 0), fx);
  const EventRef words = fx.sends()[0].body;
  lab.renew(2);
  lab.start(2, {0});

  lab.hand(0, 2, wire::RosterPage{tag_of(lab.topic), 1, 1}, words.bytes());
  lab.pass(seconds{2});

  EXPECT_TRUE(lab[0].roster().find(lab[2].self.id));
}

TEST(Farewell, SignsTenTimesASecondAtMost) {
  ThreeMembers lab;
  Farewell farewell{lab[2].self, lab.slabs};
  Effects fx;
  for (int i = 0; i < 1000; ++i)
    farewell.say(lab.now + milliseconds{i}, lab.topic, lab.link(2, static_cast<std::size_t>(i % 2)), fx);
  EXPECT_EQ(fx.sends().size(), 10U);
}

}  // namespace
}  // namespace boato
