// SPDX-License-Identifier: Apache-2.0
// One membership machine, and frames by hand.
#pragma once

#include "overlay/membership/membership.hpp"
#include "overlay/wire/codec.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace boato::machine_lab {

using namespace std::chrono_literals;

struct Lab {
  MembershipConfig config;
  Self self;
  LinkTable links;
  Time now{1s};
  Effects fx;
  std::optional<Membership> m;
  std::uint32_t next_link = 1;

  // `key` of the machine; peers have keys of their number.
  explicit Lab(std::uint8_t key = 200) {
    self.id.raw[0] = key;
    self.addresses.push_back(address(key));
    m.emplace(config, self, links, Rng{1});
    const Address seed = address(250);
    m->on_start(now, std::span{&seed, 1}, fx);
    fx.clear();
  }
  static Address address(std::uint8_t n) {
    Address a;
    a.ip[15] = n;
    a.port = 7470;
    return a;
  }
  static PeerId peer(std::uint8_t n) {
    PeerId id;
    id.raw[0] = n;
    return id;
  }
  static wire::PeerSample sample(std::uint8_t n, std::uint32_t age_s = 0) {
    wire::PeerSample s;
    s.id = peer(n);
    s.incarnation = Incarnation{1};
    s.age_s = age_s;
    s.addresses.push_back(address(n));
    return s;
  }
  LinkInfo link(std::uint8_t n, std::uint32_t flags = 0) {
    LinkUp up;
    up.link = LinkId{next_link++};
    up.peer = peer(n);
    up.incarnation = Incarnation{1};
    up.flags = flags;
    up.addresses.push_back(address(n));
    const LinkInfo info = links.add(up, now);
    m->on_link_up(now, info, fx);
    m->check_invariants();
    return info;
  }
  void drop(const LinkInfo& info, CloseReason why) {
    links.remove(info.id);
    m->on_link_down(now, info, why, fx);
    m->check_invariants();
  }
  template <class M>
  void hear(const LinkInfo& from, const M& message) {
    links.edit(from.id)->last_heard = now;
    static_cast<void>(m->on(now, from, message, fx));
    m->check_invariants();
  }
  void pass(Duration d) {
    for (const Time end = now + d; now < end;) {
      now = std::min(end, std::max(now, m->next_deadline()));
      if (m->next_deadline() <= now) m->on_deadline(now, fx);
      m->check_invariants();
    }
  }
  template <class M>
  std::vector<std::pair<LinkId, M>> sent() {
    std::vector<std::pair<LinkId, M>> found;
    for (const Send& s : fx.sends()) {
      M message;
      if (wire::decode(fx.envelope(s), message)) found.emplace_back(s.link, message);
    }
    return found;
  }
  // Peers [first, first + n) ask and are accepted; they tell `degree`.
  std::vector<LinkInfo> neighbours(std::uint8_t first, std::size_t n, std::uint32_t degree = 8) {
    std::vector<LinkInfo> made;
    for (std::size_t i = 0; i < n; ++i) {
      made.push_back(link(static_cast<std::uint8_t>(first + i)));
      hear(made.back(), wire::Neighbor{wire::Want::urgent, 0});
      hear(made.back(), wire::Ping{1, degree, wire::role_active});
    }
    fx.clear();
    return made;
  }
};

}  // namespace boato::machine_lab
