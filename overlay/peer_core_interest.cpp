// SPDX-License-Identifier: Apache-2.0
// What this peer wants of a topic, and what came of it.
#include "overlay/base/mutant.hpp"
#include "overlay/interest/covers.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/topic_state.hpp"

namespace boato {

std::string entry_text(const Predicate& wanted) {
  if (wanted.takes_all()) return std::string{interest_everything};
  return wanted.takes_none() ? std::string{interest_nothing} : wanted.text();
}

OwnEntry PeerCore::own_entry(const TopicState& topic) const {
  return {topic.wants_events() ? std::string_view{topic.announced} : interest_nothing, self_.attributes};
}

Result<void, Errc> PeerCore::set_interest(Time now, TopicTag tag, std::string_view text) {
  TopicState* topic = find(tag);
  if (!topic) return Errc::no_such;
  const auto wanted = Predicate::parse(text);
  if (!wanted) return Errc::bad_predicate;
  topic->interest = entry_text(*wanted);
  topic->narrow_at = never;
  if (topic->interest != topic->announced) {
    const auto announced = Predicate::parse(topic->announced);
    BOATO_CHECK(announced.has_value());
    const bool told = topic->started && topic->wants_events();
    if (told && (provably_narrower(*announced, *wanted) || BOATO_MUTANT(228)))  // 228: widening waits as well
      topic->narrow_at = now + config_.narrow_after;
    else
      announce(now, *topic);
  }
  touch(now, *topic);
  settle(now);
  return {};
}

void PeerCore::announce(Time now, TopicState& topic) {
  topic.narrow_at = never;
  topic.announced = topic.interest;
  if (!topic.started || !topic.wants_events()) return;
  topic.roster.set_own(now, own_entry(topic), fx_);
  follow_roster(now, topic);
  topic.multicast.on_interest(now);
}

void PeerCore::follow_moved(TopicState& topic) {
  const auto moved = topic.wants_events() ? topic.multicast.moved() : std::span<const Voucher::Moved>{};
  for (const Voucher::Moved& m : moved) {  // all that is lost, before what comes behind it may go out
    if (m.lost.last == Seq{}) continue;
    const StreamKey& key = topic.streams[m.stream].key();
    fx_.count(Counter::events_lost, m.lost.count());
    fx_.drop(DropReason::lost, topic.tag, key.publisher, m.lost.count());
    topic.delivery.on_gap(m.stream, key, m.lost, GapReason::lost, fx_);
  }
  for (const Voucher::Moved& m : moved)
    topic.delivery.advance(m.stream, topic.streams[m.stream].key(), topic.streams[m.stream].frontier(), fx_);
  topic.multicast.clear_moved();
}

}  // namespace boato
