// SPDX-License-Identifier: Apache-2.0
// Messages between the replicas of a topic and those who publish in it. Each comment states the receiver's
// duty.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <tuple>

namespace boato::wire {

// The sender is a replica, and has on disk all events of these streams up to each number, payload and
// signature; `streams` as HAVE, without runs: held never steps over a hole. Receiver: the publisher of the
// streams counts it towards its receipts while the link lives (who comes back says it again, and may have
// lost its disk); anybody else ignores it.
struct Held {
  static constexpr Kind kind = Kind::held;
  TopicTag topic;
  Bytes streams;
  static constexpr auto fields = std::tuple{&Held::topic, &Held::streams};
};

}  // namespace boato::wire
