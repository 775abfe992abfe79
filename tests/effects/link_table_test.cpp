// SPDX-License-Identifier: Apache-2.0
#include "overlay/effects/link_table.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

LinkUp up(std::uint32_t link, std::uint8_t peer) {
  LinkUp u;
  u.link = LinkId{link};
  u.peer = PeerId{{peer}};
  return u;
}

TEST(LinkTable, FindsALinkByItsIdAndByItsPeer) {
  LinkTable links;
  links.add(up(5, 1), Time{Duration{9}});
  links.add(up(2, 7), Time{});
  links.add(up(9, 3), Time{});

  ASSERT_NE(links.find(LinkId{5}), nullptr);
  EXPECT_EQ(links.find(LinkId{5})->peer, (PeerId{{1}}));
  EXPECT_EQ(links.find(LinkId{5})->since, Time{Duration{9}});
  EXPECT_EQ(links.find(PeerId{{3}})->id, LinkId{9});
  EXPECT_EQ(links.find(LinkId{3}), nullptr);
  EXPECT_EQ(links.find(PeerId{{4}}), nullptr);
}

TEST(LinkTable, ListsItsLinksByRisingId) {
  LinkTable links;
  for (std::uint32_t id : {5U, 2U, 9U}) links.add(up(id, static_cast<std::uint8_t>(id)), Time{});

  EXPECT_EQ(links.all()[0].id, LinkId{2});
  EXPECT_EQ(links.all()[1].id, LinkId{5});
  EXPECT_EQ(links.all()[2].id, LinkId{9});
}

TEST(LinkTable, ForgetsALinkWhollyAndTakesItsPeerAgain) {
  LinkTable links;
  links.add(up(5, 1), Time{});

  links.remove(LinkId{5});
  EXPECT_EQ(links.find(PeerId{{1}}), nullptr);
  EXPECT_EQ(links.size(), 0U);
  links.add(up(6, 1), Time{});

  EXPECT_EQ(links.find(PeerId{{1}})->id, LinkId{6});
}

}  // namespace
}  // namespace boato
