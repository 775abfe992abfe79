// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <utility>

namespace boato::sim {

namespace {
constexpr Duration tick = std::chrono::seconds{1};
constexpr Duration calm_after = std::chrono::seconds{90};
constexpr Duration rest = std::chrono::seconds{20};  // in which it is counted what is said
Time at_time(Duration d) { return Time{} + d; }

// What this process has used of a core.
double core_seconds() {
  timespec t{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
}
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
  w.grace = scenario_.grace;
  w.calm = scenario_.calm;
  w.trouble = scenario_.trouble;
  w.watch_deaths = scenario_.watch_deaths;
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
      if (plan.selectivity > 0)
        for (const std::uint32_t peer : choose(
                 plan.filtered, [&](std::uint32_t i) { return std::ranges::binary_search(subscribers, i); }))
          world_->filter(peer, topic, draw_filter(plan.selectivity));
      const auto publishers = choose(plan.publishers, [&](std::uint32_t i) {
        return subscribers.empty() || std::ranges::binary_search(subscribers, i);
      });
      const Duration every{static_cast<std::int64_t>(1e6 / plan.rate)};
      for (const std::uint32_t peer : publishers) {
        const Duration first{
            static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(every.count()) + 1))};
        world_->add_publisher({peer, topic, every, plan.payload, plan.batch, at_time(plan.until),
                               plan.selectivity > 0, plan.values},
                              at_time(plan.from + std::min(first, plan.until - plan.from)));
      }
    }
    world_->at(at_time(plan.from), [this] {
      if (at_first_publish_.total_frames() == 0) at_first_publish_ = world_->collector().traffic();
    });
  }
  if (s.idle_until > s.idle_from) {
    world_->at(at_time(s.idle_from), [this] {
      idle_ = world_->collector().traffic();
      idle_changes_ = changes_;
      idle_rounds_ = world_->collector().noted(Counter::reconciled);
    });
    world_->at(at_time(s.idle_until), [this] {
      idle_ = world_->collector().traffic() - idle_;
      idle_changes_ = changes_ - idle_changes_;
      idle_rounds_ = world_->collector().noted(Counter::reconciled) - idle_rounds_;
    });
  }
  for (const Action& action : s.actions) plan(action);
  world_->at(all_started_, [this] { watch_joining(); });
  watch_whole();
}

// Whether everybody who is to start lies in one component, and how full rosters are; and how many neighbours
// seeds have until then.
void Run::watch_whole() {
  constexpr double full = 0.999;
  for (std::uint32_t i = 0; i < std::min(scenario_.seeds, world_->peers()); ++i)
    if (world_->up(i))
      seed_neighbours_ = std::max(seed_neighbours_, world_->core(i).membership().active().size());
  if (world_->now() >= all_started_) {
    if (one_component_ == never && components(world_->overlay()) == 1) one_component_ = world_->now();
    if (rosters_full_ == never && world_->rosters_filled() >= full) rosters_full_ = world_->now();
    if (one_component_ != never && rosters_full_ != never) return;
  }
  if (world_->now() < at_time(scenario_.duration))
    world_->at(world_->now() + std::chrono::seconds{1}, [this] { watch_whole(); });
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
      const Duration wait = a.each.count() > 0 ? random_wait(a.each) : a.every;
      if (wait.count() == 0 || a.at + wait > a.last) return;
      Action next = a;
      next.at += wait;
      self(self, next);
    });
  };
  Action first = action;
  if (first.each.count() > 0) first.at += random_wait(first.each);
  if (first.each.count() == 0 || first.at <= first.last) repeat(repeat, first);
}

// Until it happens to one of all peers, if to each of them once in `each` on average: a Poisson process.
Duration Run::random_wait(Duration each) {
  const double u = (static_cast<double>(rng_.below(std::uint64_t{1} << 32)) + 1) / 4294967296.0;
  const double mean = static_cast<double>(each.count()) / scenario_.peers;
  return std::max(Duration{1}, Duration{static_cast<std::int64_t>(-std::log(u) * mean)});
}

void Run::undo_later(const Action& action, std::function<void()> undo) {
  Duration lasting = action.lasting;
  if (action.lasting_max > lasting)
    lasting += Duration{static_cast<std::int64_t>(
        rng_.below(static_cast<std::uint64_t>((action.lasting_max - lasting).count()) + 1))};
  if (lasting.count() > 0) world_->at(world_->now() + lasting, std::move(undo));
}

Filter Run::draw_filter(double part) {
  const auto width = std::max<std::int64_t>(1, std::llround(part * static_cast<double>(World::numbers)));
  const auto lo = static_cast<std::int64_t>(
      rng_.below(static_cast<std::uint64_t>(std::max<std::int64_t>(1, World::numbers - width + 1))));
  return {lo, lo + width};
}

// Another one, a wider one, a narrower one, or one that overlaps.
Filter Run::other_filter(const Filter& was, double part) {
  const std::int64_t half = std::max<std::int64_t>(1, (was.hi - was.lo) / 2);
  switch (rng_.below(4)) {
    case 0: return {was.lo - half, was.hi + half};
    case 1: return {was.lo, was.lo + half};
    case 2: return {was.lo + half, was.hi + half};
    default: return draw_filter(part);
  }
}

void Run::act(const Action& a) {
  World& w = *world_;
  const auto meant = [&](std::uint32_t i) {
    using Among = Action::Among;
    const bool seed = i < scenario_.seeds;
    return !(a.spare_publishers && w.publishes(i)) && !(a.among == Among::seeds && !seed) &&
           !(a.among == Among::others && seed);
  };
  const auto awake = [&](std::uint32_t i) { return w.up(i) && !w.departed(i) && meant(i); };
  using Verb = Action::Verb;
  switch (a.verb) {
    case Verb::crash:
      for (const std::uint32_t i : choose(a.who, awake)) {
        w.crash(i, a.silent);
        ++changes_;
      }
      break;
    case Verb::crash_relay:
      for (std::uint32_t n = a.who.of(w.peers()); n > 0; --n) w.crash_relay_of_next_event();
      break;
    case Verb::publish: w.publish_at_once(a.who.count); break;
    case Verb::restart:
      for (const std::uint32_t i : choose(a.who, [&](std::uint32_t p) { return w.crashed(p); })) {
        if (a.lost) w.lose_key(i);
        w.start(i);
        ++changes_;
      }
      break;
    case Verb::leave:
      for (const std::uint32_t i : choose(a.who, awake)) {
        w.leave(i);
        ++changes_;
      }
      break;
    case Verb::join:
      for (std::uint32_t n = a.who.of(w.peers()); n > 0; --n) {
        const std::uint32_t peer = join_peer(w.now());
        ++changes_;
        for (const TopicOf& t : topics_) {
          const TopicPlan& plan = scenario_.topics[t.plan];
          if (plan.wildcard && w.topic_name(t.topic).ends_with("/0")) w.want_pattern(peer, plan.name + "/#");
          if (plan.wildcard || plan.copies > 1) continue;
          w.want(peer, t.topic, true, false);
          if (plan.selectivity > 0) w.filter(peer, t.topic, draw_filter(plan.selectivity));
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
      const auto who = choose(a.who, meant);
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
        w.reunite(who.size() == 1 ? who[0] : ~std::uint32_t{0});
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
    case Verb::refilter:
      for (const TopicOf& t : topics_) {
        const double part = scenario_.topics[t.plan].selectivity;
        if (part == 0 || (!a.topic.empty() && w.topic_name(t.topic) != a.topic)) continue;
        for (const std::uint32_t i :
             choose(a.who, [&](std::uint32_t p) { return awake(p) && w.filter_of(p, t.topic).has_value(); }))
          w.filter(i, t.topic, other_filter(*w.filter_of(i, t.topic), part));
      }
      break;
    case Verb::forget: w.forget_members(a.who.part, rng_.next()); break;
    case Verb::heal: w.heal(); break;
  }
}

void Run::until(Duration at) {
  const auto began = std::chrono::steady_clock::now();
  const double core_began = core_seconds();
  while (done_ < at) {
    done_ = std::min(done_ + tick, at);
    world_->run_until(at_time(done_));
    if (options_.progress) options_.progress(world_->now(), scenario_.duration + scenario_.quiet);
    if (world_->stormy() || (options_.stop_at_violation && !world_->verdicts().good())) break;
  }
  real_seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  core_seconds_ += core_seconds() - core_began;
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

}  // namespace boato::sim
