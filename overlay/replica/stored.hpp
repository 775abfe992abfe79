// SPDX-License-Identifier: Apache-2.0
// What a store holds when a process begins, as its host reads it out.
#pragma once

#include "overlay/stream/stream_key.hpp"

#include <string>
#include <vector>

namespace boato {

struct StoredStream {
  StreamKey key;
  Seq floor;                    // nothing up to here is kept any more
  Seq upto;                     // held without a hole, from the floor on
  std::vector<SeqRange> above;  // held beyond a hole
};

struct StoredTopic {
  TopicId topic;
  std::string genesis;  // the topic's founding, as signed; empty: it was removed
  std::vector<StoredStream> streams;
};

}  // namespace boato
