// SPDX-License-Identifier: Apache-2.0
// From bytes to machines: each kind of frame has one place here.
#include "overlay/peer_core.hpp"
#include "overlay/topic_state.hpp"
#include "overlay/wire/directory_messages.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/membership_messages.hpp"
#include "overlay/wire/replica_messages.hpp"
#include "overlay/wire/roster_messages.hpp"
#include "overlay/wire/view_messages.hpp"

namespace boato {

void PeerCore::malformed(const LinkInfo& from) { fx_.refuse(DropReason::malformed, from.id, from.peer); }

void PeerCore::no_topic(const LinkInfo& from, TopicTag topic) {
  fx_.count(Counter::frames_no_topic);
  fx_.drop(DropReason::no_topic, topic, from.peer);
}

template <class M>
bool PeerCore::read(const LinkInfo& from, wire::Cursor& in, std::uint32_t fields, M& m) {
  if (wire::read(in, fields, m)) return true;
  malformed(from);
  return false;
}

EventRef PeerCore::body_of(const Frame& frame, const wire::Cursor& in) {
  if (frame.body && frame.whole) {
    const auto used = static_cast<std::uint32_t>(in.used());
    return frame.body.part(used, static_cast<std::uint32_t>(frame.body.size()) - used);
  }
  if (frame.body) return frame.body;
  return slabs_.copy(in.rest());
}

template <class M>
void PeerCore::to_membership(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields) {
  M m;
  if (!read(from, in, fields, m)) return;
  if constexpr (std::is_same_v<M, wire::Pong> || std::is_same_v<M, wire::Ping>) {
    Duration rtt{0};
    if constexpr (std::is_same_v<M, wire::Pong>)
      rtt = membership_.on(now, from, m, fx_);
    else
      membership_.on(now, from, m, fx_);
    LinkInfo* link = links_.edit(from.id);
    if (!link) return;
    if (rtt.count() > 0) link->rtt = rtt;
    link->crowded = (m.roles & wire::role_crowded) != 0;
  } else {
    membership_.on(now, from, m, fx_);
  }
}

template <class M>
void PeerCore::to_directory(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields) {
  M m;
  if (read(from, in, fields, m)) directory_.on(now, from, m, active_links(), fx_);
}

template <class M>
void PeerCore::to_roster(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields,
                         const Frame& frame) {
  M m;
  if (!read(from, in, fields, m)) return;
  TopicState* topic = find(m.topic);
  if (!topic || !topic->started) return no_topic(from, m.topic);
  const Bytes body = frame.body && !frame.whole ? frame.body.bytes() : in.rest();
  topic->roster.on(now, from, m, body, fx_);
  follow_roster(now, *topic);
  touch(now, *topic);
}

template <class M>
void PeerCore::to_multicast(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields) {
  M m;
  if (!read(from, in, fields, m)) return;
  TopicState* topic = find(m.topic);
  if (!topic || !topic->started) {
    no_topic(from, m.topic);
    if constexpr (std::is_same_v<M, wire::Mesh>)
      if (m.verb == wire::MeshVerb::ask) {
        fx_.send(from.id, Flow::control, wire::Mesh{m.topic, wire::MeshVerb::no});
        if (const TopicRecord* record = directory_.find(m.topic); record && !topic)
          farewell_.say(now, record->id, from.id, fx_);
      }
    return;
  }
  if constexpr (std::is_same_v<M, wire::StartTell>) {
    topic->multicast.on(now, from, m, fx_, [&](StreamIndex stream, Seq frontier) {
      topic->delivery.start_at(stream, frontier, fx_);
    });
    tell_ready(*topic);
  } else {
    topic->multicast.on(now, from, m, fx_);
    if constexpr (std::is_same_v<M, wire::Mesh>) follow_mesh(now, *topic);
    if constexpr (std::is_same_v<M, wire::Pull>) read_for(from, *topic);
  }
  touch(now, *topic);
}

template <class M>
void PeerCore::batch_to_multicast(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields,
                                  const Frame& frame) {
  M m;
  if (!read(from, in, fields, m)) return;
  TopicState* topic = find(m.topic);
  if (!topic || !topic->started) {
    no_topic(from, m.topic);
    if constexpr (std::is_same_v<M, wire::Cast>) casts_.received(now, from.id, fx_);
    return;
  }
  const Arrived* arrived = nullptr;
  if constexpr (std::is_same_v<M, wire::Cast>)
    arrived = topic->multicast.on(now, from, m, body_of(frame, in), membership_.mass_death(now), fx_);
  else
    arrived = topic->multicast.on(now, from, m, body_of(frame, in), fx_);
  if (const auto closed = topic->multicast.closed()) topic->delivery.forget(*closed);
  if (arrived) deliver(now, *topic, *arrived);
  keep(now, *topic, from);
  touch(now, *topic);
}

void PeerCore::dispatch(Time now, const LinkInfo& from, const Frame& frame, wire::Kind kind, wire::Cursor in,
                        std::uint32_t fields) {
  using wire::Kind;
  switch (kind) {
    case Kind::cast: return batch_to_multicast<wire::Cast>(now, from, in, fields, frame);
    case Kind::repair: return batch_to_multicast<wire::Repair>(now, from, in, fields, frame);
    case Kind::taken: {
      wire::Taken m;
      if (!read(from, in, fields, m)) return;
      const bool honest = casts_.on_taken(from.id, m.count, [&](Duty&& duty) {
        if (TopicState* topic = find(duty.topic)) topic->multicast.taken(duty, fx_);
      });
      if (!honest) malformed(from);
      return;
    }
    case Kind::mesh: return to_multicast<wire::Mesh>(now, from, in, fields);
    case Kind::have: return to_multicast<wire::Have>(now, from, in, fields);
    case Kind::pull: return to_multicast<wire::Pull>(now, from, in, fields);
    case Kind::have_not: return to_multicast<wire::HaveNot>(now, from, in, fields);
    case Kind::frontiers: return to_multicast<wire::Frontiers>(now, from, in, fields);
    case Kind::reconcile: {
      wire::Reconcile m;
      if (!read(from, in, fields, m)) return;
      const auto differs = [&](TopicTag tag, wire::Compared what) {
        TopicState* topic = find(tag);
        if (!topic || !topic->started) return;
        if (what == wire::Compared::streams) topic->multicast.compare(now, from.id, fx_);
        if (what == wire::Compared::rosters) topic->roster.compare(from.id, fx_);
      };
      if (!reconciler_.on(now, from, m, common_topics(from.peer), fx_, differs)) malformed(from);
      return;
    }
    case Kind::start_ask: return to_multicast<wire::StartAsk>(now, from, in, fields);
    case Kind::start_tell: return to_multicast<wire::StartTell>(now, from, in, fields);

    case Kind::held: {
      wire::Held m;
      if (read(from, in, fields, m)) on_held(from, m);
      return;
    }

    case Kind::roster_join: return to_roster<wire::RosterJoin>(now, from, in, fields, frame);
    case Kind::roster_welcome: return to_roster<wire::RosterWelcome>(now, from, in, fields, frame);
    case Kind::roster_page: return to_roster<wire::RosterPage>(now, from, in, fields, frame);
    case Kind::roster_fetch: return to_roster<wire::RosterFetch>(now, from, in, fields, frame);
    case Kind::roster_ranges: return to_roster<wire::RosterRanges>(now, from, in, fields, frame);
    case Kind::roster_want: return to_roster<wire::RosterWant>(now, from, in, fields, frame);
    case Kind::roster_spread: return to_roster<wire::RosterSpread>(now, from, in, fields, frame);

    case Kind::topic_push: return to_directory<wire::TopicPush>(now, from, in, fields);
    case Kind::topic_names: return to_directory<wire::TopicNames>(now, from, in, fields);
    case Kind::topic_fetch: return to_directory<wire::TopicFetch>(now, from, in, fields);
    case Kind::directory_ranges: return to_directory<wire::DirectoryRanges>(now, from, in, fields);

    case Kind::neighbor: return to_membership<wire::Neighbor>(now, from, in, fields);
    case Kind::accept: return to_membership<wire::Accept>(now, from, in, fields);
    case Kind::refuse: return to_membership<wire::Refuse>(now, from, in, fields);
    case Kind::disconnect: return to_membership<wire::Disconnect>(now, from, in, fields);
    case Kind::shuffle: return to_membership<wire::Shuffle>(now, from, in, fields);
    case Kind::shuffle_reply: return to_membership<wire::ShuffleReply>(now, from, in, fields);
    case Kind::join: return to_membership<wire::Join>(now, from, in, fields);
    case Kind::samples: return to_membership<wire::Samples>(now, from, in, fields);
    case Kind::walk: return to_membership<wire::Walk>(now, from, in, fields);
    case Kind::splice: return to_membership<wire::Splice>(now, from, in, fields);
    case Kind::splice_answer: return to_membership<wire::SpliceAnswer>(now, from, in, fields);
    case Kind::ping: return to_membership<wire::Ping>(now, from, in, fields);
    case Kind::pong: return to_membership<wire::Pong>(now, from, in, fields);
    case Kind::probe: return to_membership<wire::Probe>(now, from, in, fields);
    case Kind::probe_result: return to_membership<wire::ProbeResult>(now, from, in, fields);

    case Kind::view_ask: {
      wire::ViewAsk m;
      if (read(from, in, fields, m)) answer_view(from, m);
      return;
    }
    case Kind::view_tell: {
      wire::ViewTell m;
      if (read(from, in, fields, m)) keep_view(from, m);
      return;
    }
  }
  fx_.count(Counter::frames_unknown);  // of a later version: skipped
  fx_.drop(DropReason::unknown_kind, {}, from.peer);
}

}  // namespace boato
