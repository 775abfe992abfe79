// SPDX-License-Identifier: Apache-2.0
// Views: what this peer tells of itself on request, and asking others for theirs.
#include "overlay/peer_core.hpp"
#include "overlay/topic_state.hpp"

#include <algorithm>
#include <utility>

namespace boato {

std::optional<StreamHead> settled_event(std::vector<StreamHead> told) {
  if (told.empty()) return std::nullopt;
  std::ranges::sort(told);
  const StreamKey newest = told.back().stream;
  std::erase_if(told, [&](const StreamHead& head) { return head.stream != newest; });
  return told[(told.size() - 1) / 2];
}

const PeerView& PeerCore::own_view(const ViewQuestion& question) {
  PeerView& view = own_view_;
  const TopicState* asked = question.topic == TopicTag{} ? nullptr : find(question.topic);
  view.peer = self_.id;
  view.name = self_.name;
  view.topics = static_cast<std::uint32_t>(topics_.size());
  view.passive = static_cast<std::uint32_t>(membership_.passive().size());
  view.links.clear();
  for (const LinkInfo& link : links_.all()) {
    std::uint32_t roles = 0;
    for (const ActivePeer& peer : membership_.active())
      if (peer.link == link.id) roles |= wire::view_active;
    if (question.topic == TopicTag{})
      for (const auto& topic : topics_) roles |= topic->multicast.roles(link.id);
    else if (asked)
      roles |= asked->multicast.roles(link.id);
    view.links.push_back({link.peer, roles, link.rtt, link.addresses});
  }
  view.way = {};
  view.from = {};
  view.hops = 0;
  view.streams.clear();
  if (asked && (asked->started || asked->outside)) tell_topic(*asked, question, view);
  return view;
}

void PeerCore::tell_topic(const TopicState& topic, const ViewQuestion& question, PeerView& view) const {
  if (question.seq == Seq{}) {
    view.way = wire::ViewWay::member;
    topic.streams.each([&](StreamIndex, const Stream& s) {
      if (s.named() && s.key().publisher >= question.stream.publisher && s.highest() > Seq{})
        view.streams.push_back({s.key(), s.highest()});
    });
    const auto kept = std::min(view.streams.size(), wire::view_streams_max);
    std::ranges::partial_sort(view.streams, view.streams.begin() + static_cast<std::ptrdiff_t>(kept));
    view.streams.resize(kept);
    return;
  }
  view.way = wire::ViewWay::missing;
  const StreamKey& key = question.stream;
  const auto stream =
      topic.streams.find(wire::stream_tag(*self_.crypto, topic.id, key.publisher, key.incarnation));
  const CachedBatch* batch = stream ? cache_.find(topic.slot, *stream, question.seq) : nullptr;
  if (!batch) return;
  view.hops = batch->hops;
  if (batch->from == LinkId{}) {
    view.way = wire::ViewWay::own;
    return;
  }
  view.way = batch->hops > 0 ? wire::ViewWay::tree : wire::ViewWay::repair;
  if (const LinkInfo* link = links_.find(batch->from))
    view.from = link->peer;
  else if (batch->hops == 1)
    view.from = key.publisher;  // the link is gone, but the first one is always the publisher's
}

void PeerCore::ask_view(Time now, const PeerId& peer, const wire::AddressList& addresses, std::uint32_t token,
                        const ViewQuestion& question) {
  if (const LinkInfo* link = links_.find(peer)) {
    send_question(link->id, token, question);
  } else if (!addresses.empty()) {
    view_wishes_.push_back({peer, token, question, now + std::chrono::seconds{5}});
    fx_.dial({peer, addresses});
    settle(now);
  }
}

void PeerCore::send_question(LinkId to, std::uint32_t token, const ViewQuestion& question) {
  fx_.send(to, Flow::control,
           wire::ViewAsk{token, question.topic, question.stream.publisher, question.stream.incarnation,
                         question.seq.raw()});
}

// Views that were wished for of a peer whose link has come up.
void PeerCore::ask_wished_views(const LinkInfo& link) {
  std::erase_if(view_wishes_, [&](const ViewWish& wish) {
    if (wish.peer == link.peer) send_question(link.id, wish.token, wish.question);
    return wish.peer == link.peer;
  });
}

void PeerCore::answer_view(const LinkInfo& from, const wire::ViewAsk& ask) {
  const PeerView& view = own_view({ask.topic, {ask.publisher, ask.incarnation}, Seq{ask.seq}});
  wire::ViewTell tell;
  tell.token = ask.token;
  tell.name = view.name;
  tell.topics = view.topics;
  tell.passive = view.passive;
  for (const PeerView::Link& link : view.links) {
    if (tell.links.full()) break;
    tell.links.push_back(
        {link.peer, link.roles, static_cast<std::uint32_t>(link.rtt.count()), link.addresses});
  }
  tell.way = view.way;
  tell.from = view.from;
  tell.hops = view.hops;
  for (const StreamHead& head : view.streams)
    tell.streams.push_back({head.stream.publisher, head.stream.incarnation, head.newest.raw()});
  fx_.send(from.id, Flow::control, tell);
}

void PeerCore::keep_view(const LinkInfo& from, const wire::ViewTell& tell) {
  if (views_.size() >= config_.views_max) return fx_.drop(DropReason::views_full, {}, from.peer);
  PeerView view;
  view.peer = from.peer;
  view.token = tell.token;
  view.name = std::string{tell.name.substr(0, 64)};
  view.topics = tell.topics;
  view.passive = tell.passive;
  for (const wire::ViewLink& link : tell.links)
    view.links.push_back({link.peer, link.roles, Duration{link.rtt_us}, link.addresses});
  view.way = tell.way;
  view.from = tell.from;
  view.hops = tell.hops;
  for (const wire::ViewStream& stream : tell.streams)
    view.streams.push_back({{stream.publisher, stream.incarnation}, Seq{stream.newest}});
  views_.push_back(std::move(view));
}

std::vector<PeerView> PeerCore::take_views() { return std::exchange(views_, {}); }

}  // namespace boato
