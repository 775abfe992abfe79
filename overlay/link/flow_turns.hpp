// SPDX-License-Identifier: Apache-2.0
// Whose record is next. Control goes first, but has at most a fifth of the link while others wait. Data and
// repair share the rest 4 : 1 by deficit round robin (Shreedhar and Varghese 1995); within data, reliable and
// unreliable take turns.
#pragma once

#include "overlay/base/strong.hpp"

#include <algorithm>
#include <array>
#include <optional>

namespace boato {

class FlowTurns {
 public:
  using Waiting = std::array<bool, flows>;

  [[nodiscard]] std::optional<Flow> pick(const Waiting& waiting) {
    const bool reliable = waits(waiting, Flow::reliable), unreliable = waits(waiting, Flow::unreliable);
    const bool data = reliable || unreliable, repair = waits(waiting, Flow::repair);
    others_wait_ = data || repair;
    if (waits(waiting, Flow::control) && (!others_wait_ || control_credit_ > 0)) return Flow::control;
    if (!others_wait_) return std::nullopt;
    if (data != repair) {
      deficit_ = {};
      group_ = data ? 0 : 1;
    } else if (deficit_[group_] <= 0) {
      group_ = 1 - group_;
      deficit_[group_] += quantum_[group_];
    }
    if (group_ == 1) return Flow::repair;
    if (reliable && unreliable) return last_data_ == Flow::reliable ? Flow::unreliable : Flow::reliable;
    return reliable ? Flow::reliable : Flow::unreliable;
  }

  // `bytes` of the flow that was picked have been sealed.
  void charge(Flow flow, std::size_t bytes) {
    const auto n = static_cast<std::int64_t>(bytes);
    if (flow == Flow::control) {
      if (others_wait_) control_credit_ -= n;
      return;
    }
    control_credit_ = std::min(control_credit_max_, control_credit_ + n / 4);
    deficit_[flow == Flow::repair ? 1 : 0] -= n;
    if (flow != Flow::repair) last_data_ = flow;
  }

 private:
  static bool waits(const Waiting& waiting, Flow flow) { return waiting[static_cast<std::size_t>(flow)]; }

  static constexpr std::int64_t control_credit_max_ = 16384;
  static constexpr std::array<std::int64_t, 2> quantum_{65536, 16384};  // data, repair
  std::int64_t control_credit_ = control_credit_max_;
  std::array<std::int64_t, 2> deficit_{};
  std::size_t group_ = 1;  // so that data begins
  Flow last_data_ = Flow::unreliable;
  bool others_wait_ = false;
};

}  // namespace boato
