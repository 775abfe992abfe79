// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/liveness.hpp"

#include "overlay/base/mutant.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr Duration late_step = std::chrono::milliseconds{100};

}  // namespace

Liveness::Liveness(const MembershipConfig& config, const Self& self, const LinkTable& links)
    : config_{config}, self_{self}, links_{links} {}

Liveness::State* Liveness::find(LinkId link) {
  const auto at = std::ranges::lower_bound(states_, link, {}, &State::link);
  return at != states_.end() && at->link == link ? &*at : nullptr;
}

const Liveness::State* Liveness::find(LinkId link) const {
  const auto at = std::ranges::lower_bound(states_, link, {}, &State::link);
  return at != states_.end() && at->link == link ? &*at : nullptr;
}

// Both ends ping once at the start: each learns the round trip.
void Liveness::on_link_up(Time now, const LinkInfo& link) {
  if (find(link.id)) return;
  State state;
  state.link = link.id;
  states_.insert(std::ranges::lower_bound(states_, link.id, {}, &State::link), state);
  next_check_ = std::min(next_check_, now);
}

void Liveness::on_link_down(LinkId link) {
  if (State* state = find(link)) states_.erase(states_.begin() + (state - states_.data()));
}

void Liveness::set_active(LinkId link, bool active) {
  State* state = find(link);
  if (!state || state->active == active) return;
  state->active = active;
  if (active) next_check_ = Time{};  // at once
}

void Liveness::set_busy(LinkId link, bool busy, bool watched) {
  State* state = find(link);
  if (!state) return;
  state->watched = watched;
  if (state->busy == busy) return;
  state->busy = busy;
  state->tell = true;
  next_check_ = Time{};  // at once
}

bool Liveness::busy(LinkId link) const {
  const State* state = find(link);
  return state && state->busy;
}

void Liveness::set_used_there(LinkId link, bool used) {
  if (State* state = find(link)) state->used_there = used;
}

bool Liveness::used_there(LinkId link) const {
  const State* state = find(link);
  return state && state->used_there;
}

void Liveness::doubt(LinkId link) {
  State* state = find(link);
  if (!state || state->doubted) return;
  state->doubted = true;
  next_check_ = Time{};  // at once
}

Duration Liveness::on_pong(Time now, LinkId link, std::uint32_t token) {
  State* state = find(link);
  if (!state || token == 0 || token != state->token) return Duration{0};
  state->token = 0;
  if (health_ > 1) --health_;
  const Duration most = BOATO_MUTANT(106) ? Duration{std::chrono::minutes{1}} : config_.answer_most;
  const auto sample = std::clamp<std::int64_t>((now - state->sent).count(), 1, most.count());
  // Jacobson and Karels 1988: an eighth of the difference into the mean, a quarter into the deviation.
  if (state->rtt_us == 0) {
    state->rtt_us = static_cast<std::uint32_t>(sample);
    state->rtt_var_us = static_cast<std::uint32_t>(sample / 2);
    next_check_ = std::min(next_check_, now);  // it was to be looked at after answer_first
  } else {
    const std::int64_t off = sample - state->rtt_us;
    state->rtt_us = static_cast<std::uint32_t>(std::max<std::int64_t>(1, state->rtt_us + off / 8));
    state->rtt_var_us = static_cast<std::uint32_t>((3 * std::int64_t{state->rtt_var_us} + std::abs(off)) / 4);
  }
  return Duration{state->rtt_us};
}

// Others reach the peer and we do not: some of the fault may be ours.
void Liveness::on_probe_result(std::uint32_t token, bool alive) {
  if (!alive || token == 0) return;
  const auto at = std::ranges::find(states_, token, &State::probe_token);
  if (at == states_.end() || at->alive_told) return;
  at->alive_told = true;
  health_ = std::min(config_.health_max, health_ + 1);
}

void Liveness::on_lateness(Duration late) {
  if (late <= late_step) return;
  const auto steps = static_cast<std::uint32_t>(std::min<std::int64_t>(late / late_step, config_.health_max));
  health_ = std::min(config_.health_max, health_ + steps);
  for (State& state : states_)  // whoever did not answer meanwhile is asked again: we were away, not they
    if (state.stage != Stage::ended) state.stage = Stage::calm;
}

Duration Liveness::answer_within(const State& state) const {
  if (state.rtt_us == 0) return config_.answer_first * health_;
  const Duration expected{std::int64_t{state.rtt_us} + 8 * std::int64_t{state.rtt_var_us}};
  if (BOATO_MUTANT(106)) return std::max(config_.answer_least, expected) * health_;
  return std::clamp(expected, config_.answer_least, config_.answer_most) * health_;
}

Duration Liveness::silence_allowed(Time now, const State& state, const LinkInfo& link) const {
  if (state.doubted) return config_.answer_least;
  const bool awake = now - link.last_work < config_.quiet_after;
  Duration silence = config_.ping_spare;
  if ((state.active || state.busy) && awake) {
    silence = config_.ping_active;
  } else if (state.active || state.watched) {
    silence = config_.ping_quiet;
  }
  const bool lower = self_.id < link.peer;
  return lower ? silence : silence + config_.answer_least;  // the higher key waits for the lower one's ping
}

// Takes the link one step on; returns when to look at it again.
Time Liveness::step(Time now, State& state, const LinkInfo& link, std::vector<LivenessStep>& steps) {
  const auto enter = [&](Stage stage) {
    state.stage = stage;
    state.since = now;
  };
  const auto ping = [&](Stage stage) {
    enter(stage);
    state.sent = now;
    state.doubted = state.tell = false;
    state.token = next_token_++;
    steps.push_back({LivenessStep::Kind::ping, state.link, state.token});
    return now + answer_within(state);
  };
  if (state.stage == Stage::ended) return never;
  if (state.stage != Stage::calm && link.last_heard > state.sent) {
    state.stage = Stage::calm;
    state.alive_told = false;
  }
  switch (state.stage) {
    case Stage::calm: {
      const Time at = link.last_heard + silence_allowed(now, state, link);
      const bool first = state.sent == Time{} && state.rtt_us == 0 && state.token == 0;
      if (now < at && !first && !state.tell) return at;
      return ping(Stage::pinged);
    }
    case Stage::pinged: {
      const Time at = state.sent + answer_within(state);
      if (now < at) return at;
      enter(Stage::probed);
      state.probe_token = next_token_++;
      if (BOATO_MUTANT(105)) return now;  // membership: a silent peer is dead at once, nobody else is asked
      steps.push_back({LivenessStep::Kind::probe, state.link, state.probe_token});
      return now + config_.probe_within * health_;
    }
    case Stage::probed: {
      const Time at = state.since + config_.probe_within * health_;
      if (now < at && !BOATO_MUTANT(105)) return at;
      if (state.alive_told) return ping(Stage::excused);
      enter(Stage::ended);
      steps.push_back({LivenessStep::Kind::dead, state.link, 0});
      return never;
    }
    case Stage::excused: {
      const Time at = state.sent + answer_within(state);
      if (now < at) return at;
      enter(Stage::ended);
      steps.push_back({LivenessStep::Kind::stuck, state.link, 0});
      return never;
    }
    case Stage::ended: break;
  }
  return never;
}

void Liveness::on_deadline(Time now, std::vector<LivenessStep>& steps) {
  steps.clear();
  if (now < next_check_) return;
  next_check_ = never;
  for (State& state : states_)
    if (const LinkInfo* link = links_.find(state.link))
      next_check_ = std::min(next_check_, step(now, state, *link, steps));
}

}  // namespace boato
