// SPDX-License-Identifier: Apache-2.0
// Draws worlds. Source of the idea: swarm testing (Groce et al., ISSTA 2012): many runs that each leave most
// kinds of fault out find more than runs that have a little of everything.
#include "tools/sim/scenario.hpp"

#include <algorithm>
#include <array>

namespace boato::sim {

namespace {
using std::chrono::milliseconds;
using std::chrono::seconds;

Duration between(Rng& rng, Duration low, Duration high) {
  return low +
         Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>((high - low).count()) + 1))};
}
template <class T, std::size_t N>
T one_of(Rng& rng, const std::array<T, N>& values) {
  return values[static_cast<std::size_t>(rng.below(N))];
}

// What all members together are handed in one world: it bounds the time of a seed, and small worlds publish
// no more than large ones.
constexpr std::array<double, 3> deliveries_most{2'000, 6'000, 20'000};

// A generator of its own: worlds without filters are the worlds they were.
void draw_filters(Scenario& s, Rng rng) {
  if (!rng.chance(0.4)) return;
  s.grace =
      seconds{60};  // partitions and pauses last: an event may be long on its way to a filter that takes it
  for (TopicPlan& t : s.topics) {
    if (rng.chance(0.2)) continue;
    t.selectivity = one_of(rng, std::array{0.01, 0.05, 0.1, 0.3});
    if (rng.chance(0.3)) t.filtered = {0.5, 0};
    if (rng.chance(0.3)) t.values = 4;
    for (std::uint64_t changes = rng.below(6); changes > 0; --changes) {
      Action a;
      a.at = between(rng, seconds{12}, seconds{55});
      a.verb = Action::Verb::refilter;
      a.who = {static_cast<double>(1 + rng.below(60)) / 100, 0};
      a.topic = t.name;
      s.actions.push_back(a);
    }
  }
}

Share some(Rng& rng, double most) { return {static_cast<double>(1 + rng.below(100)) / 100 * most, 0}; }
}  // namespace

Scenario draw_scenario(std::uint64_t seed, std::uint32_t peers_min, std::uint32_t peers_max) {
  Rng rng = Rng{seed}.fork("swarm");
  Scenario s;
  s.name = "swarm";
  s.about = "drawn from seed " + std::to_string(seed);
  s.peers = peers_min + static_cast<std::uint32_t>(rng.below(peers_max - peers_min + 1));
  s.seeds = 1 + static_cast<std::uint32_t>(rng.below(3));
  s.joining = between(rng, milliseconds{100}, seconds{10});
  s.duration = seconds{60};
  s.quiet = seconds{100};  // hearsay of a death counts after 30 s, and may have to travel
  s.check_every = s.peers <= 32 ? 1 : s.peers / 4;  // a check costs what a peer knows
  s.full_links = rng.chance(0.2);
  s.hasty = true;  // the harder way: foundings of one name meet and merge
  s.real_crypto = false;

  NetworkDials& n = s.network;
  const auto worst =
      one_of(rng, std::array{milliseconds{2}, milliseconds{50}, milliseconds{150}, milliseconds{400}});
  n.delay_max = worst;
  n.delay_min = rng.chance(0.5) ? Duration{worst} / 10 : Duration{worst};
  n.jitter = rng.chance(0.3) ? Duration{worst} : Duration{worst} / 20;
  if (rng.chance(0.25)) n.loss = one_of(rng, std::array{0.01, 0.05, 0.2});
  if (rng.chance(0.15)) n.duplicate = one_of(rng, std::array{0.01, 0.2});
  if (rng.chance(0.1)) n.forge = one_of(rng, std::array{0.001, 0.01});
  if (rng.chance(0.15)) n.reset = one_of(rng, std::array{0.0001, 0.002});
  if (rng.chance(0.15)) n.bandwidth = one_of(rng, std::array<std::uint64_t, 2>{500'000, 2'000'000});
  if (rng.chance(0.15)) n.queue_max = one_of(rng, std::array<std::size_t, 2>{64, 256}) << 10;
  if (rng.chance(0.1)) n.vanish = one_of(rng, std::array{0.01, 0.1});

  // A world that carries more than it can for a minute is another trial: it shows only that queues end.
  const bool narrow = n.bandwidth != 0;
  const auto topics = 1 + rng.below(3);
  const double deliveries = one_of(rng, deliveries_most) / static_cast<double>(topics);
  for (std::uint64_t i = 0; i < topics; ++i) {
    TopicPlan t;
    t.name = "t" + std::to_string(i);
    t.members = rng.chance(0.5) ? Share{1.0, 0} : some(rng, 1.0);
    t.publishers = {0, 1 + static_cast<std::uint32_t>(rng.below(4))};
    t.rate = one_of(rng, std::array{0.5, 2.0, 10.0, 40.0});
    t.payload = one_of(rng, std::array<std::uint32_t, 4>{16, 200, 2000, 30000});
    if (t.payload > 2000) t.rate = std::min(t.rate, 2.0);
    t.batch = static_cast<std::uint16_t>(rng.chance(0.7) ? 1 : 1 + rng.below(20));
    if (narrow) t.rate = std::min(t.rate, t.payload > 200 ? 0.5 : 10.0);
    if (t.payload > 2000) t.batch = 1;  // a cache holds 64 MiB: what is owed must fit into it
    t.from = between(rng, seconds{5}, seconds{20});
    t.until = between(rng, seconds{40}, seconds{58});
    const double seconds = static_cast<double>((t.until - t.from).count()) / 1e6;
    t.rate =
        std::min(t.rate, deliveries / (seconds * t.publishers.count * std::max(1U, t.members.of(s.peers))));
    if (rng.chance(0.1)) t.reliability = Reliability::unreliable;
    t.order = rng.chance(0.25) ? Order::none : Order::fifo;
    s.topics.push_back(std::move(t));
  }

  const auto moment = [&] { return between(rng, seconds{12}, seconds{50}); };
  const auto add = [&](double chance, std::uint64_t most, auto&& fill) {
    if (!rng.chance(chance)) return;
    const std::uint64_t times = 1 + rng.below(most);
    for (std::uint64_t i = 0; i < times; ++i) {
      Action a;
      a.at = moment();
      fill(a);
      s.actions.push_back(a);
    }
  };
  add(0.4, 3, [&](Action& a) {
    a.verb = Action::Verb::crash;
    a.who = some(rng, 0.3);
    a.silent = rng.chance(0.5);
    a.spare_publishers = rng.chance(0.5);
  });
  add(0.35, 3, [&](Action& a) {
    a.verb = Action::Verb::restart;
    a.who = {1.0, 0};
    a.lost = rng.chance(0.3);
  });
  add(0.1, 1, [&](Action& a) {  // most of a data centre
    a.verb = Action::Verb::crash;
    a.who = {0.3 + static_cast<double>(rng.below(50)) / 100, 0};
    a.silent = true;
  });
  add(0.2, 2, [&](Action& a) {
    a.verb = Action::Verb::leave;
    a.who = some(rng, 0.2);
    a.spare_publishers = rng.chance(0.5);
  });
  add(0.2, 3, [&](Action& a) {
    a.verb = Action::Verb::join;
    a.who = {0, 1 + static_cast<std::uint32_t>(rng.below(4))};
  });
  add(0.3, 3, [&](Action& a) {
    a.verb = Action::Verb::pause;
    a.who = some(rng, 0.3);
    a.lasting = between(rng, milliseconds{200}, seconds{20});
  });
  add(0.3, 2, [&](Action& a) {
    a.verb = Action::Verb::partition;
    a.who = some(rng, 0.6);
    a.one_way = rng.chance(0.4);
    a.lasting = between(rng, milliseconds{500}, seconds{25});
  });
  add(0.3, 4, [&](Action& a) {
    a.verb = Action::Verb::cut;
    a.who = some(rng, 0.5);
  });
  add(0.2, 2, [&](Action& a) {
    a.verb = Action::Verb::slow;
    a.who = some(rng, 0.2);
    a.by = between(rng, milliseconds{50}, seconds{2});
    a.lasting = between(rng, seconds{1}, seconds{20});
  });
  add(0.2, 2, [&](Action& a) {
    a.verb = Action::Verb::skew;
    a.who = some(rng, 0.3);
    a.by = between(rng, seconds{1}, std::chrono::hours{1});
    a.ppm = static_cast<std::int64_t>(rng.below(20'000)) - 10'000;
  });
  add(0.15, 3, [&](Action& a) {
    a.verb = rng.chance(0.5) ? Action::Verb::subscribe : Action::Verb::unsubscribe;
    a.who = some(rng, 0.3);
    a.spare_publishers = true;
    a.topic = s.topics[static_cast<std::size_t>(rng.below(s.topics.size()))].name;
  });
  draw_filters(s, Rng{seed}.fork("selective"));
  std::ranges::stable_sort(s.actions, {}, &Action::at);
  return s;
}

}  // namespace boato::sim
