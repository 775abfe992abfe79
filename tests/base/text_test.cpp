// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/text.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

TEST(TopicName, RefusesEmptyLevels) { EXPECT_FALSE(is_topic_name("a//b")); }

}  // namespace
}  // namespace boato
