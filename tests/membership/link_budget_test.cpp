// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/link_budget.hpp"

#include <gmock/gmock.h>

namespace boato {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Time now = Time{} + 1h;

LinkUse link(std::uint32_t id, Duration age, Duration quiet, bool ours = false, bool theirs = false) {
  return {LinkId{id}, now - age, now - quiet, ours, theirs};
}

TEST(LinkBudget, QuietLinksWithoutUseGo) {
  std::vector<LinkUse> uses{link(1, 10min, 2min), link(2, 10min, 2min, true), link(3, 10min, 30s),
                            link(4, 20s, 20s), link(5, 10min, 2min, false, true)};
  EXPECT_THAT(spare_links(now, {}, uses), ElementsAre(LinkId{1}));
}

TEST(LinkBudget, OfTooManyTheQuietestGoFirst) {
  LinkBudgetConfig config;
  config.soft_max = 2;
  std::vector<LinkUse> uses{link(1, 20s, 5s), link(2, 20s, 15s), link(3, 20s, 18s, true), link(4, 1s, 1s)};
  EXPECT_THAT(spare_links(now, config, uses), ElementsAre(LinkId{2}, LinkId{1}));
  config.soft_max = 3;
  EXPECT_THAT(spare_links(now, config, uses), ElementsAre(LinkId{2}));
}

TEST(LinkBudget, OfTooManyThoseThatOnlyTheOtherEndUsesGoLast) {
  LinkBudgetConfig config;
  config.soft_max = 2;
  std::vector<LinkUse> uses{link(1, 1h, 1h, true), link(2, 1h, 1h, false, true), link(3, 20s, 1s),
                            link(4, 1h, 2h, false, true)};
  EXPECT_THAT(spare_links(now, config, uses), ElementsAre(LinkId{3}, LinkId{4}));
}

TEST(LinkBudget, UsedAndYoungOnesStayHoweverManyThereAre) {
  LinkBudgetConfig config;
  config.soft_max = 1;
  std::vector<LinkUse> uses{link(1, 1h, 1h, true), link(2, 1h, 1h, true), link(3, 2s, 2s),
                            link(4, 9s, 9s, false, true)};
  EXPECT_THAT(spare_links(now, config, uses), IsEmpty());
}

}  // namespace
}  // namespace boato
