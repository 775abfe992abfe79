// SPDX-License-Identifier: Apache-2.0
// The stores of a simulated world, and what is judged by them:
//   receipt   whoever is told that so many replicas hold an event: so many disks of voters do, at that moment
//   acked     at the end every voter that runs holds everything that a quorum was said to hold
//   replay    who reads a topic from its beginning gets all of that, while some replica runs
#include "tools/sim/world.hpp"

#include <algorithm>

namespace boato::sim {
namespace {

constexpr Duration commit_least = std::chrono::milliseconds{2};
constexpr std::uint64_t commit_spread_us = 15'000;
constexpr std::int64_t slower = 200;
constexpr Duration paused_again = std::chrono::milliseconds{20};

}  // namespace

void World::give_store(std::uint32_t peer) {
  peers_[peer].disk.emplace();
  peers_[peer].self.flags |= wire::flag_storage;
}

void World::wipe_disk(std::uint32_t peer) {
  if (!peers_[peer].core && peers_[peer].disk) peers_[peer].disk->wipe();
}

void World::set_disk(std::uint32_t peer, bool full, bool slow) {
  if (!peers_[peer].disk) return;
  peers_[peer].disk->set_full(full);
  peers_[peer].disk->set_slow(slow);
}

void World::on_persist(std::uint32_t peer, Persist persist) {
  Disk& disk = *peers_[peer].disk;
  const bool idle = disk.idle();
  disk.ask(std::move(persist));
  if (idle) plan_commit(peer);
}

void World::plan_commit(std::uint32_t peer) {
  const SimPeer& p = peers_[peer];
  Duration takes = commit_least + Duration{static_cast<std::int64_t>(disk_rng_.below(commit_spread_us))};
  if (p.disk->slow()) takes *= slower;
  at(now_ + takes, [this, peer, starts = p.starts] { commit(peer, starts); });
}

void World::commit(std::uint32_t peer, std::uint64_t starts) {
  SimPeer& p = peers_[peer];
  if (!p.core || p.starts != starts) return;
  if (p.paused) return at(now_ + paused_again, [this, peer, starts] { commit(peer, starts); });
  const Persisted answer = p.disk->commit();
  if (!p.disk->idle()) plan_commit(peer);
  p.core->on_persisted(local(p), answer);
  settle(peer);
}

void World::on_read(std::uint32_t peer, const ReadWish& wish) {
  const std::uint64_t starts = peers_[peer].starts;
  const Duration takes{static_cast<std::int64_t>(1000 + disk_rng_.below(5000))};
  at(now_ + takes, [this, peer, starts, wish] { read_done(peer, starts, wish); });
}

void World::read_done(std::uint32_t peer, std::uint64_t starts, const ReadWish& wish) {
  SimPeer& p = peers_[peer];
  if (!p.core || p.starts != starts) return;
  if (p.paused) return at(now_ + paused_again, [this, peer, starts, wish] { read_done(peer, starts, wish); });
  std::vector<EventRef> batches;
  for (const Disk::Batch& batch : p.disk->read(wish)) batches.push_back(slabs_.copy(batch.bytes));
  p.core->on_read(local(p), wish, batches);
  settle(peer);
}

const TopicRecord* World::record_of(std::uint32_t topic) const {
  if (!topics_[topic].known) return nullptr;
  for (const SimPeer& p : peers_)
    if (p.core)
      if (const TopicRecord* record = p.core->directory().find(topics_[topic].tag)) return record;
  return nullptr;
}

bool World::keeps(std::uint32_t peer, std::uint32_t topic) const {
  const SimPeer& p = peers_[peer];
  const TopicRecord* record = p.disk ? record_of(topic) : nullptr;
  return record && (record->replicas.has(p.self.id) || p.disk->keeps(record->id));
}

std::size_t World::voters_that_hold(const TopicRecord& record, const StreamKey& key, SeqRange range) const {
  std::size_t count = 0;
  for (const PeerId& voter : record.replicas.voters()) {
    const std::uint32_t i = peer_of(voter);
    count += i < peers() && peers_[i].disk && peers_[i].disk->holds(record.id, key, range);
  }
  return count;
}

void World::on_receipt(std::uint32_t peer, const TakenNotice& taken) {
  const std::size_t topic = topic_at(taken.topic);
  if (topic >= topics_.size()) return;
  const SimPeer& p = peers_[peer];
  const TopicRecord* record = p.core->directory().find(taken.topic);
  if (!record || record->replicas.empty()) return;
  const StreamKey key{p.self.id, p.self.incarnation};
  const SeqRange range{taken.first, taken.last};
  const std::size_t held = voters_that_hold(*record, key, range);
  if (held < taken.holders)
    verdicts_.add(now_, "receipt",
                  "peer " + std::to_string(peer) + " is told that " + std::to_string(taken.holders) +
                      " replicas hold " + std::to_string(range.first.raw()) + ".." +
                      std::to_string(range.last.raw()) + " of its stream; " + std::to_string(held) + " do");
  if (taken.holders < record->replicas.quorum()) return;
  auto& [ranges, voters] = acked_[{static_cast<std::uint32_t>(topic), key}];
  if (voters.empty()) voters.assign(record->replicas.voters().begin(), record->replicas.voters().end());
  if (ranges.empty() || ranges.back().last.raw() + 1 < range.first.raw())
    ranges.push_back(range), acked_events_ += range.count();
  else if (range.last > ranges.back().last) {
    acked_events_ += range.last.raw() - ranges.back().last.raw();
    ranges.back().last = range.last;
  }
}

// Slow and full disks are over, everybody has had time: nothing that was acknowledged is missing anywhere.
void World::judge_disks() {
  for (const auto& [stream, acked] : acked_) {
    const auto& [topic, key] = stream;
    const TopicRecord* record = record_of(topic);
    if (!record) continue;
    const bool anybody = std::ranges::any_of(record->replicas.voters(), [&](const PeerId& voter) {
      const std::uint32_t i = peer_of(voter);
      return i < peers() && up(i);
    });
    const auto wiped = std::ranges::count_if(acked.voters, [&](const PeerId& voter) {
      const std::uint32_t i = peer_of(voter);
      return i < peers() && peers_[i].disk && peers_[i].disk->wiped();
    });
    // All its replicas have left for good; or a majority of the disks is gone, such as that of a single one.
    if (!anybody || static_cast<std::size_t>(wiped) > acked.voters.size() / 2) continue;
    for (const SeqRange& range : acked.ranges) {
      for (const PeerId& voter : record->replicas.voters()) {
        const std::uint32_t i = peer_of(voter);
        if (i >= peers() || !up(i) || peers_[i].disk->holds(record->id, key, range)) continue;
        verdicts_.add(now_, "acked",
                      "peer " + std::to_string(i) + " lacks some of " + std::to_string(range.first.raw()) +
                          ".." + std::to_string(range.last.raw()) + " of peer " +
                          std::to_string(peer_of(key.publisher)) + ", which a quorum was said to hold");
      }
      for (const auto& [peer, of] : replays_) {
        if (of != topic || !up(peer)) continue;
        for (Seq seq = range.first; seq <= range.last; seq = next(seq)) {
          if (ghost_.got(peer, topics_[topic].ghost, key, seq)) continue;
          verdicts_.add(now_, "replay",
                        "peer " + std::to_string(peer) + " read from the beginning and lacks " +
                            std::to_string(seq.raw()) + " of peer " + std::to_string(peer_of(key.publisher)));
          break;
        }
      }
    }
  }
}

}  // namespace boato::sim
