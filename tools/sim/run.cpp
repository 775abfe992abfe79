// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/run.hpp"

#include "tools/sim/comparison.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <numeric>
#include <utility>

namespace boato::sim {

namespace {
constexpr Duration tick = std::chrono::seconds{1};
constexpr Duration calm_after = std::chrono::seconds{90};
constexpr Duration rest = std::chrono::seconds{20};  // in which it is counted what is said
Time at_time(Duration d) { return Time{} + d; }
}  // namespace

bool Report::good() const {
  return figures.get("violations") == 0 && std::ranges::all_of(gates, &GateResult::held);
}

Run::Run(Scenario scenario, RunOptions options)
    : scenario_{std::move(scenario)}, options_{std::move(options)}, rng_{Rng{options_.seed}.fork("run")} {
  WorldOptions w;
  w.seed = options_.seed;
  w.network = scenario_.network;
  w.seeds = scenario_.seeds;
  w.full_links = scenario_.full_links;
  w.hasty = scenario_.hasty;
  w.real_crypto = scenario_.real_crypto;
  w.check_every = scenario_.check_every;
  w.baselines = scenario_.baselines || options_.baselines;
  w.trace = options_.trace;
  world_ = std::make_unique<World>(std::move(w));
  set_up();
}

Run::~Run() = default;

std::vector<std::uint32_t> Run::choose(const Share& who, std::function<bool(std::uint32_t)> from) {
  std::vector<std::uint32_t> all;
  for (std::uint32_t i = 0; i < world_->peers(); ++i)
    if (from(i)) all.push_back(i);
  const std::uint32_t n = who.of(static_cast<std::uint32_t>(all.size()));
  rng_.shuffle(std::span{all});
  all.resize(n);
  std::ranges::sort(all);
  return all;
}

std::uint32_t Run::join_peer(Time when) {
  const std::uint32_t peer = world_->add_peer();
  world_->at(when, [this, peer] { world_->start(peer); });
  return peer;
}

void Run::set_up() {
  const Scenario& s = scenario_;
  for (std::uint32_t i = 0; i < s.peers; ++i) {
    const Duration spread{
        static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(s.joining.count()) + 1))};
    const Time when = at_time(i < s.seeds ? Duration{0} : spread);
    join_peer(when);
    all_started_ = std::max(all_started_, when);
  }
  for (std::uint32_t p = 0; p < s.topics.size(); ++p) {
    const TopicPlan& plan = s.topics[p];
    Contract contract;
    contract.reliability = plan.reliability;
    contract.order = plan.order;
    const bool plain = contract == Contract{};
    const auto members = choose(plan.members, [](std::uint32_t) { return true; });
    if (plan.wildcard)
      for (const std::uint32_t peer : members) world_->want_pattern(peer, plan.name + "/#");
    for (std::uint32_t c = 0; c < plan.copies; ++c) {
      const std::string name =
          plan.copies > 1 || plan.wildcard ? plan.name + "/" + std::to_string(c) : plan.name;
      const std::uint32_t topic = world_->add_topic(name, plain ? std::nullopt : std::optional{contract});
      topics_.push_back({p, topic});
      const auto subscribers = plan.wildcard || plan.copies == 1
                                   ? members
                                   : choose(plan.members, [](std::uint32_t) { return true; });
      if (!plan.wildcard)
        for (const std::uint32_t peer : subscribers) world_->want(peer, topic, true, false);
      const auto publishers = choose(plan.publishers, [&](std::uint32_t i) {
        return subscribers.empty() || std::ranges::binary_search(subscribers, i);
      });
      const Duration every{static_cast<std::int64_t>(1e6 / plan.rate)};
      for (const std::uint32_t peer : publishers) {
        const Duration first{
            static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(every.count()) + 1))};
        world_->add_publisher({peer, topic, every, plan.payload, plan.batch, at_time(plan.until)},
                              at_time(plan.from + std::min(first, plan.until - plan.from)));
      }
    }
    world_->at(at_time(plan.from), [this] {
      if (at_first_publish_.total_frames() == 0) at_first_publish_ = world_->collector().traffic();
    });
  }
  if (s.idle_until > s.idle_from) {
    world_->at(at_time(s.idle_from), [this] { at_idle_ = world_->collector().traffic(); });
    world_->at(at_time(s.idle_until), [this] {
      const Traffic sent = world_->collector().traffic() - at_idle_;
      const double seconds = static_cast<double>((scenario_.idle_until - scenario_.idle_from).count()) / 1e6;
      idle_bytes_ = static_cast<double>(sent.total_bytes()) / seconds / scenario_.peers;
    });
  }
  for (const Action& action : s.actions) plan(action);
  world_->at(all_started_, [this] { watch_joining(); });
}

void Run::watch_joining() {
  bool all = true;
  for (std::uint32_t i = 0; i < world_->peers() && all; ++i) {
    if (!world_->up(i)) continue;
    all = world_->core(i).joined() || world_->peers() == 1;
    for (std::uint32_t t = 0; t < world_->topics() && all; ++t)
      if (world_->wants(i, t)) all = world_->core(i).topic_ready(world_->tag(t));
  }
  if (all) {
    all_joined_ = world_->now();
    return;
  }
  if (world_->now() < at_time(scenario_.duration))
    world_->at(world_->now() + std::chrono::milliseconds{250}, [this] { watch_joining(); });
}

void Run::plan(const Action& action) {
  const auto repeat = [this](const auto& self, Action a) -> void {
    world_->at(at_time(a.at), [this, self, a] {
      act(a);
      if (a.every.count() == 0 || a.at + a.every > a.last) return;
      Action next = a;
      next.at += a.every;
      self(self, next);
    });
  };
  repeat(repeat, action);
}

void Run::undo_later(const Action& action, std::function<void()> undo) {
  if (action.lasting.count() > 0) world_->at(world_->now() + action.lasting, std::move(undo));
}

void Run::act(const Action& a) {
  World& w = *world_;
  const auto awake = [&](std::uint32_t i) {
    return w.up(i) && !w.departed(i) && !(a.spare_publishers && w.publishes(i));
  };
  using Verb = Action::Verb;
  switch (a.verb) {
    case Verb::crash:
      for (const std::uint32_t i : choose(a.who, awake)) w.crash(i, a.silent);
      break;
    case Verb::restart:
      for (const std::uint32_t i : choose(a.who, [&](std::uint32_t p) { return w.crashed(p); })) {
        if (a.lost) w.lose_key(i);
        w.start(i);
      }
      break;
    case Verb::leave:
      for (const std::uint32_t i : choose(a.who, awake)) w.leave(i);
      break;
    case Verb::join:
      for (std::uint32_t n = a.who.of(w.peers()); n > 0; --n) {
        const std::uint32_t peer = join_peer(w.now());
        for (const TopicOf& t : topics_) {
          const TopicPlan& plan = scenario_.topics[t.plan];
          if (plan.wildcard && w.topic_name(t.topic).ends_with("/0")) w.want_pattern(peer, plan.name + "/#");
          if (!plan.wildcard && plan.copies == 1) w.want(peer, t.topic, true, false);
        }
      }
      break;
    case Verb::pause: {
      const auto who = choose(a.who, [&](std::uint32_t i) { return awake(i) && !w.is_paused(i); });
      for (const std::uint32_t i : who) w.pause(i);
      undo_later(a, [&w, who] {
        for (const std::uint32_t i : who) w.resume(i);
      });
      break;
    }
    case Verb::partition: {
      const std::uint8_t side = next_side_;
      next_side_ = static_cast<std::uint8_t>(next_side_ % (Conditions::sides_max - 1) + 1);
      const auto who = choose(a.who, [](std::uint32_t) { return true; });
      for (const std::uint32_t i : who) w.conditions().set_side(i, side);
      for (std::uint8_t other = 0; other < Conditions::sides_max; ++other) {
        if (other == side) continue;
        w.conditions().block(side, other, true);
        w.conditions().block(other, side, !a.one_way);
      }
      undo_later(a, [&w, side, who] {
        for (std::uint8_t other = 0; other < Conditions::sides_max; ++other) {
          w.conditions().block(side, other, false);
          w.conditions().block(other, side, false);
        }
        w.conditions_changed();
      });
      break;
    }
    case Verb::cut: w.cut_links(a.who.part); break;
    case Verb::slow: {
      const auto who = choose(a.who, awake);
      for (const std::uint32_t i : who) w.conditions().slow_down(i, a.by, a.bandwidth);
      undo_later(a, [&w, who] {
        for (const std::uint32_t i : who) w.conditions().slow_down(i, Duration{0}, 0);
      });
      break;
    }
    case Verb::skew:
      for (const std::uint32_t i : choose(a.who, awake)) w.skew(i, rng_.chance(0.5) ? a.by : -a.by, a.ppm);
      break;
    case Verb::loss:
    case Verb::vanish:
    case Verb::duplicate:
    case Verb::forge:
    case Verb::reset: {
      NetworkDials& dials = w.conditions().dials;
      double& dial = a.verb == Verb::loss     ? dials.loss
                     : a.verb == Verb::vanish ? dials.vanish
                     : a.verb == Verb::forge  ? dials.forge
                     : a.verb == Verb::reset  ? dials.reset
                                              : dials.duplicate;
      const double before = dial;
      dial = a.who.part;
      undo_later(a, [&dial, before] { dial = before; });
      break;
    }
    case Verb::subscribe:
    case Verb::unsubscribe:
      for (const TopicOf& t : topics_) {
        if (w.topic_name(t.topic) != a.topic) continue;
        const bool on = a.verb == Verb::subscribe;
        for (const std::uint32_t i :
             choose(a.who, [&](std::uint32_t p) { return awake(p) && w.wants(p, t.topic) != on; })) {
          if (on)
            w.want(i, t.topic, true, false);
          else
            w.drop(i, t.topic);
        }
      }
      break;
    case Verb::forget: w.forget_members(a.who.part, rng_.next()); break;
    case Verb::heal: w.heal(); break;
  }
}

void Run::until(Duration at) {
  const auto began = std::chrono::steady_clock::now();
  while (done_ < at) {
    done_ = std::min(done_ + tick, at);
    world_->run_until(at_time(done_));
    if (options_.progress) options_.progress(world_->now(), scenario_.duration + scenario_.quiet);
    if (world_->stormy() || (options_.stop_at_violation && !world_->verdicts().good())) break;
  }
  real_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

void Run::watch_next_event() {
  for (const TopicOf& t : topics_)
    for (std::uint32_t i = 0; i < world_->peers(); ++i)
      if (world_->up(i) && world_->publishes(i) && world_->wants(i, t.topic))
        return world_->watch_event(i, t.topic, 0);  // 0: whichever it publishes next
}

Report Run::finish() {
  until(scenario_.duration);
  const bool stop = world_->stormy() || (options_.stop_at_violation && !world_->verdicts().good());
  if (!stop) {
    world_->heal();
    until(scenario_.duration + scenario_.quiet - std::min(scenario_.quiet / 2, rest));
    const Traffic before = world_->collector().traffic();
    const Time since = world_->now();
    until(scenario_.duration + scenario_.quiet);
    if (scenario_.judge_rest) {
      if (scenario_.quiet >= calm_after)  // else what the healing began is not over
        world_->judge_calm(world_->collector().traffic() - before, world_->now() - since);
      world_->judge_rest();
      world_->judge_directories();
    }
    world_->judge_end();
  }
  Report report;
  report.scenario = scenario_.name;
  report.seed = options_.seed;
  report.trace_hash = world_->hash();
  measure(report);
  for (const Gate& gate : scenario_.gates) {
    const double value = report.figures.get(gate.figure);
    report.gates.push_back({gate, value, gate.holds(value)});
  }
  report.violations = world_->verdicts().kept();
  return report;
}

void Run::measure(Report& report) {
  World& w = *world_;
  Figures& f = report.figures;
  const Ghost& ghost = w.ghost();
  const Collector& collector = w.collector();
  std::uint32_t alive = 0, links_worst = 0, degree_least = ~std::uint32_t{0};
  std::uint64_t links = 0, degrees = 0;
  for (std::uint32_t i = 0; i < w.peers(); ++i) {
    if (!w.up(i)) continue;
    ++alive;
    const auto n = static_cast<std::uint32_t>(w.core(i).links().size());
    const auto degree = static_cast<std::uint32_t>(w.core(i).membership().active().size());
    links += n;
    degrees += degree;
    links_worst = std::max(links_worst, n);
    degree_least = std::min(degree_least, degree);
  }
  std::uint64_t receptions = 0, receivers = 0;
  double worst = 0, first = 0;
  std::uint32_t last_hop = 0;
  for (const Ghost::Stream& stream : ghost.streams())
    for (std::size_t i = 0; i < stream.events.size(); ++i) {
      const Ghost::EventRecord& e = stream.events[i];
      receptions += e.receptions;
      receivers += e.deliveries;
      last_hop = std::max<std::uint32_t>(last_hop, e.last_hop);
      if (e.deliveries == 0) continue;
      const double extra = static_cast<double>(e.receptions) / e.deliveries - 1;
      worst = std::max(worst, extra);
      if (i == 0) first = std::max(first, extra);
    }
  const Traffic since = collector.traffic() - at_first_publish_;
  const double deliveries = static_cast<double>(std::max<std::uint64_t>(1, ghost.deliveries()));
  const double alive_or_one = std::max(1U, alive);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);

  f.set("peers", alive);
  f.set("events", static_cast<double>(ghost.events()));
  f.set("deliveries", static_cast<double>(ghost.deliveries()));
  f.set("owed", static_cast<double>(ghost.owed()));
  f.set("lost", static_cast<double>(ghost.lost()));
  f.set("late", static_cast<double>(ghost.late()));
  f.set("reached_10s", ghost.reached_least());
  f.set("missed", static_cast<double>(ghost.missed()));
  f.set("duplicates", static_cast<double>(ghost.duplicates()));
  f.set("gaps", static_cast<double>(ghost.gaps()));
  f.set("early", static_cast<double>(ghost.early()));
  f.set("unready", static_cast<double>(ghost.unready()));
  f.set("publish_refused", static_cast<double>(w.publish_refused()));
  f.set("violations", static_cast<double>(w.verdicts().count()));
  f.set("redundancy",
        receivers == 0 ? 0 : static_cast<double>(receptions) / static_cast<double>(receivers) - 1);
  f.set("redundancy_first", first);
  f.set("redundancy_worst", worst);
  f.set("last_hop", last_hop);
  f.set("mean_hop", collector.hops().mean());
  f.set("latency_p50", static_cast<double>(collector.latency().at(0.5)) / 1000);
  f.set("latency_p99", static_cast<double>(collector.latency().at(0.99)) / 1000);
  f.set("latency_worst", static_cast<double>(collector.latency().worst()) / 1000);
  f.set("frames", static_cast<double>(collector.traffic().total_frames()));
  f.set("frames_per_delivery", static_cast<double>(since.total_frames()) / deliveries);
  f.set("bytes_per_delivery", static_cast<double>(since.total_bytes() - since.body_bytes) / deliveries);
  f.set("control_bytes",
        static_cast<double>(topic_bytes(since)) / static_cast<double>(std::max<std::uint64_t>(1, receivers)));
  f.set("busiest", most_by_mean(collector.payload_sends(), w.peers()));
  f.set("idle_bytes", idle_bytes_);
  f.set("pulls", static_cast<double>(collector.noted(Counter::pulls_sent)));
  f.set("takeovers", static_cast<double>(collector.noted(Counter::takeovers)));
  f.set("gone", static_cast<double>(collector.noted(Counter::members_gone)));
  f.set("links", static_cast<double>(links) / alive_or_one);
  f.set("links_worst", links_worst);
  f.set("degree", static_cast<double>(degrees) / alive_or_one);
  f.set("degree_least", alive == 0 ? 0 : degree_least);
  f.set("joined",
        all_joined_ == never ? 1e9 : static_cast<double>((all_joined_ - all_started_).count()) / 1e6);
  f.set("waiting_peak", static_cast<double>(w.waiting_peak()));
  f.set("slab_bytes", static_cast<double>(w.slab_bytes()));
  f.set("simulated", static_cast<double>(w.now().time_since_epoch().count()) / 1e6);
  f.set("wall", real_seconds_);
  f.set("frames_rate",
        static_cast<double>(collector.traffic().total_frames()) / std::max(real_seconds_, 1e-9));
  f.set("deliveries_rate", static_cast<double>(ghost.deliveries()) / std::max(real_seconds_, 1e-9));
  f.set("memory_peak", static_cast<double>(usage.ru_maxrss) * 1024);

  if (w.baselines() != nullptr) {
    report.baselines = true;
    set_baseline_figures(f, *w.baselines(), ghost, w.peers());
  }

  const Traffic& all = collector.traffic();
  for (std::size_t k = 0; k < all.frames.size(); ++k)
    if (all.frames[k] > 0)
      report.kinds.push_back({std::string{name_of(static_cast<wire::Kind>(k))}, all.frames[k], all.bytes[k]});
  std::ranges::stable_sort(report.kinds, std::greater{}, &Report::KindLine::bytes);
  for (std::size_t c = 0; c < counters; ++c)
    if (const std::uint64_t n = collector.noted(static_cast<Counter>(c)); n > 0)
      report.notes.emplace_back(std::string{to_string(static_cast<Counter>(c))}, n);
}

}  // namespace boato::sim
