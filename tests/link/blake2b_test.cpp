// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/blake2b.hpp"

#include "overlay/base/text.hpp"
#include "tests/link/lab.hpp"

#include <gtest/gtest.h>

#include <utility>

namespace boato {
namespace {

using lab::Buffer;
using lab::pattern;

constexpr Personal flat = personal("boato/1 flat");

// By Python's hashlib: blake2b(pattern(n), digest_size=32, person=b"boato/1 flat").
const std::pair<std::size_t, const char*> known[] = {
    {0, "2b553833d5424773c93b24c7381433505998ca24ddde5c72b7e378a7e05e2993"},
    {1, "6aad15a0c8effbfaf516ad52cb9c2ef7b0bcb10a9758a177eb2d76051c870416"},
    {127, "d40b81eca741448b574e34bfc714cd34fb1ec858ed40058d75a0bfea06a76d38"},
    {128, "1b1618165e34aeabdc24bf2bb6ae12495dcb3ceb5fa2a42aeba6a4598aa5fae1"},
    {129, "20caf7fca73290d3699e1efae10635b1fc808ecd2fb2b67f88b28a3abaa716fe"},
    {256, "7f54ef42c298c74b4ed980224bb73f8eb58ed0f43887515b4d659308192dd03d"},
    {257, "68d2d19090ce1bd6336803c5b0fd0ca400952d92e83713ef1a104e53cb86dbac"},
    {5000, "cf2f59d049a17007363a0406471db0f296e8527a55ade2675f1fdf19738d1da6"}};

TEST(Blake2b, IsWhatOthersCompute) {
  for (const auto& [size, digest] : known) {
    const Buffer message = pattern(size);
    EXPECT_EQ(to_hex(view(blake2b(flat, std::array{Bytes{message}}))), digest) << size << " bytes";
  }
}

TEST(Blake2b, DoesNotSeeWhereAMessageWasCut) {
  const Buffer message = pattern(400);
  const Digest whole = blake2b(flat, std::array{Bytes{message}});

  for (std::size_t a = 0; a <= message.size(); a += 16)
    for (std::size_t b = a; b <= message.size(); b += 16) {
      const Bytes all{message};
      EXPECT_EQ(blake2b(flat, std::array{all.first(a), all.subspan(a, b - a), all.subspan(b)}), whole)
          << a << " " << b;
    }
}

TEST(Blake2b, HashesManyAtOnceAsOneByOne) {
  const Buffer bytes = pattern(40000);
  std::uint32_t x = 1;
  const auto below = [&](std::uint32_t n) {
    x = x * 1664525U + 1013904223U;
    return (x >> 8) % n;
  };
  for (const std::size_t lanes : {std::size_t{1}, std::size_t{4}, std::size_t{8}}) {
    if (lanes > blake2b_lanes()) continue;  // this processor has no vectors so wide
    for (std::size_t count = 0; count < 40; ++count) {
      std::vector<Bytes> messages;
      for (std::size_t i = 0; i < count; ++i) {
        // Like lengths and others, none, and whole blocks: where lanes end and begin anew.
        const std::size_t size = count % 3 == 0 ? 5000 : below(2) == 0 ? 128 * below(6) : below(3000);
        messages.push_back(Bytes{bytes}.subspan(below(30000), size));
      }
      std::vector<Digest> digests(count);

      blake2b_each(lanes, flat, messages, digests);

      for (std::size_t i = 0; i < count; ++i)
        EXPECT_EQ(digests[i], blake2b(flat, std::array{messages[i]}))
            << lanes << " lanes, " << i << " of " << count << ", " << messages[i].size() << " bytes";
    }
  }
}

}  // namespace
}  // namespace boato
