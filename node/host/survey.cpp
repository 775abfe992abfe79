// SPDX-License-Identifier: Apache-2.0
#include "node/host/survey.hpp"

#include "overlay/base/text.hpp"
#include "overlay/wire/view_messages.hpp"

namespace boato {

static_assert(static_cast<int>(Topology::Way::repair) == static_cast<int>(wire::ViewWay::repair));

Topology to_topology(const PeerView& view, const std::vector<Address>& addresses) {
  Topology out;
  out.id = view.peer;
  out.name = view.name;
  out.topics = view.topics;
  out.passive = view.passive;
  for (const Address& address : addresses) out.addresses.push_back(to_text(address));
  for (const PeerView::Link& link : view.links) {
    Topology::Link each;
    each.peer = link.peer;
    each.active = (link.roles & wire::view_active) != 0;
    each.mesh = (link.roles & wire::view_mesh) != 0;
    each.finger = (link.roles & wire::view_finger) != 0;
    each.rtt = link.rtt;
    for (const Address& address : link.addresses) each.addresses.push_back(to_text(address));
    out.links.push_back(std::move(each));
  }
  if (view.way <= wire::ViewWay::repair) out.way = static_cast<Topology::Way>(view.way);
  if (view.from != PeerId{}) out.from = view.from;
  out.hops = view.hops;
  for (const StreamHead& head : view.streams)
    out.newest.push_back({head.stream.publisher, head.stream.incarnation.raw(), head.newest.raw()});
  return out;
}

void Survey::start(Time now, PeerCore& core, const std::vector<Address>& own_addresses) {
  const PeerView& own = core.own_view(question_);
  peers_[own.peer].state = State::answered;
  found_.push_back(to_topology(own, own_addresses));
  learn(own);
  ask_more(now, core);
}

void Survey::learn(const PeerView& view) {
  for (const PeerView::Link& link : view.links) {
    if (peers_.size() >= peers_max_ && !peers_.contains(link.peer)) continue;
    Entry& entry = peers_[link.peer];
    if (entry.addresses.empty()) entry.addresses = link.addresses;
  }
}

void Survey::ask_more(Time now, PeerCore& core) {
  for (auto& [id, entry] : peers_) {
    if (asked_ >= asked_max) return;
    if (entry.state != State::known) continue;
    entry.state = State::asked;
    entry.asked = now;
    ++asked_;
    core.ask_view(now, id, entry.addresses, token_, question_);
  }
}

bool Survey::on_view(Time now, PeerCore& core, const PeerView& view) {
  if (view.token != token_) return false;
  const auto at = peers_.find(view.peer);
  if (at == peers_.end() || at->second.state == State::answered) return true;
  if (at->second.state == State::asked) --asked_;
  at->second.state = State::answered;
  std::vector<Address> addresses{at->second.addresses.begin(), at->second.addresses.end()};
  found_.push_back(to_topology(view, addresses));
  learn(view);
  ask_more(now, core);
  return true;
}

bool Survey::on_tick(Time now, PeerCore& core) {
  for (auto& [id, entry] : peers_) {
    if (entry.state != State::asked || now - entry.asked < answer_within) continue;
    entry.state = State::silent;
    --asked_;
  }
  ask_more(now, core);
  if (asked_ > 0 && now < until_) return false;
  finish();
  return true;
}

void Survey::finish() { done_->give(std::move(found_)); }

}  // namespace boato
