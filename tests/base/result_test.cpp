// SPDX-License-Identifier: Apache-2.0
#include <boato/result.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>

namespace boato {
namespace {

TEST(Result, HoldsAValue) {
  Result<std::string> result{std::string{"yes"}};
  ASSERT_TRUE(result.has_value());
  EXPECT_TRUE(static_cast<bool>(result));
  EXPECT_EQ(*result, "yes");
  EXPECT_EQ(result->size(), 3U);
}

TEST(Result, HoldsAnErrorWithItsSentence) {
  const Result<int> result{Error{Errc::bad_name, "no such thing"}};
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::bad_name);
  EXPECT_EQ(result.error().detail, "no such thing");
}

TEST(Result, TakesABareCode) {
  const Result<int> result{Errc::timeout};
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().code, Errc::timeout);
  EXPECT_TRUE(result.error().detail.empty());
}

TEST(Result, OfACodeIsSmall) {
  const Result<std::uint32_t, Errc> result{Errc::closed};
  EXPECT_EQ(result.error(), Errc::closed);
  static_assert(sizeof(result) <= 2 * sizeof(std::uint32_t));
}

TEST(Result, GivesAMoveOnlyValueAway) {
  Result<std::unique_ptr<int>> result{std::make_unique<int>(5)};
  const std::unique_ptr<int> value = *std::move(result);
  EXPECT_EQ(*value, 5);
}

TEST(Result, OfVoidIsDoneOrAnError) {
  EXPECT_TRUE(Result<void>{}.has_value());
  const Result<void> bad{Errc::fenced};
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Errc::fenced);
}

TEST(ResultDeathTest, StopsTheProgramWhenReadOnTheWrongSide) {
  const Result<int> bad{Errc::closed};
  const Result<int> good{1};
  const Result<void> done;
  EXPECT_DEATH((void)*bad, "Result read on the side");
  EXPECT_DEATH((void)good.error(), "Result read on the side");
  EXPECT_DEATH((void)done.error(), "Result read on the side");
}

TEST(Errc, EachHasANameOfItsOwn) {
  std::set<std::string_view> names;
  for (int code = 1; code <= static_cast<int>(Errc::internal); ++code)
    names.insert(to_string(static_cast<Errc>(code)));
  EXPECT_EQ(names.size(), static_cast<std::size_t>(Errc::internal));
  EXPECT_FALSE(names.contains("unknown"));
  EXPECT_EQ(to_string(Errc::would_block), "would_block");
}

TEST(Errc, OutsideTheListIsUnknown) { EXPECT_EQ(to_string(static_cast<Errc>(0)), "unknown"); }

}  // namespace
}  // namespace boato
