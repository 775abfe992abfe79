// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/disk.hpp"

#include "overlay/stream/stream.hpp"

#include <algorithm>

namespace boato::sim {
namespace {
constexpr std::size_t read_bytes_max = std::size_t{256} << 10;
}  // namespace

Persisted Disk::commit() {
  const Persist persist = std::move(waiting_.front());
  waiting_.pop_front();
  Persisted answer{persist.batch, {}};
  for (std::uint32_t i = 0; i < persist.ops.size(); ++i) {
    if (const auto* keep = std::get_if<KeepTopic>(&persist.ops[i])) {
      topics_[keep->topic];
      slots_[keep->log] = keep->topic;
    }
    if (const auto* save = std::get_if<SaveMeta>(&persist.ops[i])) metas_[slots_[save->log]] = save->meta;
    const auto* append = std::get_if<AppendBatch>(&persist.ops[i]);
    if (!append) continue;
    if (full_) {
      answer.refused.push_back({i, Refusal::disk_full});
      continue;
    }
    Stream& stream = topics_[append->topic][{append->publisher, append->incarnation}];
    const Bytes bytes = append->bytes.bytes();
    const auto [at, fresh] = stream.try_emplace(
        append->first, Batch{Seq{append->first.raw() + append->count - 1}, {bytes.begin(), bytes.end()}});
    if (!fresh && !std::ranges::equal(at->second.bytes, bytes))
      answer.refused.push_back({i, Refusal::conflict});
  }
  return answer;
}

void Disk::crash(Rng& rng) {
  for (std::uint64_t n = rng.below(waiting_.size() + 1); n > 0; --n) commit();
  waiting_.clear();
  slots_.clear();
}

void Disk::wipe() {
  wiped_ = true;
  topics_.clear();
  metas_.clear();
  slots_.clear();
  waiting_.clear();
}

std::vector<StoredTopic> Disk::state() const {
  std::vector<StoredTopic> state;
  for (const auto& [topic, streams] : topics_) {
    StoredTopic& stored = state.emplace_back(StoredTopic{topic, {}, {}});
    if (const auto meta = metas_.find(topic); meta != metas_.end()) stored.genesis = meta->second.config;
    for (const auto& [key, batches] : streams) {
      boato::Stream numbers;
      Fresh fresh;
      for (const auto& [first, batch] : batches) numbers.account({first, batch.last}, fresh);
      const auto above = numbers.above().ranges();
      stored.streams.push_back({key, Seq{}, numbers.frontier(), {above.begin(), above.end()}});
    }
  }
  return state;
}

std::vector<Disk::Batch> Disk::read(const ReadWish& wish) const {
  std::vector<Batch> out;
  const auto topic = topics_.find(wish.id);
  if (topic == topics_.end()) return out;
  const auto stream = topic->second.find({wish.publisher, wish.incarnation});
  if (stream == topic->second.end()) return out;
  auto at = stream->second.upper_bound(wish.first);
  if (at != stream->second.begin()) --at;
  std::size_t bytes = 0;
  for (; at != stream->second.end() && at->first <= wish.last && bytes < read_bytes_max; ++at) {
    if (at->second.last < wish.first) continue;
    bytes += at->second.bytes.size();
    out.push_back(at->second);
  }
  return out;
}

bool Disk::holds(const TopicId& topic, const StreamKey& key, SeqRange range) const {
  const auto t = topics_.find(topic);
  if (t == topics_.end()) return false;
  const auto s = t->second.find(key);
  if (s == t->second.end()) return false;
  Seq want = range.first;
  auto at = s->second.upper_bound(want);
  if (at != s->second.begin()) --at;
  for (; at != s->second.end() && at->first <= want; ++at) {
    if (at->second.last >= range.last) return true;
    want = std::max(want, next(at->second.last));
  }
  return false;
}

}  // namespace boato::sim
