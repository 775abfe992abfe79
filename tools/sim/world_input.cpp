// SPDX-License-Identifier: Apache-2.0
// What reaches the peers of a simulated world: links, frames, what waits; and what is seen of it on the way.
#include "overlay/base/bytes.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/selective_messages.hpp"
#include "tools/sim/full_transport.hpp"
#include "tools/sim/light_transport.hpp"
#include "tools/sim/world.hpp"

#include <algorithm>
#include <cstring>

namespace boato::sim {

void World::link_up(std::uint32_t peer, const LinkUp& up) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::up;
  input.up = up;
  input.link = up.link;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::link_down(std::uint32_t peer, LinkId link, CloseReason why) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::down;
  input.link = link;
  input.why = why;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::dial_failed(std::uint32_t peer, const DialWish& wish) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::failed;
  input.wish = wish;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::backlog(std::uint32_t peer, LinkId link, const LinkBacklog& backlog) {
  SimPeer& p = peers_[peer];
  if (p.paused) return;
  p.core->on_backlog(local(p), link, backlog);
  settle(peer);
}

void World::frame(std::uint32_t peer, LinkId link, Flow flow, const Frame& frame) {
  SimPeer& p = peers_[peer];
  if (p.paused) {
    Input input;
    input.what = Input::What::frame;
    input.link = link;
    input.flow = flow;
    input.bytes.assign(frame.bytes.begin(), frame.bytes.end());
    input.body = frame.body;
    input.whole = frame.whole;
    return p.inputs.push_back(std::move(input));
  }
  see(peer, frame);
  last_frame_ = frame.bytes;
  p.core->on_frame(local(p), link, flow, frame);
  settle(peer);
  last_frame_ = {};
}

void World::take(std::uint32_t peer, Input& input) {
  SimPeer& p = peers_[peer];
  const Time t = local(p);
  switch (input.what) {
    case Input::What::up:
      if (options_.trace)
        say(peer, "link " + std::to_string(input.link.raw()) + " up with " +
                      std::to_string(peer_of(input.up.peer)));
      p.core->on_link_up(t, input.up);
      break;
    case Input::What::down:
      if (options_.trace)
        say(peer, "link " + std::to_string(input.link.raw()) + " down: " + std::string{to_string(input.why)});
      p.core->on_link_down(t, input.link, input.why);
      break;
    case Input::What::failed: p.core->on_dial_failed(t, input.wish); break;
    case Input::What::frame: {
      if (!transport_->holds(peer, input.link)) return;  // it has closed this link since
      Frame frame;
      frame.bytes = input.whole && input.body ? input.body.bytes() : Bytes{input.bytes};
      frame.body = std::move(input.body);
      frame.whole = input.whole;
      see(peer, frame);
      last_frame_ = frame.bytes;
      p.core->on_frame(t, input.link, input.flow, frame);
      break;
    }
  }
  settle(peer);
  last_frame_ = {};
}

std::string World::about_last_frame() const {
  if (last_frame_.empty()) return " outside of a frame";
  wire::Cursor in{last_frame_};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  if (!wire::open_frame(in, kind, fields)) return " in a frame without a kind";
  return " in a frame " + std::string{name_of(kind)} + " of " + std::to_string(last_frame_.size()) + " bytes";
}

void World::see(std::uint32_t peer, const Frame& frame) {
  if (!frame.body && !frame.whole) return;
  wire::Cursor in{frame.bytes};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  if (!wire::open_frame(in, kind, fields)) return;
  TopicTag topic;
  if (kind == wire::Kind::cast) {
    wire::Cast cast;
    if (!wire::read(in, fields, cast)) return;
    topic = cast.topic;
  } else if (kind == wire::Kind::cast_to) {
    wire::CastTo cast;
    if (!wire::read(in, fields, cast)) return;
    topic = cast.topic;
  } else if (kind == wire::Kind::repair) {
    wire::Repair repair;
    if (!wire::read(in, fields, repair)) return;
    topic = repair.topic;
  } else {
    return;
  }
  const Bytes batch = frame.whole || !frame.body ? in.rest() : frame.body.bytes();
  ghost_.received(peer, topic, batch);
}

}  // namespace boato::sim
